"""Generators of combinatorial families against brute force, decoded models and known numbers."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysat.solvers import Solver

from turbosat.benchmarks import families
from turbosat.benchmarks.families.base import Clauses, Dice
from turbosat.benchmarks.families.graphs import random_edges, read_graph
from turbosat.benchmarks.families.latin import HOLE, complete, latin_square, open_cells
from turbosat.benchmarks.families.proof_complexity import _regular
from turbosat.errors import InputError
from turbosat.formula.formula import Formula

NOTHING = np.zeros((0, 0), np.int64)


def solve(formula: Formula) -> NDArray[np.bool_] | None:
    with Solver("cadical153", bootstrap_with=[list(clause) for clause in formula]) as solver:
        if not solver.solve():
            return None
        values = np.zeros(formula.variables, np.bool_)
        true = [literal for literal in solver.get_model() or [] if literal > 0]
        values[np.array(true, np.int64) - 1] = True
        return values


def count_models(formula: Formula) -> int:
    with Solver("g4", bootstrap_with=[list(clause) for clause in formula]) as solver:
        return sum(1 for _ in solver.enum_models())


def is_latin(square: NDArray[np.int64]) -> bool:
    numbers = np.arange(len(square))
    return all((np.sort(lines, axis=1) == numbers).all() for lines in (square, square.T))


@given(st.lists(st.lists(st.integers(-9, 9).filter(bool), max_size=4), max_size=12))
def test_clauses_are_those_added(clauses: list[list[int]]) -> None:
    made = Clauses()
    made.fresh(3, 3)
    for size, group in itertools.groupby(clauses, len):
        rows = list(group)
        if size % 2:
            made.add(np.array(rows).reshape(-1, size))
        else:
            made.add_each(rows)
    assert [list(clause) for clause in made.formula()] == clauses
    assert made.formula().variables == 9


@given(st.integers(1, 6))
def test_exactly_one(size: int) -> None:
    made = Clauses()
    made.exactly_one(made.fresh(2, size))
    assert count_models(made.formula()) == size * size


@given(st.integers(2, 6), st.integers(1, 60), st.integers(0, 99))
@settings(deadline=None)
def test_random_clauses_have_distinct_variables(k: int, variables: int, seed: int) -> None:
    variables += k
    formula = families.generate("random-ksat", variables=variables, k=k, ratio=5.0, seed=seed).formula
    assert formula.clauses == 5 * variables
    assert all(len({abs(literal) for literal in clause}) == k for clause in formula)


def test_random_clauses_are_uniform() -> None:
    formula = families.generate("random-ksat", variables=1000, ratio=400.0, seed=1).formula
    counts = np.bincount(np.abs(formula.literals))[1:]
    assert abs(counts - 1200).max() < 6 * 1200**0.5
    assert abs((formula.literals > 0).mean() - 0.5) < 0.003


@pytest.mark.parametrize("q", [1.0, 0.618, 0.3])
def test_planted_clauses_have_their_weights(q: float) -> None:
    problem = families.generate("planted-ksat", variables=3000, ratio=100.0, q=q, seed=2)
    assert problem.model is not None
    formula = problem.formula
    true = problem.model[np.abs(formula.literals) - 1] == (formula.literals > 0)
    seen = np.bincount(true.reshape(-1, 3).sum(axis=1), minlength=4) / formula.clauses
    weights = np.array([0, 3 * q, 3 * q**2, q**3])
    assert np.abs(seen - weights / weights.sum()).max() < 0.005


@given(st.integers(1, 12), st.integers(0, 1000))
@settings(deadline=None, max_examples=40)
def test_latin_squares_are_latin(order: int, seed: int) -> None:
    square = latin_square(Dice(seed), order)
    assert square.shape == (order, order)
    assert is_latin(square)


def test_latin_squares_are_drawn_evenly() -> None:
    found: dict[bytes, int] = {}
    for seed in range(1200):
        key = latin_square(Dice(seed), 3).tobytes()
        found[key] = found.get(key, 0) + 1
    assert len(found) == 12
    assert max(abs(count - 100) for count in found.values()) < 5 * 100**0.5


@pytest.mark.parametrize(("order", "squares"), [(1, 1), (2, 2), (3, 12), (4, 576)])
def test_empty_squares_have_all_completions(order: int, squares: int) -> None:
    assert count_models(families.generate("qwh", order=order, holes=1.0).formula) == squares


def test_empty_sudoku_has_all_completions() -> None:
    assert count_models(families.generate("sudoku", box=2, holes=1.0).formula) == 288


def given_of(problem: Any) -> NDArray[np.int64]:
    """Draw the square with its holes anew, by the model: what the generator deleted are the open cells."""
    side = problem.parameters["order"]
    dice = Dice(problem.seed)
    square = latin_square(dice, side)
    shuffled = (dice.permutation(side)[:, None] + dice.permutation(side)) % side
    rank = shuffled.ravel() * side * side + dice.permutation(side * side)
    cells = np.argsort(rank, kind="stable")[: round(problem.parameters["holes"] * side * side)]
    square.ravel()[cells] = HOLE
    return square


@pytest.mark.parametrize("seed", range(4))
def test_quasigroup_with_holes_decodes_to_a_latin_square(seed: int) -> None:
    problem = families.generate("qwh", order=12, holes=0.5, seed=seed)
    squared = given_of(problem)
    holes = squared == HOLE
    assert set(holes.sum(axis=0)) == set(holes.sum(axis=1)) == {6}
    assert open_cells(squared, NOTHING).max() == problem.formula.variables
    values = solve(problem.formula)
    assert values is not None
    found = complete(squared, NOTHING, values)
    assert is_latin(found)
    assert (found == squared)[~holes].all()


def test_schur_numbers() -> None:
    for colours, last in ((1, 1), (2, 4), (3, 13), (4, 44)):
        assert solve(families.generate("schur", n=last, colours=colours).formula) is not None
        if colours < 4:
            assert solve(families.generate("schur", n=last + 1, colours=colours).formula) is None
    problem = families.generate("schur", n=40, colours=4)
    values = solve(problem.formula)
    assert values is not None
    colour = np.argmax(values.reshape(40, 4), axis=1)
    assert not any(
        colour[x - 1] == colour[y - 1] == colour[x + y - 1] for x in range(1, 41) for y in range(1, 41 - x)
    )


def test_schur_five_is_not_claimed_beyond_what_is_known() -> None:
    statuses = [families.generate("schur", n=n, colours=c).status for n, c in ((160, 5), (161, 5), (161, 6))]
    assert statuses == ["sat", "unsat", "unknown"]


@pytest.mark.parametrize(
    ("lengths", "number"), [("3,3", 9), ("3,4", 18), ("3,5", 22), ("4,4", 35), ("3,3,3", 27)]
)
def test_van_der_waerden_numbers(lengths: str, number: int) -> None:
    below, at = (families.generate("van-der-waerden", n=n, lengths=lengths) for n in (number - 1, number))
    assert (below.status, at.status) == ("sat", "unsat")
    assert solve(below.formula) is not None
    assert solve(at.formula) is None


def test_pythagorean_triples_are_all_there() -> None:
    formula = families.generate("pythagorean", n=300).formula
    squares = {number * number: number for number in range(1, 301)}
    wanted = {
        (a, b, squares[a * a + b * b])
        for a, b in itertools.combinations(range(1, 301), 2)
        if a * a + b * b in squares
    }
    assert {tuple(clause) for clause in formula if clause[0] > 0} == wanted
    assert sorted(map(tuple, formula)) == sorted([*wanted, *(tuple(-x for x in each) for each in wanted)])


@pytest.mark.parametrize(("side", "dimension"), [(2, 4), (3, 2), (3, 3), (4, 2), (5, 2)])
def test_combinatorial_lines_are_all_there(side: int, dimension: int) -> None:
    lines = set()
    for template in itertools.product([*range(side), "*"], repeat=dimension):
        if "*" in template:
            points = [[step if part == "*" else part for part in template] for step in range(side)]
            lines.add(tuple(sum(digit * side**p for p, digit in enumerate(reversed(q))) + 1 for q in points))
    formula = families.generate("hales-jewett", side=side, dimension=dimension).formula
    assert {tuple(clause) for clause in formula if clause[0] > 0} == lines
    assert formula.clauses == 2 * len(lines) == 2 * ((side + 1) ** dimension - side**dimension)


@pytest.mark.parametrize("n", range(1, 9))
def test_langford_pairs(n: int) -> None:
    problem = families.generate("langford", n=n)
    values = solve(problem.formula)
    assert (values is not None) == (n % 4 in (0, 3)) == (problem.status == "sat")
    if values is not None:
        places = [(k, left) for k in range(1, n + 1) for left in range(2 * n - k - 1)]
        row = [0] * (2 * n)
        for (k, left), true in zip(places, values, strict=True):
            if true:
                assert row[left] == row[left + k + 1] == 0
                row[left] = row[left + k + 1] = k
        assert 0 not in row


@pytest.mark.parametrize(("n", "pairs"), [(3, 2), (4, 2), (7, 52), (8, 300)])
def test_langford_pairs_are_counted(n: int, pairs: int) -> None:
    assert count_models(families.generate("langford", n=n).formula) == pairs  # OEIS A014552, twice


@given(st.integers(1, 30), st.floats(0, 1), st.booleans(), st.integers(0, 99))
@settings(deadline=None)
def test_random_edges_are_different(vertices: int, share: float, classed: bool, seed: int) -> None:
    dice = Dice(seed)
    classes = dice.randint(0, 3, vertices) if classed else None
    pairs = [
        pair
        for pair in itertools.combinations(range(vertices), 2)
        if classes is None or classes[pair[0]] != classes[pair[1]]
    ]
    count = int(share * len(pairs))
    edges = [tuple(edge) for edge in random_edges(dice, vertices, count, classes).tolist()]
    assert len(edges) == len(set(edges)) == count
    assert set(edges) <= set(pairs)


@given(st.integers(1, 6), st.floats(0, 1), st.integers(1, 3), st.integers(0, 99))
@settings(deadline=None)
def test_colourings_are_counted(vertices: int, share: float, colours: int, seed: int) -> None:
    degree = share * (vertices - 1)
    problem = families.generate("colouring", vertices=vertices, degree=degree, colours=colours, seed=seed)
    edges = random_edges(Dice(seed), vertices, round(vertices * degree / 2))
    proper = sum(
        all(colour[u] != colour[v] for u, v in edges)
        for colour in itertools.product(range(colours), repeat=vertices)
    )
    assert count_models(problem.formula) == proper


def test_graph_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "graph.col"
    file.write_text("c of five\np edge 5 6\nn 1 7\ne 1 2\ne 2 1\ne 3 3\ne 5 1\n\ne 2 4\n")
    vertices, edges = read_graph(file)
    assert vertices == 5
    assert edges.tolist() == [[0, 1], [0, 4], [1, 3]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a line p edge N M, found none"),
        ("e 1 2\n", ":1: expected p edge N M, then e U V, found 'e 1 2'"),
        ("p edge 3 1\ne 1 4\n", ":2: expected vertices from 1 to 3: 'e 1 4'"),
        ("p edge 3 1\ne 1\n", ":2: expected p edge"),
        ("p edge x 1\n", ":1: expected p edge"),
        ("p cnf 3 1\n1 0\n", ":1: expected p edge"),
        ("p edge 3 1\np edge 3 1\n", ":2: expected p edge"),
    ],
)
def test_graph_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "graph.col"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_graph(file)


@pytest.mark.parametrize("variables", [5, 9, 30])
def test_sgen_partitions(variables: int) -> None:
    formula = families.generate("sgen-unsat", variables=variables, seed=variables).formula
    total = formula.variables
    assert total % 4 == 1
    assert variables <= total < variables + 4
    assert formula.clauses == 2 * (10 + 4 * (total - 5) // 4)
    for sign in (-1, 1):  # joined by their clauses, the variables fall into fours and one five
        groups = [{v} for v in range(1, total + 1)]
        for clause in formula:
            if clause[0] * sign > 0:
                touched = [group for group in groups if group & {abs(x) for x in clause}]
                groups = [group for group in groups if group not in touched] + [set().union(*touched)]
        assert sorted(map(len, groups)) == [4] * (len(groups) - 1) + [5]


def test_sgen_spreads_its_groups() -> None:
    """No group has two members of one home, and no two homes meet twice: at random, many would."""
    formula = families.generate("sgen-sat", variables=200, seed=3).formula
    groups = [[(literal - 1) // 5 for literal in clause] for clause in formula if clause[0] > 0]
    assert len(groups) == 80
    assert all(len(set(group)) == 5 for group in groups)
    for partition in (groups[:40], groups[40:]):
        met = [pair for group in partition for pair in itertools.combinations(sorted(group), 2)]
        assert len(met) == len(set(met))


@pytest.mark.parametrize("degree", [1, 3, 7, 10])
def test_regular_graphs_are_regular(degree: int) -> None:
    for seed in range(20):
        edges = _regular(Dice(seed), 12, degree)
        assert (np.bincount(edges.ravel(), minlength=12) == degree).all()
        assert len({tuple(sorted(edge)) for edge in edges.tolist()}) == len(edges)
        assert (edges[:, 0] != edges[:, 1]).all()
