"""Whether it is worth looking for XORs in a formula: a guess from counts, without compiled code."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.propagation import literal_codes
from turbosat.formula.formula import Formula
from turbosat.formula.rows import nothing

FEW: Final = 4  # so many XORs must be likely: fewer are nothing that a CDCL solver needs help with

_LONGEST: Final = 10
_PARTS: Final = 3  # bits: so many keys are counted in eight parts
_LARGE: Final = 1 << 22  # keys
_CHANCE: Final = 1 << 14  # clauses of gates, one of which shares a pair of inputs with another by chance


def promising(formula: Formula, check: Callable[[], None] = nothing, *, gates: bool = True) -> bool:
    """Say whether recover may find enough XORs for elimination to matter; 40 ms for a million literals.

    `check` is called now and then and may raise to stop. Without `gates` XORs' own clauses alone are seen.

    True if the formula has XORs of its own, if at least four sets of 3 to 10 variables each have more than
    half of the clauses of an XOR, or if at least four pairs or triples of literals look like the inputs of
    an XOR made of gates. Signs are looked at as little as possible, so True is often wrong. False is wrong
    where most clauses of most XORs are covered by shorter ones, and for parities of gates written in unusual
    ways (majorities, deep cones). It needs numpy only.
    """
    if len(formula.xors) or formula.variables > 4 * formula.literals.size + (1 << 20):
        return bool(len(formula.xors) or formula.literals.size)
    sizes = np.diff(formula.offsets)
    starts = formula.offsets[:-1]
    found = 0
    for size in range(3, _LONGEST + 1):
        check()
        least = (1 << (size - 2)) + 1
        firsts = starts[sizes == size]
        if firsts.size >= least:
            sums = _mixed(formula.literals[firsts])
            for j in range(1, size):
                check()
                sums += _mixed(formula.literals[firsts + j])
            found += _runs(sums, least, check)
            if found >= FEW:
                return True
    return gates and _gates(formula, sizes, check)


def _mixed(literals: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return a number for the variable of each literal; where sums are equal, most likely all of them are."""
    words = np.abs(literals).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    words ^= words >> np.uint64(29)
    return words * np.uint64(0xBF58476D1CE4E5B9)


def _gates(formula: Formula, sizes: NDArray[np.int64], check: Callable[[], None]) -> bool:
    """Look for conjunctions with the same inputs, as in a & b and -a & -b, or with an input in common.

    In x = -(a & b) & -(-a & -b) the inputs a, b occur twice, both signs changed; in x = p | q with n = a & b,
    p = a & -n, q = b & -n the pairs a, n and b, n occur twice; in a ^ b ^ c as a disjunction of four products
    the inputs a, b, c occur four times.
    """
    starts = formula.offsets[:-1]
    pairs = starts[sizes == 2][:, None] + np.arange(2)  # (pairs, 2)
    if not pairs.size:
        return False
    check()
    codes = literal_codes(formula.literals[pairs.ravel()])
    degrees = np.minimum(np.bincount(codes, minlength=2 * formula.variables), 255).astype(np.uint8)
    found = seen = 0
    for size, least in ((3, 2), (4, 4)):
        check()
        places = starts[sizes == size][:, None] + np.arange(size)  # (clauses, size)
        literals = formula.literals[places]
        codes = literal_codes(literals)
        partners = degrees[codes ^ 1]  # (clauses, size) binary clauses of -l
        good = (partners.min(axis=1, initial=255) >= 1) & (partners.max(axis=1, initial=0) >= size - 1)
        check()
        seen += int(np.count_nonzero(good))
        if size == 3:
            rows = np.sort(codes[good], axis=1).astype(np.int64)
            keys = [
                rows[:, i] >> 1 << 32 | rows[:, j] & -2 | (rows[:, i] ^ rows[:, j]) & 1
                for i, j in ((0, 1), (0, 2), (1, 2))
            ]
            check()
            found += _runs(np.concatenate(keys).view(np.uint64), least, check)
        else:
            words = _mixed(literals[good])
            rests = words.sum(axis=1, keepdims=True) - words  # (clauses, 4) without one each
            found += _runs(rests.ravel(), least, check)
    return found >= FEW + seen // _CHANCE


def _runs(keys: NDArray[np.uint64], least: int, check: Callable[[], None]) -> int:
    """Count the different keys that occur `least` times or more; sorts keys in place."""
    check()
    if keys.size < least:
        return 0
    if keys.size > _LARGE:
        part = (keys * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(64 - _PARTS)).astype(np.uint8)
        return sum(_counted(keys[part == each], least, check) for each in range(1 << _PARTS))
    return _counted(keys, least, check)


def _counted(keys: NDArray[np.uint64], least: int, check: Callable[[], None]) -> int:
    check()
    if keys.size < least:
        return 0
    keys.sort()
    long = keys[least - 1 :] == keys[: keys.size - least + 1]
    return int(long[0]) + int((long[1:] & (keys[1 : long.size] != keys[: long.size - 1])).sum())
