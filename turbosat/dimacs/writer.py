"""The DIMACS writer: a Formula to text, by whole arrays."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.dimacs.digits import decimal, gap
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors

_BLOCK: Final = 1 << 15  # numbers formatted in one step


def write(
    formula: Formula,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    comments: Iterable[str] = (),
    check: Callable[[], None] | None = None,
) -> None:
    """Write DIMACS to a path or a binary file, after comment lines; OSError if that fails.

    XORs become x lines and count as clauses in the header. `check` is called now and then, and may raise.
    """
    if isinstance(target, (str, bytes, os.PathLike)):
        with open(target, "wb") as file:
            write(formula, file, comments=comments, check=check)
        return
    for block in _blocks(formula, comments):
        if check is not None:
            check()
        target.write(block)


def dumps(formula: Formula) -> bytes:
    """Return the DIMACS text of a formula, as `write` writes it."""
    return b"".join(_blocks(formula, ()))


def _blocks(formula: Formula, comments: Iterable[str]) -> Iterator[bytes]:
    lines = [f"c {line}".rstrip() for comment in comments for line in comment.splitlines() or [""]]
    lines.append(f"p cnf {formula.variables} {formula.clauses + len(formula.xors)}")
    yield "".join(f"{line}\n" for line in lines).encode()
    yield from _rows(formula.literals, formula.offsets)
    yield from xor_lines(formula.xors, filler=bool(formula.variables))


def xor_lines(xors: Xors, *, filler: bool) -> Iterator[bytes]:
    """Yield x lines; a row of no variables and parity 0 needs `filler`, some variable, or is left out."""
    yield from _rows(*xors.written(filler=filler), b"x")


def _rows(literals: NDArray[np.int32], offsets: NDArray[np.int64], mark: bytes = b"") -> Iterator[bytes]:
    """Format rows of literals (literals,), offsets (rows + 1,): each a mark, literals, 0 and a newline."""
    ends = offsets[1:] + np.arange(offsets.size - 1)  # (rows,) places of the zeros among all numbers
    before = gap(mark)
    for low in range(0, literals.size + ends.size, _BLOCK):
        high = min(low + _BLOCK, literals.size + ends.size)
        first, last = np.searchsorted(ends, (low, high))
        zeros = ends[first:last] - low
        numbers = np.zeros(high - low, dtype=np.int32)
        inside = np.ones(high - low, dtype=np.bool_)
        inside[zeros] = False
        numbers[inside] = literals[low - first : high - last]
        yield decimal(numbers, _gaps(inside, before, mark))
        before = gap(b" " if inside[-1] else b"\n" + mark)
    if ends.size:
        yield b"\n"


def format_numbers(numbers: NDArray[np.int32], zeros: NDArray[np.int64]) -> bytes:
    """Format numbers (numbers,), with a newline after those at `zeros` and the last, a blank after others."""
    inside = np.ones(numbers.size, dtype=np.bool_)
    inside[zeros] = False
    return decimal(numbers, _gaps(inside, gap(b""), b"")) + b"\n"


def _gaps(inside: NDArray[np.bool_], first: np.uint32, mark: bytes) -> NDArray[np.uint32]:
    """Return the first gap, then a blank after every number inside a row, else a newline and a mark."""
    gaps = np.empty(inside.size, np.uint32)
    gaps[:1] = first
    gaps[1:] = np.where(inside[:-1], gap(b" "), gap(b"\n" + mark))
    return gaps
