"""The program turbosat-verify: equivalence, bounded model checking and proof of circuits in AIGER format."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Final

import typer

from turbosat.cli.program import guarded, launch
from turbosat.verify.cli.arguments import PARAMETERS, added, application, parsed
from turbosat.version import __version__

if TYPE_CHECKING:
    from turbosat.cli.signals import Signals
    from turbosat.verify.cli.arguments import Go, Question

PROGRAM: Final = "turbosat-verify"
HELP: Final = """Verify circuits in AIGER format, ASCII or binary, plain or compressed; `-` is standard input.

Exit codes: 20 equivalent, or all properties hold; 10 not equivalent, or a property fails; 0 unknown, also
where no run up to the bound fails; 1 error.
"""
# The commands: what they do, and their parameters.
COMMANDS: Final = {
    "equiv": (
        """Tell whether two circuits compute the same outputs and next states.

Inputs, outputs and latches are matched by name or by order. Prints `s EQUIVALENT`, `s NOT EQUIVALENT` with
`v` lines of values for which they differ, or `s UNKNOWN`.
""",
        ("first", "second", "match", "witness"),
    ),
    "bmc": (
        """Look for runs of a circuit, up to a bound, that end in a bad state.

Prints `s b0 FAILS` if property 0 fails, `s b0 HOLDS` where no longer run can fail either, or `s b0 UNKNOWN`.
""",
        ("file", "bound", "property", "witness"),
    ),
    "prove": (
        """Prove that a circuit never reaches a bad state, or find a run that does.

IC3 and k-induction search side by side. Prints `s b0 HOLDS`, `s b0 FAILS` or `s b0 UNKNOWN` for property 0.
""",
        ("file", "property", "witness", "invariant"),
    ),
}


def main() -> None:
    """Run `turbosat-verify` on the arguments of this process and exit."""
    launch(run)


def run(words: list[str], signals: Signals | None = None) -> int:
    """Run `turbosat-verify WORDS` and return the exit code."""

    def go(question: Question) -> int:
        from turbosat.verify.cli.answer import answered

        return answered(question, PROGRAM, words, signals)

    watch = nullcontext if signals is None else signals.watch
    return guarded(PROGRAM, lambda: parsed(commands(go), words, PROGRAM), watch)


def commands(go: Go) -> typer.Typer:
    """Return the commands; called with words they parse them and return what `go` returns."""
    app = application()

    def print_version(wanted: bool) -> None:
        if wanted:
            typer.echo(__version__)
            raise typer.Exit

    shown = typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")

    def verify(version: Annotated[bool, shown] = False) -> None:
        pass

    verify.__annotations__["version"] = Annotated[bool, shown]
    verify.__doc__ = HELP
    app.callback()(verify)
    for kind, (help, names) in COMMANDS.items():
        added(app, kind, help, {name: PARAMETERS[name] for name in names}, go)
    return app


if __name__ == "__main__":
    main()
