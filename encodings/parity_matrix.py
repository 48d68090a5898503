"""CNF with native XORs as one sparse matrix: what the finite-field engine reads.

    constraint 0 ... clauses - 1               clause c, false where no literal is true
    constraint clauses ... constraints - 1     XOR row, false where its variables do not XOR to its parity

An XOR of k variables is one constraint here instead of 2^(k-1) clauses, and the clauses that only spell it
out are left away.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix, compact
from turbosat.encodings.propagation import Parities, literal_codes, propagate, ranges, tidied, transpose
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors

_BLOCK = 1 << 18  # pairs of an XOR and a clause looked at in one step
# Bounds of that look, about two seconds: what lies beyond is searched with clauses that say nothing new.
_MOST_PAIRS = 1 << 25
_MOST_ENTRIES = 1 << 24  # of the clauses in pairs whose signatures fit
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityMatrix(Matrix):
    """The clauses and XORs left after unit propagation, over the variables left in them.

    Every XOR row has two variables at least, no two rows have the same ones, and no clause is implied by one
    row, unless deciding so would have taken long.
    """

    xor_offsets: NDArray[np.int64]  # (xors + 1,)
    xor_variables: NDArray[np.int32]  # (xor entries,), from 0, rising in a row
    parities: NDArray[np.bool_]  # (xors,), what the variables of a row XOR to
    xor_starts: NDArray[np.int64]  # (variables + 1,), the transpose
    xor_occurrences: NDArray[np.int32]  # (xor entries,), XOR rows from 0, rising for each variable

    @property
    def xors(self) -> int:
        """The number of XOR rows."""
        return self.parities.size

    @property
    def constraints(self) -> int:
        """The number of clauses and XOR rows."""
        return self.clauses + self.xors

    @property
    def entries(self) -> int:
        """The number of places in clauses and XOR rows."""
        return self.literals.size + self.xor_variables.size

    @property
    def longest(self) -> int:
        """The number of places of the longest clause or XOR row."""
        return int(max(np.diff(self.offsets).max(initial=0), np.diff(self.xor_offsets).max(initial=0)))

    @property
    def degrees(self) -> NDArray[np.int64]:
        """How many clauses and XOR rows each variable is in, int64 (variables,)."""
        return np.asarray(self.starts[2::2] - self.starts[:-2:2] + np.diff(self.xor_starts))

    def counts(self, values: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the true literals of each clause, then 1 for each XOR that holds and 0 for others.

        int64 (constraints,) for values bool (variables,): 0 means false for all of them.
        """
        return np.concatenate([Matrix.counts(self, values), self._held(values)])

    def margins(
        self, values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> NDArray[np.int64]:
        """Return make - break of every variable, int64 (variables,), in units of the weights (constraints,).

        Every variable of an XOR makes it where it is false and breaks it where it is true.
        """
        weight = np.ones(self.constraints, np.int64) if weights is None else weights.astype(np.int64)
        clauses, xors = weight[: self.clauses], weight[self.clauses :]
        steps = np.where(self._held(values) == 1, -xors, xors).repeat(np.diff(self.xor_offsets))
        sums = np.bincount(self.xor_variables, weights=steps, minlength=self.variables)
        return Matrix.margins(self, values, clauses.astype(np.int32)) + sums.astype(np.int64)

    def _held(self, values: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return 1 for each XOR that holds, 0 for others, int64 (xors,)."""
        if not self.xors:
            return np.zeros(0, np.int64)
        odd = np.logical_xor.reduceat(values[self.xor_variables], self.xor_offsets[:-1])
        return np.asarray((odd == self.parities).astype(np.int64))


def encode_parities(
    formula: Formula, recovered: Xors | None = None, assumed: NDArray[np.int32] | None = None
) -> ParityMatrix:
    """Encode a formula with its own XORs and recovered ones, under assumed literals and what follows.

    The recovered XORs must follow from the formula. Assumed literals are signed, from 1. Propagation goes
    through clauses and XORs.
    """
    codes, offsets = tidied(formula.literals, formula.offsets, formula.variables)
    units = literal_codes(np.zeros(0, np.int32) if assumed is None else assumed)
    xors = formula.xors if recovered is None else joined(formula.xors, recovered)
    parities = Parities(xors.variables - np.int32(1), xors.offsets, xors.parities, formula.variables)
    fixed = propagate(codes, offsets, formula.variables, units, parities)
    rows = _Rows.left(xors, fixed.values, parities.odd)
    fixed.contradiction |= not rows.consistent
    if fixed.contradiction:
        rows = _Rows.left(Xors.empty(), fixed.values, np.zeros(0, np.bool_))
    dropped = fixed.satisfied | fixed.contradiction
    offsets, literals, first_names = compact(codes, offsets, dropped, fixed.values, rows.variables)
    rows = rows.renamed(first_names, formula.variables)
    dropped = _implied(offsets, literals, rows, first_names.size)
    free = np.full(first_names.size, -1, np.int8)
    offsets, literals, names = compact(literals, offsets, dropped, free, rows.variables)
    rows = rows.renamed(names, first_names.size)
    starts, occurrences = transpose(literals, offsets, 2 * names.size)
    xor_starts, xor_occurrences = transpose(rows.variables, rows.offsets, names.size)
    return ParityMatrix(
        variables=names.size,
        offsets=offsets,
        literals=literals,
        starts=starts,
        occurrences=occurrences,
        names=first_names[names],
        rest=fixed.values == 1,
        implied=fixed.values >= 0,
        contradiction=fixed.contradiction,
        xor_offsets=rows.offsets,
        xor_variables=rows.variables,
        parities=rows.parities,
        xor_starts=xor_starts,
        xor_occurrences=xor_occurrences,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Distinct XORs over free variables, from 0, rising in a row."""

    offsets: NDArray[np.int64]
    variables: NDArray[np.int32]
    parities: NDArray[np.bool_]
    consistent: bool  # no two rows want different parities of the same variables

    @classmethod
    def left(cls, xors: Xors, values: NDArray[np.int8], odd: NDArray[np.bool_]) -> "_Rows":
        """Return what values bool (variables,) leave of XORs whose free variables must XOR to odd (rows,)."""
        row = np.repeat(np.arange(len(xors), dtype=np.int64), np.diff(xors.offsets))
        free = values[xors.variables - 1] < 0
        keys = np.sort(row[free] << 32 | xors.variables[free] - 1)  # rising by row, then by variable
        variables = (keys & 0xFFFFFFFF).astype(np.int32)
        lengths = np.bincount(keys >> 32, minlength=len(xors))
        starts = np.cumsum(lengths) - lengths
        chosen: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
        consistent = True
        for length in np.unique(lengths[lengths > 0]).tolist():
            same = np.flatnonzero(lengths == length)
            table = variables[starts[same][:, None] + np.arange(length)]  # (same, length)
            _, first, group = np.unique(table, axis=0, return_index=True, return_inverse=True)
            consistent &= bool((odd[same] == odd[same[first]][group.ravel()]).all())
            chosen.append(same[first])
        rows = np.sort(np.concatenate(chosen))
        offsets = np.append(0, np.cumsum(lengths[rows]))
        at = np.repeat(starts[rows] - offsets[:-1], lengths[rows]) + np.arange(offsets[-1])
        return cls(offsets, variables[at], odd[rows], consistent)

    def renamed(self, names: NDArray[np.int32], variables: int) -> "_Rows":
        """Return the rows with variable names[i] of so many called i."""
        number = np.zeros(variables, np.int32)
        number[names] = np.arange(names.size, dtype=np.int32)
        return replace(self, variables=number[self.variables])


def joined(first: Xors, second: Xors) -> Xors:
    """Return the XORs of both, one after the other."""
    return Xors(
        np.concatenate([first.variables, second.variables]),
        np.concatenate([first.offsets, first.offsets[-1] + second.offsets[1:]]),
        np.concatenate([first.parities, second.parities]),
    )


def _implied(
    offsets: NDArray[np.int64], literals: NDArray[np.int32], rows: _Rows, variables: int
) -> NDArray[np.bool_]:
    """Tell which clauses one XOR row implies, bool (clauses,).

    A clause is implied if it holds all variables of a row, and where these literals are false, the row is:
    their signs have the wrong parity. Only the clauses of the row's rarest variable can hold them all, and
    only those whose signature, a set of 64 classes of variables, holds the row's.
    """
    lengths, sizes = np.diff(offsets), np.diff(rows.offsets)
    implied = np.zeros(lengths.size, np.bool_)
    if not lengths.size or not sizes.size:
        return implied
    starts, occurrences = transpose(literals >> 1, offsets, variables)
    by_degree = np.diff(starts)[rows.variables] << 32 | rows.variables  # (xor entries,)
    rarest = np.minimum.reduceat(by_degree, rows.offsets[:-1])  # (xors,)
    classes = np.uint64(1) << (np.arange(variables, dtype=np.uint64) * _GOLDEN >> np.uint64(58))
    in_clause = np.bitwise_or.reduceat(classes[literals >> 1], offsets[:-1])  # (clauses,)
    in_row = np.bitwise_or.reduceat(classes[rows.variables], rows.offsets[:-1])  # (xors,)
    keys = np.repeat(np.arange(sizes.size), sizes) << 32 | rows.variables  # (xor entries,), rising
    order = np.argsort(rarest, kind="stable")
    ends = np.cumsum(rarest[order] >> 32)  # (xors,), pairs up to each row
    budget = _MOST_ENTRIES
    for low, high in _blocks(ends, _BLOCK):
        chosen = order[low:high]
        row = np.repeat(chosen, rarest[chosen] >> 32)  # (pairs,)
        clause = occurrences[ranges(starts, rarest[chosen] & 0xFFFFFFFF)]  # (pairs,)
        fits = (in_row[row] & ~in_clause[clause] == 0) & (lengths[clause] >= sizes[row])
        row, clause = row[fits], clause[fits]
        budget -= int(lengths[clause].sum())
        if budget < 0 or ends[high - 1] > _MOST_PAIRS:
            break
        entry = literals[ranges(offsets, clause)]
        pair = np.repeat(np.arange(row.size), lengths[clause])  # (entries of pairs,)
        key = row[pair] << 32 | entry >> 1
        found = keys[np.minimum(np.searchsorted(keys, key), keys.size - 1)] == key
        count = np.bincount(pair[found], minlength=row.size)
        odd = np.bincount(pair[found & (entry & 1 == 1)], minlength=row.size) % 2 == 1
        implied[clause[(count == sizes[row]) & (odd != rows.parities[row])]] = True
    return implied


def _blocks(ends: NDArray[np.int64], size: int) -> Iterator[tuple[int, int]]:
    """Cut rows that end at ends (rows,) into ranges of about `size`, at least one row each."""
    low = 0
    while low < ends.size:
        before = int(ends[low - 1]) if low else 0
        high = max(low + 1, int(np.searchsorted(ends, before + size, side="right")))
        yield low, high
        low = high
