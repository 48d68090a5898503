"""`turbosat-bench fetch`: instances of the Global Benchmark Database."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from turbosat.benchmarks.console import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(fetch)


def fetch(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT...",
            help="Hashes, files with hashes, tracks (main_2024), or queries ('family = hardware-bmc').",
            show_default=False,
        ),
    ],
    folder: Annotated[Path, typer.Option("--output", "-o", help="Where the files go.")] = Path("instances"),
    base: Annotated[
        str | None,
        typer.Option("--url", help="The server; default: $TURBOSAT_BENCHMARKS_URL, else the public one."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Files at a time.")] = 4,
    attempts: Annotated[int, typer.Option(min=1, help="How often a file is tried.")] = 5,
) -> None:
    """Fetch instances; files that are there are kept, those begun are continued, all are checked."""
    from turbosat.benchmarks.suites import fetch as fetching

    progress = fetching.Progress()
    end = None
    if sys.stderr.isatty():
        end = fetching.watched(progress, sys.stderr, lambda: shutil.get_terminal_size().columns)
    try:
        result = fetching.fetch(wanted, folder, base=base, jobs=jobs, attempts=attempts, progress=progress)
    finally:
        if end is not None:
            end()
    for file in result.files:
        say(file)
    if result.errors:
        for message in result.errors.values():
            say(message, error=True)
        raise fetching.FetchError(f"{len(result.errors)} of {progress.files} files could not be fetched")
