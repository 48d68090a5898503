"""The sweeping lane: the formula's own circuit swept in a child process, driven as an engine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Ability, Answer, Budget
from turbosat.cdcl.engines.python_engine import PythonEngine
from turbosat.errors import UsageError
from turbosat.result import Status

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.process.channel import Message
    from turbosat.formula.formula import Formula


class Sweeping(PythonEngine):
    """SAT sweeping of the gates in one formula.

    After each pass, and now and then during long ones, `figures` and `representatives` are what is known by
    then (see turbosat.lanes.circuit_facts), each time another array; after the second pass, or the last,
    `merged` is the formula with equal variables replaced, if these are many. It answers UNSATISFIABLE where a
    constraint of the circuit cannot hold, SATISFIABLE with a model that it came upon, and UNKNOWN when passes
    find little more. With `proof`, UNSATISFIABLE comes with a DRAT proof of the formula.
    """

    name = "sweeping"
    abilities = frozenset[Ability]()

    def __init__(
        self,
        *,
        proof: bool = False,
        binary_proof: bool = True,
        seed: int = 0,
        memory_limit: int | None = None,
    ) -> None:
        super().__init__("turbosat.lanes.sweeping_worker", memory_limit)
        self._task = {"proof": proof, "binary_proof": binary_proof, "seed": seed}
        self._progress: dict[str, float] = {}
        self._asked = False
        self._figures: dict[str, Any] = {}
        self.representatives: NDArray[np.int32] | None = None
        self.merged: Formula | None = None

    @property
    def progress(self) -> dict[str, float]:
        """How many nodes are merged, and how many conflicts that took."""
        return self._progress

    @property
    def figures(self) -> dict[str, Any]:
        """What recovery and the passes found."""
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
        """Return the answer, or None; `representatives` may be there before it."""
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
            else:
                self._take(message)

    def _take(self, message: Message) -> None:
        import numpy as np

        if message.kind == "merged":
            from turbosat.formula.formula import Formula

            literals, offsets = map(np.asarray, message.arrays)
            self.merged = Formula(literals, offsets, message.data["variables"])
            return
        self._figures, (array,) = message.data, message.arrays
        self.representatives = np.asarray(array)

    def _answer(self, message: Message) -> Answer:
        import numpy as np

        status = Status(message.data["status"])
        if status is Status.SATISFIABLE:
            return Answer(status, np.frombuffer(message.arrays[0], np.bool_).copy())
        if status is Status.UNKNOWN:
            self.stop()  # for good
        return Answer(status, proof=message.arrays[0] if message.arrays else None)
