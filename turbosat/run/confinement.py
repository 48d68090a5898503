"""Which cores the processes of a run may use: lane 0's core is for lane 0, and a quota is for few cores.

A new process is put on any core, and the kernel takes long to find out that it fits elsewhere: in the first
second lane 0 would have half a core. So guests, all but lane 0, are kept off the core that lane 0 is on
at the moment. Where others load the machine the kernel may move lane 0, and the guests go where it was.

The kernel charges a quota of CPU time for what runs on any core, whatever its niceness: beside lanes on other
cores lane 0 would get its share of heads, not of its rank. Where all are on few cores, ranks count again.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from turbosat.cgroups import cpu_quota
from turbosat.system import core_of, threads

PERIOD = 5.0  # seconds that a run keeps to the same cores under a quota: others may have come to work there
BLINK = 0.03  # seconds without confinement, for the kernel to find an idle core
LOOK = 0.25  # seconds between two looks at where lane 0 is

Cores = frozenset[int]


class Confinement:
    """The cores of a run's child processes; this process and its threads may use all of theirs."""

    def __init__(self, *, several: bool = True) -> None:
        """`several`: the run may use more than one core."""
        self._several = several
        self._first: int | None = None  # process of lane 0
        self._allowed: Cores = frozenset()  # no core: not known yet, or not to be known
        self._most = 0  # cores at a time, 0 for all
        self._cores: Cores = frozenset()  # of the run now
        self._until = 0.0  # when these change, under a quota
        self._looked = 0.0
        self._guests: Cores = frozenset()  # cores of all but lane 0
        self._kept: dict[int, Cores] = {}  # where each process is kept

    def adjust(self, first: int | None, guests: Sequence[int]) -> float | None:
        """Keep lane 0, where there is one, and the guests to their cores.

        Returns in how many seconds it is to be called again at the latest, None for never. Lane 0 alone may
        be wherever it likes.
        """
        self._first = first
        if not guests:
            self._apply({pid: self._allowed for pid in self._kept if pid == first})
            self._cores = frozenset()
            return None
        if not self._begun():
            return None
        now = time.monotonic()
        if self._most and now >= self._until:
            self._change([*([] if first is None else [first]), *guests], now)
        if now >= self._looked + LOOK or not self._guests <= self._cores:
            self._look(now)
        of_first = {} if first is None else {first: self._cores}
        self._apply({**dict.fromkeys(guests, self._guests), **of_first})
        return max(0.0, min(self._looked + LOOK, self._until if self._most else math.inf) - now)

    @contextmanager
    def guest(self) -> Iterator[None]:
        """Let processes that this thread starts be where guests belong from the first: they inherit it."""
        if self._first is None or not self._begun():
            yield
            return
        if not self._guests:
            self._look(time.monotonic())
        own = os.sched_getaffinity(0)
        _keep(0, self._guests)
        try:
            yield
        finally:
            _keep(0, own)

    def _begun(self) -> bool:
        """Find out what cores there are; tell whether there is anything to do."""
        if not self._allowed and hasattr(os, "sched_getaffinity"):
            self._allowed = frozenset(os.sched_getaffinity(0))
            quota = cpu_quota()
            cores = len(self._allowed) if quota is None else math.ceil(quota)
            self._most = cores if cores < len(self._allowed) else 0
        self._cores = self._cores or self._allowed
        return bool(self._most) or (self._several and len(self._allowed) > 1)

    def _change(self, processes: Sequence[int], now: float) -> None:
        """Choose other cores for the run, after a moment on all of them."""
        if self._cores != self._allowed:
            self._cores, self._until = self._allowed, now + BLINK
            return
        # Where the kernel has put them, others have left room.
        found = dict.fromkeys((*map(core_of, processes), *self._allowed))
        self._cores = frozenset([core for core in found if core in self._allowed][: self._most])
        self._until = now + PERIOD

    def _look(self, now: float) -> None:
        """Choose the guests' cores: lane 0 is on the other one."""
        self._looked = now
        core = None if self._first is None or not self._several else core_of(self._first)
        self._guests = self._cores - {core} or self._cores

    def _apply(self, wanted: dict[int, Cores]) -> None:
        for process, cores in wanted.items():
            if self._kept.get(process) != cores:
                for thread in threads(process):
                    _keep(thread, cores)
        self._kept = wanted


def _keep(thread: int, cores: Cores | set[int]) -> None:
    with suppress(OSError):  # it is gone
        os.sched_setaffinity(thread, cores)
