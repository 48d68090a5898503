"""What linear algebra over GF(2) says of a formula: XORs, and what follows from them alone.

A contradiction refutes the formula. Units, equivalences and short XORs become clauses for every lane. The
reduced system itself is what the finite-field engine searches in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.gf2.elimination import Elimination, eliminate
from turbosat.encodings.gf2.reduction import Limits
from turbosat.encodings.xor.recovery import CLAUSES, GATES, LINES, Recovered, recover
from turbosat.errors import SoundnessError
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors

LARGEST = 512 << 20  # bytes of each matrix of an elimination; beyond, it finds what substitution finds
SOURCES = (("lines", LINES), ("clauses", CLAUSES), ("gates", GATES))


@dataclass(frozen=True, slots=True)
class Facts:
    """What recovery and elimination found. `seconds` are those of each of the two."""

    recovered: Recovered
    elimination: Elimination
    seconds: tuple[float, float]

    @property
    def conflict(self) -> Xors | None:
        """The recovered XORs whose sum is 0 = 1, or None. Raises SoundnessError if they do not sum to it."""
        rows = self.elimination.contradiction
        if rows is None:
            return None
        chosen = self.recovered.xors.rows(rows)
        if not chosen.contradictory:
            raise SoundnessError("elimination claims a contradiction, but its XORs do not sum to 0 = 1")
        return chosen

    def clauses(self, formula: Formula) -> Formula:
        """Return clauses that follow from the XORs and are not among the formula's own.

        Units, two clauses for each equivalence, and the clauses of derived short XORs.
        """
        units, pairs = self.elimination.units, self.elimination.equivalences
        both = np.concatenate([pairs * [1, -1], pairs * [-1, 1]]).astype(np.int32)  # a or not b, b or not a
        single = units[~np.isin(units, formula.literals[formula.offsets[:-1][np.diff(formula.offsets) == 1]])]
        double = both[~np.isin(_pair_keys(both), _pair_keys(_binary(formula)))]
        literals, lengths = self.elimination.short.clauses()
        flat = np.concatenate([single, double.ravel(), literals])
        sizes = np.repeat([1, 2], [single.size, len(double)])
        return Formula(flat, np.append(0, np.cumsum(np.append(sizes, lengths))), formula.variables)

    def solution(self, variables: int) -> NDArray[np.bool_]:
        """Return values bool (variables,) that satisfy all XORs; variables they leave free are false."""
        values = np.zeros(variables, np.bool_)
        values[self.elimination.pivots - 1] = self.elimination.constants
        return values

    def figures(self) -> dict[str, Any]:
        """Return plain data for people and for JSON."""
        elimination, sources = self.elimination, self.recovered.sources
        return {
            "xors": len(self.recovered.xors),
            **{name: int((sources == source).sum()) for name, source in SOURCES},
            "variables": int(np.unique(self.recovered.xors.variables).size),
            "rank": int(elimination.pivots.size),
            "free": int(elimination.free.size),
            "units": int(elimination.units.size),
            "equivalences": len(elimination.equivalences),
            "short": len(elimination.short),
            "complete": elimination.complete,
            "contradiction": elimination.contradiction is not None,
            "recover_seconds": round(self.seconds[0], 4),
            "eliminate_seconds": round(self.seconds[1], 4),
        }


def find(formula: Formula, check: Callable[[], None] = lambda: None) -> Facts:
    """Recover the XORs of a formula and eliminate; `check` raises to end it."""
    begin = time.perf_counter()
    recovered = recover(formula, check=check)
    middle = time.perf_counter()
    elimination = eliminate(recovered.xors, formula.variables, check=check, limits=Limits(bytes=LARGEST))
    return Facts(recovered, elimination, (middle - begin, time.perf_counter() - middle))


def _binary(formula: Formula) -> NDArray[np.int32]:
    """Return the formula's clauses of two literals, int32 (clauses, 2)."""
    first = formula.offsets[:-1][np.diff(formula.offsets) == 2]
    return np.stack([formula.literals[first], formula.literals[first + 1]], axis=1)


def _pair_keys(pairs: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return one number for each clause of two literals (clauses, 2), whatever their order."""
    low, high = np.sort(pairs.astype(np.int64), axis=1).T
    keys: NDArray[np.int64] = low << 32 ^ high
    return keys
