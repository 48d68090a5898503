"""What follows from chosen inputs: clauses and XORs indexed, the kernels driven through them in slices."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import support as kernels
from turbosat.core.support import CANDIDATES, COUNTERS, INPUT, KNOWN, PLACE, TAKEN, Problem, State
from turbosat.encodings.propagation import advance, blocks, transpose
from turbosat.encodings.support.problem import Root

MOST_ROWS: Final = 3000  # XORs of a dense matrix: its words, squared, are what a step costs
EFFORT: Final = 1 << 18  # entries a kernel reads between two calls of `check`


class Derivation:
    """What is known of the variables of a root, from the start and once inputs are taken."""

    def __init__(self, root: Root, check: Callable[[], None]) -> None:
        self.problem = _problem(root, check)
        self._check = check
        self._before = _state(root, self.problem)
        self._begin()
        self.state, self._trial = self._before.copied(), self._before.copied()

    def _begin(self) -> None:
        """Find what is known before any input."""
        problem, state, check = self.problem, self._before, self._check
        items = problem.offsets.size + problem.row_offsets.size - 2
        advance(lambda first: kernels.count_unknown(problem, state, first, EFFORT), items, check)
        advance(lambda first: kernels.choose_pivots(state, first, EFFORT), state.pivot.size, check)
        for first, last in blocks(state.rank.size, EFFORT, check):
            kernels.open_up(problem, state, first, last)
        self._close(state)

    def _close(self, state: State) -> None:
        while not kernels.close_over(self.problem, state, EFFORT):
            self._check()

    @property
    def known(self) -> int:
        """The number of variables known now."""
        return int(self.state.counters[KNOWN])

    @property
    def inputs(self) -> NDArray[np.int32]:
        """The inputs in the order in which they were taken, int32 (inputs,)."""
        order = self.state.order[: self.known]
        inputs: NDArray[np.int32] = order[self.state.how[order] == INPUT]
        return inputs

    def cover(self, order: NDArray[np.int32], limit: int) -> bool:
        """Take as inputs, from none, what is unknown yet in an order; whether `limit` of them are enough."""
        kernels.copy_state(self._before, self.state)
        return self._cover(order, limit)

    def _cover(self, order: NDArray[np.int32], limit: int) -> bool:
        state = self.state
        state.counters[[PLACE, TAKEN]] = 0
        while not kernels.cover(self.problem, state, order, limit, EFFORT):
            self._check()
        return bool(state.counters[TAKEN] <= limit)

    def defined(self) -> NDArray[np.bool_]:
        """Tell which variables, bool (variables,), clauses define by all others: the outputs of gates."""
        result = np.zeros(self.state.rank.size, np.bool_)
        self._trial.unknown[:] = 1
        advance(
            lambda first: kernels.find_forced(self.problem, self._trial, first, EFFORT, result),
            result.size,
            self._check,
        )
        return result

    def look_ahead(self, allowed: NDArray[np.bool_], limit: int, work: float) -> bool:
        """Take more inputs until all variables allowed (variables,) are known, each time the best of some.

        False where that takes more than `limit`, or than `work` entries.
        """
        step = CANDIDATES * (self.problem.codes.size + self.state.matrix.size)
        for _ in range(limit + 1):
            work -= step
            best = self._best(allowed)
            if best < 0:
                return True
            if work < 0:
                return False
            self._cover(np.array([best], np.int32), 1)
        return False

    def _best(self, allowed: NDArray[np.bool_]) -> int:
        """Return the unknown variable among those allowed from which most follows, -1 if there is none.

        Those in the shortest unknown parts of clauses and XORs are tried.
        """
        problem, state = self.problem, self.state
        scores = np.zeros(state.rank.size)
        items = problem.offsets.size + problem.row_offsets.size - 2
        advance(lambda first: kernels.add_scores(problem, state, first, EFFORT, scores), items, self._check)
        chosen, found = np.zeros(CANDIDATES, np.int32), 0
        for first, last in blocks(scores.size, EFFORT, self._check):
            found = kernels.best_scores(state, allowed, scores, first, last, chosen, found)
        best, most = -1, -1
        for candidate in chosen[:found].tolist():
            if not kernels.try_input(problem, state, self._trial, candidate, EFFORT):
                self._close(self._trial)
            if self._trial.counters[KNOWN] > most:
                best, most = candidate, self._trial.counters[KNOWN]
        return best


def _problem(root: Root, check: Callable[[], None]) -> Problem:
    """Index the clauses and XORs that are left."""
    starts, occurrences = transpose(root.codes, root.offsets, 2 * root.variables, check)
    row_starts, rows_of = transpose(root.row_variables, root.row_offsets, root.variables, check)
    bound = np.zeros(root.variables, np.uint8)
    bound[root.row_variables[np.repeat(root.row_active, np.diff(root.row_offsets))]] = 1
    variable = np.unique(root.row_variables).astype(np.int32)
    column = np.full(root.variables, -1, np.int32)
    column[variable] = np.arange(variable.size, dtype=np.int32)
    return Problem(
        offsets=root.offsets,
        codes=root.codes,
        starts=starts,
        occurrences=occurrences,
        row_offsets=root.row_offsets,
        row_variables=root.row_variables,
        row_starts=row_starts,
        rows_of=rows_of,
        bound=bound,
        column=column,
        variable=variable,
    )


def _state(root: Root, problem: Problem) -> State:
    """Make the state in which nothing is known and nothing is counted."""
    variables, clauses, rows = root.variables, root.offsets.size - 1, root.row_offsets.size - 1
    dense = rows if rows <= MOST_ROWS else 0
    words = -(-problem.variable.size // 64)

    def ints(size: int, value: int = 0) -> NDArray[np.int32]:
        return np.full(size, value, np.int32)

    matrix = np.zeros((dense, words + 1), np.uint64)
    if dense:
        row = np.repeat(np.arange(rows), np.diff(root.row_offsets))
        column = problem.column[root.row_variables]
        np.bitwise_or.at(matrix, (row, column >> 6), np.uint64(1) << (column & 63).astype(np.uint64))
        matrix[:, words] = root.row_parities
    return State(
        rank=ints(variables, -1),
        how=np.zeros(variables, np.int8),
        which=ints(variables, -1),
        order=ints(variables),
        unknown=ints(clauses),
        last=ints(clauses),
        row_unknown=ints(rows),
        row_last=ints(rows),
        open=ints(2 * variables),
        weight=np.zeros(variables),
        tests=ints(variables),
        used=np.zeros(root.codes.size, np.uint8),
        disjoint=np.zeros(variables, np.uint8),
        matrix=matrix,
        pivot=ints(dense, -1),
        hidden=np.bitwise_or.reduce(matrix[:, :-1], axis=0),
        dense=np.zeros_like(matrix),
        stamp=ints(2 * variables, -1),
        counters=np.zeros(COUNTERS, np.int64),
    )
