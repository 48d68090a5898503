"""The DIMACS writer: a Formula to text, by whole arrays."""

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.formula import Formula
from turbosat.xors import Xors

_BLOCK: Final = 1 << 15  # numbers formatted in one step
_POWERS: Final = 10 ** np.arange(1, 10, dtype=np.int32)


def write(
    formula: Formula, target: str | os.PathLike[str] | BinaryIO, *, comments: Iterable[str] = ()
) -> None:
    """Write DIMACS to a path or a binary file, after comment lines; OSError if that fails.

    XORs become x lines and count as clauses in the header.
    """
    if isinstance(target, (str, bytes, os.PathLike)):
        with open(target, "wb") as file:
            write(formula, file, comments=comments)
        return
    for block in _blocks(formula, comments):
        target.write(block)


def dumps(formula: Formula) -> bytes:
    """Return the DIMACS text of a formula, as `write` writes it."""
    return b"".join(_blocks(formula, ()))


def _blocks(formula: Formula, comments: Iterable[str]) -> Iterator[bytes]:
    lines = [f"c {line}".rstrip() for comment in comments for line in comment.splitlines() or [""]]
    lines.append(f"p cnf {formula.variables} {formula.clauses + len(formula.xors)}")
    yield "".join(f"{line}\n" for line in lines).encode()
    yield from _rows(formula.literals, formula.offsets)
    yield xor_lines(formula.xors, filler=bool(formula.variables))


def _rows(literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> Iterator[bytes]:
    """Format rows of literals (literals,) with a 0 and a newline after each, offsets (rows + 1,)."""
    ends = offsets[1:] + np.arange(offsets.size - 1)  # (rows,) places of the zeros among all numbers
    for low in range(0, literals.size + ends.size, _BLOCK):
        high = min(low + _BLOCK, literals.size + ends.size)
        first, last = np.searchsorted(ends, (low, high))
        zeros = ends[first:last] - low
        numbers = np.zeros(high - low, dtype=np.int32)
        inside = np.ones(high - low, dtype=np.bool_)
        inside[zeros] = False
        numbers[inside] = literals[low - first : high - last]
        yield format_numbers(numbers, zeros)


def format_numbers(numbers: NDArray[np.int32], zeros: NDArray[np.int64]) -> bytes:
    """Format numbers (numbers,), with a newline after those at `zeros` and a blank after the others."""
    rest = np.abs(numbers)
    digits = np.ones(numbers.size, dtype=np.int64)
    for power in _POWERS[: np.searchsorted(_POWERS, rest.max(), side="right")]:
        digits += rest >= power
    ends = np.cumsum(digits + (numbers < 0) + 1)  # (numbers,) places after the separator
    text = np.full(int(ends[-1]), 0x2D, dtype=np.uint8)  # a sign wherever nothing else is written
    text[ends - 1] = 0x20
    text[ends[zeros] - 1] = 0x0A
    places = ends - 2
    while rest.size:
        quotient = rest // 10
        text[places] = rest - 10 * quotient + 0x30
        more = quotient > 0
        rest, places = quotient[more], places[more] - 1
    return text.tobytes()


def xor_lines(xors: Xors, *, filler: bool) -> bytes:
    """Return x lines; a row of no variables and parity 0 needs `filler`, some variable, or is left out."""
    literals, offsets = xors.written(filler=filler)
    rows = b"".join(_rows(literals, offsets))
    return b"x" + rows[:-1].replace(b"\n", b"\nx") + b"\n" if rows else b""
