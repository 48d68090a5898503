"""Read a solution: a solver's output, or a list of literals."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from turbosat.check.clock import Clock
from turbosat.check.errors import InputError
from turbosat.check.kernels import LARGEST
from turbosat.check.reading.source import Data, lines_of

# The first words of a solver's output: the status and value lines of competitions, MiniSat's result file.
STATUSES = {
    b"SAT": "SATISFIABLE", b"SATISFIABLE": "SATISFIABLE",
    b"UNSAT": "UNSATISFIABLE", b"UNSATISFIABLE": "UNSATISFIABLE",
    b"INDET": "UNKNOWN", b"UNKNOWN": "UNKNOWN", b"INDETERMINATE": "UNKNOWN",
}  # fmt: skip
_NUMBERS = re.compile(rb"[-0-9\s]*")


@dataclass(frozen=True)
class Solution:
    """A solver's answer: its status when it gives one, and its literals in order."""

    status: str | None
    literals: npt.NDArray[np.int64]  # (L,) without the closing 0


def parse_solution(data: Data, name: str, clock: Clock) -> Solution:
    """Parse competition output (c, s and v lines), MiniSat's result file, or a bare list of literals."""
    status: str | None = None
    parts: list[npt.NDArray[np.int64]] = []
    closed = False
    for number, raw in lines_of(data, clock, "reading"):
        line = raw.strip()
        if not line or line[:1] == b"c":
            continue
        if line[:2] in (b"s ", b"s\t") or line in STATUSES:
            word = STATUSES.get(line[2:].strip() if line[:1] == b"s" else line)
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
        if numbers:
            parts.append(np.array(numbers, np.int64))
    return Solution(status, np.concatenate([np.empty(0, np.int64), *parts]))
