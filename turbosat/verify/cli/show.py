"""What a user sees of questions about circuits: comments, `s` lines, values that tell circuits apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from turbosat.cli.display import Show
from turbosat.result import Reason
from turbosat.verify.equivalence import Comparison
from turbosat.verify.matching import name_of, plural
from turbosat.verify.verdict import Answer, Verdict
from turbosat.verify.witness import bits

if TYPE_CHECKING:
    from turbosat.encodings.circuit.aig import Aig
    from turbosat.events import Event

WIDTH = 78  # columns of a line of values
MOST = 10  # differences that are told

EQUALITY = {Answer.HOLDS: "EQUIVALENT", Answer.FAILS: "NOT EQUIVALENT", Answer.UNKNOWN: "UNKNOWN"}


class Answers(Show):
    """Comments and answers on stdout, a live view on a terminal's stderr."""

    def circuit(self, name: str, aig: Aig) -> None:
        """Say what was read."""
        parts = [
            (plural("i", aig.inputs), aig.inputs),
            (plural("l", aig.latches), aig.latches),
            ("AND gate" if len(aig.ands) == 1 else "AND gates", len(aig.ands)),
            (plural("o", aig.outputs.size), aig.outputs.size),
            (plural("b", aig.bad.size), aig.bad.size),
            (plural("c", aig.constraints.size), aig.constraints.size),
        ]
        told = ", ".join(f"{count} {what}" for what, count in parts if count)
        self.comment(f"{'standard input' if name == '-' else name}: {told or 'empty'}")

    def event(self, event: Event) -> None:
        """Show an event."""
        if event.kind == "miter" and not self._display["verbose"]:
            data = event.data
            pairs = f"{data['outputs']} {'pair' if data['outputs'] == 1 else 'pairs'}"
            self.comment(f"{pairs} may differ, {data['gates']} gates after hashing")
        super().event(event)

    def verdicts(self, circuits: list[Aig], verdicts: list[Verdict]) -> None:
        """Print the answers about circuits, none where they could not be read."""
        for verdict in verdicts:
            if isinstance(verdict, Comparison):
                self._comparison(verdict)
            else:
                self.comment(_story(circuits, verdict))
        self.comment(f"{self._deadline.elapsed():.2f} seconds")
        for verdict in verdicts:
            if not isinstance(verdict, Comparison):
                self.output.line(f"s b{verdict.property} {str(verdict.answer).upper()}")
                continue
            self.output.line(f"s {EQUALITY[verdict.answer]}")
            if verdict.witness is not None:
                values = [*verdict.witness.inputs[0].tolist(), *verdict.witness.latches.tolist()]
                named = zip(_names(circuits[0]), values, strict=True)
                for line in _wrapped(f"{_word(name)}={value:d}" for name, value in named):
                    self.output.line(f"v{line}")

    def _comparison(self, found: Comparison) -> None:
        for sentence in found.matched:
            self.comment(sentence)
        for each in found.differences[:MOST]:
            self.comment(f"{each.kind} {each.name} is {each.a:d} in the first, {each.b:d} in the second")
        if len(found.differences) > MOST:
            self.comment(f"and {len(found.differences) - MOST} more differences")
        if found.answer is Answer.UNKNOWN:
            self.comment(f"no answer: {found.reason}")
        else:
            self.comment(f"answered by {found.method}")


def data(circuits: list[Aig], verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain data for JSON."""
    found: dict[str, Any] = {
        "answer": str(verdict.answer),
        "reason": None if verdict.reason is None else str(verdict.reason),
        "method": verdict.method,
        "seconds": verdict.seconds,
        **verdict.statistics,
    }
    if verdict.witness is not None:
        latches, inputs = bits(verdict.witness.latches), [*map(bits, verdict.witness.inputs)]
        found["witness"] = {"latches": latches, "inputs": inputs}
    if isinstance(verdict, Comparison):
        fields = ("kind", "position", "name", "a", "b")
        differences = [{name: getattr(each, name) for name in fields} for each in verdict.differences]
        return {**found, "matched": [*verdict.matched], "differences": differences}
    name = _name(circuits, verdict.property)
    return {"property": verdict.property, "name": name, "bound": verdict.bound, **found}


def _story(circuits: list[Aig], verdict: Verdict) -> str:
    """Say in words what is known about a property."""
    own, name = f"b{verdict.property}", _name(circuits, verdict.property)
    who = own if name in (own, f"o{verdict.property}") else f"{own} ({name})"
    if verdict.witness is not None:
        return f"{who} fails in frame {verdict.witness.frames - 1}"
    if verdict.answer is Answer.HOLDS:
        return f"{who} holds in all frames: {_why(verdict)}"
    if verdict.reason is Reason.LIMIT:
        return f"{who} does not fail up to frame {verdict.bound}"
    known = "" if verdict.bound is None else f"; it does not fail up to frame {verdict.bound}"
    return f"{who}: no answer: {verdict.reason}{known}"


def _why(verdict: Verdict) -> str:
    """Say in words why a property holds."""
    invariant = verdict.invariant
    if invariant is None:
        return str(verdict.statistics["why"])
    clauses = f"{len(invariant.clauses)} {'clause' if len(invariant.clauses) == 1 else 'clauses'}"
    if invariant.depth == 1:
        return f"an inductive invariant of {clauses}, checked"
    paths = " along simple paths" if invariant.distinct else ""
    return f"{invariant.depth}-induction{paths} with {clauses}, checked"


def _name(circuits: list[Aig], property: int) -> str:
    """Return the printable name of a property."""
    if not circuits:
        return f"b{property}"
    return name_of(circuits[0], "b" if circuits[0].bad.size else "o", property)


def _names(aig: Aig) -> Iterator[str]:
    for kind, count in (("i", aig.inputs), ("l", aig.latches)):
        for position in range(count):
            yield name_of(aig, kind, position)


def _word(name: str) -> str:
    """Return a printable name as one word without an equals sign."""
    return "".join(f"\\x{ord(mark):02x}" if mark in "= " else mark for mark in name)


def _wrapped(words: Iterator[str]) -> Iterator[str]:
    """Join words to lines, a blank before each."""
    line = ""
    for word in words:
        if line and len(line) + len(word) >= WIDTH:
            yield line
            line = ""
        line += f" {word}"
    if line:
        yield line
