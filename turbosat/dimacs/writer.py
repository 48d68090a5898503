"""The DIMACS writer: rows of literals to text, by whole arrays."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.dimacs.digits import decimal, gap

_BLOCK: Final = 1 << 15  # numbers formatted in one step


def header(variables: int, constraints: int, comments: Iterable[str] = ()) -> bytes:
    """Return comment lines and the header."""
    lines = [f"c {line}".rstrip() for comment in comments for line in comment.splitlines() or [""]]
    lines.append(f"p cnf {variables} {constraints}")
    return "".join(f"{line}\n" for line in lines).encode()


def rows(literals: NDArray[np.int32], offsets: NDArray[np.int64], mark: bytes = b"") -> Iterator[bytes]:
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
