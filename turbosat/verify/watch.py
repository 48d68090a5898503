"""What ends the queries of solvers when a deadline does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from turbosat.deadline import Deadline
    from turbosat.solver.solver import Solver

PACE = 0.03  # seconds between two looks at the deadline


class Watch:
    """A thread that interrupts solvers as soon as a deadline is over, or was cancelled; a context."""

    def __init__(self, deadline: Deadline, *solvers: Solver) -> None:
        self._deadline = deadline
        self._solvers = [*solvers]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="turbosat watch", daemon=True)

    def add(self, solver: Solver) -> None:
        """Watch another solver, too."""
        self._solvers.append(solver)
        if self._deadline.expired() is not None:
            solver.interrupt()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(PACE):
            if self._deadline.expired() is not None:
                for solver in list(self._solvers):
                    solver.interrupt()
                return
