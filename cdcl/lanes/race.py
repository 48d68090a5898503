"""Lanes side by side: start them, drive them slice by slice, wait for the first answer, end the rest."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, Self

from turbosat.cdcl.engines.engine import Ability, Answer, Engine, FileName
from turbosat.cdcl.lanes.courses import Course, Slice
from turbosat.cdcl.process.child import Spent, unstarted
from turbosat.cdcl.process.interrupts import undisturbed
from turbosat.deadline import Deadline, Expired
from turbosat.errors import Cause, EngineError
from turbosat.events import Event, Sink
from turbosat.records import field, record
from turbosat.result import Reason, Status
from turbosat.system import memory_kills, set_rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.lanes.mix import Entrant
    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula

GLANCE = 0.05  # seconds between two looks at the limits while lanes run
NEWS_INTERVAL = 1.0  # seconds between two progress events of one lane


class Watched(Protocol):
    """Something besides the lanes that a wait should end for; it may have processes, too."""

    def fileno(self) -> int:
        """Return a descriptor that is readable when there is something new."""

    @property
    def pid(self) -> int | None:
        """The process that all of its processes are below, None where there is none."""

    @property
    def spent(self) -> Spent:
        """What they took, once they have ended."""


@record()
class Lane:
    """One engine in the race and what became of it."""

    spec: Entrant
    engine: Engine
    started: float  # seconds after the start of the run
    course: Course
    place: str = "here"  # or pool
    state: str = "running"  # running, answered, failed, stopped, replaced
    error: str = ""
    cause: Cause | None = None  # of its failure, or why it was given up
    ended: float | None = None
    counts: dict[str, float] = field(default_factory=dict)
    told: float = 0.0  # when its progress was last told, and what
    news: dict[str, float] = field(default_factory=dict)
    paced: bool = False  # its slices are begun by whoever added it
    resting: bool = False  # its last slice has ended, and no other has begun
    piece: Slice | None = None  # what it searches under
    slices: int = 0
    refuted: int = 0  # guesses
    guided: str = ""  # by what last

    def statistics(self) -> dict[str, Any]:
        """Return the lane as plain data."""
        data: dict[str, Any] = {
            "lane": self.spec.name,
            "engine": self.engine.name,
            "place": self.place,
            "seed": self.spec.seed,
            "options": list(self.spec.arguments()),
            "state": self.state,
            "started": round(self.started, 3),
            "ended": None if self.ended is None else round(self.ended, 3),
            "slices": self.slices,
            "guesses_refuted": self.refuted,
            "guided_by": self.guided,
            "counts": self.counts,
        }
        if self.error:
            data["why"] = self.error
        return data


class Race:
    """The lanes of a run. Leaving the `with` block ends every child process.

    `assumed` are literals that the whole run is under. What refutes a guess beyond them is not an answer but
    a clause: `cores` collects these, as tuples of literals, with the lane they came from.
    """

    def __init__(self, deadline: Deadline, sink: Sink, assumed: NDArray[np.int32] | None = None) -> None:
        self.lanes: list[Lane] = []
        self.cores: list[tuple[Lane, tuple[int, ...]]] = []
        self._deadline = deadline
        self._sink = sink
        self._known: frozenset[int] = frozenset()
        if assumed is not None:
            self._assumption, self._known = assumed, frozenset(assumed.tolist())
        self._watched: list[Watched] = []
        self._beside: list[Watched] = []  # all that were ever watched
        self._kills = memory_kills()
        deadline.cover(self.processes)
        self._conditions: list[Callable[[], None]] = []
        self._held: list[Lane] | None = None  # lanes that are to begin together
        # In what context lanes beside the first are started: that they begin on cores that are theirs.
        self.guest: Callable[[], AbstractContextManager[None]] = nullcontext
        # What is called now and then by whatever takes long between two waits; it may raise to stop it.
        self.check: Callable[[], None] = deadline.check

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with undisturbed():  # a second Ctrl-C does not save a child from the first
            self.stop()

    def running(self) -> list[Lane]:
        """Return the lanes still searching, in the order they were added."""
        return [lane for lane in self.lanes if lane.state == "running"]

    def watch(self, thing: Watched) -> None:
        """Let waits end when this has something new, too."""
        self._watched.append(thing)
        self._beside.append(thing)

    def forget(self, thing: Watched) -> None:
        """Watch it no longer."""
        self._watched = [each for each in self._watched if each is not thing]

    def require(self, condition: Callable[[], None]) -> None:
        """Let every wait without an answer end with this, which raises when the run must not go on."""
        self._conditions.append(condition)

    def add(
        self,
        spec: Entrant,
        engine: Engine,
        source: Formula | FileName,
        course: Course | None = None,
        place: str = "here",
        *,
        paced: bool = False,
    ) -> Lane:
        """Start a lane on `source`; a lane that cannot be started is in the race as failed.

        The first lane has the right of way where there are fewer cores than lanes.
        """
        abilities = engine.abilities
        lane = Lane(spec, engine, self._deadline.elapsed(), course or Course(), place, paced=paced)
        self.lanes.append(lane)
        engine.check = self._deadline.check
        try:
            with self.guest() if len(self.lanes) > 1 else nullcontext():
                engine.start(source)
                if self._known and Ability.ASSUMPTIONS not in abilities and Ability.UNITS in abilities:
                    engine.add_units(self._assumption)  # engines that take neither say what holds anyway
                lane.resting = True
                if self._held is not None:
                    self._held.append(lane)
                elif not paced:
                    self._advance(lane)
            if engine.pid is not None:
                set_rank(engine.pid, spec.nice if len(self.lanes) > 1 else 0)
        except EngineError as error:
            self._fail(lane, error)
        except Expired as expired:
            self._relieve(expired)
        except OSError as error:  # no descriptors, no room for the formula: the next lane may do with less
            self._fail(lane, unstarted(engine.name, error))
        else:
            self.tell("started", lane, seed=spec.seed, options=" ".join(spec.arguments()), place=place)
        return lane

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let lanes that are added here begin when all are there: none has to wait for what others do."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            for lane in held:
                if not lane.paced:
                    self.begin(lane)

    def begin(self, lane: Lane) -> None:
        """Begin the next slice of a lane that rests; if its child is gone, the lane has failed."""
        self.ask(lane, partial(self._advance, lane))

    def _advance(self, lane: Lane) -> None:
        engine, piece = lane.engine, lane.course.next()
        if piece.phases is not None:
            engine.set_phases(piece.phases)
        if Ability.ASSUMPTIONS in engine.abilities:
            if self._known:
                engine.assume(self._assumption)
            if piece.guess:
                import numpy as np

                engine.assume(np.array(piece.guess, np.int32))
        engine.advance(piece.budget)
        lane.piece, lane.resting = piece, False
        lane.slices += 1
        if piece.note:
            lane.guided = piece.note
            self.tell("guided", lane, what=piece.note)

    def heard(self, timeout: float = 0.0) -> bool:
        """Wait up to `timeout` seconds until anybody has something to say, and tell whether that is so."""
        waiter = select.poll()  # not select(): a user's program may hold more than 1,024 descriptors
        running = self.running()
        if not (running or self._watched):
            return False
        active = [lane.engine for lane in running if not lane.resting]
        things: tuple[Deadline | Watched | Engine, ...] = (self._deadline, *self._watched, *active)
        for each in things:
            try:
                waiter.register(each, select.POLLIN)
            except EngineError:  # the pool is gone: the poll below says so, of each of its lanes
                return True
        return bool(waiter.poll(timeout * 1000))

    def glance(self, timeout: float = 0.0) -> tuple[Lane, Answer] | None:
        """Look at every running lane, waiting up to `timeout` seconds for one that has something to say."""
        if timeout > 0:
            self.heard(timeout)
        running = self.running()
        for lane in running:
            if lane.resting:
                continue
            try:
                answer = lane.engine.poll(0.0)
                for text in lane.engine.notes():
                    self.tell("note", lane, what=text)
                if answer is None:
                    self._report(lane)
                    continue
                lane.counts = answer.counts
                answer = self._judged(lane, answer)
            except EngineError as error:
                self._fail(lane, error)
                continue
            except Expired as expired:  # it was about to begin with something more
                self._relieve(expired, lane)
                continue
            if answer is not None:
                self._end(lane, "answered", status=str(answer.status))
                return lane, answer
        return None

    def wait(self, seconds: float | None = None) -> tuple[Lane, Answer] | None:
        """Wait a moment, `seconds` at most, for an answer; None when there is none yet.

        Raises Expired at the deadline, and whatever `require` has it raise. When memory runs out, the run's
        or the system's, the lanes added last are given up first.
        """
        pace = GLANCE if self._deadline.memory is not None else NEWS_INTERVAL / 2
        limits = (seconds, self._deadline.remaining())
        found = self.glance(min([pace, *(limit for limit in limits if limit is not None)]))
        if found is not None:
            return found
        for condition in self._conditions:
            condition()
        try:
            self._deadline.check()
        except Expired as expired:
            self._relieve(expired)
        else:
            running = self.running()
            if len(running) > 1 and self._deadline.short():
                self._give_up(running[-1], "memory is short")
        return None

    def _relieve(self, expired: Expired, lane: Lane | None = None) -> None:
        """Give up a lane, or the last one, where memory runs out and others go on; else the run ends."""
        running = self.running()
        if expired.reason is not Reason.MEMORY or len(running) < 2:
            raise expired
        self._give_up(lane or running[-1], "memory limit")
        self._deadline.look()

    def _give_up(self, lane: Lane, why: str) -> None:
        lane.cause = Cause.MEMORY
        self._end(lane, "stopped", why=why)

    def share(self, clauses: Clauses, lanes: Iterable[Lane] | None = None) -> None:
        """Hand implied clauses to every lane, or to these, that can take them while it runs."""
        for lane in self.running() if lanes is None else lanes:
            if Ability.IMPORT in lane.engine.abilities and len(clauses):
                self.ask(lane, partial(lane.engine.add_clauses, clauses.literals, clauses.offsets))

    def ask(self, lane: Lane, request: Callable[[], None]) -> None:
        """Ask something of a lane's engine if it is running; one that cannot hear any more has failed."""
        if lane.state == "running":
            try:
                request()
            except EngineError as error:
                self._fail(lane, error)

    def drop(self, lane: Lane, why: str) -> None:
        """End one lane."""
        if lane.state == "running":
            self._end(lane, "stopped", why=why)

    def stop(self) -> None:
        """End every lane."""
        for lane in self.running():  # all at once: each takes its time to go
            if lane.engine.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(lane.engine.pid, signal.SIGKILL)
        for lane in self.running():
            self._end(lane, "stopped")
        for lane in self.lanes:
            lane.engine.stop()
        self._deadline.uncover(self.processes)

    def processes(self) -> Iterator[int]:
        """Yield the processes of the run, but not those below them."""
        for each in (*(lane.engine for lane in self.running()), *self._beside):
            if each.pid is not None:
                yield each.pid

    def spent(self) -> Spent:
        """Return what the processes of the run took, those that have ended."""
        every = [each.spent for each in (*(lane.engine for lane in self.lanes), *self._beside)]
        return Spent(sum(each.seconds for each in every), max((each.peak for each in every), default=0))

    def none_left(self, lanes: Iterable[Lane]) -> Reason:
        """Return why no lane is left. Raises EngineError where each of these broke."""
        counted = [lane for lane in lanes if lane.state != "replaced"]
        failed = [lane for lane in counted if lane.state == "failed"]
        if failed and all(lane.cause is Cause.MEMORY for lane in failed):
            return Reason.MEMORY
        if failed and len(failed) == len(counted):
            raise EngineError("; ".join(f"{lane.spec.name}: {lane.error}" for lane in failed))
        return Reason.GAVE_UP

    def statistics(self) -> list[dict[str, Any]]:
        """Return every lane as plain data."""
        return [lane.statistics() for lane in self.lanes]

    def tell(self, kind: str, lane: Lane | None = None, **data: Any) -> None:
        """Tell an event of a lane, or of the run."""
        self._sink(Event(kind, self._deadline.elapsed(), lane.spec.name if lane else "", data))

    def _judged(self, lane: Lane, answer: Answer) -> Answer | None:
        """Return an answer that is one; what only ends a slice goes to the lane's course."""
        piece = lane.piece
        assert piece is not None
        if answer.status is Status.SATISFIABLE:
            return answer
        if answer.status is Status.UNKNOWN:
            if lane.engine.over:
                self._end(lane, "stopped", why="it gave up")
                return None
        else:
            guessed = [literal for literal in answer.core if literal not in self._known]
            if not guessed or not piece.guess:
                return answer
            lane.refuted += 1
            self.cores.append((lane, tuple(-literal for literal in answer.core)))
        if lane.course.ended(piece, answer):
            return Answer(Status.UNSATISFIABLE, counts=answer.counts)
        lane.resting = True
        if not lane.paced:
            self.begin(lane)
        return None

    def _fail(self, lane: Lane, error: EngineError) -> None:
        cause, why = error.cause, str(error)
        if cause is Cause.KILLED and memory_kills() > self._kills:
            cause, why = Cause.MEMORY, f"{why}, for want of memory"
        lane.cause = cause
        self._end(lane, "failed", why=why, cause=cause.value)

    def _end(self, lane: Lane, state: str, **data: str) -> None:
        lane.counts = lane.counts or dict(lane.engine.progress)
        lane.engine.stop()
        lane.course.lost()
        lane.state, lane.error, lane.ended = state, data.get("why", ""), self._deadline.elapsed()
        self.tell(state, lane, **data)

    def _report(self, lane: Lane) -> None:
        now = time.monotonic()
        if now - lane.told >= NEWS_INTERVAL and lane.engine.progress != lane.news:
            lane.told, lane.news = now, dict(lane.engine.progress)
            self.tell("progress", lane, **lane.news)
