"""turbosat-bench check: the independent checker, as turbosat-check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to turbosat-bench."""
    app.command()(check)


def check(
    file: Annotated[Path, typer.Argument(help="The formula in DIMACS format.", show_default=False)],
    answer: Annotated[Path, typer.Argument(help="A solution or a DRAT proof.", show_default=False)],
    time: Annotated[
        float, typer.Option("--time", "-t", min=0, help="Give up after so many seconds; 0: never.")
    ] = 0,
) -> None:
    """Check a solution or a DRAT proof; the same as turbosat-check, with its output and exit codes."""
    from turbosat.check.cli import main

    limit = ["--time", str(time)] if time else []
    raise typer.Exit(main([*limit, "--", str(file), str(answer)]))
