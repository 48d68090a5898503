"""Who is at the other ends of a run's pipes: quick, slow, idle or gone; in one loop that never blocks."""

import errno
import heapq
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

PIECE = 1 << 16
LARGEST = 1 << 27  # bytes that are kept of what comes out of a pipe
RETRY = 0.01  # seconds between two tries to open the writing end of a named pipe
SLOW = 5, 0.15  # how many pieces a slow writer makes of all, and the seconds before each


class Loop:
    """Descriptors to watch and moments to wait for."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[int], object]] = {}
        self._moments: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()

    def watch(self, descriptor: int, events: int, handler: Callable[[int], object]) -> None:
        """Call `handler` with what happens to a descriptor."""
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Do not watch a descriptor any more."""
        if self._handlers.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something at a moment of the monotonic clock."""
        heapq.heappush(self._moments, (moment, next(self._number), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something in some seconds."""
        self.at(time.monotonic() + seconds, action)

    def turn(self, until: float) -> None:
        """Wait for the next thing to happen, and let it."""
        moment = min([until, *(each[0] for each in self._moments[:1])])
        for descriptor, events in self._poll.poll(max(0.0, (moment - time.monotonic()) * 1000)):
            if descriptor in self._handlers:
                self._handlers[descriptor](events)
        while self._moments and self._moments[0][0] <= time.monotonic():
            heapq.heappop(self._moments)[2]()


class Reader:
    """Reads a pipe to its end, or until it has had enough; what came is in `data`."""

    def __init__(
        self, loop: Loop, descriptor: int, enough: float = float("inf"), *, stuck: bool = False
    ) -> None:
        self.data = bytearray()
        self.whole = True  # nothing of it was dropped
        self.open = True
        self._loop, self._descriptor, self._enough = loop, descriptor, enough
        os.set_blocking(descriptor, False)
        if enough <= 0:
            self.close()
        elif not stuck:
            loop.watch(descriptor, select.POLLIN, self._read)

    @classmethod
    def fifo(cls, loop: Loop, path: Path, enough: float = float("inf")) -> "Reader":
        """Read a named pipe as `cat` does: to the end of its first writers."""
        return cls(loop, os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), enough)

    def _read(self, _: int) -> bool:
        """Read a piece; return whether there was one."""
        try:
            piece = os.read(self._descriptor, PIECE)
        except BlockingIOError:
            return False
        except OSError:  # a terminal whose other end is closed
            piece = b""
        if len(self.data) < LARGEST:
            self.data += piece
        else:
            self.whole = False
        if not piece or len(self.data) >= self._enough:
            self.close()
        return bool(piece)

    def drain(self) -> None:
        """Take what is still in the pipe."""
        while self.open:
            if not self._read(0):
                return

    def close(self) -> None:
        """Go away."""
        if self.open:
            self.open = False
            self._loop.forget(self._descriptor)
            os.close(self._descriptor)


class Writer:
    """Writes data into a pipe: quick, slow; half of it, nothing (idle): then it stays there, silent."""

    def __init__(self, loop: Loop, descriptor: int, data: bytes, pace: str) -> None:
        self._loop, self._descriptor, self._pace = loop, descriptor, pace
        self._left = memoryview({"idle": b"", "half": data[: len(data) // 2]}.get(pace, data))
        self._piece = PIECE if pace != "slow" else max(1, -(-len(data) // SLOW[0]))
        self._open = True
        os.set_blocking(descriptor, False)
        self._go_on()

    def _go_on(self) -> None:
        if self._pace == "slow":
            self._loop.after(SLOW[1], self._write)
        elif self._left:
            self._loop.watch(self._descriptor, select.POLLOUT, lambda _: self._write())
        elif self._pace == "quick":
            self.close()

    def _write(self) -> None:
        if not self._open:
            return
        try:
            self._left = self._left[os.write(self._descriptor, self._left[: self._piece]) :]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if not self._left:
            self._loop.forget(self._descriptor)
            if self._pace not in ("idle", "half"):
                self.close()
        elif self._pace == "slow":
            self._go_on()

    def close(self) -> None:
        """Go away."""
        if self._open:
            self._open = False
            self._loop.forget(self._descriptor)
            os.close(self._descriptor)


class FifoWriter:
    """Waits for the reader of a named pipe, then writes into it."""

    def __init__(self, loop: Loop, path: Path, data: bytes, pace: str) -> None:
        self._loop, self._path, self._data, self._pace = loop, path, data, pace
        self._writer: Writer | None = None
        self._given_up = False
        self._try()

    def _try(self) -> None:
        if self._given_up:
            return
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nobody reads yet
                self._loop.after(RETRY, self._try)
            return
        self._writer = Writer(self._loop, descriptor, self._data, self._pace)

    def close(self) -> None:
        """Go away."""
        self._given_up = True
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()
