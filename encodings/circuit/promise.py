"""Whether it is worth looking for a circuit in a formula: a guess from counts, without compiled code."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.propagation import literal_codes
from turbosat.formula.formula import Formula
from turbosat.formula.rows import nothing

FEW: Final = 48  # gates: with fewer there is nothing to sweep
SHARE: Final = 0.1  # of the variables that must look like gates
LARGEST: Final = 5_000_000  # literals
_WIDEST: Final = 5  # literals of a clause that is looked at
_SAMPLE: Final = 4096  # clauses of each length


def gates_likely(formula: Formula, check: Callable[[], None] = nothing) -> float:
    """Return about how many conjunctions and XORs of two the clauses define; 50 ms for a million literals.

    A clause of 3 to 5 literals is a conjunction if for one of them the binary clauses are there, with its
    negation and that of each other literal; a sample is looked at. An XOR has four clauses over the same
    three variables. `check` is called now and then and may raise.
    """
    sizes, starts = np.diff(formula.offsets), formula.offsets[:-1]
    codes = literal_codes(formula.literals)
    check()
    pairs = codes[starts[sizes == 2][:, None] + np.arange(2)].astype(np.int64)
    known = np.sort(pairs.min(axis=1) << 32 | pairs.max(axis=1))
    found = 0.0
    for size in range(3, _WIDEST + 1):
        check()
        firsts = starts[sizes == size]
        step = 1 + firsts.size // _SAMPLE
        rows = codes[firsts[::step][:, None] + np.arange(size)].astype(np.int64) ^ 1  # (clauses, size)
        if known.size and len(rows):
            found += step * sum(_defined(rows, i, known).sum() for i in range(size))
        if size == 3:
            check()
            found += _parity_like(np.sort(codes[firsts[:, None] + np.arange(3)] >> 1, axis=1))
    return found


def _defined(rows: NDArray[np.int64], i: int, known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return for which clauses (clauses, size), negated, literal i is in binary clauses with all others."""
    good = np.ones(len(rows), np.bool_)
    for j in range(rows.shape[1]):
        if j != i:
            one, other = rows[good, i], rows[good, j]
            keys = np.minimum(one, other) << 32 | np.maximum(one, other)
            place = np.minimum(np.searchsorted(known, keys), known.size - 1)
            good[good] = known[place] == keys
    return good


def promising(formula: Formula, check: Callable[[], None] = nothing) -> bool:
    """Say whether recover_circuit may find enough gates for a sweep to matter; not among XOR lines."""
    if len(formula.xors) or formula.literals.size > LARGEST or formula.variables > formula.literals.size:
        return False
    return gates_likely(formula, check) >= max(FEW, SHARE * formula.variables)


def _parity_like(rows: NDArray[np.int32]) -> int:
    """Return how many sets of three variables, (clauses, 3) rising, occur four times."""
    mixers = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)
    keys = np.sort((rows.astype(np.uint64) * mixers).sum(axis=1))
    ends = np.append(np.flatnonzero(keys[1:] != keys[:-1]), keys.size - 1)
    return int((np.diff(ends, prepend=-1) == 4).sum()) if keys.size else 0
