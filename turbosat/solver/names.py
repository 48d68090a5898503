"""The numbers of variables: those that a user knows, and those that a solver adds for itself.

Encodings of cardinalities and XORs, and clauses that can be switched off, need variables of their own. Users
go on counting where they were, so from the first one on the two are told apart.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Names:
    """Which number inside stands for a user's variable: `known` are the user's, `used` there are in all."""

    def __init__(self) -> None:
        self.known = 0
        self.used = 0
        self._inward: array[int] | None = None  # entry v for variable v; None while all are the same

    @property
    def same(self) -> bool:
        """Whether every number inside is the user's."""
        return self._inward is None

    def know(self, variables: int) -> None:
        """Take in a user's variables, 1 to `variables`."""
        if variables <= self.known:
            return
        if self._inward is not None:
            first = self.used + 1
            self._inward.extend(range(first, first + variables - self.known))
        self.used += variables - self.known
        self.known = variables

    def fresh(self) -> int:
        """Return the number of a new variable that is not the user's."""
        if self._inward is None:
            self._inward = array("i", range(self.known + 1))
        self.used += 1
        return self.used

    def inward(self, literals: list[int]) -> list[int]:
        """Return a user's literals as numbers inside; new ones become known."""
        return self.renamed(literals, max(max(literals), -min(literals)) if literals else 0)

    def renamed(self, literals: list[int], largest: int) -> list[int]:
        """Do the same where the largest variable is known."""
        if largest > self.known:
            self.know(largest)
        names = self._inward
        if names is None:
            return literals
        return [names[literal] if literal > 0 else -names[-literal] for literal in literals]

    def inward_flat(self, literals: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return literals and zeros (literals,) as numbers inside; new ones become known."""
        if literals.size:
            self.know(max(int(literals.max()), -int(literals.min())))
        if self._inward is None:
            return literals
        table = np.frombuffer(self._inward, np.int32).copy()
        return np.sign(literals) * table[np.abs(literals)]

    def outward(self, literals: list[int]) -> list[int]:
        """Return those of some numbers inside that are a user's literals."""
        if self._inward is None:
            return literals
        back = {inside: name for name, inside in enumerate(self._inward) if name}
        return [
            back[abs(literal)] if literal > 0 else -back[abs(literal)]
            for literal in literals
            if abs(literal) in back
        ]

    def values(self, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the values of the user's variables, (known,), of those inside, (used,)."""
        if self._inward is None:
            return inside[: self.known]
        table = np.frombuffer(self._inward, np.int32).copy()
        return inside[table[1:] - 1]

    def copied(self) -> Names:
        """Return the same numbers."""
        other = Names()
        other.known, other.used = self.known, self.used
        other._inward = None if self._inward is None else self._inward[:]
        return other
