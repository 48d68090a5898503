"""The machine of an experiment: what it is, and which cores each job gets."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from turbosat.errors import UsageError
from turbosat.system import available_cores


def describe() -> dict[str, Any]:
    """Return processor, cores, memory in bytes and system; nothing that tells whose machine it is."""
    return {
        "processor": _processor(),
        "cores": available_cores(),
        "memory": total_memory(),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": platform.python_version(),
    }


def total_memory() -> int:
    """Return the bytes of memory there are."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def core_sets(jobs: int, cores: int) -> list[list[int]]:
    """Return the cores of each job, none shared; threads of one physical core go to one job where they can.

    Raises UsageError when there are not enough.
    """
    count = min(len(os.sched_getaffinity(0)), available_cores())
    if jobs * cores > count:
        raise UsageError(f"{jobs} jobs of {cores} cores need {jobs * cores}, there are {count}")
    available = core_order(jobs * cores)
    return [available[job * cores : (job + 1) * cores] for job in range(jobs)]


def core_order(wanted: int) -> list[int]:
    """Return all cores in the order in which jobs that want so many in all should take them."""
    available = sorted(os.sched_getaffinity(0), key=_place)
    firsts = [core for core in available if _siblings(core)[0] == core]
    if wanted > len(firsts):
        return available
    # Enough physical cores: their second threads stay idle.
    return [*firsts, *(core for core in available if core not in firsts)]


def _place(core: int) -> tuple[int, int]:
    return _siblings(core)[0], core


def _siblings(core: int) -> list[int]:
    """Return the threads of a core's physical core, ascending."""
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    found: list[int] = []
    try:
        for part in path.read_text().strip().split(","):
            low, _, high = part.partition("-")
            found += range(int(low), int(high or low) + 1)
    except (OSError, ValueError):
        return [core]
    return sorted({*found, core} & os.sched_getaffinity(0))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
