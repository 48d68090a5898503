"""IC3: an inductive invariant from clauses that are inductive relative to frames (Bradley, VMCAI 2011).

As in Eén, Mishchenko and Brayton (Efficient Implementation of Property Directed Reachability, FMCAD 2011):
obligations in a queue, frames that hold only the clauses the next one lacks, cubes lifted by ternary
simulation. Counterexamples to generalisation are blocked on the way (Hassan, Bradley, Somenzi: Better
Generalization in IC3, FMCAD 2013).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from turbosat.verify.prove.answer import Found
from turbosat.verify.prove.lemmas import Lemmas
from turbosat.verify.prove.question import Cube, Frame, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from turbosat.encodings.circuit.aig import Aig

GUESTS = 3  # counterexamples to a generalisation that are blocked before it is given up
DEPTH = 1  # of generalisations within generalisations


@dataclass(frozen=True, slots=True)
class Obligation:
    """States that must not be reached, and how they lead to a bad one: by `inputs` into `after`."""

    cube: Cube
    inputs: NDArray[np.bool_]  # (inputs,)
    after: Obligation | None
    depth: int


class Ic3:
    """The search for an invariant that excludes one literal of a circuit; call `run`.

    `report` is told of each new frame: its number and how many clauses there are.
    """

    def __init__(
        self, aig: Aig, bad: int, report: Callable[[int, int], None] = lambda frame, clauses: None
    ) -> None:
        self.step = Step(aig)
        self._bad = bad
        self._report = report
        latches = aig.latch_literals()
        self._first = {  # the literals that are false in all first states
            latch + reset
            for latch, reset in zip(latches.tolist(), aig.reset.tolist(), strict=True)
            if reset in (0, 1)
        }
        self._reset = aig.reset
        self.lemmas = Lemmas()
        self._solvers: list[Frame] = []
        self._weights = np.zeros(2 * (aig.variables + 1))  # of literals
        self._increment = 1.0
        self._tie = count()
        self.queries = 0

    def run(self) -> Found:
        """Search until the answer is found."""
        self._new_frame()
        for literal in sorted(self._first):
            self._solvers[0].exclude((literal,))
        while True:
            top = len(self._solvers) - 1
            while self._solvers[top].holds(self._bad):
                bad = self.step.lifted([self._bad])
                found = self._block(Obligation(bad.cube, bad.inputs, None, 0), top)
                if found is not None:
                    return found
            self._new_frame()
            self._report(top, sum(map(len, self.lemmas.frames)))
            invariant = self._propagate()
            if invariant is not None:
                return Found(clauses=[tuple(literal ^ 1 for literal in cube) for cube in invariant])

    def _new_frame(self) -> None:
        self._solvers.append(Frame(self.step))
        self.lemmas.frames.append([])

    def _starts(self, cube: Cube) -> bool:
        """Whether a first state is in a cube."""
        return self._first.isdisjoint(cube)

    def _block(self, obligation: Obligation, level: int) -> Found | None:
        """Exclude a cube's states from a frame, and all that lead there; a run to them if there is one."""
        top = len(self._solvers) - 1
        queue = [(level, 0, next(self._tie), obligation)]
        while queue:
            level, depth, _, obligation = heapq.heappop(queue)
            cube = obligation.cube
            if self._starts(cube):
                return self._run_from(obligation)
            if self.lemmas.blocks(cube, level):
                if level < top:
                    heapq.heappush(queue, (level + 1, depth, next(self._tie), obligation))
                continue
            core = self._reach(level, cube)
            if core is None:
                before = self.step.lifted([self.step.primed(literal) for literal in cube])
                again = Obligation(before.cube, before.inputs, obligation, depth + 1)
                heapq.heappush(queue, (level - 1, depth + 1, next(self._tie), again))
                heapq.heappush(queue, (level, depth, next(self._tie), obligation))
                continue
            at = self._learn(self._generalise(self._apart(core, cube), level, 0), level)
            if at < top:
                heapq.heappush(queue, (at + 1, depth, next(self._tie), obligation))
        return None

    def _reach(self, level: int, cube: Cube, *, strengthen: bool = True) -> list[int] | None:
        self.queries += 1
        return self._solvers[level - 1].reach(cube, strengthen=strengthen)

    def _apart(self, core: list[int], cube: Cube) -> Cube:
        """Return a core with a literal more where a first state would be in it."""
        if self._first.isdisjoint(core):
            core = [*core, next(literal for literal in cube if literal in self._first)]
        return tuple(sorted(core))

    def _learn(self, cube: Cube, level: int) -> int:
        """Exclude a cube up to the highest frame where that is inductive; return that frame."""
        top = len(self._solvers) - 1
        while level < top and (core := self._reach(level + 1, cube)) is not None:
            cube = self._apart(core, cube)
            level += 1
        self._exclude(cube, level)
        self._increment *= 1.05
        for literal in cube:
            self._weights[literal] += self._increment
        self._rank(cube)
        return level

    def _exclude(self, cube: Cube, level: int) -> None:
        for frame in self._solvers[1 if level else 0 : level + 1]:
            frame.exclude(cube)
        self.lemmas.add(cube, level)

    def _rank(self, cube: Cube) -> None:
        """Note which latches lifted cubes should rather keep: those of many clauses."""
        if self._increment > 1e100:
            self._weights *= 1e-100
            self._increment *= 1e-100
        ranks = self.step.ranks
        for literal in cube:
            ranks[(literal >> 1) - self.step.inputs - 1] += 1

    def _generalise(self, cube: Cube, level: int, depth: int) -> Cube:
        """Return a smaller cube that is as unreachable: literals are left out one by one."""
        weights = self._weights
        for literal in sorted(cube, key=lambda literal: weights[literal]):
            if literal not in cube:
                continue
            candidate = tuple(each for each in cube if each != literal)
            if not candidate or self._starts(candidate):
                continue
            smaller = self._down(candidate, level, depth)
            if smaller is not None:
                cube = smaller
        return cube

    def _down(self, cube: Cube, level: int, depth: int) -> Cube | None:
        """Return a part of a cube that is inductive relative to the frame before, None where it is not."""
        guests = 0
        while (core := self._reach(level, cube)) is None:
            if depth >= DEPTH or guests >= GUESTS or level < 2:
                return None
            guest = self.step.lifted([self.step.primed(literal) for literal in cube]).cube
            if self._starts(guest) or (core := self._reach(level - 1, guest)) is None:
                return None
            guests += 1
            at = level - 1
            top = len(self._solvers) - 1
            part = self._apart(core, guest)
            while at < min(level, top) and (core := self._reach(at + 1, part)) is not None:
                part = self._apart(core, part)
                at += 1
            self._exclude(self._generalise(part, at, depth + 1), at)
        return self._apart(core, cube)

    def _propagate(self) -> list[Cube] | None:
        """Move clauses on where the next frame keeps them; the invariant where two are equal."""
        frames = self.lemmas.frames
        for level in range(1, len(frames) - 1):
            for cube in list(frames[level]):
                if not self.lemmas.holds(cube, level):
                    continue
                core = self._reach(level + 1, cube, strengthen=False)
                if core is not None:
                    self._exclude(self._apart(core, cube), level + 1)
            if not frames[level]:
                return [cube for above in frames[level + 1 :] for cube in above]
        return None

    def _run_from(self, obligation: Obligation) -> Found:
        """Return the run that begins in a first state of an obligation's cube."""
        latches = self._reset == 1
        first = self.step.inputs + 1
        for literal in obligation.cube:
            latches[(literal >> 1) - first] = not literal & 1
        inputs = []
        each: Obligation | None = obligation
        while each is not None:
            inputs.append(each.inputs)
            each = each.after
        return Found(latches=latches, inputs=np.array(inputs, np.bool_))
