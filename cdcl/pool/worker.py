"""One engine after the other, driven by requests and telling in reports what became of them.

This is what an actor of the pool does; nothing here knows of Ray. Requests and reports are (kind, data,
arrays): a word, plain values, packed arrays.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from turbosat.cdcl.engines.engine import Budget
from turbosat.errors import Cause, EngineError, TurbosatError
from turbosat.formula.clauses import Clauses
from turbosat.formula.formula import unpack
from turbosat.version import __version__

if TYPE_CHECKING:
    from turbosat.cdcl.engines.engine import Answer, Engine
    from turbosat.formula.formula import Formula

Note = tuple[str, dict[str, Any], Sequence[NDArray[Any]]]


def build(recipe: dict[str, Any], memory: int | None = None) -> Engine:
    """Return the engine of a recipe: the fields of a LaneSpec, or a gradient lane and its settings."""
    if recipe["engine"] == "gradient":
        from turbosat.lanes.gradient import Gradient, Settings

        settings = Settings(**recipe["settings"])
        return Gradient(settings, memory_limit=memory if settings.device == "cpu" else None)
    from turbosat.cdcl.lanes.mix import LaneSpec

    fields = {**recipe, "flags": tuple(recipe["flags"])}
    spec = LaneSpec(**fields)
    library = None
    if spec.collects:
        from turbosat.core.library import built

        library = built()  # this node's
    return spec.build(memory=memory, library=library)


class Worker:
    """A place where engines run on one formula."""

    def __init__(self, formula: Formula) -> None:
        self._formula = formula
        self._engine: Engine | None = None
        self._running = False
        self._number = 0  # of the slice
        self._told: dict[str, Any] = {}
        self._guidance: Any = None
        self._trail: NDArray[np.int32] | None = None

    def step(self, requests: Sequence[Note], seconds: float) -> list[Note]:
        """Do what is asked, search for at most so long, and report: nothing new, nothing said.

        A request for another engine ends the one before. Once an engine failed, requests to it are ignored.
        """
        reports: list[Note] = []
        try:
            for request in requests:
                self._do(*request)
            if self._engine is not None:
                self._search(self._engine, seconds, reports)
        except TurbosatError as error:
            self.close()
            cause = error.cause if isinstance(error, EngineError) else Cause.OTHER
            reports.append(("failed", {"why": str(error), "cause": cause.value}, ()))
        return reports

    def close(self) -> None:
        """End the engine."""
        if self._engine is not None:
            self._engine.stop()
        self._engine, self._running, self._told = None, False, {}
        self._guidance = self._trail = None

    def _do(self, kind: str, data: dict[str, Any], arrays: Sequence[NDArray[Any]]) -> None:
        if kind == "begin":
            self.close()
            self._engine = build(data["recipe"], data["memory"])
            self._engine.start(self._formula.with_clauses(*arrays) if arrays else self._formula)
            return
        engine = self._engine
        if engine is None:
            return
        match kind:
            case "phases":
                engine.set_phases(arrays[0].view(np.bool_))
            case "units":
                engine.add_units(arrays[0])
            case "clauses":
                engine.add_clauses(arrays[0], arrays[1])
            case "follow":
                engine.follow(arrays[0])
            case "advance":
                if arrays[0].size:
                    engine.assume(arrays[0])
                engine.advance(Budget(**data["budget"]))
                self._number, self._running = data["number"], True
            case "end":
                self.close()
            case _:
                raise ValueError(f"unknown request {kind!r}")

    def _search(self, engine: Engine, seconds: float, reports: list[Note]) -> None:
        answer = engine.poll(seconds) if self._running else None
        learned = engine.learned()
        if learned is not None and len(learned):
            reports.append(("learned", {}, (learned.literals, learned.offsets)))
        if engine.guidance is not self._guidance and engine.guidance is not None:
            self._guidance = engine.guidance
            reports.append(("guidance", *self._guidance.packed()))
        if engine.trail is not None and engine.trail is not self._trail:
            self._trail = engine.trail
            reports.append(("trail", {}, (self._trail,)))
        told = {"pid": engine.pid, "progress": dict(engine.progress), "figures": engine.figures}
        if told != self._told:
            self._told = told
            reports.append(("progress", told, ()))
        if answer is not None:
            self._running = False
            reports.append(_answer(answer, self._number, over=engine.over))


def _answer(answer: Answer, number: int, *, over: bool) -> Note:
    data = {
        "number": number,
        "status": int(answer.status),
        "over": over,
        "counts": answer.counts,
    }
    values = np.zeros(0, np.int8) if answer.values is None else answer.values.view(np.int8)
    parts = Clauses.of(answer.restriction, answer.core)
    return "answer", data, (values, parts.literals, parts.offsets)


class LaneActor:
    """A place where lanes run; the formula lies in the object store of its node and is not copied.

    Children of its engines die with this process, whatever ends it.
    """

    def __init__(self, version: str, variables: int, *arrays: Any) -> None:
        if version != __version__:
            name = os.uname().nodename
            raise EngineError(f"this is turbosat {version}, on the node {name} it is {__version__}")
        self._worker = Worker(unpack(arrays, variables))

    def step(self, requests: Sequence[Note], seconds: float) -> list[Note]:
        """See Worker.step."""
        return self._worker.step(requests, seconds)
