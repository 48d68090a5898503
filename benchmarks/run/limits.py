"""The limits of a run, and what the processes below this one use of them.

This process must be their subreaper, see turbosat.cdcl.process.tree. Resident memory may count pages twice
that processes share; where that would break the limit, the proportional set size decides.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass

from turbosat.cdcl.process.tree import PR_SET_PDEATHSIG, descendants, read_proc

TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")
GROWTH = 4 << 30  # bytes a second that a process may at most take, for the choice of the next look
SHORTEST, LONGEST = 0.01, 0.05  # seconds between two looks


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one run: seconds of wall and CPU time, bytes of memory and of the largest file, seconds of grace.

    `grace` is what lies between TERM and KILL.
    """

    wall: float
    cpu: float
    memory: int
    file: int
    grace: float = 2.0


def before_exec(file_limit: int) -> Callable[[], None]:
    """Return what a solver's process does between fork and exec: it dies with this one, leaves no core file.

    Where memory runs out in spite of all, the kernel takes it first.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel knew
            os._exit(127)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")

    return prepare


class Usage:
    """CPU seconds and memory of everything below this process since this object was made."""

    def __init__(self) -> None:
        self.cpu = 0.0
        self.peak = 0
        self._reaped = _children_seconds()
        self._floor = _high_water(os.getpid())  # every child begins as a copy of this process
        self._own: dict[tuple[int, bytes], float] = {}  # CPU seconds of each process ever seen, by start time

    def look(self, limit: int) -> int:
        """Return the bytes in use now, or at the highest since the last look where one process tells."""
        resident = highest = 0
        below = 0.0  # of living processes and those they have reaped
        pids = list(descendants(os.getpid()))
        for pid in pids:
            try:
                words = read_proc(f"/proc/{pid}/stat").rpartition(b")")[2].split()
                highest = max(highest, _high_water(pid))
            except OSError:
                continue
            own, reaped = (TICK * (int(words[at]) + int(words[at + 1])) for at in (11, 13))
            self._own[pid, words[19]] = own
            below += own + reaped
            resident += int(words[21]) * PAGE
        # Who ignores SIGCHLD never reaps: then what was seen of its children is all there is.
        self.cpu = max(self.cpu, below + _children_seconds() - self._reaped, sum(self._own.values()))
        if resident > limit and len(pids) > 1:
            resident = sum(map(_proportional, pids))
        used = max(resident, highest)
        self.peak = max(self.peak, used)
        return used

    def ended(self, resident: int) -> None:
        """Take note of the largest resident set of what was reaped, if it is its own and not our copy's."""
        if resident > self._floor:
            self.peak = max(self.peak, resident)

    def finish(self) -> None:
        """Count what was reaped, once everything is."""
        self.cpu = max(self.cpu, _children_seconds() - self._reaped)


def pause_after(used: int, limit: int, looks: int) -> float:
    """Return the seconds until the next look: soon at the beginning, and where memory could run out."""
    early = 0.001 * 2**looks if looks < 6 else LONGEST
    return min(early, max(SHORTEST, min(LONGEST, (limit - used) / GROWTH)))


def _high_water(pid: int) -> int:
    status = read_proc(f"/proc/{pid}/status")
    at = status.find(b"VmHWM:")
    return 1024 * int(status[at + 6 :].split(None, 1)[0]) if at >= 0 else 0  # a zombie has none


def _proportional(pid: int) -> int:
    try:
        rollup = read_proc(f"/proc/{pid}/smaps_rollup")
    except OSError:
        return 0
    at = rollup.find(b"\nPss:")
    return 1024 * int(rollup[at + 5 :].split(None, 1)[0]) if at >= 0 else 0


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
