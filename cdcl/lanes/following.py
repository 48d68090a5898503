"""Courses that follow the guidance of a population: phases, partial assignments, cubes.

A partial assignment (TurboSAT, arXiv 2511.07737: the high-confidence variables) is a guess: assumed for a
slice of few conflicts, taken back where it is refuted. What its core says goes to others as a clause, and
what is left of the guess is tried again without the literals of the core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.lanes.courses import Course, Slice
from turbosat.cdcl.lanes.cubes import Conquer, Cover
from turbosat.result import Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.engines.engine import Answer
    from turbosat.gpu.guidance import Guidance

FREE = 5000  # conflicts of a slice without a guess
PROBE = 1000  # conflicts of a slice under a partial assignment
SHARE = 0.2  # of a lane's conflicts that probes may take, once they have had PROBES
PROBES = 10_000  # conflicts
PARTS = (0.5, 0.25, 0.1, 0.03)  # of the variables that a guess holds, tried in this order
SHRINKS = 8  # times that a refuted guess is tried again without its core
DEPTH = 4  # variables of a cube


class BestGuidance:
    """Guidance of the population that is nearest to a solution; `version` grows with each new one."""

    def __init__(self) -> None:
        self.guidance: Guidance | None = None
        self.version = 0
        self.false: int | None = None  # clauses of the best assignment

    def put(self, guidance: Guidance) -> bool:
        """Put guidance up unless something better is there; tell whether its best assignment is better."""
        if self.false is not None and guidance.false > self.false:
            return False
        better = self.false is None or guidance.false < self.false
        self.guidance, self.false = guidance, guidance.false
        self.version += 1
        return better


class Flipped(Course):
    """One slice without end that begins with the best assignment as phases."""

    def __init__(self, best_guidance: BestGuidance) -> None:
        self._best_guidance = best_guidance

    def next(self) -> Slice:
        """Return the slice; phases as far as there are any."""
        guidance = self._best_guidance.guidance
        return Slice(Budget()) if guidance is None else _phased(Budget(), guidance)


class Phased(Course):
    """Slices without a guess, with the best assignment as phases whenever there is a better one."""

    def __init__(self, best_guidance: BestGuidance) -> None:
        self._best_guidance = best_guidance
        self._false: int | None = None  # clauses of the assignment that was set as phases

    def next(self) -> Slice:
        """Return a slice of a few seconds at most."""
        guidance = self._best_guidance.guidance
        if guidance is None or (self._false is not None and guidance.false >= self._false):
            return Slice(Budget(conflicts=FREE))
        self._false = guidance.false
        return _phased(Budget(conflicts=FREE), guidance)


class Probing(Course):
    """Slices without a guess, in between probes of the elites' partial assignments."""

    def __init__(self, best_guidance: BestGuidance) -> None:
        self._best_guidance = best_guidance
        self._version = 0  # of the guidance that was probed
        self._guess: NDArray[np.int32] | None = None  # to be tried next
        self._part = 0  # which of PARTS
        self._shrinks = 0
        self._spent = [0.0, 0.0]  # conflicts without a guess, and of probes
        self._before = 0.0  # conflicts of the lane before this slice

    def next(self) -> Slice:
        """Return a probe where one is due, else a slice without a guess."""
        guess = self._next_guess() if self._may_probe() else None
        if guess is not None and not guess.size:  # of few variables, or all of it was in the core
            self._guess, guess = None, None
            self._part += 1
        if guess is not None:
            note = f"partial assignment of {guess.size} literals"
            return Slice(Budget(conflicts=PROBE), tuple(guess.tolist()), note=note)
        return Slice(Budget(conflicts=FREE))

    def ended(self, piece: Slice, answer: Answer) -> bool:
        """Take conflicts into account; shrink a refuted guess by its core."""
        conflicts = answer.counts.get("conflicts", self._before)
        self._spent[bool(piece.guess)] += conflicts - self._before
        self._before = conflicts
        if not piece.guess:
            return False
        if answer.status is Status.UNSATISFIABLE and self._shrinks < SHRINKS and self._guess is not None:
            import numpy as np

            self._shrinks += 1
            self._guess = self._guess[~np.isin(self._guess, answer.core)]
        else:
            self._guess = None
            self._part += 1
        return False

    def _may_probe(self) -> bool:
        free, probed = self._spent
        return probed <= max(PROBES, SHARE * (free + probed))

    def _next_guess(self) -> NDArray[np.int32] | None:
        """Return the guess to be tried, the next part of the newest guidance where there is none."""
        best_guidance = self._best_guidance
        if self._guess is not None:
            return self._guess
        if best_guidance.guidance is None:
            return None
        if best_guidance.version != self._version and (self._part >= len(PARTS) or self._version == 0):
            self._version, self._part = best_guidance.version, 0
        if self._part >= len(PARTS):
            return None
        self._shrinks = 0
        guidance = best_guidance.guidance
        self._guess = guidance.partial(int(PARTS[self._part] * guidance.ranked.size))
        return self._guess


class Cubes(Course):
    """Cubes over what divides the elites; a lane without a guess until there is guidance.

    All lanes of a run that share the `covers` work on the same cover.
    """

    def __init__(self, best_guidance: BestGuidance, covers: list[Cover]) -> None:
        self._best_guidance = best_guidance
        self._covers = covers
        self._conquer: Conquer | None = None

    def next(self) -> Slice:
        """Return the next cube."""
        guidance = self._best_guidance.guidance
        if self._conquer is None:
            if not self._covers and guidance is not None and guidance.splits.size >= DEPTH:
                self._covers.append(Cover([tuple(cube) for cube in guidance.cubes(DEPTH).tolist()]))
            if self._covers:
                self._conquer = Conquer(self._covers[0])
        return Slice(Budget(conflicts=FREE)) if self._conquer is None else self._conquer.next()

    def ended(self, piece: Slice, answer: Answer) -> bool:
        """Cross the cube off, or give it back."""
        return self._conquer is not None and self._conquer.ended(piece, answer)

    def lost(self) -> None:
        """Give the cube back."""
        if self._conquer is not None:
            self._conquer.lost()


def _phased(budget: Budget, guidance: Guidance) -> Slice:
    """Return a slice that begins with the best assignment as phases."""
    note = f"phases of {guidance.false} false clauses"
    return Slice(budget, phases=guidance.phases, note=note)
