"""What the operating system tells: cores, memory of a process tree, when this process began."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from turbosat import cgroups

# What libraries of linear algebra are told before they are loaded: numpy's is used for next to nothing, and
# OpenBLAS sends SIGINT to itself where it gets no thread.
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "MKL", "BLIS")}
# How the files begin in which we give a formula to a solver, where these are in memory.
IN_MEMORY = "/memfd:turbosat", "/dev/shm/turbosat-"


def _said(path: str) -> str:
    """Return what a file of the system's says. Raises OSError where it is gone."""
    with open(path) as file:
        return file.read()


def available_cores() -> int:
    """Return how many cores this process may use: affinity mask and cgroup quota."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        cores = os.cpu_count() or 1
    quota = cgroups.cpu_quota()
    if quota is not None:
        cores = min(cores, max(1, int(quota + 0.5)))
    return cores


def available_memory() -> tuple[int, int] | None:
    """Return the bytes that can still be taken and those there are in all; None where nobody tells.

    That is what the whole machine has, or what the control groups leave if it is less.
    """
    rooms = []
    try:
        lines = _said("/proc/meminfo").splitlines()
        sizes = {
            name: 1024 * int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)
        }
        rooms.append((sizes["MemAvailable"], sizes["MemTotal"]))
    except (OSError, ValueError, KeyError, IndexError):  # not Linux
        pass
    group = cgroups.memory_room()
    if group is not None:
        rooms.append(group)
    return min(rooms, default=None)


def memory_kills() -> int:
    """Return how many processes the kernel has killed so far for want of memory, here or around us."""
    killed = cgroups.memory_kills()
    with suppress(OSError), open("/proc/vmstat", "rb", buffering=0) as file:
        killed += sum(
            int(line.split()[1]) for line in file.read().splitlines() if line.startswith(b"oom_kill ")
        )
    return killed


def give_way(pid: int, nice: int) -> None:
    """Let a process give way to others so far, or as far as this one or itself does, if that is further."""
    with suppress(ProcessLookupError):
        present = max(os.getpriority(os.PRIO_PROCESS, each) for each in (0, pid))
        os.setpriority(os.PRIO_PROCESS, pid, max(nice, present))


# Thousandths of all memory: by so much the kernel rather takes who has the right of way, and who gives way.
EXPENDABLE = 100, 300


def set_rank(pid: int, nice: int) -> None:
    """Let a lane's process give way so far, 0 for the right of way.

    Where memory runs out, the kernel takes it before this process, and who gives way before who does not.
    """
    with suppress(OSError, ValueError), open(f"/proc/{pid}/oom_score_adj", "r+b", buffering=0) as file:
        file.write(b"%d" % max(EXPENDABLE[nice > 0], int(file.read())))
    if nice > 0:
        give_way(pid, nice)


LONGEST_STARTUP = 0.5  # seconds an interpreter may take to reach turbosat


def process_start() -> float:
    """Return when this process was started, as a `time.monotonic()` value, to 10 ms.

    A shell that ends in `exec` hands its own start down to us: what is older than an interpreter's
    start-up is not ours, and the answer is now.
    """
    now = time.monotonic()
    try:
        fields = _said("/proc/self/stat").rpartition(")")[2].split()
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
            found += map(int, _said(f"/proc/{pid}/task/{task}/children").split())
    except OSError:
        pass
    return found


def threads(pid: int) -> list[int]:
    """Return the threads of a process and of all below it."""
    try:
        own = [int(task) for task in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []
    return own + [thread for child in children(pid) for thread in threads(child)]


def core_of(pid: int) -> int | None:
    """Return the core that a process runs on, or ran on last, None when it is gone."""
    try:
        return int(_said(f"/proc/{pid}/stat").rpartition(")")[2].split()[36])
    except (OSError, IndexError, ValueError):
        return None


def memory(pid: int) -> int:
    """Return the resident memory of one process in bytes, 0 when it is gone."""
    try:
        return int(_said(f"/proc/{pid}/statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def measurable() -> bool:
    """Whether this system tells of the memory of processes: on others no limit of it can be kept."""
    return own_memory() > 0


def own_memory() -> int:
    """Return the resident memory of this process, in bytes."""
    return memory(os.getpid())


def tree_memory(pid: int) -> int:
    """Return the bytes that a process of ours and all below it keep in memory.

    That is what is resident, and the formula that a solver has been given in a file without a name, which no
    process is charged with.
    """
    return memory(pid) + _given(pid) + sum(map(tree_memory, children(pid)))


def _given(pid: int) -> int:
    """Return the size of the file of ours in memory that is a process's standard input, 0 for another."""
    path = f"/proc/{pid}/fd/0"
    try:
        if os.readlink(path).startswith(IN_MEMORY):
            return os.stat(path).st_blocks * 512
    except OSError:
        pass
    return 0


def require_system() -> None:
    """Raise ImportError where nothing can be solved: child processes need what POSIX systems have."""
    try:
        import fcntl  # noqa: F401
        import resource  # noqa: F401
    except ImportError:
        import sys

        supported = "turbosat solves formulas on Linux, and on macOS without its limits of memory"
        raise ImportError(f"{supported}: this is {sys.platform}") from None
