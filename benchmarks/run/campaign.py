"""A whole experiment, from what was ordered to its recorded runs."""

from __future__ import annotations

import asyncio
import math
import platform
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from turbosat.benchmarks.run import machine
from turbosat.benchmarks.run.jobs import Job, Line
from turbosat.benchmarks.run.limits import Limits
from turbosat.benchmarks.run.schedule import Schedule, Settings, all_of, examine, plan
from turbosat.benchmarks.run.solvers import Contestant, parse
from turbosat.benchmarks.store import Experiment, Run, write_csv
from turbosat.benchmarks.suites import files as suite_files
from turbosat.cdcl.process.tree import become_subreaper, kill_strays
from turbosat.errors import UsageError
from turbosat.version import __version__

# What must be the same when an experiment goes on, by group of the header.
FIXED = {
    "limits": ("timeout", "cpu_time", "memory", "cores", "jobs", "grace"),
    "machine": ("processor", "cores"),
    "proofs": ("",),
    "side_by_side": ("",),
}
MEMORY_SHARE = 0.95  # of the machine's memory goes to the runs where no limit is given


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run, where and how; sizes in bytes, times in seconds, `memory` None for all there is.

    `cluster` is the address of a Ray cluster whose nodes do the runs, None for this machine. `beside` names
    solvers that run at the same time, on a core each.
    """

    suites: tuple[str, ...]
    solvers: tuple[str, ...]
    folder: Path
    timeout: float
    cpu: float = math.inf
    memory: int | None = None
    cores: int = 1
    jobs: int = 1
    seed: int = 0
    seeds: int = 1
    proofs: bool = False
    proof_seconds: float = 60.0
    known: Path | None = None
    cluster: str | None = None
    beside: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


class Watcher(Protocol):
    """Who is told how far an experiment is."""

    def begin(self, done: int, total: int) -> None:
        """Take note that `done` of `total` runs are there from before."""

    def finished(self, runs: list[Run]) -> None:
        """Take note of a finished run, and of those after it that it corrected."""

    def note(self, text: str) -> None:
        """Tell the user something."""


def campaign(order: Order, watcher: Watcher) -> None:
    """Do all runs that are not done yet; afterwards the folder holds them all.

    Raises UsageError for an order that cannot be carried out or does not go with what is in the folder,
    KeyboardInterrupt after SIGINT, SIGTERM or SIGHUP, when everything has been ended.
    """
    with _interrupted_by(signal.SIGTERM, signal.SIGHUP):
        _campaign(order, watcher)


@contextmanager
def _interrupted_by(*numbers: signal.Signals) -> Iterator[None]:
    """Let these signals do what SIGINT does at the moment: raise KeyboardInterrupt or, in asyncio, cancel."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):  # ignored, as in the background of a script
            raise KeyboardInterrupt
        handler(signal.SIGINT, frame)

    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _campaign(order: Order, watcher: Watcher) -> None:
    contestants = [parse(text) for text in order.solvers]
    names = [contestant.name for contestant in contestants]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two solvers are called {name}: give one of them another NAME=")
    _check_beside(order, names)
    known = suite_files.Known() if order.known is None else suite_files.read_known(order.known)
    with _site(order, watcher) as site, Experiment.writing(order.folder) as (experiment, lock):
        # What solvers write, proofs above all, must leave room on the disk.
        free = shutil.disk_usage(order.folder).free
        limits = Limits(order.timeout, order.cpu, site.memory, free // (2 * order.jobs))
        _agree(experiment, contestants, order, limits, site.machine)
        sources = [
            source for suite in order.suites for source in suite_files.find(suite, order.folder / "suites")
        ]
        with _ended(site.lines(lock)) as jobs, _ended(site.single(lock)) as single:
            asyncio.run(_all(order, experiment, contestants, sources, known, limits, jobs, single, watcher))
        write_csv(experiment, order.folder / "runs.csv")


@dataclass(frozen=True, slots=True)
class _Site:
    """Where the runs are done: the machine, bytes of memory of each, the jobs that hold the lock.

    `single` are those of one core each, in the order of the jobs; none where nothing runs side by side.
    """

    machine: dict[str, Any]
    memory: int
    lines: Callable[[int], Sequence[Line]]
    single: Callable[[int], Sequence[Line]] = lambda _: ()


@contextmanager
def _site(order: Order, watcher: Watcher) -> Iterator[_Site]:
    scratch, logs = order.folder / "scratch", order.folder / "logs"
    if order.cluster is not None:
        from turbosat.benchmarks.run.cluster import joined

        with joined(order.cluster, order.cores, order.jobs, order.memory or 0, watcher.note) as cluster:
            yield _Site(cluster.describe(), order.memory or cluster.memory, lambda _: cluster.jobs(logs))
        return
    cores = machine.core_sets(order.jobs, order.cores)
    memory = order.memory or int(machine.total_memory() * MEMORY_SHARE) // order.jobs
    if memory * order.jobs > machine.total_memory():
        raise UsageError(f"{order.jobs} runs of {memory >> 20} MB at once need more memory than there is")
    become_subreaper("turbosat-bench run")

    def jobs(lock: int) -> list[Job]:
        return [Job(number, own, scratch, logs, [lock]) for number, own in enumerate(cores)]

    def single(lock: int) -> list[Job]:
        each = [core for own in cores for core in own] if order.beside else []
        return [
            Job(number, [core], scratch, logs, [lock]) for number, core in enumerate(each, start=len(cores))
        ]

    try:
        yield _Site(machine.describe(), memory, jobs, single)
    finally:
        kill_strays(())


@contextmanager
def _ended(jobs: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Give the jobs, which are no more afterwards whatever happens."""
    try:
        yield jobs
    finally:
        for job in jobs:
            job.kill()


async def _all(
    order: Order,
    experiment: Experiment,
    contestants: Sequence[Contestant],
    sources: Sequence[suite_files.Source],
    known: suite_files.Known,
    limits: Limits,
    jobs: Sequence[Line],
    single: Sequence[Line],
    watcher: Watcher,
) -> None:
    try:
        await all_of(job.warm() for job in (*jobs, *single))
        instances = await examine(sources, known, experiment, jobs)
        if len(instances) < len(sources):
            watcher.note(f"files whose formula is there already: {len(sources) - len(instances)}")
        if order.proofs and (silent := [each.name for each in contestants if not each.proves]):
            watcher.note(f"no proofs from {', '.join(silent)}: their UNSATISFIABLE is not checked")
        experiment.add([contestant.record for contestant in contestants])
        experiment.add([instance for instance, _ in instances])
        seeds = tuple(range(order.seed, order.seed + order.seeds))
        work = plan(instances, contestants, seeds, order.seed, experiment.runs(), order.beside)
        total = len(instances) * len(contestants) * len(seeds)
        watcher.begin(total - len(work), total)
        settings = Settings(limits, order.cores, order.proofs, order.proof_seconds)
        schedule = Schedule(experiment, settings, work, watcher.finished, order.beside)
        parts = [single[at : at + order.cores] for at in range(0, len(single), order.cores)]
        await schedule.run(jobs, parts)
    finally:
        await asyncio.gather(*(job.close() for job in (*jobs, *single)), return_exceptions=True)


def _check_beside(order: Order, names: Sequence[str]) -> None:
    """Raise UsageError where solvers cannot run side by side."""
    if missing := [name for name in order.beside if name not in names]:
        raise UsageError(f"--side-by-side: no solver {missing[0]}; there are: {', '.join(names)}")
    if order.beside and len(set(order.beside)) < len(order.beside):
        raise UsageError("--side-by-side: a solver is named twice")
    if len(order.beside) > order.cores:
        raise UsageError(f"{len(order.beside)} solvers side by side need as many --cores, not {order.cores}")
    if order.beside and order.cluster is not None:
        raise UsageError("--side-by-side is for this machine, not for a cluster")


def _agree(
    experiment: Experiment,
    contestants: Sequence[Contestant],
    order: Order,
    limits: Limits,
    described: dict[str, Any],
) -> None:
    """Write the header; raise UsageError where runs of another kind are there already."""
    fixed: dict[str, Any] = {
        "limits": {
            "timeout": limits.wall,
            "cpu_time": None if math.isinf(limits.cpu) else limits.cpu,
            "memory": limits.memory,
            "cores": order.cores,
            "jobs": order.jobs,
            "grace": limits.grace,
        },
        "proofs": order.proofs,
        "side_by_side": list(order.beside),
        "machine": described,
    }
    header = experiment.header
    for group, now in fixed.items():
        before = header.get(group, now)
        for key in FIXED[group]:
            old, new = (before[key], now[key]) if key else (before, now)
            if old != new:
                what = f"{group} {key}".strip()
                raise UsageError(f"{order.folder}: begun with {what} {old}, not {new}: take another folder")
    known = experiment.solvers
    for contestant in contestants:
        new, before = contestant.record, known.get(contestant.name)
        if before is not None and before != new:
            raise UsageError(
                f"{order.folder}: {new.name} was {before.command} ({before.version}), is now {new.command}"
                f" ({new.version}): give it another name or take another folder"
            )
    experiment.write_header(
        {
            **fixed,
            "seed": order.seed,
            "seeds": order.seeds,
            "versions": {
                "turbosat": __version__,
                "python": platform.python_version(),
                **{package: version(package) for package in ("numpy", "python-sat")},
            },
            "command": list(order.command),
            "date": header.get("date", datetime.now(UTC).isoformat(timespec="seconds")),
            "suites": list(dict.fromkeys([*header.get("suites", []), *order.suites])),
        }
    )
