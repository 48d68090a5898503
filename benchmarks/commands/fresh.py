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
    files: Annotated[int, typer.Option(min=1, help="How many formulas.")] = 60,
    least: Annotated[float, typer.Option(min=0, help="CPU seconds that Kissat takes at least.")] = 1,
    most: Annotated[float, typer.Option(min=0.01, help="CPU seconds that Kissat takes at most.")] = 60,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Runs of Kissat at once.")] = 1,
    again: Annotated[
        Path | None,
        typer.Option(help="The manifest.csv of a draw: its formulas, as they were.", show_default=False),
    ] = None,
) -> None:
    """Draw formulas of all families, with new seeds, and of sizes that take Kissat some seconds each."""
    from turbosat.benchmarks.suites.fresh import make
    from turbosat.benchmarks.suites.sizes import Window
    from turbosat.errors import UsageError

    if again is not None:
        from turbosat.benchmarks.suites import again as draw

        if seed is not None:
            raise UsageError("--again makes what was drawn: it takes no --seed")
        made = draw.again(folder, again, lambda path: say(str(path), error=True))
        say(f"{len(made)} formulas in {folder}")
        return
    if least >= most:
        raise UsageError(f"--least {least} must be below --most {most}")
    seed = secrets.randbelow(2**31) if seed is None else seed
    say(f"seed {seed}")

    def tell(draw: Draw, found: Found | None) -> None:
        what = "no size fits" if found is None else f"{found.file.name}: {found.answer} {found.seconds:.2f} s"
        say(f"{draw.kind.family}: {what}", error=True)

    found = make(folder, seed, files, Window(least, most), jobs=jobs, tell=tell)
    families = len({each.draw.kind.family for each in found})
    say(f"{len(found)} formulas of {families} families in {folder}")
