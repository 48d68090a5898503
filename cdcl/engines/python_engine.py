"""What engines share whose child is a Python process of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbosat.cdcl.engines.engine import Engine, FileName
from turbosat.cdcl.process.child import Spent
from turbosat.cdcl.process.interrupts import undisturbed
from turbosat.cdcl.process.python_child import PythonChild
from turbosat.errors import UsageError

if TYPE_CHECKING:
    from turbosat.formula.formula import Formula


class PythonEngine(Engine):
    """An engine with a child that lives from `start` to `stop`, or until it breaks."""

    def __init__(self, module: str, memory_limit: int | None) -> None:
        self.memory_limit = memory_limit  # bytes of address space
        self._module = module
        self._child: PythonChild | None = None
        self._stopped = False

    def fileno(self) -> int:
        """Return the socket the child's messages come through; UsageError before `start`."""
        return self._living().fileno()

    @property
    def pid(self) -> int | None:
        """The child process."""
        return None if self._child is None else self._child.pid

    @property
    def spent(self) -> Spent:
        """What the child took."""
        return Spent() if self._child is None else self._child.spent

    def stop(self) -> None:
        """Kill the child, reap it, close the socket."""
        self._stopped = True
        if self._child is not None:
            self._child.stop()

    def _launch(self, source: Formula | FileName) -> tuple[PythonChild, Formula]:
        """Start the child; return it and the formula, read if it is a file."""
        from turbosat.formula import files
        from turbosat.formula.formula import Formula

        if self._child is not None or self._stopped:
            raise UsageError("an engine takes one formula, once")
        formula = source if isinstance(source, Formula) else files.read(source, check=self.check)
        with undisturbed():
            self._child = PythonChild(self._module, self.name, self.memory_limit, copied=True)
        return self._child, formula

    def _living(self) -> PythonChild:
        """Return the child; UsageError where there is none to be asked."""
        if self._stopped or (self._child is not None and self._child.broken is not None):
            why = "it was stopped" if self._child is None else self._child.broken
            raise UsageError(f"{self.name} is not running: {why}")
        if self._child is None:
            raise UsageError("start comes first")
        return self._child
