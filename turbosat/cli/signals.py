"""What ends a run from outside: signals, which only programs of ours catch."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from turbosat.cli.streams import Stuck

if TYPE_CHECKING:
    from turbosat.deadline import Deadline

BEAT = 0.1  # seconds between two looks at a write that takes so long
GRACE = 0.25  # seconds that a reader has to take something when the run is over


class Signals:
    """SIGINT and SIGTERM, from the first moment on: they cancel the deadline, there or still to come.

    And SIGALRM, which looks after writes that nobody takes: the limits hold for them, too.
    """

    def __init__(self) -> None:
        self._deadline: Deadline | None = None
        self._pending = False
        self._watching = False
        self._began = 0.0  # the write that is watched
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)
        signal.signal(signal.SIGALRM, self._beat)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, children would leave no exit codes

    def connect(self, deadline: Deadline) -> None:
        """Let them cancel this deadline; one that came before does so now."""
        self._deadline = deadline
        if self._pending:
            deadline.cancel()

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Raise Stuck in the midst of a write that lasts when the run must end."""
        self._began, self._watching = time.monotonic(), True
        signal.setitimer(signal.ITIMER_REAL, BEAT, BEAT)
        try:
            yield
        finally:
            self._watching = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _handle(self, *_: object) -> None:
        self._pending = True
        if self._deadline is not None:
            self._deadline.cancel()

    def _beat(self, *_: object) -> None:
        over = self._pending or (self._deadline is not None and self._deadline.expired() is not None)
        if self._watching and over and time.monotonic() - self._began >= GRACE:
            self._watching = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Stuck("nobody reads it")
