"""`turbosat-bench gen`: one formula of a family, its options those that the family declares."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from turbosat.benchmarks.console import say

if TYPE_CHECKING:
    from turbosat.benchmarks.families.base import Declared, Family, Problem


def register(app: typer.Typer) -> None:
    """Add the command."""
    # All that follows FAMILY is left for the family's own command, which is made when it is known.
    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
    app.command(context_settings=settings)(gen)


def gen(
    context: typer.Context,
    family: Annotated[str, typer.Argument(help="Without it, the families are listed.")] = "",
) -> None:
    """Generate a formula: gen FAMILY --PARAMETER VALUE -o FILE; gen FAMILY --help lists its parameters."""
    from turbosat.benchmarks import families

    if not family:
        width = max(map(len, families.MODULES)) + 2
        for name in families.MODULES:
            say(f"{name:{width}}{families.find(name).about.splitlines()[0]}")
        return
    chosen = families.find(family)
    typer.main.get_command(_application(chosen)).main(
        context.args, f"turbosat-bench gen {family}", standalone_mode=False
    )


def _application(family: Family) -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(command(family))
    return app


def command(family: Family) -> Callable[..., None]:
    """Return the command of a family: its parameters, the seed and where the file goes."""

    def generate(**values: Any) -> None:
        seed, output = values.pop("seed"), values.pop("output")
        problem = family(seed=seed, **values)
        if output is None or str(output) == "-":
            _print(problem)
        else:
            problem.write(output)

    parameters = [
        _parameter(name, _annotation(declared), declared.default)
        for name, declared in family.parameters.items()
    ]
    seed = typer.Option("--seed", min=0, max=2**32 - 1, help="The same seed gives the same formula.")
    output = typer.Option("--output", "-o", metavar="FILE", help="Where it goes; .xz and .gz compress it.")
    parameters.append(_parameter("seed", Annotated[int, seed], 0))
    parameters.append(_parameter("output", Annotated[Path | None, output], None))
    generate.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    generate.__annotations__ = {each.name: each.annotation for each in parameters}
    generate.__doc__ = f"{family.about}\n\nSource: {family.source}"
    return generate


def _annotation(declared: Declared) -> Any:
    about = declared.about
    bounds: dict[str, Any] = {}
    if declared.kind in (int, float):
        bounds = {"min": about.low, "max": about.high}
    kind: Any = Literal[declared.choices] if declared.choices else declared.kind
    if declared.default is None:
        kind = kind | None
    return Annotated[kind, typer.Option(help=about.help, **bounds)]


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _print(problem: Problem) -> None:
    from turbosat.formula import files

    files.write(problem.formula, sys.stdout.buffer, comments=problem.comments())
