"""Lines of DIMACS text by whole arrays: comments, x lines, carriage returns, and the rows they leave."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


class Rows:
    """Rows of literals, each ended by 0, collected in parts."""

    def __init__(self) -> None:
        self.count = 0  # of ended rows
        self.size = 0  # of literals
        self.largest = 0  # variable
        self.open = False  # a row has begun
        self._literals: list[NDArray[np.int32]] = []
        self._offsets: list[NDArray[np.int64]] = []

    def add(self, values: NDArray[np.int32]) -> None:
        """Add int32 values (any,) with 0 after every row; rows may go on from one part to the next."""
        if not values.size:
            return
        self.largest = max(self.largest, int(values.max()), -int(values.min()))
        inside = values != 0
        ends = np.flatnonzero(~inside)
        self._literals.append(np.compress(inside, values))
        self._offsets.append(ends + np.arange(self.size, self.size - ends.size, -1))
        self.count += ends.size
        self.size += values.size - ends.size
        self.open = bool(inside[-1])

    def arrays(self, check: Callable[[], None]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Join and release the parts: read-only literals (size,) and offsets (count + 1,)."""
        literals = np.empty(self.size, dtype=np.int32)
        offsets = np.zeros(self.count + 1, dtype=np.int64)
        end, last = literals.size, offsets.size
        while self._literals:
            part, bounds = self._literals.pop(), self._offsets.pop()
            literals[end - part.size : end] = part
            offsets[last - bounds.size : last] = bounds
            end, last = end - part.size, last - bounds.size
            check()
        literals.setflags(write=False)
        offsets.setflags(write=False)
        return literals, offsets


def blank_comments(text: NDArray[np.uint8], newlines: NDArray[np.int64]) -> None:
    """Overwrite every comment with blanks: from the first c of a line to its end.

    `newlines` are the places of the newlines and the length of the text. A c that may not start a comment
    stands behind something that is an error anyway.
    """
    places = np.flatnonzero(text == 0x63)
    if not places.size:
        return
    line = np.searchsorted(newlines, places)
    first = np.append(True, line[1:] != line[:-1])
    text[_inside(text.size, places[first], newlines[line[first]])] = 0x20


def blank_returns(text: NDArray[np.uint8]) -> bool:
    """Overwrite carriage returns before newlines with blanks; False if there are others."""
    places = np.flatnonzero(text == 0x0D)
    if places.size and (places[-1] + 1 == text.size or (text[places + 1] != 0x0A).any()):
        return False
    text[places] = 0x20
    return True


def xor_lines(
    text: NDArray[np.uint8], newlines: NDArray[np.int64], midline: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Find the x lines and overwrite their x with a blank: where they begin and end, each int64 (lines,).

    None if an x does not begin its line; `midline` says that the first line began before the text.
    """
    places = np.flatnonzero(text == 0x78)
    line = np.searchsorted(newlines, places)
    if places.size:
        words = np.flatnonzero(text > 0x20)
        begins = np.append(0, newlines[:-1] + 1)[line]
        if (midline and line[0] == 0) or (words[np.searchsorted(words, begins)] != places).any():
            return None
        text[places] = 0x20
    return places, newlines[line]


def split_xors(
    values: NDArray[np.int32],
    starts: NDArray[np.int64],
    lines: tuple[NDArray[np.int64], NDArray[np.int64]],
    open_clause: bool,
) -> tuple[NDArray[np.int32] | None, NDArray[np.int32] | None]:
    """Part the values (tokens,) of clauses from those of x lines, by the places of the tokens.

    None if an x line does not hold exactly one 0, at its end, or if a clause is open before it.
    """
    low, high = np.searchsorted(starts, lines[0]), np.searchsorted(starts, lines[1])  # (lines,) tokens
    zeros = np.append(0, np.cumsum(values == 0))  # (tokens + 1,)
    before = np.append(0 if not open_clause else 1, values)[low]  # (lines,) the token before each line
    if (high == low).any() or values[high - 1].any() or (zeros[high] - zeros[low] != 1).any() or before.any():
        return None, None
    inside = _inside(values.size, low, high)
    return values[~inside], values[inside]


def _inside(size: int, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the elements from starts to ends, disjoint ranges: bool (size,)."""
    step = np.zeros(size + 1, dtype=np.int8)
    step[starts] = 1
    np.subtract.at(step, ends, 1)  # one range may start where another ends
    return np.cumsum(step[:-1], dtype=np.int8).view(np.bool_)
