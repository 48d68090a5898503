"""Engines side by side on one property, each in a child process: the first that answers ends the others."""

from __future__ import annotations

import select
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from turbosat.cdcl.process.interrupts import undisturbed
from turbosat.cdcl.process.python_child import PythonChild
from turbosat.deadline import Deadline, Expired
from turbosat.encodings.circuit.aig import FALSE
from turbosat.errors import EngineError
from turbosat.events import Event, Sink
from turbosat.result import Reason
from turbosat.verify.prove.answer import Found

if TYPE_CHECKING:
    from turbosat.cdcl.process.channel import Message
    from turbosat.verify.prove.reduction import Reduced

ENGINES: Final = ("ic3", "induction")
LOOK = 0.1  # seconds between two looks at the deadline
WORKER = "turbosat.verify.prove.worker"


class Race:
    """Engines on their way to an answer about one property; call `run` once, in a `with` block."""

    def __init__(
        self,
        small: Reduced,
        engines: Sequence[str],
        deadline: Deadline,
        sink: Sink,
        end: float | None = None,
    ) -> None:
        """`end`, in seconds of the deadline's: when this race is over, if it is earlier."""
        aig = small.aig
        self._deadline, self._sink, self._end = deadline, sink, end
        self._children: dict[str, PythonChild] = {}
        self._causes: list[EngineError] = []
        self.bound = -1  # the last frame that no run is bad in
        self.frames: dict[str, int] = {}
        arrays = (aig.ands.ravel(), aig.next_state, aig.reset, aig.constraints)
        self._load = {"inputs": aig.inputs, "bad": small.bad, "distinct": small.closed}
        self._arrays = [np.ascontiguousarray(each, np.int32) for each in arrays]
        self._engines = engines
        self._open = ExitStack()

    def __enter__(self) -> Race:
        self._open.callback(self._deadline.uncover, self._processes)
        self._open.callback(self._stop)
        self._deadline.cover(self._processes)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self) -> tuple[Found, str] | None:
        """Return the first answer and who has it; None where no engine has one.

        Raises Expired at the deadline; EngineError where all engines broke.
        """
        if self._load["bad"] == FALSE:  # nothing is left to search
            return Found(clauses=[]), "reduction"
        for engine in self._engines:
            with undisturbed():
                self._children[engine] = PythonChild(WORKER, engine)
            self._attempt(engine, "load")
        while self._children:
            self._check()
            waiter = select.poll()
            names = {child.fileno(): engine for engine, child in self._children.items()}
            for descriptor in (*names, self._deadline.fileno()):
                waiter.register(descriptor, select.POLLIN)
            left = self._deadline.remaining()
            for descriptor, _ in waiter.poll(1000 * (LOOK if left is None else min(LOOK, left))):
                if descriptor not in names:  # it was cancelled
                    continue
                ready = names[descriptor]
                message = self._attempt(ready)
                found = None if message is None else self._handle(message, ready)
                if found is not None:
                    return found, ready
        if len(self._causes) == len(self._engines):
            raise self._causes[0]
        return None

    def _check(self) -> None:
        self._deadline.check()
        if self._end is not None and self._deadline.elapsed() >= self._end:
            raise Expired(Reason.TIME)

    def _attempt(self, engine: str, sent: str | None = None) -> Message | None:
        """Send or receive a message; an engine that breaks is left out."""
        child = self._children[engine]
        try:
            if sent is None:
                return child.receive(0.0)
            child.send(sent, {**self._load, "engine": engine}, *self._arrays)
        except EngineError as error:
            self._drop(engine)
            self._causes.append(error)
            self._tell("failed", engine, cause=error.cause.value, why=str(error))
        return None

    def _handle(self, message: Message, engine: str) -> Found | None:
        data = message.data
        match message.kind:
            case "frame":
                self.frames[engine] = data["frame"]
                self.bound = max(self.bound, data["frame"])
                self._tell("frame", engine, **data)
            case "proof":
                literals, lengths = (each.tolist() for each in message.arrays)
                ends = np.cumsum(lengths).tolist()
                clauses = [tuple(literals[end - size : end]) for end, size in zip(ends, lengths, strict=True)]
                return Found(clauses=clauses, depth=data["depth"], distinct=data["distinct"])
            case "run":
                latches, inputs = (np.array(each, np.bool_) for each in message.arrays)
                return Found(latches=latches, inputs=inputs.reshape(data["frames"], -1))
            case _:
                self._drop(engine)
        return None

    def _drop(self, engine: str) -> None:
        self._children.pop(engine).stop()

    def _stop(self) -> None:
        for child in self._children.values():
            child.stop()

    def _processes(self) -> list[int]:
        return [child.pid for child in self._children.values() if child.pid is not None]

    def _tell(self, kind: str, lane: str, **data: Any) -> None:
        self._sink(Event(kind, self._deadline.elapsed(), lane, data))
