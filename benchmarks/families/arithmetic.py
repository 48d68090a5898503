"""Adders and multipliers as circuits: ripple carry, array, Wallace tree; comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from turbosat.benchmarks.families.circuit import FALSE, TRUE, Circuit, Word


def add(circuit: Circuit, x: Sequence[int], y: Sequence[int], carry: int = FALSE) -> Word:
    """Return x + y by ripple carry, one bit longer than the longer."""
    width = max(len(x), len(y))
    total = []
    for a, b in zip(padded(x, width), padded(y, width), strict=True):
        total.append(circuit.xor3(a, b, carry))
        carry = circuit.majority(a, b, carry)
    return [*total, carry]


def padded(word: Sequence[int], width: int) -> Word:
    """Return the word with zeros above."""
    return [*word, *[FALSE] * (width - len(word))]


def constant(value: int, width: int) -> Word:
    """Return a number as literals."""
    return [TRUE if value >> place & 1 else FALSE for place in range(width)]


def array_multiplier(circuit: Circuit, x: Sequence[int], y: Sequence[int]) -> Word:
    """Return x * y, (x + y bits): a row of ripple-carry adders for each bit of y, one below the other."""
    total: Word = []
    for place, bit in enumerate(y):
        row = [circuit.conjunction(bit, other) for other in x]
        total = [*total[:place], *add(circuit, padded(total[place:], len(x)), row)]
    return total[: len(x) + len(y)]


def wallace_multiplier(circuit: Circuit, x: Sequence[int], y: Sequence[int]) -> Word:
    """Return x * y, (x + y bits): a tree of carry-save adders, then one ripple-carry adder.

    Source: Wallace: A Suggestion for a Fast Multiplier, IEEE Trans. Electronic Computers 1964.
    """
    width = len(x) + len(y)
    columns: list[Word] = [[] for _ in range(width + 1)]
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            columns[i + j].append(circuit.conjunction(a, b))
    while max(map(len, columns)) > 2:
        following: list[Word] = [[] for _ in range(width + 1)]
        for place, column in enumerate(columns[:width]):
            while len(column) >= 3:
                a, b, c, *column = column
                following[place].append(circuit.xor3(a, b, c))
                following[place + 1].append(circuit.majority(a, b, c))
            if len(column) == 2 and len(columns[place]) > 2:
                following[place].append(circuit.xor(*column))
                following[place + 1].append(circuit.conjunction(*column))
            else:
                following[place] += column
        columns = following
    first = [column[0] if column else FALSE for column in columns[:width]]
    second = [column[1] if len(column) > 1 else FALSE for column in columns[:width]]
    return add(circuit, first, second)[:width]


def less_or_equal(circuit: Circuit, x: Sequence[int], y: Sequence[int]) -> int:
    """Return whether x is at most y."""
    width = max(len(x), len(y))
    found = TRUE
    for a, b in zip(padded(x, width), padded(y, width), strict=True):
        found = circuit.majority(a ^ 1, b, found)
    return found


def equals(word: Sequence[int], value: int) -> Word:
    """Return the literals that are all true where the word is that number."""
    return [literal ^ 1 ^ (value >> place & 1) for place, literal in enumerate(word)]


def bits(value: int, width: int) -> list[int]:
    """Return the bits of a number, the lowest first."""
    return [value >> place & 1 for place in range(width)]


MULTIPLIERS: Final[dict[str, Callable[[Circuit, Sequence[int], Sequence[int]], Word]]] = {
    "array": array_multiplier,
    "wallace": wallace_multiplier,
}
