"""Typer commands that ask about circuits: arguments of their own, and options from turbosat's tables."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer

from turbosat.cli.arguments import option_parameters, parameter
from turbosat.options import Display, Options, declared, resolve
from turbosat.verify.matching import How

LIMITS: Final = ("time_limit", "memory_limit", "workers", "seed")  # of Options
MOST: Final = 10**6  # frames
SHOWN: Final = ("quiet", "verbose", "colour", "json")  # of Display


@dataclass(frozen=True, slots=True)
class Question:
    """What a command asks: of which files, and what is to become of the answer."""

    kind: str  # equiv, bmc, prove
    files: tuple[str, ...]
    options: Options
    display: Display
    bound: int = 0
    match: How = "auto"
    properties: tuple[int, ...] = ()  # all for none
    witness: str | None = None
    invariant: str | None = None
    alike: Mapping[str, Any] = field(default_factory=dict)  # what a program that stands in for another has


Go = Callable[[Question], int]

HELPED: Final = {"help_option_names": ["-h", "--help"]}
NONE: Final = inspect.Parameter.empty  # the default of what must be given
PARAMETERS: Final[dict[str, tuple[Any, Any]]] = {  # annotation and default
    "file": (Annotated[str, typer.Argument(show_default=False, help="The circuit, in AIGER format.")], NONE),
    "first": (Annotated[str, typer.Argument(metavar="A", show_default=False, help="A circuit.")], NONE),
    "second": (Annotated[str, typer.Argument(metavar="B", show_default=False, help="Another one.")], NONE),
    "bound": (
        Annotated[
            int,
            typer.Option("--bound", "-k", min=0, max=MOST, metavar="FRAME", help="The last one, from 0."),
        ],
        NONE,
    ),
    "match": (
        Annotated[
            How, typer.Option("--match", help="How things are matched; auto: by name where all have one.")
        ],
        "auto",
    ),
    "property": (
        Annotated[
            list[int] | None,
            typer.Option(
                "--property",
                "-p",
                min=0,
                show_default=False,
                metavar="NUMBER",
                help="A property, from 0: a bad state, or an output if there is none. May be repeated; all.",
            ),
        ],
        None,
    ),
    "witness": (
        Annotated[
            str | None,
            typer.Option(
                "--witness", metavar="FILE", help="Write answers and failing runs there, as AIGER has them."
            ),
        ],
        None,
    ),
    "invariant": (
        Annotated[
            str | None,
            typer.Option("--invariant", metavar="FILE", help="Write there, as clauses, why properties hold."),
        ],
        None,
    ),
}


def question(kind: str, values: dict[str, Any]) -> Question:
    """Return what the values of a command's parameters ask."""
    options = Options(**{name: values.pop(name) for name in LIMITS})  # type: ignore[typeddict-item]
    resolve(options)
    display = Display(**{name: values.pop(name) for name in SHOWN if name in values})  # type: ignore[typeddict-item]
    files = tuple(values.pop(name) for name in ("file", "first", "second") if name in values)
    chosen = {name: values.pop(name) for name in ("bound", "match", "witness", "invariant") if name in values}
    properties = tuple(values.pop("property", None) or ())
    return Question(kind, files, options, display, properties=properties, **chosen, alike=values)


def added(
    app: typer.Typer,
    kind: str,
    help: str,
    own: Mapping[str, tuple[Any, Any]],
    go: Go,
    shown: tuple[str, ...] = SHOWN,
) -> None:
    """Add a command with parameters of its own, by name (annotation, default), and those of the tables.

    `shown` are those of Display. Called with arguments, it returns what `go` returns.
    """

    def asked(**values: Any) -> int:
        return go(question(kind, values))

    made = [parameter(each, annotation, default) for each, (annotation, default) in own.items()]
    for table, names in ((Options, LIMITS), (Display, shown)):
        for each, of_kind, option in declared(table):
            if each in names:
                made += option_parameters(each, of_kind, option)
    asked.__signature__ = inspect.Signature(made)  # type: ignore[attr-defined]
    asked.__annotations__ = {each.name: each.annotation for each in made}
    asked.__doc__ = help
    app.command(kind, context_settings=HELPED)(asked)


def application() -> typer.Typer:
    """Return an application without commands yet."""
    return typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=HELPED
    )


def parsed(app: typer.Typer, words: list[str], program: str) -> object:
    """Let a program parse its arguments; return what its command returns."""
    return typer.main.get_command(app)(words, prog_name=program, standalone_mode=False)
