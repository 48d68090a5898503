"""Batches of clauses in flat arrays, as they travel between lanes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.rows import row_of


@dataclass(frozen=True, slots=True)
class Clauses:
    """Literals int32 (literals,) and offsets int64 (clauses + 1,), as in a Formula."""

    literals: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return self.offsets.size - 1

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        """Return all clauses of the parts, in order."""
        found = list(parts)
        lengths = np.concatenate([np.zeros(0, np.int64), *(part.sizes for part in found)])
        literals = np.concatenate([np.zeros(0, np.int32), *(part.literals for part in found)])
        return cls(literals, np.append(0, np.cumsum(lengths)).astype(np.int64))

    @classmethod
    def of(cls, *rows: Iterable[int]) -> Self:
        """Return these clauses."""
        lists = [list(row) for row in rows]
        literals = np.array([literal for row in lists for literal in row], np.int32)
        return cls(literals, np.append(0, np.cumsum([len(row) for row in lists])).astype(np.int64))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of literals of each, (clauses,)."""
        return np.diff(self.offsets)

    def kept(self, wanted: NDArray[np.bool_]) -> Self:
        """Return the wanted ones, (clauses,), in order."""
        if wanted.all():
            return self
        literals = self.literals[np.repeat(wanted, self.sizes)]
        return type(self)(literals, np.append(0, np.cumsum(self.sizes[wanted])).astype(np.int64))

    def within(self, variables: int) -> Self:
        """Return those over the variables 1 to `variables`."""
        strange = row_of(self.offsets)[np.abs(self.literals) > variables]
        wanted = np.ones(len(self), np.bool_)
        wanted[strange] = False
        return self.kept(wanted)

    def shortest(self, count: int) -> Self:
        """Return the `count` shortest, of equal ones the latest, in order."""
        if len(self) <= count:
            return self
        order = np.argsort(self.sizes[::-1], kind="stable")[:count]
        wanted = np.zeros(len(self), np.bool_)
        wanted[len(self) - 1 - order] = True
        return self.kept(wanted)

    def keys(self) -> NDArray[np.uint64]:
        """Return a hash of each clause, whatever the order of its literals, uint64 (clauses,)."""
        words = self.literals.astype(np.int64).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        sums = np.append(np.uint64(0), np.cumsum(words ^ words >> np.uint64(31), dtype=np.uint64))
        return np.asarray(sums[self.offsets[1:]] - sums[self.offsets[:-1]])
