"""One search of CaDiCaL in a thread of its own, which goes on until it has an answer or is told to end.

Each call of `solve` begins CaDiCaL's schedule anew: 1,000 conflicts with frequent restarts before its stable
phases, and original phases once more. Cut into short runs it would never get beyond that.
"""

from __future__ import annotations

import ctypes
import os
import select
import threading
from contextlib import suppress

from turbosat.cdcl.engines import cadical_methods
from turbosat.cdcl.process.child import readable
from turbosat.errors import EngineError

COUNTED = ("conflicts", "decisions", "propagations")


class Search:
    """A solver, given as its capsule, that searches beside the thread that asks.

    While it searches, the solver may be asked for nothing but what `counts` returns.

    Raises EngineError where python-sat's library lets nobody call CaDiCaL's methods.
    """

    def __init__(self, capsule: object) -> None:
        try:
            self._solve = cadical_methods.method("5solveEv", ctypes.c_int)
            self._assume = cadical_methods.method("6assumeEi", None, ctypes.c_int)
            self._terminate = cadical_methods.method("9terminateEv", None)
            self._count = cadical_methods.statistic()
        except (AttributeError, OSError) as error:
            raise EngineError(f"CaDiCaL's methods cannot be called: {error}") from None
        self._address = cadical_methods.solver_address(capsule)
        self._thread: threading.Thread | None = None
        self._found = 0
        self._read, self._write = os.pipe()

    def begin(self, assumed: list[int]) -> None:
        """Search under these assumptions and under limits set before. MemoryError for no thread."""
        for literal in assumed:
            self._assume(self._address, literal)
        self._found = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            raise MemoryError(str(error)) from error

    def wait(self, descriptor: int, seconds: float | None) -> bool:
        """Wait until the search has ended, or something else can be read; tell whether it has ended."""
        waiter = select.poll()
        waiter.register(self._read, select.POLLIN)
        waiter.register(descriptor, select.POLLIN)
        ready = waiter.poll(None if seconds is None else max(0.0, seconds) * 1000)
        return any(each == self._read for each, _ in ready)

    def end(self) -> bool | None:
        """End the search if it has not ended; return its answer, None for none.

        One that ends by itself at this very moment may let the next one end at once, without an answer.
        """
        thread = self._thread
        assert thread is not None
        if not readable(self._read, 0.0):
            self._terminate(self._address)
        thread.join()
        os.read(self._read, 1)
        self._thread = None
        return {10: True, 20: False}.get(self._found)

    def counts(self) -> dict[str, int]:
        """Return conflicts, decisions and propagations so far, of a search that runs, too."""
        return {name: self._count(self._address, name.encode()) for name in COUNTED}

    def close(self) -> None:
        """Close what tells that a search has ended."""
        for each in (self._read, self._write):
            with suppress(OSError):
                os.close(each)

    def _run(self) -> None:
        try:
            self._found = self._solve(self._address)
        finally:
            os.write(self._write, b"\n")


def works() -> bool:
    """Whether a search answers both ways under assumptions, and ends when it is told to."""
    try:
        module = cadical_methods.pysolvers()
        capsule = module.cadical300_new()
        module.cadical300_set(capsule, "factor", 0)  # else every variable must be declared first
        search = Search(capsule)
    except EngineError:
        return False
    try:
        for clause in ([1, 2], [-1, 3]):
            module.cadical300_add_cl(capsule, clause)
        answers = []
        for assumed in ([-2, 1], [-2, -3], [-2]):
            search.begin(assumed)
            while not search.wait(search._read, 1.0):
                pass
            answers.append(search.end())
        return answers == [True, False, True]
    finally:
        search.close()
        module.cadical300_del(capsule, None)
