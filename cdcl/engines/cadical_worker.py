"""The child side of CaDiCaL: one python-sat solver, driven in short runs with ears open in between.

python-sat holds the interpreter while it searches and cannot be interrupted, so a slice is a chain of
runs of some conflicts each. This process imports python-sat and the standard library only, and numpy where
it exports what was learned.
"""

from __future__ import annotations

import gc
import time
from array import array
from collections import deque
from itertools import repeat
from typing import Any

from turbosat.cdcl.engines.trace import Trace
from turbosat.cdcl.process.channel import Channel, Message, serve

FIRST_RUN = 100  # conflicts
SHORTEST_RUN = 20
LONGEST_RUN = 20_000
STEADY_RUN = 500  # where time must have no say
RUN_SECONDS = 0.1  # what a run should last
NEWS_INTERVAL = 0.5  # seconds between two progress messages
FOLLOW_SECONDS = 0.1  # that a trail may take
EXPORT_INTERVAL = 0.25  # seconds between two messages with learned clauses
EXPORT_AFTER = 1.5  # seconds of search: what is over before needs nobody's help, and numpy takes 0.1 s
EXPORT_MOST = 1000  # clauses of a message
BLOCK = 10_000  # clauses turned into Python lists at once: bounds the memory


class Worker:
    """One solver and what its engine asked of it."""

    def __init__(self, channel: Channel) -> None:
        from pysat.solvers import Cadical300

        self._channel = channel
        self._solver = Cadical300()
        self._variables = 0
        self._run = FIRST_RUN
        self._began = time.monotonic()
        self._searched = 0.0  # seconds
        self._news = self._exported = time.monotonic()
        self._trace: Trace | None = None
        self._longest = 0  # literals of a clause to be exported
        self._steady = False  # whether runs have always the same length
        self._most: int | None = None  # conflicts of all slices together

    def serve(self) -> None:
        """Do what the messages say until the other side is gone."""
        while True:
            message = self._channel.receive(None)
            assert message is not None  # it waits for ever
            self._handle(message)

    def _handle(self, message: Message) -> None:
        data, arrays = message.data, message.arrays
        match message.kind:
            case "load":
                # Options and trace first: CaDiCaL asks for them when the first clause comes.
                self._solver.configure(data["options"])
                self._variables, self._longest = data["variables"], data["export"]
                self._steady, self._most = data["steady"], data["conflicts"]
                if self._longest:
                    self._trace = Trace(self._solver)
                self._add(*arrays)
            case "phases":
                self._solver.set_phases(arrays[0].tolist())
            case "clauses":
                self._add(*arrays)
            case "follow":
                self._follow(arrays[0].tolist())
            case "advance":
                self._slice(data["number"], data["conflicts"], data["seconds"], arrays[0].tolist())
            case _:
                raise ValueError(f"unknown message {message.kind!r}")

    def _add(self, literals: memoryview, offsets: memoryview) -> None:
        """Add clauses in flat arrays: literals int32, offsets int64 (clauses + 1,)."""
        from pysat.solvers import pysolvers

        add = pysolvers.cadical300_add_cl  # the solver's own add_clause takes a third longer
        clauses = len(offsets) - 1
        for low in range(0, clauses, BLOCK):
            bounds = offsets[low : low + BLOCK + 1].tolist()
            first = bounds[0]
            flat = literals[first : bounds[-1]].tolist()
            ends = [bound - first for bound in bounds]
            rows = map(flat.__getitem__, map(slice, ends, ends[1:]))
            deque(map(add, repeat(self._solver.cadical), rows), maxlen=0)

    def _slice(self, number: int, conflicts: int | None, seconds: float | None, assumed: list[int]) -> None:
        """Search until an answer or the budget's end, and send it."""
        solver = self._solver
        start = time.monotonic()
        end = None if seconds is None else start + seconds
        bounds = [self._most, None if conflicts is None else self._conflicts() + conflicts]
        last = min((each for each in bounds if each is not None), default=None)
        answer: bool | None = None
        while True:
            now = time.monotonic()
            before = self._conflicts()
            if (end is not None and now >= end) or (last is not None and before >= last):
                break
            run = self._run if last is None else min(self._run, last - before)
            solver.conf_budget(run)
            answer = solver.solve_limited(assumptions=assumed)
            spent = time.monotonic() - now
            self._searched += spent
            if answer is not None:
                break
            # It would try its lucky phases again in every run, 0.3 s each on 800,000 clauses.
            solver.configure({"lucky": 0})
            done = max(1, self._conflicts() - before)
            self._pace(done / max(spent, 1e-6), None if end is None else end - now - spent)
            self._listen()
        if not answer:
            self._export()
        self._send(answer, number, assumed)

    def _pace(self, speed: float, left: float | None) -> None:
        """Choose the length of the next run from conflicts a second, and not far beyond the seconds left."""
        if self._steady:
            self._run = STEADY_RUN
            return
        aim = RUN_SECONDS if left is None else max(0.0, min(RUN_SECONDS, left))
        wanted = min(int(speed * aim), 4 * self._run)
        self._run = max(SHORTEST_RUN, min(wanted, LONGEST_RUN))

    def _listen(self) -> None:
        while (message := self._channel.receive(0.0)) is not None:
            self._handle(message)
        now = time.monotonic()
        if now - self._news >= NEWS_INTERVAL:
            self._news = now
            self._channel.send("progress", self._counts())
        if now - self._exported >= EXPORT_INTERVAL and self._searched >= EXPORT_AFTER:
            self._exported = now
            self._export()

    def _export(self) -> None:
        """Send the short clauses that were learned, if anybody wants them."""
        if self._trace is None:
            return
        clauses = self._trace.take(self._longest).shortest(EXPORT_MOST)
        if len(clauses):
            arrays = [memoryview(clauses.literals), memoryview(clauses.offsets)]  # type: ignore[arg-type]
            self._channel.send("learned", {}, arrays)

    def _follow(self, literals: list[int]) -> None:
        """Send the trail along these literals, each left out that is false when its turn comes."""
        end = time.monotonic() + FOLLOW_SECONDS
        trail: list[int] = []
        while literals:
            whole, trail = self._solver.propagate(literals)
            if whole or time.monotonic() > end:
                break
            reached = set(trail)
            # The first that cannot hold; where clauses conflict, the first that was not reached.
            bad = next((i for i, literal in enumerate(literals) if -literal in reached), None)
            if bad is None:
                bad = next((i for i, literal in enumerate(literals) if literal not in reached), 0)
            del literals[bad]
        own = [literal for literal in trail if abs(literal) <= self._variables]
        self._channel.send("trail", {}, [memoryview(array("i", own))])

    def _conflicts(self) -> int:
        return int(self._solver.accum_stats()["conflicts"])

    def _counts(self) -> dict[str, Any]:
        return {**self._solver.accum_stats(), "seconds": round(self._searched, 4)}

    def _send(self, answer: bool | None, number: int, assumed: list[int]) -> None:
        values, core = array("b"), array("i")
        if answer:
            # A model ends with the largest variable of any clause; what follows is free.
            model = array("i", self._solver.get_model()[: self._variables])
            values = array("b", b"\1") * self._variables
            for literal in model:
                if literal < 0:
                    values[-literal - 1] = 0
        elif answer is False and assumed:
            core = array("i", self._solver.get_core() or [])
        status = {None: 0, True: 10, False: 20}[answer]
        over = not status and self._most is not None and self._conflicts() >= self._most
        data = {"number": number, "status": status, "over": over, "counts": self._counts()}
        self._channel.send("answer", data, [memoryview(values), memoryview(core)])


def main(descriptor: int) -> None:
    """Serve the engine at the other end of a socket until it goes away."""
    gc.disable()  # millions of small lists come and go, none of them in a cycle
    serve(descriptor, lambda channel: Worker(channel).serve())
