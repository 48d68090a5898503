"""What a report is made of: an experiment's folder, its exported CSV, or a competition's CSV."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from turbosat.benchmarks.report import competition_csv
from turbosat.benchmarks.report.report import Fact
from turbosat.benchmarks.report.score import Cell, Item, Table, build
from turbosat.benchmarks.store import Experiment, Instance, Run
from turbosat.errors import InputError, UsageError, printable

Clock = Literal["wall", "cpu"]
_BYTES = ("memory", "bytes", "rss")
_PATH = re.compile(r"(?<![\w.:/-])(?:/[\w.+@-]+)+/([\w.+@-]+)")  # absolute, its last part the group


@dataclass(frozen=True, slots=True)
class Source:
    """A table with its title, what is known of its setting, and each solver's command and version."""

    title: str
    table: Table
    facts: tuple[Fact, ...] = ()
    versions: dict[str, tuple[str, str]] = field(default_factory=dict)


def load(
    path: Path,
    *,
    timeout: float | None = None,
    factor: float = 2,
    clock: Clock = "wall",
    about: Path | None = None,
) -> Source:
    """Read an experiment's folder or a competition's CSV, to be scored within `timeout` seconds.

    A folder knows its limit, a CSV does not (see `competition_csv.read`).
    Raise UsageError or InputError where that does not go together.
    """
    if path.is_dir():
        if about is not None:
            raise UsageError("metadata goes with a CSV; an experiment has its own")
        with Experiment.open(path) as experiment:
            return from_experiment(experiment, timeout=timeout, factor=factor, clock=clock)
    if timeout is None:
        raise UsageError(f"{path.name} does not say its time limit: give --timeout")
    table = competition_csv.read(path, timeout, factor, about)
    return Source(printable(path.stem), table, (Fact("results", printable(path.name)),))


def from_experiment(
    experiment: Experiment, *, timeout: float | None = None, factor: float = 2, clock: Clock = "wall"
) -> Source:
    """Read an experiment. A `timeout` below that of the runs counts later answers as unsolved."""
    header = experiment.header
    limit = found_limit(header)
    if limit is None:
        raise InputError(str(experiment.folder), None, "the experiment does not say its time limit")
    if timeout is not None and timeout > limit:
        raise UsageError(f"the runs had a limit of {limit:g} s, not {timeout:g} s")
    solvers = experiment.solvers
    table = build(
        map(item, experiment.instances.values()),
        (cell(run, clock) for run in experiment.runs()),
        timeout or limit,
        factor,
        tuple(solvers),
    )
    facts = [Fact(key, plain(value, key)) for key, value in header.items()]
    facts += [
        Fact(name, plain(f"{solver.command} ({solver.version})" if solver.version else solver.command))
        for name, solver in solvers.items()
    ]
    facts.append(Fact("scored", f"{clock} time"))
    versions = {name: (solver.command, solver.version) for name, solver in solvers.items()}
    return Source(printable(experiment.folder.resolve().name), table, tuple(facts), versions)


def item(instance: Instance) -> Item:
    """Return an instance as it is scored."""
    return Item(
        instance.hash,
        instance.name,
        instance.family,
        instance.known,
        instance.variables,
        instance.clauses,
    )


def cell(run: Run, clock: Clock) -> Cell:
    """Return a run as it is scored."""
    return Cell(
        hash=run.hash,
        solver=run.solver,
        seed=run.seed,
        answer=run.result if run.status == "ok" else "unknown",
        seconds=run.wall if clock == "wall" else run.cpu,
        status=run.status,
        checked=run.verified in ("model", "proof"),
        reason=run.reason,
        cpu=run.cpu,
        rss=run.rss,
    )


def found_limit(header: dict[str, Any]) -> float | None:
    """Return the time limit in seconds that a header tells, if any."""
    for place in (header, header.get("limits")):
        if isinstance(place, dict) and isinstance(place.get("timeout"), int | float):
            return float(place["timeout"])
    return None


def plain(value: Any, key: str = "") -> str:
    """Return a value of a header in words: sizes in GiB, files without their folders."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(each, name)}" for name, each in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        words = [plain(each, key) for each in value]
        return (" " if key == "command" else ", ").join(words)
    if value is None or isinstance(value, bool):
        return "yes" if value else "none" if value is None else "no"
    if isinstance(value, int | float) and any(each in key for each in _BYTES):
        return f"{value / 2**30:.3g} GiB"
    return _PATH.sub(r"\1", printable(str(value)))
