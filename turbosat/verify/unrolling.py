"""Frames of a circuit, one after the other: what depends on the properties only, folded and hashed.

A. Biere, A. Cimatti, E. Clarke, Y. Zhu: Symbolic Model Checking without BDDs, TACAS 1999.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.circuits import circuit as kernels
from turbosat.encodings.circuit.aig import FALSE, Aig, Literals
from turbosat.encodings.circuit.builder import AigBuilder, renamed
from turbosat.encodings.circuit.cone import influence
from turbosat.verify.verdict import Witness

EFFORT: Final = 1 << 17  # gates encoded between two calls of `check`: some milliseconds
ROOM: Final = 1 << 12  # entries of clauses at least


def nothing() -> None:
    """Check nothing."""


class Encoder:
    """Clauses for gates of a graph in the making, each once; variable v of it is variable v in them."""

    def __init__(self, graph: AigBuilder) -> None:
        self.graph = graph
        self._known = np.zeros(1, np.bool_)  # which variables have been defined, (1 + variables,)

    def define(self, literals: Literals, check: Callable[[], None] = nothing) -> NDArray[np.int32]:
        """Return clauses, 0 behind each, that define these literals and what they depend on, where new.

        `check` is called every few milliseconds and may raise; the encoder is of no use then.
        """
        ands = np.ascontiguousarray(self.graph.ands)
        self._known = np.concatenate([self._known, np.zeros(len(ands) - len(self._known), np.bool_)])
        wanted = np.unique(literals >> 1)
        wanted = wanted[~self._known[wanted] & (wanted > 0)].astype(np.int32)
        self._known[wanted] = True
        stack = np.zeros(len(ands), np.int32)
        stack[: wanted.size] = wanted
        progress = np.array([wanted.size, 0], np.int64)
        clauses = np.zeros(ROOM, np.int32)
        while not kernels.encode_cone(ands, self._known, stack, clauses, progress, EFFORT):
            check()
            if clauses.size - progress[kernels.WRITTEN] < kernels.LARGEST:
                clauses = np.concatenate([clauses, np.zeros_like(clauses)])
        return clauses[: progress[kernels.WRITTEN]]

    def knows(self, literals: Literals) -> NDArray[np.bool_]:
        """Return which literals are of variables in the clauses, (literals,)."""
        inside = (literals >> 1) < len(self._known)
        return inside & self._known[np.where(inside, literals >> 1, 0)]


def signed(literals: Literals) -> NDArray[np.int32]:
    """Return literals of a graph as clauses have them; they must not be constant."""
    return np.where(literals & 1, -(literals >> 1), literals >> 1).astype(np.int32)


class Unrolling:
    """A circuit over time. Only what the roots and the constraints depend on, at any time, is copied.

    `free`: the first state is any, instead of the reset one.
    """

    def __init__(
        self, aig: Aig, roots: Literals, *, free: bool = False, check: Callable[[], None] = nothing
    ) -> None:
        self.aig = aig
        self.graph = AigBuilder()
        self.frames: list[Literals] = []  # the inputs that matter, of each frame
        self._check = check
        cone = influence(aig, np.concatenate([roots, aig.constraints]), check)
        self._inputs = np.flatnonzero(cone[1 : 1 + aig.inputs])
        self._latches = np.flatnonzero(cone[1 + aig.inputs : aig.first_and])
        self._part, self._names = _part(aig, cone, self._inputs, self._latches)
        resets = aig.reset[self._latches]
        self.first = np.array(
            [self.graph.add_input() if free or reset > 1 else reset for reset in resets.tolist()], np.int32
        )  # the first state of the latches that matter
        self._state = self.first
        self._now = np.zeros(0, np.int32)

    @property
    def latches(self) -> int:
        """Return how many latches matter."""
        return self._latches.size

    @property
    def state(self) -> Literals:
        """Return the latches that matter before the frame that comes next."""
        return self._state

    def step(self) -> None:
        """Add a frame."""
        inputs = self.graph.add_inputs(self._inputs.size)
        self.frames.append(inputs)
        self._now = self.graph.copy(self._part, inputs, self._state, self._check)
        self._state = renamed(self._part.next_state, self._now)

    def now(self, literals: Literals) -> Literals:
        """Return what literals of the circuit, roots or constraints, are in the last frame."""
        return renamed(renamed(literals, self._names), self._now)

    def witness(self, values: NDArray[np.bool_], frames: int) -> Witness:
        """Return the run over the first frames that values of all variables (1 + variables,) describe.

        What does not matter is 0.
        """
        latches = self.aig.reset == 1
        latches[self._latches] = values[self.first >> 1] ^ (self.first & 1).astype(np.bool_)
        inputs = np.zeros((frames, self.aig.inputs), np.bool_)
        for frame in range(frames):
            inputs[frame, self._inputs] = values[self.frames[frame] >> 1]
        return Witness(latches, inputs)


def _part(
    aig: Aig, cone: NDArray[np.bool_], inputs: NDArray[np.intp], latches: NDArray[np.intp]
) -> tuple[Aig, Literals]:
    """Return a circuit of what lies in a cone, and each variable's literal there, (1 + variables,)."""
    kept = np.flatnonzero(cone[1:]) + 1
    names = np.full(1 + aig.variables, -1, np.int32)
    names[0] = FALSE
    names[kept] = 2 * np.arange(1, kept.size + 1)
    gates = kept[kept >= aig.first_and] - aig.first_and
    resets = aig.reset[latches]
    return Aig(
        inputs=inputs.size,
        ands=renamed(aig.ands[gates], names),
        next_state=renamed(aig.next_state[latches], names),
        reset=np.where(resets > 1, names[1 + aig.inputs + latches], resets).astype(np.int32),
    ), names
