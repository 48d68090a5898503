"""The child side of the algebra lane: recover, eliminate, say what follows; then sweep what is small.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.gf2.consequences import Facts, find
from turbosat.errors import DeviceError
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.lanes.single_task import received

if TYPE_CHECKING:
    from turbosat.encodings.support.program import Program
    from turbosat.gpu.sweep.candidates import Settler, Verdict
    from turbosat.gpu.sweep.devices import AnySweep

NICE = 1  # how far the search in the solution space gives way: less than lanes that may never end
DECODED = 30.0, 1.0  # seconds that decoding noise may be expected to take, where it is timed and where not
FURTHER = 7  # how much further, after a while, where its end is not near
NEWS_INTERVAL = 0.5  # seconds between two words on its progress
PREPARATION = 3.0  # CPU seconds that making a program may take
ASSEMBLY = 20.0  # CPU seconds that making a sweep of it may take: on a device its driver assembles code
UNTIMED_WORK = 1 << 39  # assignments times instructions of a sweep whose end nothing hastens: seconds
OPEN = 0.1  # of the variables, that CDCL may have to complete in each candidate of a sweep
WALKED_INPUTS = 128  # at most, to search among them when they are too many to sweep
WALK = 5.0  # CPU seconds of that search: where errors are rare it is enough, elsewhere CDCL knows better
TRIAL = 1.0  # CPU seconds of a sweep before its pace says whether it will end in time
PACE = 0.05  # CPU seconds of a sweep before its pace says how long it takes
GLANCE = 0.25  # CPU seconds of a sweep before its pace says that its end is not near
NEAR = 10.0  # CPU seconds in which a sweep is to end, by its pace, lest it give way further
LONG = 30.0  # seconds of a sweep that lets a search among the inputs come first
PATIENCE = 4  # times the seconds left: a model may come early, and cores may become free


class OutOfTime(Exception):
    """The stage has used up its share of the time limit."""


class TooSlow(Exception):
    """A sweep would take long: a search may find a model sooner."""


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, report what follows from its XORs, end with an answer or with none."""
    formula, task = received(channel)
    check = _limited(task["seconds"])
    try:
        facts = find(formula, check)
    except OutOfTime:
        channel.send("answer", {"status": 0, "why": "its share of the time is over"})
        return
    _send_facts(channel, formula, facts)
    if facts.conflict is not None:
        _refute(channel, facts.conflict, _proof(formula, facts.conflict, task))
        return
    if task["rebuild"]:
        _rebuild(channel, formula, check)
    verdict = _Explorer(channel, formula, facts, task).run() if task["sweep"] else None
    if verdict is None or not (verdict.unsatisfiable or verdict.values is not None):
        channel.send("answer", {"status": 0, "why": "all that follows is said"})
    elif verdict.values is None:
        channel.send("answer", {"status": 20})
    else:
        channel.send("answer", {"status": 10}, _views(verdict.values.view(np.int8)))


def _rebuild(channel: Channel, formula: Formula, check: Callable[[], None]) -> None:
    """Tell the formula with its sums built again, or that there are none."""
    from turbosat.encodings.adders.rebuilding import rebuild

    began = time.perf_counter()
    rebuilt = None
    with suppress(OutOfTime):
        rebuilt = rebuild(formula, check)
    if rebuilt is None:
        channel.send("rebuilt", {})
        return
    figures = {
        "sums": rebuilt.sums,
        "adders": rebuilt.adders,
        "variables": rebuilt.formula.variables,
        "seconds": round(time.perf_counter() - began, 4),
    }
    made = rebuilt.formula
    channel.send("rebuilt", figures, _views(made.literals, made.offsets, rebuilt.steps.reshape(-1)))


def _limited(seconds: float | None) -> Callable[[], None]:
    """Return what raises OutOfTime when so many CPU seconds have passed."""
    end = None if seconds is None else time.process_time() + seconds

    def check() -> None:
        if end is not None and time.process_time() > end:
            raise OutOfTime

    return check


def _send_facts(channel: Channel, formula: Formula, facts: Facts) -> None:
    derived = facts.clauses(formula)
    figures = {**facts.figures(), "clauses_derived": derived.clauses}
    channel.send("facts", figures, _views(derived.literals, derived.offsets))


def _proof(formula: Formula, conflict: Xors, task: dict[str, Any]) -> bytes:
    """Return the DRAT proof that these XORs cannot hold together, nothing if none is asked for."""
    if not task["proof"]:
        return b""
    from turbosat.proof.parity import parity_proof

    return parity_proof(formula, conflict, binary=task["binary_proof"])


def _refute(channel: Channel, conflict: Xors, proof: bytes) -> None:
    """Answer UNSATISFIABLE, with the XORs that sum to 0 = 1 and the proof."""
    parities, data = conflict.parities.astype(np.int8), np.frombuffer(proof, np.int8)
    channel.send("answer", {"status": 20}, _views(conflict.variables, conflict.offsets, parities, data))


def _views(*arrays: NDArray[Any]) -> list[memoryview]:
    return [memoryview(array) for array in arrays]  # type: ignore[arg-type] # numpy's buffers are untyped


class _Explorer:
    """The search in the solution space, as long as it promises to end in time."""

    def __init__(self, channel: Channel, formula: Formula, facts: Facts, task: dict[str, Any]) -> None:
        self._channel, self._formula, self._facts, self._task = channel, formula, facts, task
        self._told = time.monotonic()
        self._paced = False  # whether it has told how long it takes
        self._yielded = False  # whether it has given way further
        self._inputs = 0  # of the program that is swept or walked through
        # What a busy core withholds is not held against the search; on a device time passes without it.
        self._clock: Callable[[], float] = time.process_time
        self._began = self._clock()
        self._preparation = PREPARATION

    def run(self) -> Verdict | None:
        """Return a model, or that there is none; None where the space is too large."""
        from turbosat.gpu.sweep.candidates import Verdict
        from turbosat.gpu.sweep.devices import most_inputs
        from turbosat.lanes import solution_space

        values = self._facts.solution(self._formula.variables)
        if self._formula.satisfied(values):  # nothing but XORs
            return Verdict(values, unsatisfiable=False)
        os.nice(NICE)
        model = self._decode()
        if model is not None:
            return Verdict(model, unsatisfiable=False)
        self._began = self._clock()
        timed, device = self._task["timed"], self._task["device"]
        with suppress(OutOfTime):
            swept = most_inputs(device)
            program = self._compiled(WALKED_INPUTS if timed else swept, swept)
            if program is None or not (timed or program.kinds.size << program.inputs.size <= UNTIMED_WORK):
                return None
            self._inputs = program.inputs.size
            settle = solution_space.settler(self._formula, program, None)
            if program.inputs.size > swept:
                return self._walk(program, settle)
            if device != "cpu":
                try:
                    return self._sweep(program, settle, device)
                except DeviceError as error:  # one that breaks has refuted nothing
                    self._note(f"the device broke in a sweep, which begins again on a core: {error}")
            return self._sweep(program, settle, "cpu")
        return None

    def _sweep(self, program: Program, settle: Settler, device: str) -> Verdict | None:
        """Try all assignments of the inputs; search among them for a while if that takes long."""
        from turbosat.gpu.sweep.devices import cuda
        from turbosat.lanes import solution_space

        self._clock, self._preparation = time.process_time, ASSEMBLY
        self._began = self._clock()
        sweep, _, why = solution_space.open_sweep(program, device, self._task["seed"], 1, self._patient)
        if why is not None and cuda():
            self._note(f"a sweep is on a core: {why}")
        with closing(sweep):
            return self._through(sweep, settle)

    def _note(self, text: str) -> None:
        """Say something that people should know."""
        self._channel.send("note", {"what": text})

    def _through(self, sweep: AnySweep, settle: Settler) -> Verdict | None:
        from turbosat.gpu.sweep.devices import most_inputs
        from turbosat.lanes import solution_space

        program = sweep.program
        if program.inputs.size > most_inputs(sweep.device):
            return self._walk(program, settle)
        if sweep.device != "cpu":
            self._clock = time.monotonic
        self._began = self._clock()
        with suppress(TooSlow):
            return solution_space.sweep_through(sweep, settle, self._try)
        with suppress(OutOfTime):
            verdict = self._walk(program, settle)
            if verdict is not None:
                return verdict
        self._began = self._clock()
        return solution_space.sweep_through(sweep, settle, self._look)

    def _decode(self) -> NDArray[np.bool_] | None:
        """Return a model with little noise in it, None where there is nothing of the kind."""
        from turbosat.lanes.noise import decode, find_noise

        noise = None
        with suppress(OutOfTime):
            noise = find_noise(self._formula, self._facts, self._task["seed"], self._patient)
        if noise is None:
            return None
        self._began = self._clock()
        self._inputs = noise.projection.information.size
        longest = DECODED[not self._task["timed"]]
        return decode(noise, self._formula, longest, self._task["seed"], self._tell)

    def _walk(self, program: Program, settle: Settler) -> Verdict | None:
        """Search among the inputs for a while."""
        from turbosat.lanes import solution_space

        if program.uncovered.size or not self._task["timed"]:
            return None
        self._began = self._clock()
        return solution_space.walk(program, settle, self._task["seed"], 1, self._look)

    def _compiled(self, limit: int, swept: int) -> Program | None:
        from turbosat.encodings.support.compilation import compile_recovered

        recovered, elimination = self._facts.recovered, self._facts.elimination
        return compile_recovered(
            self._formula,
            recovered,
            elimination,
            limit=limit,
            uncovered=OPEN,
            swept=swept,
            check=self._patient,
        )

    def _patient(self) -> None:
        """Give up on what takes long to prepare."""
        if self._task["timed"] and self._clock() - self._began > self._preparation:
            raise OutOfTime

    def _try(self, figures: dict[str, Any]) -> None:
        """Go on with a sweep that will soon be over."""
        self._look(figures)
        spent = self._clock() - self._began
        if self._task["timed"] and spent > TRIAL and spent > LONG * figures["swept"]:
            raise TooSlow

    def _look(self, figures: dict[str, Any]) -> None:
        """Tell how far the search is; give up on what would take too long."""
        self._tell(figures)
        if not self._task["timed"]:
            return
        spent = self._clock() - self._began
        share = figures.get("swept")
        if share is None:
            if spent > WALK:
                raise OutOfTime
        elif spent > TRIAL and spent > PATIENCE * share * self._task["remaining"]:
            raise OutOfTime

    def _tell(self, figures: dict[str, Any]) -> None:
        """Tell how far the search is; give way further where its end is not near."""
        now = time.monotonic()
        spent = self._clock() - self._began
        share = figures.get("swept")
        far = spent > TRIAL if share is None else spent > GLANCE and spent > share * (spent + NEAR)
        if far and not self._yielded:
            self._yielded = True
            os.nice(FURTHER)
        known = bool(share) and spent > PACE
        if share and known:
            figures = {**figures, "left": spent * (1.0 / share - 1.0)}
        if now - self._told >= NEWS_INTERVAL or (known and not self._paced):
            self._told, self._paced = now, known
            rounded = {name: round(value, 4) for name, value in figures.items()}
            self._channel.send("progress", {"inputs": self._inputs, **rounded})
