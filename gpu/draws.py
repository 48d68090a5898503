"""Random numbers by counting: the same integers on every device, from (seed, step, stream, index).

A draw is a hash of its address, so no state is kept, lanes need no generators of their own, and a kernel and
its slow twin agree exactly whatever order they run in. The hash is the 32-bit finaliser with the smallest
known bias of its form (Wellons, "Prospecting for hash functions", lowbias32).
"""

import numpy as np
from numpy.typing import NDArray

from turbosat.core.galois import FIRST_MULTIPLIER, SECOND_MULTIPLIER
from turbosat.core.galois import GOLDEN as GOLDEN
from turbosat.core.galois import STRIDE as STRIDE

MULTIPLIERS = (FIRST_MULTIPLIER, SECOND_MULTIPLIER)  # of the hash

# Streams keep decisions of one step apart that have equal indices.
STREAMS = (FLIP, TIE, LANE, ENTRY) = (0, 1, 2, 3)


def mix(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Hash uint32 (...)."""
    x = values ^ values >> np.uint32(16)
    x = x * np.uint32(MULTIPLIERS[0])
    x ^= x >> np.uint32(15)
    x = x * np.uint32(MULTIPLIERS[1])
    hashed: NDArray[np.uint32] = x ^ x >> np.uint32(16)
    return hashed


def step_keys(seed: int, first: int, count: int) -> NDArray[np.uint32]:
    """Return the keys of steps first, first + 1, ... for every stream, uint32 (count, streams)."""
    clock = np.arange(first, first + count, dtype=np.int64).astype(np.uint32)  # (count,)
    stream = np.arange(len(STREAMS), dtype=np.uint32)
    salt = np.array([seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF], np.uint32)
    steps = mix(mix(clock * np.uint32(GOLDEN) + salt[:1]) + salt[1:])
    return mix(steps[:, None] + (stream + np.uint32(1)) * np.uint32(STRIDE))


def bases(key: NDArray[np.uint32], index: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return what the draws at an index of one step and stream start from, uint32 (...)."""
    return mix(index.astype(np.uint32) * np.uint32(GOLDEN) + key)


def draw(base: NDArray[np.uint32], number: int) -> NDArray[np.uint32]:
    """Return draw 0, 1, ... of each base."""
    return mix(base + np.uint32(number * STRIDE & 0xFFFFFFFF))


def halves(seed: int) -> tuple[int, int]:
    """Return the low and the high 32 bits of a seed as the signed integers that kernels take."""
    low, high = np.array([seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF], np.uint32).view(np.int32).tolist()
    return low, high
