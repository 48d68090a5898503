"""One question on its way to an answer: its limits, who may end it, and the search in a thread of its own."""

from __future__ import annotations

import atexit
import math
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from turbosat.core.cadical import UNDECIDED
from turbosat.result import Reason, Status

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.solver.engine import Engine
    from turbosat.solver.store import Store

HERE = "here"  # who answers in this process
GRACE = 0.05  # seconds that a search has to end before its query goes without it
LAST = 2.0  # seconds that searches have to end when the interpreter does


@dataclass(slots=True)
class Answer:
    """What a query came to. `values` bool (used,) and `failed` are in numbers inside."""

    status: Status = Status.UNKNOWN
    values: NDArray[np.bool_] | None = None
    failed: list[int] = field(default_factory=list)
    reason: Reason | None = None
    lane: str = HERE


class Bell:
    """What one thread waits for and others ring, from signal handlers, too: an Event could block there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """End the wait, or the next one."""
        with suppress(RuntimeError):  # rung already
            self._lock.release()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it is rung, or for some seconds."""
        self._lock.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX))


class Query:
    """One question: literals that are assumed, numbers inside, and limits; -1 is none for the two counts."""

    def __init__(
        self, assumptions: list[int], seconds: float | None = None, conflicts: int = -1, decisions: int = -1
    ) -> None:
        self.began = time.monotonic()
        self.end = math.inf if seconds is None else self.began + seconds
        self.assumptions = assumptions
        self.conflicts = conflicts
        self.decisions = decisions
        self._bell: Bell | None = None
        self._reason: Reason | None = None
        self._engine: Engine | None = None

    @property
    def limited(self) -> bool:
        """Whether it has limits besides time and memory."""
        return self.conflicts >= 0 or self.decisions >= 0

    def left(self) -> float:
        """Return the seconds until its end."""
        return self.end - time.monotonic()

    def reason(self) -> Reason | None:
        """Return why it must end now, or None."""
        if self._reason is None and time.monotonic() >= self.end:
            self._reason = Reason.TIME
        return self._reason

    def watch(self, engine: Engine | None) -> None:
        """Let an end of the query be one of this engine's search."""
        self._engine = engine
        if engine is not None and self._reason is not None:
            engine.terminate()

    def interrupt(self, reason: Reason = Reason.INTERRUPTED) -> None:
        """End it, from any thread or signal handler."""
        self._reason = self._reason or reason
        engine = self._engine
        if engine is not None:
            engine.terminate()
        self.wake()

    def bell(self) -> Bell:
        """Return what rings when something happens that its waiting thread must look at."""
        if self._bell is None:
            self._bell = Bell()
            if self._reason is not None:
                self._bell.ring()
        return self._bell

    def wake(self) -> None:
        """Let its waiting thread look."""
        if self._bell is not None:
            self._bell.ring()


def beside(work: Callable[[], None], name: str) -> None:
    """Start a thread that no exit waits for. Ctrl-C comes before or after, never in between.

    Python's own start waits on a condition, which loses its lock where an exception comes at that moment.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())

    def run() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # for the child processes that it may start
        work()

    try:
        threading.Thread(target=run, name=name, daemon=True).start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Search:
    """A search in a thread of its own, until an answer, its limits, or `stop`."""

    def __init__(
        self, engine: Engine, store: Store, variables: int, query: Query, assumptions: list[int] | None = None
    ) -> None:
        self.code = UNDECIDED
        self.error: BaseException | None = None
        self.done = False
        self._engine = engine
        self._store = store
        self._size = store.size
        self._variables = variables
        self._assumptions = query.assumptions if assumptions is None else assumptions
        self._limits = query.conflicts, query.decisions
        self._query = query
        self.stopped = False
        self._ended = threading.Event()

    def start(self) -> Self:
        """Begin. Who holds it by now can end it, whatever comes in between."""
        beside(self._run, "turbosat search")
        return self

    def stop(self, grace: float = GRACE) -> bool:
        """End it; return whether it ended within some seconds. It goes on by itself, if not, until it can."""
        self.stopped = True
        self._engine.terminate()
        return self._ended.wait(grace) if grace else self.done

    def _run(self) -> None:
        RUNNING.add(self)
        try:
            self._engine.feed(self._store, self._size, lambda: self.stopped)
            self.code = advance(
                self._engine,
                self._store,
                self._size,
                self._variables,
                self._assumptions,
                *self._limits,
                stopped=lambda: self.stopped,
            )
        except BaseException as error:  # of whatever kind: it is the waiting thread's
            self.error = error
        finally:
            RUNNING.discard(self)
            self.done = True
            self._ended.set()
            self._query.wake()


def advance(
    engine: Engine,
    store: Store,
    size: int,
    variables: int,
    assumptions: list[int],
    conflicts: int,
    decisions: int,
    *,
    stopped: Callable[[], object],
) -> int:
    """Search until an answer, the limits, or until it is stopped; return what the kernel returns.

    A `terminate` that came too late for its own search ends the next one at once: that goes on, then.
    """
    until = engine.conflicts() + conflicts, engine.decisions() + decisions
    while not stopped():
        left = [
            max(0, last - now) if limit >= 0 else -1
            for limit, last, now in zip(
                (conflicts, decisions), until, (engine.conflicts(), engine.decisions()), strict=True
            )
        ]
        code = engine.search(store, size, variables, assumptions, *left, stopped=stopped)
        if code != UNDECIDED or engine.closing:
            return code
        spent = (conflicts >= 0 and engine.conflicts() >= until[0]) or (
            decisions >= 0 and engine.decisions() >= until[1]
        )
        if spent:
            break
    return UNDECIDED


class Pending(Future[Any]):
    """The answer of a query that runs in a thread of its own: awaitable, and ended by `cancel`."""

    def __init__(self, query: Query) -> None:
        super().__init__()
        self._query = query

    def cancel(self) -> bool:
        """End the query; False if there is an answer already."""
        won = super().cancel()
        if won:
            self._query.interrupt()
        return won

    def __await__(self) -> Generator[Any, None, Any]:
        import asyncio

        return asyncio.wrap_future(self).__await__()


RUNNING: set[Any] = set()  # searches and other threads' work that must end before the interpreter does


def _end_all() -> None:
    """End what still runs in threads that nobody waits for."""
    end = time.monotonic() + LAST
    for each in list(RUNNING):
        each.stop(0)
    while RUNNING and time.monotonic() < end:
        time.sleep(0.005)


def _forget_all() -> None:
    """Forget, in the child of a fork, the threads that only its parent has."""
    RUNNING.clear()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_forget_all)
