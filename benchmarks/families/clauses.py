"""Clauses collected as blocks of arrays: what the generators fill and turn into a Formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.formula import Formula

Rows = NDArray[np.signedinteger[Any]]


class Clauses:
    """A growing formula: `fresh` hands out variables, `add` takes whole arrays of clauses."""

    def __init__(self) -> None:
        self.variables = 0
        self._literals: list[NDArray[np.int32]] = []
        self._lengths: list[NDArray[np.int64]] = []

    def fresh(self, *shape: int) -> NDArray[np.int64]:
        """Return new variables as an array of that shape, numbered in its order."""
        count = int(np.prod(shape))
        first = self.variables + 1
        self.variables += count
        return np.arange(first, first + count).reshape(shape)

    def add(self, rows: Rows) -> None:
        """Add clauses of one length, signed literals (clauses, length)."""
        self._literals.append(np.ascontiguousarray(rows, np.int32).ravel())
        self._lengths.append(np.full(rows.shape[0], rows.shape[1], np.int64))

    def add_each(self, clauses: Iterable[Sequence[int]]) -> None:
        """Add clauses of any lengths."""
        listed = [np.asarray(clause, np.int32) for clause in clauses]
        if listed:
            self._literals.append(np.concatenate(listed))
            self._lengths.append(np.array([clause.size for clause in listed], np.int64))

    def units(self, literals: Rows) -> None:
        """Add a clause of one literal for each."""
        self.add(np.asarray(literals).reshape(-1, 1))

    def at_most_one(self, rows: Rows) -> None:
        """Forbid every pair of each row, literals (groups, size)."""
        first, second = np.triu_indices(rows.shape[1], 1)
        self.add(-np.stack([rows[:, first], rows[:, second]], axis=2).reshape(-1, 2))

    def exactly_one(self, rows: Rows) -> None:
        """Let exactly one literal of each row be true, literals (groups, size)."""
        self.add(rows)
        self.at_most_one(rows)

    def formula(self) -> Formula:
        """Return all of it, in the order in which it was added."""
        offsets = np.zeros(sum(part.size for part in self._lengths) + 1, np.int64)
        if self._lengths:
            np.cumsum(np.concatenate(self._lengths), out=offsets[1:])
        literals = np.concatenate([np.zeros(0, np.int32), *self._literals])
        return Formula(literals, offsets, self.variables)
