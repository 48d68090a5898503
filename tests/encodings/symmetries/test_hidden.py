"""Indicators of conjunctions, what is left without them, and folds along the symmetries that they hide."""

from itertools import combinations, pairwise, product
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical153

from tests.families import pigeonhole, random_ksat
from turbosat import Formula
from turbosat.benchmarks import families
from turbosat.encodings.propagation import literal_codes
from turbosat.encodings.symmetries import hidden
from turbosat.encodings.symmetries.folding import signed
from turbosat.encodings.symmetries.hidden import Resolvents, resolve, revealed
from turbosat.encodings.symmetries.indicators import Indicators, find_indicators, promising

PLAIN = 4  # variables that conjunctions and other clauses are of


def costas(order: int, seed: int | None = None) -> Formula:
    """Return a Costas array; names and signs by chance where there is a seed."""
    return families.generate("costas", seed=seed or 0, order=order, shuffle=seed is not None).formula


def found(formula: Formula) -> Indicators | None:
    return find_indicators(literal_codes(formula.literals), formula.offsets, 2 * formula.variables)


def rows(made: Resolvents) -> list[set[int]]:
    """Return the resolvents as sets of signed literals."""
    literals = np.append(0, np.where(made.codes & 1, -(made.codes >> 1) - 1, (made.codes >> 1) + 1))
    return [set(row.tolist()) - {0} for row in literals[made.rows(made.keys)]]


@st.composite
def exclusions(draw: st.DrawFn) -> Formula:
    """Draw conjunctions of a few variables that imply indicators, pairs of these, and clauses beside."""
    count = draw(st.integers(2, 4))
    literal = st.integers(1, PLAIN).flatmap(lambda name: st.sampled_from([name, -name]))
    some = st.lists(literal, min_size=1, max_size=2, unique_by=abs)
    clauses = [
        [*draw(some), PLAIN + 1 + indicator]
        for indicator in range(count)
        for _ in range(draw(st.integers(1, 3)))
    ]
    pairs = st.lists(st.sampled_from(list(combinations(range(1, count + 1), 2))), min_size=1, max_size=4)
    clauses += [[-PLAIN - a, -PLAIN - b] for a, b in draw(pairs)]
    clauses += draw(st.lists(st.lists(literal, min_size=2, max_size=3, unique_by=abs), max_size=3))
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=PLAIN + count, max_size=PLAIN + count))
    flipped = [[signs[abs(each) - 1] * each for each in clause] for clause in clauses]
    return Formula.from_clauses(draw(st.permutations(flipped)), PLAIN + count)


@settings(max_examples=200, deadline=None)
@given(exclusions())
def test_resolvents_say_what_clauses_say_without_indicators(formula: Formula) -> None:
    indicators = found(formula)
    if indicators is None:
        return
    codes, hiding = literal_codes(formula.literals), indicators.variables
    made = resolve(codes, formula.offsets, indicators)
    assert made is not None
    clauses = [list(each) for each in formula]
    whole = [not hiding[codes[a:b]].any() for a, b in pairwise(formula.offsets.tolist())]
    left = rows(made) + [set(clause) for clause, plain in zip(clauses, whole, strict=True) if plain]
    shown = [name for name in range(1, formula.variables + 1) if not hiding[2 * name - 2]]
    with Cadical153(bootstrap_with=clauses) as solver:
        for values in product((1, -1), repeat=len(shown)):
            given = [name * value for name, value in zip(shown, values, strict=True)]
            assert solver.solve(assumptions=given) == all(clause & set(given) for clause in left)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_two_ways_to_reflect_a_costas_array_are_found(seed: int | None) -> None:
    order = 9
    formula = costas(order, seed)
    assert promising(formula)
    folds = revealed(formula)
    # Across both diagonals; half a turn and a quarter, which no array has, are not refuted by propagation.
    assert [each.sources.size for each in folds[:2]] == [order * (order - 1) // 2] * 2
    own = np.arange(formula.variables, dtype=np.int32)
    for fold in folds[:2]:
        with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
            for one, image in signed(fold, own).tolist():
                solver.add_clause([one, -image])
                solver.add_clause([-one, image])
            assert solver.solve()


def test_symmetries_keep_all_resolvents() -> None:
    formula = costas(7, 3)
    codes, indicators = literal_codes(formula.literals), found(formula)
    assert indicators is not None
    made = resolve(codes, formula.offsets, indicators)
    assert made is not None
    generators = hidden._generators(formula, codes, indicators, made, lambda: None)
    elements = hidden._elements(generators)
    assert len(elements) == 7  # and the one that moves nothing: the symmetries of a square
    every = {frozenset(row.tolist()) for row in made.rows(made.keys)}
    for image in elements:
        moved = np.append(0, made.names[image[made.codes]])
        assert {frozenset(moved[row].tolist()) for row in made.rows(made.keys)} == every
        assert hidden._kept(made, image)
    wrong = elements[0].copy()
    a, b = made.codes[0] & ~1, made.codes[3] & ~1
    wrong[[a, a ^ 1, b, b ^ 1]] = wrong[[b, b ^ 1, a, a ^ 1]]
    assert not hidden._kept(made, wrong)


def test_without_indicators_nothing_is_hidden() -> None:
    for clauses in (random_ksat(200, 850, seed=1)[1], pigeonhole(9, 8)[1], [[1]], [[1], []], []):
        formula = Formula.from_clauses(clauses)
        assert not promising(formula)
        assert revealed(formula) == []


@pytest.mark.parametrize(("name", "limit"), [("RESOLVENTS", 10), ("NAMED", 10), ("LARGEST", 1 << 20)])
def test_what_is_too_large_is_left_alone(name: str, limit: int) -> None:
    with patch.object(hidden, name, limit):
        assert revealed(costas(8)) == []
