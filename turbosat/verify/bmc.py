"""Bounded model checking: frame by frame, all properties at once, by one incremental solver.

A. Biere, A. Cimatti, E. Clarke, Y. Zhu: Symbolic Model Checking without BDDs, TACAS 1999; N. Eén, N.
Sörensson: Temporal Induction by Incremental SAT Solving, ENTCS 89(4), 2003.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from turbosat.deadline import Deadline, Expired
from turbosat.encodings.circuit.aig import FALSE, TRUE, Aig
from turbosat.events import Event, Sink, ignore
from turbosat.options import Options
from turbosat.result import Reason
from turbosat.solver.solver import Solver
from turbosat.validation import integer
from turbosat.verify.limits import bounded
from turbosat.verify.unrolling import Encoder, Unrolling, signed
from turbosat.verify.verdict import Answer, Verdict
from turbosat.verify.watch import Watch
from turbosat.verify.witness import checked, chosen, properties

LONGEST = 2**31 - 1  # frames
METHOD = "bmc"


def bmc(
    aig: Aig,
    *,
    bound: int,
    wanted: Iterable[int] | None = None,
    first_only: bool = False,
    escalate_after: float | None = 1.0,
    deadline: Deadline | None = None,
    on_event: Sink = ignore,
    **options: Unpack[Options],
) -> list[Verdict]:
    """Look for runs of up to `bound` steps that break properties; return a verdict for each wanted one.

    `wanted`: positions of properties, all by default. A property FAILS with a shortest run, simulated. It
    HOLDS where no run is longer than those looked at, or later frames are like them; else it is UNKNOWN, and
    `Verdict.bound` is the last frame up to which it holds. With `first_only`, all others are left UNKNOWN as
    soon as one fails. `on_event` is called with a "frame" event for
    each frame, a "verdict" for each property that is decided, and the events of `Solver`, which has its
    options from `options` and `escalate_after`. `deadline` as in `turbosat.solve`.

    UsageError for a call that makes no sense, SoundnessError for an answer that fails its check.
    """
    with bounded(deadline, options) as limits:
        wanted = chosen(aig, wanted)
        last = integer(bound, "bound", 0, LONGEST)
        solver = Solver(escalate_after=escalate_after, on_event=on_event, **options)
        return Bounded(aig, last, wanted, limits, on_event, solver).run(first_only=first_only)


class Bounded:
    """Properties on their way to verdicts."""

    def __init__(
        self, aig: Aig, bound: int, wanted: list[int], deadline: Deadline, sink: Sink, solver: Solver
    ) -> None:
        self._aig = aig
        self._bound = bound
        self._deadline = deadline
        self._sink = sink
        self._roots = properties(aig)
        self._open = dict.fromkeys(wanted)
        self._verdicts: dict[int, Verdict] = {}
        self._held: int | None = None  # the last frame up to which what is open holds
        self._unrolling = Unrolling(aig, self._roots[wanted], check=deadline.check)
        self._encoder = Encoder(self._unrolling.graph)
        self._solver = solver

    def run(self, *, first_only: bool = False) -> list[Verdict]:
        """Go through the frames; return the verdicts in the order of the properties."""
        reason = Reason.LIMIT
        try:
            with self._solver, Watch(self._deadline, self._solver):
                for frame in range(self._bound + 1):
                    self._deadline.check()
                    ended = self._look_at(frame)
                    if not self._open or ended or (first_only and self._verdicts):
                        break
        except Expired as expired:
            reason = expired.reason
        except MemoryError:
            reason = Reason.MEMORY
        for property in [*self._open]:
            self._decide(Verdict(Answer.UNKNOWN, property, reason, bound=self._held))
        return [self._verdicts[property] for property in sorted(self._verdicts)]

    def _look_at(self, frame: int) -> bool:
        """Decide whether what is open holds in a frame; return whether there is nothing beyond."""
        unrolling, before = self._unrolling, self._unrolling.state
        unrolling.step()
        if not self._constrain():
            return self._all_hold("no run is longer")
        while self._open:
            left = np.array([*self._open], np.intp)
            targets = unrolling.now(self._roots[left])
            left, targets = left[targets != FALSE], targets[targets != FALSE]
            if not targets.size:
                break
            if not self._ask(frame, left, targets):
                if self._solver.get_core() in (None, []):
                    return self._all_hold("no run is longer")
                self._solver.append_formula(-signed(np.unique(targets))[:, None])
                break
        self._held = frame
        self._tell("frame", frame=frame, open=len(self._open), variables=unrolling.graph.variables)
        if np.array_equal(before, unrolling.state):  # all frames to come are like this one
            return self._all_hold("the state no longer changes")
        return False

    def _constrain(self) -> bool:
        """Let the constraints hold in the last frame; False if one cannot."""
        constraints = self._unrolling.now(self._aig.constraints)
        if (constraints == FALSE).any():
            return False
        constraints = np.unique(constraints[constraints != TRUE])
        if constraints.size:
            self._solver.append_formula(self._encoder.define(constraints, self._deadline.check))
            self._solver.append_formula(signed(constraints)[:, None])
        return True

    def _ask(self, frame: int, left: NDArray[np.intp], targets: NDArray[np.int32]) -> bool:
        """Tell whether any of the targets, none of them false, can be true; decide those that are then."""
        assumptions: list[int] = []
        if (targets != TRUE).all():
            self._solver.append_formula(self._encoder.define(targets, self._deadline.check))
            literals = np.unique(signed(targets))
            if literals.size > 1:  # any of them
                any_of = self._unrolling.graph.add_input() >> 1
                self._solver.add_clause([-any_of, *literals.tolist()])
                assumptions = [any_of]
            else:
                assumptions = [int(literals[0])]
        answer = self._solver.solve(assumptions, time_limit=self._deadline.remaining())
        if answer is None:
            self._deadline.check()
            raise Expired(self._solver.reason or Reason.GAVE_UP)
        if answer:
            self._falsify(frame, left, targets)
        return answer

    def _falsify(self, frame: int, left: NDArray[np.intp], targets: NDArray[np.int32]) -> None:
        """Decide the properties whose targets are true in the solver's model."""
        values = np.zeros(1 + self._unrolling.graph.variables, np.bool_)
        model = np.array(self._solver.get_model(), np.int32)
        values[1 : 1 + model.size] = model > 0
        witness = self._unrolling.witness(values, frame + 1)
        true = (values[targets >> 1] ^ (targets & 1).astype(np.bool_)) & (
            self._encoder.knows(targets) | (targets == TRUE)
        )
        broken = left[true].tolist()
        checked(self._aig, witness, broken, METHOD, self._deadline.check)
        for property in broken:
            self._decide(Verdict(Answer.FAILS, property, bound=self._held, witness=witness))

    def _all_hold(self, why: str) -> bool:
        for property in [*self._open]:
            self._decide(Verdict(Answer.HOLDS, property, statistics={"why": why}))
        return True

    def _decide(self, verdict: Verdict) -> None:
        del self._open[verdict.property]
        made = replace(verdict, method=METHOD, seconds=round(self._deadline.elapsed(), 3))
        self._verdicts[verdict.property] = made
        self._tell("verdict", property=made.property, answer=str(made.answer), bound=made.bound)

    def _tell(self, kind: str, **data: Any) -> None:
        self._sink(Event(kind, self._deadline.elapsed(), METHOD, data))
