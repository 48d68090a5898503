"""The processes below this one, and how to end every one of them.

This process must be their subreaper: what a child leaves behind, daemons included, becomes its child.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress

from turbosat.errors import EngineError, UsageError
from turbosat.system import children

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
Ended = Callable[[int, int, int], object]  # a process, its exit code, its largest resident set in bytes
TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
STUBBORN = 120.0  # seconds a killed process may take to go: a large one needs some to free its memory


def become_subreaper(who: str) -> None:
    """Adopt orphans below this process. Raises UsageError where the system lacks what `who` needs."""
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children") or not hasattr(os, "pidfd_open"):
        raise UsageError(f"{who} needs Linux 5.3 or later, with /proc/PID/task/TID/children")
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise EngineError(f"cannot become a subreaper: {os.strerror(ctypes.get_errno())}")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # were it ignored, no one could reap


def descendants(pid: int) -> Iterator[int]:
    """Yield every process below one, as far as it can be seen: what forks meanwhile may be missed."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for task in tasks:
        try:
            below = read_proc(f"/proc/{pid}/task/{task}/children")
        except OSError:
            continue
        for child in map(int, below.split()):
            yield child
            yield from descendants(child)


def read_proc(path: str) -> bytes:
    """Return what /proc says, in one system call. Raises OSError where the process is gone."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def named(pid: int) -> tuple[str, bool]:
    """Return the name of a process and whether it lives: one that has ended keeps its name for a while."""
    try:
        before, _, after = read_proc(f"/proc/{pid}/stat").rpartition(b")")
    except OSError:
        return "", False
    return os.fsdecode(before.partition(b"(")[2]), after.split()[0] not in (b"Z", b"X")


def worked(pid: int | None) -> float:
    """Return the CPU seconds that a process took, 0 where it is gone."""
    try:
        fields = read_proc(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return TICK * (int(fields[11]) + int(fields[12]))


def signal_all(number: int) -> None:
    """Send a signal to every process below this one."""
    for pid in list(descendants(os.getpid())):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def reap(ended: Ended) -> bool:
    """Reap what has ended, telling `ended` of each; False when no child is left at all."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        ended(pid, os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)


def kill_all(ended: Ended = lambda *_: None) -> None:
    """Kill and reap until there is nothing below this process: that the kernel itself says.

    Raises EngineError when something outlives SIGKILL for two minutes.
    """
    end = time.monotonic() + STUBBORN
    pause = 0.0002
    while reap(ended):
        signal_all(signal.SIGSTOP)  # what stands still cannot fork away from the next signal
        signal_all(signal.SIGKILL)
        if time.monotonic() > end:
            raise EngineError("a process does not die of SIGKILL")
        time.sleep(pause)
        pause = min(2 * pause, 0.01)


def kill_strays(keep: Collection[int]) -> None:
    """Kill and reap the children of this process that are not in `keep`, with all that is below them."""
    while strays := set(children(os.getpid())) - set(keep):
        for stray in strays:
            for pid in [*descendants(stray), stray]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(stray, 0)
