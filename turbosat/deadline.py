"""One deadline for a whole run: wall time, memory of the process tree, cancellation."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Self

from turbosat.errors import UsageError
from turbosat.result import Reason
from turbosat.system import available_memory, own_memory, tree_memory
from turbosat.validation import integer, number, shown

LARGEST_MEMORY = 1 << 62  # bytes: a limit beyond is none, but systems count no further
MEMORY_INTERVAL = 0.05  # seconds between two looks at the process tree
ROOM_INTERVAL = 0.5  # seconds between two looks at what memory the system has
SHORT = 0.05  # of all memory: where less is left, the next process that grows may be killed

Processes = Callable[[], Iterable[int]]


class Expired(Exception):
    """The run must end now; `reason` says why. On its way to a Result, never seen by users."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Deadline:
    """What bounds a run, asked by every stage: parsing, search, checking.

    `seconds` count from `start`, a `time.monotonic()` value (default: now). `memory` is in bytes: what this
    process has grown since the deadline was made, or all of it if the process is there for the run only
    (`whole`), and the processes that `cover` is told of, with all below them; what else a program has started
    is not the run's. UsageError for what is no number, and for limits below 0. `cancel` may be
    called from a signal handler or another thread; it makes `fileno()` readable, so that a wait on
    descriptors ends at once.
    """

    def __init__(
        self,
        seconds: float | None = None,
        memory: int | None = None,
        start: float | None = None,
        *,
        whole: bool = False,
    ) -> None:
        self.start = time.monotonic() if start is None else number(start, "start")
        limit = math.inf if seconds is None else number(seconds, "seconds", low=0)
        self.seconds = None if math.isinf(limit) else limit
        self.memory = None if memory is None else min(integer(memory, "memory", low=1), LARGEST_MEMORY)
        self.used = 0  # bytes, of the run's processes, when they were last looked at
        self.peak = 0
        self._own = 0 if whole or memory is None else own_memory()  # bytes that this process had before
        self._worked = 0.0 if whole else time.process_time()
        self._covered: list[Processes] = []
        self._room: tuple[int, int] | None = None  # bytes that the system has left, and has in all
        self._roomed = -1.0  # when that was
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

    def worked(self) -> float:
        """Return the CPU seconds that this process spent on the run, as far as that can be told apart."""
        return time.process_time() - self._worked

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
        """Measure the memory of the run's processes now, in bytes."""
        self._looked = time.monotonic()
        below = {pid for processes in self._covered for pid in processes()}
        self.used = max(0, own_memory() - self._own) + sum(map(tree_memory, below))
        self.peak = max(self.peak, self.used)
        return self.used

    def cover(self, processes: Processes) -> None:
        """Let the memory of these processes, and of all below them, count."""
        self._covered.append(processes)

    def uncover(self, processes: Processes) -> None:
        """Let it count no longer."""
        if processes in self._covered:
            self._covered.remove(processes)

    def left(self) -> int | None:
        """Return the bytes that the run may still take, by its limit and by what the system has, if known."""
        room = self._system_room()
        lefts = [] if room is None else [room[0]]
        if self.memory is not None:
            lefts.append(self.memory - self.look())
        return min(lefts, default=None)

    def short(self) -> bool:
        """Whether the system has so little memory left that it may kill what grows."""
        room = self._system_room()
        return room is not None and room[0] < SHORT * room[1]

    def _system_room(self) -> tuple[int, int] | None:
        now = time.monotonic()
        if now - self._roomed >= ROOM_INTERVAL:
            self._roomed, self._room = now, available_memory()
        return self._room

    def check(self) -> None:
        """Raise Expired when the run must end."""
        reason = self.expired()
        if reason is not None:
            raise Expired(reason)
