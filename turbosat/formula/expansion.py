"""A formula with its XORs written as clauses, made block by block."""

from collections.abc import Callable

import numpy as np

from turbosat.errors import UsageError
from turbosat.formula.blocks import blocks
from turbosat.formula.formula import Formula
from turbosat.formula.rows import MAX_VARIABLE
from turbosat.formula.xors import XOR_WIDTH, cuts

_BLOCK = 1 << 12  # literals of XORs: some hundred thousand of their clauses
_WHOLE = 1 << (XOR_WIDTH - 1)  # clauses of a full part of a long XOR


def expand(formula: Formula, check: Callable[[], None]) -> Formula:
    """Return the clauses of a formula and then those of its XORs; Xors.split cuts long ones.

    `check` may raise to stop. UsageError where that takes too many variables.
    """
    xors, variables = formula.xors, formula.variables
    sizes = np.diff(xors.offsets)
    cut = cuts(sizes)
    total = variables + int(cut.sum())
    if total > MAX_VARIABLE:
        raise UsageError(f"expected at most {MAX_VARIABLE} variables, found {total} after cutting XORs")
    rest = sizes - (XOR_WIDTH - 2) * cut  # (rows,) literals of the last part of each
    ended = np.where(rest > 0, 1 << np.maximum(rest - 1, 0), xors.parities)  # (rows,) its clauses
    clauses = formula.clauses + _WHOLE * int(cut.sum()) + int(ended.sum())
    size = formula.literals.size + XOR_WIDTH * _WHOLE * int(cut.sum()) + int((rest * ended).sum())
    literals, offsets = np.empty(size, np.int32), np.empty(clauses + 1, np.int64)
    row, end = formula.clauses, formula.literals.size
    literals[:end], offsets[: row + 1] = formula.literals, formula.offsets
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
    return Formula(literals, offsets, total)
