"""Threads beside the main one, and what happens in them once, that it waits for among other descriptors."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbosat.deadline import Deadline

LONGEST = 0.25  # seconds between two looks at the limits: a thread of a library may have taken a signal


class Flag:
    """A pipe that nobody reads: readable for good once the flag is up."""

    def __init__(self) -> None:
        self.up = False
        self._read, self._write = os.pipe()

    def hoist(self) -> None:
        """Put the flag up."""
        if not self.up:
            self.up = True
            os.write(self._write, b"!")

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._read

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._read)
        os.close(self._write)


def beside(work: Callable[[], None]) -> threading.Thread:
    """Start a thread that takes no signals, so that they wake the main one, and that no exit waits for.

    Raises OSError where there can be none.
    """
    thread = threading.Thread(target=work, daemon=True, name="turbosat")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()
    except RuntimeError as error:
        raise OSError(str(error)) from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread


def wait_for(flag: Flag, deadline: Deadline, grace: float) -> bool:
    """Wait for a flag until the run must end, but for `grace` seconds at least; return whether it is up."""
    latest = time.monotonic() + grace
    while not flag.up:
        over = deadline.expired() is not None
        left = latest - time.monotonic() if over else deadline.remaining()
        if over and left is not None and left <= 0:
            break
        waiter = select.poll()
        waiter.register(flag, select.POLLIN)
        if not over:
            waiter.register(deadline, select.POLLIN)
        waiter.poll(1000 * min(LONGEST, LONGEST if left is None else left))
    return flag.up
