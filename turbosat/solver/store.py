"""The clauses of a solver as they were added, in one growing array: what answers are checked against."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from turbosat.errors import UsageError
from turbosat.formula.formula import Formula
from turbosat.formula.rows import check_literals, frozen, frozen_offsets, row_of
from turbosat.formula.rows import literals as checked_literals
from turbosat.validation import MAX_VARIABLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST = 256  # literals that there is room for at first
INTEGERS = {int}


def row(clause: Iterable[int], one: str = "literal") -> list[int]:
    """Return literals as a list of nonzero int; UsageError says which is none."""
    return measured(clause, one)[0]


def measured(clause: Iterable[int], one: str = "literal") -> tuple[list[int], int]:
    """Do the same, and return the largest variable, too."""
    kind = type(clause)
    found = clause if kind is list or kind is tuple else None
    if found is None and isinstance(clause, set | frozenset | range):
        found = list(clause)
    if found is not None:
        if not found:
            return [], 0
        if {*map(type, found)} == INTEGERS and 0 not in found:
            largest = max(max(found), -min(found))
            if largest <= MAX_VARIABLE:
                return list(found), largest
    checked: list[int] = checked_literals(clause, one).tolist()
    return checked, max(map(abs, checked), default=0)


class Store:
    """Clauses over numbers of its own (see turbosat.solver.names), 0 behind each.

    `literals` int32 (room,) holds them up to `size`; those in `_pending` come behind when they are `settled`.
    """

    def __init__(self) -> None:
        self.literals = np.zeros(_LEAST, np.int32)
        self.size = 0
        self.clauses = 0
        self.has_empty = False
        self._pending = array("i")

    def add(self, clause: list[int], *, counted: bool = True) -> None:
        """Add a clause of checked literals; `counted`: it is the user's, or stands for what is."""
        if not clause:
            self.has_empty = True
        self.clauses += counted
        self._pending.extend((*clause, 0))  # at once: a fork in between would leave half a clause

    def add_flat(self, flat: NDArray[np.int32]) -> None:
        """Add clauses that end with 0 each, checked (literals,)."""
        if not flat.size:
            return
        self.settled()
        self._reserve(self.size + flat.size)
        self.literals[self.size : self.size + flat.size] = flat
        self.size += flat.size
        ends = flat == 0
        self.clauses += int(np.count_nonzero(ends))
        self.has_empty |= bool(ends[0]) or bool((ends[1:] & ends[:-1]).any())

    def settled(self) -> int:
        """Bring all clauses into the array; return its used size."""
        if self._pending:
            pending, self._pending = self._pending, array("i")
            self._reserve(self.size + len(pending))
            self.literals[self.size : self.size + len(pending)] = np.frombuffer(pending, np.int32)
            self.size += len(pending)
        return self.size

    def flat(self) -> NDArray[np.int32]:
        """Return a copy of all clauses, (literals,), 0 behind each."""
        size = self.settled()
        return self.literals[:size].copy()

    def formula(self, size: int, variables: int) -> Formula:
        """Return the clauses of the first `size` literals as a Formula over so many variables."""
        return Formula.from_dimacs_array(self.literals[:size].copy(), variables)

    def _reserve(self, size: int) -> None:
        if size > self.literals.size:
            grown = np.zeros(max(size, self.literals.size + self.literals.size // 2), np.int32)
            grown[: self.size] = self.literals[: self.size]
            self.literals = grown


def flat_clauses(source: Any) -> NDArray[np.int32] | None:
    """Return the clauses of numpy arrays with 0 behind each, (literals,) int32; None if it is something else.

    They come flat, with 0 behind each clause, int (literals,); as rows of equal length, (clauses, length); or
    as literals (literals,) and offsets (clauses + 1,). UsageError for what is none of it.
    """
    if isinstance(source, Formula):
        return joined(source.literals, source.offsets)
    if isinstance(source, np.ndarray) and source.ndim == 2:
        if source.dtype.kind not in "iu":
            raise UsageError(f"expected clauses as integers, found {source.dtype}")
        if source.size:
            check_literals(source.ravel(), "clauses")
        rows = np.zeros((source.shape[0], source.shape[1] + 1), np.int32)
        rows[:, :-1] = source
        return rows.ravel()
    if isinstance(source, np.ndarray):
        flat = frozen(source, np.int32, "clauses")
        if flat.size and flat[-1] != 0:
            raise UsageError(f"expected 0 after the last clause, found {int(flat[-1])}")
        if flat.size and (flat.min() < -MAX_VARIABLE or flat.max() > MAX_VARIABLE):
            raise UsageError(f"expected variables up to {MAX_VARIABLE} in the clauses")
        return flat
    pair = isinstance(source, tuple) and len(source) == 2
    if pair and all(isinstance(part, np.ndarray) for part in source):
        flat = frozen(source[0], np.int32, "literals")
        check_literals(flat, "clauses")
        return joined(flat, frozen_offsets(source[1], flat.size, "clauses"))
    return None


def joined(literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return clauses with 0 behind each, of literals (literals,) and offsets (clauses + 1,)."""
    clauses = offsets.size - 1
    result = np.zeros(literals.size + clauses, np.int32)
    lengths = np.diff(offsets)
    if clauses and (lengths == lengths[0]).all():
        result.reshape(clauses, -1)[:, :-1] = literals.reshape(clauses, -1)
    else:
        result[np.arange(literals.size) + row_of(offsets)] = literals
    return result
