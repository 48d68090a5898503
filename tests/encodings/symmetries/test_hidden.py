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
from turbosat.encodings.propagation import literal_codes, signed_literals
from turbosat.encodings.symmetries import hidden
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.folding import signed
from turbosat.encodings.symmetries.hidden import Resolvents, elements, generators, resolve, revealed
from turbosat.encodings.symmetries.indicators import Indicators, find_indicators, promising

PLAIN = 4  # variables that conjunctions and other clauses are of


def costas(order: int, seed: int | None = None) -> Formula:
    """Return a Costas array; names and signs by chance where there is a seed."""
    return families.generate("costas", seed=seed or 0, order=order, shuffle=seed is not None).formula


def found(formula: Formula) -> Indicators | None:
    return find_indicators(literal_codes(formula.literals), formula.offsets, 2 * formula.variables)


def rows(made: Resolvents) -> list[set[int]]:
    """Return the resolvents as sets of signed literals."""
    literals = np.append(0, signed_literals(made.codes))
    return [set(row.tolist()) - {0} for row in literals[made.rows(made.keys)]]


@st.composite
def exclusions(draw: st.DrawFn) -> Formula:
    """Draw conjunctions of a few variables that imply indicators, pairs of these, and clauses beside."""
    count = draw(st.integers(2, 4))
    literal = st.integers(1, PLAIN).flatmap(lambda name: st.sampled_from([name, -name]))
    some = st.lists(literal, min_size=2, max_size=2, unique_by=abs)
    clauses = [
        [*draw(some), PLAIN + 1 + indicator]
        for indicator in range(count)
        for _ in range(draw(st.integers(1, 3)))
    ]
    pairs = st.lists(st.sampled_from(list(combinations(range(1, count + 1), 2))), min_size=1, max_size=4)
    clauses += [[-PLAIN - a, -PLAIN - b] for a, b in draw(pairs)]
    clauses += draw(st.lists(st.lists(literal, min_size=2, max_size=3, unique_by=abs), max_size=3))
    # What conjunctions are of is in longer clauses, both ways.
    clauses += [[1, 2, 3], [-1, -2, 4], [-3, -4, 1]]
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=PLAIN + count, max_size=PLAIN + count))
    flipped = [[signs[abs(each) - 1] * each for each in clause] for clause in clauses]
    return Formula.from_clauses(draw(st.permutations(flipped)), PLAIN + count)


@settings(max_examples=200, deadline=None)
@given(exclusions())
def test_resolvents_say_what_clauses_say_without_indicators(formula: Formula) -> None:
    indicators = found(formula)
    assert indicators is not None
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
    symmetry = Symmetry(formula)
    folds = revealed(symmetry)
    # Across both diagonals; half a turn and a quarter, which no array has, are not refuted by propagation.
    assert [each.sources.size for each in folds[:2]] == [order * (order - 1) // 2] * 2
    for fold in folds[:2]:
        with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
            for one, image in signed(fold, symmetry.names).tolist():
                solver.add_clause([one, -image])
                solver.add_clause([-one, image])
            assert solver.solve()


def test_symmetries_keep_all_resolvents() -> None:
    symmetry = Symmetry(costas(7, 3))
    codes, offsets = symmetry.clauses.codes, symmetry.clauses.offsets
    indicators = find_indicators(codes, offsets, 2 * symmetry.variables)
    assert indicators is not None
    made = resolve(codes, offsets, indicators)
    assert made is not None
    group = elements(generators(symmetry, indicators, made))
    assert len(group) == 7  # and the one that moves nothing: the symmetries of a square
    every = {frozenset(row.tolist()) for row in made.rows(made.keys)}
    for image in group:
        assert {frozenset(image[row].tolist()) for row in made.rows(made.keys)} == every
        assert hidden._kept(made, image)
    wrong = group[0].copy()
    wrong[[1, 4]] = wrong[[4, 1]]
    assert not hidden._kept(made, wrong)


def test_what_else_a_formula_says_does_not_matter() -> None:
    formula = costas(7)
    clauses, names = [list(each) for each in formula], formula.variables
    plain = [each.sources.size for each in revealed(Symmetry(formula))]
    assert plain == [21, 21, 24, 36]
    units = [[names + each] for each in range(1, 100)]
    repeated = [clauses[40] + clauses[40][:1]]
    for more in (units, repeated, [[1, -1]]):
        other = Formula.from_clauses(clauses + more)
        assert [each.sources.size for each in revealed(Symmetry(other))] == plain
    # Symmetries of a small part are none of the whole.
    ring = [
        [sign * (names + 1 + (each + step) % 400) for step in (0, 1, 3)]
        for each in range(400)
        for sign in (1, -1)
    ]
    assert revealed(Symmetry(Formula.from_clauses(clauses + ring))) == []


def test_a_block_has_so_many_resolvents() -> None:
    pairs, counts = np.array([[0, 2], [4, 6]], np.int32), np.array([[3, 2], [2, 5]])
    starts = np.array([0, 3, 3, 5, 5, 7, 7, 12])
    occurrences = np.arange(100, 112, dtype=np.int32)
    with patch.object(hidden, "BLOCK", 4):
        blocks = list(hidden._blocks(pairs, counts, starts, occurrences))
    assert [one.size for one, _ in blocks] == [4, 4, 4, 4]
    made = [(a, b) for one, other in blocks for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    first, second = ({100, 101, 102}, {103, 104}), ({105, 106}, {107, 108, 109, 110, 111})
    assert sorted(made) == sorted([*product(*first), *product(*second)])


def test_without_indicators_nothing_is_hidden() -> None:
    for clauses in (random_ksat(200, 850, seed=1)[1], pigeonhole(9, 8)[1], [[1]], [[1], []], []):
        formula = Formula.from_clauses(clauses)
        assert not promising(formula)
        assert revealed(Symmetry(formula)) == []


@pytest.mark.parametrize(("name", "limit"), [("ENTRIES", 40), ("NAMED", 10), ("LARGEST", 20)])
def test_what_is_too_large_is_left_alone(name: str, limit: int) -> None:
    with patch.object(hidden, name, limit):
        assert revealed(Symmetry(costas(8))) == []
