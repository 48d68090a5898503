"""The check in a process of its own: it can be ended whatever it does, and its crash is not this one's."""

import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

from turbosat.check.outputs import complain

BEAT: Final = 0.05  # seconds between two looks at the clock and at signals, whatever call is blocked
GRACE: Final = 0.1  # seconds after the end of the time for what is nearly done
ENDING: Final = (signal.SIGINT, signal.SIGTERM)
BLOCK: Final = 1 << 16

Work = Callable[[int], None]  # writes a line of JSON to a descriptor, and then whatever it likes


class Stopped(Exception):  # a message on its way, not an error
    """A signal came, or SIGALRM: the time is over."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


class Failed(Exception):  # an outcome, not an error of this process
    """The child has ended without an answer; the text says how."""


class Watch:
    """The end of the time, and the signals that end a program.

    A timer interrupts whatever call is blocked again and again, so that neither can come a moment too early
    to do so.
    """

    def __init__(self, end: float | None) -> None:
        self.raising = False  # set where Stopped is caught, and only there
        self._end = math.inf if end is None else end
        self._code: int | None = None
        self._words = ""
        self._before = {}
        for number in (*ENDING, signal.SIGALRM):
            if number == signal.SIGALRM or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGALRM,))
        signal.setitimer(signal.ITIMER_REAL, BEAT, BEAT)

    def settle(self, code: int, words: str = "", *, soon: bool = False) -> None:
        """From now on, exit with this code when the time is over, and with these last words.

        Whoever reads what is written may keep it waiting for ever. `soon`: the time is over in a moment.
        """
        self._code, self._words = code, words
        self._end = max(self._end, time.monotonic() + GRACE) if not soon else time.monotonic() + GRACE

    def close(self) -> None:
        """Give signals back to whoever had them."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGALRM and time.monotonic() <= self._end:
            return
        if self.raising:
            self.raising = False
            raise Stopped(number)
        if number in ENDING:
            os._exit(128 + number)
        if self._code is not None:
            words, self._words = self._words, ""  # they may be kept waiting, too
            if words:
                complain(words)
            os._exit(self._code)


class Child:
    """A process that works, and what it says."""

    def __init__(self) -> None:
        self._pid = 0
        self._pipe = -1
        self._rest = b""

    def start(self, work: Work) -> None:
        """Fork, and let the child work; OSError where there can be no more processes."""
        reading, writing = os.pipe()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would hide how the child ends
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, signal.SIGALRM))
        try:
            self._pipe = reading
            self._pid = os.fork()
            if self._pid == 0:
                os.close(reading)
                _run(work, writing, parent)
        finally:
            os.close(writing)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def answer(self) -> dict[str, Any]:
        """Wait for the line of JSON; Failed if none comes."""
        said = bytearray()
        while b"\n" not in said:
            block = os.read(self._pipe, BLOCK)
            if not block:
                raise Failed(_end(self._wait()))
            said += block
        line, _, self._rest = bytes(said).partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def rest(self) -> Iterator[bytes]:
        """Yield what follows it; Failed if the child does not end well."""
        block = self._rest
        while block:
            yield block
            block = os.read(self._pipe, BLOCK)
        while block := os.read(self._pipe, BLOCK):
            yield block
        status = self._wait()
        if status:
            raise Failed(_end(status))

    def kill(self) -> None:
        """End the child, if it is still there."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        """End the child, and wait until it has given its memory back."""
        if self._pid:
            self.kill()
            self._wait()
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    def _wait(self) -> int:
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        self._pid = 0
        return code


def _end(code: int) -> str:
    """Say how a process ended."""
    if code == -signal.SIGKILL:
        return "the check was killed; perhaps there is too little memory"
    return f"the check was ended by signal {-code}" if code < 0 else f"the check ended with exit code {code}"


def _run(work: Work, pipe: int, parent: int) -> None:
    """Work as a child that ends with its parent, who hears the signals; do not return."""
    code = 1
    try:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*ENDING, signal.SIGALRM))
        _end_with(parent)
        work(pipe)
        code = 0
    finally:
        os._exit(code)


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
