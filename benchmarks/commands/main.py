"""The command turbosat-bench."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from turbosat.benchmarks.commands import check as command_check
from turbosat.benchmarks.commands import compare as command_compare
from turbosat.benchmarks.commands import export as command_export
from turbosat.benchmarks.commands import features as command_features
from turbosat.benchmarks.commands import fetch as command_fetch
from turbosat.benchmarks.commands import fresh as command_fresh
from turbosat.benchmarks.commands import gen as command_gen
from turbosat.benchmarks.commands import report as command_report
from turbosat.benchmarks.commands import run as command_run
from turbosat.benchmarks.console import say
from turbosat.cli.arguments import TyperUsageError
from turbosat.cli.streams import finish, reason, secure
from turbosat.errors import TurbosatError
from turbosat.options import Device, Optimizer

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def bench() -> None:
    """Measure turbosat."""


@app.command()
def engine(
    files: Annotated[list[Path], typer.Argument(help="Formulas in DIMACS format.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the JSON goes.")],
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each file.")] = 5,
    time: Annotated[float, typer.Option("--time", "-t", min=0, help="Limit of a run in seconds.")] = 60,
    workers: Annotated[int, typer.Option("--workers", "-j", min=1, help="Cores to use.")] = 1,
    device: Annotated[Device, typer.Option(help="Where the engine runs.")] = "auto",
    optimizer: Annotated[Optimizer, typer.Option(help="The engine's rules.")] = "auto",
    steps: Annotated[int, typer.Option(min=0, help="Rounds of single steps on a CUDA device; 0: none.")] = 0,
    lanes: Annotated[int, typer.Option(min=32, help="Lanes of those.")] = 2560,
) -> None:
    """Time the gradient engine alone: time to solution over seeds, imports and compilation not counted."""
    from turbosat.benchmarks.commands import engine as gradient

    gradient.warm_up(optimizer, device)
    data: dict[str, Any] = {
        **gradient.environment(),
        "what": "time to solution of the gradient engine by itself, imports and compilation excluded",
        "command": ["turbosat-bench", *(Path(word).name for word in sys.argv[1:])],
        "files": [],
    }
    for file in files:
        row = gradient.measure(file, seeds, time, workers, device, optimizer)
        if steps:
            row["steps"] = gradient.device_steps(file, lanes, steps)
        data["files"].append(row)
        say(
            f"{row['file']}: {row['solved']}/{seeds} solved, median {row['median_seconds']:.3f} s,"
            f" {row['median_flips_per_second'] / 1e6:.2f} M flips/s"
        )
        output.write_text(json.dumps(data, indent=1) + "\n")


command_report.register(app)
command_run.register(app)
command_check.register(app)
command_compare.register(app)
command_export.register(app)
command_gen.register(app)
command_fresh.register(app)
command_features.register(app)
command_fetch.register(app)


def main() -> None:
    """Run `turbosat-bench`; errors of a user are one line and exit code 1."""
    secure()
    code = 1
    try:
        code = app(standalone_mode=False)
    except TurbosatError as error:
        say(f"turbosat-bench: error: {error}", error=True)
    except TyperUsageError as error:
        say(f"turbosat-bench: error: {' '.join(error.format_message().split())}", error=True)
    except OSError as error:
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        say(f"turbosat-bench: error: {place}{reason(error)}", error=True)
    except KeyboardInterrupt:
        say("turbosat-bench: interrupted", error=True)
    finish()
    sys.exit(code)


if __name__ == "__main__":
    main()
