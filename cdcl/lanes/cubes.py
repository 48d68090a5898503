"""Cubes: a cover of all assignments by partial ones, shared out among lanes.

Cube and conquer (Heule, Kullmann, Wieringa, Biere, HVC 2011), with the split variables of a population's
elites. Every cube is tried under a small budget first, and under twice that the next time; the first cubes
follow the best assignment, so that a model is met early if it is near.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.lanes.courses import Course, Slice
from turbosat.result import Status

if TYPE_CHECKING:
    from turbosat.cdcl.engines.engine import Answer

FIRST_BUDGET = 2000  # conflicts


class Cube(NamedTuple):
    """A cube still open: times tried, place in the cover, literals."""

    tries: int
    place: int
    literals: tuple[int, ...]


class Cover:
    """Cubes that together leave out no assignment. Each is with one lane at a time.

    A cube is done when it is refuted, or when the core that refuted another holds in it, too.
    """

    def __init__(self, cubes: list[tuple[int, ...]]) -> None:
        """Take cubes over the same variables in all combinations of signs; UsageError for less."""
        from turbosat.errors import UsageError

        variables = {frozenset(map(abs, cube)) for cube in cubes}
        if len(variables) != 1 or len(set(map(frozenset, cubes))) != 1 << len(next(iter(variables))):
            raise UsageError("expected all combinations of signs of the same variables")
        self._open = [Cube(0, place, cube) for place, cube in enumerate(cubes)]  # a heap
        self._out: dict[int, Cube] = {}  # by place, those that lanes are at
        self.refuted = 0

    @property
    def complete(self) -> bool:
        """Whether every cube is refuted: so is the formula."""
        return not self._open and not self._out

    def take(self) -> Cube | None:
        """Return the next cube to try, None when all are refuted or with lanes."""
        if not self._open:
            return None
        cube = heapq.heappop(self._open)
        self._out[cube.place] = cube
        return cube

    def give_back(self, cube: Cube) -> None:
        """Let others try a cube that a budget did not settle, or whose lane was lost."""
        if self._out.pop(cube.place, None) is not None:
            heapq.heappush(self._open, Cube(cube.tries + 1, cube.place, cube.literals))

    def refute(self, cube: Cube, core: tuple[int, ...]) -> None:
        """Take note that a cube holds a core: what cannot hold. Every cube with that core is done."""
        held = set(core)
        done = [each for each in (*self._open, *self._out.values()) if held <= set(each.literals)]
        assert cube.place not in self._out or cube in done
        self._open = [each for each in self._open if not held <= set(each.literals)]
        heapq.heapify(self._open)
        for each in done:
            self._out.pop(each.place, None)
        self.refuted += len(done)


class Conquer(Course):
    """A lane that works through a cover; when none is left for it, it searches without a guess."""

    def __init__(self, cover: Cover) -> None:
        self.cover = cover
        self._cube: Cube | None = None

    def next(self) -> Slice:
        """Return the next cube, under a budget that doubles every time it comes round."""
        self._cube = self.cover.take()
        if self._cube is None:
            return Slice(Budget(conflicts=FIRST_BUDGET))
        budget = Budget(conflicts=FIRST_BUDGET << self._cube.tries)
        return Slice(budget, self._cube.literals, note=f"cube {self._cube.place + 1}")

    def ended(self, piece: Slice, answer: Answer) -> bool:
        """Give the cube back, or cross it off."""
        cube, self._cube = self._cube, None
        if cube is None:
            return False
        if answer.status is Status.UNSATISFIABLE:
            self.cover.refute(cube, answer.core)
        else:
            self.cover.give_back(cube)
        return self.cover.complete

    def lost(self) -> None:
        """Give the cube of a lane that is no more back."""
        if self._cube is not None:
            self.cover.give_back(self._cube)
            self._cube = None
