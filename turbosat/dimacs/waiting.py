"""Input that may never come: opened without waiting for it, read when there is something."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from turbosat.deadline import Deadline

LONGEST = 1000.0  # seconds that poll is asked for at once: it counts milliseconds in 32 bits

Stream = TypeVar("Stream")
Wait = Callable[[int], None]  # returns when a descriptor can be read, or raises


def for_ever(descriptor: int) -> None:
    """Wait until a descriptor can be read."""
    _ready(descriptor, None)


def until(deadline: Deadline) -> Wait:
    """Return what waits, but raises Expired when the run must end."""

    def wait(descriptor: int) -> None:
        waiter = select.poll()
        waiter.register(deadline, select.POLLIN)
        waiter.register(descriptor, select.POLLIN)
        while True:
            deadline.check()
            left = deadline.remaining()
            ready = waiter.poll(1000 * (LONGEST if left is None else min(left, LONGEST)))
            if any(found == descriptor for found, _ in ready):
                return

    return wait


def opened(path: str) -> io.FileIO:
    """Open a file for reading at once: a named pipe without a writer, too."""
    flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    return open(path, "rb", buffering=0, opener=lambda name, given: os.open(name, given | flags))


def patient(stream: Stream, wait: Wait = for_ever) -> Stream:
    """Return a stream to be read here: each `read` waits by `wait`, and then brings what there is.

    Streams that are not files, pipes, terminals or sockets are read as they are.
    """
    if isinstance(stream, io.TextIOWrapper):  # DIMACS is ASCII: the bytes below the text will do
        stream = cast(Stream, stream.buffer)
    if not isinstance(stream, io.FileIO | io.BufferedReader | io.BufferedRandom):
        return stream
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # there is none below
        return stream
    read = (
        stream.read if isinstance(stream, io.FileIO) else stream.read1
    )  # the first waits for all it is asked
    return cast(Stream, _Patient(read, descriptor, wait))


class _Patient:
    def __init__(self, read: Callable[[int], bytes | None], descriptor: int, wait: Wait) -> None:
        self._read, self._descriptor, self._wait = read, descriptor, wait

    def read(self, size: int) -> bytes:
        while True:
            self._wait(self._descriptor)
            data = self._read(size)
            # Nothing is the end, unless somebody else took what was there from a pipe that does not block.
            if data or (data is not None and _ready(self._descriptor, 0.0)):
                return data


def _ready(descriptor: int, seconds: float | None) -> bool:
    waiter = select.poll()
    waiter.register(descriptor, select.POLLIN)
    return bool(waiter.poll(None if seconds is None else 1000 * seconds))
