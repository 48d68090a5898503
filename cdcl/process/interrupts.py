"""What must not be cut short by a signal's handler: a child that was started must be known to who ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put off the handlers of signals until the block is done; what they raise then comes from here.

    Blocking the signals would not do: where there are threads, another one takes them, and Python still runs
    the handlers in the main thread. In other threads none are run.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    with ExitStack() as restored:
        restored.callback(_catch_up, came, handlers)
        for number in signal.valid_signals():
            handler = signal.getsignal(number)
            if callable(handler):
                handlers[number] = handler
                restored.callback(signal.signal, number, handler)
                signal.signal(number, note)
        yield


def _catch_up(came: list[int], handlers: dict[int, Callable[[int, FrameType | None], Any]]) -> None:
    if came:
        number = came.pop(0)
        try:
            handlers[number](number, None)
        finally:
            _catch_up(came, handlers)  # whatever the one before raises
