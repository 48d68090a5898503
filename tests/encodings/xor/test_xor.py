import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings import parity_pieces as pieces
from tests.encodings.gates.and_graphs import inverted_and_graph
from tests.encodings.parity_pieces import Piece, planted
from tests.encodings.slow_parity import follows, left_over, model_rows, patterned, spans, xor_clauses
from tests.turbosat.strategies import formulas
from turbosat.encodings.xor.recovery import CLAUSES, GATES, LINES, Recovered, promising, recover
from turbosat.errors import UsageError
from turbosat.formula.formula import Formula

relaxed = settings(max_examples=150, deadline=None)  # the first call loads the kernels
EVERYTHING = (
    *pieces.PIECES,
    pieces.near_miss,
    pieces.near_miss,
    pieces.cycle,
    pieces.unit,
    pieces.idle_input,
)


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


def crowded(count: int) -> list[int]:
    """Return variables that the recovery tells apart badly: their bits in the signature of a set are few."""
    names = []
    for variable in range(1, 1000):
        word = variable * 0x9E3779B97F4A7C15 % 2**64
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        if (word ^ word >> 27) >> 58 < 3:
            names.append(variable)
    return names[:count]


@relaxed
@given(planted(variables=9, makers=(pieces.by_patterns, pieces.near_miss)))
def test_names_do_not_matter(case: tuple[Formula, Piece]) -> None:
    formula, _ = case
    names = crowded(9)
    assert len(names) == 9
    renamed = Formula.from_clauses([[names[abs(x) - 1] * (1 if x > 0 else -1) for x in c] for c in formula])
    found = [(tuple(names[v - 1] for v in row), parity) for row, parity in recover(formula).xors]
    assert found == list(recover(renamed).xors)


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


def test_units_that_conflict_are_the_empty_xor() -> None:
    for clauses, xors in (([[1], [-1]], []), ([[]], []), ([[1, 2], [-1]], [[-2]]), ([[1, 2]], [[1, -1], []])):
        formula = Formula.from_clauses(clauses, 2, xors)
        found = recover(formula)
        assert ((), True) in list(found.xors)
        check_sound(formula, found)


def test_limits_of_width() -> None:
    for width in (2, 6, 7, 10):
        clauses = xor_clauses(tuple(range(1, width + 1)), True)
        clauses = [clause[::-1] for clause in clauses]
        wanted = (tuple(range(1, width + 1)), True)
        formula = Formula.from_clauses(clauses)
        assert list(recover(formula).xors) == [wanted]
        assert len(recover(Formula.from_clauses(clauses[1:])).xors) == 0
        assert len(recover(Formula.from_clauses(clauses[:-1] + clauses[:1])).xors) == 0
        assert list(recover(formula, longest=12).xors) == [wanted]
        assert list(recover(formula, longest=width).xors) == [wanted]
        if width > 2:
            assert len(recover(formula, longest=width - 1).xors) == 0
    for wrong in (1, 13):
        with pytest.raises(UsageError, match="longest from 2 to 12"):
            recover(formula, longest=wrong)


def test_both_parities_and_far_variables() -> None:
    variables = (3, 400_000_000, 500_000_000)
    clauses = [*xor_clauses(variables, True), *xor_clauses(variables, False)]
    found = recover(Formula.from_clauses(clauses, 2**29 - 1, [[5, -450_000_000]]))
    assert next(iter(found.xors)) == ((5, 450_000_000), False)
    assert set(found.xors) == {((5, 450_000_000), False), (variables, False), (variables, True)}
    assert found.sources.tolist() == [LINES, CLAUSES, CLAUSES]


def test_exactly_one_is_odd() -> None:
    """An exactly-one constraint covers all patterns of even parity: one long clause and pairs."""
    clauses = [list(range(1, 8)), *([-a, -b] for a in range(1, 8) for b in range(1, a))]
    formula = Formula.from_clauses(clauses)
    found = recover(formula)
    assert list(found.xors) == [(tuple(range(1, 8)), True)]
    check_sound(formula, found)


@pytest.mark.parametrize("form", ["nand", "products", "two"])
@pytest.mark.parametrize(("rows", "seed"), [(50, 1), (50, 2), (24, 3)])
def test_parity_of_conjunctions_is_decided_by_elimination(form: str, rows: int, seed: int) -> None:
    """XORs of 30 variables behind 500 gates: the recovered system has a solution iff the planted one does."""
    formula, solvable = inverted_and_graph(30, rows, 6, seed, form)
    assert solvable == (rows == 24)
    assert promising(formula)
    found = recover(formula)
    assert (found.sources == GATES).sum() >= rows * 4  # some of five may be equalities
    assert spans(found.xors, (), True) != solvable


def test_check_is_called_and_may_stop() -> None:
    dice = np.random.default_rng(1)
    flat = dice.integers(1, 50_001, 600_000) * dice.choice([1, -1], 600_000)
    formula = Formula(flat.astype(np.int32), np.arange(200_001) * 3)
    calls = []
    recover(formula, check=lambda: calls.append(time.process_time()))
    assert len(calls) > 20
    for stop in range(0, len(calls), 3):
        calls[:] = [0.0] * stop

        def check() -> None:
            if not calls:
                raise TimeoutError
            calls.pop()

        with pytest.raises(TimeoutError):
            recover(formula, check=check)


def test_the_same_in_every_process() -> None:
    program = """
import hashlib
from tests.encodings.gates.and_graphs import inverted_and_graph
from turbosat.encodings.xor.recovery import recover
found = recover(inverted_and_graph(30, 24, 6, 7, "nand")[0])
print(hashlib.sha256(found.xors.literals.tobytes() + found.sources.tobytes()).hexdigest())
"""
    once, again = (
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in "12"
    )
    assert once == again != ""


FOUND = {
    "parity/chew-heule-0050.cnf": (96, 3),
    "tseitin/tseitin-n40-d5-sat1.cnf": (40, 5),
    "sc/04ded94454830d4ea960327e8b91f5a3-mdp-28-14-sat.cnf": (373, None),
    "ascon-trails/Diff_R3_A14_kmTotal.cnf": (640, 4),
    "matrixmult/MM-23-no-type3.cnf.xz": (8019, None),
}


@pytest.mark.parametrize("name", FOUND)
def test_known_numbers_in_the_corpus(name: str, corpus: Path) -> None:
    formula = Formula.from_file(corpus / name)
    assert promising(formula)
    found = recover(formula)
    sizes = np.diff(found.xors.offsets)
    number, width = FOUND[name]
    assert (sizes > 1).sum() == number
    assert width is None or (sizes[sizes > 1] == width).all()
