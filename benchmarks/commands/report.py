"""turbosat-bench report: the scores of an experiment or of a competition's CSV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from turbosat.benchmarks.console import say

if TYPE_CHECKING:
    from turbosat.benchmarks.report.report import Report

Format = Literal["terminal", "markdown", "json", "html"]
FORMATS: dict[str, Format] = {".md": "markdown", ".json": "json", ".html": "html", ".htm": "html"}


def register(app: typer.Typer) -> None:
    """Add the command to turbosat-bench."""
    app.command()(report)


def report(
    source: Annotated[
        Path, typer.Argument(help="Folder of an experiment, or a competition's CSV.", show_default=False)
    ],
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
        list[str] | None, typer.Option(help="Score this solver only; repeat for more.", show_default=False)
    ] = None,
    portfolio: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,NAME",
            help="Score one solver more, as fast as the fastest of these with each seed; repeat for more.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        str, typer.Option(help="Compare this solver with each other.", show_default=False)
    ] = "",
    about: Annotated[
        Path | None, typer.Option(help="For a CSV: a file of hash, family and filename.")
    ] = None,
    section: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this table (scores, vbs, speedups, ...); repeat for more.", show_default=False
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Default: what the source is called.", show_default=False)] = "",
) -> None:
    """Report PAR-2, the virtual best solver, families and speed-ups of an experiment."""
    from turbosat.benchmarks.report import sources
    from turbosat.benchmarks.report.report import make

    found = sources.load(source, timeout=timeout, factor=factor, clock=clock, about=about)
    table = found.table
    for names in portfolio or ():
        table = table.with_portfolio([name.strip() for name in names.split(",")])
    if solver:
        table = table.only([*solver, *(name for name in table.virtual if name not in solver)])
    made = make(table, title or found.title, found.facts, against=against)
    text = render(made, form or by_name(output), section or ())
    if output is None:
        say(text.removesuffix("\n"))
    else:
        output.write_text(text, encoding="utf-8")
    if table.wrong:
        say(f"turbosat-bench: {len(table.wrong)} WRONG ANSWERS, see the report", error=True)


def by_name(output: Path | None) -> Format:
    """Return the format a file's name asks for."""
    return FORMATS.get(output.suffix.lower(), "terminal") if output else "terminal"


def render(report: Report, form: Format, names: Sequence[str] = ()) -> str:
    """Return a report as text in a format; `names` are the sections wanted of terminal and Markdown."""
    from turbosat.benchmarks.report.page import page
    from turbosat.benchmarks.report.report import summary, to_json
    from turbosat.benchmarks.report.sections import sections
    from turbosat.benchmarks.report.text import markdown, terminal

    if form == "json":
        return json.dumps(to_json(report), indent=1, ensure_ascii=False) + "\n"
    if form == "html":
        return page(report)
    chosen = sections(report, names)
    wrong = [f"{len(report.table.wrong)} WRONG ANSWERS, which are not scored."] if report.table.wrong else []
    lead = [*wrong, summary(report), *report.table.notes]
    if form == "terminal":
        return terminal(chosen, [report.title, *lead])
    return markdown(chosen, lead, "" if names else report.title)
