"""Clauses after unit propagation, grouped by their sets of variables: where XORs and gates are looked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import xor as kernels
from turbosat.core.xor import COUNTERS, SETS, Table
from turbosat.encodings.propagation import advance, literal_codes, propagate, shortened, tidied, transpose
from turbosat.formula.formula import Formula

EFFORT: Final = 1 << 17  # literals a kernel looks at between two calls of `check`


@dataclass(frozen=True, slots=True)
class ClauseSets:
    """The clauses of a formula that unit propagation leaves, without repeated literals and tautologies.

    Variables count from 0 and are those of the formula in rising order, without unused ones if most are;
    clauses of up to `longest` literals are sorted and in the table.
    """

    variables: int
    names: NDArray[np.int32]  # (variables,), the formula's number of each variable, from 1, rising
    values: NDArray[np.int8]  # (variables,), 0 or 1 where propagation says so, else -1
    contradiction: bool  # propagation finds a conflict; then no clauses are left
    longest: int
    table: Table
    sets: int

    @property
    def clauses(self) -> int:
        """The number of clauses left, repeated ones included."""
        return self.table.offsets.size - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of variables of each set, int64 (sets,)."""
        heads = self.table.heads[: self.sets]
        return self.table.offsets[heads + 1] - self.table.offsets[heads]


def lists_of(
    keys: NDArray[np.int32], size: int, check: Callable[[], None] = lambda: None
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return starts (size + 1,) and where each key in [0, size) is, rising."""
    return transpose(keys, np.arange(keys.size + 1), size, check)


def clause_sets(
    formula: Formula, longest: int, check: Callable[[], None] = lambda: None, *, settled: bool = True
) -> ClauseSets:
    """Propagate the units among clauses and XORs, tidy the rest, group clauses of 2 to `longest` literals.

    Every clause left follows from the formula's clauses by reverse unit propagation: it is one of them
    without literals that unit propagation makes false. Unless `settled`, nothing is propagated. `check` is
    called every few milliseconds.
    """
    sizes = np.diff(formula.xors.offsets)
    assumed = formula.xors.literals[formula.xors.offsets[:-1][sizes == 1]]
    names, literals, assumed = _numbered(formula, assumed)
    variables = names.size
    check()
    codes, offsets = tidied(literals, formula.offsets, variables, longest, check)
    if not settled:
        table, sets = _grouped(codes, offsets, longest, check)
        free = np.full(variables, -1, np.int8)
        return ClauseSets(variables, names, free, False, longest, table, sets)
    fixed = propagate(codes, offsets, variables, literal_codes(assumed), check=check)
    if fixed.contradiction:
        codes, offsets = codes[:0], offsets[:1]
    elif (fixed.values >= 0).any():
        codes, offsets = shortened(codes, offsets, fixed.satisfied, fixed.values, longest, check)
    table, sets = _grouped(codes, offsets, longest, check)
    return ClauseSets(variables, names, fixed.values, fixed.contradiction, longest, table, sets)


def _numbered(
    formula: Formula, assumed: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return the formula's variables and its literals and the assumed ones as numbers of these."""
    used = formula.literals.size + assumed.size
    if formula.variables <= 2 * used + 1024:
        return np.arange(1, formula.variables + 1, dtype=np.int32), formula.literals, assumed
    every = np.concatenate([formula.literals, assumed])
    names, places = np.unique(np.abs(every), return_inverse=True)
    renamed = ((places + 1) * np.sign(every)).astype(np.int32)
    return names, renamed[: formula.literals.size], renamed[formula.literals.size :]


def _grouped(
    codes: NDArray[np.int32], offsets: NDArray[np.int64], longest: int, check: Callable[[], None]
) -> tuple[Table, int]:
    clauses = offsets.size - 1
    sizes = np.diff(offsets)
    most = int(((sizes >= 2) & (sizes <= longest)).sum())
    table = Table(
        codes=codes,
        offsets=offsets,
        slots=np.full(1 << max(2 * most, 2).bit_length(), -1, np.int32),
        hashes=np.zeros(most, np.uint64),
        heads=np.zeros(most, np.int32),
        tails=np.zeros(most, np.int32),
        counts=np.zeros(most, np.int32),
        patterns=np.zeros(most, np.uint64),
        nexts=np.full(clauses, -1, np.int32),
        repeated=np.zeros(clauses, np.bool_),
    )
    counters = np.zeros(COUNTERS, np.int64)
    advance(lambda first: kernels.group(table, longest, first, EFFORT, counters), clauses, check)
    return table, int(counters[SETS])
