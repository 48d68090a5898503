"""Rows of integers in flat arrays: checked, read-only."""

import itertools
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError

MAX_VARIABLE: Final = 2**29 - 1  # the largest that Kissat takes into its solver

Scalar = TypeVar("Scalar", bound=np.generic)


def frozen(array: NDArray[Any], dtype: type[Scalar], what: str) -> NDArray[Scalar]:
    """Return a one-dimensional array as a read-only array of `dtype`; copied if the caller could write it."""
    if not isinstance(array, np.ndarray) or array.ndim != 1:
        raise UsageError(f"expected {what} as a one-dimensional numpy array, found {_kind(array)}")
    if array.dtype != dtype:
        if dtype is np.bool_ or array.dtype.kind not in "iu":
            raise UsageError(f"expected {what} of type {np.dtype(dtype)}, found {array.dtype}")
        limits = np.iinfo(np.dtype(dtype).name)
        if array.size and (array.min() < limits.min or array.max() > limits.max):
            raise UsageError(f"expected {what} that fit {np.dtype(dtype)}, found {_extreme(array)}")
    result = np.array(array, dtype=dtype, copy=True if array.flags.writeable else None, order="C")
    result.setflags(write=False)
    return result


def frozen_offsets(offsets: NDArray[Any], size: int, what: str) -> NDArray[np.int64]:
    """Check offsets (rows + 1,) into a flat array of `size` elements and return them read-only."""
    result = frozen(offsets, np.int64, f"offsets of the {what}")
    if result.size == 0 or result[0] != 0 or result[-1] != size or (result[1:] < result[:-1]).any():
        raise UsageError(f"expected offsets of the {what} that rise from 0 to {size}")
    return result


def flatten(rows: Iterable[Iterable[int]], what: str) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Join rows of nonzero literals into int32 literals (literals,) and int64 offsets (rows + 1,)."""
    try:
        lists = [list(row) for row in rows]
    except TypeError as error:
        raise UsageError(f"expected {what} as an iterable of iterables of integers: {error}") from None
    offsets = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in lists], out=offsets[1:])
    flat = list(itertools.chain.from_iterable(lists))
    try:
        array: NDArray[Any] = np.array(flat) if flat else np.zeros(0, dtype=np.int32)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"expected integers in the {what}: {error}") from None
    if array.ndim != 1 or array.dtype.kind not in "iu":
        strangers = [x for x in flat if isinstance(x, bool) or not isinstance(x, (int, np.integer))]
        odd = strangers[0] if strangers else max(flat, key=abs)
        raise UsageError(f"expected integers between -{MAX_VARIABLE} and {MAX_VARIABLE}, found {odd!r:.80}")
    check_literals(array, what)
    return array.astype(np.int32), offsets


def check_literals(array: NDArray[Any], what: str) -> None:
    """Refuse literals that are 0 or beyond the largest variable."""
    if not array.size:
        return
    if array.min() < -MAX_VARIABLE or array.max() > MAX_VARIABLE:
        raise UsageError(f"expected variables up to {MAX_VARIABLE} in the {what}, found {_extreme(array)}")
    if (array == 0).any():
        raise UsageError(f"expected nonzero literals in the {what}, found 0")


def _extreme(array: NDArray[Any]) -> int:
    low, high = int(array.min()), int(array.max())
    return low if -low > high else high


def _kind(array: object) -> str:
    return f"shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__


def row_of(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of every element: offsets (rows + 1,) to int64 (flat,)."""
    return np.repeat(np.arange(offsets.size - 1, dtype=np.int64), np.diff(offsets))
