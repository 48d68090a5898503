"""A slow strict twin of the AIGER reader: token by token, with sets and recursion, from the report."""

import re

import numpy as np

from tests.encodings.circuit.circuit_cases import ints
from turbosat.encodings.circuit.aig import Aig

MOST = 2**29 - 1


class Wrong(Exception):
    """The file breaks a rule."""


class Text:
    """What is left of a file."""

    def __init__(self, data: bytes) -> None:
        self.left = data
        self.newline = b"\n"

    def line(self, low: int, high: int) -> list[int]:
        words, newline, self.left = self.left.partition(self.newline)
        if not newline or not re.fullmatch(rb"[0-9]{1,10}( [0-9]{1,10})*", words):
            raise Wrong
        numbers = [int(word) for word in words.split(b" ")]
        if not low <= len(numbers) <= high:
            raise Wrong
        return numbers

    def delta(self) -> int:
        total = 0
        for place in range(5):
            if not self.left:
                raise Wrong
            byte, self.left = self.left[0], self.left[1:]
            total |= (byte & 127) << 7 * place
            if byte < 128:
                return total
        raise Wrong


def need(condition: bool) -> None:
    if not condition:
        raise Wrong


def read(data: bytes) -> Aig:
    """Read a file, or raise Wrong."""
    text = Text(data)
    header = re.match(rb"(aag|aig)((?: [0-9]{1,20}){5,9})(\r?\n)", data)
    if header is None:
        raise Wrong
    binary, text.newline, text.left = header[1] == b"aig", header[3], data[header.end() :]
    numbers = [int(word) for word in header[2].split()]
    largest, inputs, latches, outputs, ands, bad, constraints, justice, fairness, *_ = [*numbers, 0, 0, 0, 0]
    defined = inputs + latches + ands
    need(largest <= MOST and (largest == defined if binary else largest >= defined))
    need(binary or len(data) > defined)  # else there cannot be so many lines
    own = list(range(2, 2 * inputs + 1, 2)) if binary else [text.line(1, 1)[0] for _ in range(inputs)]
    following, resets, rows = [], [], []
    for place in range(latches):
        first = [2 * (inputs + place + 1)] if binary else []
        latch, after, *rest = [*first, *text.line(2 - binary, 3 - binary)]
        own.append(latch)
        following.append(after)
        resets.append(rest[0] if rest else 0)
        need(resets[-1] in (0, 1, latch))
    parts = [[text.line(1, 1)[0] for _ in range(number)] for number in (outputs, bad, constraints)]
    sizes = [text.line(1, 1)[0] for _ in range(justice)]
    just = [[text.line(1, 1)[0] for _ in range(size)] for size in sizes]
    parts.append([text.line(1, 1)[0] for _ in range(fairness)])
    for place in range(ands):
        if binary:
            gate = 2 * (inputs + latches + place + 1)
            a = gate - text.delta()
            b = a - text.delta()
            need(gate > a >= b >= 0)
        else:
            gate, a, b = text.line(3, 3)
        own.append(gate)
        rows.append((a, b))
    need(all(literal >= 2 and literal % 2 == 0 and literal <= 2 * largest for literal in own))
    need(len(set(own)) == len(own))
    known = {0} | {literal >> 1 for literal in own}
    used = [following, *parts, *just, *map(list, rows)]
    need(all(literal >> 1 in known for part in used for literal in part))
    name = ordered(own, inputs + latches, rows)

    def renamed(literals: list[int]) -> list[int]:
        return [2 * name[literal >> 1] + literal % 2 for literal in literals]

    gates = {2 * name[own[inputs + latches + i] >> 1]: renamed(list(row)) for i, row in enumerate(rows)}
    symbols, comments, extended = tail(
        text, dict(zip("ilobcjf", (inputs, latches, outputs, *numbers[5:]), strict=False))
    )
    return Aig(
        inputs=inputs,
        ands=np.array([sorted(gates[g], reverse=True) for g in sorted(gates)], np.int32).reshape(-1, 2),
        next_state=ints(renamed(following)),
        reset=ints([reset if reset < 2 else renamed([reset])[0] for reset in resets]),
        outputs=ints(renamed(parts[0])),
        bad=ints(renamed(parts[1])),
        constraints=ints(renamed(parts[2])),
        justice=tuple(ints(renamed(each)) for each in just),
        fairness=ints(renamed(parts[3])),
        symbols=symbols,
        comments=comments,
        extended=extended,
    )


def ordered(own: list[int], leaves: int, rows: list[tuple[int, int]]) -> dict[int, int]:
    """Return new numbers by which gates stand behind their operands: as written, if they do already."""
    name = {0: 0, **{literal >> 1: place + 1 for place, literal in enumerate(own[:leaves])}}
    row_of = {own[leaves + i] >> 1: row for i, row in enumerate(rows)}
    open_now: set[int] = set()

    def visit(variable: int) -> None:
        if variable in name:
            return
        need(variable not in open_now)
        open_now.add(variable)
        for literal in row_of[variable]:
            visit(literal >> 1)
        name[variable] = len(name)

    for literal in own[leaves:]:
        visit(literal >> 1)
    return name


def tail(text: Text, counts: dict[str, int]) -> tuple[dict[tuple[str, int], bytes], bytes, bool]:
    """Read symbols and comments."""
    symbols: dict[tuple[str, int], bytes] = {}
    while text.left:
        if text.left[:1] == b"c" and not text.left[1:2].isdigit():
            rest = text.left[1:]
            for newline in {text.newline, b"\n"}:
                if rest.startswith(newline):
                    return symbols, rest[len(newline) :], False
            return symbols, rest, bool(rest)
        line, newline, rest = text.left.partition(b"\n")
        need(bool(newline))
        if text.newline == b"\r\n":
            need(line.endswith(b"\r"))
            line = line[:-1]
        match = re.fullmatch(rb"([ilobcjf])([0-9]{1,10}) (.*)", line, re.DOTALL)
        if match is None:
            raise Wrong
        key = match[1].decode(), int(match[2])
        need(key not in symbols and key[1] < counts.get(key[0], 0))
        symbols[key] = match[3]
        text.left = rest
    return symbols, b"", False
