"""Small texts that are plainly right, read and written without numpy: loading it takes longer.

Whatever is not plainly right, or not small, is left to the parser, which knows all of the format and says
what is wrong.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import Final

from turbosat.records import record

LARGEST: Final = 1 << 19  # bytes of a text: numpy is loaded in the time that twice that takes here
WIDTH: Final = 78  # characters of a `v` line at most; the SAT Competition allows 4,096
_OTHER_THAN = b"0123456789- \t\n"
# Compiled when the first text is parsed: lane 0 is at work by then.
_HEAD: Final = rb"(?:c[^\r\n]*\n)*p cnf ([0-9]{1,6}) ([0-9]{1,6})[ \t]*\n"
_COMMENT: Final = rb"^c[^\r\n]*\n"


@record(frozen=True)
class Plain:
    """A formula: `flat` are its clauses as signed literals, each ended by 0, int32."""

    variables: int
    clauses: int
    flat: array[int]

    def satisfied(self, model: array[int]) -> bool:
        """Tell whether a model, signed literals (variables,), satisfies every clause."""
        marks = bytearray(2 * self.variables + 1)  # by literal: one that is negative counts from the end
        for literal in model:
            marks[literal] = 1
        marks[0] = 2
        true = bytes(map(marks.__getitem__, self.flat)).translate(None, b"\0")  # literals, and the ends
        return not true.startswith(b"\2") and b"\2\2" not in true


def read(path: str) -> Plain | None:
    """Read a DIMACS file; None for one that is to be left to the parser."""
    try:
        with open(path, "rb", buffering=0) as file:
            text = file.read(LARGEST + 1)
    except OSError:
        return None
    return parse(text)


def parse(text: bytes) -> Plain | None:
    """Parse the text of a DIMACS file; None for one that is to be left to the parser."""
    head = re.match(_HEAD, text) if len(text) <= LARGEST else None
    if head is None:
        return None
    body = text[head.end() :]
    flat = integers(re.sub(_COMMENT, b"", body, flags=re.MULTILINE) if b"c" in body else body)
    if flat is None:
        return None
    variables, clauses = map(int, head.groups())
    ended = not flat or flat[-1] == 0
    within = not flat or (max(flat) <= variables and min(flat) >= -variables)
    if not (ended and within and flat.count(0) == clauses):
        return None
    return Plain(variables, clauses, flat)


def integers(text: bytes) -> array[int] | None:
    """Read integers between blanks, tabs and newlines, int32; None if there is anything else, or -0."""
    if text.translate(None, _OTHER_THAN) or b"-0" in text:
        return None
    try:
        return array("i", map(int, text.split()))
    except (ValueError, OverflowError):  # a minus sign that begins no integer; too large
        return None


def literals_a_line(variables: int) -> int:
    """Return how many literals of a model a `v` line holds: as many as always fit."""
    return (WIDTH - len("v 0")) // len(f" -{variables}")


def value_lines(model: array[int]) -> Iterator[bytes]:
    """Yield the text of a model's `v` lines as the writer does."""
    words = [*map(str, model)]
    most = literals_a_line(len(words))
    lines = [" ".join(["v", *words[place : place + most]]) for place in range(0, len(words), most)]
    yield ("\n".join(lines or ["v"]) + " 0\n").encode()
