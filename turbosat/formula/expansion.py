"""A formula with its XORs written as clauses, made block by block."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError
from turbosat.formula.blocks import blocks
from turbosat.formula.xors import XOR_WIDTH, Xors, cuts
from turbosat.validation import MAX_VARIABLE

_BLOCK = 1 << 12  # literals of XORs: some hundred thousand of their clauses
_WHOLE = 1 << (XOR_WIDTH - 1)  # clauses of a full part of a long XOR


def expand(
    variables: int,
    own: NDArray[np.int32],
    own_offsets: NDArray[np.int64],
    xors: Xors,
    check: Callable[[], None],
) -> tuple[NDArray[np.int32], NDArray[np.int64], int]:
    """Return the clauses of a formula and then those of its XORs, flat, and how many variables they have.

    `own` (literals,) with `own_offsets` are the formula's clauses; Xors.split cuts long XORs. `check` may
    raise to stop. UsageError where that takes too many variables.
    """
    sizes = np.diff(xors.offsets)
    cut = cuts(sizes)
    total = variables + int(cut.sum())
    if total > MAX_VARIABLE:
        raise UsageError(f"expected at most {MAX_VARIABLE} variables, found {total} after cutting XORs")
    rest = sizes - (XOR_WIDTH - 2) * cut  # (rows,) literals of the last part of each
    ended = np.where(rest > 0, 1 << np.maximum(rest - 1, 0), xors.parities)  # (rows,) its clauses
    clauses = own_offsets.size - 1 + _WHOLE * int(cut.sum()) + int(ended.sum())
    size = own.size + XOR_WIDTH * _WHOLE * int(cut.sum()) + int((rest * ended).sum())
    literals, offsets = np.empty(size, np.int32), np.empty(clauses + 1, np.int64)
    row, end = own_offsets.size - 1, own.size
    literals[:end], offsets[: row + 1] = own, own_offsets
    for low, high in blocks(xors.offsets, _BLOCK):
        parts, variables = xors.part(low, high).split(variables)
        for first, last in blocks(parts.offsets, _BLOCK):
            check()
            flat, lengths = parts.part(first, last).clauses()
            literals[end : end + flat.size] = flat
            offsets[row + 1 : row + 1 + lengths.size] = end + np.cumsum(lengths)
            row, end = row + lengths.size, end + flat.size
    literals.setflags(write=False)
    offsets.setflags(write=False)
    check()
    return literals, offsets, total
