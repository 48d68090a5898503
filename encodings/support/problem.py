"""What is left of clauses and XORs after unit propagation, with the clauses gone that an XOR implies."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.propagation import (
    Parities,
    literal_codes,
    propagate,
    renumber,
    shortened,
    tidied,
)
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors


@dataclass(frozen=True, slots=True)
class Root:
    """Clauses and XORs over the variables that no unit fixes, numbered anew from 0."""

    total: int  # variables of the formula
    outer: NDArray[np.int32]  # (variables,), their numbers in the formula, from 0
    inner: NDArray[np.int32]  # (total,), the new number, -1 for a fixed one
    fixed: NDArray[np.int32]  # (fixed,), signed literals, from 1
    offsets: NDArray[np.int64]  # (clauses + 1,)
    codes: NDArray[np.int32]  # (entries,), literals 2v and 2v + 1
    row_offsets: NDArray[np.int64]  # (rows + 1,)
    row_variables: NDArray[np.int32]  # (flat,)
    row_parities: NDArray[np.bool_]  # (rows,)
    row_active: NDArray[np.bool_]  # (rows,), a constraint of its own, not only implied by the clauses
    contradiction: bool

    @property
    def variables(self) -> int:
        """The number of variables that are not fixed."""
        return self.outer.size


def simplify(
    formula: Formula,
    xors: Xors,
    implied: Xors,
    units: NDArray[np.int32] | None,
    check: Callable[[], None] = lambda: None,
) -> Root:
    """Propagate units through clauses and XORs, and drop what they settle.

    The XORs of the formula and `xors` become constraints, those of `implied` do not.
    """
    sets = [formula.xors, xors, implied]
    active = np.repeat([True, True, False], [len(s) for s in sets])
    variables = np.concatenate([s.variables for s in sets]) - np.int32(1)
    sizes = np.concatenate([np.diff(s.offsets) for s in sets])
    row_offsets = np.append(0, np.cumsum(sizes))
    rows = Parities(
        variables, row_offsets, np.concatenate([s.parities for s in sets]), formula.variables, check
    )
    codes, offsets = tidied(formula.literals, formula.offsets, formula.variables, check=check)
    assumed = np.zeros(0, np.int32) if units is None else literal_codes(units.astype(np.int32))
    settled = propagate(codes, offsets, formula.variables, assumed, rows, check)
    if settled.contradiction:
        return _contradiction(formula.variables)
    values, parities = settled.values, rows.odd
    fixed = np.flatnonzero(values >= 0)
    outer = np.flatnonzero(values < 0).astype(np.int32)
    inner = np.full(formula.variables, -1, np.int32)
    inner[outer] = np.arange(outer.size, dtype=np.int32)

    free = values[variables] < 0
    row = np.repeat(np.arange(sizes.size), sizes)[free]
    variables = inner[variables[free]]
    sizes = np.bincount(row, minlength=sizes.size)
    kept = _distinct_rows(variables, sizes, parities) & (sizes > 0)
    variables = variables[kept[row]]
    row_offsets = np.append(0, np.cumsum(sizes[kept]))
    parities, active = parities[kept], active[kept]

    codes, offsets = shortened(codes, offsets, settled.satisfied, values, check=check)
    renumber(codes, inner, check)
    check()
    codes, offsets = _without_implied(codes, offsets, variables, row_offsets, parities, active)
    return Root(
        formula.variables,
        outer,
        inner,
        np.where(values[fixed] == 1, fixed + 1, -fixed - 1).astype(np.int32),
        offsets,
        codes,
        row_offsets.astype(np.int64),
        variables.astype(np.int32),
        parities,
        active,
        False,
    )


def _contradiction(variables: int) -> Root:
    none = np.zeros(0, np.int32)
    start = np.zeros(1, np.int64)
    flags = np.zeros(0, np.bool_)
    everything = np.arange(variables, dtype=np.int32)
    return Root(
        variables, everything, everything, none, start, none, start, none, flags, flags, contradiction=True
    )


def _keys(count: int) -> NDArray[np.uint64]:
    """Return a random key for each variable; sums of keys tell sets of variables apart."""
    return np.random.default_rng(1).integers(1, 2**64, size=count, dtype=np.uint64)


def _sums(keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> NDArray[np.uint64]:
    total = np.append(np.uint64(0), np.cumsum(keys, dtype=np.uint64))
    ends = np.cumsum(sizes)
    result: NDArray[np.uint64] = total[ends] - total[ends - sizes]
    return result


def _distinct_rows(
    variables: NDArray[np.int32], sizes: NDArray[np.int64], parities: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which XORs (rows,) are the first that say what they say."""
    kept = np.ones(sizes.size, np.bool_)
    if not sizes.size:
        return kept
    sums = _sums(_keys(int(variables.max(initial=0)) + 1)[variables], sizes)
    _, inverse, counts = np.unique(sums, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    seen = set()
    for i in np.flatnonzero(counts[inverse] > 1).tolist():
        key = bool(parities[i]), *sorted(variables[ends[i] - sizes[i] : ends[i]].tolist())
        kept[i] = key not in seen
        seen.add(key)
    return kept


def _without_implied(
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    variables: NDArray[np.int32],
    row_offsets: NDArray[np.int64],
    parities: NDArray[np.bool_],
    active: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Drop clauses over exactly the variables of an active XOR that are false in wrong assignments only."""
    lengths = np.diff(offsets)
    if not active.any() or not lengths.size:
        return codes, offsets
    sizes = np.diff(row_offsets)
    table = _keys(int(max(variables.max(initial=0), (codes >> 1).max(initial=0))) + 1)
    rows = np.flatnonzero(active)
    row_sums = _sums(table[variables], sizes)[rows]
    order = np.argsort(row_sums, kind="stable")
    rows, row_sums = rows[order], row_sums[order]
    sums = _sums(table[codes >> 1], lengths)
    place = np.minimum(np.searchsorted(row_sums, sums), rows.size - 1)
    same = (row_sums[place] == sums) & (sizes[rows[place]] == lengths)
    clause = np.repeat(np.arange(lengths.size), lengths)
    # The assignment that makes a clause false sets the variables of its negative literals.
    ones = np.bincount(clause[codes & 1 == 1], minlength=lengths.size) % 2 == 1
    same &= ones != parities[rows[place]]
    starts = offsets[:-1]
    for length in np.unique(lengths[same]).tolist():
        which = np.flatnonzero(same & (lengths == length))
        mine = np.sort(codes[starts[which][:, None] + np.arange(length)] >> 1, axis=1)
        its = np.sort(variables[row_offsets[rows[place[which]]][:, None] + np.arange(length)], axis=1)
        same[which] = (mine == its).all(axis=1)
    if not same.any():
        return codes, offsets
    return codes[~same[clause]], np.append(0, np.cumsum(lengths[~same]))
