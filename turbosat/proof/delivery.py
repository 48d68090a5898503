"""Bytes on their way to an outlet, in a thread: whatever holds them up there holds up nothing else."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from turbosat.proof.flag import Flag, beside, wait_for
from turbosat.proof.outlet import Wait

if TYPE_CHECKING:
    from turbosat.deadline import Deadline
    from turbosat.proof.outlet import Outlet

Blocks = Callable[[Wait], Iterator[bytes]]

PIECE = 1 << 20  # bytes passed on at once
GRACE = 0.25  # seconds that a reader has to take what is there when the run is over


class _Halted(Exception):
    """Nobody wants the rest any more."""


class Delivery:
    """One attempt; `error` says why it failed, `came` whether all was brought, also where it could not go on.

    Raises OSError where there can be no thread.
    """

    def __init__(self, outlet: Outlet, blocks: Blocks) -> None:
        self.error, self.came = "", False
        self._until: float | None = None  # when waiting ends
        self._outlet = outlet
        self._halt, self._end = Flag(), Flag()
        try:
            outlet.begin()
            self._thread = beside(partial(self._run, blocks(self._wait)))
        except OSError:
            self._close()
            raise

    def join(self, deadline: Deadline) -> bool:
        """Wait for the end, until the run must end, but for a moment at least; return whether it came."""
        return wait_for(self._end, deadline, GRACE)

    def abandon(self) -> None:
        """Stop where it is. A thread that a device holds up for good is left alone."""
        self._halt.hoist()
        self._thread.join(GRACE)
        if not self._thread.is_alive():
            self._close()

    def _run(self, blocks: Iterator[bytes]) -> None:
        try:
            for block in blocks:
                self._outlet.put(block, self._wait)
            self.came = True
        except _Halted:
            self.error = f"{self._outlet.path}: {self._outlet.what} is incomplete"
        except Exception as error:  # of the file or of a compressor: another thread has to hear of it
            self._take_the_rest(blocks)
            self.error = self._outlet.failure(error)
        finally:
            blocks.close()  # type: ignore[attr-defined] # generators all: whoever writes learns of the end
            self._end.hoist()

    def _take_the_rest(self, blocks: Iterator[bytes]) -> None:
        """Take what comes for a moment more: a prover at its end is not to die before it has answered."""
        self._until = time.monotonic() + GRACE
        with suppress(Exception):
            for _ in blocks:
                if time.monotonic() > self._until:
                    return
            self.came = True

    def _wait(self, descriptor: int, event: int) -> None:
        waiter = select.poll()
        waiter.register(descriptor, event)
        waiter.register(self._halt, select.POLLIN)
        left = None if self._until is None else max(0.0, self._until - time.monotonic()) * 1000
        ready = [each for each, _ in waiter.poll(left)]
        if not ready or self._halt.fileno() in ready:
            raise _Halted

    def _close(self) -> None:
        self._halt.close()
        self._end.close()


def from_pipe(pipe: int) -> Blocks:
    """Return what a pipe brings until its end; it is closed then, or earlier if nobody wants the rest."""

    def blocks(wait: Wait) -> Iterator[bytes]:
        try:
            while True:
                wait(pipe, select.POLLIN)
                data = os.read(pipe, PIECE)
                if not data:
                    return
                yield data
        finally:
            os.close(pipe)

    return blocks


def from_memory(data: bytes | memoryview) -> Blocks:
    """Return bytes in pieces."""

    def blocks(_: Wait) -> Iterator[bytes]:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), PIECE):
            yield view[start : start + PIECE]  # type: ignore[misc] # as good as bytes

    return blocks


def deliver(outlet: Outlet, data: bytes, deadline: Deadline) -> str:
    """Write all there is to an outlet, and close it; return why that failed, or nothing."""
    try:
        outlet.restart()
        delivery = Delivery(outlet, from_memory(data))
        error = "" if delivery.join(deadline) else late(outlet)
        delivery.abandon()
        outlet.close()
    except OSError as problem:
        return outlet.failure(problem)
    return error or delivery.error


def late(outlet: Outlet) -> str:
    """Say that nobody took it in time."""
    return f"{outlet.path}: cannot write {outlet.what}: it was not read in time"
