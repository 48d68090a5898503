"""Groups of literals of which exactly one is true, against brute force and python-sat."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.card import CardEnc, EncType
from pysat.solvers import Cadical153

from tests.gpu.matrices import random_matrix, valued_matrix
from turbosat.benchmarks.families import generate
from turbosat.encodings.groups import COVERED, VALUES, Groups, find_groups, likely
from turbosat.encodings.matrix import Matrix, encode
from turbosat.formula.formula import Formula

matrices = st.one_of(
    st.builds(
        valued_matrix,
        st.integers(0, 2**32 - 1),
        st.lists(st.integers(2, 7), max_size=6),
        st.integers(1, 6),
        st.integers(1, 60),
        exclusive=st.booleans(),
    ),
    st.builds(
        random_matrix,
        st.integers(0, 2**32 - 1),
        st.integers(3, 9),
        st.integers(1, 60),
        st.sampled_from([(2,), (2, 2, 3), (3,)]),
    ),
)


def signed(codes: np.ndarray) -> list[int]:
    """Turn codes into literals from 1."""
    return [-(code >> 1) - 1 if code & 1 else (code >> 1) + 1 for code in codes.tolist()]


def rows(values: Matrix | Groups) -> list[list[int]]:
    """Return clauses of literals from 1."""
    return [signed(values.literals[a:b]) for a, b in itertools.pairwise(values.offsets.tolist())]


def members(groups: Groups) -> list[list[int]]:
    """Return the groups, of literals from 1."""
    return [signed(groups.members[a:b]) for a, b in itertools.pairwise(groups.begins.tolist())]


@given(matrices, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_clauses_say_the_same_where_one_literal_of_each_group_is_true(matrix: Matrix, seed: int) -> None:
    groups = find_groups(matrix)
    random = np.random.default_rng(seed)
    assert np.unique(groups.members >> 1).size == groups.members.size
    assert all(len(group) > 1 and group in rows(matrix) for group in members(groups))
    for _ in range(10):
        values = random.random(matrix.variables) < 0.5
        for group in members(groups):
            chosen = random.choice(group)
            for literal in group:
                values[abs(literal) - 1] = (literal == chosen) ^ (literal < 0)
        false = [
            clause
            for clause, row in enumerate(rows(groups))
            if all(values[abs(x) - 1] == (x < 0) for x in row)
        ]
        assert groups.kept[false].tolist() == np.flatnonzero(matrix.counts(values) == 0).tolist()
    for row in rows(groups):  # what lets a move gain as much as the margins say
        negated = [[-literal in row for literal in group].count(True) for group in members(groups)]
        plain = [any(literal in row for literal in group) for group in members(groups)]
        assert all(count == 0 or (count == 1 and not own) for count, own in zip(negated, plain, strict=True))


@given(
    st.builds(
        valued_matrix,
        st.integers(0, 2**32 - 1),
        st.lists(st.integers(3, 7), min_size=8, max_size=20),
        st.integers(1, 6),
        st.integers(1, 60),
        exclusive=st.booleans(),
    )
)
@settings(max_examples=200, deadline=None)
def test_groups_that_cover_a_formula_are_likely(matrix: Matrix) -> None:
    """Those of many variables are seen; that nothing is where nothing is, circuits tell below."""
    formula = Formula.from_clauses(rows(matrix), variables=matrix.variables)
    covered = find_groups(matrix).covered(VALUES) >= COVERED * matrix.variables > 0
    assert likely(formula) >= covered
    shuffled = np.random.default_rng(1).permutation(matrix.variables) + 1
    mirrored = [[int(-shuffled[abs(x) - 1] * np.sign(x)) for x in row] for row in rows(matrix)]
    assert likely(Formula.from_clauses(mirrored, variables=matrix.variables)) >= covered


@pytest.mark.parametrize(
    "kind", ["random-ksat", "parity", "miter", "factoring", "simon", "sha1", "pythagorean"]
)
def test_no_groups_are_likely_in_circuits_and_random_formulas(kind: str) -> None:
    for shuffle in (False, True):
        assert not likely(generate(kind, seed=3, shuffle=shuffle).formula)


@pytest.mark.parametrize("kind", ["colouring", "sudoku", "qwh", "frb", "social-golfer", "schur"])
def test_groups_are_likely_where_variables_have_many_values(kind: str) -> None:
    for shuffle in (False, True):
        assert likely(generate(kind, seed=3, shuffle=shuffle).formula)


@given(matrices)
@settings(max_examples=60, deadline=None)
def test_no_groups_lose_all_models(matrix: Matrix) -> None:
    groups = find_groups(matrix)
    with Cadical153(bootstrap_with=rows(matrix)) as plain, Cadical153(bootstrap_with=rows(groups)) as grouped:
        for group in members(groups):
            for clause in CardEnc.equals(group, encoding=EncType.pairwise).clauses:
                grouped.add_clause(clause)
        assert plain.solve() == grouped.solve()


def cells(size: int, boxes: int) -> list[list[int]]:
    """Return the groups of a Latin square with boxes: cells first, then rows, columns and boxes."""

    def name(row: int, column: int, value: int) -> int:
        return (row * size + column) * size + value + 1

    two, three = list(itertools.product(range(size), repeat=2)), range(size)
    result = [[name(a, b, k) for k in three] for a, b in two]
    result += [[name(a, k, b) for k in three] for a, b in two] + [
        [name(k, a, b) for k in three] for a, b in two
    ]
    corners = list(itertools.product(range(0, size, boxes), repeat=2))
    inside = list(itertools.product(range(boxes), repeat=2))
    return result + [[name(r + i, c + j, b) for i, j in inside] for r, c in corners for b in three]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_of_a_sudoku_the_cells_are_chosen(order: int) -> None:
    """Rows, columns and boxes share more than one variable; a mixture of families finds solutions late."""
    groups = cells(9, 3)
    clauses = [*groups, *([-a, -b] for group in groups for a, b in itertools.combinations(group, 2))]
    shuffled = (
        [clauses[k] for k in np.random.default_rng(order).permutation(len(clauses))] if order else clauses
    )
    found = find_groups(encode(Formula.from_clauses(shuffled)))
    assert {tuple(sorted(group)) for group in members(found)} == {tuple(group) for group in groups[:81]}


def test_of_a_latin_square_one_family_is_chosen() -> None:
    groups = cells(8, 8)[:192]
    clauses = [*groups, *([-a, -b] for group in groups for a, b in itertools.combinations(group, 2))]
    found = find_groups(encode(Formula.from_clauses(clauses)))
    assert found.covered(3) == 512
    assert found.covered(9) == 0


def test_random_formulas_have_no_groups_to_speak_of() -> None:
    assert find_groups(random_matrix(1, 200, 840, (3,))).covered(2) < 20


def test_a_variable_of_thousands_of_groups_is_in_none() -> None:
    hub, rows = 1, []
    for one in range(2, 20_000, 2):
        rows += [[hub, one, one + 1], [-hub, -one], [-hub, -one - 1], [-one, -one - 1]]
    own = [20_001, 20_002, 20_003]
    rows += [own, *([-a, -b] for a, b in itertools.combinations(own, 2))]
    groups = find_groups(encode(Formula.from_clauses(rows)))
    assert groups.begins.tolist() == [0, 3]
