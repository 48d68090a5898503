"""The algebra lane: recovery, elimination and small sweeps in a child process, driven as an engine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Ability, Answer, Budget
from turbosat.cdcl.engines.python_engine import PythonEngine
from turbosat.errors import UsageError
from turbosat.result import Status

if TYPE_CHECKING:
    from pathlib import Path

    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula

LONGEST_SWEEP = 3600.0  # seconds, where the run has no limit


class Algebra(PythonEngine):
    """Linear algebra over GF(2) on one formula.

    First it says what follows from the XORs: until then `figures` are empty, and `clauses` None. It answers
    UNSATISFIABLE with the recovered XORs that sum to 0 = 1, or after a complete sweep over few free
    variables, which may also find a model; and UNKNOWN when it has nothing more to say.

    `seconds` bound recovery and elimination; `sweep` lets it go on to the search in the solution space,
    given up where it would not end in the seconds `remaining` to the run; unless `timed`, what it does
    depends on the formula alone. With `proof`, XORs that refute the formula
    come with a DRAT proof of it.
    """

    name = "algebra"
    abilities = frozenset[Ability]()

    def __init__(
        self,
        *,
        seconds: float | None = None,
        sweep: bool = True,
        proof: bool = False,
        binary_proof: bool = True,
        seed: int = 0,
        remaining: float | None = None,
        timed: bool = True,
        memory_limit: int | None = None,
    ) -> None:
        super().__init__("turbosat.lanes.algebra_worker", memory_limit)
        self._figures: dict[str, Any] = {}
        self.clauses: Clauses | None = None
        self._task = {
            "seconds": seconds,
            "sweep": sweep,
            "proof": proof,
            "binary_proof": binary_proof,
            "seed": seed,
            "timed": timed,
            "remaining": LONGEST_SWEEP if remaining is None else remaining,
        }
        self._progress: dict[str, float] = {}
        self._asked = False

    @property
    def progress(self) -> dict[str, float]:
        """The inputs that are searched in; the share of assignments `swept`, or the `fewest` false checks."""
        return self._progress

    @property
    def figures(self) -> dict[str, Any]:
        """What recovery and elimination found."""
        return self._figures

    def start(self, source: Formula | Path) -> None:
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
        """Return the answer, or None; `figures` and `clauses` may be there before it."""
        child = self._living()
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            message = child.receive(None if end is None else max(0.0, end - time.monotonic()))
            if message is None:
                return None
            if message.kind == "answer":
                return self._answer(message)
            self._take(message)

    def _take(self, message: Message) -> None:
        import numpy as np

        if message.kind == "progress":
            self._progress = message.data
            return
        from turbosat.formula.clauses import Clauses

        self._figures, self.clauses = message.data, Clauses(*map(np.asarray, message.arrays))

    def _answer(self, message: Message) -> Answer:
        import numpy as np

        from turbosat.formula.xors import Xors

        status = Status(message.data["status"])
        if status is Status.SATISFIABLE:
            return Answer(status, np.frombuffer(message.arrays[0], np.bool_).copy())
        if status is Status.UNSATISFIABLE and message.arrays:
            variables, offsets, parities = (np.asarray(array) for array in message.arrays[:3])
            conflict = Xors(variables, offsets, parities.astype(np.bool_))
            return Answer(status, conflict=conflict, proof=message.arrays[3] if self._task["proof"] else None)
        if status is Status.UNKNOWN:
            self.stop()  # for good
        return Answer(status)
