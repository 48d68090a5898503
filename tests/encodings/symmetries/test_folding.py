"""Partial symmetries and the folds along them, beside what brute force says of the clauses."""

from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysat.solvers import Cadical153

from tests.encodings.symmetries.test_symmetry import symmetric
from tests.families import pigeonhole, random_ksat
from tests.turbosat.strategies import formulas
from turbosat import Formula
from turbosat.benchmarks import families
from turbosat.core.clauses import FOLD_READ
from turbosat.encodings.symmetries import folding
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.folding import PartialSymmetries, fold, folds, hopeless, signed

EFFORT = 10**7


def discrepancy(n: int, bound: int = 2, seed: int | None = None) -> Formula:
    """Return a sequence x(1) … x(n) of which x(d) + x(2d) + … stays within the bound for all d.

    Names, signs and the order of clauses are by chance where there is a seed.
    """
    made = families.generate("discrepancy", seed=seed or 0, n=n, bound=bound, shuffle=seed is not None)
    formula = made.formula
    if seed is None:
        return formula
    clauses = [list(each) for each in formula]
    np.random.default_rng(seed).shuffle(clauses)
    return Formula.from_clauses(clauses, formula.variables)


def rows(symmetry: Symmetry) -> list[frozenset[int]]:
    offsets, codes = symmetry.clauses.offsets, symmetry.clauses.codes
    return [frozenset(codes[a:b].tolist()) for a, b in pairwise(offsets.tolist())]


@settings(max_examples=200, deadline=None)
@given(formulas(xors=False) | symmetric(9) | st.integers(5, 12).map(discrepancy), st.data())
def test_what_grows_is_a_partial_symmetry(formula: Formula, data: st.DataObject) -> None:
    symmetry = Symmetry(formula)
    if symmetry.variables < 2:
        return
    search = PartialSymmetries(symmetry)
    source = data.draw(st.integers(0, 2 * symmetry.variables - 1))
    image = data.draw(st.integers(0, 2 * symmetry.variables - 1))
    effort = data.draw(st.sampled_from([1, 20, 300, EFFORT]))
    before = [each.copy() for each in (search.state.left, search.state.image, search.state.source)]
    with patch.object(folding, "LEAST", 0.0):
        grown = search.grow(source, image, effort)
    found = dict(zip(grown.sources.tolist(), grown.images.tolist(), strict=True))
    assert len(found) == grown.sources.size
    found |= {one ^ 1: other ^ 1 for one, other in found.items()}
    assert len(found) == 2 * grown.sources.size  # of each variable one literal
    assert len(set(found.values())) == len(found)
    assert not found or found[source] == image
    clauses = rows(symmetry)
    mapped = [each for each in clauses if each <= found.keys()]
    assert {frozenset(found[x] for x in each) for each in mapped} <= set(clauses)
    assert grown.clauses == len(mapped)
    after = search.state.left, search.state.image, search.state.source
    assert all((one == other).all() for one, other in zip(before, after, strict=True))


@settings(max_examples=100, deadline=None)
@given(formulas(xors=False) | symmetric(9), st.data())
def test_hopeless_folds_are_refuted(formula: Formula, data: st.DataObject) -> None:
    symmetry = Symmetry(formula)
    if symmetry.variables < 2:
        return
    literals = st.integers(0, 2 * symmetry.variables - 1)
    pairs = np.array(data.draw(st.lists(st.tuples(literals, literals), min_size=1, max_size=4)), np.int32)
    folded = fold(pairs[:, 0].copy(), pairs[:, 1].copy(), symmetry.variables)
    equal = [[one, -other] for a, b in _signed(pairs, symmetry) for one, other in ((a, b), (b, a))]
    with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
        for each in equal:
            solver.add_clause(each)
        if folded is None:
            assert not Cadical153(bootstrap_with=equal).solve()
        else:
            with patch.object(folding, "FORCED", 2.0):
                clauses = symmetry.clauses
                assert not (hopeless(clauses.codes, clauses.offsets, folded) and solver.solve())


def _signed(pairs: NDArray[np.int32], symmetry: Symmetry) -> list[list[int]]:
    codes = [[int(symmetry.names[x >> 1]) + 1 for x in pair] for pair in pairs.tolist()]
    return [
        [-name if x & 1 else name for name, x in zip(names, pair, strict=True)]
        for names, pair in zip(codes, pairs.tolist(), strict=True)
    ]


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_even_terms_of_a_sequence_are_like_the_first_half(seed: int | None) -> None:
    formula = discrepancy(240, seed=seed)
    symmetry = Symmetry(formula)
    found = folds(symmetry, 8 * EFFORT)
    assert found
    assert found[0].sources.size >= 0.35 * symmetry.variables
    models = []
    for each in found:
        pairs = signed(each, symmetry.names)
        assert np.unique(np.abs(pairs)).size <= formula.variables
        with Cadical153(bootstrap_with=[list(clause) for clause in formula]) as solver:
            for one, other in pairs.tolist():
                solver.add_clause([one, -other])
                solver.add_clause([-one, other])
            models.append(solver.solve())
    assert any(models[:4])


@pytest.mark.parametrize(("length", "seed"), [(150, 2), (250, 5), (400, 4)])
def test_a_part_may_repeat_the_negation_of_another(length: int, seed: int) -> None:
    """One map of the two was often found alone, and a model may have the other only."""
    search = PartialSymmetries(Symmetry(discrepancy(length, seed=seed)), seed)
    first, second = search.search(10 * EFFORT)[:2]
    assert first.sources.size == second.sources.size
    profiles, pairs = search.state.profiles, dict(zip(*_positive(first), strict=True))
    opposite = dict(zip(*_positive(second), strict=True))
    own = [each for each in pairs.keys() & opposite.keys() if profiles[each] == profiles[each ^ 1]]
    assert any(pairs[each] == opposite[each] ^ 1 for each in own)


def _positive(folded: folding.Fold) -> tuple[list[int], list[int]]:
    """Return the pairs of a fold such that the sources are positive."""
    signs = folded.sources & 1
    return (folded.sources ^ signs).tolist(), (folded.images ^ signs).tolist()


def test_where_nothing_repeats_there_are_no_folds() -> None:
    for clauses in (random_ksat(200, 850, seed=1)[1], pigeonhole(9, 8)[1], [[1]], []):
        assert folds(Symmetry(Formula.from_clauses(clauses)), EFFORT) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_the_search_keeps_to_its_effort(effort: int) -> None:
    symmetry = Symmetry(discrepancy(60))
    search = PartialSymmetries(symmetry)
    search.search(effort)
    # One map more may be begun, or one clause read, and all of it is taken back.
    literals = symmetry.clauses.codes.size
    assert search.state.progress[FOLD_READ] <= effort + folding.CALL + folding.NEAR + 8 * literals
