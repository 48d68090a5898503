"""CNF as the sparse matrix P (clauses by literals) with its transpose: what every gradient device reads.

P is the binary matrix of TurboSAT (arXiv 2511.07737): R = P·A counts the true literals of each
clause for each candidate column of A. It is kept sparse: `literals` by clause (the rows of P) and
`occurrences` by literal (the rows of its transpose). Two clauses are neighbours if they share a literal, so
the lists also are the neighbourhood along which clause weights move; it is never written out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.core import clauses as kernels
from turbosat.encodings.propagation import (
    EFFORT,
    blocks,
    fix_pure_literals,
    literal_codes,
    propagate,
    renumber,
    shortened,
    tidied,
    transpose,
)
from turbosat.formula.formula import Formula


@dataclass(frozen=True, slots=True)
class Matrix:
    """The clauses left of a formula after unit propagation, over the variables left in them.

    Variable v (from 0) has the literals 2v (positive) and 2v + 1. No clause is a tautology, repeats a
    literal or is shorter than 2. With `contradiction` the formula has no model and there are no clauses.
    """

    variables: int
    offsets: NDArray[np.int64]  # (clauses + 1,), row c of P is literals[offsets[c] : offsets[c + 1]]
    literals: NDArray[np.int32]  # (entries,)
    starts: NDArray[np.int64]  # (2 · variables + 1,), literal l is in occurrences[starts[l] : starts[l + 1]]
    occurrences: NDArray[np.int32]  # (entries,), clauses, rising for each literal
    names: NDArray[np.int32]  # (variables,), the formula's number of each variable, from 0
    rest: NDArray[np.bool_]  # (formula variables and those that split XORs,), values of those not in `names`
    implied: NDArray[np.bool_]  # (formula variables,), value fixed by propagation
    contradiction: bool = False

    @property
    def clauses(self) -> int:
        """The number of clauses left."""
        return self.offsets.size - 1

    @property
    def constraints(self) -> int:
        """The number of constraints a search counts when false: here the clauses."""
        return self.clauses

    @property
    def entries(self) -> int:
        """The number of ones in P."""
        return self.literals.size

    @property
    def longest(self) -> int:
        """The number of places of the longest constraint."""
        return int(np.diff(self.offsets).max(initial=0))

    @property
    def degrees(self) -> NDArray[np.int64]:
        """How many constraints each variable is in, int64 (variables,)."""
        return self.starts[2::2] - self.starts[:-2:2]

    @property
    def formula_variables(self) -> int:
        """The number of variables of the formula, before simplification."""
        return self.implied.size

    def extend(self, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Turn values bool (..., variables) into values of the formula, bool (..., formula variables)."""
        full = np.broadcast_to(self.rest, (*values.shape[:-1], self.rest.size)).copy()
        full[..., self.names] = values
        return full[..., : self.formula_variables]

    def project(self, full: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Take values bool (..., variables) out of values of the formula: what extend undoes."""
        split = self.rest.size - full.shape[-1]  # the variables that split long XORs are free to be false
        padded = np.concatenate([full, np.zeros((*full.shape[:-1], split), np.bool_)], axis=-1)
        return padded[..., self.names]

    def counts(self, values: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return R = P·A for values bool (variables,): the true literals of each clause, int64 (clauses,)."""
        if not self.clauses:
            return np.zeros(0, np.int64)
        true = values[self.literals >> 1] ^ (self.literals & 1).astype(np.bool_)  # (entries,)
        return np.add.reduceat(true, self.offsets[:-1], dtype=np.int64)

    def margins(
        self, values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> NDArray[np.int64]:
        """Return make - break of every variable, int64 (variables,), in units of the weights (clauses,).

        Flipping v lowers Σ_c w_c [c false] by margins[v]: the gradient of its multilinear extension
        Σ_c w_c Π_{l in c} (1 - l) at a vertex, with the sign of descent.
        """
        weight = np.ones(self.clauses, np.int64) if weights is None else weights.astype(np.int64)
        counts = Matrix.counts(self, values)
        true = values[self.literals >> 1] ^ (self.literals & 1).astype(np.bool_)  # (entries,)
        lengths = np.diff(self.offsets)
        # Along a literal: all of a false clause would make it, the only true one of a clause would break it.
        steps = np.where(counts == 0, weight, 0).repeat(lengths)
        steps -= np.where(counts == 1, weight, 0).repeat(lengths) * true
        # Sums in float64 are exact below 2^53, far above 2^30 · 2^22 clauses of one variable.
        sums = np.bincount(self.literals >> 1, weights=steps, minlength=self.variables)
        return sums.astype(np.int64)


def encode(formula: Formula, assumed: NDArray[np.int32] | None = None, *, pure: bool = False) -> Matrix:
    """Encode a formula, its XORs as clauses, under assumed literals (signed, from 1) and their consequences.

    With `pure`, variables that occur with one sign only are set to it, repeatedly: this keeps
    satisfiability, not all models.
    """
    plain = formula.expanded()
    codes, offsets = tidied(plain.literals, plain.offsets, plain.variables)
    units = literal_codes(np.zeros(0, np.int32) if assumed is None else assumed)
    fixed = propagate(codes, offsets, plain.variables, units)
    implied = fixed.values >= 0
    if pure and not fixed.contradiction:
        fix_pure_literals(codes, offsets, fixed)
    dropped = fixed.satisfied | fixed.contradiction
    offsets, literals, names = compact(codes, offsets, dropped, fixed.values)
    starts, occurrences = transpose(literals, offsets, 2 * names.size)
    return Matrix(
        variables=names.size,
        offsets=offsets,
        literals=literals,
        starts=starts,
        occurrences=occurrences,
        names=names,
        rest=fixed.values == 1,
        implied=implied[: formula.variables],
        contradiction=fixed.contradiction,
    )


def compact(
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    dropped: NDArray[np.bool_],
    values: NDArray[np.int8],
    others: NDArray[np.int32] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Return offsets, renumbered literals and names of the clauses that stay, without fixed literals.

    Variables are kept that occur in these clauses or are among `others`; names[i] is the i-th of them.
    """
    literals, offsets = shortened(codes, offsets, dropped, values)
    used = np.zeros(values.size, np.bool_)
    for first, last in blocks(literals.size, EFFORT):
        kernels.mark(literals, first, last, used)
    if others is not None:
        used[others] = True
    names = np.flatnonzero(used).astype(np.int32)
    if names.size < values.size:
        number = np.zeros(values.size, np.int32)
        number[names] = np.arange(names.size, dtype=np.int32)
        renumber(literals, number)
    return offsets, literals, names
