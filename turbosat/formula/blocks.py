"""Rows of flat arrays, a block at a time: memory is bounded, and somebody may look at the clock."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def nothing() -> None:
    """Check nothing: what is called between blocks where nobody looks at a clock."""


def blocks(offsets: NDArray[np.int64], size: int) -> Iterator[tuple[int, int]]:
    """Cut rows, offsets (rows + 1,), into ranges of about `size` elements, at least one row each."""
    low, last = 0, offsets.size - 1
    while low < last:
        high = int(np.searchsorted(offsets, offsets[low] + size, side="right")) - 1
        high = min(max(high, low + 1), last, low + max(size, 1))
        yield low, high
        low = high
