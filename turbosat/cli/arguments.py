"""The Typer command of `turbosat`, made from the option tables."""

from __future__ import annotations

import inspect
import os
import shlex
from collections.abc import Callable
from typing import Annotated, Any

import typer

from turbosat.cli.words import ENVIRONMENT, Go, called, switch_name
from turbosat.errors import UsageError
from turbosat.options import Display, Option, Options, declared

HELP = """Solve a formula in DIMACS format, plain or compressed, with `x` lines for XORs.

FILE is `-` or missing for standard input. With PROOF, a DRAT proof is written for an unsatisfiable
formula; `-` is the standard output. Exit codes: 10 satisfiable, 20 unsatisfiable, 0 unknown, 1 error, also
where the proof is not complete.
"""

# The base of Typer's usage errors, which it does not export under a name that all versions share.
TyperUsageError: Any = typer.BadParameter.__mro__[2]


def command(go: Go, version: str, doctor: Callable[[], tuple[str, bool]]) -> Callable[..., Any]:
    """Return the command; called with arguments it parses them and returns what `go` returns.

    `go` is called with FILE, the checked options of the run, and the display options. `version` is what
    --version prints. `doctor` returns what --doctor prints, and whether all is well: that is the exit code.

    Raises TyperUsageError for words that Typer cannot read, UsageError for options that make no sense.
    """

    def turbosat(**values: Any) -> int:
        return called(
            go, {name: value for name, value in values.items() if name not in ("doctor", "version")}
        )

    def print_version(wanted: bool) -> None:
        if wanted:
            typer.echo(version)
            raise typer.Exit

    def print_doctor(wanted: bool) -> None:
        if wanted:
            report, healthy = doctor()
            typer.echo(report)
            raise typer.Exit(0 if healthy else 1)

    file = Annotated[str | None, typer.Argument(show_default=False, help="The formula.")]
    proof = Annotated[str | None, typer.Argument(show_default=False, help="Where the proof goes.")]
    parameters = [parameter("file", file, None), parameter("proof", proof, None)]
    for table in (Options, Display):
        for name, kind, option in declared(table):
            parameters += option_parameters(name, kind, option)
    for name, callback, text in (
        ("doctor", print_doctor, "List every engine and device found, and why one is missing."),
        ("version", print_version, "Print the version."),
    ):
        flag = typer.Option(f"--{name}", callback=callback, is_eager=True, help=text)
        parameters.append(parameter(name, Annotated[bool, flag], False))
    turbosat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    turbosat.__annotations__ = {each.name: each.annotation for each in parameters}
    turbosat.__doc__ = HELP
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(context_settings={"help_option_names": ["-h", "--help"]})(turbosat)
    return typer.main.get_command(app)


def options_of_environment() -> list[str]:
    """Return the options in TURBOSAT_OPTIONS, for clients that pass none; those of the command line win.

    UsageError for what is more than options: Typer reads them with a file behind them, and must find that
    file and no proof. What is wrong with one is said in its words, with the variable's name before them.
    """
    text = os.environ.get(ENVIRONMENT, "")
    if not text.strip():
        return []
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{ENVIRONMENT}: {error}") from None
    seen: list[str | None] = []
    first = "FILE"

    def go(file: str, options: Options, display: Display) -> int:
        seen.extend([file, options["proof"]])
        return 0

    try:
        command(go, "", lambda: ("", True))([*words, "--", first], standalone_mode=False)
    except TyperUsageError as error:
        raise UsageError(f"{ENVIRONMENT}: {' '.join(error.format_message().split())}") from None
    except UsageError as error:
        raise UsageError(f"{ENVIRONMENT}: {error}") from None
    if seen != [first, None]:
        raise UsageError(f"{ENVIRONMENT} must hold options only, not {text.strip()}")
    return words


def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """Return a parameter of a command, as Typer reads it."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def option_parameters(name: str, kind: Any, option: Option) -> list[inspect.Parameter]:
    """Return the parameters of one option: one, or one a switch."""
    if option.switch is not None:
        return [
            parameter(switch_name(flag), Annotated[bool, typer.Option(flag, help=text)], False)
            for flag, (_, text) in option.switch.items()
        ]
    if not option.flags:
        return []
    flag = typer.Option(
        *option.flags,
        help=option.help,
        min=option.low,
        max=option.high,
        metavar=option.metavar,
        show_default=option.default not in (None, False),
    )
    return [parameter(name, Annotated[kind, flag], option.default)]
