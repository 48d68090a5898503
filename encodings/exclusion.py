"""Literals that exclude each other, and cliques of them: at-most-one constraints in clauses.

Two literals exclude each other if a clause of two says so, or if a chain of such clauses does. The cliques
also cover encodings with auxiliary variables: in a sequential counter x2, s1 and the negation of s2 exclude
each other, so x2 + s1 <= s2, and the sum of these is what the counter says of all x.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE: Final = 2048  # pairs that are looked at to see whether there may be cliques,
PARTNERS: Final = 8  # with so many partners of each,
SHARE: Final = 1 / 32  # and the part of them that must be in a clique of three
TRIED: Final = 8  # literals compared for the next place in a clique

ENTRY: Final = 10  # steps for an entry of a set: it takes 50 bytes or more, too

Neighbours = list[set[int]]


class Exhausted(Exception):
    """The effort that was granted is spent."""


class Effort:
    """So many steps, about 30 ns each: the same on every machine."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Count steps. Raises Exhausted when there are none left."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted


def pairs_of(codes: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the literals that clauses of two say exclude each other, int32 (pairs, 2)."""
    first = offsets[:-1][np.diff(offsets) == 2]
    return np.stack([codes[first], codes[first + 1]], axis=1) ^ 1


def likely(pairs: NDArray[np.int32], literals: int) -> bool:
    """Say from a sample whether many of the pairs are parts of cliques of three or more."""
    if len(pairs) < 3:
        return False
    chosen = pairs[np.linspace(0, len(pairs) - 1, min(SAMPLE, len(pairs))).astype(np.int64)].astype(np.int64)
    seen = np.zeros(literals, np.bool_)
    seen[chosen] = True
    both = [one_way[seen[one_way[:, 0]]] for one_way in (pairs, pairs[:, ::-1])]  # these literals' partners
    keys = np.concatenate([part[:, 0].astype(np.int64) * literals + part[:, 1] for part in both])
    keys.sort()
    starts = np.searchsorted(keys, chosen * literals)
    degrees = np.searchsorted(keys, (chosen + 1) * literals) - starts  # (sample, 2)
    rarer = degrees.argmin(axis=1)[:, None]
    least, first = (np.take_along_axis(each, rarer, axis=1) for each in (degrees, starts))
    other = np.take_along_axis(chosen, 1 - rarer, axis=1)
    steps = np.arange(PARTNERS)[None, :]
    places = np.minimum(first + steps, keys.size - 1)
    wanted = other * literals + keys[places] % literals  # (sample, PARTNERS)
    found = keys[np.minimum(np.searchsorted(keys, wanted), keys.size - 1)] == wanted
    return bool((found & (steps < least)).any(axis=1).mean() >= SHARE)


def neighbours_of(pairs: NDArray[np.int32], literals: int, effort: Effort) -> Neighbours:
    """Return which literals each excludes."""
    effort.spend(2 * ENTRY * len(pairs))
    lists: Neighbours = [set() for _ in range(literals)]
    for a, b in pairs.tolist():
        lists[a].add(b)
        lists[b].add(a)
    return lists


def closed(neighbours: Neighbours, effort: Effort) -> Neighbours:
    """Return which literals each excludes by chains: a excludes b if it implies what excludes b.

    A literal that excludes itself is left as it was: it is false, which unit propagation will find elsewhere.
    """
    result: Neighbours = []
    for literal, direct in enumerate(neighbours):
        reached, fresh = set(direct), list(direct)
        while fresh:
            more = neighbours[fresh.pop() ^ 1]  # what is excluded has its negation true
            new = more - reached
            effort.spend(1 + len(more) + ENTRY * len(new))
            reached |= new
            fresh += new
        result.append(set(direct) if literal in reached else reached - {literal ^ 1})
    return [{b for b in reached if a in result[b]} for a, reached in enumerate(result)]


def cliques(
    neighbours: Neighbours, seeds: Iterable[Sequence[int]], effort: Effort
) -> tuple[list[list[int]], list[int]]:
    """Cover the pairs that exclude each other by cliques of three or more where they are in such.

    First each seed is tried: the numbers of those that are cliques are returned as well. They are made
    as large as can be, with whatever excludes all of one.
    """
    uncovered = [set(each) for each in neighbours]
    found: list[list[int]] = []
    whole: list[int] = []

    def take(clique: list[int]) -> None:
        members = set(clique)
        effort.spend(len(clique) ** 2)
        for each in clique:
            uncovered[each] -= members
        found.append(sorted(clique))

    for number, seed in enumerate(seeds):
        effort.spend(len(seed))
        if all(_excludes(neighbours[each], each, seed) for each in seed):
            whole.append(number)
            if any(each in uncovered[seed[0]] for each in seed[1:]):
                take(_grown(list(seed), neighbours, effort))
    for literal in range(len(neighbours)):
        while uncovered[literal]:
            other = min(uncovered[literal])
            clique = _grown([literal, other], neighbours, effort)
            if len(clique) > 2:
                take(clique)
            uncovered[literal].discard(other)
            uncovered[other].discard(literal)
    return found, whole


def _excludes(neighbours: set[int], literal: int, others: Sequence[int]) -> bool:
    return len(neighbours) + 1 >= len(others) and all(b == literal or b in neighbours for b in others)


def _grown(clique: list[int], neighbours: Neighbours, effort: Effort) -> list[int]:
    """Add literals that exclude all of a clique until there are none."""
    by_degree = sorted((neighbours[each] for each in clique), key=len)
    effort.spend(sum(map(len, by_degree)) if len(clique) < 3 else len(by_degree[0]) * len(clique))
    common = by_degree[0].intersection(*by_degree[1:])
    while common:
        some = sorted(common)[:TRIED] if len(common) > TRIED else sorted(common)
        effort.spend(len(common) * (1 + len(some)))
        best = max(some, key=lambda each: len(neighbours[each] & common))
        clique.append(best)
        common = common & neighbours[best]
    return clique
