"""CaDiCaL as an engine: python-sat's solver in a Python child process, driven by messages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from turbosat.cdcl.engines.cadical_options import checked_options
from turbosat.cdcl.engines.engine import Ability, Answer, Budget, FileName
from turbosat.cdcl.engines.python_engine import PythonEngine
from turbosat.errors import UnsupportedError, UsageError
from turbosat.result import Status

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula

GRACE = 0.1  # seconds a slice may be late before the child is stopped in the middle of a run


class Cadical(PythonEngine):
    """One CaDiCaL solver.

    The child starts with `start`; a path is read by turbosat, in this process. Units become clauses, which
    simplifies most; what is assumed instead comes back as a core. Phases and clauses may also be sent while
    a slice runs: phases count soon, clauses when the search has gone on for a while since the last ones.
    After an answer the search may be advanced again, under other assumptions or with more clauses.

    `options` are CaDiCaL's, see cadical_options. `export` is the longest learned clause that is collected,
    0 for none; under units, which are clauses no formula implies, none is. Without the path of the compiled
    core, `library`, a trace is read for it. `progress` comes about twice a second. A search is interrupted at
    the end of its slice; a child that is deep in preprocessing then is stopped where it stands, and goes on
    from there in the next slice. How the search is cut into runs changes its course: when `steady`, only the
    conflicts of slices cut it, and nothing depends on time. After so many `conflicts` in all it gives up.
    """

    name = "cadical"
    abilities = frozenset(set(Ability) - {Ability.PROOF, Ability.ROUNDS, Ability.GUIDANCE, Ability.SHARE})

    def __init__(
        self,
        options: Mapping[str, int] | None = None,
        *,
        seed: int = 0,
        memory_limit: int | None = None,
        export: int = 0,
        steady: bool = False,
        conflicts: int | None = None,
        library: Path | None = None,
    ) -> None:
        super().__init__("turbosat.cdcl.engines.cadical_worker", memory_limit)
        self.options = dict(options or {})
        self.seed = seed
        self._export = export
        self._steady = steady
        self._conflicts = conflicts
        self._library = library
        self._learned: list[Message] = []
        self._trail: NDArray[np.int32] | None = None
        self._variables = 0
        self._units: tuple[int, ...] = ()
        self._assumed: tuple[int, ...] = ()
        self._number = 0  # of the last slice
        self._asked: dict[int, tuple[int, ...]] = {}  # slices without an answer and what they assume
        self._slice_end: float | None = None
        self._running = False
        self._progress: dict[str, float] = {}

    @property
    def progress(self) -> dict[str, float]:
        """The last figures: conflicts, decisions, propagations, seconds; between runs restarts, too."""
        return self._progress

    def start(self, source: Formula | FileName) -> None:
        """Start the child and hand it the formula."""
        options = checked_options(self.options, self.seed)
        child, formula = self._launch(source)
        clauses = formula.expanded(self.check)
        self._variables = formula.variables
        data = {
            "options": options,
            "variables": formula.variables,
            "export": self._export,
            "steady": self._steady,
            "conflicts": self._conflicts,
            "library": None if self._library is None else str(self._library),
        }
        child.send("load", data, clauses.literals, clauses.offsets)

    def set_phases(self, values: NDArray[np.bool_]) -> None:
        """Prefer these values, (variables,), from now on."""
        import numpy as np

        from turbosat.cdcl.engines.requests import checked_phases

        child = self._living()
        hints = checked_phases(values, self._variables)
        numbers = np.arange(1, hints.size + 1, dtype=np.int32)
        child.send("phases", {}, np.where(hints, numbers, -numbers))

    def add_units(self, literals: NDArray[np.int32]) -> None:
        """Restrict the whole search to this partial assignment; only before the first slice."""
        import numpy as np

        from turbosat.cdcl.engines.requests import checked_literals

        child = self._living()
        units = checked_literals(literals, self._variables, "units")
        if self._number:
            raise UnsupportedError(f"{self.name} offers {Ability.UNITS.value} only")
        self._units += tuple(units.tolist())
        child.send("clauses", {}, units, np.arange(units.size + 1, dtype=np.int64))

    def assume(self, literals: NDArray[np.int32]) -> None:
        """Restrict the next slice, and no other, to these literals; called again, to both."""
        from turbosat.cdcl.engines.requests import checked_literals

        self._living()
        self._assumed += tuple(checked_literals(literals, self._variables, "assumptions").tolist())

    def add_clauses(self, literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        """Import clauses that the formula implies, in flat arrays; a child far behind does not get them."""
        from turbosat.cdcl.engines.requests import checked_literals
        from turbosat.formula.formula import Formula

        child = self._living()
        flat = checked_literals(literals, self._variables, "clauses")
        formula = Formula(flat, offsets, self._variables)
        child.hint("clauses", {}, formula.literals, formula.offsets)

    def follow(self, literals: NDArray[np.int32]) -> None:
        """Propagate these literals one after the other, those left out that are false by then.

        This is where CDCL would get to along them if it ignored conflicts (Cai, Zhang, Fleury, Biere, JAIR
        2022), with all it has learned. Asked again before it came, only the last counts.
        """
        from turbosat.cdcl.engines.requests import checked_literals

        self._living().hint("follow", {}, checked_literals(literals, self._variables, "literals"))

    @property
    def trail(self) -> NDArray[np.int32] | None:
        """The newest trail, over the formula's own variables."""
        return self._trail

    def learned(self) -> Clauses | None:
        """Return the clauses collected since the last call, over the formula's own variables."""
        import numpy as np

        if not self._learned or self._units:
            self._learned.clear()
            return None
        from turbosat.formula.clauses import Clauses

        parts = [Clauses(*map(np.asarray, message.arrays)) for message in self._learned]
        self._learned.clear()
        return Clauses.join(parts).within(self._variables)

    def advance(self, budget: Budget) -> None:
        """Begin a slice."""
        import numpy as np

        child = self._living()
        if self._running:
            raise UsageError("a slice is running: poll for its answer first")
        self.require_budget(budget)
        child.resume()
        self._number += 1
        data = {"number": self._number, "conflicts": budget.conflicts, "seconds": budget.seconds}
        child.send("advance", data, np.array(self._assumed, np.int32))
        self._asked[self._number] = self._assumed
        self._assumed = ()
        self._running = True
        self._slice_end = None if budget.seconds is None else time.monotonic() + budget.seconds + GRACE

    def poll(self, timeout: float | None = 0.0) -> Answer | None:
        """Return the answer of the slice, or None."""
        child = self._living()
        if not self._running:
            raise UsageError("poll comes after advance")
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            until = min((t for t in (end, self._slice_end) if t is not None), default=None)
            message = child.receive(None if until is None else max(0.0, until - time.monotonic()))
            if message is None:
                now = time.monotonic()
                if self._slice_end is not None and now >= self._slice_end:
                    child.pause()
                    self._running = False
                    restriction = self._units + self._asked[self._number]
                    return Answer(Status.UNKNOWN, None, restriction, (), dict(self._progress))
                if end is not None and now >= end:
                    return None
            elif message.kind == "progress":
                self._progress = message.data
            elif message.kind == "learned":
                self._learned.append(message)
            elif message.kind == "trail":
                import numpy as np

                self._trail = np.array(message.arrays[0], np.int32)
            else:
                answer = self._answer(message)
                if answer is not None:
                    self._running = False
                    return answer

    def _answer(self, message: Message) -> Answer | None:
        """Return the answer as the running slice's, or None if it is of no use to it.

        A child that was stopped answers the slice that had ended first, and then the running one.
        """
        import numpy as np

        status = Status(message.data["status"])
        values, core = message.arrays
        self._progress = message.data["counts"]
        number = message.data["number"]
        assumed = self._asked.pop(number)
        if message.data["over"]:
            self.stop()
        if number != self._number and (not status or assumed != self._asked.get(self._number)):
            return None
        refuted = status is Status.UNSATISFIABLE
        return Answer(
            status,
            np.frombuffer(values, np.bool_).copy() if status is Status.SATISFIABLE else None,
            self._units + assumed,
            (*self._units, *core.tolist()) if refuted else (),
            dict(self._progress),
        )
