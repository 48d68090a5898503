from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.gpu.gradient.lanes import check_lane, population, until
from tests.gpu.matrices import random_matrix
from turbosat.core.gradient import TURN, WEIGHT_ONE
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.gradient.cpu import CpuPopulation
from turbosat.gpu.gradient.moves import ShortMoves, WalkMoves, WeightedMoves
from turbosat.gpu.rules import Rule, Walk, Weighted

RULES = (Walk(2.3), Walk(2.06, 0.9), Weighted(), Weighted(77, 179, 1024, 0, sideways=300, random=100))
matrices = st.builds(
    random_matrix,
    st.integers(0, 2**32 - 1),
    st.integers(5, 40),
    st.integers(5, 170),
    st.sampled_from([(3,), (2, 3, 7), (2, 2, 2, 13), (4, 40)]),
)


@given(matrices, st.sampled_from(RULES), st.integers(0, 99), st.lists(st.integers(1, 4000), max_size=4))
@settings(max_examples=60, deadline=None)
def test_all_counts_stay_exact(matrix: Matrix, rule: Rule, seed: int, efforts: list[int]) -> None:
    if not matrix.clauses:
        return
    crowd = population(matrix, rule, seed=seed)
    best = matrix.clauses
    for effort in [1, *efforts]:
        report = crowd.advance(np.array([effort]), until(1))
        check_lane(matrix, crowd, 0)
        best = min(best, int(report.least[0]))
        assert report.best[0] == best
        assert (matrix.counts(crowd.best_values(np.array([0]))[0]) == 0).sum() == best
        assert (matrix.counts(crowd.values(np.array([0]))[0]) == 0).sum() == report.false[0]


@pytest.mark.parametrize("rule", RULES)
def test_the_best_outlives_a_full_trail(rule: Rule) -> None:
    matrix = random_matrix(3, 150, 660, (3,))
    crowd = population(matrix, rule)
    for _ in range(30):
        report = crowd.advance(np.array([40_000]), until(1))
        assert (matrix.counts(crowd.best_values(np.array([0]))[0]) == 0).sum() == report.best[0]


@pytest.mark.parametrize("rule", [Walk(2.3), Walk(2.06, 0.9), Walk(5.4)])
def test_flips_are_distributed_as_probsat_says(rule: Walk) -> None:
    """One flip from one state, many times: chi-square against table[break]."""
    matrix = random_matrix(11, 12, 40, (3, 4, 5))
    values = np.random.default_rng(5).random(12) < 0.5
    while (matrix.counts(values) == 0).sum() != 1:
        values = np.random.default_rng(int(values @ (1 << np.arange(12))) + 7).random(12) < 0.5
    clause = int(np.flatnonzero(matrix.counts(values) == 0)[0])
    chosen = matrix.literals[matrix.offsets[clause] : matrix.offsets[clause + 1]] >> 1
    before = (matrix.counts(values) == 0).sum()
    breaks = []
    for variable in chosen:
        flipped = values.copy()
        flipped[variable] ^= True
        after = matrix.counts(flipped) == 0
        breaks.append(int((after & (matrix.counts(values) > 0)).sum()))
    assert before == 1
    expected = rule.table()[breaks] / rule.table()[breaks].sum()
    times = 4000
    crowd = CpuPopulation(matrix, times, seed=1)
    crowd.assign(np.arange(times), rule)
    crowd.restart(np.arange(times), np.tile(values, (times, 1)))
    crowd.advance(np.ones(times, np.int64), until(times, 1))
    flips = (crowd.values(np.arange(times)) != values).sum(axis=0)  # (variables,)
    assert flips.sum() == times
    square = ((flips[chosen] - times * expected) ** 2 / (times * expected)).sum()
    assert square < 25.0  # four degrees of freedom at most: p < 0.0001


def test_false_clauses_take_turns() -> None:
    matrix = random_matrix(2, 60, 200, (3,))
    crowd = population(matrix, Walk(2.3), seed=2)
    crowd.advance(np.array([1]), until(1, 1))
    lane = crowd._lanes[0]
    waiting = int(lane.false[lane.counters[TURN]])
    values = lane.values.copy()
    crowd.advance(np.array([1]), until(1, 2))
    flipped = np.flatnonzero(lane.values != values)
    assert flipped.size == 1
    assert flipped[0] in matrix.literals[matrix.offsets[waiting] : matrix.offsets[waiting + 1]] >> 1


@pytest.mark.parametrize("rule", RULES)
def test_a_lane_is_the_same_however_it_is_cut_and_threaded(rule: Rule) -> None:
    matrix = random_matrix(7, 80, 344, (3,))
    ends: list[tuple[NDArray[Any], ...]] = []
    for workers, cuts in ((1, 1), (1, 13), (3, 4)):
        crowd = population(matrix, rule, lanes=5, seed=9, workers=workers)
        left = np.full(5, 30_000, np.int64)
        while (left > 0).any():
            report = crowd.advance(np.clip(left, 0, 30_000 // cuts), until(5))
            left -= np.where(report.effort > 0, report.effort, left)
        ends.append((crowd.values(np.arange(5)), crowd.weights(np.arange(5)), report.flips))
        crowd.close()
    for end in ends[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(ends[0], end, strict=True))


@pytest.mark.parametrize("rule", RULES)
def test_runs_end_at_their_flips(rule: Rule) -> None:
    matrix = random_matrix(1, 100, 450, (3,))
    crowd = population(matrix, rule, lanes=2)
    report = crowd.advance(np.array([10**6, 0]), np.array([77, 50]))
    assert report.flips.tolist() == [77, 0] or report.best[0] == 0
    assert report.effort[1] == 0


def test_restarts_and_changes_of_rule() -> None:
    matrix = random_matrix(4, 50, 210, (3,))
    crowd = population(matrix, Walk(2.3), lanes=2)
    both = np.arange(2)
    for rule in (Weighted(), Walk(2.5), Weighted(current=100)):
        crowd.assign(both, rule)
        crowd.advance(np.array([5000, 5000]), until(2))
        for lane in range(2):
            check_lane(matrix, crowd, lane)
    weights = np.full((1, matrix.clauses), WEIGHT_ONE, np.int32)
    weights[0, :2] += np.array([5, -5], np.int32)
    crowd.restart(np.array([1]), np.zeros((1, matrix.variables), np.bool_), weights)
    report = crowd.advance(np.array([0, 1]), until(2, 0))
    assert report.flips[1] == 0
    assert (crowd.weights(np.array([1])) == weights).all()
    check_lane(matrix, crowd, 1)


@pytest.mark.parametrize("lengths", [(3,), (2, 5)])
@pytest.mark.parametrize("rule", RULES)
def test_poisoned_lanes_are_set_up_from_scratch(rule: Rule, lengths: tuple[int, ...]) -> None:
    matrix = random_matrix(6, 40, 168, lengths)
    crowd = population(matrix, rule, lanes=2)
    dirty, moves = crowd._lanes[1], crowd._moves(1)
    poisoned: list[NDArray[Any]] = [dirty.trail]
    match moves:
        case ShortMoves():
            poisoned += [moves._bits.place, moves._bits.broken]
            moves._bits.bits[:] = 77
        case WalkMoves():
            poisoned += [moves._counts.words, moves._counts.breaks, moves._counts.changed]
        case WeightedMoves():
            kept = moves._weights
            poisoned += [kept.words, kept.margins, kept.good, kept.place, kept.changed]
    for array in poisoned:
        array.view(np.uint8)[:] = 0xB3
    dirty.false[:] = matrix.clauses - 1
    dirty.random[:] = crowd._lanes[0].random
    crowd.restart(np.arange(2), np.zeros((2, matrix.variables), np.bool_))
    crowd.advance(np.array([9000, 9000]), until(2))
    check_lane(matrix, crowd, 1)
    assert (crowd.values(np.array([0])) == crowd.values(np.array([1]))).all()
