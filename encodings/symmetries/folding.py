"""Folds: equivalences along partial symmetries of the clauses, guessed to hold in some model.

A partial symmetry maps some literals to others, a literal's negation to the negation of its image, such that
every clause of mapped literals goes to a clause. Formulas in which a small part repeats a larger one have
many: of a sequence all of whose subsequences of equal steps obey a rule, the terms of even numbers obey all
that the first half does. A model in which literals equal their images is often far easier to find, where
there is one: streamlining (Gomes and Sellmann, CP 2004; Le Bras, Gomes and Selman, CP 2014). Nothing here
follows from the formula.
"""

from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import clauses as kernels
from turbosat.core.clauses import FOLD_MAPPED, FOLD_READ
from turbosat.encodings.propagation import Check, propagate, signed_literals, tidied
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.likeness import mixed

NEAR: Final = 3000  # literals read to find literals near to another that are like it
NEAREST: Final = 8  # of these that are tried
FAR: Final = 2  # others that are tried
KNOWN: Final = 0.9  # of its pairs, those noted from which on a map counts as known: some are noted by chance
OPPOSITES: Final = 4  # pairs from which the map to the negations of a fold's images is grown
TIMES: Final = 20  # the literals of the formula that are read, at most, to grow a map from one pair
LEAST: Final = 0.15  # of the variables that a fold must do without
# Clauses that a map keeps for each variable, in those that the formula has: what hardly keeps more than those
# that it was grown along says little of the formula.
FAITHFUL: Final = 0.65
FORCED: Final = 0.1  # of the variables left that a fold may force: more are parts that exclude each other
MOST: Final = 8  # folds
# Of the variables that the best fold does without, from which on the search ends when it has read half as
# much again: where a sequence repeats itself at half its pace that is 0.4, and nothing is better.
ENOUGH, AGAIN = 0.28, 1.5
CALL: Final = 8000  # literals that could be read while a map that does not grow is begun
SOON: Final = 0.25  # of the effort, by which a map of some size must have been found
TURNS: Final = 64  # for each group
WORTH_MARKING: Final = 0.02  # of the variables that a map must move for its pairs to be noted
SEEN: Final = 1 << 22  # places of these notes


@dataclass(frozen=True, slots=True)
class PartialSymmetry:
    """Literals in the order in which they were mapped, one of each variable, and their images, (mapped,)."""

    sources: NDArray[np.int32]
    images: NDArray[np.int32]
    clauses: int = 0  # that it maps, each to one of the formula; 0 where a few literals are mapped
    touched: int = 0  # clauses of which it maps a literal

    @property
    def moved(self) -> int:
        """How many literals it does not map to themselves."""
        return int((self.sources != self.images).sum())


@dataclass(frozen=True, slots=True)
class Fold:
    """Equivalent literals: sources[i] equals images[i], none of which follows from those before it."""

    sources: NDArray[np.int32]
    images: NDArray[np.int32]
    roots: NDArray[np.int32]  # (literals,), that literals are to be replaced by
    worth: float = 0.0  # the equivalences, less where more clauses of these literals have no image


class PartialSymmetries:
    """The search for partial symmetries of the clauses of `symmetry`."""

    def __init__(self, symmetry: Symmetry, seed: int = 0, check: Check = lambda: None) -> None:
        clauses, literals = symmetry.clauses, 2 * symmetry.variables
        self.clauses, self.variables, self._check = clauses, symmetry.variables, check
        lengths = self._lengths = np.diff(clauses.offsets)
        self._dice = np.random.default_rng(seed)
        profiles, kinds = likenesses(clauses.codes, lengths, literals)
        self.state = kernels.Folding(
            profiles=profiles,
            kinds=kinds,
            image=np.full(literals, -1, np.int32),
            source=np.full(literals, -1, np.int32),
            left=lengths.astype(np.int32),
            trail=np.zeros(self.variables, np.int32),
            queue=np.zeros(self.variables, np.int32),
            stamps=np.zeros(literals, np.int64),
            progress=np.zeros(3, np.int64),
        )
        self._order = np.argsort(profiles, kind="stable")
        self._sorted = profiles[self._order]
        self._seen = np.zeros(SEEN, np.bool_)

    def grow(self, source: int, image: int, effort: int) -> PartialSymmetry:
        """Return what grows from one literal and its image; `effort` bounds the literals read, about."""
        state = self.state
        kernels.grow_map(self.clauses, state, source, image, effort)
        sources = state.trail[: state.progress[FOLD_MAPPED]].copy()
        kept = touched = 0
        if sources.size >= LEAST * self.variables:
            kept, touched = int((state.left == 0).sum()), int((state.left < self._lengths).sum())
        grown = PartialSymmetry(sources, state.image[sources], kept, touched)
        kernels.clear_map(self.clauses, state)
        return grown

    def faithful(self, grown: PartialSymmetry) -> bool:
        """Whether a map is large, and keeps about as many clauses as literals are usually in."""
        least = LEAST * self.variables
        usual = self.state.left.size / self.variables
        return grown.moved >= least and grown.clauses >= FAITHFUL * usual * grown.sources.size

    def search(self, effort: int) -> list[Fold]:
        """Return folds, those of the most worth first; `effort` bounds the literals read.

        How far a map grows depends on where it begins: of a group of literals that are alike, those are first
        that few others are like in their surroundings, and those near to where its largest maps began. Groups
        take turns such that what is read for each is in proportion to the largest map that was grown from it.
        """
        found, groups, end = list[Fold](), list[_Group](), effort
        rarity = self._rarity()
        for members in alike(self.state.profiles):
            order = np.lexsort((self._dice.random(members.size), rarity[members]))
            groups.append(_Group(members[order]))
        self._dice.shuffle(groups)
        queue = [(0.0, place) for place in range(len(groups))]
        while queue and self.state.progress[FOLD_READ] < end:
            if self.state.progress[FOLD_READ] > SOON * effort and not any(each.largest for each in groups):
                break
            group = groups[(place := heappop(queue)[1])]
            if group.turns == TURNS or group.over:
                continue
            before = int(self.state.progress[FOLD_READ])
            made = self._turn(group, effort)
            found += made
            read = int(self.state.progress[FOLD_READ])
            if any(each.worth >= ENOUGH * self.variables for each in made):
                end = min(end, int(AGAIN * read))
            group.read += read - before
            if len(found) > 3 * MOST:
                found = sorted(found, key=lambda each: -each.worth)[
                    : 2 * MOST
                ]  # each is as large as the formula
            heappush(queue, (group.read / (1.0 + LEAST * self.variables / 16 + group.largest), place))
        return sorted(found, key=lambda each: -each.worth)

    def _rarity(self) -> NDArray[np.int64]:
        """Return how many literals have the profile of each, in clauses whose literals have such profiles."""
        clauses = self.clauses
        lengths = np.diff(clauses.offsets)
        sums = np.add.reduceat(mixed(self.state.profiles, 1)[clauses.codes], clauses.offsets[:-1])
        around = np.zeros(2 * self.variables, np.uint64)
        np.add.at(around, clauses.codes, np.repeat(mixed(sums, 2), lengths))
        colours = _with_negations(around + self.state.profiles)
        _, places, counts = np.unique(colours, return_inverse=True, return_counts=True)
        return counts[places]

    def _turn(self, group: "_Group", effort: int) -> list[Fold]:
        """Return the faithful folds that begin at the next literal of a group."""
        group.turns += 1
        source = group.next()
        near = self._near(source)
        images = self._images(source, near)
        made = [each for image in images if (each := self._fold(source, image, effort)) is not None]
        made += [each for one in made if (each := self._opposite(one, effort)) is not None]
        group.note(near, max((int(2 * each.worth) or each.sources.size // 2 for each in made), default=0))
        return [each for each in made if each.worth > 0.0 and each.sources.size >= LEAST * self.variables]

    def _fold(self, source: int, image: int, effort: int) -> Fold | None:
        """Return the fold along what grows from a literal and its image, None if it is small or known."""
        known = self._seen[places(source, image)].all()
        return None if known else self._grown(source, image, effort)

    def _grown(self, source: int, image: int, effort: int) -> Fold | None:
        """Return the fold along what grows from a literal and its image, None if it is small."""
        if self.state.progress[FOLD_READ] >= effort:
            return None
        self._check()
        self.state.progress[FOLD_READ] += CALL
        left = max(0, effort - int(self.state.progress[FOLD_READ]))
        grown = self.grow(source, image, min(left, TIMES * self.clauses.codes.size))
        if grown.moved < WORTH_MARKING * self.variables:
            return None
        self._seen[places(grown.sources, grown.images)] = True
        made = fold(grown.sources, grown.images, self.variables)
        if made is not None and self.faithful(grown):
            made = replace(made, worth=made.sources.size * grown.clauses / grown.touched)
        return made

    def _near(self, source: int) -> list[int]:
        near = np.zeros(NEAREST, np.int32)
        number = kernels.list_alike(self.clauses, self.state, source, NEAR, near)
        return [int(each) for each in near[:number]]

    def _images(self, source: int, near: list[int]) -> list[int]:
        """Return literals that one may be mapped to: like it, near to it or anywhere."""
        profile = self.state.profiles[source]
        begin, end = (np.searchsorted(self._sorted, profile, side) for side in ("left", "right"))
        far = self._order[self._dice.integers(begin, end, FAR)]
        return [each for each in dict.fromkeys([*near, *far.tolist()]) if each != source]

    def _opposite(self, folded: Fold, effort: int) -> Fold | None:
        """Return the fold along a map that takes literals to the negations of their images, if one is found.

        Where a rule holds for a sequence and for its negation, a part may repeat another or its negation: a
        model often has one of them, and none has both. Of the literals that are like their own negations,
        and whose images are, those that few are like come first.
        """
        if folded.worth < LEAST * self.variables:
            return None
        profiles, sources, images = self.state.profiles, folded.sources, folded.images
        fits = (profiles[sources ^ 1] == profiles[sources]) & (profiles[images ^ 1] == profiles[images])
        if not fits.any():
            return None
        sources, images = sources[fits], images[fits] ^ 1
        if self._seen[places(sources, images)].mean() > KNOWN:
            return None
        begin, end = (np.searchsorted(self._sorted, profiles[sources], side) for side in ("left", "right"))
        for place in np.argsort(end - begin, kind="stable")[:OPPOSITES]:
            found = self._grown(int(sources[place]), int(images[place]), effort)
            if found is not None and found.worth > 0.0:
                return found
        return None


class _Group:
    """Literals that are alike, and which of them are to be tried next."""

    def __init__(self, members: NDArray[np.int64]) -> None:
        self._left = members[::-1].tolist()
        self.turns = self.read = self.largest = 0
        self._tried = set[int]()
        self._promising: list[
            tuple[int, int]
        ] = []  # a heap: negated sizes of maps, and literals near to them

    def next(self) -> int:
        """Return a literal that is near to where the largest map began, or any."""
        while self._promising:
            literal = heappop(self._promising)[1]
            if literal not in self._tried:
                break
        else:
            literal = self._left.pop()
        self._tried.add(literal)
        return literal

    @property
    def over(self) -> bool:
        """Whether all of its literals were tried."""
        return not self._left

    def note(self, near: list[int], size: int) -> None:
        """Note what grew from the last literal, and what is near to it."""
        self.largest = max(self.largest, size)
        if size:
            for literal in near:
                heappush(self._promising, (-size, literal))


def likenesses(
    codes: NDArray[np.int32], lengths: NDArray[np.int64], literals: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return hashes of how often a literal and its negation are in clauses of each length, and of which."""
    sizes = np.repeat(lengths, lengths)
    counts = np.zeros(literals, np.uint64)
    np.add.at(counts, codes, mixed(sizes.astype(np.uint64), 0))
    sets = np.zeros(literals, np.uint64)
    np.bitwise_or.at(sets, codes, np.uint64(1) << (np.minimum(sizes, 63)).astype(np.uint64))
    return _with_negations(counts), _with_negations(sets)


def _with_negations(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    negated = values.reshape(-1, 2)[:, ::-1].reshape(-1)
    return mixed(mixed(values, 1) + np.uint64(3) * mixed(negated, 2), 0)


def alike(profiles: NDArray[np.uint64]) -> list[NDArray[np.int64]]:
    """Return groups of two literals or more that have one profile."""
    order = np.argsort(profiles, kind="stable")
    values = profiles[order]
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))[1:]
    return [each for each in np.split(order, starts) if each.size > 1]


def places(sources: NDArray[np.int32] | int, images: NDArray[np.int32] | int) -> NDArray[np.int64]:
    """Return where it is noted that pairs were mapped: not often the same for two."""
    one, other = np.atleast_1d(sources).astype(np.uint64), np.atleast_1d(images).astype(np.uint64)
    signs = one & np.uint64(1)
    return (mixed((one ^ signs) << np.uint64(32) | (other ^ signs), 0) % np.uint64(SEEN)).astype(np.int64)


def fold(sources: NDArray[np.int32], images: NDArray[np.int32], variables: int) -> Fold | None:
    """Return the equivalences of literals with their images, None where one would equal its negation."""
    roots = np.arange(2 * variables, dtype=np.int32)
    used = np.zeros(sources.size, np.bool_)
    if kernels.merge_literals(roots, sources, images, used):
        return None
    return Fold(sources[used], images[used], roots)


def hopeless(codes: NDArray[np.int32], offsets: NDArray[np.int64], folded: Fold) -> bool:
    """Whether unit propagation refutes clauses with literals replaced by their roots, or forces many."""
    literals = signed_literals(folded.roots[codes])
    variables = folded.roots.size // 2
    codes, offsets = tidied(literals, offsets, variables)
    fixed = propagate(codes, offsets, variables, np.zeros(0, np.int32))
    forced = int((fixed.values >= 0).sum())
    return fixed.contradiction or forced > FORCED * (variables - folded.sources.size)


def folds(symmetry: Symmetry, effort: int, most: int = MOST, seed: int = 0) -> list[Fold]:
    """Return folds of the clauses of `symmetry`, those of the most worth first.

    Unit propagation refutes none of them, nor forces much. `effort` bounds what the search reads.
    """
    if not symmetry.variables:
        return []
    found = dict[bytes, Fold]()
    for each in PartialSymmetries(symmetry, seed).search(effort):
        found.setdefault(each.roots.tobytes(), each)
    codes, offsets = symmetry.clauses.codes, symmetry.clauses.offsets
    return [each for each in list(found.values())[: 2 * most] if not hopeless(codes, offsets, each)][:most]


def signed(folded: Fold, names: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the equivalent literals of a fold, signed, (pairs, 2); `names` are the formula's variables."""
    pairs = np.stack([folded.sources, folded.images], axis=1)
    variables = names[pairs >> 1] + 1
    found: NDArray[np.int32] = np.where(pairs & 1, -variables, variables).astype(np.int32)
    return found
