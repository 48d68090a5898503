"""An engine in an actor of the pool, driven like any other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Ability, Answer, Budget, Engine, FileName
from turbosat.errors import Cause, EngineError, UnsupportedError, UsageError
from turbosat.result import Status

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.pool.pool import Pool
    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula
    from turbosat.gpu.guidance import Guidance


class RemoteEngine(Engine):
    """A lane of the pool. Its requests reach the actor within about 0.1 s.

    `recipe` says what engine it is, `abilities` are those of that engine less slices by wall time; `replaced`
    counts the actors that died under it, `resources` are what an actor for it must hold: cpu, gpu.
    """

    def __init__(
        self,
        pool: Pool,
        recipe: dict[str, Any],
        abilities: frozenset[Ability],
        name: str,
        **resources: float,
    ) -> None:
        unheard = {Ability.SECONDS, Ability.PROOF, Ability.SHARE}
        self.abilities = abilities - unheard  # type: ignore[misc] # each has its own
        self.name = name  # type: ignore[misc]
        self.recipe = recipe
        self.replaced = 0
        self._pool = pool
        self._lane = pool.number()
        self._resources = resources
        self._inbox: list[Message] = []
        self._variables = 0
        self._assumed: tuple[int, ...] = ()
        self._slice = 0
        self._running = False
        self._state = "new"  # new, started, over, stopped
        self._progress: dict[str, float] = {}
        self._figures: dict[str, Any] = {}
        self._learned: list[Clauses] = []
        self._guidance: Guidance | None = None
        self._trail: NDArray[np.int32] | None = None

    def start(self, source: Formula | FileName) -> None:
        """Begin in an actor; `source` is the pool's formula, or that with more clauses behind."""
        from turbosat.formula.formula import Formula

        if self._state != "new":
            raise UsageError("an engine takes one formula, once")
        if not isinstance(source, Formula):
            raise UsageError("a lane of the pool takes the pool's formula")
        self._pool.place(self._lane, self, self._resources)
        self._state = "started"
        self._variables = source.variables
        self._pool.send(
            self._lane,
            "begin",
            {"recipe": self.recipe, "memory": self._pool.memory},
            *self._pool.extra(source),
        )

    def set_phases(self, values: NDArray[np.bool_]) -> None:
        """Prefer these values from now on; older ones that have not arrived yet are forgotten."""
        from turbosat.cdcl.engines.requests import checked_phases

        if not self.abilities & {Ability.PHASES, Ability.REPHASE}:
            self.refuse(Ability.PHASES)
        self._started()
        self._ask("phases", {}, checked_phases(values, self._variables).view("int8"))

    def add_units(self, literals: NDArray[np.int32]) -> None:
        """Restrict the whole search; before the first slice."""
        from turbosat.cdcl.engines.requests import checked_literals

        self.require(Ability.UNITS)
        if self._slice:
            raise UnsupportedError(f"{self.name} offers {Ability.UNITS.value} only")
        self._ask("units", {}, checked_literals(literals, self._variables, "units"))

    def assume(self, literals: NDArray[np.int32]) -> None:
        """Restrict the next slice; called again, to both."""
        from turbosat.cdcl.engines.requests import checked_literals

        self.require(Ability.ASSUMPTIONS)
        self._assumed += tuple(checked_literals(literals, self._variables, "assumptions").tolist())

    def add_clauses(self, literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        """Import clauses; where too many wait for a busy actor, the oldest are dropped."""
        from turbosat.cdcl.engines.requests import checked_literals

        self.require(Ability.IMPORT)
        self._ask("clauses", {}, checked_literals(literals, self._variables, "clauses"), offsets)

    def follow(self, literals: NDArray[np.int32]) -> None:
        """Ask for a trail."""
        from turbosat.cdcl.engines.requests import checked_literals

        self.require(Ability.TRAIL)
        self._ask("follow", {}, checked_literals(literals, self._variables, "literals"))

    @property
    def trail(self) -> NDArray[np.int32] | None:
        """The newest that came."""
        return self._trail

    def learned(self) -> Clauses | None:
        """Return the clauses that came since the last call."""
        if not self._learned:
            return None
        from turbosat.formula.clauses import Clauses

        parts, self._learned = self._learned, []
        return Clauses.join(parts)

    @property
    def guidance(self) -> Guidance | None:
        """The newest that came."""
        return self._guidance

    @property
    def figures(self) -> dict[str, Any]:
        """The engine's own."""
        return self._figures

    @property
    def progress(self) -> dict[str, float]:
        """The engine's own."""
        return self._progress

    @property
    def pid(self) -> int | None:
        """None: the child may be on another machine."""
        return None

    @property
    def over(self) -> bool:
        """Whether the engine has given up for good."""
        return self._state == "stopped"

    def advance(self, budget: Budget) -> None:
        """Begin a slice."""
        import numpy as np

        if self._running:
            raise UsageError("a slice is running: poll for its answer first")
        self.require_budget(budget)
        self._slice += 1
        limits = {"conflicts": budget.conflicts, "seconds": None, "rounds": budget.rounds}
        data = {"number": self._slice, "budget": limits}
        self._ask("advance", data, np.array(self._assumed, np.int32))
        self._assumed = ()
        self._running = True

    def poll(self, timeout: float | None = 0.0) -> Answer | None:
        """Return the answer of the slice, or None. Raises EngineError when the engine or the pool broke."""
        if not self._running:
            raise UsageError("poll comes after advance")
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            if not self._inbox:
                self._pool.pump()
            while self._inbox:
                answer = self._take(self._inbox.pop(0))
                if answer is not None:
                    return answer
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return None
            self._pool.wait(left)

    def deliver(self, message: Message) -> None:
        """Take a report of the pool in."""
        self._inbox.append(message)

    def fileno(self) -> int:
        """Return the pool's socket: what is readable may be for another lane."""
        return self._pool.fileno()

    def stop(self) -> None:
        """Let the actor end the engine; it is free for another lane then."""
        if self._state == "started":
            self._pool.release(self._lane)
        self._state = "stopped"

    def _started(self) -> None:
        if self._state != "started":
            raise UsageError(f"{self.name} is not running")

    def _ask(self, kind: str, data: dict[str, Any], *arrays: NDArray[Any]) -> None:
        self._started()
        self._pool.send(self._lane, kind, data, *arrays)

    def _take(self, message: Message) -> Answer | None:
        import numpy as np

        kind, data = message.data["kind"], message.data["data"]
        match kind:
            case "progress":
                self._progress, self._figures = data["progress"], data["figures"]
            case "learned":
                from turbosat.formula.clauses import Clauses

                self._learned.append(Clauses(*map(np.asarray, message.arrays)))
            case "guidance":
                from turbosat.gpu.guidance import Guidance

                self._guidance = Guidance.unpacked(data, message.arrays)
            case "trail":
                self._trail = np.array(message.arrays[0], np.int32)
            case "replaced":
                self.replaced += 1
            case "failed":
                self.stop()
                raise EngineError(data["why"], Cause(data["cause"]))
            case "answer" if data["number"] == self._slice and self._running:
                return self._answer(message)
        return None

    def _answer(self, message: Message) -> Answer:
        import numpy as np

        self._running = False
        data = message.data["data"]
        values, literals, offsets = (np.asarray(each) for each in message.arrays)
        restriction, core = np.split(literals, offsets[1:-1])
        status = Status(data["status"])
        if data["over"] and status is Status.UNKNOWN:
            self.stop()
        return Answer(
            status,
            values.view(np.bool_).copy() if status is Status.SATISFIABLE else None,
            tuple(restriction.tolist()),
            tuple(core.tolist()),
            data["counts"],
        )
