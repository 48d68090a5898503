"""Lanes side by side: start them, wait for the first answer, end the rest."""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from turbosat.cdcl.engine import Ability, Answer, Budget, Engine
from turbosat.deadline import Deadline, Expired
from turbosat.errors import EngineError
from turbosat.events import Event, Sink
from turbosat.result import Reason, Status

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.diversify import Entrant
    from turbosat.formula import Formula

GLANCE = 0.05  # seconds between two looks at the limits while lanes run
NICE = 10  # of all lanes but the first, which a machine busy with other work must not slow down
NEWS_INTERVAL = 1.0  # seconds between two progress events of one lane


@dataclass(slots=True)
class Lane:
    """One engine in the race and what became of it."""

    spec: Entrant
    engine: Engine
    started: float  # seconds after the start of the run
    state: str = "running"  # running, answered, failed, stopped
    error: str = ""
    ended: float | None = None
    counts: dict[str, float] = field(default_factory=dict)
    told: float = 0.0  # when its progress was last told, and what
    news: dict[str, float] = field(default_factory=dict)

    def statistics(self) -> dict[str, Any]:
        """Return the lane as plain data."""
        data: dict[str, Any] = {
            "lane": self.spec.name,
            "engine": self.engine.name,
            "seed": self.spec.seed,
            "options": list(self.spec.arguments()),
            "state": self.state,
            "started": round(self.started, 3),
            "ended": None if self.ended is None else round(self.ended, 3),
            "counts": self.counts,
        }
        if self.error:
            data["why"] = self.error
        return data


class Race:
    """The lanes of a run. Leaving the `with` block ends every child process."""

    def __init__(self, deadline: Deadline, sink: Sink) -> None:
        self.lanes: list[Lane] = []
        self._deadline = deadline
        self._sink = sink

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def running(self) -> list[Lane]:
        """Return the lanes still searching, in the order they were added."""
        return [lane for lane in self.lanes if lane.state == "running"]

    def add(
        self,
        spec: Entrant,
        engine: Engine,
        source: Formula | Path,
        assumptions: NDArray[np.int32] | None = None,
    ) -> Lane:
        """Start a lane on `source`; a lane that cannot be started is in the race as failed.

        The first lane has the right of way where there are fewer cores than lanes.
        """
        lane = Lane(spec, engine, self._deadline.elapsed())
        self.lanes.append(lane)
        try:
            engine.start(source)
            if assumptions is not None and len(assumptions):
                if Ability.ASSUMPTIONS in engine.abilities:
                    engine.assume(assumptions)
                else:
                    engine.add_units(assumptions)
            engine.advance(Budget())
            if len(self.lanes) > 1 and not spec.urgent and engine.pid is not None:
                os.setpriority(os.PRIO_PROCESS, engine.pid, NICE)
        except EngineError as error:
            self._end(lane, "failed", why=str(error))
        else:
            self._tell("started", lane, seed=spec.seed, options=" ".join(spec.arguments()))
        return lane

    def glance(self, timeout: float = 0.0) -> tuple[Lane, Answer] | None:
        """Look at every running lane, waiting up to `timeout` seconds for one that has something to say."""
        running = self.running()
        if timeout > 0 and running:
            waiter = select.poll()  # not select(): a user's program may hold more than 1,024 descriptors
            waiter.register(self._deadline, select.POLLIN)
            for lane in running:
                waiter.register(lane.engine, select.POLLIN)
            waiter.poll(timeout * 1000)
        for lane in running:
            try:
                answer = lane.engine.poll(0.0)
            except EngineError as error:
                self._end(lane, "failed", why=str(error))
                continue
            if answer is None:
                self._report(lane)
                continue
            lane.counts = answer.counts
            if answer.status is Status.UNKNOWN:
                self._end(lane, "stopped", why="it gave up")
                continue
            self._end(lane, "answered", status=str(answer.status))
            return lane, answer
        return None

    def wait(self, seconds: float | None = None) -> tuple[Lane, Answer] | None:
        """Wait a moment, `seconds` at most, for an answer; None when there is none yet.

        Raises Expired at the deadline. When memory runs out, the lanes added last are given up first.
        """
        pace = GLANCE if self._deadline.memory is not None else NEWS_INTERVAL / 2
        limits = (seconds, self._deadline.remaining())
        found = self.glance(min([pace, *(limit for limit in limits if limit is not None)]))
        if found is not None:
            return found
        try:
            self._deadline.check()
        except Expired as expired:
            running = self.running()
            if expired.reason is not Reason.MEMORY or len(running) < 2:
                raise
            self._end(running[-1], "stopped", why="memory limit")
            self._deadline.look()
        return None

    def share(self, literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        """Hand implied clauses, in flat arrays, to every lane that can take them while it runs."""
        for lane in self.running():
            if Ability.IMPORT in lane.engine.abilities and len(literals):
                try:
                    lane.engine.add_clauses(literals, offsets)
                except EngineError as error:
                    self._end(lane, "failed", why=str(error))

    def drop(self, lane: Lane, why: str) -> None:
        """End one lane."""
        if lane.state == "running":
            self._end(lane, "stopped", why=why)

    def stop(self) -> None:
        """End every lane."""
        for lane in self.running():
            self._end(lane, "stopped")
        for lane in self.lanes:
            lane.engine.stop()

    def statistics(self) -> list[dict[str, Any]]:
        """Return every lane as plain data."""
        return [lane.statistics() for lane in self.lanes]

    def _end(self, lane: Lane, state: str, **data: str) -> None:
        lane.counts = lane.counts or dict(lane.engine.progress)
        lane.engine.stop()
        lane.state, lane.error, lane.ended = state, data.get("why", ""), self._deadline.elapsed()
        self._tell(state, lane, **data)

    def _report(self, lane: Lane) -> None:
        now = time.monotonic()
        if now - lane.told >= NEWS_INTERVAL and lane.engine.progress != lane.news:
            lane.told, lane.news = now, dict(lane.engine.progress)
            self._tell("progress", lane, **lane.news)

    def _tell(self, kind: str, lane: Lane, **data: Any) -> None:
        self._sink(Event(kind, self._deadline.elapsed(), lane.spec.name, data))
