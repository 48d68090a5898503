"""An answer as the SAT Competition wants it: the `s` line, and the model as `v` lines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from turbosat.dimacs.digits import decimal, gap

WIDTH = 78  # characters of a `v` line at most; the SAT Competition allows 4,096
_BLOCK = 1 << 13  # lines made in one step


def value_lines(model: NDArray[np.int32]) -> Iterator[bytes]:
    r"""Yield the text of a model's `v` lines, the closing 0 included, in pieces of bounded size.

    All lines but the last hold as many literals as always fit.

    >>> b"".join(value_lines(np.array([1, -2], np.int32)))
    b'v 1 -2 0\n'
    """
    most = (WIDTH - len("v 0")) // len(f" -{model.size}")
    gaps = np.full(most * _BLOCK, gap(b" "))
    gaps[::most] = gap(b"\nv ")
    first = 1  # character: nothing stands before the first line
    for low in range(0, model.size, gaps.size):
        part = model[low : low + gaps.size]
        yield decimal(part, gaps[: part.size])[first:]
        first = 0
    yield b" 0\n" if model.size else b"v 0\n"
