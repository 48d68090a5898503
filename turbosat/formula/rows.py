"""Rows of integers in flat arrays: checked, read-only."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError
from turbosat.validation import MAX_VARIABLE, kind, shown

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


def flatten(rows: Iterable[Iterable[int]], one: str) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Join rows of nonzero literals into int32 literals (literals,) and int64 offsets (rows + 1,).

    `one` is what a row is called: UsageError says which is none, and why.
    """
    lists: list[Sequence[Any]] = []
    for number, row in enumerate(_elements(rows, f"{one}s", "an iterable of iterables of integers"), 1):
        if type(row) is list or type(row) is tuple:
            lists.append(row)
        elif isinstance(row, np.ndarray) and row.ndim == 1 and row.dtype.kind in "iu":
            lists.append(row.tolist())
        else:
            lists.append(list(_elements(row, f"{one} {number}", "an iterable of integers")))
    offsets = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in lists], out=offsets[1:])
    flat = list(itertools.chain.from_iterable(lists))

    def place(index: int) -> str:
        return f"{one} {int(np.searchsorted(offsets, index, side='right'))}"

    return _literals(flat, place), offsets


def literals(values: Iterable[int], one: str) -> NDArray[np.int32]:
    """Return nonzero literals as int32 (literals,); UsageError says which of them is none."""
    flat = list(_elements(values, f"{one}s", "an iterable of integers"))
    return _literals(flat, lambda index: f"{one} {index + 1}")


def _elements(values: Any, where: str, wanted: str) -> Iterator[Any]:
    """Return an iterator over what may hold rows or literals: texts, bytes and mappings hold none."""
    if not isinstance(values, str | bytes | bytearray | memoryview | Mapping):
        with suppress(TypeError):
            return iter(values)
    raise UsageError(f"expected {where} as {wanted}, found {shown(values)} ({kind(values)})")


def _literals(flat: list[Any], place: Callable[[int], str]) -> NDArray[np.int32]:
    """Return a list of nonzero literals as int32; `place` says where an index of it is."""
    kinds = set(map(type, flat))
    strange = {each for each in kinds if not _integral(each)}
    if strange:
        index = next(index for index, value in enumerate(flat) if type(value) in strange)
        found = f"{shown(flat[index])} ({kind(flat[index])})"
        raise UsageError(f"expected integers in {place(index)}, found {found}")
    if any(issubclass(each, np.integer) for each in kinds):
        flat = list(map(int, flat))  # numpy finds no integer type for some mixtures of its own
    try:
        array = np.array(flat, dtype=np.int64)
    except OverflowError:
        odd = [not -MAX_VARIABLE <= value <= MAX_VARIABLE for value in flat]
    else:
        wrong = (array == 0) | (array < -MAX_VARIABLE) | (array > MAX_VARIABLE)
        if not wrong.any():
            return array.astype(np.int32)
        odd = wrong.tolist()
    index = odd.index(True)
    wanted = "nonzero literals" if flat[index] == 0 else f"variables up to {MAX_VARIABLE}"
    raise UsageError(f"expected {wanted} in {place(index)}, found {shown(flat[index])}")


def _integral(each: type) -> bool:
    """Whether values of a type are integers: a truth value is none, nor is a span of time."""
    return issubclass(each, int | np.integer) and not issubclass(each, bool | np.timedelta64)


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
    return f"shape {array.shape}" if isinstance(array, np.ndarray) else kind(array)


def row_of(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of every element: offsets (rows + 1,) to int64 (flat,)."""
    return np.repeat(np.arange(offsets.size - 1, dtype=np.int64), np.diff(offsets))


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


def sorted_rows(flat: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Sort the elements of each row, none of them negative: (flat,), offsets (rows + 1,)."""
    keys = np.sort(row_of(offsets) << 32 | flat)
    return (keys & 0xFFFFFFFF).astype(np.int32)


def mixed(flat: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return hashes of elements, none of them negative, uint64 of the same shape: sums are hashes of sets."""
    words = (flat.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    return words


def repeats(
    flat: NDArray[np.int32], offsets: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which rows (rows,) are the same as an earlier one: sorted elements, and labels (rows,) >= 0."""
    lengths = np.diff(offsets)
    sums = np.append(np.uint64(0), np.cumsum(mixed(flat), dtype=np.uint64))
    hashes = sums[offsets[1:]] - sums[offsets[:-1]]
    hashes ^= labels.astype(np.uint64) * np.uint64(0x94D049BB133111EB)
    order = np.argsort(hashes, kind="stable")
    # Rows that may be equal are neighbours now, and are compared in full.
    before, after = order[:-1], order[1:]
    same = hashes[before] == hashes[after]
    same &= (lengths[before] == lengths[after]) & (labels[before] == labels[after])
    before, after = before[same], after[same]
    sizes = lengths[after]
    places = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    differ = (
        flat[places + np.repeat(offsets[before], sizes)] != flat[places + np.repeat(offsets[after], sizes)]
    )
    unlike = np.bincount(np.repeat(np.arange(sizes.size), sizes)[differ], minlength=sizes.size) > 0
    result = np.zeros(lengths.size, np.bool_)
    result[after[~unlike]] = True
    return result
