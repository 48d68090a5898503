"""Dense elimination over GF(2): a bit matrix brought to reduced row echelon form, 64 columns a pass."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gf2 as kernels
from turbosat.encodings.propagation import blocks

SLICE: Final = 1 << 23  # words read between two calls of `check`: some 10 ms
WIDE: Final = 1 << 13  # words of 64 pivots that are reduced between two calls


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did, so that it can be traced back."""

    strip: NDArray[np.uint64]  # (m,), the pass's 64 columns before it; 0 for the pivots' rows
    rows: NDArray[np.int64]  # (k,), the pivots' rows
    pivot_of: NDArray[np.int64]  # (64,), the pivot of each column, -1 for none
    transform: NDArray[np.uint64]  # (k,), which of these rows each became the sum of


@dataclass(frozen=True, slots=True)
class Reduced:
    """A matrix in reduced row echelon form; its rows are where they were."""

    matrix: NDArray[np.uint64]  # (m, words), the bit after the last column is the parity
    columns: NDArray[np.int64]  # (rank,), pivots' columns, rising
    rows: NDArray[np.int64]  # (rank,), their rows
    false: NDArray[np.int64]  # rows that became 0 = 1
    passes: list[Pass]

    def inputs(self, row: int) -> NDArray[np.int64]:
        """Return the input rows, rising, whose sum is what a row became."""
        wanted = np.zeros(self.matrix.shape[0], np.bool_)
        wanted[row] = True
        for done in reversed(self.passes):
            added = int(np.bitwise_xor.reduce(done.strip[wanted]))
            before = 0
            for column, pivot in enumerate(done.pivot_of.tolist()):
                if pivot >= 0 and bool(wanted[done.rows[pivot]]) != bool(added >> column & 1):
                    before ^= int(done.transform[pivot])
            for k, pivot_row in enumerate(done.rows.tolist()):
                wanted[pivot_row] = before >> k & 1
        return np.flatnonzero(wanted)


class Bits(Protocol):
    """A bit matrix on some device; words are uint64."""

    def strip(self, word: int) -> NDArray[np.uint64]:
        """Return one word of each row, (m,)."""

    def rows(self, rows: NDArray[np.int64], word: int) -> NDArray[np.uint64]:
        """Return words `word` and up of some rows, (k, words - word)."""

    def clear(
        self, word: int, block: NDArray[np.uint64], done: Pass, mask: np.uint64, check: Callable[[], None]
    ) -> None:
        """Add the pivots (k, words - word) where `done.strip` has their columns; write them to their rows."""

    def matrix(self) -> NDArray[np.uint64]:
        """Return the whole matrix, (m, words)."""


class HostBits:
    """The matrix in memory, by compiled kernels."""

    def __init__(self, matrix: NDArray[np.uint64]) -> None:
        self._matrix = matrix
        span = min(kernels.BLOCK, matrix.shape[1])
        self._bits = kernels.Bits(
            matrix=matrix,
            tables=np.empty((kernels.TABLES, 256, span), np.uint64),
            progress=np.zeros(2, np.int64),
        )

    def strip(self, word: int) -> NDArray[np.uint64]:
        """Return one word of each row, (m,)."""
        return self._matrix[:, word].copy()

    def rows(self, rows: NDArray[np.int64], word: int) -> NDArray[np.uint64]:
        """Return words `word` and up of some rows, (k, words - word)."""
        return np.ascontiguousarray(self._matrix[rows, word:])

    def clear(
        self, word: int, block: NDArray[np.uint64], done: Pass, mask: np.uint64, check: Callable[[], None]
    ) -> None:
        """Add the pivots block by block of words, so that the tables stay in the cache."""
        while not kernels.clear_columns(self._bits, word, done.strip, block, done.pivot_of, SLICE):
            check()
        self._matrix[done.rows, word:] = block

    def matrix(self) -> NDArray[np.uint64]:
        """Return the matrix itself."""
        return self._matrix


def reduce(bits: Bits, columns: int, check: Callable[[], None]) -> Reduced:
    """Bring a matrix of so many columns, and the parity after them, to reduced row echelon form.

    The pivots are the first columns, from the left, that do not depend on columns before them. The passes
    follow M4RI: M. Albrecht, G. Bard and W. Hart, "Algorithm 898: Efficient multiplication of dense matrices
    over GF(2)", ACM TOMS 37(1), 2010: eight tables of 256 sums at a time, blocked for the cache.
    """
    passes: list[Pass] = []
    pivots: list[NDArray[np.int64]] = []
    pivot_rows: list[NDArray[np.int64]] = []
    used = np.zeros(bits.strip(0).size, np.bool_)
    chosen = np.empty(kernels.STRIP, np.int64)
    basis = kernels.Basis(
        used=used,
        chosen=chosen,
        words=np.empty(kernels.STRIP, np.uint64),
        places=np.empty(kernels.STRIP, np.int64),
    )
    for word in range(-(-columns // kernels.STRIP)):
        check()
        if used.all():
            break
        strip = bits.strip(word)
        width = min(kernels.STRIP, columns - word * kernels.STRIP)
        count = 0
        for begin, end in blocks(strip.size, SLICE // 16, check):
            count = kernels.choose_rows(strip, basis, width, begin, end, count)
        if not count:
            continue
        rows = chosen[:count].copy()
        block = bits.rows(rows, word)
        pivot_of = np.empty(kernels.STRIP, np.int64)
        transform = np.empty(count, np.uint64)
        kernels.reduce_pivots(block, width, pivot_of, transform, min(WIDE, block.shape[1]))
        for low in range(WIDE, block.shape[1], WIDE):
            check()
            kernels.add_up(block, transform, low, min(low + WIDE, block.shape[1]))
        used[rows] = True
        strip[rows] = 0
        taken = np.flatnonzero(pivot_of >= 0)
        passes.append(Pass(strip, rows, pivot_of, transform))
        mask = np.bitwise_or.reduce(np.uint64(1) << taken.astype(np.uint64))
        bits.clear(word, block, passes[-1], mask, check)
        pivots.append(taken + word * kernels.STRIP)
        pivot_rows.append(rows[pivot_of[taken]])
    matrix = bits.matrix()
    parity = matrix[:, columns >> 6] >> np.uint64(columns & 63) & np.uint64(1)
    none = np.zeros(0, np.int64)
    return Reduced(
        matrix,
        np.concatenate([none, *pivots]),
        np.concatenate([none, *pivot_rows]),
        np.flatnonzero(~used & (parity == 1)),
        passes,
    )
