"""What the tests of the CPU kernels share: a look into a lane, recomputed the slow way."""

import itertools

import numpy as np

from turbosat.core.gradient import AHEAD, BEST, COUNTERS, FALSE, GOOD, WEIGHT_ONE, Lane
from turbosat.encodings.groups import Groups
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.gradient.cpu import CpuPopulation
from turbosat.gpu.gradient.moves import ShortMoves, WalkMoves, WeightedMoves
from turbosat.gpu.rules import Rule

ENDLESS = np.iinfo(np.int64).max


def population(matrix: Matrix, rule: Rule, lanes: int = 1, seed: int = 0, workers: int = 1) -> CpuPopulation:
    """Return a population on random values, all lanes under one rule."""
    result, every = CpuPopulation(matrix, lanes, seed, workers), np.arange(lanes)
    result.assign(every, rule)
    result.restart(every, np.random.default_rng(seed).random((lanes, matrix.variables)) < 0.5)
    return result


def candidate(values: np.ndarray, clauses: int, state: int) -> Lane:
    """Return a lane on values uint8 (variables,), not counted yet, with a trail that is soon full."""
    counters = np.zeros(COUNTERS, np.int64)
    counters[BEST] = -1
    return Lane(
        values=values,
        false=np.zeros(clauses + AHEAD, np.int32),
        best=values.copy(),
        trail=np.zeros(7, np.int32),
        counters=counters,
        random=np.array([state], np.uint64),
    )


def rows(values: Matrix | Groups) -> list[list[int]]:
    """Return clauses as lists of literals."""
    return [values.literals[begin:end].tolist() for begin, end in itertools.pairwise(values.offsets.tolist())]


def members(groups: Groups) -> list[list[int]]:
    """Return the groups as lists of literals."""
    return [groups.members[begin:end].tolist() for begin, end in itertools.pairwise(groups.begins.tolist())]


def until(lanes: int, flips: int = int(ENDLESS)) -> np.ndarray:
    """Return flip limits, int64 (lanes,)."""
    return np.full(lanes, flips, np.int64)


def check_lane(matrix: Matrix, crowd: CpuPopulation, index: int) -> None:
    """Compare all that a lane keeps up to date with a recomputation from its values."""
    lane, moves = crowd._lanes[index], crowd._moves(index)
    assert isinstance(moves, ShortMoves | WalkMoves | WeightedMoves)
    values = lane.values.astype(np.bool_)
    counts, breaks, criticals = np.zeros(matrix.clauses, int), np.zeros(matrix.variables, int), {}
    for clause in range(matrix.clauses):
        row = matrix.literals[matrix.offsets[clause] : matrix.offsets[clause + 1]].tolist()
        true = [literal >> 1 for literal in row if values[literal >> 1] != bool(literal & 1)]
        counts[clause] = len(true)
        if len(true) == 1:
            criticals[clause] = true[0]
            breaks[true[0]] += 1
    false = np.flatnonzero(counts == 0)
    assert sorted(lane.false[: lane.counters[FALSE]].tolist()) == false.tolist()
    if isinstance(moves, ShortMoves):
        assert all(lane.false[moves._bits.place[clause]] == clause for clause in false)
        bits = np.unpackbits(moves._bits.bits.view(np.uint8), bitorder="little")
        assert np.array_equal(bits[: matrix.variables], lane.values)
        return
    words = moves._counts.words if isinstance(moves, WalkMoves) else moves._weights.words
    assert (words >> 32 == counts).all()
    assert all(words[clause] & 0xFFFFFFFF == variable for clause, variable in criticals.items())
    assert all(lane.false[words[clause]] == clause for clause in false)
    if isinstance(moves, WalkMoves):
        assert moves._counts.breaks[:-1].tolist() == breaks.tolist()
        return
    kept, weights = moves._weights, moves.read()
    assert weights.sum(dtype=np.int64) == matrix.clauses * WEIGHT_ONE
    assert (weights >= 0).all()
    signed = np.where(counts == 0, ~weights, weights).repeat(np.diff(matrix.offsets))
    assert np.array_equal(kept.weights[kept.slots], signed)
    margins = matrix.margins(values, weights)
    good = kept.good[: lane.counters[GOOD]]
    assert kept.margins.tolist() == margins.tolist()
    assert sorted(good.tolist()) == np.flatnonzero(margins > 0).tolist()
    assert (kept.good[kept.place[good]] == good).all()
