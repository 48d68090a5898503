"""What is left of clauses and XORs after unit propagation, with the clauses gone that an XOR implies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.propagation import literal_codes, propagate
from turbosat.formula import Formula
from turbosat.xors import Xors


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


def simplify(formula: Formula, xors: Xors, implied: Xors, units: NDArray[np.int32] | None) -> Root:
    """Propagate units through clauses and XORs, and drop what they settle.

    The XORs of the formula and `xors` become constraints, those of `implied` do not.
    """
    formula = formula.normalised()
    sets = [formula.xors, xors, implied]
    active = np.repeat([True, True, False], [len(s) for s in sets])
    variables = np.concatenate([s.variables for s in sets]) - 1
    sizes = np.concatenate([np.diff(s.offsets) for s in sets])
    offsets = np.append(0, np.cumsum(sizes))
    parities = np.concatenate([s.parities for s in sets])
    codes = literal_codes(formula.literals)
    values, contradiction = _fixed(formula, codes, variables, offsets, parities, units)
    if contradiction:
        return _contradiction(formula.variables)
    fixed = np.flatnonzero(values >= 0)
    outer = np.flatnonzero(values < 0).astype(np.int32)
    inner = np.full(formula.variables, -1, np.int32)
    inner[outer] = np.arange(outer.size, dtype=np.int32)

    row = np.repeat(np.arange(sizes.size), sizes)
    known = values[variables] >= 0
    ones = np.bincount(row[values[variables] == 1], minlength=sizes.size) % 2 == 1
    parities = parities ^ ones
    variables, row = inner[variables[~known]], row[~known]
    sizes = np.bincount(row, minlength=sizes.size)
    kept = _distinct_rows(variables, sizes, parities) & (sizes > 0)
    variables = variables[kept[row]]
    row_offsets = np.append(0, np.cumsum(sizes[kept]))
    parities, active = parities[kept], active[kept]

    clause = np.repeat(np.arange(len(formula)), np.diff(formula.offsets))
    at = values[codes >> 1]
    satisfied = np.zeros(len(formula), np.bool_)
    satisfied[clause[(at >= 0) & (at != (codes & 1))]] = True
    keep = ~satisfied[clause] & (at < 0)
    codes = (inner[codes[keep] >> 1] << 1 | codes[keep] & 1).astype(np.int32)
    lengths = np.bincount(clause[keep], minlength=len(formula))[~satisfied]
    codes, lengths = _without_implied(codes, lengths, variables, row_offsets, parities, active)
    return Root(
        formula.variables,
        outer,
        inner,
        np.where(values[fixed] == 1, fixed + 1, -fixed - 1).astype(np.int32),
        np.append(0, np.cumsum(lengths)).astype(np.int64),
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


def _fixed(
    formula: Formula,
    codes: NDArray[np.int32],
    variables: NDArray[np.int32],
    offsets: NDArray[np.int64],
    parities: NDArray[np.bool_],
    units: NDArray[np.int32] | None,
) -> tuple[NDArray[np.int8], bool]:
    """Propagate through clauses and XORs in turns; return values (variables,), -1 for unknown ones."""
    assumed = np.zeros(0, np.int32) if units is None else literal_codes(units.astype(np.int32))
    row = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    while True:
        result = propagate(codes, formula.offsets, formula.variables, assumed)
        values = result.values
        known = values[variables] >= 0
        left = np.bincount(row[~known], minlength=parities.size)
        odd = parities ^ (np.bincount(row[values[variables] == 1], minlength=parities.size) % 2 == 1)
        if result.contradiction or (odd & (left == 0)).any():
            return values, True
        places = np.flatnonzero(~known & (left[row] == 1))
        if not places.size:
            return values, False
        found = np.unique(variables[places] << 1 | ~odd[row[places]]).astype(np.int32)
        settled = np.flatnonzero(values >= 0)
        assumed = np.concatenate([settled << 1 | (values[settled] == 0), found]).astype(np.int32)


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
    lengths: NDArray[np.int64],
    variables: NDArray[np.int32],
    row_offsets: NDArray[np.int64],
    parities: NDArray[np.bool_],
    active: NDArray[np.bool_],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Drop clauses over exactly the variables of an active XOR that are false in wrong assignments only."""
    if not active.any() or not lengths.size:
        return codes, lengths
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
    starts = np.cumsum(lengths) - lengths
    for length in np.unique(lengths[same]).tolist():
        which = np.flatnonzero(same & (lengths == length))
        mine = np.sort(codes[starts[which][:, None] + np.arange(length)] >> 1, axis=1)
        its = np.sort(variables[row_offsets[rows[place[which]]][:, None] + np.arange(length)], axis=1)
        same[which] = (mine == its).all(axis=1)
    return codes[~same[clause]], lengths[~same]
