"""Tabu search on conflict graphs: against its twin, move by move, and against a recount."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.families import latin_square
from tests.gpu.gradient.lanes import candidate, population, until
from tests.gpu.matrices import valued_matrices, valued_matrix
from tests.twins.tabu import TabuTwin
from turbosat.core.gradient import (
    BEST,
    FALSE,
    FLIPS,
    GIVEN,
    GOOD,
    LEAST,
    LOW_PAIRS,
    TURN,
    settle,
)
from turbosat.encodings.conflicts import Conflicts, conflict_graph
from turbosat.encodings.groups import find_groups
from turbosat.encodings.matrix import Matrix, encode
from turbosat.formula.formula import Formula
from turbosat.gpu import bandit
from turbosat.gpu.bandit import configurations
from turbosat.gpu.cuda.population import CudaPopulation
from turbosat.gpu.gradient.cpu import CpuPopulation
from turbosat.gpu.gradient.moves import TabuMoves
from turbosat.gpu.gradient.team_population import TeamPopulation
from turbosat.gpu.rules import Grouped, Tabu, Walk, Weighted
from turbosat.gpu.search import GradientSearch

BANS = (102, 410, 0), (410, 820, 5), (0, 0, 0), (5000, 5000, 30)


def graph_of(matrix: Matrix) -> Conflicts:
    return conflict_graph(find_groups(matrix))


@given(valued_matrices, st.sampled_from(BANS), st.integers(0, 99), st.lists(st.integers(1, 1500), max_size=3))
@settings(max_examples=60, deadline=None)
def test_lanes_do_what_their_twin_does(
    matrix: Matrix, bans: tuple[int, int, int], seed: int, efforts: list[int]
) -> None:
    graph = graph_of(matrix)
    random = np.random.default_rng(seed)
    values = (random.random(matrix.variables) < 0.5).astype(np.uint8)
    state = int(random.integers(1, 2**63))
    lane = candidate(values, matrix.clauses, state)
    moves, twin = TabuMoves(graph, lane), TabuTwin(graph, values.tolist(), state)
    for first, last in moves.parts:
        moves.count(first, last)
    lane.counters[BEST] = lane.counters[FALSE]
    for number, effort in enumerate([5000, *efforts]):
        flips = 2**40 if number else 1
        lane.counters[LEAST] = lane.counters[FALSE]
        spent = moves.run(Tabu(graph, *bans), effort, flips)
        assert spent == twin.descend(bans, effort, flips)
        assert lane.values.tolist() == twin.values
        assert moves._values.current.tolist() == twin.current
        assert moves._values.banned.tolist() == twin.banned
        assert moves._values.list[: lane.counters[GOOD]].tolist() == twin.clashing
        assert lane.counters[FALSE] == twin.pairs() + twin.owed
        assert lane.counters[GIVEN] == twin.owed
        assert lane.counters[LOW_PAIRS] == twin.low
        assert lane.counters[TURN] == twin.factor
        assert lane.counters[FLIPS] == twin.flips
        assert lane.counters[BEST] == twin.fewest
        assert int(lane.random[0]) == twin.random
        settle(lane)
        assert lane.best.tolist() == twin.best


def test_of_many_units_some_are_looked_at() -> None:
    random, name = np.random.default_rng(1), np.arange(1, 991).reshape(330, 3)
    ends = [random.choice(330, 2, replace=False) for _ in range(6000)]
    pairs = [
        [-int(name[one, random.integers(3)]), -int(name[other, random.integers(3)])] for one, other in ends
    ]
    graph = graph_of(encode(Formula.from_clauses([*name.tolist(), *pairs])))
    values, state = np.zeros(graph.place.size // 2, np.uint8), 12345
    lane = candidate(values, 6000, state)
    moves, twin = TabuMoves(graph, lane), TabuTwin(graph, values.tolist(), state)
    moves.count(0, 0)
    lane.counters[BEST] = lane.counters[LEAST] = lane.counters[FALSE]
    assert lane.counters[GOOD] > 256
    assert moves.run(Tabu(graph, *BANS[0]), 4000, 2**40) == twin.descend(BANS[0], 4000, 2**40)
    assert lane.values.tolist() == twin.values
    assert int(lane.random[0]) == twin.random


def pairs_of(graph: Conflicts, values: NDArray[np.bool_]) -> int:
    """Count the pairs in conflict."""
    true = values[graph.members >> 1] ^ (graph.members & 1).astype(np.bool_)  # (places,)
    places = np.repeat(np.arange(graph.members.size), np.diff(graph.heads))
    return int((true[places] & true[graph.others]).sum()) // 2


def check_lane(matrix: Matrix, crowd: CpuPopulation, graph: Conflicts) -> None:
    """Compare all that lane 0 keeps up to date with a recomputation from its values."""
    lane, moves = crowd._lanes[0], crowd._moves(0)
    assert isinstance(moves, TabuMoves)
    values = lane.values.astype(np.bool_)
    true = values[graph.members >> 1] ^ (graph.members & 1).astype(np.bool_)  # (places,)
    assert (np.add.reduceat(true, graph.begins[:-1], dtype=np.int64) == 1).all()
    assert np.flatnonzero(true).tolist() == moves._values.current.tolist()
    places = np.repeat(np.arange(graph.members.size), np.diff(graph.heads))
    clashes = np.bincount(places, true[graph.others], graph.members.size).astype(np.int64)
    assert (moves._values.clashes == 2 * clashes + true).all()
    inside = np.flatnonzero(clashes[moves._values.current] > 0)
    assert sorted(moves._values.list[: lane.counters[GOOD]].tolist()) == inside.tolist()
    pairs = int(clashes[true].sum()) // 2
    assert lane.counters[FALSE] == pairs + lane.counters[GIVEN]
    false = int((matrix.counts(values) == 0).sum())
    rest = sum(
        not any(values[code >> 1] != code & 1 for code in graph.literals[a:b].tolist())
        for a, b in itertools.pairwise(graph.offsets.tolist())
    )
    assert false == pairs + rest


@given(valued_matrices, st.integers(0, 99), st.lists(st.integers(1, 4000), max_size=4))
@settings(max_examples=60, deadline=None)
def test_all_counts_stay_exact(matrix: Matrix, seed: int, efforts: list[int]) -> None:
    graph = graph_of(matrix)
    crowd, lane = population(matrix, Tabu(graph), seed=seed), np.array([0])
    for effort in [1, *efforts]:
        report = crowd.advance(np.array([effort]), until(1))
        check_lane(matrix, crowd, graph)
        false = int((matrix.counts(crowd.best_values(lane)[0]) == 0).sum())
        if crowd._lanes[0].counters[LOW_PAIRS] <= 16:
            assert report.best[0] == false
        else:
            assert report.best[0] == pairs_of(graph, crowd.best_values(lane)[0])


@given(valued_matrices)
@settings(max_examples=60, deadline=None)
def test_a_graph_says_what_the_clauses_do(matrix: Matrix) -> None:
    graph = graph_of(matrix)
    assert sorted({code >> 1 for code in graph.members.tolist()}) == list(range(matrix.variables))
    assert (graph.place[graph.members] == np.arange(graph.members.size)).all()
    pairs = [
        (place, int(other))
        for place in range(graph.members.size)
        for other in graph.others[graph.heads[place] : graph.heads[place + 1]]
    ]
    assert sorted(pairs) == sorted((other, place) for place, other in pairs)
    assert all(graph.unit[place] != graph.unit[other] for place, other in pairs)
    units = [range(a, b) for a, b in itertools.pairwise(graph.begins.tolist())]
    rest = [graph.literals[a:b] for a, b in itertools.pairwise(graph.offsets.tolist())]
    random = np.random.default_rng(0)
    for _ in range(20):
        values, current = np.zeros(matrix.variables, np.bool_), [int(random.choice(unit)) for unit in units]
        values[graph.members >> 1] = (graph.members & 1).astype(np.bool_)
        for place in current:
            values[graph.members[place] >> 1] = not graph.members[place] & 1
        here = set(current)
        good = not any(place in here and other in here for place, other in pairs)
        good &= all((values[row >> 1] != (row & 1)).any() for row in rest)
        assert good == bool((matrix.counts(values) > 0).all())


def test_a_lane_is_the_same_however_it_is_cut_and_threaded() -> None:
    matrix = valued_matrix(7, [4] * 30, 10, 500)
    graph = graph_of(matrix)
    ends: list[list[NDArray[Any]]] = []
    for workers, cuts in ((1, 1), (1, 13), (3, 4)):
        crowd = population(matrix, Tabu(graph), lanes=3, seed=9, workers=workers)
        left = np.full(3, 30_000, np.int64)
        while (left > 0).any():
            report = crowd.advance(np.clip(left, 0, 30_000 // cuts), until(3))
            left -= np.where(report.effort > 0, report.effort, left)
        ends.append([crowd.values(np.arange(3)), report.flips])
        crowd.close()
    for end in ends[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(ends[0], end, strict=True))


def test_rules_change_and_the_best_is_kept() -> None:
    matrix, lane = valued_matrix(4, [4] * 20, 6, 400), np.array([0])
    groups = find_groups(matrix)
    graph, other = conflict_graph(groups), conflict_graph(groups)
    crowd = population(matrix, Walk(2.3))
    for rule in (Tabu(graph), Weighted(), Tabu(other), Grouped(groups), Tabu(other, 0, 0, 9)):
        crowd.assign(lane, rule)
        report = crowd.advance(np.array([5000]), until(1))
        false = int((matrix.counts(crowd.best_values(lane)[0]) == 0).sum())
        if isinstance(rule, Tabu):
            low = int(crowd._lanes[0].counters[LOW_PAIRS])
            assert false == report.best[0] or (
                low > 16 and pairs_of(graph, crowd.best_values(lane)[0]) == low
            )
            check_lane(matrix, crowd, rule.conflicts)
        else:
            assert false == report.best[0]
            assert (matrix.counts(crowd.values(lane)[0]) == 0).sum() == report.false[0]


def quasigroup(size: int, given: float, seed: int) -> Formula:
    """A Latin square of which a part of the cells is given."""
    random = np.random.default_rng(seed)
    rows, columns, values = (random.permutation(size) for _ in range(3))
    cells = [
        [(i * size + j) * size + int(values[(rows[i] + columns[j]) % size]) + 1]
        for i, j in itertools.product(range(size), repeat=2)
        if random.random() < given
    ]
    return Formula.from_clauses([*cells, *latin_square(size)[1]])


@pytest.mark.parametrize("seed", range(3))
def test_quasigroups_are_completed(seed: int) -> None:
    formula = quasigroup(20, 0.58, seed)
    descent = GradientSearch(formula, device="cpu", seed=seed)
    for _ in range(3000):
        descent.advance_rounds(1)
        if descent.solution is not None:
            break
    assert descent.solution is not None
    assert formula.false_clauses(descent.solution).size == 0
    shares = descent.statistics()["shares"]
    assert shares["tabu"] + shares["tabu-long"] > 0.2
    descent.close()


def test_a_reduction_that_ends_a_graph_is_not_taken() -> None:
    descent = GradientSearch(quasigroup(9, 0.4, 1), device="cpu", seed=3)
    assert descent._controller is not None
    descent._controller.pause = 0
    descent._reduce_if_due()
    assert descent._reduced
    assert descent._reduction is None
    assert "tabu" in [each.name for each in descent._controller.configurations]


def test_a_search_goes_on_where_a_graph_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    """With other configurations than before: what was told of those is no longer of use."""
    formula = quasigroup(12, 0.5, 1)
    with monkeypatch.context() as patch:
        patch.setattr(bandit, "PAIRED", 2.0)
        descent = GradientSearch(formula, device="cpu", seed=3, lanes=5)
        assert descent._controller is not None
        assert len(descent._controller.configurations) == 5
        descent.advance_rounds(1)
    if descent.solution is None:
        free = next(v for v in range(1, formula.variables + 1) if not descent.matrix.implied[v - 1])
        descent.add(Formula.from_clauses([[-free]], formula.variables), implied=True)
        assert len(descent._controller.configurations) == 8
        descent.advance_rounds(3)
    descent.close()


def test_only_who_can_searches_graphs() -> None:
    valued = valued_matrix(1, [4] * 10, 2, 60)
    assert "tabu" not in [each.name for each in configurations(valued, "auto", CpuPopulation.follows)]
    assert all(Tabu not in kind.follows for kind in (TeamPopulation, CudaPopulation))
