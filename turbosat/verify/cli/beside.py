"""Work in a thread of its own, while this one shows what happens there and hears signals."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from turbosat.events import Event, Sink

T = TypeVar("T")
PACE = 0.1  # seconds between two looks at whether it is over


class _Work(Generic[T]):
    """A call, what it returned or raised, and the events of it that have not been shown."""

    def __init__(self, call: Callable[[Sink], T]) -> None:
        self.events: SimpleQueue[Event | None] = SimpleQueue()  # None: it is over
        self.returned: list[T] = []
        self.raised: BaseException | None = None
        self._call = call

    def run(self) -> None:
        try:
            self.returned.append(self._call(self.events.put))
        except BaseException as error:  # of whatever kind: it is the waiting thread's
            self.raised = error
        finally:
            self.events.put(None)


def beside(call: Callable[[Sink], T], show: Sink) -> T:
    """Call with a sink in another thread; hand its events to `show` here; return or raise what it does."""
    work = _Work(call)
    thread = threading.Thread(target=work.run, name="turbosat question", daemon=True)
    thread.start()
    while True:
        try:
            event = work.events.get(timeout=PACE)
        except Empty:
            continue
        if event is None:
            break
        show(event)
    thread.join()
    if work.raised is not None:
        raise work.raised
    return work.returned[0]
