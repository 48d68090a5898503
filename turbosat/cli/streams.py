"""The standard streams of a program: always there, and no trouble whatever becomes of them."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from io import FileIO, TextIOWrapper
from typing import TextIO

from turbosat.errors import printable

PIECE = 1 << 16  # bytes written at once

Watch = Callable[[], AbstractContextManager[object]]  # makes the context of a write, which may raise Stuck


class Stuck(Exception):
    """Nobody takes what is written, and there is no time to wait."""


def secure() -> None:
    """Give a program the standard streams that it was started without, and let all of them take any text.

    What is opened later must not land on descriptors 0 to 2: others would read it or write there. What stands
    in for output swallows it; what stands in for input cannot be read.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_WRONLY), True)  # the lowest that is free: this one
    sys.stdout = sys.stdout or TextIOWrapper(FileIO(1, "w", closefd=False))
    sys.stderr = sys.stderr or TextIOWrapper(FileIO(2, "w", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            plain = "s".encode(stream.encoding) == b"s"  # PYTHONIOENCODING may be UTF-16
            stream.reconfigure(encoding=None if plain else "ascii", errors="backslashreplace")


def finish() -> None:
    """Flush the standard output, or drop what cannot be written, lest that changes the exit code."""
    try:
        sys.stdout.flush()
    except OSError:  # whoever read it has gone, or there is no room
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Output:
    """A standard stream, written at once. What cannot be written is dropped, and `failure` says why."""

    def __init__(self, stream: TextIO, watch: Watch = nullcontext) -> None:
        self._stream = stream
        self._watch = watch
        self.failure: OSError | Stuck | None = None

    def line(self, text: str) -> None:
        """Write a line, in which what is not printable is escaped."""
        self.write(f"{printable(text)}\n".encode(self._stream.encoding or "utf-8", "backslashreplace"))

    def write(self, data: bytes) -> None:
        """Write bytes."""
        if self.failure is not None:
            return
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):  # a stream of the program that calls us
            self._stream.write(data.decode(errors="backslashreplace"))
            return
        rest = memoryview(data)
        try:
            while rest:
                with self._watch():
                    rest = rest[_write(descriptor, rest[:PIECE]) :]
        except (OSError, Stuck) as error:
            self.failure = error


def _write(descriptor: int, data: memoryview) -> int:
    while True:
        try:
            return os.write(descriptor, data)
        except BlockingIOError:  # somebody else has made it one that does not block
            waiter = select.poll()
            waiter.register(descriptor, select.POLLOUT)
            waiter.poll()


def reason(error: Exception) -> str:
    """Say in a few words why something could not be written."""
    return getattr(error, "strerror", None) or str(error)
