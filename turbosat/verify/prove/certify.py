"""Whether an invariant proves a property: checked apart from all engines, from the circuit alone.

I holds in the first frames, so many of them force it in the next, and where it holds the property does:
k-induction, which for depth 1 is initiation and consecution (Bradley, VMCAI 2011; Sheeran, Singh, Stålmarck,
FMCAD 2000). Nothing here is shared with what finds invariants, but for the graph and the solver's interface.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from turbosat.deadline import Deadline, Expired
from turbosat.encodings.circuit.aig import Aig
from turbosat.errors import SoundnessError, UsageError
from turbosat.result import Reason
from turbosat.solver.solver import Solver
from turbosat.verify.verdict import LARGEST, Invariant
from turbosat.verify.watch import Watch

BLOCK = 1 << 14  # gates between two looks at the deadline

Clauses = Sequence[Sequence[int]]


def certified(aig: Aig, bad: int, invariant: Invariant, who: str, deadline: Deadline) -> Invariant:
    """Return an invariant that was checked; SoundnessError where it does not prove `bad` never true."""
    if not proves(aig, bad, invariant, deadline):
        raise SoundnessError(f"{who} claims a proof, but its invariant does not prove the property")
    return invariant


def proves(aig: Aig, bad: int, invariant: Invariant, deadline: Deadline) -> bool:
    """Tell whether the invariant's clauses, with its depth, prove that the literal `bad` is never true.

    UsageError for clauses over anything but latches, Expired at the deadline.
    """
    _require(aig, invariant)
    clauses = (literal for clause in invariant.clauses for literal in clause)
    inside = _influence(aig, [bad, *aig.constraints.tolist(), *clauses], deadline.check)
    return all(
        holds(_Frames(aig, bad, inside, deadline), invariant) for holds in (_first_frames, _next_frame)
    )


def _require(aig: Aig, invariant: Invariant) -> None:
    literals = [literal for clause in invariant.clauses for literal in clause]
    if any(not aig.inputs < literal >> 1 < aig.first_and for literal in literals):
        raise UsageError("an invariant's clauses are over latches")
    if not 1 <= invariant.depth <= LARGEST:
        raise UsageError(f"an invariant's depth is a number from 1 to {LARGEST}")


def _first_frames(empty: _Frames, invariant: Invariant) -> bool:
    """Whether all runs keep the invariant and the property in the first frames."""
    with empty as frames:
        for frame in range(invariant.depth):
            frames.add()
            if frame == 0:
                frames.begin()
            if frames.broken(frame, invariant.clauses):
                return False
    return True


def _next_frame(empty: _Frames, invariant: Invariant) -> bool:
    """Whether so many frames with the invariant and the property force both in the next."""
    with empty as frames:
        for frame in range(invariant.depth):
            frames.add()
            frames.require(frame, invariant.clauses)
        frames.add()
        if invariant.distinct:
            frames.differ()
        return not frames.broken(invariant.depth, invariant.clauses)


class _Frames:
    """Copies of a circuit's gates as clauses, frame after frame, with its constraints in each."""

    def __init__(self, aig: Aig, bad: int, inside: NDArray[np.bool_], deadline: Deadline) -> None:
        """`inside`: the variables that matter, (1 + variables,)."""
        self._aig, self._bad, self._deadline = aig, bad, deadline
        self._variables = 0
        self._frames: list[
            NDArray[np.int32]
        ] = []  # each: the solver's literals of variables, (1 + variables,)
        self._latches = np.flatnonzero(inside[: aig.first_and])[
            int(inside[: aig.inputs + 1].sum()) :
        ]  # variables
        self._gates = np.flatnonzero(inside[aig.first_and :]) + aig.first_and
        self._solver = Solver()
        self._watch = Watch(deadline, self._solver)

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.__exit__()
        self._solver.delete()

    def add(self) -> None:
        """Add a frame, whose latches are what the last one says, and let its constraints hold."""
        self._deadline.check()
        aig, base = self._aig, self._variables + 1
        names = np.arange(base, base + aig.variables + 1, dtype=np.int32)
        self._variables = int(names[-1])
        self._solver.add_clause([-int(names[0])])
        for first in range(0, len(self._gates), BLOCK):
            self._deadline.check()
            gates = self._gates[first : first + BLOCK]
            ands, out = aig.ands[gates - aig.first_and], names[gates]
            a, b = _signed(names, ands[:, 0]), _signed(names, ands[:, 1])
            self._solver.append_formula(np.stack([-out, a], axis=1))
            self._solver.append_formula(np.stack([-out, b], axis=1))
            self._solver.append_formula(np.stack([out, -a, -b], axis=1))
        if self._frames:
            latches = names[self._latches]
            before = _signed(self._frames[-1], aig.next_state[self._latches - aig.inputs - 1])
            self._solver.append_formula(np.stack([-latches, before], axis=1))
            self._solver.append_formula(np.stack([latches, -before], axis=1))
        self._frames.append(names)
        for literal in _signed(names, aig.constraints).tolist():
            self._solver.add_clause([literal])

    def begin(self) -> None:
        """Let the first frame's latches have their reset values."""
        latches = self._frames[0][self._aig.inputs + 1 : self._aig.first_and]
        for latch, reset in zip(latches.tolist(), self._aig.reset.tolist(), strict=True):
            if reset in (0, 1):
                self._solver.add_clause([latch if reset else -latch])

    def require(self, frame: int, clauses: Clauses) -> None:
        """Let the clauses and the property hold in a frame."""
        for clause in self._named(frame, clauses):
            self._solver.add_clause(clause)

    def broken(self, frame: int, clauses: Clauses) -> bool:
        """Tell whether a clause, or the property, can be false in a frame."""
        any_of = []
        for clause in self._named(frame, clauses):
            self._variables += 1
            any_of.append(self._variables)
            for literal in clause:
                self._solver.add_clause([-self._variables, -literal])
        self._variables += 1
        self._solver.add_clause([-self._variables, *any_of])
        answer = self._solver.solve([self._variables], time_limit=self._deadline.remaining())
        if answer is None:
            self._deadline.check()
            raise Expired(self._solver.reason or Reason.GAVE_UP)
        return answer

    def differ(self) -> None:
        """Let no two frames have the same values of the latches that matter."""
        for later in range(len(self._frames)):
            for earlier in range(later):
                self._deadline.check()
                any_of = []
                for latch in self._latches.tolist():
                    a, b = int(self._frames[earlier][latch]), int(self._frames[later][latch])
                    self._variables += 1
                    any_of.append(self._variables)
                    self._solver.append_formula([[-self._variables, a, b], [-self._variables, -a, -b]])
                self._solver.add_clause(any_of)

    def _named(self, frame: int, clauses: Clauses) -> list[list[int]]:
        """Return the clauses, and the property, in the solver's literals."""
        names = self._frames[frame]
        good = [self._bad ^ 1]
        return [_signed(names, np.array(clause, np.int32)).tolist() for clause in (*clauses, good)]


def _signed(names: NDArray[np.int32], literals: NDArray[np.int32]) -> NDArray[np.int32]:
    signed: NDArray[np.int32] = np.where(literals & 1, -names[literals >> 1], names[literals >> 1])
    return signed.astype(np.int32)


def _influence(aig: Aig, roots: Sequence[int], check: Callable[[], None]) -> NDArray[np.bool_]:
    """Return which variables the roots depend on at any time, (1 + variables,)."""
    inside = np.zeros(aig.variables + 1, np.bool_)
    ands, following = aig.ands.tolist(), aig.next_state.tolist()
    stack = [root >> 1 for root in roots]
    steps = 0
    while stack:
        if steps % BLOCK == 0:
            check()
        steps += 1
        variable = stack.pop()
        if inside[variable]:
            continue
        inside[variable] = True
        if variable >= aig.first_and:
            stack += [literal >> 1 for literal in ands[variable - aig.first_and]]
        elif variable > aig.inputs:
            stack.append(following[variable - aig.inputs - 1] >> 1)
    return inside
