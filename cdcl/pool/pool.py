"""The pool of lanes in Ray actors, on this machine or in a cluster, as a run sees it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from turbosat.cdcl.process.child import Spent, readable
from turbosat.cdcl.process.interrupts import undisturbed
from turbosat.cdcl.process.python_child import PythonChild
from turbosat.errors import EngineError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.formula import Formula

HINTS = "phases", "clauses", "follow"  # requests that may be lost
PATIENCE = 0.2  # seconds to wait until everything of Ray's is gone: on a busy machine that takes longer


class Receiver(Protocol):
    """What messages about a lane are for."""

    def deliver(self, message: Message) -> None:
        """Take one in."""


class Pool:
    """A pool that comes up in the background; no Ray is imported in this process.

    `about` is None until it is ready, then says what there is: places, gpus, nodes. `broken` says why it
    will never be, or is no more: every engine in it raises EngineError then.
    """

    def __init__(
        self, formula: Formula, places: int, *, address: str | None = None, memory: int | None = None
    ) -> None:
        """Start it for a formula, with so many places, or in the cluster at `address`.

        `memory` is the limit of each engine, in bytes of address space.
        """
        from turbosat.formula.formula import pack

        self.about: dict[str, Any] | None = None
        self.broken: str | None = None
        self.misused = False  # whether `broken` is the user's doing: an address where no cluster is
        self.memory = memory
        self._formula = formula
        self._lanes: dict[int, Receiver] = {}
        self._count = 0
        data = {"address": address, "places": places, "variables": formula.variables}
        with undisturbed():
            self._child = PythonChild("turbosat.cdcl.pool.supervisor", "pool", patience=PATIENCE)
            self._child.send("open", data, *pack(formula))

    def number(self) -> int:
        """Return the number of a new lane."""
        self._count += 1
        return self._count

    def place(self, number: int, lane: Receiver, resources: dict[str, float]) -> None:
        """Ask for a place for a lane."""
        self._lanes[number] = lane
        self._pass_on("lane", {"lane": number, "resources": resources})

    def pump(self) -> None:
        """Hand on what has come. Raises EngineError when the pool is broken."""
        self._require()
        try:
            while (message := self._child.receive(0.0)) is not None:
                if message.kind == "ready":
                    self.about = message.data
                elif message.kind == "unusable":
                    self.misused = message.data["type"] == UsageError.__name__
                    raise EngineError(message.data["message"])
                elif message.data["lane"] in self._lanes:
                    self._lanes[message.data["lane"]].deliver(message)
        except EngineError as error:
            self.broken = str(error)
            raise

    def wait(self, seconds: float | None) -> None:
        """Wait until something may have come."""
        readable(self.fileno(), seconds)

    def fileno(self) -> int:
        """Return the socket its messages come through."""
        self._require()
        return self._child.fileno()

    @property
    def pid(self) -> int | None:
        """The process all others are below, None when it is gone."""
        return self._child.pid

    @property
    def spent(self) -> Spent:
        """What all of them took, once they have ended."""
        return self._child.spent

    def send(self, lane: int, kind: str, data: dict[str, Any], *arrays: NDArray[Any]) -> None:
        """Pass a request of a lane on; hints are lost where the pool is far behind."""
        self._pass_on(kind, {"lane": lane, "data": data}, *arrays)

    def _pass_on(self, kind: str, data: dict[str, Any], *arrays: NDArray[Any]) -> None:
        self._require()
        pass_on = self._child.hint if kind in HINTS else self._child.send
        try:
            pass_on(kind, data, *arrays)
        except EngineError as error:
            self.broken = str(error)
            raise

    def release(self, lane: int) -> None:
        """Take a lane's place back."""
        self._lanes.pop(lane, None)
        if self.broken is None:
            with suppress(EngineError):
                self.send(lane, "end", {})

    def extra(self, formula: Formula) -> tuple[NDArray[Any], ...]:
        """Return the clauses that a formula has behind those of the pool's own, in flat arrays."""
        own = self._formula
        if formula is own:
            return ()
        clauses = own.clauses
        if formula.variables != own.variables or formula.clauses < clauses:
            raise UsageError("a lane of the pool takes the pool's formula, or that with more clauses")
        return formula.literals[own.literals.size :], formula.offsets[clauses:] - formula.offsets[clauses]

    def stop(self, why: str = "it was stopped") -> None:
        """End every process of it, and remove what it wrote."""
        self.broken = self.broken or why
        self._child.stop()
        if (self._child.exit_code() or 0) < 0:  # somebody killed the supervisor
            from turbosat.cdcl.pool.folder import sweep

            sweep()

    def _require(self) -> None:
        if self.broken is not None:
            raise EngineError(self.broken)
