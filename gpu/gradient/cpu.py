"""The population on CPU cores: each lane runs deeply, lanes run in threads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from turbosat.core.gradient import (
    AHEAD,
    BEST,
    COUNTERS,
    FALSE,
    FLIPS,
    LEAST,
    WEIGHT_ONE,
    Lane,
    settle,
)
from turbosat.encodings.groups import Groups
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.backend import Population, Report
from turbosat.gpu.gradient.moves import (
    SHORT,
    GroupMoves,
    GroupWalkMoves,
    Layout,
    Moves,
    ShortMoves,
    TabuMoves,
    WalkMoves,
    WeightedMoves,
)
from turbosat.gpu.rules import Grouped, GroupWalk, Rule, Tabu, Walk, Weighted

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


def missing(matrix: Matrix) -> str | None:
    """Return why this device cannot be used: it always can."""
    return None


class CpuPopulation(Population):
    """Lanes stepped by compiled kernels. What a rule keeps is made when a lane first follows it."""

    follows = (Walk, Weighted, Grouped, GroupWalk, Tabu)

    def __init__(self, matrix: Matrix, lanes: int, seed: int, workers: int = 1) -> None:
        super().__init__(matrix, lanes, seed, workers)
        self._layout = Layout(matrix)
        self._layouts: dict[Groups, Layout] = {}  # of what the matrix says where these move
        self._lanes = [_empty_lane(matrix, seed, index) for index in range(lanes)]
        self._rules: list[Rule] = [Walk(2.3)] * lanes
        self._walks: list[Moves | None] = [None] * lanes
        self._descents: list[WeightedMoves | None] = [None] * lanes
        self._tabus: list[TabuMoves | None] = [None] * lanes
        self._group_walks: list[GroupWalkMoves | None] = [None] * lanes
        self._weights: list[NDArray[np.int32] | None] = [None] * lanes  # at the restart, None: all equal
        self._stale = np.ones(lanes, np.bool_)  # what is kept does not belong to the values
        self._threads: ThreadPoolExecutor | None = None
        if workers > 1:  # one needs no threads, nor what takes 3 ms to load
            from concurrent import futures

            self._threads = futures.ThreadPoolExecutor(workers)

    @staticmethod
    def suitable_lanes(matrix: Matrix, rules: Sequence[Rule], workers: int) -> int:
        """Return one lane for each configuration and worker: depth finds solutions sooner than breadth."""
        return len(rules) * workers

    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes follow a rule; another kind of rule keeps something else."""
        for lane in lanes.tolist():
            old, self._rules[lane] = self._rules[lane], rule
            self._stale[lane] |= type(rule) is not type(old) or _moved(rule) is not _moved(old)

    def restart(
        self, lanes: NDArray[np.int64], values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> None:
        """Put lanes on values; what is kept is computed when they run."""
        for row, index in enumerate(lanes.tolist()):
            lane, descent = self._lanes[index], self._descents[index]
            lane.values[:] = values[row]
            lane.best[:] = values[row]
            lane.counters[:] = 0
            lane.counters[BEST] = -1  # unknown: the values have not been counted
            given = self._weights[index] = None if weights is None else weights[row].copy()
            if descent is not None:
                descent.write(self._equal() if given is None else given)
            self._stale[index] = True

    def advance(self, effort: NDArray[np.int64], until: NDArray[np.int64]) -> Report:
        """Run the lanes that were given effort, each in one thread."""
        for lane in self._lanes:
            lane.counters[LEAST] = self.matrix.clauses
        spent = np.zeros(self.lanes, np.int64)
        active = np.flatnonzero(effort)
        rows = (
            active.tolist(),
            [self._moves(index) for index in active.tolist()],
            effort[active].tolist(),
            until[active].tolist(),
        )
        if self._threads is None or active.size < 2:
            spent[active] = list(map(self._run, *rows))
        else:
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
            settle(self._lanes[lane])
        return np.stack([self._lanes[lane].best for lane in lanes.tolist()]).astype(np.bool_)

    def weights(self, lanes: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the clause weights."""
        rows = []
        for index in lanes.tolist():
            descent, given = self._descents[index], self._weights[index]
            if descent is not None:
                rows.append(descent.read())
            else:
                rows.append(self._equal() if given is None else given)
        return np.stack(rows)

    def close(self) -> None:
        """End the threads."""
        if self._threads is not None:
            self._threads.shutdown()

    def _equal(self) -> NDArray[np.int32]:
        return np.full(self.matrix.clauses, WEIGHT_ONE, np.int32)

    def _moves(self, index: int) -> Moves:
        """Return what a lane keeps for its rule."""
        lane, rule = self._lanes[index], self._rules[index]
        if isinstance(rule, Tabu):
            tabu = self._tabus[index]
            if tabu is None or tabu.conflicts is not rule.conflicts:
                tabu = self._tabus[index] = TabuMoves(rule.conflicts, lane)
            return tabu
        if isinstance(rule, GroupWalk):
            moving = self._group_walks[index]
            if moving is None or moving.groups is not rule.groups:
                moving = GroupWalkMoves(self._layout_of(rule.groups), lane, rule.groups)
                self._group_walks[index] = moving
            return moving
        if isinstance(rule, Walk):
            walk = self._walks[index]
            if walk is None:
                kind = ShortMoves if self.matrix.longest <= SHORT else WalkMoves
                walk = self._walks[index] = kind(self._layout, lane)
            return walk
        descent, groups = self._descents[index], rule.groups if isinstance(rule, Grouped) else None
        if descent is None or getattr(descent, "groups", None) is not groups:
            given = self._weights[index] if descent is None else descent.read()
            if groups is None:
                descent = WeightedMoves(self._layout, lane)
            else:
                descent = GroupMoves(self._layout_of(groups), lane, groups, self.matrix.clauses)
            self._descents[index] = descent
            if given is not None:
                descent.write(given)
        return descent

    def _layout_of(self, groups: Groups) -> Layout:
        if groups not in self._layouts:
            self._layouts[groups] = Layout(groups)
        return self._layouts[groups]

    def _run(self, index: int, moves: Moves, effort: int, until: int) -> int:
        lane = self._lanes[index]
        if self._stale[index]:
            for first, last in moves.parts:
                moves.count(first, last)
            if lane.counters[BEST] < 0:
                lane.counters[BEST] = lane.counters[FALSE]
            self._stale[index] = False
        lane.counters[LEAST] = lane.counters[FALSE]
        return moves.run(self._rules[index], effort, until)


def _moved(rule: Rule) -> object:
    """Return what tells of whom a rule moves, None where that is single variables."""
    match rule:
        case Grouped() | GroupWalk():
            return rule.groups
        case Tabu():
            return rule.conflicts
    return None


def _empty_lane(matrix: Matrix, seed: int, index: int) -> Lane:
    random = np.random.SeedSequence([seed, index]).generate_state(1, np.uint64) | np.uint64(1)  # never 0
    counters = np.zeros(COUNTERS, np.int64)
    counters[BEST] = -1
    return Lane(
        values=np.zeros(matrix.variables, np.uint8),
        false=np.zeros(matrix.clauses + AHEAD, np.int32),
        best=np.zeros(matrix.variables, np.uint8),
        trail=np.zeros(max(1024, matrix.variables), np.int32),
        counters=counters,
        random=random,
    )
