import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings import parity_pieces as pieces
from tests.encodings.parity_pieces import Piece, planted
from tests.encodings.slow_parity import follows, left_over, model_rows, patterned, spans, xor_clauses
from tests.turbosat.strategies import formulas
from turbosat.encodings.xor import CLAUSES, GATES, LINES, Recovered, recover
from turbosat.formula import Formula

relaxed = settings(max_examples=200, deadline=None)  # the first call loads the kernels
EVERYTHING = (*pieces.PIECES, pieces.near_miss, pieces.near_miss, pieces.cycle, pieces.unit)


def rows_of(found: Recovered, source: int) -> list[tuple[tuple[int, ...], bool]]:
    return [row for row, each in zip(found.xors, found.sources.tolist(), strict=True) if each == source]


def check_sound(formula: Formula, found: Recovered) -> None:
    models = model_rows(formula)
    assert not found.xors.violated(models).any()
    full = formula.expanded()
    for variables, parity in found.xors:
        for clause in xor_clauses(variables, parity):
            assert follows(full, clause), (variables, parity, clause)


@relaxed
@given(planted(makers=EVERYTHING))
def test_what_is_found_is_implied_and_follows_by_propagation(case: tuple[Formula, Piece]) -> None:
    formula, _ = case
    check_sound(formula, recover(formula))


@relaxed
@given(formulas(), st.integers(2, 12))
def test_random_formulas_give_no_false_xor(formula: Formula, longest: int) -> None:
    check_sound(formula, recover(formula, longest=longest))


@relaxed
@given(planted(variables=12, makers=(*EVERYTHING, pieces.by_patterns)), st.data())
def test_clauses_added_at_random_give_no_false_xor(case: tuple[Formula, Piece], data: st.DataObject) -> None:
    formula, _ = case
    literal = st.integers(1, 12).flatmap(lambda v: st.sampled_from([v, -v]))
    more = data.draw(st.lists(st.lists(literal, min_size=1, max_size=3), max_size=12))
    formula = Formula.from_clauses(
        [*formula, *more], 12, data.draw(st.lists(st.lists(literal, max_size=8), max_size=2))
    )
    check_sound(formula, recover(formula))


@relaxed
@given(planted(variables=7, makers=(pieces.by_patterns, pieces.near_miss)), st.integers(2, 6))
def test_sign_patterns_are_exactly_those_of_the_slow_search(
    case: tuple[Formula, Piece], longest: int
) -> None:
    formula, _ = case
    found = rows_of(recover(formula, longest=longest), CLAUSES)
    rest = left_over(formula)
    if rest is None:
        assert found == [((), True)]
        return
    units, clauses = rest
    fixed = {((abs(literal),), literal > 0) for literal in units}
    assert set(found) == fixed | patterned(clauses, longest)
    assert len(found) == len(set(found))


@relaxed
@given(planted(makers=(pieces.by_patterns, pieces.near_miss)))
def test_every_planted_xor_is_found(case: tuple[Formula, Piece]) -> None:
    formula, piece = case
    found = recover(formula)
    rest = left_over(formula)
    for variables, parity in piece.direct:
        if rest is not None:
            free = {v for v in variables if not {v, -v} & rest[0]}
            whole = any({abs(literal) for literal in clause} == free for clause in rest[1])
            if len(free) > 1 and not whole:  # only shorter clauses are left of it
                continue
        assert spans(found.xors, variables, parity)


@relaxed
@given(st.sampled_from(pieces.GATED), st.data())
def test_every_form_of_gates_gives_its_xor(maker: pieces.Maker, data: st.DataObject) -> None:
    formula, piece = data.draw(pieces.alone(maker))
    found = recover(formula)
    output = piece.composed[0][0][-1]
    settled = recover(Formula.from_clauses([*formula, (data.draw(st.sampled_from([output, -output])),)], 9))
    assert (found.sources == GATES).any()
    for variables, parity in piece.composed:
        assert spans(found.xors, variables, parity)
        assert spans(settled.xors, variables, parity)


@relaxed
@given(formulas(), st.integers(0, 2**32))
def test_lines_stay_and_order_does_not_change(formula: Formula, seed: int) -> None:
    found = recover(formula)
    wanted = [(tuple(sorted(variables)), parity) for variables, parity in formula.xors]
    wanted = [row for row in dict.fromkeys(wanted) if row != ((), False)]
    assert rows_of(found, LINES) == wanted
    assert (np.diff(found.sources.astype(int)) >= 0).all()
    every = list(found.xors)
    assert len(set(every)) == len(every)
    assert all(list(variables) == sorted(variables) for variables, _ in every)
    again = recover(Formula(formula.literals, formula.offsets, formula.variables, formula.xors))
    assert again.xors == found.xors
    clauses = [list(clause) for clause in formula]
    random.Random(seed).shuffle(clauses)
    shuffled = recover(Formula.from_clauses(clauses, formula.variables, formula.xors))
    assert set(rows_of(shuffled, CLAUSES)) == set(rows_of(found, CLAUSES))
