"""Rows of different lengths in flat arrays: sorted within, told apart."""

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.rows import row_of


def sorted_rows(flat: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Sort the elements of each row, none of them negative: (flat,), offsets (rows + 1,)."""
    keys = np.sort(row_of(offsets) << 32 | flat)
    return (keys & 0xFFFFFFFF).astype(np.int32)


def repeats(
    flat: NDArray[np.int32], offsets: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which rows (rows,) are the same as an earlier one: sorted elements, and labels (rows,) >= 0."""
    lengths = np.diff(offsets)
    words = (flat.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    sums = np.append(np.uint64(0), np.cumsum(words, dtype=np.uint64))
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
