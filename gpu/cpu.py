"""The population on CPU cores: each lane runs deeply, lanes run in threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gradient as kernels
from turbosat.core.gradient import BEST, COUNTERS, FALSE, FLIPS, LEAST, Lane, Problem, descend, walk, weigh
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.backend import Population, Report
from turbosat.gpu.rules import WEIGHT_ONE, Rule, Walk, Weighted


def missing(matrix: Matrix) -> str | None:
    """Return why this device cannot be used: it always can."""
    return None


class CpuPopulation(Population):
    """Lanes stepped by compiled kernels."""

    def __init__(self, matrix: Matrix, lanes: int, seed: int, workers: int = 1) -> None:
        super().__init__(matrix, lanes, seed, workers)
        self._problem = Problem(
            offsets=matrix.offsets,
            literals=matrix.literals,
            starts=matrix.starts.view(np.uint64),
            occurrences=matrix.occurrences,
        )
        self._lanes = [_empty_lane(matrix, seed, index) for index in range(lanes)]
        self._rules: list[Rule] = [Walk(2.3)] * lanes
        self._constants = [_constants(Walk(2.3))] * lanes
        self._stale = np.ones(lanes, np.bool_)  # counts and margins do not belong to the values
        self._threads = ThreadPoolExecutor(workers) if workers > 1 else None

    @staticmethod
    def suitable_lanes(matrix: Matrix, arms: int, workers: int) -> int:
        """Return one lane for each arm and worker: depth finds solutions sooner than breadth."""
        return arms * workers

    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes follow a rule; another kind of rule needs other counts."""
        for lane in lanes.tolist():
            self._stale[lane] |= type(rule) is not type(self._rules[lane])
            self._rules[lane] = rule
            self._constants[lane] = _constants(rule)

    def restart(
        self, lanes: NDArray[np.int64], values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> None:
        """Put lanes on values; counts are computed when they run."""
        for row, index in enumerate(lanes.tolist()):
            lane = self._lanes[index]
            lane.values[:] = values[row]
            lane.best[:] = values[row]
            lane.weights[:] = WEIGHT_ONE if weights is None else weights[row]
            lane.counters[:] = 0
            lane.counters[BEST] = -1  # unknown: the values have not been counted
            self._stale[index] = True

    def advance(self, effort: NDArray[np.int64], until: NDArray[np.int64]) -> Report:
        """Run the lanes that were given effort, each in one thread."""
        for lane in self._lanes:
            lane.counters[LEAST] = self.matrix.clauses
        spent = np.zeros(self.lanes, np.int64)
        active = np.flatnonzero(effort)
        if self._threads is None or active.size < 2:
            for index in active.tolist():
                spent[index] = self._run(index, int(effort[index]), int(until[index]))
        else:
            rows = active.tolist(), effort[active].tolist(), until[active].tolist()
            spent[active] = list(self._threads.map(self._run, *rows))
        counters = np.stack([lane.counters for lane in self._lanes])  # (lanes, COUNTERS)
        return Report(
            false=counters[:, FALSE],
            best=counters[:, BEST],
            least=counters[:, LEAST],
            flips=counters[:, FLIPS],
            effort=spent,
        )

    def values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the present values."""
        return np.stack([self._lanes[lane].values for lane in lanes.tolist()]).astype(np.bool_)

    def best_values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the best values since the restart."""
        for lane in lanes.tolist():
            kernels.settle(self._lanes[lane])
        return np.stack([self._lanes[lane].best for lane in lanes.tolist()]).astype(np.bool_)

    def weights(self, lanes: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the clause weights."""
        return np.stack([self._lanes[lane].weights for lane in lanes.tolist()])

    def close(self) -> None:
        """End the threads."""
        if self._threads is not None:
            self._threads.shutdown()

    def _run(self, index: int, effort: int, until: int) -> int:
        lane = self._lanes[index]
        kernel: Callable[..., int] = walk if isinstance(self._rules[index], Walk) else descend
        if self._stale[index]:
            kernels.count(self._problem, lane)
            if kernel is descend:
                weigh(self._problem, lane)
            if lane.counters[BEST] < 0:
                lane.counters[BEST] = lane.counters[FALSE]
            self._stale[index] = False
        lane.counters[LEAST] = lane.counters[FALSE]
        return kernel(self._problem, lane, self._constants[index], effort, until)


def _constants(rule: Rule) -> NDArray[np.float64] | NDArray[np.int64]:
    if isinstance(rule, Walk):
        return rule.table()
    return np.array([getattr(rule, name) for name in Weighted.__slots__], np.int64)


def _empty_lane(matrix: Matrix, seed: int, index: int) -> Lane:
    variables, clauses = matrix.variables, matrix.clauses
    random = np.random.SeedSequence([seed, index]).generate_state(1, np.uint64) | np.uint64(1)  # never 0
    counters = np.zeros(COUNTERS, np.int64)
    counters[BEST] = -1
    return Lane(
        values=np.zeros(variables, np.uint8),
        words=np.zeros(clauses, np.int64),
        false=np.zeros(clauses, np.int32),
        breaks=np.zeros(variables + 1, np.int32),
        best=np.zeros(variables, np.uint8),
        trail=np.zeros(max(1024, variables), np.int32),
        weights=np.full(clauses, WEIGHT_ONE, np.int32),
        margins=np.zeros(variables, np.int64),
        good=np.zeros(variables, np.int32),
        place=np.zeros(variables, np.int32),
        counters=counters,
        random=random,
    )
