"""The algebra lane: recovery, elimination and small sweeps in a child process, driven as an engine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engine import Ability, Answer, Budget, Engine
from turbosat.cdcl.python_child import PythonChild
from turbosat.errors import UsageError
from turbosat.result import Status

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.channel import Message
    from turbosat.formula import Formula

LONGEST_SWEEP = 3600.0  # seconds, where the run has no limit


class Algebra(Engine):
    """Linear algebra over GF(2) on one formula.

    First it says what follows from the XORs: `figures` and `clauses` are None until then. It answers
    UNSATISFIABLE with the recovered XORs that sum to 0 = 1, or after a complete sweep over few free
    variables, which may also find a model; and UNKNOWN when it has nothing more to say.

    `seconds` bound recovery and elimination; `sweep` lets it go on to the search in the kernel, given up
    where it would not end in the seconds `remaining` to the run; unless `timed`, what it does depends on the
    formula alone. With `proof`, XORs that refute the formula
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
        self.figures: dict[str, Any] | None = None
        self.clauses: tuple[NDArray[np.int32], NDArray[np.int64]] | None = None
        self._task = {
            "seconds": seconds,
            "sweep": sweep,
            "proof": proof,
            "binary_proof": binary_proof,
            "seed": seed,
            "timed": timed,
            "remaining": LONGEST_SWEEP if remaining is None else remaining,
        }
        self._memory_limit = memory_limit
        self._child: PythonChild | None = None
        self._progress: dict[str, float] = {}
        self._asked = False
        self._stopped = False

    @property
    def progress(self) -> dict[str, float]:
        """The inputs of the sweep and how far it is, in per cent."""
        return self._progress

    def start(self, source: Formula | Path) -> None:
        """Start the child and hand it the formula, as arrays."""
        import numpy as np

        from turbosat import dimacs
        from turbosat.formula import Formula

        if self._child is not None or self._stopped:
            raise UsageError("an engine takes one formula, once")
        formula = source if isinstance(source, Formula) else dimacs.read(source)
        self._child = PythonChild("turbosat.algebra_worker", self.name, self._memory_limit)
        xors = formula.xors
        # With their signs, which say what the variables mean that cut long ones.
        arrays = xors.literals, xors.offsets, ((np.diff(xors.offsets) > 0) | xors.parities).astype(np.int8)
        data = {"variables": formula.variables}
        self._child.send("load", data, formula.literals, formula.offsets, *arrays)

    def set_phases(self, values: NDArray[np.bool_]) -> None:
        """Raise UnsupportedError: nothing here decides."""
        self.require(Ability.PHASES)

    def add_units(self, literals: NDArray[np.int32]) -> None:
        """Raise UnsupportedError: what it finds must follow from the formula alone."""
        self.require(Ability.UNITS)

    def assume(self, literals: NDArray[np.int32]) -> None:
        """Raise UnsupportedError: what it finds must follow from the formula alone."""
        self.require(Ability.ASSUMPTIONS)

    def add_clauses(self, literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        """Raise UnsupportedError: it reads the formula once."""
        self.require(Ability.IMPORT)

    def advance(self, budget: Budget) -> None:
        """Begin; the one slice there is has no budget."""
        if budget.conflicts is not None:
            self.require(Ability.CONFLICTS)
        if budget.seconds is not None:
            self.require(Ability.SECONDS)
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

    def fileno(self) -> int:
        """Return the socket its messages come through; UsageError before `start`."""
        return self._living().fileno()

    @property
    def pid(self) -> int | None:
        """The child process."""
        return None if self._child is None else self._child.pid

    def stop(self) -> None:
        """Kill the child, reap it, close the socket."""
        self._stopped = True
        if self._child is not None:
            self._child.stop()

    def _living(self) -> PythonChild:
        if self._child is None or self._child.broken is not None:
            raise UsageError("there is no child process: it runs from start to stop")
        return self._child

    def _take(self, message: Message) -> None:
        import numpy as np

        if message.kind == "progress":
            self._progress = message.data
            return
        literals, offsets = (np.asarray(array) for array in message.arrays)
        self.figures, self.clauses = message.data, (literals, offsets)

    def _answer(self, message: Message) -> Answer:
        import numpy as np

        from turbosat.xors import Xors

        status = Status(message.data["status"])
        if status is Status.SATISFIABLE:
            return Answer(status, np.frombuffer(message.arrays[0], np.bool_).copy())
        if status is Status.UNSATISFIABLE and message.arrays:
            variables, offsets, parities = (np.asarray(array) for array in message.arrays[:3])
            conflict = Xors(variables, offsets, parities.astype(np.bool_))
            return Answer(status, conflict=conflict, proof=message.arrays[3] if self._task["proof"] else None)
        return Answer(status)
