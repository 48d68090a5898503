"""The DIMACS writer: rows of literals to text, by whole arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.dimacs.plain import literals_a_line

_SIGN = np.uint32(ord("-") << 24)  # in the last of the four bytes before the digits
_GROUP = np.uint32(10_000)
_BLOCK: Final = 1 << 15  # numbers formatted in one step
_LINES = 1 << 13  # lines made in one step


def gap(text: bytes) -> np.uint32:
    """Return what stands between two numbers, at most three characters, as `decimal` takes it."""
    return np.uint32(int.from_bytes(text, "little"))


def decimal(numbers: NDArray[np.int32], gaps: NDArray[np.uint32]) -> bytes:
    r"""Format numbers (n,), each behind its gap, uint32 (n,).

    >>> decimal(np.array([1, -20304, 0], np.int32), np.repeat(gap(b", "), 3))
    b', 1, -20304, 0'
    """
    lowest, others = _tables()
    rest = np.abs(numbers).view(np.uint32)
    words = (len(str(rest.max(initial=0))) + 3) // 4
    text = np.empty((rest.size, 1 + words), "<u4")  # four characters a word; what is 0 is left out
    np.bitwise_or(gaps, (numbers < 0) * _SIGN, out=text[:, 0])
    for place in range(words, 0, -1):
        higher = rest // _GROUP
        index = rest - higher * _GROUP + (higher > 0) * _GROUP
        text[:, place] = (lowest if place == words else others).take(index.astype(np.intp), mode="clip")
        rest = higher
    return text.tobytes().translate(None, b"\0")


@cache
def _tables() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the text of 0 to 9999 without leading zeros, and then with them.

    The second table is for digits that are not the last ones of a number: there 0 is no text at all.
    """
    numbers = np.arange(_GROUP)
    padded = (numbers[:, None] // (1000, 100, 10, 1) % 10 + ord("0")).astype(np.uint8)  # (10000, 4)
    short = np.where(numbers[:, None] < (1000, 100, 10, 0), 0, padded).astype(np.uint8)
    lowest = np.concatenate([short, padded]).view("<u4").ravel()
    others = lowest.copy()
    others[0] = 0
    return lowest, others


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


def value_lines(model: NDArray[np.int32]) -> Iterator[bytes]:
    r"""Yield the text of a model's `v` lines, the closing 0 included, in pieces of bounded size.

    All lines but the last hold as many literals as always fit.

    >>> b"".join(value_lines(np.array([1, -2], np.int32)))
    b'v 1 -2 0\n'
    """
    most = literals_a_line(model.size)
    gaps = np.full(most * _LINES, gap(b" "))
    gaps[::most] = gap(b"\nv ")
    first = 1  # character: nothing stands before the first line
    for low in range(0, model.size, gaps.size):
        part = model[low : low + gaps.size]
        yield decimal(part, gaps[: part.size])[first:]
        first = 0
    yield b" 0\n" if model.size else b"v 0\n"
