"""`turbosat-bench fresh`: a suite of formulas that nobody has tuned for."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from turbosat.benchmarks.console import say

if TYPE_CHECKING:
    from turbosat.benchmarks.suites.fresh import Draw, Found


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(fresh)


def fresh(
    folder: Annotated[
        Path, typer.Argument(help="A new folder; `run` takes it as a suite.", show_default=False)
    ],
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of all draws.", show_default="another at each call")
    ] = None,
    files: Annotated[int | None, typer.Option(min=1, help="How many formulas.", show_default="60")] = None,
    least: Annotated[
        float | None, typer.Option(min=0, help="CPU seconds that Kissat takes at least.", show_default="1")
    ] = None,
    most: Annotated[
        float | None, typer.Option(min=0.01, help="CPU seconds that Kissat takes at most.", show_default="60")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Runs of Kissat at once.", show_default="1")
    ] = None,
    again: Annotated[
        Path | None,
        typer.Option(help="The manifest.csv of a draw: its formulas, as they were.", show_default=False),
    ] = None,
) -> None:
    """Draw formulas of all families, with new seeds, and of sizes that take Kissat some seconds each."""
    from turbosat.benchmarks.suites.again import again as make_again
    from turbosat.benchmarks.suites.fresh import make
    from turbosat.benchmarks.suites.sizes import Window
    from turbosat.errors import UsageError

    if again is not None:
        if {seed, files, least, most, jobs} != {None}:
            raise UsageError("--again makes what was drawn, and takes no other options")
        made = make_again(folder, again, lambda path: say(str(path), error=True))
        say(f"{len(made)} formulas in {folder}")
        return
    window = Window(1 if least is None else least, 60 if most is None else most)
    if window.least >= window.most:
        raise UsageError(f"--least {window.least} must be below --most {window.most}")
    seed = secrets.randbelow(2**31) if seed is None else seed
    say(f"seed {seed}")

    def tell(draw: Draw, found: Found | None) -> None:
        what = "no size fits" if found is None else f"{found.file.name}: {found.answer} {found.seconds:.2f} s"
        say(f"{draw.kind.family}: {what}", error=True)

    found = make(folder, seed, files or 60, window, jobs=jobs or 1, tell=tell)
    families = len({each.draw.kind.family for each in found})
    say(f"{len(found)} formulas of {families} families in {folder}")
