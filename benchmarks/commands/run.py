"""turbosat-bench run: solvers on suites, under real limits, to be resumed at any moment."""

from __future__ import annotations

import math
import os
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from turbosat.benchmarks.console import say
from turbosat.errors import UsageError, printable

if TYPE_CHECKING:
    from turbosat.benchmarks.run.campaign import Order
    from turbosat.benchmarks.store import Experiment, Run

COLUMNS = (
    "solver",
    "runs",
    "sat",
    "unsat",
    "gave up",
    "timeout",
    "memout",
    "error",
    "wrong",
    "wall s",
    "CPU s",
)
ERRORS = 10  # that are shown
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?B)?", re.IGNORECASE)
_UNITS = {"K": 2**10, "": 2**20, "M": 2**20, "G": 2**30, "T": 2**40}


def register(app: typer.Typer) -> None:
    """Add the command to turbosat-bench."""
    app.command()(run)


def size(text: str) -> int:
    """Return the bytes that a size means: 8G, 500M, or a number of megabytes. Raises UsageError."""
    match = _SIZE.fullmatch(text.strip())
    if not match or not (found := int(float(match[1]) * _UNITS[match[2].upper()])):
        raise UsageError(f"expected a size such as 8G or 500M, found {text!r}")
    return found


def run(
    suite: Annotated[
        list[str],
        typer.Argument(
            help="Folders, formulas, lists of files, or names of generated suites.", show_default=False
        ),
    ],
    solver: Annotated[
        list[str],
        typer.Option(
            "--solver",
            "-s",
            help="turbosat, kissat, cadical, NAME=COMMAND with {file} {seed} {timeout} {memory} {cores} "
            "{proof}, or NAME=portfolio:COMMAND,COMMAND; repeat for more.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the results.", show_default=False)
    ],
    timeout: Annotated[float, typer.Option("--timeout", "-t", min=0.01, help="Wall-clock seconds.")] = 60,
    cpu: Annotated[
        float, typer.Option("--cpu-time", min=0.01, help="CPU seconds of all cores.", show_default="no limit")
    ] = math.inf,
    memory: Annotated[
        str,
        typer.Option(
            "--memory", "-m", help="Of all processes of a run, as 8G.", show_default="the machine's"
        ),
    ] = "",
    cores: Annotated[int, typer.Option("--cores", "-c", min=1, help="Cores of a run.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Runs at once.")] = 1,
    side_by_side: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME",
            help="Solvers that run at the same time, on one core each of --cores, and share the memory.",
            show_default=False,
        ),
    ] = "",
    seed: Annotated[int, typer.Option(min=0, max=2**30, help="The first seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, max=10000, help="Runs of each, with other seeds.")] = 1,
    proofs: Annotated[bool, typer.Option("--proofs", help="Ask for proofs and check them.")] = False,
    proof_time: Annotated[
        float,
        typer.Option(
            min=0, help="Seconds for the check of a proof.", show_default="9 times the limit of a run"
        ),
    ] = 0,
    known: Annotated[
        Path | None,
        typer.Option(help="CSV with known statuses: hash or path, status.", show_default=False),
    ] = None,
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Do the runs on the nodes of the Ray cluster at HOST:PORT, or auto for the one of this "
            "machine.",
            show_default="this machine does them",
        ),
    ] = None,
) -> None:
    """Run solvers on suites. The same command goes on where it was interrupted or killed.

    Models are always checked. A wrong answer fails the whole: exit code 1.
    """
    from turbosat.benchmarks.run.campaign import Order

    order = Order(
        suites=tuple(suite),
        solvers=tuple(solver),
        folder=output,
        timeout=timeout,
        cpu=cpu,
        memory=size(memory) if memory else None,
        cores=cores,
        jobs=jobs,
        seed=seed,
        seeds=seeds,
        proofs=proofs,
        proof_seconds=proof_time or 9 * timeout,
        known=known,
        cluster=ray_address,
        beside=tuple(name.strip() for name in side_by_side.split(",") if name.strip()),
        command=("turbosat-bench", *sys.argv[1:]),
    )
    raise typer.Exit(_run(order))


def _run(order: Order) -> int:
    """Carry out an order and return the exit code: 0, 1 for wrong answers, 130 when interrupted."""
    from turbosat.benchmarks.run.campaign import campaign

    progress = _Progress()
    try:
        campaign(order, progress)
    except KeyboardInterrupt:
        say(f"turbosat-bench: interrupted after {progress.counts()}; the same command goes on", error=True)
        return 130
    finally:
        progress.close()
    return _finish(order.folder)


def _finish(folder: Path) -> int:
    """Print the summary; return 1 where an answer is wrong."""
    from turbosat.benchmarks.run.verdicts import faults
    from turbosat.benchmarks.store import Experiment

    with Experiment.open(folder) as experiment:
        runs, instances = experiment.runs(), experiment.instances
        say(_table(experiment, runs))
        errors = [run for run in runs if run.status == "error"]
        wrong = faults(runs, instances)
    for run in errors[:ERRORS]:
        say(f"error: {run.solver} (seed {run.seed}) on {instances[run.hash].path}: {run.reason}", error=True)
    if len(errors) > ERRORS:
        say(f"and {len(errors) - ERRORS} errors more, see the log files", error=True)
    say(f"results: {folder} (turbosat-bench report {folder})")
    if not wrong:
        return 0
    line = "!" * 78
    title = f"WRONG ANSWERS: {len(wrong)}. This experiment has failed."
    say("\n".join([line, title, *wrong, line]), error=True)
    return 1


def _table(experiment: Experiment, runs: list[Run]) -> str:
    rows: list[tuple[str, ...]] = [COLUMNS]
    for name in experiment.solvers:
        own = [run for run in runs if run.solver == name]
        count: Counter[str] = Counter(run.status if run.status != "ok" else run.result for run in own)
        kinds = ("sat", "unsat", "unknown", "timeout", "memout", "error", "wrong")
        sums = (f"{sum(run.wall for run in own):.1f}", f"{sum(run.cpu for run in own):.1f}")
        rows.append((name, str(len(own)), *(str(count[kind]) for kind in kinds), *sums))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


class _Progress:
    """A live line on a terminal; wrong answers at once, wherever standard error goes."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._begun = time.monotonic()
        self._before = self._done = self._total = 0
        self._counts: Counter[str] = Counter()

    def begin(self, done: int, total: int) -> None:
        self._before = self._done = done
        self._total = total
        self._begun = time.monotonic()
        self._draw("")

    def finished(self, runs: list[Run]) -> None:
        for run in runs:
            if run.status == "wrong":
                self.close()
                say(f"WRONG: {run.solver} (seed {run.seed}) on {run.hash}: {run.reason}", error=True)
        run = runs[0]
        self._done += 1
        self._counts["solved" if run.result != "unknown" else run.status] += 1
        self._draw(f"{run.solver}: {run.result if run.status == 'ok' else run.status} {run.wall:.2f} s")

    def note(self, text: str) -> None:
        self.close()
        say(f"note: {text}", error=True)

    def counts(self) -> str:
        """Return how far it is."""
        return f"{self._done} of {self._total} runs"

    def _draw(self, last: str) -> None:
        if not self._live:
            return
        passed, fresh = time.monotonic() - self._begun, self._done - self._before
        left = f", {_duration(passed / fresh * (self._total - self._done))} left" if fresh else ""
        counts = "".join(f", {count} {kind}" for kind, count in self._counts.most_common())
        line = f"{self.counts()}{counts}{left}  {last}"
        width = os.get_terminal_size(sys.stderr.fileno()).columns - 1
        print(f"\r\x1b[K{printable(line)[:width]}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Wipe the line."""
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
