"""The hybrid beside a search that takes long: a run of its own on the formula, and what it claims."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from turbosat.core import cadical as kernels
from turbosat.deadline import Deadline
from turbosat.errors import SoundnessError, TurbosatError
from turbosat.events import Event, Sink
from turbosat.options import Options, memory_bytes
from turbosat.solver.query import RUNNING, Query, Search, beside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from turbosat.result import Result
    from turbosat.solver.engine import Engine
    from turbosat.solver.store import Store

SHARE = 0.2  # of a query's time so far, that a core's check may take
LEAST = 1.0  # seconds that it may take anyway


class Escalation:
    """A run in a thread of its own; its lanes are processes. Events are handed on from that thread."""

    def __init__(
        self,
        store: Store,
        variables: int,
        query: Query,
        options: Options,
        sink: Sink,
        phases: NDArray[np.bool_] | None = None,
    ) -> None:
        self.query = query
        self.result: Result | None = None
        self.error: SoundnessError | None = None  # nothing to go on after
        self.done = False
        seconds = None if query.end == float("inf") else max(0.0, query.left())
        self._deadline = Deadline(seconds, memory_bytes(options))
        self._options: Options = {**options, "time_limit": None}
        self._sink = sink
        self._source = store, store.size, variables  # it grows at most, meanwhile
        self._phases = phases  # (variables,), where a descent begins
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin."""
        beside(self._run, "turbosat hybrid")

    def seconds(self) -> float:
        """Return how long it has run."""
        return self._deadline.elapsed()

    def stop(self, grace: float = 0.0) -> bool:
        """End it; return whether it ended within some seconds. It goes on ending by itself."""
        if not self.done:
            self._deadline.cancel()
        return self._ended.wait(grace) if grace else self.done

    def _run(self) -> None:
        from turbosat.run.pipeline import Run

        RUNNING.add(self)
        assumed = np.array(self.query.assumptions, np.int32) if self.query.assumptions else None
        store, size, variables = self._source
        try:
            formula = store.formula(size, variables)
            run = Run(formula, self._options, self._deadline, self._sink, assumed, phases=self._phases)
            self.result = run.run()
        except SoundnessError as error:
            self.error = error
        except (TurbosatError, OSError, MemoryError) as error:  # the search here goes on without it
            self._sink(
                Event("failed", self._deadline.elapsed(), "hybrid", {"cause": "other", "why": str(error)})
            )
        finally:
            RUNNING.discard(self)
            self.done = True
            self._deadline.close()
            self._ended.set()
            self.query.wake()


def checked_core(engine: Engine, store: Store, variables: int, query: Query, claimed: list[int]) -> list[int]:
    """Return assumptions that fail for sure: what is claimed where that is refuted here, too, else all.

    Raises SoundnessError where the claimed ones can all hold.
    """
    known = set(query.assumptions)
    if not set(claimed) <= known:
        raise SoundnessError("the hybrid claims a core with literals that were not assumed")
    now = time.monotonic()
    seconds = min(LEAST + SHARE * (now - query.began), query.left())
    check = Query(claimed, max(0.0, seconds))
    bell = check.bell()
    search = Search(engine, store, variables, check)
    try:
        search.start()
        while not search.done and check.reason() is None and query.reason() is None:
            bell.wait(max(0.0, min(0.05, check.left())))
    finally:
        search.stop()
    if search.error is not None:
        raise search.error
    if search.done and search.code == kernels.REFUTED:
        return engine.failed()
    if search.done and search.code != kernels.UNDECIDED:
        raise SoundnessError("the hybrid claims a core, and it is satisfiable")
    return query.assumptions
