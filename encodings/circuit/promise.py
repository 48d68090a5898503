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
_SAMPLE: Final = 4096  # clauses of each length,
_SAMPLE_OF_3: Final = 65_536  # more of three literals, which few XORs may be among
_MIXERS: Final = np.array(
    [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    np.uint64,
)


def gates_likely(formula: Formula, check: Callable[[], None] = nothing) -> float:
    """Return about how many conjunctions, XORs and multiplexers there are; 10 ms for a million literals.

    A clause of 3 to 5 literals is a conjunction if for one of them the binary clauses are there, with its
    negation and that of each other literal; a sample is looked at. An XOR has four clauses over the same
    three variables. A multiplexer with k selectors has two clauses over each of 2^k sets of k + 2 variables,
    with other signs of two of these. `check` is called now and then and may raise.
    """
    sizes, starts = np.diff(formula.offsets), formula.offsets[:-1]
    codes = literal_codes(formula.literals)
    check()
    firsts = {size: starts[sizes == size] for size in range(2, _WIDEST + 1)}
    samples = [
        codes[firsts[size][:: _step(firsts[size].size)][:, None] + np.arange(size)].astype(np.int64) ^ 1
        for size in range(3, _WIDEST + 1)
    ]  # of (clauses, size)
    check()
    known = _pairs_within(codes, firsts[2], samples, 2 * formula.variables)
    found = choices = 0.0
    for rows in samples:
        check()
        size = rows.shape[1]
        if known.size and len(rows):
            found += _step(firsts[size].size) * sum(_defined(rows, i, known).sum() for i in range(size))
        check()
        parities, chosen = _over_the_same(codes, firsts[size], size)
        found, choices = found + parities, choices + chosen
    return found + (choices if choices <= formula.variables else 0.0)  # more are no gates


def _step(clauses: int, sample: int = _SAMPLE) -> int:
    """Return of how many clauses of one length one is looked at."""
    return 1 + clauses // sample


def _pairs_within(
    codes: NDArray[np.int32], firsts: NDArray[np.int64], samples: list[NDArray[np.int64]], literals: int
) -> NDArray[np.int64]:
    """Return the keys of the clauses of two that begin there, in order, of literals of the samples alone."""
    seen = np.zeros(literals, np.bool_)
    for rows in samples:
        seen[rows] = True
    one, other = codes[firsts], codes[firsts + 1]
    kept = seen[one] & seen[other]
    one, other = one[kept].astype(np.int64), other[kept].astype(np.int64)
    keys: NDArray[np.int64] = np.sort(np.minimum(one, other) << 32 | np.maximum(one, other))
    return keys


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


def _over_the_same(codes: NDArray[np.int32], firsts: NDArray[np.int64], size: int) -> tuple[float, float]:
    """Return about how many XORs and multiplexers the clauses of one size that begin there make."""
    step = _step(firsts.size, _SAMPLE_OF_3 if size == 3 else _SAMPLE)
    if step > 1:  # all clauses over the same variables are kept, or none
        words = np.zeros(firsts.size, np.uint64)
        for place in range(size):
            words ^= (codes[firsts + place] >> 1).astype(np.uint64) * _MIXERS[0]
        firsts = firsts[(words >> np.uint64(32)) % np.uint64(step) == 0]
    rows = np.sort(codes[firsts[:, None] + np.arange(size)], axis=1)  # (clauses, size)
    keys = ((rows >> 1).astype(np.uint64) * _MIXERS[:size]).sum(axis=1)
    if not keys.size:
        return 0.0, 0.0
    order = np.argsort(keys)
    rows, keys = rows[order], keys[order]
    ends = np.append(np.flatnonzero(keys[1:] != keys[:-1]), keys.size - 1)
    sizes = np.diff(ends, prepend=-1)
    pairs = ends[sizes == 2]
    changed = ((rows[pairs] ^ rows[pairs - 1]) & 1).sum(axis=1)  # (pairs,) signs
    parities = int((sizes == 4).sum()) if size == 3 else 0
    return float(step * parities), step * float((changed == 2).sum()) / (1 << (size - 2))
