"""Questions about one step of a circuit: whether it leads into a cube, or is bad, from where clauses hold."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from turbosat.core.circuits.cones import (
    COUNT,
    EFFORT,
    NO_MEMORY,
    REFUTED,
    RESUMED,
    STRENGTHEN,
    UNDECIDED,
    Circuit,
    Lifting,
    Question,
    cone_ask,
    cone_clauses,
    cone_free,
    cone_new,
    lift,
    weigh_latches,
)
from turbosat.errors import Cause, EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from turbosat.encodings.circuit.aig import Aig

Cube = tuple[int, ...]  # literals of latches, sorted; a clause is the negation of one

SLICE = 1 << 22  # watches that a call looks at: some 20 ms


@dataclass(frozen=True, slots=True)
class Predecessor:
    """States that all reach what was asked for, and the inputs that do it."""

    cube: Cube
    inputs: NDArray[np.bool_]  # (inputs,)


class Step:
    """One step of a circuit, and room for questions about it, which are asked one after the other.

    `ranks` int32 (latches,): those with higher ranks stay in lifted cubes rather.
    """

    def __init__(self, aig: Aig) -> None:
        self.aig = aig
        self.inputs, self.latches = aig.inputs, aig.latches
        variables = aig.variables + 1
        first = np.array([aig.inputs + 1, aig.first_and], np.int32)
        self.circuit = Circuit(
            first=first,
            ands=np.ascontiguousarray(aig.ands, np.int32),
            constraints=np.ascontiguousarray(aig.constraints, np.int32),
        )
        self.next_state: list[int] = aig.next_state.tolist()
        self.values = np.zeros(variables, np.uint8)
        self.ranks = np.zeros(self.latches, np.int32)
        most = self.latches + 1
        self.question = Question(
            control=np.array([0, 0, 0, SLICE, 0], np.int64),
            assumed=np.zeros(most, np.int32),
            cube=np.zeros(most, np.int32),
            failed=np.zeros(most, np.bool_),
            values=self.values,
        )
        readers, starts = _readers(aig)
        weights = np.zeros(variables, np.int32)
        weigh_latches(self.circuit, weights)
        words = -(-variables // 64)
        self._lifting = Lifting(
            values=self.values,
            **{name: np.zeros(words, np.uint64) for name in ("cone", "needed", "fixed", "dirty")},
            changed=np.zeros(variables, np.int32),
            order=np.zeros(self.latches, np.int64),
            ranks=self.ranks,
            weights=weights,
            readers=readers,
            starts=starts,
        )
        self._lifted = np.zeros(self.latches, np.int32)

    def primed(self, literal: int) -> int:
        """Return what a latch's literal is after the step, as a literal before it."""
        return self.next_state[(literal >> 1) - self.inputs - 1] ^ literal & 1

    def lifted(self, targets: Sequence[int]) -> Predecessor:
        """Return many states like the one that the last question found, and its inputs."""
        aimed = np.array([*targets, *self.circuit.constraints], np.int32)
        size = lift(self.circuit, self._lifting, aimed, self._lifted)
        inputs = self.values[1 : self.inputs + 1].astype(np.bool_)
        return Predecessor(tuple(sorted(self._lifted[:size].tolist())), inputs)


class Frame:
    """A solver for one step, from states that satisfy its clauses."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._pending: list[Cube] = []
        self._solver = cone_new(step.circuit)
        if not self._solver:
            raise EngineError("out of memory", Cause.MEMORY)
        weakref.finalize(self, cone_free, self._solver).atexit = False

    def exclude(self, cube: Cube) -> None:
        """Leave out the states of a cube from now on."""
        self._pending.append(cube)

    def reach(self, cube: Sequence[int], *, strengthen: bool) -> list[int] | None:
        """Ask whether a step leads into a cube; `strengthen`: from outside of it.

        Returns literals of the cube that it cannot reach all together, in their order; None where it can.
        """
        step, size = self._step, len(cube)
        question = step.question
        if strengthen:
            question.cube[:size] = cube
        question.assumed[:size] = [step.primed(literal) for literal in cube]
        if self._ask(size, strengthen=strengthen):
            return None
        return [
            literal for literal, failed in zip(cube, question.failed[:size].tolist(), strict=True) if failed
        ]

    def holds(self, literal: int) -> bool:
        """Whether a literal of the step can be true."""
        self._step.question.assumed[0] = literal
        return self._ask(1, strengthen=False)

    def _ask(self, size: int, *, strengthen: bool) -> bool:
        if self._pending:
            self._flush()
        step = self._step
        control = step.question.control
        control[COUNT], control[STRENGTHEN], control[RESUMED], control[EFFORT] = size, strengthen, 0, SLICE
        while (found := cone_ask(step.circuit, step.question, self._solver)) == UNDECIDED:
            control[RESUMED] = 1
        if found == NO_MEMORY:
            raise EngineError("out of memory", Cause.MEMORY)
        return found != REFUTED

    def _flush(self) -> None:
        literals = np.array([literal ^ 1 for cube in self._pending for literal in cube], np.int32)
        starts = np.zeros(len(self._pending) + 1, np.int32)
        np.cumsum([len(cube) for cube in self._pending], out=starts[1:])
        self._pending.clear()
        if not cone_clauses(self._solver, literals, starts):
            raise EngineError("out of memory", Cause.MEMORY)


def _readers(aig: Aig) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the gates that read each variable, one variable after the other, and where each begins."""
    read = (np.asarray(aig.ands, np.int32) >> 1).ravel()
    gates = np.repeat(np.arange(aig.first_and, aig.variables + 1, dtype=np.int32), 2)
    starts = np.zeros(aig.variables + 2, np.int32)
    np.cumsum(np.bincount(read, minlength=aig.variables + 1), out=starts[1:])
    return np.ascontiguousarray(gates[np.argsort(read, kind="stable")]), starts
