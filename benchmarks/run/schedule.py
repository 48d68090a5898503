"""The runs of an experiment over its jobs: what is left to do, in an order that is fair to all solvers.

Runs go through the instances one by one, on each through all seeds and solvers, in an order shuffled anew
each time: whatever the machine does meanwhile, it does to all. Every job has a runner and a checker on cores
of its own. Solvers that run side by side have their turn together, each on one of the job's cores. A run that
is finished is recorded before the next one of its job begins.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import shutil
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from turbosat.benchmarks.gbd_hash import Description
from turbosat.benchmarks.run.jobs import Errand, Line, plain
from turbosat.benchmarks.run.limits import Limits
from turbosat.benchmarks.run.runner import Outcome
from turbosat.benchmarks.run.solvers import Contestant
from turbosat.benchmarks.run.verdicts import Verdict, by_itself, together
from turbosat.benchmarks.run.worker import Lost
from turbosat.benchmarks.store import Experiment, Instance, Run
from turbosat.benchmarks.suites.files import Known, Source
from turbosat.errors import InputError, UsageError, printable

ATTEMPTS = 3  # of a run whose runner was killed under it


@dataclass(frozen=True, slots=True)
class Settings:
    """The same for all runs: limits, cores of a job, whether proofs are checked and for how long."""

    limits: Limits
    cores: int
    proofs: bool
    proof_seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """One run to be done."""

    instance: Instance
    file: Path
    contestant: Contestant
    seed: int


async def examine(
    sources: Sequence[Source], known: Known, experiment: Experiment, jobs: Sequence[Line]
) -> list[tuple[Instance, Path]]:
    """Read all formulas, over the jobs, and return each with its file; those of one hash once.

    Raises InputError for a file that cannot be read or is not the one its list means, UsageError where
    what is known contradicts itself.
    """
    found: dict[int, Instance] = {}
    queue = deque(enumerate(sources))

    async def examine_some(job: Line) -> None:
        while queue:
            number, source = queue.popleft()
            found[number] = _instance(source, await _described(source, experiment, job), known)

    await all_of(examine_some(job) for job in jobs)
    unique: dict[str, tuple[Instance, Path]] = {}
    for number, source in enumerate(sources):
        instance = found[number]
        unique.setdefault(instance.hash, (instance, source.file.resolve()))
    return list(unique.values())


async def _described(source: Source, experiment: Experiment, job: Line) -> Description:
    try:
        stat = source.file.stat()
    except OSError as error:
        raise InputError(str(source.file), None, f"cannot be read: {error.strerror}") from error
    key = f"{source.file.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
    stamp = hashlib.sha256(os.fsencode(key)).hexdigest()
    remembered = experiment.described(stamp)
    if remembered is None:
        remembered = await job.describe(source.file)
        experiment.remember(stamp, remembered)
    return Description(**remembered)


def _instance(source: Source, description: Description, known: Known) -> Instance:
    if source.hash and source.hash != description.hash:
        message = f"expected the formula {source.hash}, found {description.hash}"
        raise InputError(str(source.file), None, message)
    told = {known.of(description.hash, source), source.known, description.known} - {"unknown"}
    if len(told) > 1:
        raise UsageError(f"{source.shown}: known to be satisfiable in one place, unsatisfiable in another")
    return Instance(
        description.hash,
        printable(source.shown),
        printable(source.name),
        printable(description.family or source.family),
        description.variables,
        description.clauses,
        source.file.stat().st_size,
        next(iter(told), "unknown"),
    )


def plan(
    instances: Sequence[tuple[Instance, Path]],
    contestants: Sequence[Contestant],
    seeds: Sequence[int],
    shuffle: int,
    done: Iterable[Run],
    beside: Sequence[str] = (),
) -> list[Work]:
    """Return what is left to do, in order; `shuffle` seeds the order of the solvers.

    Those of `beside` follow each other.
    """
    finished = {(run.hash, run.solver, run.seed) for run in done}
    work = []
    for instance, file in instances:
        for seed in seeds:
            order = [[each] for each in contestants if each.name not in beside]
            order += [[each for each in contestants if each.name in beside]] if beside else []
            random.Random(f"{shuffle} {seed} {instance.hash}").shuffle(order)
            work += [
                Work(instance, file, contestant, seed)
                for turn in order
                for contestant in turn
                if (instance.hash, contestant.name, seed) not in finished
            ]
    return work


class Schedule:
    """Does the work of an experiment; `report` is told of each finished run, corrected ones included.

    The solvers of `beside` run at the same time on one instance, and share the memory.
    """

    def __init__(
        self,
        experiment: Experiment,
        settings: Settings,
        work: Sequence[Work],
        report: Callable[[list[Run]], object],
        beside: Sequence[str] = (),
    ) -> None:
        self.experiment = experiment
        self._beside = beside
        self.settings = settings
        self.report = report
        self._queue = deque(work)
        self._left = Counter(each.instance.hash for each in work)
        self._jobs: Sequence[Line] = ()
        self._scratch = experiment.folder / "scratch"
        shutil.rmtree(self._scratch, ignore_errors=True)  # of a harness that was killed
        self._scratch.mkdir(parents=True)
        (experiment.folder / "logs").mkdir(exist_ok=True)

    async def run(self, jobs: Sequence[Line], single: Sequence[Sequence[Line]] = ()) -> None:
        """Do all of it. Raises EngineError for what is not the fault of a solver.

        `single` are, for each job, those on one core of it each, for what runs side by side.
        """
        self._jobs = [*jobs, *(line for lines in single for line in lines)]
        self._settle()
        await all_of(map(self._work, jobs, single or [()] * len(jobs)))
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _settle(self) -> None:
        """Judge the finished runs again: more may be known by now."""
        known = {key: instance.known for key, instance in self.experiment.instances.items()}
        for run in self.experiment.runs():
            changed = together(run, [], known[run.hash])
            if changed != [run]:
                self.experiment.record(changed)

    async def _work(self, job: Line, single: Sequence[Line]) -> None:
        while self._queue:
            turn = self._turn()
            if turn[0].contestant.name in self._beside:
                settings = self._divided()
                await all_of(
                    self._finish(work, line, settings) for work, line in zip(turn, single, strict=False)
                )
            else:
                await self._finish(turn[0], job, self.settings)
        await job.close()  # another one that is to begin anew may need its place

    def _turn(self) -> list[Work]:
        """Take the next run, or all that are to be done beside it."""
        turn = [self._queue.popleft()]
        if turn[0].contestant.name in self._beside:
            while (
                self._queue
                and self._queue[0].contestant.name in self._beside
                and (self._queue[0].instance, self._queue[0].seed) == (turn[0].instance, turn[0].seed)
            ):
                turn.append(self._queue.popleft())
        return turn

    def _divided(self) -> Settings:
        """Return the settings of a run beside others: one core, its share of the memory."""
        limits = self.settings.limits
        return replace(
            self.settings, limits=replace(limits, memory=limits.memory // len(self._beside)), cores=1
        )

    async def _finish(self, work: Work, job: Line, settings: Settings) -> None:
        run = await self._persist(work, job, settings)
        self._record(run, work.instance)
        self._left[run.hash] -= 1
        if not self._left[run.hash]:
            plain(self._scratch, run.hash).unlink(missing_ok=True)

    def _record(self, run: Run, instance: Instance) -> None:
        changed = together(run, self.experiment.of_instance(run.hash), instance.known)
        self.experiment.record(changed)
        self.report(changed)

    async def _persist(self, work: Work, job: Line, settings: Settings) -> Run:
        """Run once, or again where the job's processes were killed under the run."""
        started = _now()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                started = _now()
                return await self._once(work, job, settings, started, attempt)
            except Lost:
                await job.restart(self._jobs)
        words = f"the harness lost its own processes {ATTEMPTS} times"
        return self._row(work, started, ATTEMPTS, _NOTHING, Verdict("unknown", "error", "none", words))

    async def _once(self, work: Work, job: Line, settings: Settings, started: str, attempt: int) -> Run:
        errand = Errand(
            work.instance.hash,
            str(work.file),
            work.instance.variables,
            work.seed,
            settings.limits,
            settings.cores,
            settings.proof_seconds if settings.proofs and work.contestant.proves else None,
        )
        outcome, check = await job.perform(errand, work.contestant)
        return self._row(work, started, attempt, outcome, by_itself(outcome, check))

    def _row(self, work: Work, started: str, attempt: int, outcome: Outcome, verdict: Verdict) -> Run:
        contestant = work.contestant
        lane, lane_seed = outcome.lane, outcome.lane_seed
        if len(contestant.members) > 1:
            answered = verdict.result != "unknown"
            lane = contestant.members[outcome.member].text if answered else ""
            lane_seed = contestant.seed(work.seed, outcome.member) if answered else None
        return Run(
            work.instance.hash,
            contestant.name,
            work.seed,
            verdict.result,
            round(outcome.wall, 6),
            round(outcome.cpu, 6),
            outcome.rss,
            outcome.exit,
            verdict.verified,
            lane,
            lane_seed,
            verdict.status,
            started,
            attempt,
            verdict.reason,
        )


_NOTHING = Outcome("exit", "unknown", "error", "", 0.0, 0.0, 0, 0, 0, "", None, 0)


async def all_of(coroutines: Iterable[Coroutine[None, None, None]]) -> None:
    """Wait for all of them; when one fails, the others are cancelled first."""
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
