"""The process behind the pool: it joins or starts Ray, keeps the actors and passes messages.

    run ──socket──► this process ──calls──► actors, one lane each at a time

Of each actor one call is under way at most, so no queue grows: requests wait here, of phases only the newest.
An actor that dies is replaced, on another node if need be, and told again what the lane was about; the call
that was lost is made again. Answers carry the number of their slice, so that none counts twice.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from turbosat.cdcl.pool.session import Session
from turbosat.cdcl.pool.worker import Note
from turbosat.cdcl.process.channel import Channel, Message, serve
from turbosat.cdcl.process.tree import descendants
from turbosat.errors import Cause, EngineError, UsageError

COMING = 8  # how far Ray gives way while it comes up
NICE = 13  # and from then on
VITALS = 0.5  # seconds between two looks whether Ray is alive
CALL = 0.1  # seconds that an actor searches before it reports
STARTS = 5  # actors that may be lost in a row before a lane is given up
CLAUSES = 64  # messages with clauses that may wait for an actor: older ones are dropped


def main(descriptor: int) -> None:
    """Serve the run at the other end of a socket until it goes away."""
    os.nice(COMING)
    serve(descriptor, lambda channel: Pool(channel).serve())


@dataclass(slots=True, eq=False)
class Lane:
    """A lane, its actor, and what a new actor would have to be told."""

    number: int
    resources: dict[str, float]
    actor: Any = None
    call: Any = None  # the object that the call under way will be
    waiting: list[Note] = field(default_factory=list)  # requests of the next call
    story: dict[str, Note] = field(default_factory=dict)  # by kind, what a new actor must know
    running: bool = False  # a slice is
    ended: bool = False
    losses: int = 0  # in a row

    def take(self, note: Note) -> None:
        """Add a request; newer phases replace older ones."""
        kind, data, arrays = note
        match kind:
            case "begin":
                self.story = {"begin": note}
            case "units" if "units" in self.story:
                known = self.story["units"][2][0]
                self.story["units"] = kind, data, (np.concatenate([known, arrays[0]]),)
            case "units" | "phases" | "advance":
                self.story[kind] = note
        if kind in ("phases", "follow"):
            self.waiting = [each for each in self.waiting if each[0] != kind]
        if kind == "clauses":
            old = [each for each in self.waiting if each[0] == kind]
            if len(old) >= CLAUSES:
                self.waiting.remove(old[0])
        if kind == "advance":
            self.running = True
        if kind == "end":
            self.waiting.clear()
            self.running, self.ended = False, True
        self.waiting.append(note)

    def retell(self) -> None:
        """Let a new actor hear what matters, in an order in which it can be told."""
        kinds = ("begin", "units", "phases", *(("advance",) if self.running else ()))
        fresh = [each for each in self.waiting if each[0] not in (*kinds, "clauses")]
        self.waiting = [self.story[kind] for kind in kinds if kind in self.story] + fresh


class Pool:
    """All lanes of the pool."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._session = Session()
        self._lanes: dict[int, Lane] = {}
        self._idle: list[tuple[dict[str, float], Any]] = []  # actors without a lane, and what they hold
        self._queue: deque[Lane] = deque()  # lanes without an actor: all there is room for have lanes
        self._done: deque[tuple[Lane, Any]] = deque()  # calls that have ended, in any thread
        self._waker, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._opened = threading.Lock()  # taken by who says first how the opening went

    def serve(self) -> None:
        """Join the cluster, say so, and pass messages on."""
        opening = self._channel.receive(None)
        assert opening is not None
        data = opening.data
        threading.Thread(target=self._stand_by, daemon=True).start()
        try:
            self._session.open(data["address"], data["places"], data["variables"], opening.arrays)
            about = self._session.about()
        except (UsageError, EngineError) as error:
            self._unusable(error)
        self._opened.acquire()
        if data["address"] is None:
            for pid in (os.getpid(), *descendants(os.getpid())):
                with suppress(ProcessLookupError):
                    os.setpriority(os.PRIO_PROCESS, pid, max(NICE, os.getpriority(os.PRIO_PROCESS, pid)))
        self._channel.send("ready", about)
        waiter = select.poll()
        waiter.register(self._waker, select.POLLIN)
        while True:
            waiter.register(self._channel, select.POLLIN | (select.POLLOUT if self._done else 0))
            waiter.poll(VITALS * 1000)
            self._session.check()
            while (message := self._channel.receive(0.0)) is not None:
                self._hear(message)
            if select.select([self._waker], [], [], 0)[0]:
                os.read(self._waker, 1 << 16)
            while self._done and self._channel.roomy():  # whoever waits for the other must not be both
                self._returned(*self._done.popleft())

    def _stand_by(self) -> None:
        """Look after Ray's processes while it comes up: it waits half a minute for ones that are gone."""
        while not self._opened.locked():
            try:
                self._session.look()
            except EngineError as error:
                self._unusable(error)
            time.sleep(VITALS)

    def _unusable(self, error: UsageError | EngineError) -> NoReturn:
        """Say why there is no pool, and end."""
        self._opened.acquire()
        self._channel.send("unusable", {"message": str(error), "type": type(error).__name__})
        os._exit(0)

    def _hear(self, message: Message) -> None:
        data = message.data
        number = data["lane"]
        if message.kind == "lane":
            self._lanes[number] = Lane(number, data["resources"])
            return
        lane = self._lanes.get(number)
        if lane is not None:
            # Views of a message's memory cannot travel further: arrays can.
            lane.take((message.kind, data["data"], tuple(np.array(each) for each in message.arrays)))
            self._call(lane)

    def _call(self, lane: Lane) -> None:
        """Call the lane's actor if there is something for it to do and no call is under way."""
        if lane.call is not None or not (lane.waiting or lane.running):
            return
        if lane.actor is None and not lane.ended:
            lane.actor = self._place(lane.resources)
            if lane.actor is None:
                if lane not in self._queue:
                    self._queue.append(lane)
                return
        if lane.actor is None:
            self._forget(lane)
            return
        requests, lane.waiting = lane.waiting, []
        lane.call = lane.actor.step.remote(requests, CALL if lane.running else 0.0)
        lane.call.future().add_done_callback(lambda future: self._tell(lane, future))

    def _tell(self, lane: Lane, future: Any) -> None:
        """Take note that a call has ended; this is another thread."""
        self._done.append((lane, future))
        os.write(self._wake, b"!")

    def _place(self, resources: dict[str, float]) -> Any:
        """Return an actor for a lane, None if there is no room for one more."""
        for index, (held, actor) in enumerate(self._idle):
            if held == resources:
                del self._idle[index]
                return actor
        alike = sum(lane.actor is not None and lane.resources == resources for lane in self._lanes.values())
        return self._session.actor(resources) if alike < self._room(resources) else None

    def _room(self, resources: dict[str, float]) -> int:
        """Return how many actors can hold so much: Ray would let others wait for ever."""
        return int(self._session.about()["gpus" if resources.get("gpu") else "places"])

    def _returned(self, lane: Lane, future: Any) -> None:
        lane.call = None
        error = future.exception()
        if error is not None:
            self._lost(lane, error)
            return
        lane.losses = 0
        for kind, data, arrays in future.result():
            if kind in ("answer", "failed"):
                lane.running = False
            self._report(lane, kind, data, arrays)
        if lane.ended and not lane.waiting:
            self._forget(lane)
        else:
            self._call(lane)

    def _lost(self, lane: Lane, error: BaseException) -> None:
        """Replace an actor that died; give the lane up where that happens again and again."""
        lane.actor = None
        why = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
        if lane.ended:
            self._forget(lane)
            return
        lane.losses += 1
        if lane.losses > STARTS or not self._session.recoverable(error):
            lane.running = False
            lost = {"why": f"its actor was lost: {why}", "cause": Cause.OTHER.value}
            self._report(lane, "failed", lost, ())
            return
        self._report(lane, "replaced", {"why": why}, ())
        lane.retell()
        self._call(lane)

    def _forget(self, lane: Lane) -> None:
        """Keep the actor of a lane that has ended for the next one."""
        self._lanes.pop(lane.number, None)
        if lane in self._queue:
            self._queue.remove(lane)
        if lane.actor is not None:
            self._idle.append((lane.resources, lane.actor))
            lane.actor = None
        waiting, self._queue = self._queue, deque()
        for each in waiting:
            self._call(each)

    def _report(self, lane: Lane, kind: str, data: dict[str, Any], arrays: Sequence[Any]) -> None:
        views = [memoryview(np.ascontiguousarray(each)) for each in arrays]  # type: ignore[arg-type]
        self._channel.send("report", {"lane": lane.number, "kind": kind, "data": data}, views)
