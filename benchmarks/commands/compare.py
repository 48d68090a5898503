"""turbosat-bench compare: what changed between two experiments, and whether it is noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from turbosat.benchmarks.console import say

Format = Literal["terminal", "markdown", "json"]
FORMATS: dict[str, Format] = {".md": "markdown", ".json": "json"}


def register(app: typer.Typer) -> None:
    """Add the command to turbosat-bench."""
    app.command()(compare)


def compare(
    before: Annotated[Path, typer.Argument(help="Folder of an experiment, or a CSV.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="The later one.", show_default=False)],
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: what --output is called, else terminal.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Score under this limit in seconds; a CSV needs it.")
    ] = None,
    factor: Annotated[float, typer.Option(min=1, help="An unsolved run counts so many limits.")] = 2,
    clock: Annotated[Literal["wall", "cpu"], typer.Option(help="Which time is scored.")] = "wall",
    solver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=NAME]", help="Compare this solver [with that of the later]; repeat for more."
        ),
    ] = None,
) -> None:
    """Say what changed between two experiments: newly solved, lost, faster, slower, or nothing but noise."""
    from turbosat.benchmarks.report import compare as comparing
    from turbosat.benchmarks.report import compare_text, sources
    from turbosat.benchmarks.report.text import markdown, terminal

    first, second = (
        sources.load(path, timeout=timeout, factor=factor, clock=clock) for path in (before, after)
    )
    pairs = [pair_of(text) for text in solver or ()]
    made = comparing.compare(first, second, pairs)
    form = form or (FORMATS.get(output.suffix.lower(), "terminal") if output else "terminal")
    if form == "json":
        text = json.dumps(comparing.to_json(made), indent=1, ensure_ascii=False) + "\n"
    elif form == "markdown":
        text = markdown(compare_text.sections(made), compare_text.lead(made))
    else:
        text = terminal(compare_text.sections(made), compare_text.lead(made))
    if output is None:
        say(text.removesuffix("\n"))
    else:
        output.write_text(text, encoding="utf-8")


def pair_of(text: str) -> tuple[str, str]:
    """Return NAME or NAME=NAME as a pair."""
    first, equals, second = text.partition("=")
    return first, second if equals else first
