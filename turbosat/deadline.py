"""One deadline for a whole run: wall time, memory of the process tree, cancellation."""

from __future__ import annotations

import math
import os
import time
from contextlib import suppress
from typing import Self

from turbosat.checked import integer, number, shown
from turbosat.errors import UsageError
from turbosat.result import Reason
from turbosat.system import tree_memory

LARGEST_MEMORY = 1 << 62  # bytes: a limit beyond is none, but systems count no further
MEMORY_INTERVAL = 0.05  # seconds between two looks at the process tree


class Expired(Exception):
    """The run must end now; `reason` says why. On its way to a Result, never seen by users."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Deadline:
    """What bounds a run, asked by every stage: parsing, search, checking.

    `seconds` count from `start`, a `time.monotonic()` value (default: now); `memory` is in bytes and
    covers all child processes. UsageError for what is no number, and for limits below 0. `cancel` may be
    called from a signal handler or another thread; it makes `fileno()` readable, so that a wait on
    descriptors ends at once.
    """

    def __init__(
        self, seconds: float | None = None, memory: int | None = None, start: float | None = None
    ) -> None:
        self.start = time.monotonic() if start is None else number(start, "start")
        limit = math.inf if seconds is None else number(seconds, "seconds", low=0)
        self.seconds = None if math.isinf(limit) else limit
        self.memory = None if memory is None else min(integer(memory, "memory", low=1), LARGEST_MEMORY)
        self.used = 0  # bytes, of the whole process tree, when it was last looked at
        self.peak = 0
        self._cancelled: Reason | None = None
        self._looked = -1.0
        self._waker, self._wake = os.pipe()
        os.set_blocking(self._wake, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptors back; no run can be bounded by it any more."""
        if self._waker >= 0:
            os.close(self._waker)
            os.close(self._wake)
            self._waker = self._wake = -1

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._waker < 0

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the run is cancelled."""
        return self._waker

    def cancel(self, reason: Reason = Reason.INTERRUPTED) -> None:
        """End the run at its next check. Safe in a signal handler."""
        if not isinstance(reason, Reason):
            raise UsageError(f"reason must be a Reason, not {shown(reason)}")
        self._cancelled = self._cancelled or reason
        if self._wake >= 0:
            with suppress(OSError):  # full, or closed a moment ago: nobody waits any more
                os.write(self._wake, b"!")

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.start

    def remaining(self) -> float | None:
        """Return the seconds left, never negative; None without a limit."""
        return None if self.seconds is None else max(0.0, self.seconds - self.elapsed())

    def expired(self) -> Reason | None:
        """Return why the run must end, or None. Looks at memory at most every 50 ms."""
        if self._cancelled:
            return self._cancelled
        if self.seconds is not None and self.elapsed() >= self.seconds:
            return Reason.TIME
        if self.memory is not None:
            if time.monotonic() - self._looked >= MEMORY_INTERVAL:
                self.look()
            if self.used > self.memory:
                return Reason.MEMORY
        return None

    def look(self) -> int:
        """Measure the memory of the process tree now, in bytes."""
        self._looked = time.monotonic()
        self.used = tree_memory()
        self.peak = max(self.peak, self.used)
        return self.used

    def check(self) -> None:
        """Raise Expired when the run must end."""
        reason = self.expired()
        if reason is not None:
            raise Expired(reason)
