"""The gradient lane: a population that descends in a child process, driven as an engine."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Ability, Answer, Budget, FileName
from turbosat.cdcl.engines.python_engine import PythonEngine
from turbosat.errors import UnsupportedError, UsageError
from turbosat.options import Optimizer
from turbosat.result import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.formula import Formula
    from turbosat.gpu.guidance import Guidance


@dataclass(frozen=True, slots=True)
class Settings:
    """What a GradientSearch is made with, see there."""

    seed: int = 0
    lanes: int | None = None
    workers: int = 1
    device: str = "auto"
    optimizer: Optimizer = "auto"


def grouped(formula: Formula, check: Callable[[], None] = lambda: None) -> bool:
    """Say whether groups are likely to move in a descent on a formula, without compiled code."""
    from turbosat.encodings.groups import likely

    return likely(formula, check)


class Gradient(PythonEngine):
    """Gradient descent on one formula: models, and guidance for complete solvers.

    It never answers UNSATISFIABLE. Phases are an assignment that lanes may begin from; clauses make the
    problem smaller where they are units.
    """

    name = "gradient"
    abilities = frozenset(
        set(Ability)
        - {Ability.ASSUMPTIONS, Ability.EXPORT, Ability.TRAIL}
        - {Ability.CONFLICTS, Ability.SECONDS, Ability.PROOF}
    )

    def __init__(
        self,
        settings: Settings,
        *,
        memory_limit: int | None = None,
        phases: NDArray[np.bool_] | None = None,
    ) -> None:
        super().__init__("turbosat.lanes.gradient_worker", memory_limit)
        self.settings = settings
        self._phases = phases  # (variables,), where a lane begins
        self._figures: dict[str, Any] = {}
        self._guidance: Guidance | None = None
        self.share = 1.0
        self._variables = 0
        self._number = 0  # of the last slice
        self._running = False

    @property
    def progress(self) -> dict[str, float]:
        """Fewest false clauses, flips, flips per second, and where the effort goes."""
        names = ("best", "mean", "flips", "flips_per_second")
        shares = self.figures.get("shares", {})
        return {
            **{name: round(self.figures[name], 1) for name in names if name in self.figures},
            **{f"share_{name}": round(share, 3) for name, share in shares.items()},
        }

    @property
    def guidance(self) -> Guidance | None:
        """What the elites know."""
        return self._guidance

    @property
    def figures(self) -> dict[str, Any]:
        """The statistics of the search; device, and comment where it is not on a better one, come first."""
        return self._figures

    def start(self, source: Formula | FileName) -> None:
        """Start the child and hand it the formula."""
        from turbosat.formula.formula import pack

        child, formula = self._launch(source)
        self._variables = formula.variables
        data = {"variables": formula.variables, "settings": asdict(self.settings)}
        child.send("load", data, *pack(formula))
        if self._phases is not None:
            self.set_phases(self._phases)

    def set_phases(self, values: NDArray[np.bool_]) -> None:
        """Let lanes begin from these values, (variables,), among others."""
        import numpy as np

        from turbosat.cdcl.engines.requests import checked_phases

        child = self._living()
        child.hint("phases", {}, checked_phases(values, self._variables).view(np.int8))

    def add_units(self, literals: NDArray[np.int32]) -> None:
        """Search under these literals only; before the first slice."""
        from turbosat.cdcl.engines.requests import checked_literals

        child = self._living()
        units = checked_literals(literals, self._variables, "units")
        if self._number:
            raise UnsupportedError(f"{self.name} offers {Ability.UNITS.value} only")
        child.send("units", {}, units)

    def add_clauses(self, literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        """Import clauses that the formula implies."""
        from turbosat.cdcl.engines.requests import checked_literals

        child = self._living()
        child.hint("clauses", {}, checked_literals(literals, self._variables, "clauses"), offsets)

    def set_share(self, share: float) -> None:
        """Search this part of the time, from 0 to 1, and leave the core to others in between."""
        if share != self.share and self._living().hint("share", {"share": share}):
            self.share = share

    def advance(self, budget: Budget) -> None:
        """Begin a slice, without end or of so many rounds."""
        child = self._living()
        if self._running:
            raise UsageError("a slice is running: poll for its answer first")
        self.require_budget(budget)
        self._number += 1
        child.send("advance", {"number": self._number, "rounds": budget.rounds})
        self._running = True

    def poll(self, timeout: float | None = 0.0) -> Answer | None:
        """Return the answer of the slice, or None; `guidance` and `figures` may be newer than before."""
        child = self._living()
        if not self._running:
            raise UsageError("poll comes after advance")
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            message = child.receive(None if end is None else max(0.0, end - time.monotonic()))
            if message is None:
                return None
            if message.kind == "answer":
                return self._answer(message)
            self._take(message)

    def _take(self, message: Message) -> None:
        match message.kind:
            case "progress":
                self._figures = message.data
            case "guidance":
                from turbosat.gpu.guidance import Guidance

                self._guidance = Guidance.unpacked(message.data, message.arrays)
            case "refused":
                self.stop()
                raise UnsupportedError(message.data["message"])

    def _answer(self, message: Message) -> Answer:
        import numpy as np

        self._running = False
        self._figures = message.data["statistics"]
        status, counts = Status(message.data["status"]), {"flips": self.figures["flips"]}
        if status is Status.SATISFIABLE:
            values = np.frombuffer(message.arrays[0], np.bool_)[: self._variables].copy()
            return Answer(status, values, counts=counts)
        if message.data["over"]:
            self.stop()  # propagation refutes the formula: that is for others to say
        return Answer(status, counts=counts)
