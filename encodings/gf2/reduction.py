"""A system of XORs brought to reduced form: the sparse part, the dense core, and back-substitution."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gf2 as kernels
from turbosat.core.gf2 import END
from turbosat.encodings.gf2.dense import Bits, HostBits, Reduced, reduce
from turbosat.encodings.gf2.sparse import DENSE, DONE, FALSE, SparseSystem
from turbosat.encodings.propagation import blocks

SLICE: Final = 1 << 22  # words read between two calls of `check`
DEVICE_ROWS: Final = 20_000  # rows or columns: fewer are done on the processor before torch is imported
FALSE_ROWS: Final = 8  # of the core, tried for a small certificate


@dataclass(frozen=True, slots=True)
class Limits:
    """When to change the method, and when to give up. The defaults were measured on one core."""

    bytes: int = 2 << 30  # of the sparse rows, of the bit matrix with its trace, and of the masks, each
    density: float = 1e-4  # entries a sparse pivot may read for each row and column left; 0: all is dense
    full: float = 1 / 32  # of the matrix, from which on the sparse part is left out


@dataclass(frozen=True, slots=True)
class Reduction:
    """What elimination found, in columns from 0.

    With a contradiction or if not complete, there are no pivots, free columns, constants and masks.
    """

    system: SparseSystem
    pivots: NDArray[np.int64]  # (rank,), rising
    free: NDArray[np.int64]  # (kernel,), rising
    constants: NDArray[np.uint8]  # (rank,)
    masks: NDArray[np.uint64]  # (rank, words)
    hashes: NDArray[np.uint64]  # (rank,), XOR of `words` over the mask's bits
    words: NDArray[np.uint64]  # (kernel,), random
    contradiction: NDArray[np.int64] | None = None  # (n,), input rows, rising, that sum to 0 = 1
    complete: bool = True


def reduce_rows(
    columns: NDArray[np.int32],
    offsets: NDArray[np.int64],
    parities: NDArray[np.bool_],
    prefer: NDArray[np.int32],
    limits: Limits,
    check: Callable[[], None],
) -> Reduction:
    """Reduce rows of columns, rising in each row; every column of `prefer` (columns,) occurs."""
    system = SparseSystem(columns, offsets, parities, prefer)
    empty = np.flatnonzero(parities & (np.diff(offsets) == 0))
    if empty.size:
        return _stopped(system, empty[:1])
    status = DENSE
    check()
    if limits.density > 0 and columns.size <= limits.full * parities.size * prefer.size:
        status = system.run(limits.density, limits.bytes, check)
    if status == FALSE:
        return _stopped(system, system.inputs(system.false_row))
    core = None
    if status != DONE:
        core = _Core(system, prefer)
        if 2 * core.bytes > limits.bytes:
            return _stopped(system)
        core.reduce(check)
        if core.reduced.false.size:
            found = [system.inputs(core.inputs(row)) for row in core.reduced.false[:FALSE_ROWS].tolist()]
            return _stopped(system, min(found, key=len))
    return _express(system, core, prefer.size, limits, check)


class _Core:
    """The rows and columns that the sparse part left."""

    def __init__(self, system: SparseSystem, prefer: NDArray[np.int32]) -> None:
        self._system = system
        self._rows = system.rows_left
        left = system.columns_left
        self.columns = left[np.argsort(-prefer[left].astype(np.int64), kind="stable")]  # pivots first
        self._words = self.columns.size // 64 + 1
        self.reduced: Reduced

    @property
    def bytes(self) -> int:
        """The size of the bit matrix."""
        return 8 * self._rows.size * self._words

    def reduce(self, check: Callable[[], None]) -> None:
        """Fill the matrix and reduce it."""
        state = self._system.state
        place = np.full(state.counts.size, -1, np.int64)
        place[self.columns] = np.arange(self.columns.size)
        matrix = np.zeros((self._rows.size, self._words), np.uint64)
        step = max(1, SLICE // max(1, self.columns.size))
        for low in range(0, self._rows.size, step):
            part = slice(low, low + step)
            rows = self._rows[part]
            kernels.pack_rows(state, rows, place, self.columns.size, matrix[part])
            check()
        self.reduced = reduce(put(matrix), self.columns.size, check)

    def inputs(self, row: int) -> NDArray[np.int64]:
        """Return the rows of the system whose sum a row of the matrix became."""
        return self._rows[self.reduced.inputs(row)]


def _stopped(system: SparseSystem, contradiction: NDArray[np.int64] | None = None) -> Reduction:
    none = np.zeros(0, np.int64)
    words = np.zeros(0, np.uint64)
    masks = np.zeros((0, 0), np.uint64)
    constants = np.zeros(0, np.uint8)
    return Reduction(system, none, none, constants, masks, words, words, contradiction, complete=False)


def _express(
    system: SparseSystem, core: _Core | None, count: int, limits: Limits, check: Callable[[], None]
) -> Reduction:
    """Express all pivots by free columns."""
    state = system.state
    sparse = state.pivots[: system.rank]
    is_pivot = np.zeros(count, np.bool_)
    is_pivot[sparse] = True
    if core is not None:
        is_pivot[core.columns[core.reduced.columns]] = True
    pivots, free = np.flatnonzero(is_pivot), np.flatnonzero(~is_pivot)
    shape = pivots.size, -(-free.size // 64)
    if 8 * shape[0] * shape[1] > limits.bytes:
        return _stopped(system)
    place = np.empty(count, np.int64)
    place[pivots] = np.arange(pivots.size)
    place[free] = -1 - np.arange(free.size)
    masks = np.zeros(shape, np.uint64)
    constants = np.zeros(pivots.size, np.uint8)
    hashes = np.zeros(pivots.size, np.uint64)
    words = np.random.default_rng(0).integers(1, 1 << 64, free.size, np.uint64)
    forms = kernels.Masks(masks=masks, constants=constants, hashes=hashes, words=words)
    if core is not None:
        reduced = core.reduced
        frees = np.maximum(-1 - place[core.columns], -1)  # (columns of the core,), -1 for pivots
        targets = place[core.columns[reduced.columns]]
        for begin, end in blocks(targets.size, SLICE // max(1, core.columns.size), check):
            kernels.copy_masks(reduced.matrix, reduced.rows, frees, targets, forms, begin, end)
    progress = np.zeros(kernels.PROGRESS, np.int64)
    progress[END] = sparse.size
    while not kernels.substitute_back(state, place, forms, progress, SLICE):
        check()
    return Reduction(system, pivots, free, constants, masks, hashes, words)


def put(matrix: NDArray[np.uint64]) -> Bits:
    """Put a matrix where it is eliminated: on a CUDA device if it is large and there is one."""
    large = min(matrix.shape[0], 64 * matrix.shape[1]) > DEVICE_ROWS
    if large and importlib.util.find_spec("torch") is not None:
        from turbosat.encodings.gf2 import device

        if device.suitable(matrix):
            return device.TorchBits(matrix, "cuda")
    return HostBits(matrix)
