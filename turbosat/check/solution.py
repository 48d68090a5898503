"""Read a solution, and tell solutions from proofs."""

import io
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from turbosat.check.errors import InputError
from turbosat.check.scan import LARGEST

_NUMBERS = re.compile(rb"[-0-9\s]*")
_WORDS = {
    b"SAT": "SATISFIABLE", b"SATISFIABLE": "SATISFIABLE",
    b"UNSAT": "UNSATISFIABLE", b"UNSATISFIABLE": "UNSATISFIABLE",
    b"INDET": "UNKNOWN", b"UNKNOWN": "UNKNOWN", b"INDETERMINATE": "UNKNOWN",
}  # fmt: skip


@dataclass(frozen=True)
class Solution:
    """A solver's answer: its status when it gives one, and its literals in order."""

    status: str | None
    literals: npt.NDArray[np.int64]  # (L,) without the closing 0


def is_binary(data: bytes) -> bool:
    """Whether a file is binary DRAT.

    Each of its steps ends in a zero byte, and no text holds one; without any, a file that begins like a
    step is one cut short.
    """
    return b"\0" in data or data[:1] == b"a" or (data[:1] == b"d" and not data[1:2].isspace())


def is_solution(data: bytes) -> bool:
    """Whether a text is a solution: a status or v line, or one list of literals with no 0 but a last one."""
    listed = closed = False
    for line in io.BytesIO(data):
        words = line.split()
        if not words or words[0].startswith(b"c"):
            continue
        if closed or (listed and not _NUMBERS.fullmatch(line)):
            return False
        if words[0] in _WORDS or words[0][:1] in (b"s", b"v"):
            return True
        if not _NUMBERS.fullmatch(line):
            return False
        if b"0" in words:
            closed = True
            if words.index(b"0") != len(words) - 1:
                return False
            words.pop()
        listed = listed or bool(words)
    return listed


def parse_solution(data: bytes, name: str) -> Solution:
    """Parse competition output (c, s and v lines), MiniSat's result file, or a bare list of literals."""
    status: str | None = None
    parts: list[list[int]] = []
    closed = False
    for number, raw in enumerate(data.split(b"\n"), 1):
        line = raw.strip()
        if not line or line[:1] == b"c":
            continue
        if line[:2] in (b"s ", b"s\t") or line in _WORDS:
            word = _WORDS.get(line[2:].strip() if line[:1] == b"s" else line)
            if word is None:
                text = line.decode("ascii", "backslashreplace")[:40]
                raise InputError(name, str(number), f"expected SATISFIABLE or another status, found {text!r}")
            if status is not None:
                raise InputError(name, str(number), "a second status")
            status = word
            continue
        body = line[1:] if line[:2] in (b"v", b"v ", b"v\t") else line
        numbers = []
        for token in body.split():
            try:
                if not _NUMBERS.fullmatch(token):
                    raise ValueError
                value = int(token)
            except ValueError:
                text = token.decode("ascii", "backslashreplace")[:24]
                raise InputError(name, str(number), f"expected a literal or 0, found {text!r}") from None
            if abs(value) > LARGEST:
                raise InputError(name, str(number), f"the literal {value} is too large")
            numbers.append(value)
        if closed and numbers:
            raise InputError(name, str(number), "literals after the closing 0")
        if 0 in numbers:
            closed = True
            if numbers.index(0) != len(numbers) - 1:
                raise InputError(name, str(number), "literals after the closing 0")
            numbers.pop()
        parts.append(numbers)
    flat = np.array([value for part in parts for value in part], np.int64)
    return Solution(status, flat)
