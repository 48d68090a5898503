"""Indicators: auxiliary variables of conjunctions of which at most one may hold.

A conjunction implies its indicator by a clause, and indicators exclude each other by clauses of two. They are
in no other clauses; conjunctions that share one may hold together, as far as it says. Literals without their
negations count as indicators that exclude none.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.exclusion import pairs_of
from turbosat.encodings.propagation import literal_codes
from turbosat.formula.formula import Formula

ROUNDS: Final = 16  # in which what only looked like an indicator is found out, at most

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Indicators:
    """Literals that conjunctions imply, and of which some exclude each other.

    Those in no pair may be true whatever else is: no clause with one says anything.
    """

    literals: NDArray[np.bool_]  # (literals,), whether it is one
    pairs: Codes  # (pairs, 2)

    @property
    def variables(self) -> NDArray[np.bool_]:
        """Whether each literal is an indicator or the negation of one, (literals,)."""
        either: NDArray[np.bool_] = self.literals.reshape(-1, 2).any(axis=1).repeat(2)
        return either


def find_indicators(codes: Codes, offsets: NDArray[np.int64], literals: int) -> Indicators | None:
    """Return the indicators of clauses, None where none exclude each other, or it takes too long to tell."""
    sizes = np.diff(offsets)
    clause = np.repeat(np.arange(sizes.size), sizes)  # (entries,)
    two = sizes == 2
    negations = np.arange(literals) ^ 1
    used, longer = (np.bincount(each, minlength=literals) > 0 for each in (codes, codes[~two[clause]]))
    found = used & ~longer[negations]
    found &= ~found[negations]
    pairs, numbers = pairs_of(codes, offsets), np.flatnonzero(two)
    for _ in range(ROUNDS):
        before = np.count_nonzero(found)
        both = found[pairs]
        found[pairs[both[:, 0] != both[:, 1]]] = False
        either = found | found[negations]
        crowded = np.bincount(clause[either[codes]], minlength=sizes.size) > 1
        crowded[numbers[found[pairs].all(axis=1)]] = False
        wrong = codes[crowded[clause]]
        found[wrong] = found[wrong ^ 1] = False
        if np.count_nonzero(found) == before:
            kept = pairs[found[pairs].all(axis=1)]
            return Indicators(found, kept) if kept.size else None
    return None


def promising(formula: Formula) -> bool:
    """Say whether clauses have indicators; about 35 ms for a million literals."""
    codes, offsets = literal_codes(formula.literals), formula.offsets
    return offsets.size > 1 and find_indicators(codes, offsets, 2 * formula.variables) is not None
