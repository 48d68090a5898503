"""What the operating system tells: cores, memory of a process tree, when this process began."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def available_cores() -> int:
    """Return how many cores this process may use: affinity mask and cgroup quota."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        cores = os.cpu_count() or 1
    quota = _cgroup_quota()
    if quota is not None:
        cores = min(cores, max(1, int(quota + 0.5)))
    return cores


def give_way(pid: int, nice: int) -> None:
    """Let a process give way to others so far, or as far as this one does if that is further."""
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, pid, max(nice, os.getpriority(os.PRIO_PROCESS, 0)))


@contextmanager
def elsewhere(pid: int | None) -> Iterator[None]:
    """Keep this thread, and the children it starts meanwhile, off the core that a process runs on.

    The scheduler would let them share it, with whatever niceness, while another core is busy with their like.
    Does nothing where there is no other core to use.
    """
    try:
        cores = os.sched_getaffinity(0)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        others = cores - {int(fields[36])}
    except (AttributeError, OSError, ValueError, IndexError):  # not Linux, or the process is gone
        others = set()
    if not others or others == cores:
        yield
        return
    os.sched_setaffinity(0, others)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _cgroup_quota() -> float | None:
    """Return the cores the cgroups (v2 or v1) grant, the tightest of all levels."""
    quotas = []
    for folder in _cgroup_folders():
        try:
            if (folder / "cpu.max").exists():
                quota, period = (folder / "cpu.max").read_text().split()[:2]
            else:
                quota = (folder / "cpu.cfs_quota_us").read_text().strip()
                period = (folder / "cpu.cfs_period_us").read_text().strip()
            if quota != "max" and int(quota) > 0:
                quotas.append(int(quota) / int(period))
        except (OSError, ValueError):
            continue
    return min(quotas, default=None)


def _cgroup_folders() -> list[Path]:
    folders = []
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root = Path("/sys/fs/cgroup")
        elif "cpu" in controllers.split(","):
            root = Path("/sys/fs/cgroup/cpu")
        else:
            continue
        folder = root / path.lstrip("/")
        while folder != root:
            folders.append(folder)
            folder = folder.parent
        folders.append(root)
    return folders


LONGEST_STARTUP = 0.5  # seconds an interpreter may take to reach turbosat


def process_start() -> float:
    """Return when this process was started, as a `time.monotonic()` value, to 10 ms.

    A shell that ends in `exec` hands its own start down to us: what is older than an interpreter's
    start-up is not ours, and the answer is now.
    """
    now = time.monotonic()
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # seconds since boot
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks
    except (OSError, ValueError, IndexError, AttributeError):
        return now
    return now - age if 0 <= age <= LONGEST_STARTUP else now


def children(pid: int) -> list[int]:
    """Return the direct child processes of a process."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    except OSError:
        pass
    return found


def memory(pid: int) -> int:
    """Return the resident memory of one process in bytes, 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def tree_memory(pid: int | None = None) -> int:
    """Return the resident memory of a process (default: this one) and all below it, in bytes."""
    pid = os.getpid() if pid is None else pid
    return memory(pid) + sum(map(tree_memory, children(pid)))
