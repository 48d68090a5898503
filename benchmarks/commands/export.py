"""turbosat-bench export: the runs of an experiment as one flat CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to turbosat-bench."""
    app.command()(export)


def export(
    folder: Annotated[Path, typer.Argument(help="Folder of an experiment.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: runs.csv in it.", show_default=False)
    ] = None,
) -> None:
    """Write every run as a row: instance, solver, result, times, memory; the header in comments above."""
    from turbosat.benchmarks.store import Experiment, write_csv

    with Experiment.open(folder) as experiment:
        write_csv(experiment, output or folder / "runs.csv")
