"""Elimination over GF(2): a contradiction's rows, constants, equal variables, free and dependent variables.

XORs are where clause learning is hopeless and algebra is instant: M. Soos, K. Nohl and C. Castelluccia,
"Extending SAT solvers to cryptographic problems", SAT 2009; C.-S. Han and J.-H. R. Jiang, "When Boolean
satisfiability meets Gaussian elimination in a simplex way", CAV 2012. Here the system is solved once, before
the search: sparse first (sparse), the rest as a bit matrix (dense), both with a trace from which the
rows of a contradiction are found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.gf2.facts import facts_of
from turbosat.encodings.gf2.reduction import Limits, reduce_rows
from turbosat.errors import UsageError
from turbosat.formula.xors import Xors

MINIMAL: Final = 5_000_000  # entries of a contradiction's rows up to which it is made minimal
CIRCUITS: Final = 256  # minimal contradictions compared
PART: Final = 1 << 22  # entries read between two calls of `check`


@dataclass(frozen=True, slots=True)
class Elimination:
    """A set of XORs in reduced form: each pivot is a constant plus a sum of free variables.

    value(pivots[i]) = constants[i] XOR the sum of value(free[j]) over the bits j of masks[i]; bit j is bit
    j % 64 of word j // 64.
    """

    variables: int  # of the formula
    pivots: NDArray[np.int32]  # (rank,), from 1, rising: variables expressed through free ones
    free: NDArray[np.int32]  # (kernel,), from 1, rising: the other variables that occur in the XORs
    constants: NDArray[np.bool_]  # (rank,)
    masks: NDArray[np.uint64]  # (rank, ceil(kernel / 64))
    contradiction: NDArray[np.int64] | None  # (n,), input rows, rising, whose sum is 0 = 1; all else is empty
    complete: bool  # False: too large to reduce; pivots, free, constants and masks are empty
    units: NDArray[np.int32]  # (n,), signed literals that every solution satisfies
    equivalences: NDArray[np.int32]  # (n, 2), signed literals equal in every solution, a forest of depth one
    short: Xors  # XORs of three or four variables that follow and are no input rows


def eliminate(
    xors: Xors,
    variables: int,
    *,
    prefer: NDArray[np.int32] | None = None,
    check: Callable[[], None] = lambda: None,
    limits: Limits | None = None,
) -> Elimination:
    """Solve the XORs over `variables` variables.

    prefer (variables,) guides which variables become free: lower = rather be free. In the dense part it
    decides; in the sparse part, among the variables of a row that occur in at most twice as many rows as its
    rarest. If the result is complete, units and equivalences are all there are. At most max(1000, rows) short
    XORs are kept, first those of the reduced rows, then all sums of three variables that lead their
    equivalences, where these are at most 1000. A contradiction is minimal (no part of it is one) unless its
    rows have more than five million entries. `check` is called about every 50 ms and raises to stop.
    `limits` say when to change the method and what memory may be used; beyond it the result is not complete:
    it has the units, equivalences and short XORs that substitution finds, and a contradiction can be missed.
    UsageError for variables beyond `variables` or a `prefer` of another shape.
    """
    largest = int(xors.variables.max(initial=0))
    if largest > variables:
        raise UsageError(f"expected variables up to {variables} in the XORs, found {largest}")
    if prefer is not None and prefer.shape != (variables,):
        raise UsageError(
            f"expected a preference for each of {variables} variables, found shape {prefer.shape}"
        )
    names, columns = _columns(xors, variables, check)
    wishes = np.zeros(names.size, np.int32) if prefer is None else prefer[names - 1].astype(np.int32)
    limits = limits or Limits()
    check()
    reduction = reduce_rows(columns, xors.offsets, xors.parities, wishes, limits, check)
    if reduction.contradiction is not None:
        rows = _minimal(columns, xors, reduction.contradiction, limits, check)
        return _contradictory(variables, rows)
    most = max(1000, len(xors))
    facts = facts_of(reduction, most, check)
    check()
    units = np.where(facts.unit_signs, names[facts.units], -names[facts.units])
    members = np.where(facts.member_signs, -names[facts.members], names[facts.members])
    return Elimination(
        variables,
        names[reduction.pivots],
        names[reduction.free],
        reduction.constants.astype(np.bool_),
        reduction.masks,
        None,
        reduction.complete,
        units.astype(np.int32),
        np.stack([names[facts.leaders], members], axis=1).astype(np.int32),
        _new_rows(facts.short, facts.short_parities, columns, xors, names, most),
    )


def _columns(
    xors: Xors, variables: int, check: Callable[[], None]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the variables that occur (columns,), rising, and their places in it (entries,), by row."""
    parts = [slice(low, low + PART) for low in range(0, xors.variables.size, PART)]
    number = np.zeros(variables + 1, np.int32)
    for part in parts:
        number[xors.variables[part]] = 1
        check()
    names = np.flatnonzero(number).astype(np.int32)
    number[names] = np.arange(names.size, dtype=np.int32)
    columns = np.empty(xors.variables.size, np.int32)
    falls = [np.zeros(0, np.int64)]
    for part in parts:
        columns[part] = number[xors.variables[part]]
        before = max(part.start - 1, 0)
        falls.append(np.flatnonzero(np.diff(columns[before : part.stop]) < 0) + before + 1)
        check()
    begins = np.searchsorted(xors.offsets, np.concatenate(falls))
    if (xors.offsets[begins] != np.concatenate(falls)).any():  # one falls within a row
        rows = np.repeat(np.arange(len(xors)), np.diff(xors.offsets))
        columns = np.sort(rows << 32 | columns).astype(np.int32)  # keeps the low half
        check()
    return names, columns


def _contradictory(variables: int, rows: NDArray[np.int64]) -> Elimination:
    none = np.zeros(0, np.int32)
    masks = np.zeros((0, 0), np.uint64)
    pairs = np.zeros((0, 2), np.int32)
    return Elimination(
        variables, none, none, np.zeros(0, np.bool_), masks, rows, True, none, pairs, Xors.empty()
    )


def _minimal(
    columns: NDArray[np.int32], xors: Xors, rows: NDArray[np.int64], limits: Limits, check: Callable[[], None]
) -> NDArray[np.int64]:
    """Return some of the rows that are a contradiction of which no part is one.

    Which of the rows sum to 0 on the left is a system of its own: an unknown for each row, an equation for
    each column. A free unknown with the pivots that follow from it is a circuit of the rows' matroid, so it
    is minimal; of those of odd parity, one of the smallest is taken.
    """
    sizes = np.diff(xors.offsets)[rows]
    if sizes.sum() > MINIMAL:
        return rows
    entry = np.repeat(xors.offsets[rows] - np.append(0, np.cumsum(sizes[:-1])), sizes)
    held = columns[entry + np.arange(entry.size)]
    check()
    order = np.argsort(held, kind="stable")
    unknowns = np.repeat(np.arange(rows.size, dtype=np.int32), sizes)[order]
    check()
    _, counts = np.unique(held, return_counts=True)
    none = np.zeros(counts.size, np.bool_)
    offsets = np.append(0, np.cumsum(counts))
    wishes = np.zeros(rows.size, np.int32)
    left = reduce_rows(unknowns, offsets, none, wishes, limits, check)
    if not left.complete or not sizes.all():
        return rows
    odd = xors.parities[rows]  # (unknowns,)
    sums = np.bitwise_xor.reduce(left.masks[odd[left.pivots]], axis=0)  # (words,)
    bits = np.arange(left.free.size)
    sums = sums[bits >> 6] >> (bits & 63).astype(np.uint64) & np.uint64(1)  # (kernel,)
    best = rows
    for bit in np.flatnonzero(odd[left.free] ^ (sums == 1))[:CIRCUITS].tolist():
        follow = left.masks[:, bit >> 6] >> np.uint64(bit & 63) & np.uint64(1)
        circuit = np.append(left.pivots[follow == 1], left.free[bit])
        if circuit.size < best.size:
            best = np.sort(rows[circuit])
    return best


def _new_rows(
    short: NDArray[np.int64],
    parities: NDArray[np.uint8],
    columns: NDArray[np.int32],
    xors: Xors,
    names: NDArray[np.int32],
    most: int,
) -> Xors:
    """Return the first distinct short rows (n, 4) that are no input rows.

    Rows are told apart by random words for their columns: a clash can only lose one.
    """
    words = np.append(np.random.default_rng(1).integers(1, 1 << 64, names.size, np.uint64), np.uint64(0))
    keys = np.bitwise_xor.reduce(words[short], axis=1)  # (n,); column -1 is the last word
    sizes = np.diff(xors.offsets)
    given = [
        np.bitwise_xor.reduce(
            words[columns[xors.offsets[:-1][sizes == size][:, None] + np.arange(size)]], axis=1
        )
        for size in (3, 4)
    ]
    _, first = np.unique(keys, return_index=True)
    first.sort()
    kept = first[~np.isin(keys[first], np.concatenate(given))][:most]
    rows = np.sort(np.where(short[kept] >= 0, short[kept], names.size), axis=1)
    inside = rows < names.size
    offsets = np.append(0, np.cumsum(inside.sum(axis=1)))
    return Xors(names[rows[inside]], offsets, parities[kept].astype(np.bool_))
