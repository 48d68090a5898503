"""`turbosat-bench features`: what formulas are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from turbosat.benchmarks.console import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(features)


def features(
    files: Annotated[list[Path], typer.Argument(help="Formulas in DIMACS format.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line and file.")] = False,
    structure: Annotated[bool, typer.Option(help="Look for XORs and gates, too.")] = True,
) -> None:
    """Print sizes, clause lengths, degrees, XORs, gates, 2-SAT and Horn shares and components of formulas."""
    from turbosat.benchmarks.suites.features import file_features, text

    for file in files:
        found = file_features(file, structure=structure)
        say(json.dumps(found) if as_json else text(found))
