"""Unit propagation and pure literals over flat arrays, a whole frontier of literals at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.xors import Xors


@dataclass(slots=True)
class Fixed:
    """What propagation settled."""

    values: NDArray[np.int8]  # (variables,), 0 or 1, -1 for a free variable
    satisfied: NDArray[np.bool_]  # (clauses,)
    contradiction: bool = False


def literal_codes(literals: NDArray[np.int32]) -> NDArray[np.int32]:
    """Turn signed literals from 1 into codes: 2v for variable v (from 0), 2v + 1 for its negation."""
    codes = np.abs(literals)
    codes -= 1
    codes <<= 1
    codes |= literals < 0
    return codes.astype(np.int32, copy=False)


def transpose(
    codes: NDArray[np.int32], offsets: NDArray[np.int64], literals: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return starts (literals + 1,) and the clauses of each literal, rising."""
    clauses = np.repeat(np.arange(offsets.size - 1, dtype=np.int64), np.diff(offsets))
    starts = np.zeros(literals + 1, np.int64)
    np.cumsum(np.bincount(codes, minlength=literals), out=starts[1:])
    clauses |= codes.astype(np.int64) << 32  # sorting one array of keys is faster than an indirect sort
    clauses.sort()
    return starts, clauses.astype(np.int32)  # keeps the low half


class Parities:
    """The XORs of a propagation: how many free variables each has, their sum, and what they must XOR to."""

    def __init__(self, xors: Xors, variables: int) -> None:
        lengths = np.diff(xors.offsets)
        self._starts, self._occurrences = transpose(xors.variables - 1, xors.offsets, variables)
        self.free = lengths.copy()  # (rows,), free variables
        self.odd = xors.parities.copy()  # (rows,), the XOR of the free variables
        sums = np.append(0, np.cumsum(xors.variables - 1, dtype=np.int64))
        self._sums = sums[xors.offsets[1:]] - sums[xors.offsets[:-1]]  # of the free variables' numbers

    def units(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the codes of the variables that are alone in some of rows."""
        rows = rows[self.free[rows] == 1]
        codes: NDArray[np.int32] = (self._sums[rows] << 1 | ~self.odd[rows]).astype(np.int32)
        return codes

    def refuted(self, rows: NDArray[np.int64]) -> bool:
        """Tell whether one of rows has no free variable and the wrong parity."""
        return bool(((self.free[rows] == 0) & self.odd[rows]).any())

    def set_true(self, frontier: NDArray[np.int32]) -> NDArray[np.int64]:
        """Take the variables of distinct literal codes out of their XORs; return the rows touched."""
        variables = frontier >> 1
        touched = self._occurrences[ranges(self._starts, variables)].astype(np.int64)
        counts = self._starts[variables + 1] - self._starts[variables]
        np.subtract.at(self.free, touched, 1)
        np.subtract.at(self._sums, touched, np.repeat(variables, counts))
        np.logical_xor.at(self.odd, touched, np.repeat(frontier & 1 == 0, counts))
        return touched


def propagate(
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    variables: int,
    assumed: NDArray[np.int32],
    parities: Parities | None = None,
) -> Fixed:
    """Set assumed literals, unit clauses and XORs of one variable true, and all that follows.

    Each round touches the occurrences of the literals it sets and nothing else, so all rounds together are
    linear. A clause counts its literals that are not false and knows their sum: when one is left, the sum
    is that literal.
    """
    lengths = np.diff(offsets)
    fixed = Fixed(np.full(variables, -1, np.int8), np.zeros(lengths.size, np.bool_))
    fixed.contradiction = bool((lengths == 0).any())
    units = [codes[offsets[:-1][lengths == 1]], assumed]
    if parities is not None:
        every = np.arange(parities.free.size)
        fixed.contradiction |= parities.refuted(every)
        units.append(parities.units(every))
    frontier = np.unique(np.concatenate(units))
    if fixed.contradiction or not frontier.size:
        return fixed
    starts, occurrences = transpose(codes, offsets, 2 * variables)
    free = lengths.copy()
    sums = np.add.reduceat(codes, offsets[:-1], dtype=np.int64) if lengths.size else np.zeros(0, np.int64)
    while frontier.size:
        fixed.contradiction = bool((frontier[1:] ^ frontier[:-1] == 1).any())  # a literal and its negation
        if fixed.contradiction:
            break
        fixed.values[frontier >> 1] = 1 - (frontier & 1)
        fixed.satisfied[occurrences[ranges(starts, frontier)]] = True
        touched = occurrences[ranges(starts, frontier ^ 1)]
        falsified = np.repeat(frontier ^ 1, starts[(frontier ^ 1) + 1] - starts[frontier ^ 1])
        np.subtract.at(free, touched, 1)
        np.subtract.at(sums, touched, falsified)
        touched = touched[(free[touched] <= 1) & ~fixed.satisfied[touched]]
        fixed.contradiction = bool((free[touched] == 0).any())
        if fixed.contradiction:
            break
        units = [sums[touched].astype(np.int32)]
        if parities is not None:
            rows = parities.set_true(frontier)
            fixed.contradiction = parities.refuted(rows)
            if fixed.contradiction:
                break
            units.append(parities.units(rows))
        frontier = np.unique(np.concatenate(units))
    return fixed


def fix_pure_literals(codes: NDArray[np.int32], offsets: NDArray[np.int64], fixed: Fixed) -> None:
    """Set literals true whose negation is in no clause left, until there are none."""
    starts, occurrences = transpose(codes, offsets, 2 * fixed.values.size)
    lengths = np.diff(offsets)
    left = np.bincount(codes[np.repeat(~fixed.satisfied, lengths)], minlength=starts.size - 1)
    free = np.repeat(fixed.values < 0, 2)
    frontier = np.flatnonzero(free & (left > 0) & (left.reshape(-1, 2)[:, ::-1].ravel() == 0))
    while frontier.size:
        fixed.values[frontier >> 1] = 1 - (frontier & 1)
        clauses = np.unique(occurrences[ranges(starts, frontier)])
        clauses = clauses[~fixed.satisfied[clauses]]
        fixed.satisfied[clauses] = True
        gone = codes[ranges(offsets, clauses)]
        np.subtract.at(left, gone, 1)
        gone = np.unique(gone)
        frontier = gone[(left[gone] == 0) & (left[gone ^ 1] > 0) & (fixed.values[gone >> 1] < 0)] ^ 1


def ranges(starts: NDArray[np.int64], rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the positions starts[r] … starts[r + 1] - 1 of all rows r, one after the other."""
    lengths = starts[rows + 1] - starts[rows]
    ends = np.cumsum(lengths)
    positions = np.repeat(starts[rows] - ends + lengths, lengths)
    positions += np.arange(positions.size)
    return positions
