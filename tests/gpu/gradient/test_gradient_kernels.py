"""The kernels of lanes on CPU cores against their twins in plain Python, flip by flip."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gpu.gradient.lanes import candidate, check_lane, population, until
from tests.gpu.matrices import random_matrix
from tests.twins.gradient import Twin
from tests.twins.weighted import WeightedTwin
from turbosat.core.gradient import (
    BEST,
    FALSE,
    FLIPS,
    GIVEN,
    LEAST,
    TURN,
    Lane,
    settle,
)
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.gradient import moves as cpu_moves
from turbosat.gpu.gradient.moves import Layout, Moves, ShortMoves, WalkMoves, WeightedMoves
from turbosat.gpu.rules import Rule, Walk, Weighted

WALKS = (Walk(2.3), Walk(2.0, 0.8), Walk(1.2))
DESCENTS = (Weighted(), Weighted(77, 179, 1024, 0, sideways=300, random=400), Weighted(sideways=0, random=0))
SHORT = st.builds(
    random_matrix,
    st.integers(0, 2**32 - 1),
    st.integers(3, 30),
    st.integers(1, 130),
    st.sampled_from([(3,), (2, 3), (2,)]),
)
LONG = st.builds(
    random_matrix,
    st.integers(0, 2**32 - 1),
    st.integers(5, 90),
    st.integers(1, 150),
    st.sampled_from([(4,), (2, 3, 7), (2, 2, 2, 70), (5, 80)]),
)
EFFORTS = st.lists(st.integers(1, 1000), min_size=1, max_size=3)


def started(matrix: Matrix, kind: type[Moves], seed: int) -> tuple[Lane, Moves, Twin]:
    """Return a lane on random values, what it keeps, and its twin."""
    random = np.random.default_rng(seed)
    values = (random.random(matrix.variables) < 0.5).astype(np.uint8)
    weights = random.integers(0, 4000, matrix.clauses).astype(np.int32)
    state = int(random.integers(1, 2**63))
    lane = candidate(values, matrix.clauses, state)
    layout = Layout(matrix)
    moves = kind(layout, lane)  # type: ignore[call-arg] # those here take these
    rows = [part.tolist() for part in np.split(matrix.literals, matrix.offsets[1:-1])]
    if isinstance(moves, WeightedMoves):
        moves.write(weights)
        twin: Twin = WeightedTwin(rows, values.tolist(), state, weights.tolist())
    else:
        twin = Twin(rows, values.tolist(), state)
    for first, last in layout.parts:
        moves.count(first, last)
    lane.counters[BEST] = lane.counters[FALSE]
    return lane, moves, twin


def agree(matrix: Matrix, kind: type[Moves], rule: Rule, seed: int, efforts: Sequence[int]) -> None:
    """Run both for some efforts, the first time for a single flip, and compare them."""
    lane, moves, twin = started(matrix, kind, seed)
    for number, effort in enumerate([2**40, *efforts]):
        until = 2**40 if number else 1
        lane.counters[LEAST] = lane.counters[FALSE]
        spent = moves.run(rule, effort, until)
        if isinstance(rule, Walk):
            assert spent == twin.walk(rule.table().tolist(), effort, until)
            assert lane.counters[TURN] == twin.turn
        else:
            assert isinstance(twin, WeightedTwin)
            assert isinstance(moves, WeightedMoves)
            constants = [getattr(rule, name) for name in Weighted.__slots__]
            assert spent == twin.descend(constants, effort, until)
            assert lane.counters[GIVEN] == twin.given
            assert moves.read().tolist() == twin.weights
        assert lane.values.tolist() == twin.values
        assert lane.false[: lane.counters[FALSE]].tolist() == twin.false
        assert lane.counters[FLIPS] == twin.flips
        assert lane.counters[BEST] == twin.fewest
        assert int(lane.random[0]) == twin.random
        settle(lane)
        assert lane.best.tolist() == twin.best


@given(SHORT, st.sampled_from(WALKS), st.integers(0, 99), EFFORTS)
@settings(max_examples=30, deadline=None)
def test_walks_on_short_clauses(matrix: Matrix, rule: Walk, seed: int, efforts: list[int]) -> None:
    agree(matrix, ShortMoves, rule, seed, efforts)
    agree(matrix, WalkMoves, rule, seed, efforts)


@given(LONG, st.sampled_from(WALKS), st.integers(0, 99), EFFORTS)
@settings(max_examples=30, deadline=None)
def test_walks_with_counts(matrix: Matrix, rule: Walk, seed: int, efforts: list[int]) -> None:
    agree(matrix, WalkMoves, rule, seed, efforts)


@given(st.one_of(SHORT, LONG), st.sampled_from(DESCENTS), st.integers(0, 99), EFFORTS)
@settings(max_examples=30, deadline=None)
def test_weighted_descents(matrix: Matrix, rule: Weighted, seed: int, efforts: list[int]) -> None:
    agree(matrix, WeightedMoves, rule, seed, efforts)


@pytest.mark.parametrize("kind", [WalkMoves, ShortMoves, WeightedMoves])
def test_a_variable_in_many_clauses(kind: type[Moves]) -> None:
    """More occurrences than are asked for weight, and than are counted in one pass."""
    matrix = random_matrix(5, 8, 500, (3, 2))
    agree(matrix, kind, Weighted() if kind is WeightedMoves else Walk(2.3), 3, [1500, 1500])


@pytest.mark.parametrize("kind", [WalkMoves, ShortMoves, WeightedMoves])
def test_parts_add_up(kind: type[Moves], monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = random_matrix(2, 30, 120, (3, 2))
    monkeypatch.setattr(cpu_moves, "PART", 17)
    assert len(Layout(matrix).parts) > 5
    agree(matrix, kind, Weighted() if kind is WeightedMoves else Walk(2.3), 3, [1500, 1500])


def test_large_problems_are_fetched() -> None:
    """Beyond a core's own cache kernels fetch ahead: nothing else changes."""
    matrix = random_matrix(1, 4000, 70_000, (4,))
    crowd = population(matrix, Walk(3.0))
    report = crowd.advance(np.array([10**6]), until(1))
    assert report.flips[0] > 1000
    check_lane(matrix, crowd, 0)
