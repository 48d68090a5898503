"""Child processes that die with their parent, can be paused, and leave nothing behind."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import FileIO

from turbosat.cdcl.process.fork import fork
from turbosat.cdcl.process.tree import PR_SET_PDEATHSIG
from turbosat.errors import Cause, EngineError
from turbosat.records import record

MAXRSS = 1 if sys.platform == "darwin" else 1024  # bytes of what a system counts the largest resident set in
OUTPUT_BUFFER = 1 << 20  # bytes of a pipe: a child that prints a long model waits less for its reader
PASSING = errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE  # why a start that fails may succeed later


@record(frozen=True)
class Spent:
    """What a process, and those it has waited for, took: CPU seconds, and the most bytes that one kept."""

    seconds: float = 0.0
    peak: int = 0


class Child:
    """A running program, or a copy of this one; what it prints, errors included, comes through one pipe.

    On Linux the kernel kills it when the thread that started it ends, so start children from a thread
    that outlives them. It stays in the process group of its parent: job control reaches both.
    """

    def __init__(
        self,
        command: Sequence[str] | Callable[[], object],
        *,
        stdin: int = subprocess.DEVNULL,
        keep: Sequence[int] = (),
        memory_limit: int | None = None,
        deaf: bool = False,
        chatty: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start `command`; the child inherits `stdin` and the descriptors `keep`, and nothing else.

        A function is called in a copy of this process, see turbosat.cdcl.process.fork: without `stdin`, and
        deaf. `memory_limit` is in bytes of address space; `deaf` shuts its ears to Ctrl-C; `chatty`: it
        prints much; `environment` replaces ours.

        Raises EngineError when it cannot be started.
        """
        prepare = _before_exec(memory_limit, deaf)
        if callable(command):
            self.pid, self._pipe = _copy(command, keep, prepare)
        else:
            self.pid, self._pipe = _spawn(command, stdin, keep, environment, prepare)
        self.output = self._pipe.fileno()
        self._code: int | None = None
        self._waiting = threading.Lock()
        self.spent = Spent()  # nothing is known before its end
        os.set_blocking(self.output, False)
        if chatty:
            enlarge(self.output)

    def read(self) -> bytes:
        """Return what it printed since the last call, at most one pipe full."""
        try:
            return os.read(self.output, OUTPUT_BUFFER)
        except BlockingIOError:
            return b""

    def exit_code(self, timeout: float = 0.0) -> int | None:
        """Return the exit code, -N after signal N, or None if the child lives on after `timeout` seconds.

        It is 0, too, where it was lost: where this program ignores SIGCHLD, or another part of it waits for
        every child.
        """
        deadline, pause = time.monotonic() + timeout, 0.0005
        while (code := self._wait(os.WNOHANG)) is None and (left := deadline - time.monotonic()) > 0:
            if not awaited(self.pid, left):
                time.sleep(pause)
                pause = min(2 * pause, 0.01)
        return code

    def pause(self) -> None:
        """Take the child off the processor until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused child go on."""
        self._signal(signal.SIGCONT)

    def reap(self) -> None:
        """Wait for the end of the child and close its pipe."""
        self._wait(0)
        self._pipe.close()

    def stop(self) -> None:
        """Kill the child, reap it and close its pipe; harmless when it is done already."""
        self._signal(signal.SIGKILL)
        self.reap()

    def _signal(self, number: signal.Signals) -> None:
        if self._wait(os.WNOHANG) is None:
            os.kill(self.pid, number)

    def _wait(self, options: int) -> int | None:
        """Return the exit code once there is one, and keep what the child spent: subprocess would not.

        While another thread waits for the end, nothing is known.
        """
        if not self._waiting.acquire(blocking=not options):
            return None
        try:
            if self._code is None:
                pid, status, usage = os.wait4(self.pid, options)
                if pid:
                    self._code = os.waitstatus_to_exitcode(status)
                    self.spent = Spent(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * MAXRSS)
        except ChildProcessError:  # somebody else has reaped it
            self._code = 0
        finally:
            self._waiting.release()
        return self._code


def awaited(pid: int, timeout: float) -> bool:
    """Wait until a child has ended or so many seconds have passed; False where the system cannot do that."""
    try:
        file = os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, or no descriptor is left
        return False
    try:
        readable(file, timeout)
    finally:
        os.close(file)
    return True


def readable(descriptor: int, timeout: float | None) -> bool:
    """Wait until `descriptor` can be read or has ended; False after `timeout` seconds."""
    waiter = select.poll()  # not select(): a user's program may hold more than 1,024 descriptors
    waiter.register(descriptor, select.POLLIN)
    return bool(waiter.poll(None if timeout is None else timeout * 1000))


def enlarge(pipe: int) -> None:
    """Give a pipe a large buffer where the system grants it: all of a user's have so much memory together."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, OUTPUT_BUFFER)


def unstarted(name: str, error: OSError) -> EngineError:
    """Return what to raise where the system has no room for an engine, or no such program."""
    return EngineError(f"cannot start {name}: {error.strerror or error}", refusal(error))


def refusal(error: OSError) -> Cause:
    """Return what it means that the system refused something to an engine."""
    return Cause.UNSTARTED if error.errno in PASSING else Cause.OTHER


def exit_words(code: int | None) -> str:
    """Say how a child ended."""
    if code is None:
        return "it fell silent"
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def exit_cause(code: int | None) -> Cause:
    """Return why a child that should have gone on is gone; 0 stands for any code, see Child.exit_code."""
    return Cause.KILLED if code is not None and code <= 0 else Cause.OTHER


def _spawn(
    command: Sequence[str],
    stdin: int,
    keep: Sequence[int],
    environment: Mapping[str, str] | None,
    prepare: Callable[[], None],
) -> tuple[int, FileIO]:
    """Start a program; return its process, and where to read what it prints."""
    try:
        with warnings.catch_warnings():
            # Python 3.12 warns of a preexec_fn in a threaded process; ours calls the kernel, no more.
            warnings.simplefilter("ignore", DeprecationWarning)
            started = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                pass_fds=keep,
                env=environment,
                preexec_fn=prepare,
            )
    except OSError as error:
        raise unstarted(command[0], error) from error
    except subprocess.SubprocessError as error:
        raise EngineError(f"cannot start {command[0]}: {error}") from error
    started.returncode = 0  # it is for us to wait for
    assert isinstance(started.stdout, FileIO)
    return started.pid, started.stdout


def _copy(body: Callable[[], object], keep: Sequence[int], prepare: Callable[[], None]) -> tuple[int, FileIO]:
    """Start a copy of this process; return it, and where to read what it prints."""
    try:
        pid, reader = fork(body, keep, prepare)
    except OSError as error:
        raise unstarted("a copy of this process", error) from error
    return pid, FileIO(reader)


def _before_exec(memory_limit: int | None, deaf: bool) -> Callable[[], None]:
    """Return what the child does between fork and exec; all imports and look-ups happen here, before fork."""
    parent = os.getpid()
    limit = None if memory_limit is None else _address_space(memory_limit)
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # the parent died before the kernel knew
                os._exit(127)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a killed solver leaves no core file
        if deaf:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would be ignored on in the new program

    return prepare


def _address_space(wanted: int) -> int:
    """Return the limit closest to this one that is no wider than our own: that cannot be exceeded."""
    own = (each for each in resource.getrlimit(resource.RLIMIT_AS) if each != resource.RLIM_INFINITY)
    return min([wanted, *own])
