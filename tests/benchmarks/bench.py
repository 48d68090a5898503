"""turbosat-bench run as a process, and what it left in its folder."""

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.report.nasty import program
from tests.processes import LATE, ROOT
from turbosat.benchmarks.store import Experiment, Run

SMALL = "p cnf 2 2\n1 2 0\n-1 0\n"
Key = tuple[str, str, int]
Words = tuple[str | Path, ...]


def start(*arguments: str | Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "run", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )


def bench(*arguments: str | Path) -> tuple[int, str, str]:
    with start(*arguments) as process:
        out, err = process.communicate(timeout=50 * LATE)
    return process.returncode, out, err


def table(folder: Path) -> dict[Key, Run]:
    with Experiment.open(folder) as experiment:
        return {(run.hash, run.solver, run.seed): run for run in experiment.runs()}


def essence(runs: dict[Key, Run]) -> dict[Key, tuple[object, ...]]:
    """Return what no interruption may change."""
    return {key: (run.result, run.status, run.verified, run.exit, run.reason) for key, run in runs.items()}


def nasty(folder: Path, *names: str) -> list[str]:
    return [word for name in names for word in ("--solver", program(folder, name))]
