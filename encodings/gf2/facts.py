"""What a reduced system says at once: constants, equal variables, short XORs; in columns from 0."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gf2 as kernels
from turbosat.core.gf2 import END, FACTS, PLACE, TRIPLES
from turbosat.encodings.gf2.reduction import SLICE, Reduction
from turbosat.encodings.propagation import blocks

ALL_TRIPLES: Final = 1000  # columns up to which every XOR of three is found
LOOKUPS: Final = 2_000_000  # beyond that


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts in columns; a sign is 1 where the value is true, or where two columns differ."""

    units: NDArray[np.int64]  # (n,), rising
    unit_signs: NDArray[np.uint8]  # (n,)
    leaders: NDArray[np.int64]  # (n,), none of them in `members`
    members: NDArray[np.int64]  # (n,), rising
    member_signs: NDArray[np.uint8]  # (n,)
    short: NDArray[np.int64]  # (n, 4), columns of an XOR, the last is -1 for three
    short_parities: NDArray[np.uint8]  # (n,)


def facts_of(reduction: Reduction, most_short: int, check: Callable[[], None]) -> Facts:
    """Collect facts; all units and equal columns if the reduction is complete."""
    leader, sign, rows = _substituted(reduction, check)
    check()
    if not reduction.complete:
        units = np.flatnonzero(leader < 0)
        members = np.flatnonzero((leader >= 0) & (leader != np.arange(leader.size)))
        return Facts(
            *(units, sign[units], leader[members], members, sign[members]),
            *(rows[:most_short, :4], rows[:most_short, 4].astype(np.uint8)),
        )
    pivots, free, constants, masks = (
        reduction.pivots,
        reduction.free,
        reduction.constants,
        reduction.masks,
    )
    bits = np.empty((pivots.size, 4), np.int64)
    step = max(1, SLICE // max(1, masks.shape[1]))
    for begin, end in blocks(pivots.size, step, check):
        kernels.few_bits(masks, bits, begin, end)
    units = np.flatnonzero(bits[:, 3] == 0)
    equal = np.flatnonzero(bits[:, 3] == 1)
    long = np.flatnonzero(bits[:, 3] >= 2)
    order = long[np.argsort(reduction.hashes[long], kind="stable")]
    first = np.arange(pivots.size)  # of the pivots with this mask
    for begin, end in blocks(order.size, step, check):
        kernels.equal_masks(order, reduction.hashes, masks, first, begin, end)
    same = np.flatnonzero(first != np.arange(pivots.size))
    led = np.concatenate([equal, same])
    leaders = np.concatenate([free[bits[equal, 0]], pivots[first[same]]])
    signs = constants[led].copy()
    signs[equal.size :] ^= constants[first[same]]
    by_column = np.argsort(pivots[led])
    alone = long[first[long] == long]
    short = [_near(reduction, bits, alone), *_triples(reduction, alone, most_short, check), rows]
    found = np.concatenate(short)
    return Facts(
        *(pivots[units], constants[units]),
        *(leaders[by_column], pivots[led][by_column], signs[by_column]),
        *(found[:, :4], found[:, 4].astype(np.uint8)),
    )


def _substituted(
    reduction: Reduction, check: Callable[[], None]
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Return each column's leader or -1, its sign, and short rows (n, 5), without masks."""
    state, rank = reduction.system.state, reduction.system.rank
    leader = np.arange(state.counts.size)
    sign = np.zeros(leader.size, np.uint8)
    odd = np.zeros(leader.size, np.uint8)
    short = np.empty((rank, 5), np.int64)
    touched = np.zeros(state.size.size, np.bool_)
    touched[state.log[: reduction.system.additions, 0]] = True
    progress = np.zeros(kernels.PROGRESS, np.int64)
    progress[END] = rank
    while not kernels.represent(state, touched, odd, leader, sign, short, progress, SLICE):
        check()
    return leader, sign, short[: progress[FACTS]]


def _near(reduction: Reduction, bits: NDArray[np.int64], alone: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pivots that are the sum of two or three free columns as short rows (n, 5)."""
    found = alone[bits[alone, 3] <= 3]
    rows = np.full((found.size, 5), -1, np.int64)
    rows[:, 0] = reduction.pivots[found]
    rows[:, 1:3] = reduction.free[bits[found, :2]]
    three = bits[found, 3] == 3
    rows[three, 3] = reduction.free[bits[found[three], 2]]
    rows[:, 4] = reduction.constants[found]
    return rows


def _triples(
    reduction: Reduction, alone: NDArray[np.int64], most: int, check: Callable[[], None]
) -> list[NDArray[np.int64]]:
    """Return XORs of three columns as short rows (n, 5): all of a small system, in a large one the nearest.

    Of a large system: pivots whose sums differ in one free column.
    """
    kernel = reduction.free.size
    places = np.concatenate([-1 - np.arange(kernel), alone])  # what the kernels number from 0
    sums = np.concatenate([reduction.words, reduction.hashes[alone]])
    order = np.argsort(sums, kind="stable")
    triple = np.empty((4 * most, 3), np.int64)
    small = places.size <= ALL_TRIPLES
    search = kernels.triples if small else kernels.neighbours
    progress, lookups = np.zeros(kernels.SEARCH, np.int64), 0
    while (
        progress[PLACE] < places.size and progress[TRIPLES] < triple.shape[0] and (small or lookups < LOOKUPS)
    ):
        search(sums, order, places, reduction.masks, progress, LOOKUPS // 4, triple)
        lookups += LOOKUPS // 4
        check()
    found = int(progress[TRIPLES])
    columns = np.concatenate([reduction.free, reduction.pivots[alone]])
    constants = np.concatenate([np.zeros(kernel, np.uint8), reduction.constants[alone]])
    rows = np.full((found, 5), -1, np.int64)
    rows[:, :3] = columns[triple[:found]]
    rows[:, 4] = np.bitwise_xor.reduce(constants[triple[:found]], axis=1)
    return [rows]
