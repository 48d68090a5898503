"""What the tests of the CPU kernels share: a look into a lane, recomputed the slow way."""

import numpy as np

from turbosat.core.gradient import FALSE, GOOD, Lane
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.cpu import CpuPopulation
from turbosat.gpu.rules import WEIGHT_ONE, Rule, Walk

ENDLESS = np.iinfo(np.int64).max


def population(matrix: Matrix, rule: Rule, lanes: int = 1, seed: int = 0, workers: int = 1) -> CpuPopulation:
    """Return a population on random values, all lanes under one rule."""
    result, every = CpuPopulation(matrix, lanes, seed, workers), np.arange(lanes)
    result.assign(every, rule)
    result.restart(every, np.random.default_rng(seed).random((lanes, matrix.variables)) < 0.5)
    return result


def until(lanes: int, flips: int = int(ENDLESS)) -> np.ndarray:
    """Return flip limits, int64 (lanes,)."""
    return np.full(lanes, flips, np.int64)


def check_lane(matrix: Matrix, lane: Lane, rule: Rule) -> None:
    """Compare all that a lane keeps up to date with a recomputation from its values."""
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
    assert (lane.words >> 32 == counts).all()
    assert all(lane.words[clause] & 0xFFFFFFFF == variable for clause, variable in criticals.items())
    assert sorted(lane.false[: lane.counters[FALSE]].tolist()) == false.tolist()
    assert all(lane.false[lane.words[clause]] == clause for clause in false)
    assert lane.weights.sum(dtype=np.int64) == matrix.clauses * WEIGHT_ONE
    assert (lane.weights >= 0).all()
    if isinstance(rule, Walk):
        assert lane.breaks[:-1].tolist() == breaks.tolist()
    else:
        margins = matrix.margins(values, lane.weights)
        good = lane.good[: lane.counters[GOOD]]
        assert lane.margins.tolist() == margins.tolist()
        assert sorted(good.tolist()) == np.flatnonzero(margins > 0).tolist()
        assert (lane.good[lane.place[good]] == good).all()
        assert (lane.place >= 0).sum() == good.size
