"""Which cores the processes of a run may use: lane 0 has one to itself, and a quota is for few cores.

A new process is put on any core, and the kernel takes long to find out that it fits elsewhere: in the first
second lane 0 would have half a core. So the core that lane 0 is on is for lane 0, the others are for its
guests: all other lanes, the pool, and who drives the run. Now and then all may be anywhere for a moment,
and lane 0 stays where the kernel puts it then: others may have come to work where it was.

The kernel charges a quota of CPU time for what runs on any core, whatever its niceness: beside lanes on other
cores lane 0 would get its share of heads, not of its rank. Where all are on few cores, ranks count again.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from turbosat.cgroups import cpu_quota
from turbosat.system import core_of, threads

PERIOD = 5.0  # seconds that a run keeps to the same cores
BLINK = 0.03  # seconds without confinement, for the kernel to find an idle core

Cores = frozenset[int]


class Confinement:
    """The cores of a run's child processes, and of the thread that drives them if it is to be a guest."""

    def __init__(self, *, several: bool = True) -> None:
        """`several`: the run may use more than one core."""
        self._several = several
        self._first: int | None = None  # process of lane 0
        self._allowed: Cores = frozenset()  # no core: not known yet, or not to be known
        self._most = 0  # cores that a quota grants at a time
        self._own: Cores = frozenset()  # of lane 0 now; no core: nothing was chosen yet
        self._guests: Cores = frozenset()  # of the others
        self._until = 0.0  # when that changes
        self._kept: dict[int, Cores] = {}  # where each process is kept
        self._found: set[int] | None = None  # where this thread was allowed before, None while it still is
        self._ours: Cores = frozenset()  # where it is kept

    def adjust(self, first: int | None, processes: Iterable[int], *, driver: bool = False) -> float | None:
        """Keep lane 0, where there is one, and the others to their cores; this thread, too, if `driver`.

        Returns in how many seconds it is to be called again at the latest, None for never. Lane 0 alone may
        be wherever it likes.
        """
        self._first = first
        guests = [pid for pid in processes if pid != first]
        if not guests:
            self._apply({pid: self._allowed for pid in self._kept if pid == first})
            self._own = frozenset()
            self.release()
            return None
        if not self._begun():
            return None
        now = time.monotonic()
        if self._own != self._allowed and self._own and now >= self._until:
            self._own, self._guests, self._until = self._allowed, self._allowed, now + BLINK
        elif now >= self._until or not self._own:
            self._choose(guests)
        own = {} if first is None else {first: self._own}
        self._apply({**dict.fromkeys(guests, self._guests), **own})
        if driver:
            self._found = self._found or os.sched_getaffinity(0)
            if self._ours != self._guests:
                self._ours = self._guests
                _keep(0, self._ours)
        return max(0.0, self._until - time.monotonic())

    def release(self) -> None:
        """Let this thread be where it was allowed before."""
        if self._found is not None:
            _keep(0, self._found)
            self._found, self._ours = None, frozenset()

    @contextmanager
    def guest(self) -> Iterator[None]:
        """Let this thread work, and processes that it starts be, where guests belong: they inherit it."""
        if self._first is None or not self._begun():
            yield
            return
        if not self._own:
            self._choose(())
        own = os.sched_getaffinity(0)
        try:
            _keep(0, self._guests)
            yield
        finally:
            _keep(0, own)

    def _begun(self) -> bool:
        """Find out what cores there are; tell whether there is anything to do."""
        if not self._allowed and hasattr(os, "sched_getaffinity"):
            self._allowed = frozenset(os.sched_getaffinity(0))
            quota = cpu_quota()
            self._most = len(self._allowed) if quota is None else min(math.ceil(quota), len(self._allowed))
        return self._most < len(self._allowed) or (self._several and self._most > 1)

    def _choose(self, guests: Sequence[int]) -> None:
        """Choose the cores of the run, and which of them is lane 0's."""
        first = [] if self._first is None else [self._first]
        # Where the kernel has put them, others have left room.
        found = dict.fromkeys((*map(core_of, (*first, *guests)), *self._allowed))
        cores = [core for core in found if core in self._allowed][: self._most]
        apart = self._several and len(cores) > 1 and bool(first)
        self._own = frozenset(cores[:1] if apart else cores)
        self._guests = frozenset(cores[1:] if apart else cores)
        self._until = time.monotonic() + PERIOD

    def _apply(self, wanted: dict[int, Cores]) -> None:
        for process, cores in wanted.items():
            if self._kept.get(process) != cores:
                for thread in threads(process):
                    _keep(thread, cores)
        self._kept = wanted


def _keep(thread: int, cores: Cores | set[int]) -> None:
    with suppress(OSError):  # it is gone
        os.sched_setaffinity(thread, cores)
