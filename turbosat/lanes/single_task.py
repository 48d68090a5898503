"""What lanes have in common that take a formula, do one task in a child process, and answer once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Ability, Answer, Budget, FileName
from turbosat.cdcl.engines.python_engine import PythonEngine
from turbosat.errors import UsageError
from turbosat.result import Status

if TYPE_CHECKING:
    from turbosat.cdcl.process.channel import Channel, Message
    from turbosat.formula.formula import Formula


class SingleTask(PythonEngine):
    """An engine whose only slice is its task, without a budget.

    On the way to its answer the child sends its `progress`, `notes`, and what it has found: `_take` keeps it.
    """

    abilities = frozenset[Ability]()

    def __init__(self, module: str, task: dict[str, Any], memory_limit: int | None) -> None:
        super().__init__(module, memory_limit)
        self._task = task
        self._progress: dict[str, float] = {}
        self._asked = False
        self._figures: dict[str, Any] = {}
        self._notes: list[str] = []

    @property
    def progress(self) -> dict[str, float]:
        """How far it is."""
        return self._progress

    @property
    def figures(self) -> dict[str, Any]:
        """What it has found, empty until then."""
        return self._figures

    def notes(self) -> list[str]:
        """Return what the child has said to people since the last call."""
        notes, self._notes = self._notes, []
        return notes

    def start(self, source: Formula | FileName) -> None:
        """Start the child and hand it the formula, as arrays."""
        from turbosat.formula.formula import pack

        child, formula = self._launch(source)
        child.send("load", {"variables": formula.variables}, *pack(formula))

    def advance(self, budget: Budget) -> None:
        """Begin; the one slice there is has no budget."""
        self.require_budget(budget)
        if self._asked:
            raise UsageError("a slice is running: poll for its answer first")
        self._asked = True
        self._living().send("advance", self._task)

    def poll(self, timeout: float | None = 0.0) -> Answer | None:
        """Return the answer, or None; what was found may be there before it."""
        child = self._living()
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            message = child.receive(None if end is None else max(0.0, end - time.monotonic()))
            if message is None:
                return None
            if message.kind == "answer":
                return self._answer(message)
            if message.kind == "progress":
                self._progress = message.data
            elif message.kind == "note":
                self._notes.append(message.data["what"])
            else:
                self._take(message)

    def _answer(self, message: Message) -> Answer:
        import numpy as np

        status = Status(message.data["status"])
        if status is Status.SATISFIABLE:
            return Answer(status, np.frombuffer(message.arrays[0], np.bool_).copy())
        if status is Status.UNSATISFIABLE:
            return self._refuted(message)
        self.stop()  # for good
        return Answer(status)

    def _take(self, message: Message) -> None:
        """Keep what the child has found."""
        raise NotImplementedError

    def _refuted(self, message: Message) -> Answer:
        """Return the answer UNSATISFIABLE with what comes with it."""
        raise NotImplementedError


def received(channel: Channel) -> tuple[Formula, dict[str, Any]]:
    """Return the formula and the task that an engine has sent its child, which has `channel`."""
    from turbosat.formula.formula import unpack

    load, task = channel.receive(None), channel.receive(None)
    assert load is not None
    assert task is not None
    return unpack(load.arrays, load.data["variables"]), task.data
