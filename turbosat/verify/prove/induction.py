"""Runs that break a property, looked for frame by frame, and k-induction beside it.

Sheeran, Singh, Stålmarck: Checking Safety Properties Using Induction and a SAT-Solver, FMCAD 2000; states are
made different only where two were equal (Eén, Sörensson: Temporal Induction by Incremental SAT Solving, ENTCS
89(4), 2003).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from turbosat.encodings.circuit.aig import FALSE, TRUE
from turbosat.solver.solver import Solver
from turbosat.verify.prove.answer import Found
from turbosat.verify.unrolling import Encoder, Unrolling, signed
from turbosat.verify.verdict import LARGEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from turbosat.encodings.circuit.aig import Aig, Literals

PATIENCE = 1.0  # seconds that a step may take at least; beyond, as much as the runs took
WAITING = 1.5  # the next step that is tried after one without an answer has so many times its frames


class Side:
    """Frames in a row that keep the constraints, none bad so far: from a first state or from any."""

    def __init__(self, aig: Aig, bad: int, *, free: bool) -> None:
        self._aig = aig
        self._bad = np.array([bad], np.int32)
        self.unrolling = Unrolling(aig, self._bad, free=free)
        self._encoder = Encoder(self.unrolling.graph)
        self.solver = Solver(escalate_after=None)
        self.states: list[Literals] = []
        self.seconds = 0.0
        self.ended = False  # no run has another frame
        self._target = FALSE

    def step(self) -> None:
        """Add a frame."""
        self.states.append(self.unrolling.state)
        self.unrolling.step()
        constraints = self.unrolling.now(self._aig.constraints)
        if (constraints == FALSE).any():
            self.ended = True
        else:
            self._assert(constraints)
        self._target = int(self.unrolling.now(self._bad)[0])

    def can_fail(self, seconds: float | None = None) -> bool | None:
        """Tell whether the last frame can be bad; None where that took too long."""
        if self.ended or self._target == FALSE:
            return False
        start = time.monotonic()
        assumed = []
        if self._target != TRUE:
            self._define(np.array([self._target], np.int32))
            assumed = signed(np.array([self._target], np.int32)).tolist()
        answer = self.solver.solve(assumed, time_limit=seconds)
        if answer is False and not self.solver.get_core():
            self.ended = True
        self.seconds += time.monotonic() - start
        return answer

    def hold(self) -> None:
        """Let the property hold in the last frame."""
        self._assert(np.array([self._target ^ 1], np.int32))

    def values(self) -> NDArray[np.bool_]:
        """Return the last model, (1 + variables,) of the graph; 0 where it says nothing."""
        values = np.zeros(1 + self.unrolling.graph.variables, np.bool_)
        model = np.array(self.solver.get_model(), np.int32)[: len(values) - 1]
        values[1 : 1 + model.size] = model > 0
        return values

    def equal_states(self) -> tuple[int, int] | None:
        """Return two frames whose states are equal in the last model, if there are."""
        values, known = self.values(), dict[bytes, int]()
        for frame, state in enumerate(self.states):
            # What the solver was never told of may differ: only what has clauses is compared.
            bits = values[state >> 1] ^ (state & 1).astype(np.bool_)
            earlier = known.setdefault(bits.tobytes(), frame)
            if earlier != frame:
                return earlier, frame
        return None

    def differ(self, earlier: int, later: int) -> None:
        """Let two frames have different states."""
        graph = self.unrolling.graph
        some = graph.or_all(
            graph.xor(a, b)
            for a, b in zip(self.states[earlier].tolist(), self.states[later].tolist(), strict=True)
        )
        self._assert(np.array([some], np.int32))

    def _define(self, literals: Literals) -> None:
        self.solver.append_formula(self._encoder.define(literals))

    def _assert(self, literals: Literals) -> None:
        literals = np.unique(literals[literals != TRUE])
        if (literals == FALSE).any():
            self.ended = True
        elif literals.size:
            self._define(literals)
            self.solver.append_formula(signed(literals)[:, None])


def search(
    aig: Aig,
    bad: int,
    report: Callable[[int], None] = lambda frame: None,
    *,
    distinct: bool = True,
) -> Found | None:
    """Search until a run to the literal `bad` is found, or so many frames without it force it in none.

    None where no run has another frame: all is well then, but no induction says so. `distinct`: along paths
    of different states, too. `report` is told of each frame that no run can be bad in.
    Behind `LARGEST` frames, only runs are looked for.
    """
    runs, steps = Side(aig, bad, free=False), Side(aig, bad, free=True)
    differ, wait = False, 0
    frame = 0
    while True:
        runs.step()
        if runs.can_fail():
            witness = runs.unrolling.witness(runs.values(), frame + 1)
            return Found(latches=witness.latches, inputs=witness.inputs)
        if runs.ended:
            return None
        runs.hold()
        report(frame)
        if frame > LARGEST:
            frame += 1
            continue
        steps.step()
        if frame >= wait:
            end = max(PATIENCE, runs.seconds)
            while (answer := steps.can_fail(end)) and distinct and (pair := steps.equal_states()) is not None:
                differ = True
                steps.differ(*pair)
            if answer is False or steps.ended:
                return Found(clauses=[], depth=max(1, frame), distinct=differ)
            if answer is None:
                wait = int(WAITING * frame) + 1
        steps.hold()
        frame += 1
