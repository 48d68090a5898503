"""Sparse elimination over GF(2): peel, substitute, then the cheapest pivots, until the rest is dense."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gf2 as kernels
from turbosat.core.gf2 import DENSE, DONE, FALSE, FULL, OF_COLUMNS, PAUSED, STUCK, SUMS
from turbosat.encodings.propagation import advance, blocks

__all__ = ["DENSE", "DONE", "FALSE", "FULL", "SparseSystem"]

SLICE: Final = 1_000_000  # entries read between two calls of `check`: some 10 ms


class SparseSystem:
    """A system of XORs and its elimination as far as rows stay short.

    Peeling and substitution come first: a column in one row is defined by it, rows of one or two columns are
    substituted. Then each component's sum takes the place of one of its rows where it is shorter, which
    alone settles parity over graphs of any width. Then Markowitz's rule (H. M. Markowitz, "The elimination
    form of the inverse", 1957; for GF(2) LaMacchia and Odlyzko, "Solving large sparse linear systems over
    finite fields", 1990), until a pivot costs less in the bit matrix.
    """

    def __init__(
        self,
        columns: NDArray[np.int32],
        offsets: NDArray[np.int64],
        parities: NDArray[np.bool_],
        prefer: NDArray[np.int32],
    ) -> None:
        """Take rows of columns from 0, rising in each row, and the preference of each column."""
        rows, count = parities.size, prefer.size
        sizes = np.diff(offsets).astype(np.int32)
        active = (sizes > 0).astype(np.uint8)
        self.counters = np.zeros(kernels.COUNTERS, np.int64)
        held = np.zeros(count, np.int32)
        for low in range(0, columns.size, SLICE):
            held += np.bincount(columns[low : low + SLICE], minlength=count).astype(np.int32)
        self.state = kernels.Sparse(
            arena=columns,
            start=offsets[:-1].copy(),
            size=sizes,
            room=sizes.copy(),
            parity=parities.astype(np.uint8),
            active=active,
            row_list=np.empty((3, rows + kernels.TOP + 1), np.int32),
            head=np.empty(count, np.int32),
            node_row=np.empty(0, np.int32),
            node_next=np.empty(0, np.int32),
            counts=held,
            column_list=np.empty((3, count + kernels.TOP + 1), np.int32),
            prefer=prefer,
            pivots=np.empty(count, np.int32),
            pivot_rows=np.empty(count, np.int32),
            log=np.empty((0, 2), np.int32),
            stamp=np.zeros(rows, np.int64),
            targets=np.empty(rows, np.int32),
            scratch=np.empty(count, np.int32),
            counters=self.counters,
        )
        self.counters[kernels.FALSE_ROW] = -1

    @property
    def rank(self) -> int:
        """The number of pivots so far."""
        return int(self.counters[kernels.RANK])

    @property
    def additions(self) -> int:
        """The number of row additions so far: entries of the log."""
        return int(self.counters[kernels.LOG])

    @property
    def false_row(self) -> int:
        """The row that became 0 = 1, or -1."""
        return int(self.counters[kernels.FALSE_ROW])

    @property
    def rows_left(self) -> NDArray[np.int64]:
        """The rows that are no pivot's and not empty, rising."""
        return np.flatnonzero(self.state.active)

    @property
    def columns_left(self) -> NDArray[np.int64]:
        """The columns in such rows, rising."""
        return np.flatnonzero(self.state.counts)

    def run(self, density: float, most_bytes: int, check: Callable[[], None]) -> int:
        """Eliminate; return DONE, FALSE, DENSE or FULL, the last if the rows outgrew `most_bytes`.

        A pivot that reads more entries than density · rows left · columns left is left to the bit matrix.
        """
        if not self._grow(most_bytes, check):
            return FULL
        while True:
            check()
            status = int(kernels.eliminate(self.state, SLICE, density))
            if status == STUCK:
                status = self._add_components(most_bytes, check)
            if status == FULL and self._grow(most_bytes, check):
                continue
            if status != PAUSED:
                return status

    def inputs(self, row: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the input rows, rising, whose sum is that of the given rows as they are now."""
        wanted = np.zeros(self.state.size.size, np.uint8)
        wanted[row] = 1
        for end in range(self.additions, 0, -SLICE):
            kernels.replay(self.state.log, max(0, end - SLICE), end, wanted)
        return np.flatnonzero(wanted)

    def _add_components(self, most_bytes: int, check: Callable[[], None]) -> int:
        """Replace one row of each connected component by the sum of all its rows, where that is shorter.

        If every column is in two rows, as in parity over graphs (Tseitin 1968, Urquhart 1987), the sum is
        empty: it is 0 = 1, or one row less lets all others be peeled.
        """
        state, counters = self.state, self.counters
        rows, columns = state.size.size, state.counts.size
        counters[kernels.SETTLED] = 1
        counters[kernels.NEED] = rows
        if counters[kernels.LOG] + rows > state.log.shape[0] and not self._grow(most_bytes, check):
            return FULL
        state = self.state
        components = kernels.Components(
            parent=np.arange(rows, dtype=np.int32),
            seen=np.full(columns, -1, np.int32),
            odd=np.zeros(columns, np.uint8),
            lengths=state.stamp,
            longest=state.targets,
        )
        advance(lambda first: kernels.join_rows(state, components, first, SLICE), rows, check)
        for stage in range(SUMS):
            for begin, end in blocks(columns if stage in OF_COLUMNS else rows, SLICE, check):
                kernels.sum_rows(state, components, stage, begin, end)
        state.stamp[:] = 0
        if self.false_row >= 0:
            return FALSE
        counters[kernels.NEED] = 0
        return PAUSED if self._grow(most_bytes, check) else FULL

    def _grow(self, most_bytes: int, check: Callable[[], None]) -> bool:
        """Make room, twice what is in use and what was needed; new lists too; tell if that is allowed."""
        counters, state = self.counters, self.state
        active = state.active == 1
        counters[kernels.ROWS] = np.count_nonzero(active)
        counters[kernels.COLUMNS] = np.count_nonzero(state.counts)
        counters[kernels.ENTRIES] = state.size[active].sum(dtype=np.int64)
        need = int(counters[kernels.NEED])
        held = int(state.size.sum(dtype=np.int64))
        nodes = 2 * int(counters[kernels.ENTRIES]) + need + 64
        logged = self.additions
        room = 2 * (logged + need) + 2 * state.size.size
        if 4 * (2 * held + need + 2 * nodes + 2 * room) > most_bytes:
            return False
        arena = np.empty(2 * held + need + 64, np.int32)
        counters[kernels.ARENA] = counters[kernels.NODES] = 0
        advance(lambda first: kernels.move_rows(state, first, SLICE, arena), state.size.size, check)
        log = np.empty((room, 2), np.int32)
        log[:logged] = state.log[:logged]
        links = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
        self.state = state = state.replaced(arena=arena, log=log, node_row=links[0], node_next=links[1])
        for heads in (state.row_list, state.column_list, state.head):
            heads.fill(-1)
        for end in range(state.counts.size, 0, -SLICE):
            check()
            kernels.link_columns(state, max(0, end - SLICE), end)
        end = state.size.size
        while end:
            check()
            end = kernels.link_rows(state, end, SLICE)
        return True
