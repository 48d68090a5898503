"""Under a quota of CPU time, a run keeps to as many cores as that grants.

The kernel charges a quota for what runs on any core, whatever its niceness: beside lanes on other cores
lane 0 would get its share of heads, not of its rank. Where all are on few cores, ranks count again.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection, Sequence
from contextlib import suppress

from turbosat.cgroups import cpu_quota
from turbosat.system import core_of, threads

PERIOD = 5.0  # seconds that a run keeps to the same cores: others may have come to work there
BLINK = 0.03  # seconds without confinement, for the kernel to find an idle core


class Confinement:
    """The cores of a run's child processes; this process and its threads may use all of theirs."""

    def __init__(self) -> None:
        self._most: int | None = None  # cores at a time, 0 for all; not known yet
        self._allowed: set[int] = set()
        self._cores: set[int] = set()
        self._confined: set[int] = set()  # processes
        self._until = 0.0  # when that changes

    def adjust(self, processes: Sequence[int]) -> float | None:
        """Keep the processes, lane 0's first, to the core that the first is on, and as many more as granted.

        Returns in how many seconds it is to be called again at the latest, None for never. One alone may be
        wherever it likes.
        """
        alone = len(processes) < 2
        if alone and not self._cores:
            return None
        if self._most is None:
            self._most = self._granted()
        if not self._most:
            return None
        now, every = time.monotonic(), set(processes)
        if self._cores and (alone or now >= self._until):
            self._confine(every, self._allowed)
            self._cores, self._confined, self._until = set(), set(), now + BLINK
        elif not alone and now >= self._until:
            # Where the kernel has put them, others have left room.
            found = dict.fromkeys((*map(core_of, processes), *self._allowed))
            self._cores = set([core for core in found if core in self._allowed][: self._most])
            self._until = now + PERIOD
        if self._cores:
            self._confine(every - self._confined, self._cores)
            self._confined = every
        return None if alone else max(0.0, self._until - now)

    def _granted(self) -> int:
        """Return how many cores the run may have at a time, 0 for all that it is allowed."""
        quota = cpu_quota()
        if quota is None or not hasattr(os, "sched_getaffinity"):
            return 0
        self._allowed, cores = os.sched_getaffinity(0), math.ceil(quota)
        return cores if cores < len(self._allowed) else 0

    def _confine(self, processes: Collection[int], cores: set[int]) -> None:
        for process in processes:
            for thread in threads(process):
                with suppress(OSError):  # it is gone
                    os.sched_setaffinity(thread, cores)
