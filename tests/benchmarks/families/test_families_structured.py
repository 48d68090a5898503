"""Generators of permutations, puzzles, graphs and ciphers: brute force, decoded models, test vectors."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysat.solvers import Solver

from turbosat.benchmarks import families
from turbosat.benchmarks.families.base import Dice
from turbosat.benchmarks.families.circuit import Circuit, Word
from turbosat.benchmarks.families.cryptography import WIDTH, Cipher, simon_block, speck_block
from turbosat.benchmarks.families.parity import counter, totalizer
from turbosat.benchmarks.families.puzzles import golfers_status
from turbosat.formula.formula import Formula

Model = NDArray[np.bool_]


def solver_of(formula: Formula) -> Solver:
    return Solver("g4", bootstrap_with=[list(clause) for clause in formula])


def solve(formula: Formula) -> Model:
    with solver_of(formula) as solver:
        assert solver.solve()
        return np.array(solver.get_model()[: formula.variables]) > 0


def count_models(formula: Formula) -> int:
    with solver_of(formula) as solver:
        return sum(1 for _ in solver.enum_models())


@given(st.integers(2, 6), st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_vmpc_has_the_models_that_there_are_inverses(order: int, seed: int) -> None:
    def image(p: NDArray[np.int64]) -> list[int]:
        return [int(p[(p[p[x]] + 1) % order]) for x in range(order)]

    target = image(Dice(seed).permutation(order))
    inverses = sum(image(np.array(p)) == target for p in itertools.permutations(range(order)))
    formula = families.generate("vmpc", seed=seed, order=order).formula
    assert count_models(formula) == inverses >= 1


@pytest.mark.parametrize(("order", "arrays"), [(2, 2), (3, 4), (4, 12), (5, 40)])
def test_costas_allows_the_arrays_that_there_are(order: int, arrays: int) -> None:
    formula = families.generate("costas", order=order).formula
    found = 0
    with solver_of(formula) as solver:
        for p in itertools.permutations(range(order)):
            vectors = [(j - i, p[j] - p[i]) for i in range(order) for j in range(i + 1, order)]
            allowed = solver.solve(assumptions=[row * order + column + 1 for row, column in enumerate(p)])
            assert allowed == (len(set(vectors)) == len(vectors))
            found += allowed
    assert found == arrays


def test_costas_is_as_large_as_the_published_encoding() -> None:
    formula = families.generate("costas", order=12).formula
    assert (formula.variables, formula.clauses) == (1596, 15160)


@given(st.lists(st.booleans(), min_size=1, max_size=14), st.integers(1, 3))
@settings(deadline=None, max_examples=80)
def test_discrepancy_allows_what_stays_within_the_bound(signs: list[bool], bound: int) -> None:
    formula = families.generate("discrepancy", n=len(signs), bound=bound).formula
    values = np.where(signs, 1, -1)
    worst = max(int(np.abs(np.cumsum(values[step - 1 :: step])).max()) for step in range(1, len(signs) + 1))
    with solver_of(formula) as solver:
        allowed = solver.solve(assumptions=[(i + 1) * int(sign) for i, sign in enumerate(values)])
    assert allowed == (worst <= bound)


@given(st.integers(4, 12), st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_frb_forbids_as_many_pairs_as_the_model_says(variables: int, seed: int) -> None:
    formula = families.generate("frb", seed=seed, variables=variables).formula
    values = round(variables**0.8)
    pairs: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for one, other in (
        sorted(-each for each in clause) for clause in formula if len(clause) == 2 and clause[0] < 0
    ):
        (i, a), (j, b) = divmod(one - 1, values), divmod(other - 1, values)
        pairs.setdefault((i, j), set()).add((a, b))
    within = [pairs.pop((i, i), set()) for i in range(variables)]
    assert all(len(each) == values * (values - 1) // 2 for each in within)
    assert {len(each) for each in pairs.values()} == {round(0.25 * values * values)}
    wanted = round(-0.8 / np.log(0.75) * variables * np.log(variables))
    assert len(pairs) == min(wanted, variables * (variables - 1) // 2)


@given(st.integers(5, 11), st.integers(2, 5), st.integers(0, 99), st.booleans())
@settings(deadline=None, max_examples=30)
def test_clique_has_a_model_for_each_clique(vertices: int, size: int, seed: int, planted: bool) -> None:
    problem = families.generate("clique", seed=seed, vertices=vertices, size=size, planted=planted)
    dice = Dice(seed)
    edges = np.triu(dice.random_sample((vertices, vertices)) < 0.6, 1)
    if planted:
        members = np.sort(dice.permutation(vertices)[:size])
        edges[np.ix_(members, members)] = True
    cliques = sum(
        all(edges[u, v] for u, v in itertools.combinations(some, 2))
        for some in itertools.combinations(range(vertices), size)
    )
    assert count_models(problem.formula) == cliques


@given(st.integers(2, 4), st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_hamiltonian_has_a_model_for_each_directed_cycle(half: int, seed: int) -> None:
    vertices = 2 * half
    formula = families.generate("hamiltonian", seed=seed, vertices=vertices).formula
    rows = [
        clause for clause in formula if len(clause) == 3 and min(clause) > 0 and max(clause) <= 3 * vertices
    ]
    tails, heads = rows[:vertices], rows[vertices : 2 * vertices]
    arcs = {arc: vertex for vertex, row in enumerate(tails) for arc in row}
    near = [{arcs[arc] for arc in row} for row in heads]
    assert all(len(each) == 3 and vertex not in each for vertex, each in enumerate(near))
    cycles = sum(
        all(walk[place] in near[walk[place - 1]] for place in range(vertices))
        for walk in ((0, *rest) for rest in itertools.permutations(range(1, vertices)))
    )
    assert count_models(formula) == cycles >= 2


def test_hamiltonian_agrees_at_many_sizes() -> None:
    for vertices in (16, 32, 34, 200):
        problem = families.generate("hamiltonian", seed=vertices, vertices=vertices)
        assert problem.model is not None
        assert problem.formula.satisfied(problem.model)


def tiles(formula: Formula, model: Model, side: int, colours: int) -> list[tuple[int, ...]]:
    """Return the pieces on the board, each turned to its smallest, in ascending order."""
    border = 4 * max(side - 2, 0)
    first = 16 + border * border + (max(side - 2, 0) ** 2) ** 2
    edges = 2 * side * (side - 1)
    tint = model[first : first + edges * colours].reshape(edges, colours)
    assert (tint.sum(axis=1) == 1).all()
    seen = tint.argmax(axis=1)
    across = np.full((side, side + 1), -1)
    across[:, 1:side] = seen[: edges // 2].reshape(side, side - 1)
    down = np.full((side + 1, side), -1)
    down[1:side] = seen[edges // 2 :].reshape(side - 1, side)
    found = []
    for r, c in np.ndindex(side, side):
        sides = [down[r, c], across[r, c + 1], down[r + 1, c], across[r, c]]
        found.append(min(tuple(map(int, sides[turn:] + sides[:turn])) for turn in range(4)))
    return sorted(found)


@given(st.integers(2, 5), st.integers(1, 4), st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_every_solution_of_a_puzzle_has_its_pieces(side: int, colours: int, seed: int) -> None:
    problem = families.generate("edge-matching", seed=seed, side=side, colours=colours)
    assert problem.model is not None
    wanted = tiles(problem.formula, problem.model, side, colours)
    assert tiles(problem.formula, solve(problem.formula), side, colours) == wanted


def test_mutilated_chessboard_is_as_large_as_the_published_encoding() -> None:
    formula = families.generate("mutilated-chessboard", side=12).formula
    assert (formula.variables, formula.clauses) == (364, 868)


@pytest.mark.parametrize("side", [3, 4, 5])
def test_dominoes_cover_a_board_with_one_corner_missing_where_its_size_is_odd(side: int) -> None:
    """Take out the constraints of the second corner: one domino at most may then lie on it."""
    formula = families.generate("mutilated-chessboard", side=side).formula
    first, second = np.split(np.array([clause[0] for clause in formula if len(clause) == 1]), 2)
    rest = [list(clause) for clause in formula if len(clause) > 1]
    with Solver(
        "g4", bootstrap_with=[*rest, *([each] for each in first.tolist()), second.tolist()]
    ) as solver:
        assert solver.solve() == (side % 2 == 1)


def published(weeks: int, groups: int, size: int) -> bool:
    """Decode a plan and check it."""
    formula = families.generate("social-golfer", weeks=weeks, groups=groups, size=size).formula
    golfers = groups * size
    with solver_of(formula) as solver:
        if not solver.solve():
            return False
        model = np.array(solver.get_model()) > 0
    plays = model[: weeks * golfers * groups].reshape(weeks, golfers, groups)
    assert (plays.sum(axis=2) == 1).all()
    assert (plays.sum(axis=1) == size).all()
    together = (plays[:, :, None, :] & plays[:, None, :, :]).any(axis=3)  # (weeks, golfers, golfers)
    assert (together.sum(axis=0)[~np.eye(golfers, dtype=np.bool_)] <= 1).all()
    return True


@pytest.mark.parametrize(
    ("weeks", "groups", "size"),
    [
        *itertools.product((1, 2), (1, 2, 3), (2, 3)),
        *((5, 3, 2), (6, 3, 2), (4, 3, 3), (5, 3, 3), (7, 5, 3), (2, 3, 4), (3, 4, 3)),
    ],
)
def test_plans_of_golfers_are_plans_where_there_are_some(weeks: int, groups: int, size: int) -> None:
    known = golfers_status(weeks, groups, size)
    assert published(weeks, groups, size) == (known == "sat") or known == "unknown"


def test_social_golfer_is_as_large_as_the_published_encoding() -> None:
    formula = families.generate("social-golfer", weeks=6, groups=5, size=3).formula
    assert (formula.variables, formula.clauses) == (2430, 18435)


@given(st.integers(5, 30), st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_subset_cardinality_has_as_many_of_each_as_half_needs(size: int, seed: int) -> None:
    formula = families.generate("subset-cardinality", seed=seed, size=size).formula
    assert formula.variables == 4 * size + 1
    signs = [{literal > 0 for literal in clause} for clause in formula]
    assert all(len(each) == 1 and len(clause) == 3 for each, clause in zip(signs, formula, strict=True))
    assert formula.clauses == 2 * (4 * (size - 1) + 10)


@given(st.integers(2, 6), st.integers(0, 719))
@settings(deadline=None, max_examples=30)
def test_an_order_fails_only_at_its_least_element(size: int, number: int) -> None:
    """Of each total order exactly one clause is false: that of the least element."""
    orders = list(itertools.permutations(range(size)))
    rank = orders[number % len(orders)]
    formula = families.generate("ordering", size=size).formula
    values = np.array([rank[a] < rank[b] for a, b in itertools.combinations(range(size), 2)], np.bool_)
    assert formula.false_clauses(values).tolist() == [rank.index(0)]


def words(number: int, count: int) -> list[Word]:
    """Return constants, the first of the lowest bits."""
    return [[number >> place & 1 for place in range(at, at + WIDTH)] for at in range(0, count * WIDTH, WIDTH)]


@pytest.mark.parametrize(
    ("cipher", "rounds", "plain", "expected"),
    [(simon_block, 32, 0x65656877, 0xC69BE9BB), (speck_block, 22, 0x6574694C, 0xA86842F2)],
)
def test_ciphers_agree_with_the_designers(cipher: Cipher, rounds: int, plain: int, expected: int) -> None:
    right, left = words(plain, 2)
    x, y = cipher(Circuit(), words(0x1918111009080100, 4), left, right, rounds)
    assert sum(bit << place for place, bit in enumerate([*y, *x])) == expected


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 14))
def test_unary_counts_are_counts(bits: list[bool], most: int) -> None:
    for count in (counter, totalizer):
        circuit = Circuit()
        total = count(circuit, circuit.word(len(bits)), most)
        values = circuit.simulate(list(map(int, bits)))
        seen = [values[literal >> 1] ^ literal & 1 for literal in total]
        assert seen == [int(sum(bits) > place) for place in range(min(most, len(bits)))]
