"""What turbosat-bench says: names and messages of others are shown as text, whatever they hold."""

from __future__ import annotations

import typer

from turbosat.errors import printable


def say(text: object, *, error: bool = False) -> None:
    """Print lines, on standard error if they say so."""
    typer.echo("\n".join(map(printable, str(text).split("\n"))), err=error)
