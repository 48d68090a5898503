"""AIGER circuits: the readers of both formats.

Source: Biere, Heljanko, Wieringa: AIGER 1.9 And Beyond, 2011.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import InputError

Ints = NDArray[np.int64]


def _none() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Aiger:
    """A circuit; literals are 2 * variable, plus 1 for the negation, 0 is false.

    `latches` (latches, 3) are literal, next state, reset: 0, 1, or the literal itself where it is free;
    `ands` (gates, 3) are output and inputs.
    """

    variables: int
    inputs: Ints
    latches: Ints
    ands: Ints
    outputs: Ints = field(default_factory=_none)
    bad: Ints = field(default_factory=_none)
    constraints: Ints = field(default_factory=_none)

    @property
    def properties(self) -> Ints:
        """What must never be true: the bad states, or, in files from before AIGER 1.9, the outputs."""
        return self.bad if self.bad.size else self.outputs


def read_aiger(path: str | os.PathLike[str]) -> Aiger:
    """Read an .aag or .aig file, as its first word says. InputError says FILE:LINE and what is wrong."""
    data = Path(path).read_bytes()
    lines = _Lines(data, os.fsdecode(path))
    words = lines.words()
    if not words or words[0] not in ("aag", "aig") or not 6 <= len(words) <= 10:
        raise lines.error("expected a header: aag or aig, then M I L O A and up to B C J F")
    numbers = [lines.number(word) for word in words[1:]]
    variables, inputs, latches, outputs, ands, bad, constraints, justice, fairness = numbers + [0] * (
        9 - len(numbers)
    )
    if variables < inputs + latches + ands:
        raise lines.error(f"expected at least {inputs + latches + ands} variables, found {variables}")
    if justice or fairness:
        raise lines.error("justice and fairness are not read: this is a safety checker's input")
    binary = words[0] == "aig"
    if binary and variables != inputs + latches + ands:
        raise lines.error(f"expected {inputs + latches + ands} variables, found {variables}")
    top = 2 * variables + 1
    in_literals = 2 + 2 * np.arange(inputs) if binary else lines.table(inputs, 1, top).ravel()
    rows = []
    for index in range(latches):
        literal = [2 * (inputs + index + 1)] if binary else []
        row = literal + [lines.number(word, top) for word in lines.words()]
        if len(row) == 2:
            row.append(0)
        if len(row) != 3 or row[2] not in (0, 1, row[0]):
            raise lines.error("expected a latch: its next state and perhaps its reset 0, 1 or itself")
        rows.append(row)
    state = np.array(rows, np.int64).reshape(-1, 3)
    out_literals = lines.table(outputs, 1, top).ravel()
    bad_literals = lines.table(bad, 1, top).ravel()
    constraint_literals = lines.table(constraints, 1, top).ravel()
    gates = lines.deltas(inputs + latches, ands) if binary else lines.table(ands, 3, top)
    defined = np.concatenate([in_literals, state[:, 0], gates[:, 0]])
    if (defined & 1).any() or (defined == 0).any() or np.unique(defined).size != defined.size:
        raise lines.error("an input, a latch or a gate is negated or defined twice")
    return Aiger(variables, in_literals, state, gates, out_literals, bad_literals, constraint_literals)


class _Lines:
    """The file being read: a place in its bytes, and the line it is on."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name = data, name
        self.place, self.line = 0, 0

    def error(self, message: str) -> InputError:
        return InputError(self.name, self.line, message)

    def words(self) -> list[str]:
        """Return the words of the next line."""
        self.line += 1
        end = self.data.find(b"\n", self.place)
        if end < 0:
            raise self.error("expected another line, found the end of the file")
        text = self.data[self.place : end].decode("latin-1")
        self.place = end + 1
        return text.split()

    def number(self, word: str, highest: int | None = None) -> int:
        if not (word.isascii() and word.isdigit()):
            raise self.error(f"expected a number, found {word!r:.40}")
        value = int(word)
        if highest is not None and value > highest:
            raise self.error(f"expected a literal up to {highest}, found {value}")
        return value

    def table(self, rows: int, width: int, highest: int) -> Ints:
        """Return that many lines of numbers (rows, width)."""
        found = []
        for _ in range(rows):
            words = self.words()
            if len(words) != width:
                raise self.error(f"expected {width} numbers in a line, found {len(words)}")
            found.append([self.number(word, highest) for word in words])
        return np.array(found, np.int64).reshape(-1, width)

    def deltas(self, below: int, gates: int) -> Ints:
        """Return the gates (gates, 3) of the binary format: two differences each, seven bits a byte."""
        values = self._varints(2 * gates).reshape(-1, 2)
        outputs = 2 * (below + 1 + np.arange(gates))
        first = outputs - values[:, 0]
        second = first - values[:, 1]
        if (values[:, 0] == 0).any() or (second < 0).any():
            raise self.error("a gate does not come after its inputs")
        return np.stack([outputs, first, second], axis=1)

    def _varints(self, count: int) -> Ints:
        data = np.frombuffer(self.data, np.uint8, offset=self.place)
        ends = np.flatnonzero(data < 128)[:count]
        if ends.size < count:
            raise self.error("expected more gates, found the end of the file")
        if not count:
            return _none()
        used = data[: ends[-1] + 1]
        starts = np.concatenate([[0], ends[:-1] + 1])
        if (ends - starts >= 5).any():
            raise self.error("a difference of more than 32 bits")
        shifts = np.arange(used.size) - np.repeat(starts, ends - starts + 1)
        parts = (used.astype(np.int64) & 127) << (7 * shifts)
        return np.add.reduceat(parts, starts)
