"""Programs that stand in for other model checkers, as SymbiYosys calls them: aigbmc and rIC3.

What they print is read line by line: `u3` says that nothing fails up to frame 3; then a status line comes,
and the witness behind a 1 (SymbiYosys, sby_engine_aiger.py).
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from turbosat.cli.program import fail, guarded, launch
from turbosat.verify.cli.arguments import MOST, NONE, PARAMETERS, added, application, parsed

if TYPE_CHECKING:
    from turbosat.cli.signals import Signals
    from turbosat.verify.cli.arguments import Question
    from turbosat.verify.verdict import Verdict

AIGBMC: Final = "turbosat-aigbmc"
AIGBMC_HELP: Final = """Look for a run that ends in a bad state, as aigbmc does: AIGBMC=turbosat-aigbmc.

Prints `u0`, `u1`, … for frames in which nothing fails, then `1` and a witness, `2` where there is none up to
the bound, or `0` where there can be none at all. The exit code is 0; 1 for errors, such as a limit that ends
it before the bound.
"""
K: Final = Annotated[int, typer.Argument(metavar="K", min=0, max=MOST, help="The last frame, from 0.")]


def aigbmc() -> None:
    """Run `turbosat-aigbmc` on the arguments of this process and exit."""
    launch(run_aigbmc)


def run_aigbmc(words: list[str], signals: Signals | None = None) -> int:
    """Run `turbosat-aigbmc WORDS` and return the exit code."""

    def go(question: Question) -> int:
        verdicts = _asked(AIGBMC, question, signals, frames=not question.display["quiet"])
        return 1 if verdicts is None else 0

    app = application()
    own = {"bound": (K, NONE), "file": PARAMETERS["file"]}
    added(app, "bmc", AIGBMC_HELP, own, go, shown=("quiet",))
    watch = nullcontext if signals is None else signals.watch
    return guarded(AIGBMC, lambda: parsed(app, words, AIGBMC), watch)


RIC3: Final = "turbosat-ric3"
RIC3_HELP: Final = """Prove properties, or look for failing runs, as rIC3 does: RIC3=turbosat-ric3.

With -e bmc, runs of up to --end frames are looked at, else all. With --witness, a status line is printed: `0`
holds, `1` fails, with a witness, `2` unknown. Exit codes: 20 holds, 10 fails, 0 unknown, 1 error, such as a
limit that ends -e bmc before the bound.
"""
RIC3_OWN: Final[dict[str, tuple[Any, Any]]] = {
    "file": PARAMETERS["file"],
    "engine": (
        Annotated[
            Literal["bmc", "ic3", "kind", "portfolio"],
            typer.Option("--engine", "-e", help="How; all but bmc are the same here."),
        ],
        "portfolio",
    ),
    "end": (Annotated[int, typer.Option("--end", min=0, max=MOST, help="The last frame of bmc.")], MOST),
    "certificate": (Annotated[bool, typer.Option("--witness", help="Print the status and witness.")], False),
}


def ric3() -> None:
    """Run `turbosat-ric3` on the arguments of this process and exit."""
    launch(run_ric3)


def run_ric3(words: list[str], signals: Signals | None = None) -> int:
    """Run `turbosat-ric3 WORDS` and return the exit code."""

    def go(question: Question) -> int:
        from turbosat.verify.cli.answer import exit_code

        alike = question.alike
        kind = "bmc" if alike["engine"] == "bmc" else "prove"
        asked = replace(question, kind=kind, bound=alike["end"])
        verdicts = _asked(RIC3, asked, signals, frames=False, status=alike["certificate"])
        return 1 if verdicts is None else exit_code(verdicts)

    app = application()
    added(app, "prove", RIC3_HELP, RIC3_OWN, go, shown=())
    watch = nullcontext if signals is None else signals.watch
    return guarded(RIC3, lambda: parsed(app, words, RIC3), watch)


def _asked(
    program: str, question: Question, signals: Signals | None, *, frames: bool, status: bool = True
) -> list[Verdict] | None:
    """Answer, and print what is read by other programs; None, and a line on stderr, where that is an error.

    `frames`: also a line for each frame in which nothing fails. Without `status`, nothing is printed.
    """
    from turbosat.cli.streams import Output, reason
    from turbosat.deadline import Expired
    from turbosat.events import Event
    from turbosat.result import Reason
    from turbosat.verify.cli.answer import asked, loaded, opened, unknown
    from turbosat.verify.verdict import Answer
    from turbosat.verify.witness import aiger_text

    watch = nullcontext if signals is None else signals.watch
    output = Output(sys.stdout, watch)

    failing = False

    def show(event: Event) -> None:
        nonlocal failing
        failing |= event.kind == "verdict" and event.data["answer"] == str(Answer.FAILS)
        if frames and event.kind == "frame" and not failing:
            output.line(f"u{event.data['frame']}")
            if output.failure is not None:  # nobody reads any more
                deadline.cancel(Reason.INTERRUPTED)

    with opened(question, signals) as deadline:
        try:
            circuits = loaded(question, deadline, lambda *_: None)
            verdicts = asked(question, circuits, deadline, show, first_only=True)
        except Expired as expired:
            verdicts = unknown(question, [], expired.reason)
    failed = [each for each in verdicts if each.answer is Answer.FAILS]
    open_ = [each for each in verdicts if each.answer is Answer.UNKNOWN]
    if question.kind == "bmc" and not failed and output.failure is None:
        # In this mode SymbiYosys takes a 2 for "nothing fails up to the bound": it must not stand for less.
        short = [each for each in open_ if each.reason is not Reason.LIMIT or each.bound != question.bound]
        if short:
            known = "" if short[0].bound is None else f"; nothing fails up to frame {short[0].bound}"
            fail(program, f"no answer up to the bound: {short[0].reason}{known}", watch)
            return None
    if status:
        output.write(aiger_text((failed or open_ or verdicts)[:1]).encode())
    if output.failure is not None:
        fail(program, f"standard output: cannot write to it: {reason(output.failure)}", watch)
        return None
    return verdicts
