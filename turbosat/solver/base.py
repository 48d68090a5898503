"""What asks: clauses, one CaDiCaL that keeps what it learns, one query at a time, every answer checked."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from turbosat.core import cadical as kernels
from turbosat.deadline import Deadline
from turbosat.errors import SoundnessError, UsageError
from turbosat.events import Event, Sink
from turbosat.options import Options, memory_bytes, worker_count
from turbosat.result import Reason, Status
from turbosat.solver.escalation import Escalation, checked_core
from turbosat.solver.holding import Holding
from turbosat.solver.query import Answer, Query, Search

if TYPE_CHECKING:
    from turbosat.solver.engine import Engine

FIRST = 500  # conflicts of a query that run in the thread that asks: it cannot hear Ctrl-C meanwhile
SLOW = 0.03  # seconds that these may take, or they take place elsewhere from then on
LARGE = 200_000  # literals of a formula beyond which they always do
PAUSE = 0.001  # seconds between two looks at what is about to end
LOOK = 0.05  # seconds between two looks at the memory
BEAT = 0.25  # seconds between two looks at the hybrid
CORES = 3  # with fewer, the search here ends when the hybrid has run as long as it had alone,
LEAST = 1.0  # or as many seconds
PATIENCE = 5.0  # seconds that a query which is ended already may take to be over


class Base(Holding):
    """Questions about clauses, in numbers inside (see turbosat.solver.names)."""

    def __init__(
        self,
        options: Options,
        settings: dict[str, int],
        escalate_after: float | None,
        sink: Sink,
        proof: bool,
    ) -> None:
        super().__init__(options, settings, proof=proof)
        self._escalate_after = escalate_after
        self._crowded = worker_count(options) < CORES
        self._sink = sink
        self._first = FIRST
        self._escalation: Escalation | None = None
        self._gate = threading.Lock()
        self._query: Query | None = None
        self._closed = False
        self._interrupted = False
        _ALL.add(self)

    def close(self) -> None:
        """End what runs, and free everything; again, it does nothing."""
        self._closed = True
        query, escalation = self._query, self._escalation
        if query is not None:
            query.interrupt()
        if escalation is not None:
            escalation.stop(0)
        self._escalation = None
        self._free()

    def interrupt(self) -> None:
        """End the query that runs, from any thread; the next ones, too, until `clear_interrupt`."""
        self._interrupted = True
        query = self._query
        if query is not None:
            query.interrupt()

    def clear_interrupt(self) -> None:
        """Let queries run again."""
        self._interrupted = False

    def _require_idle(self) -> None:
        """Refuse a call in the midst of a query, or after the end."""
        if self._closed:
            raise UsageError("the solver was deleted")
        query = self._query
        if query is None:
            return
        end = time.monotonic() + (0 if query.reason() is None else PATIENCE)
        while self._query is query:
            if time.monotonic() >= end:
                raise UsageError("a query is running on this solver: one at a time, in whatever thread")
            time.sleep(PAUSE)

    def _asked(self, query: Query) -> Answer:
        """Answer a query, the only one meanwhile."""
        try:
            self._begin(query)
            return self._ask(query)
        finally:
            self._end(query)

    def _begin(self, query: Query) -> None:
        while True:
            self._require_idle()
            with self._gate:
                if self._query is None:
                    self._query = query
                    break
        if self._interrupted:
            query.interrupt()

    def _end(self, query: Query) -> None:
        with self._gate:
            if self._query is query:
                self._query = None

    def _ask(self, query: Query) -> Answer:
        """Answer a query that has begun. Raises SoundnessError for an answer that fails its check."""
        reason = query.reason()
        if reason is None and (self._store.has_empty or self._refuted):
            return Answer(Status.UNSATISFIABLE, lane="clauses" if self._store.has_empty else "hybrid")
        reason = reason or self._require_room()
        if reason is not None:
            return Answer(reason=reason)
        engine = self._ready_engine(query)
        if engine is None:
            return Answer(reason=query.reason() or Reason.TIME)
        size = self._store.settled()
        answer = self._ask_here(engine, query, size)
        if answer is None:
            answer = self._ask_patiently(engine, query, size)
        if self._closed:
            engine.close()
        return answer

    def _ready_engine(self, query: Query) -> Engine | None:
        """Return CaDiCaL, made if there is none; None if an earlier search does not end in time."""
        engine = self._made_engine()
        while not engine.idle:
            if query.reason() is not None:
                return None
            time.sleep(PAUSE)
        engine.settle()
        self._hint(engine)
        return engine

    def _ask_here(self, engine: Engine, query: Query, size: int) -> Answer | None:
        """Search for a moment in this thread; None if that does not answer."""
        if not self._first or size > LARGE:
            return None
        first = self._first if query.conflicts < 0 else min(self._first, query.conflicts)
        before = engine.conflicts() if query.conflicts >= 0 else 0
        query.watch(engine)
        try:
            began = time.monotonic()
            engine.feed(self._store, size)
            code = engine.search(
                self._store,
                size,
                self._names.used,
                query.assumptions,
                first,
                query.decisions,
                stopped=query.reason,
            )
            if time.monotonic() - began > SLOW and code == kernels.UNDECIDED:
                self._first = 0
        finally:
            query.watch(None)
        if code != kernels.UNDECIDED:
            return self._answer(engine, code)
        reason = query.reason()
        if reason is not None:
            return Answer(reason=reason)
        if query.decisions >= 0:
            return Answer(reason=Reason.LIMIT)
        if query.conflicts >= 0:
            query.conflicts -= min(query.conflicts, engine.conflicts() - before)
            if not query.conflicts:
                return Answer(reason=Reason.LIMIT)
        return None

    def _ask_patiently(self, engine: Engine, query: Query, size: int) -> Answer:
        """Search in a thread of its own, and by the hybrid when that takes long."""
        limit = memory_bytes(self._options)
        deadline = None if limit is None else Deadline(None, limit)
        bell = query.bell()
        search = Search(engine, self._store, self._names.used, query)
        try:
            search.start()
            while True:
                bell.wait(self._step(query, deadline))
                if search.done:
                    if search.error is not None:
                        raise search.error
                    if search.code != kernels.UNDECIDED or not (query.reason() or search.stopped):
                        return self._answer(engine, search.code)
                found = self._escalated(query, search)
                if found is not None:
                    return found
                reason = query.reason() or (None if deadline is None else deadline.expired())
                if reason is not None:
                    return Answer(reason=reason)
                if search.done and (self._escalation is None or self._escalation.done):
                    search = Search(engine, self._store, self._names.used, query)
                    search.start()  # the hybrid has given up
        finally:
            search.stop()
            if self._escalation is not None:
                self._escalation.stop(0)
            if deadline is not None:
                deadline.close()

    def _step(self, query: Query, deadline: Deadline | None) -> float | None:
        """Return how long a query's thread may wait before it has to look."""
        steps = [max(0.0, query.left())]
        if deadline is not None:
            steps.append(LOOK)
        after, run = self._escalate_after, self._escalation
        if after is not None and run is None and self._may_escalate(query):
            steps.append(max(0.0, query.began + after - time.monotonic()))
        if run is not None and not run.done:
            steps.append(BEAT)
        least = min(steps)
        return None if least == float("inf") else least

    def _may_escalate(self, query: Query) -> bool:
        return self._escalate_after is not None and not query.limited and self._proof is None

    def _escalated(self, query: Query, search: Search) -> Answer | None:
        """Begin the hybrid's run when it is time; return its answer, checked, when it has one."""
        run = self._escalation
        if run is not None and run.query is not query:
            if not run.done:  # of an earlier query, on its way out
                return None
            run = self._escalation = None
        if run is None:
            after = self._escalate_after
            if after is None or not self._may_escalate(query) or time.monotonic() < query.began + after:
                return None
            self._tell("escalated", query, workers=worker_count(self._options))
            run = Escalation(self._store, self._names.used, query, self._options, self._sink, self._phases())
            self._escalation = run
            run.start()
            return None
        if run.error is not None:
            raise run.error
        if not run.done and self._crowded and run.seconds() > max(self._escalate_after or 0.0, LEAST):
            search.stop(0)  # two cores have enough to do
        if not run.done or run.result is None or run.result.status is Status.UNKNOWN:
            return None
        return self._taken(run, query, search)

    def _taken(self, run: Escalation, query: Query, search: Search) -> Answer | None:
        """Return the hybrid's answer: a model becomes the phases here, a core is checked here."""
        result, engine = run.result, self._engine
        assert result is not None
        assert engine is not None
        lane = "hybrid" if result.winner is None else result.winner.lane
        stopped = search.stop()
        if stopped and search.code != kernels.UNDECIDED:
            return self._answer(engine, search.code)  # both have one
        if result.status is Status.SATISFIABLE:
            assert result.model is not None
            values = result.model > 0
            if kernels.false_clause(self._store.literals, self._store.size, values) >= 0:
                raise SoundnessError(f"{lane} claims SATISFIABLE but its model falsifies a clause")
            if any(values[abs(literal) - 1] != (literal > 0) for literal in query.assumptions):
                raise SoundnessError(f"{lane} claims SATISFIABLE but its model breaks an assumption")
            self._hints, self._model = result.model, values
            return Answer(Status.SATISFIABLE, values, lane=lane)
        if not query.assumptions:
            self._refuted = True
        claimed = [] if result.core is None else result.core.tolist()
        failed = query.assumptions
        if query.assumptions and stopped:
            failed = checked_core(engine, self._store, self._names.used, query, claimed)
        return Answer(Status.UNSATISFIABLE, failed=failed, lane=lane)

    def _answer(self, engine: Engine, code: int) -> Answer:
        """Return what the kernel's number stands for."""
        if code == kernels.SATISFIED:
            self._model = engine.values[: self._names.used].copy()
            return Answer(Status.SATISFIABLE, self._model)
        if code == kernels.REFUTED:
            return Answer(Status.UNSATISFIABLE, failed=engine.failed())
        if code in (kernels.FALSIFIED, kernels.BROKEN):
            what = "falsifies a clause" if code == kernels.FALSIFIED else "breaks an assumption"
            raise SoundnessError(f"cadical claims SATISFIABLE but its model {what}")
        return Answer(reason=Reason.LIMIT)

    def _tell(self, kind: str, query: Query, **data: Any) -> None:
        self._sink(Event(kind, time.monotonic() - query.began, "", data))

    def _after_fork(self) -> None:
        """Go on in the child of a fork, where no thread is but one."""
        self._gate = threading.Lock()
        if self._engine is not None:
            self._engine.after_fork()
        self._query = self._escalation = None


_ALL: weakref.WeakSet[Base] = weakref.WeakSet()


def _after_fork() -> None:
    for solver in list(_ALL):
        solver._after_fork()


os.register_at_fork(after_in_child=_after_fork)
