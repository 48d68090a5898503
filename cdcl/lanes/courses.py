"""The plan of a lane: what it is to do, slice by slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbosat.cdcl.engines.engine import Budget
from turbosat.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.engines.engine import Answer


@record(frozen=True)
class Slice:
    """One slice: how far, under which literals assumed as a guess, preferring which values (variables,).

    `note` says in a few words what is new in it, for people.
    """

    budget: Budget
    guess: tuple[int, ...] = ()
    phases: NDArray[np.bool_] | None = None
    note: str = ""


class Course:
    """The plan of one lane. This one is a single slice without end, under no guess."""

    def next(self) -> Slice:
        """Return what the lane is to do now."""
        return Slice(Budget())

    def ended(self, piece: Slice, answer: Answer) -> bool:
        """Learn how a slice ended: its budget ran out, or its guess was refuted.

        Returns whether all guesses together now refute the formula.
        """
        return False

    def lost(self) -> None:
        """Learn that the lane is no more: what only it was at is for others now."""
