"""Integers to decimal text, by whole arrays: four digits in one look-up."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_SIGN = np.uint32(ord("-") << 24)  # in the last of the four bytes before the digits
_GROUP = np.uint32(10_000)


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
