"""A question of the command line on its way to an answer: files, limits, what is printed and written."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any, Final

from turbosat.cli.program import FAILURE, fail
from turbosat.deadline import Deadline, Expired
from turbosat.dimacs.waiting import until
from turbosat.encodings.circuit.aiger import read
from turbosat.errors import SoundnessError, UsageError
from turbosat.options import memory_bytes
from turbosat.proof.delivery import deliver
from turbosat.proof.outlet import Outlet, guard, is_standard_output
from turbosat.result import Reason
from turbosat.system import children, process_start
from turbosat.verify.cli.beside import beside
from turbosat.verify.cli.show import Answers, data
from turbosat.verify.equivalence import Comparison, equivalent
from turbosat.verify.verdict import Answer, Verdict
from turbosat.verify.witness import aiger_text, chosen, invariant_text
from turbosat.version import __version__

if TYPE_CHECKING:
    from turbosat.cli.signals import Signals
    from turbosat.encodings.circuit.aig import Aig
    from turbosat.events import Sink
    from turbosat.verify.cli.arguments import Question

CODES: Final = {Answer.HOLDS: 20, Answer.FAILS: 10, Answer.UNKNOWN: 0}


def answered(question: Question, program: str, words: list[str], signals: Signals | None) -> int:
    """Answer a question as turbosat-verify does; return the exit code."""
    watch = nullcontext if signals is None else signals.watch
    with ExitStack() as stack:
        outlets = _outlets(question, stack)
        deadline = stack.enter_context(opened(question, signals))
        paths = (question.witness, question.invariant)
        alone = not any(path is not None and is_standard_output(path) for path in paths)
        show = Answers(question.display, deadline, watch, alone=alone)
        show.comment(f"{program} {__version__}")
        trouble: list[str] = []
        verdicts: list[Verdict] = []
        circuits: list[Aig] = []
        broken: SoundnessError | None = None
        try:
            circuits = loaded(question, deadline, show.circuit)
            verdicts = asked(question, circuits, deadline, show.event)
        except Expired as expired:  # before there was anything to ask
            verdicts = unknown(question, circuits, expired.reason)
        except SoundnessError as error:  # of one property: what is known of others is delivered first
            broken, verdicts = error, [*error.decided]
        finally:
            show.close()
        try:
            if alone:
                show.verdicts(circuits, verdicts)
        finally:
            if "witness" in outlets:
                text = aiger_text(verdicts).encode()
                trouble.append(deliver(outlets["witness"], text, deadline))
            if "invariant" in outlets:
                clauses = invariant_text(circuits, verdicts).encode()
                trouble.append(deliver(outlets["invariant"], clauses, deadline))
            if "statistics" in outlets:
                written = _statistics(question, [program, *words], circuits, verdicts, deadline)
                trouble.append(deliver(outlets["statistics"], written, deadline))
            trouble.append(show.complaint())
            if broken is not None:
                trouble.append(str(broken))
            trouble = [each for each in trouble if each]
            if trouble:
                fail(program, "; ".join(trouble), watch)
    return FAILURE if trouble else exit_code(verdicts)


def opened(question: Question, signals: Signals | None) -> Deadline:
    """Return the deadline of a whole process, its children's memory included; signals cancel it."""
    options = question.options
    deadline = Deadline(options["time_limit"], memory_bytes(options), process_start(), whole=True)
    deadline.cover(lambda: children(os.getpid()))
    if signals is not None:
        signals.connect(deadline)
    return deadline


def loaded(question: Question, deadline: Deadline, told: Callable[[str, Aig], object]) -> list[Aig]:
    """Read the circuits. Raises InputError, or Expired at the limit."""
    found = []
    for file in question.files:
        aig = read(file, check=deadline.check, wait=until(deadline))
        told(file, aig)
        found.append(aig)
    return found


def asked(
    question: Question, circuits: list[Aig], deadline: Deadline, show: Sink, *, first_only: bool = False
) -> list[Verdict]:
    """Ask, in another thread, and show events in this one; `first_only` as in `bmc` and `prove`."""
    options = question.options
    wanted = question.properties or None

    def call(sink: Sink) -> list[Verdict]:
        if question.kind == "equiv":
            first, second = circuits
            return [
                equivalent(
                    first, second, match_by=question.match, deadline=deadline, on_event=sink, **options
                )
            ]
        (aig,) = circuits
        if question.kind == "prove":
            from turbosat.verify.prove.proof import prove

            return prove(
                aig, wanted=wanted, first_only=first_only, deadline=deadline, on_event=sink, **options
            )
        from turbosat.verify.bmc import bmc

        return bmc(
            aig,
            bound=question.bound,
            wanted=wanted,
            first_only=first_only,
            deadline=deadline,
            on_event=sink,
            **options,
        )

    try:
        return beside(call, show)
    except UsageError as error:  # of the circuits: what options may be was looked at before
        names = ["standard input" if file == "-" else file for file in question.files]
        raise UsageError(f"{' and '.join(names)}: {error}") from None
    except SoundnessError as error:
        told = f"{error}; this is a bug: please report it with the file"
        raise SoundnessError(told, error.decided) from None


def exit_code(verdicts: list[Verdict]) -> int:
    """Return 10 if anything fails, 20 if all holds, else 0."""
    answers = {verdict.answer for verdict in verdicts}
    for answer in (Answer.FAILS, Answer.UNKNOWN, Answer.HOLDS):
        if answer in answers:
            return CODES[answer]
    return CODES[Answer.UNKNOWN]


def unknown(question: Question, circuits: list[Aig], reason: Reason) -> list[Verdict]:
    """Return verdicts of a question that ended before it was asked."""
    if question.kind == "equiv":
        return [Comparison(Answer.UNKNOWN, reason=reason)]
    known = chosen(circuits[0], question.properties or None) if circuits else question.properties or (0,)
    return [Verdict(Answer.UNKNOWN, each, reason) for each in known]


def _outlets(question: Question, stack: ExitStack) -> dict[str, Outlet]:
    """Find a way to where things are written; UsageError where there is none, or it would destroy a file."""
    wanted = {
        "witness": question.witness,
        "invariant": question.invariant,
        "statistics": question.display["json"],
    }
    found = {
        what: stack.enter_context(Outlet(path, f"the {what}"))
        for what, path in wanted.items()
        if path is not None
    }
    for file in question.files:
        guard([*found.values()], file, force=False, named="the circuit")
    return found


def _statistics(
    question: Question,
    command: list[str],
    circuits: list[Aig],
    verdicts: list[Verdict],
    deadline: Deadline,
) -> bytes:
    """Return what is known of a question, as JSON."""
    written: dict[str, Any] = {
        "turbosat": __version__,
        "python": sys.version.split()[0],
        "command": command,
        "files": [*question.files],
        "options": question.options,
        "wall_seconds": round(deadline.elapsed(), 3),
        "peak_bytes": deadline.peak,
        "verdicts": [data(circuits, verdict) for verdict in verdicts],
    }
    return json.dumps(written, indent=2).encode() + b"\n"
