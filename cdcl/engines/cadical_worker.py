"""The child side of CaDiCaL: one solver, which searches until it has an answer, or something to be told.

What comes while it searches ends the run when it is due: clauses that others have learned seldom, for every
end costs CaDiCaL its schedule (see cadical_search). Where its methods cannot be called, a run is some
conflicts through python-sat, which cannot be interrupted. This process imports python-sat and the standard
library only, and numpy where it reads what was learned from a trace.
"""

from __future__ import annotations

import gc
import time
from array import array
from collections import deque
from itertools import repeat
from typing import Any

from turbosat.cdcl.engines.cadical_search import Search, works
from turbosat.cdcl.engines.collector import Collector, collector
from turbosat.cdcl.engines.trace import Trace
from turbosat.cdcl.process.channel import Channel, Message, serve

FIRST_RUN = 100  # conflicts of runs that cannot be interrupted
SHORTEST_RUN = 20
LONGEST_RUN = 20_000
RUN_SECONDS = 0.1  # what such a run should last, and the least that any run lasts unless its slice is over
HEARING = 1.0, 0.5  # seconds, and parts of the search so far, between two imports of learned clauses
LARGEST = 2_000_000_000  # of CaDiCaL's options
NEWS_INTERVAL = 0.5  # seconds between two progress messages
FOLLOW_SECONDS = 0.1  # that a trail may take
EXPORT_INTERVAL = 0.25  # seconds between two messages with learned clauses
EXPORT_AFTER = 1.5  # seconds of search: what is over before needs nobody's help
EXPORT_MOST = 1500  # literals of a message
TRACE_MOST = 1 << 25  # bytes of a trace, in memory, after which it is read: seconds of search
BLOCK = 10_000  # clauses turned into Python lists at once: bounds the memory


class Worker:
    """One solver and what its engine asked of it."""

    def __init__(self, channel: Channel) -> None:
        from pysat.solvers import Cadical300

        self._channel = channel
        self._solver = Cadical300()
        self._search = Search(self._solver.cadical) if works() else None
        self._waiting: deque[Message] = deque()  # that came while it searched
        self._variables = 0
        self._run = FIRST_RUN
        self._searched = 0.0  # seconds
        self._news = self._exported = time.monotonic()
        self._imported = -HEARING[0]  # seconds of search before the last import
        self._collector: Collector | None = None
        self._trace: Trace | None = None
        self._longest = 0  # literals of a clause to be exported
        self._steady = False  # whether time has no say
        self._most: int | None = None  # conflicts of all slices together

    def serve(self) -> None:
        """Do what the messages say until the other side is gone."""
        while True:
            message = self._waiting.popleft() if self._waiting else self._channel.receive(None)
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
                    self._connect(data["library"])
                self._add(*arrays)
            case "phases":
                self._solver.set_phases(arrays[0].tolist())
            case "clauses":
                self._add(*arrays)
                self._imported = self._searched
            case "follow":
                self._follow(arrays[0].tolist())
            case "advance":
                self._slice(data["number"], data["conflicts"], data["seconds"], arrays[0].tolist())
            case _:
                raise ValueError(f"unknown message {message.kind!r}")

    def _connect(self, library: str | None) -> None:
        """Let what is learned be collected; by a trace where there is no other way."""
        if library is not None:
            self._collector = collector(library, self._solver.cadical, self._longest)
        if self._collector is None:
            self._trace = Trace(self._solver)

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
            left = None if last is None else last - before
            if self._search is not None:
                answer = self._run_whole(self._search, assumed, left, end)
            else:
                answer = self._run_short(assumed, left, end)
            if answer is not None:
                break
            # It would try its lucky phases again in every run, 0.3 s each on 800,000 clauses.
            self._solver.configure({"lucky": 0})
            if self._trace is not None and self._export_due(time.monotonic()):
                self._export()
            if self._hear():
                break
        if not answer:
            self._export()
        self._send(answer, number, assumed)

    def _run_whole(
        self, search: Search, assumed: list[int], conflicts: int | None, end: float | None
    ) -> bool | None:
        """Search until an answer, the slice's end, or until something that came is due."""
        if conflicts is not None:
            self._solver.conf_budget(conflicts)
        began = time.monotonic()
        searched = self._searched
        search.begin(assumed)
        while True:
            now = time.monotonic()
            self._searched = searched + now - began
            self._tell(now, search)
            due = self._due(now, began)
            if self._steady:
                due = None
            elif end is not None:
                due = end if due is None else min(due, end)
            if due is not None and now >= due:
                break
            next_look = now + (NEWS_INTERVAL if self._longest == 0 else EXPORT_INTERVAL)
            until = next_look if due is None else min(due, next_look)
            if search.wait(self._channel.fileno(), until - now):
                break
            self._receive()
        answer = search.end()
        self._searched = searched + time.monotonic() - began
        return answer

    def _due(self, now: float, began: float) -> float | None:
        """Return when a run is to end for what came while it lasts, None while nothing waits."""
        self._receive()
        gap = max(HEARING[0], HEARING[1] * self._searched)
        found = None
        if self._trace is not None:  # it cannot be read while something is written
            full = self._trace.size >= TRACE_MOST
            found = began + RUN_SECONDS if full else max(began, self._exported) + gap
        for message in self._waiting:
            match message.kind:
                case "clauses":
                    due = max(began + RUN_SECONDS, now + self._imported + gap - self._searched)
                case "advance":
                    due = now
                case _:
                    due = began + RUN_SECONDS
            found = due if found is None else min(found, due)
        return found

    def _run_short(self, assumed: list[int], conflicts: int | None, end: float | None) -> bool | None:
        """Search for some conflicts, as many as a run should have."""
        now, before = time.monotonic(), self._conflicts()
        run = self._run if conflicts is None else min(self._run, conflicts)
        if self._steady:
            run = min(LONGEST_RUN, run if conflicts is None else conflicts)
        self._solver.conf_budget(run)
        answer = self._solver.solve_limited(assumptions=assumed)
        spent = time.monotonic() - now
        self._searched += spent
        done = max(1, self._conflicts() - before)
        self._pace(done / max(spent, 1e-6), None if end is None else end - now - spent)
        self._receive()
        self._tell(time.monotonic())
        return None if answer is None else bool(answer)

    def _pace(self, speed: float, left: float | None) -> None:
        """Choose the length of the next run from conflicts a second, and not far beyond the seconds left."""
        aim = RUN_SECONDS if left is None else max(0.0, min(RUN_SECONDS, left))
        wanted = min(int(speed * aim), 4 * self._run)
        self._run = max(SHORTEST_RUN, min(wanted, LONGEST_RUN))

    def _receive(self) -> None:
        """Take in what has come."""
        while (message := self._channel.receive(0.0)) is not None:
            self._waiting.append(message)

    def _hear(self) -> bool:
        """Do what messages say that waited, and tell whether one of them begins another slice."""
        while self._waiting:
            if self._waiting[0].kind == "advance":
                return True
            self._handle(self._waiting.popleft())
        return False

    def _tell(self, now: float, search: Search | None = None) -> None:
        """Send news and learned clauses when it is time; of a search that runs what it may be asked for."""
        if now - self._news >= NEWS_INTERVAL:
            self._news = now
            counts = self._counts() if search is None else {**search.counts(), "seconds": self._seconds()}
            self._channel.send("progress", counts)
        if self._collector is not None and self._export_due(now):
            self._collector.listen()
            self._export()

    def _export_due(self, now: float) -> bool:
        return now - self._exported >= EXPORT_INTERVAL and self._searched >= EXPORT_AFTER

    def _export(self) -> None:
        """Send the short clauses that were learned, if anybody wants them."""
        self._exported = time.monotonic()
        arrays: list[memoryview] = []
        if self._collector is not None:
            arrays = [memoryview(each) for each in self._collector.take(EXPORT_MOST)]
        elif self._trace is not None:
            clauses = self._trace.take(self._longest).shortest(EXPORT_MOST // self._longest)
            arrays = [memoryview(clauses.literals), memoryview(clauses.offsets)]  # type: ignore[arg-type]
        if arrays and len(arrays[0]):
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
        return {**self._solver.accum_stats(), "seconds": self._seconds()}

    def _seconds(self) -> float:
        return round(self._searched, 4)

    def _send(self, answer: bool | None, number: int, assumed: list[int]) -> None:
        from pysat.solvers import pysolvers

        # python-sat's own methods would answer for the last search that it began.
        capsule, values, core = self._solver.cadical, array("b"), array("i")
        if answer:
            # A model ends with the largest variable of any clause; what follows is free.
            model = array("i", (pysolvers.cadical300_model(capsule) or [])[: self._variables])
            values = array("b", b"\1") * self._variables
            for literal in model:
                if literal < 0:
                    values[-literal - 1] = 0
        elif answer is False and assumed:
            core = array("i", pysolvers.cadical300_core(capsule, assumed) or [])
        status = {None: 0, True: 10, False: 20}[answer]
        over = not status and self._most is not None and self._conflicts() >= self._most
        data = {"number": number, "status": status, "over": over, "counts": self._counts()}
        self._channel.send("answer", data, [memoryview(values), memoryview(core)])


def main(descriptor: int) -> None:
    """Serve the engine at the other end of a socket until it goes away."""
    gc.disable()  # millions of small lists come and go, none of them in a cycle
    serve(descriptor, lambda channel: Worker(channel).serve())
