"""Cardinality constraints found in clauses, against brute force; none is believed without its clauses."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cardinality import assignments, at_most, drawn, truth
from tests.families import pigeonhole, random_ksat
from turbosat.encodings.cardinalities import Cardinalities, find, follow, likely_binomial
from turbosat.encodings.exclusion import Effort, Exhausted, likely, pairs_of
from turbosat.encodings.matrix import Matrix, encode
from turbosat.encodings.propagation import literal_codes
from turbosat.formula.formula import Formula

PLENTY = 10**8


def found(matrix: Matrix, *, chains: bool = False) -> Cardinalities:
    return find(matrix.literals, matrix.offsets, 2 * matrix.variables, Effort(PLENTY), chains=chains)


def rows_of(rows: Cardinalities) -> list[tuple[list[int], int, bool]]:
    """Return the rows as literals from 1, what they ask for, and whether they are equations."""
    bounds = rows.offsets.tolist()
    return [
        (
            [-(c >> 1) - 1 if c & 1 else (c >> 1) + 1 for c in rows.codes[a:b].tolist()],
            int(least),
            bool(exact),
        )
        for a, b, least, exact in zip(bounds, bounds[1:], rows.least, rows.exact, strict=False)
    ]


def models(matrix: Matrix, values: np.ndarray) -> np.ndarray:
    """Return which assignments (n, variables) satisfy the clauses."""
    bounds = matrix.offsets.tolist()
    codes = [matrix.literals[a:b] for a, b in pairwise(bounds)]
    right = np.ones(len(values), np.bool_)
    for clause in codes:
        right &= (values[:, clause >> 1] ^ (clause & 1).astype(np.bool_)).any(axis=1)
    return right


@given(st.integers(0, 10**9), st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_constraints_say_what_the_clauses_say(seed: int, auxiliary: bool, chains: bool) -> None:
    matrix = encode(drawn(seed, auxiliary=auxiliary).formula)
    if not 0 < matrix.variables <= 16:
        return
    values = assignments(matrix.variables)
    right = models(matrix, values)
    rows = found(matrix, chains=chains)
    all_hold = np.ones(len(values), np.bool_)
    for literals, least, exact in rows_of(rows):
        true = truth(values, literals).sum(axis=1)
        assert (true[right] >= least).all()
        assert not exact or (true[right] == least).all()
        all_hold &= true >= least
    assert (all_hold == right).all()
    assert follow(rows, matrix.literals, matrix.offsets)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
@settings(max_examples=100, deadline=None)
def test_no_row_is_believed_without_all_of_its_clauses(seed: int, missing: int) -> None:
    """Rows that `follow` believes with one clause less hold in all models of those that are left."""
    matrix = encode(drawn(seed).formula)
    if not 0 < matrix.variables <= 10:
        return
    rows = found(matrix)
    number = missing % matrix.clauses
    kept = [row for row in range(matrix.clauses) if row != number]
    lengths = np.diff(matrix.offsets)[kept]
    codes = np.concatenate(
        [matrix.literals[matrix.offsets[row] : matrix.offsets[row + 1]] for row in kept]
        or [matrix.literals[:0]]
    )
    offsets = np.append(0, np.cumsum(lengths))
    values = assignments(matrix.variables)
    right = np.ones(len(values), np.bool_)
    for row in kept:
        clause = matrix.literals[matrix.offsets[row] : matrix.offsets[row + 1]]
        right &= (values[:, clause >> 1] ^ (clause & 1).astype(np.bool_)).any(axis=1)
    for row, (literals, least, exact) in enumerate(rows_of(rows)):
        true = truth(values, literals).sum(axis=1)[right]
        holds = bool((true >= least).all() and (not exact or (true == least).all()))
        assert holds or not follow(rows.chosen(np.array([row])), codes, offsets)


@pytest.mark.parametrize(
    ("size", "least", "most"), [(4, 2, 2), (6, 3, 3), (5, 1, 1), (7, 5, 5), (6, 0, 2), (5, 4, 5)]
)
def test_a_constraint_is_found_whole(size: int, least: int, most: int) -> None:
    literals = [name * (-1) ** (name % 3 == 0) for name in range(1, size + 1)]
    clauses = [*(at_most(literals, most) if most < size else [])]
    clauses += at_most([-each for each in literals], size - least) if least else []
    rows = rows_of(found(encode(Formula.from_clauses(clauses))))
    opposite = [-each for each in literals]
    wanted = {(tuple(sorted(literals)), least)} if least else set()
    wanted |= {(tuple(sorted(opposite)), size - most)} if most < size else set()
    assert {(tuple(sorted(row)), asked) for row, asked, _ in rows} == wanted
    assert sum(exact for _, _, exact in rows) == (least == most)


def test_equations_of_two_are_found_once() -> None:
    clauses = [[1, 2], [-1, -2], [2, 3], [-2, -3], [1, -3, 4]]
    rows = rows_of(found(encode(Formula.from_clauses(clauses))))
    assert sum(exact for _, _, exact in rows) == 2


def test_chains_find_what_auxiliary_variables_hide() -> None:
    system = [[-x, 5 + x % 2] for x in range(1, 5)] + [[-5, -6]] + [[-1, -3, 7], [-2, -4, 7]]
    matrix = encode(Formula.from_clauses(system))
    widest = [max(np.diff(found(matrix, chains=chains).offsets)) for chains in (False, True)]
    assert widest[1] >= 3 > widest[0] - 1


def test_effort_is_bounded() -> None:
    matrix = encode(Formula.from_clauses(pigeonhole(9, 8)[1]))
    with pytest.raises(Exhausted):
        find(matrix.literals, matrix.offsets, 2 * matrix.variables, Effort(500), chains=False)


def guess(clauses: list[list[int]]) -> tuple[bool, bool]:
    formula = Formula.from_clauses(clauses)
    codes = literal_codes(formula.literals)
    pairs = pairs_of(codes, formula.offsets)
    return likely(pairs, 2 * formula.variables), likely_binomial(codes, formula.offsets)


def test_what_has_no_constraints_is_seen_before() -> None:
    assert guess(pigeonhole(5, 4)[1]) == (True, False)
    assert guess(at_most(list(range(1, 7)), 2)) == (False, True)
    assert guess(random_ksat(200, 840)[1]) == (False, False)
    gates = [c for x in range(1, 50) for c in ([-x - 50, x], [-x - 50, x + 1], [x + 50, -x, -x - 1])]
    assert guess(gates) == (False, False)


@pytest.mark.parametrize("asked", [2, 3])
def test_a_constraint_is_seen_among_many_clauses(asked: int) -> None:
    """Where most clauses share no part with others, or only some of theirs."""
    variables, clauses = random_ksat(3000, 40_000, k=asked + 1, seed=1)
    part = clauses[0][1:]
    clauses += [[name * (-1) ** name, *part] for name in range(1, variables) if name not in map(abs, part)]
    assert not guess(clauses)[1]
    assert guess([*clauses, *at_most(list(range(1, 10)), asked)])[1]


def test_drawn_systems_are_of_both_kinds() -> None:
    assert 20 < sum(drawn(seed).satisfiable for seed in range(100)) < 80
