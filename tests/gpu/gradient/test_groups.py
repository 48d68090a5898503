"""Lanes that move groups: against their twin, flip by flip, and against a recount."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.families import latin_square
from tests.gpu.gradient.lanes import candidate, members, population, rows, until
from tests.gpu.matrices import valued_matrices, valued_matrix
from tests.twins.groups import GroupTwin
from turbosat.core.gradient import (
    BEST,
    FALSE,
    FLIPS,
    GIVEN,
    GOOD,
    LEAST,
    WEIGHT_ONE,
    settle,
)
from turbosat.encodings.groups import Groups, find_groups
from turbosat.encodings.matrix import Matrix
from turbosat.formula.formula import Formula
from turbosat.gpu.backend import Population
from turbosat.gpu.bandit import LEAD, configurations
from turbosat.gpu.controller import Controller
from turbosat.gpu.cuda.population import CudaPopulation
from turbosat.gpu.gradient.cpu import CpuPopulation
from turbosat.gpu.gradient.moves import GroupMoves, Layout, constants
from turbosat.gpu.gradient.team_population import TeamPopulation
from turbosat.gpu.rules import Grouped, Walk, Weighted
from turbosat.gpu.search import GradientSearch

DESCENTS = (Weighted(), Weighted(77, 179, 1024, 0, sideways=300, random=400), Weighted(sideways=0, random=0))


@given(
    valued_matrices, st.sampled_from(DESCENTS), st.integers(0, 99), st.lists(st.integers(1, 1500), max_size=3)
)
@settings(max_examples=60, deadline=None)
def test_lanes_do_what_their_twin_does(matrix: Matrix, rule: Weighted, seed: int, efforts: list[int]) -> None:
    groups = find_groups(matrix)
    random = np.random.default_rng(seed)
    values = (random.random(matrix.variables) < 0.5).astype(np.uint8)
    weights = random.integers(0, 4000, matrix.clauses).astype(np.int32)
    state = int(random.integers(1, 2**63))
    lane = candidate(values, matrix.clauses, state)
    layout = Layout(groups)
    moves = GroupMoves(layout, lane, groups, matrix.clauses)
    moves.write(weights)
    twin = GroupTwin(
        rows(groups),
        values.tolist(),
        state,
        weights[groups.kept].tolist(),
        groups=members(groups),
    )
    for first, last in layout.parts:
        moves.count(first, last)
    lane.counters[BEST] = lane.counters[FALSE]
    for number, effort in enumerate([5000, *efforts]):  # tiny formulas may leave nothing to flip
        flips = 2**40 if number else 1
        lane.counters[LEAST] = lane.counters[FALSE]
        spent = moves.run(Grouped(groups, rule), effort, flips)
        assert spent == twin.descend(constants(rule).tolist(), effort, flips)
        assert lane.counters[GIVEN] == twin.given
        assert moves.read()[groups.kept].tolist() == twin.weights
        assert lane.values.tolist() == twin.values
        assert lane.false[: lane.counters[FALSE]].tolist() == twin.false
        assert lane.counters[FLIPS] == twin.flips
        assert lane.counters[BEST] == twin.fewest
        assert moves._weights.good[: lane.counters[GOOD]].tolist() == twin.good
        assert int(lane.random[0]) == twin.random
        settle(lane)
        assert lane.best.tolist() == twin.best


def check_lane(matrix: Matrix, crowd: CpuPopulation, groups: Groups) -> None:
    """Compare all that lane 0 keeps up to date with a recomputation from its values."""
    lane, moves = crowd._lanes[0], crowd._moves(0)
    assert isinstance(moves, GroupMoves)
    values, weights = lane.values.astype(np.bool_), moves.read()
    true = values[groups.members >> 1] ^ (groups.members & 1).astype(np.bool_)
    if groups.members.size:
        assert (np.add.reduceat(true, groups.begins[:-1], dtype=np.int64) == 1).all()
    false = np.flatnonzero(matrix.counts(values) == 0)
    assert sorted(groups.kept[lane.false[: lane.counters[FALSE]]].tolist()) == false.tolist()
    assert weights.sum(dtype=np.int64) == matrix.clauses * WEIGHT_ONE
    assert (weights >= 0).all()
    kept, units = moves._weights, moves._groups
    margins = kept.margins
    sums = np.zeros(matrix.variables, np.int64)
    for row, weight in zip(rows(groups), weights[groups.kept].tolist(), strict=True):
        holders = [code >> 1 for code in row if values[code >> 1] != bool(code & 1)]
        if not holders:
            sums[np.array(row) >> 1] += weight
        elif len(holders) == 1:
            sums[holders[0]] -= weight
    assert margins.tolist() == sums.tolist()
    gains = margins[units.current].copy()
    for unit, (begin, end) in enumerate(itertools.pairwise(groups.begins.tolist())):
        others = [int(v) for v in groups.members[begin:end] >> 1 if v != units.current[unit]]
        assert margins[units.rivals[unit]] == margins[others].max()
        assert units.rivals[unit] in others
        gains[unit] += margins[others].max()
    good = kept.good[: lane.counters[GOOD]]
    assert sorted(good.tolist()) == np.flatnonzero(gains > 0).tolist()


@given(valued_matrices, st.integers(0, 99), st.lists(st.integers(1, 4000), max_size=4))
@settings(max_examples=60, deadline=None)
def test_all_counts_stay_exact(matrix: Matrix, seed: int, efforts: list[int]) -> None:
    groups = find_groups(matrix)
    crowd = population(matrix, Grouped(groups), seed=seed)
    best = matrix.clauses
    for effort in [1, *efforts]:
        report = crowd.advance(np.array([effort]), until(1))
        check_lane(matrix, crowd, groups)
        best = min(best, int(report.least[0]))
        assert report.best[0] == best
        assert (matrix.counts(crowd.best_values(np.array([0]))[0]) == 0).sum() == best
        assert (matrix.counts(crowd.values(np.array([0]))[0]) == 0).sum() == report.false[0]


@given(valued_matrices, st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_move_gains_what_it_promises(matrix: Matrix, seed: int) -> None:
    """At least: less would let a descent go in circles, and weights would never move."""
    groups = find_groups(matrix)
    crowd = population(matrix, Grouped(groups, Weighted(sideways=0)), seed=seed)
    for _ in range(20):
        crowd.advance(np.array([1]), until(1))
        lane, moves = crowd._lanes[0], crowd._moves(0)
        assert isinstance(moves, GroupMoves)
        if lane.counters[FALSE] == 0:
            return
        kept, weights = moves._weights, moves.read().astype(np.int64)
        for unit in kept.good[: lane.counters[GOOD]].tolist():
            current = int(moves._groups.current[unit])
            moved, promised = lane.values.astype(np.bool_), int(kept.margins[current])
            moved[current] ^= True
            if unit < groups.begins.size - 1:
                rival = int(moves._groups.rivals[unit])
                moved[rival] ^= True
                promised += int(kept.margins[rival])
            before = weights[matrix.counts(lane.values.astype(np.bool_)) == 0].sum()
            assert before - weights[matrix.counts(moved) == 0].sum() >= promised > 0


def test_the_best_outlives_a_full_trail() -> None:
    matrix = valued_matrix(3, [5] * 40, 10, 900)
    crowd = population(matrix, Grouped(find_groups(matrix)))
    for _ in range(30):
        report = crowd.advance(np.array([40_000]), until(1))
        assert (matrix.counts(crowd.best_values(np.array([0]))[0]) == 0).sum() == report.best[0]


def test_a_lane_is_the_same_however_it_is_cut_and_threaded() -> None:
    matrix = valued_matrix(7, [4] * 30, 10, 500)
    ends: list[list[NDArray[Any]]] = []
    for workers, cuts in ((1, 1), (1, 13), (3, 4)):
        crowd = population(matrix, Grouped(find_groups(matrix)), lanes=3, seed=9, workers=workers)
        left = np.full(3, 30_000, np.int64)
        while (left > 0).any():
            report = crowd.advance(np.clip(left, 0, 30_000 // cuts), until(3))
            left -= np.where(report.effort > 0, report.effort, left)
        ends.append([crowd.values(np.arange(3)), crowd.weights(np.arange(3)), report.flips])
        crowd.close()
    for end in ends[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(ends[0], end, strict=True))


def test_runs_end_at_their_flips() -> None:
    matrix = valued_matrix(1, [4] * 30, 5, 900)
    report = population(matrix, Grouped(find_groups(matrix))).advance(np.array([10**6]), np.array([77]))
    assert report.flips[0] in (77, 78) or report.best[0] == 0


def test_rules_change_and_the_best_is_kept() -> None:
    """A lane that begins to move groups in the midst of its run keeps its best values and its weights."""
    matrix, lane = valued_matrix(4, [4] * 20, 6, 400), np.array([0])
    groups, others = find_groups(matrix), find_groups(matrix)
    crowd = population(matrix, Walk(2.3))
    for rule in (Weighted(), Grouped(groups), Walk(2.5), Grouped(others), Weighted(current=100)):
        crowd.assign(lane, rule)
        weights = crowd.weights(lane)
        crowd.advance(np.array([0]), until(1))
        assert (crowd.weights(lane) == weights).all()
        report = crowd.advance(np.array([5000]), until(1))
        assert (matrix.counts(crowd.best_values(lane)[0]) == 0).sum() == report.best[0]
        assert (matrix.counts(crowd.values(lane)[0]) == 0).sum() == report.false[0]
        if isinstance(rule, Grouped):
            check_lane(matrix, crowd, rule.groups)


def test_poisoned_lanes_are_set_up_from_scratch() -> None:
    matrix = valued_matrix(6, [4] * 12, 6, 200)
    groups = find_groups(matrix)
    crowd = population(matrix, Grouped(groups), lanes=2)
    dirty, moves = crowd._lanes[0], crowd._moves(0)
    assert isinstance(moves, GroupMoves)
    kept, units = moves._weights, moves._groups
    for array in (
        *(dirty.trail, kept.words, kept.margins, kept.good, kept.place, kept.changed),
        *(units.current, units.rivals, units.gains, units.waits, units.queue),
    ):
        array.view(np.uint8)[:] = 0xB3
    dirty.random[:] = crowd._lanes[1].random
    crowd.restart(np.arange(2), np.zeros((2, matrix.variables), np.bool_))
    crowd.advance(np.array([9000, 9000]), until(2))
    check_lane(matrix, crowd, groups)
    assert (crowd.values(np.array([0])) == crowd.values(np.array([1]))).all()


def test_only_who_can_moves_groups() -> None:
    valued, plain = valued_matrix(1, [4] * 10, 2, 60), valued_matrix(1, [3], 40, 90)
    moving = (Walk, Weighted, Grouped)
    assert "weighted-groups" in [each.name for each in configurations(valued, "auto", moving)]
    assert "weighted-groups" in [each.name for each in configurations(valued, "weighted", moving)]
    assert "weighted-groups" not in [each.name for each in configurations(valued, "walk", moving)]
    assert "weighted-groups" not in [each.name for each in configurations(valued, "auto")]
    assert "weighted-groups" not in [each.name for each in configurations(plain, "auto", moving)]


def test_groups_move_before_anything_else_does() -> None:
    matrix = valued_matrix(2, [4] * 400, 3, 60_000)  # of so many values, none goes with all others
    known = configurations(matrix, "auto", CpuPopulation.follows)
    controller = Controller(CpuPopulation(matrix, len(known), 1), known, 1)
    assert [each.name for each in known if each.lead] == ["weighted-groups"]
    for _ in range(400):
        controller.advance_rounds(1)
        if controller.effort[1:].any():
            break
        assert controller.effort[0] > 0
    assert controller.effort[0] >= LEAD * matrix.entries
    assert controller.effort[0] < 2 * LEAD * matrix.entries  # no longer than to the end of a round
    controller.advance_rounds(3)
    assert controller.solved < 0
    assert controller.effort.all()


@pytest.mark.parametrize("kind", [TeamPopulation, CudaPopulation])
def test_devices_do_without_them(kind: type[Population]) -> None:
    assert Grouped not in kind.follows


def test_a_reduction_that_ends_groups_is_not_taken() -> None:
    """Of a colouring, elimination takes one colour of each vertex."""
    random, name = np.random.default_rng(1), np.arange(1, 181).reshape(60, 3)
    clauses = name.tolist() + [
        [-one, -other] for row in name.tolist() for one, other in itertools.combinations(row, 2)
    ]
    for _ in range(150):
        one, other = random.choice(60, 2, replace=False)
        clauses += np.stack([-name[one], -name[other]], axis=1).tolist()
    descent = GradientSearch(Formula.from_clauses(clauses), device="cpu", seed=3)
    assert descent._controller is not None
    descent._controller.pause = 0
    descent._reduce_if_due()
    assert descent._reduced
    assert descent._reduction is None
    descent.advance_rounds(1)
    assert "weighted-groups" in descent.statistics()["shares"]


def test_implied_clauses_that_end_groups_are_not_taken_but_units_are() -> None:
    """Where a vertex may have several colours, a literal that occurs again is in no group."""
    random, name = np.random.default_rng(1), np.arange(1, 181).reshape(60, 3)
    clauses = name.tolist()
    for _ in range(120):
        one, other = random.choice(60, 2, replace=False)
        clauses += np.stack([-name[one], -name[other]], axis=1).tolist()
    more = [name[[vertex, vertex - 1, vertex - 2], [0, 1, 2]].tolist() for vertex in range(60)]
    descent = GradientSearch(Formula.from_clauses(clauses), device="cpu", seed=3)
    descent.add(Formula.from_clauses([*more, [1]], 180), implied=True)
    assert descent.formula.clauses == len(clauses) + 1
    descent.advance_rounds(1)
    assert "weighted-groups" in descent.statistics()["shares"]
    descent.add(Formula.from_clauses(more[:1], 180), implied=True)  # leaves most
    assert descent.formula.clauses == len(clauses) + 2
    descent.add(Formula.from_clauses(more, 180))
    assert descent.formula.clauses == len(clauses) + 2 + len(more)
    descent.advance_rounds(1)
    assert "weighted-groups" not in descent.statistics()["shares"]
    descent.close()


def test_searches_on_variables_of_many_values() -> None:
    size = 5
    given = [[3 + 1], [(1 * size + 1) * size + 4 + 1]]  # of two cells
    formula = Formula.from_clauses([*latin_square(size)[1], *given])
    latin = GradientSearch(formula, device="cpu", seed=3)
    for _ in range(200):
        latin.advance_rounds(1)
        if latin.solution is not None:
            break
    assert latin.solution is not None
    assert formula.false_clauses(latin.solution).size == 0
    assert "weighted-groups" in latin.statistics()["shares"]
    latin.close()
