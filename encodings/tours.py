"""Circuits in clauses: arcs of which each vertex has one that leaves it and one that enters it.

The arcs are literals in exactly two sets of which one literal is true: that of their tail and that of their
head. Which two sets are of one vertex is seen in what clauses say of arcs: all arcs that leave a vertex, and
all that enter it, speak of its own variables, of its place in the circuit, say, whatever encodes it (N.-F.
Zhou: In Pursuit of an Efficient SAT Encoding for the Hamiltonian Cycle Problem, CP 2020, lists encodings).
Nothing here is proven: what is found is where to look for models.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.groups import excluding
from turbosat.encodings.matrix import Matrix
from turbosat.encodings.propagation import distinct, ranges
from turbosat.formula.rows import blocks

LEAST: Final = 8  # vertices
LONGEST: Final = 512  # literals of a set
LARGEST: Final = 200_000  # sets that are looked at
PAIRS: Final = 4_000_000  # of an arc and a variable beside it that are looked at, in clauses
WIDEST: Final = 16  # literals of the clauses that join variables
HOPS: Final = 64  # rounds in which these come together
SHARED: Final = 6  # sets that a variable may be of
SETTLED: Final = 0.7  # of the sets of a graph that must be in pairs before the others are guessed

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tours:
    """A graph: exactly one arc leaves each vertex, and one enters it. Vertices count from 0."""

    vertices: int
    arcs: NDArray[np.int32]  # (arcs,), literals of a matrix
    tails: Numbers  # (arcs,), vertices
    heads: Numbers  # (arcs,)


@dataclass(frozen=True, slots=True)
class _Sets:
    """Sets of literals; each literal is in two."""

    arcs: NDArray[np.int32]  # (arcs,), literals, rising
    ends: Numbers  # (arcs, 2), the sets that each is in
    sizes: Numbers  # (sets,)


def likely(codes: NDArray[np.int32], offsets: Numbers, literals: int) -> bool:
    """Say from counts alone whether there may be enough sets: what is not likely need not be looked at."""
    chosen = np.flatnonzero(_countable(codes, offsets, literals)[0])
    chosen = _pruned(codes, offsets, literals, chosen, rounds=8, exact=False)
    return chosen.size >= 2 * LEAST and int((np.diff(offsets)[chosen] > 2).sum()) >= LEAST


def recognise(matrix: Matrix) -> Tours | None:
    """Return the graph of a circuit, None if there is none that can be told."""
    sets = _sets(matrix)
    if sets is None:
        return None
    partner = _partners(matrix, sets)
    return None if partner is None else _graph(sets, partner)


def _countable(
    codes: NDArray[np.int32], offsets: Numbers, literals: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which clauses may be sets, and of which that is to be believed, bool (clauses,).

    All literals of these occur twice. Those of others exclude as many by clauses of two as a set has others.
    """
    sizes = np.diff(offsets)
    if not sizes.size or not sizes.all():
        none = np.zeros(sizes.size, np.bool_)
        return none, none
    counts = np.bincount(codes, minlength=literals)
    first = offsets[:-1][sizes == 2]
    others = np.bincount(codes[first] ^ 1, minlength=literals)
    others += np.bincount(codes[first + 1] ^ 1, minlength=literals)
    fit = sizes <= LONGEST
    heads = offsets[:-1]
    enough = np.minimum.reduceat(others[codes], heads) >= sizes - 1
    twice = fit & np.logical_and.reduceat(counts[codes] == 2, heads)
    return (fit & enough) | twice, twice


def _pruned(
    codes: NDArray[np.int32], offsets: Numbers, literals: int, chosen: Numbers, *, rounds: int, exact: bool
) -> Numbers:
    """Return those of the chosen clauses whose literals all are in two of them, or at least in two."""
    for _ in range(rounds):
        places = ranges(offsets, chosen)
        counts = np.bincount(codes[places], minlength=literals)
        fit = counts == 2 if exact else counts >= 2
        sizes = np.diff(offsets)[chosen]
        if not chosen.size:
            break
        kept = np.logical_and.reduceat(fit[codes[places]], np.cumsum(sizes) - sizes)
        if kept.all():
            break
        chosen = chosen[kept]
    return chosen


def _sets(matrix: Matrix) -> _Sets | None:
    """Return the sets, None if there are too few or too many."""
    codes, offsets, literals = matrix.literals, matrix.offsets, 2 * matrix.variables
    fit, twice = _countable(codes, offsets, literals)
    if fit.sum() < 2 * LEAST:
        return None
    sizes = np.diff(offsets)
    chosen = np.union1d(np.flatnonzero(twice), excluding(matrix, fit & ~twice))
    for exact in (False, True):  # what is in one set only makes none of others too many
        chosen = _pruned(codes, offsets, literals, chosen, rounds=HOPS, exact=exact)
    if not 2 * LEAST <= chosen.size <= LARGEST:
        return None
    members = codes[ranges(offsets, chosen)]
    owners = np.repeat(np.arange(chosen.size), sizes[chosen])
    order = np.argsort(members, kind="stable")
    if members.size % 2:  # there are more rounds to go than these
        return None
    ends = owners[order].reshape(-1, 2)
    arcs = members[order][::2]
    if (members[order][1::2] != arcs).any() or (ends[:, 0] == ends[:, 1]).any():
        return None
    return _Sets(arcs, ends, sizes[chosen])


def _components(size: int, one: Numbers, other: Numbers) -> Numbers:
    """Return the least number in the component of each of `size` numbers joined by pairs."""
    labels = np.arange(size)
    while True:
        first, second = labels[one], labels[other]
        apart = first != second
        if not apart.any():
            return labels
        one, other, first, second = one[apart], other[apart], first[apart], second[apart]
        np.minimum.at(labels, np.maximum(first, second), np.minimum(first, second))
        while (deeper := labels[labels]).tobytes() != labels.tobytes():
            labels = deeper


def _sides(sets: _Sets, pairs: Numbers) -> tuple[Numbers, Numbers]:
    """Return the part of each set, connected by arcs and pairs (pairs, 2), and its side there, 0 or 1.

    Both ends of an arc, and both sets of a pair, are on different sides; the part is -1 where that cannot be.
    """
    one, other = np.concatenate([sets.ends, pairs]).T
    doubled = _components(
        2 * sets.sizes.size,
        np.concatenate([2 * one, 2 * one + 1]),
        np.concatenate([2 * other + 1, 2 * other]),
    )
    even, odd = doubled[::2], doubled[1::2]
    return np.where(even == odd, -1, even >> 1), even & 1


def _partners(matrix: Matrix, sets: _Sets) -> Numbers | None:
    """Return the set that is of the same vertex as each, on the other side; -1 for sets of no circuit."""
    partner = np.full(sets.sizes.size, -1)
    part, side = _sides(sets, np.zeros((0, 2), np.int64))
    if not (part >= 0).any():
        return None
    whole = np.zeros(matrix.variables, np.bool_)  # variables of arcs
    whole[sets.arcs >> 1] = True
    own = np.full(matrix.variables, -2)
    own[sets.arcs >> 1] = part[sets.ends[:, 0]]
    names = np.arange(matrix.variables)
    joined = np.sort(sets.ends, axis=1)
    arcs = np.sort(joined[:, 0] * sets.sizes.size + joined[:, 1])

    def pair(owners: Numbers, labels: Numbers, *, loops: bool = False) -> None:
        pairs = _alike(owners, labels)
        keys = pairs[:, 0] * sets.sizes.size + pairs[:, 1]
        fit = loops | (arcs[np.minimum(np.searchsorted(arcs, keys), arcs.size - 1)] != keys)
        one, other = pairs.T
        fit &= (part[one] != part[other]) | (side[one] != side[other])
        fit &= (partner[one] < 0) & (partner[other] < 0)
        _match(keys[fit], partner)

    spoken = _spoken(matrix, sets, own, names)
    if spoken is None:
        return None
    pair(*spoken)
    classed = None
    if (partner < 0).any():  # what is not the same variable may be one more, or another form of it
        classed = _spoken(matrix, sets, own, _classes(matrix, whole))
        if classed is not None:
            pair(*classed)
    couples = np.stack([np.flatnonzero(partner >= 0), partner[partner >= 0]], axis=1)
    part, side = _sides(sets, couples)
    sizes = np.bincount(part[part >= 0], minlength=partner.size)
    settled = np.bincount(part[(part >= 0) & (partner >= 0)], minlength=partner.size)
    fit_parts = (settled >= SETTLED * sizes) & (sizes >= 2 * LEAST)
    if not fit_parts.any():
        return None
    chosen = part == int(np.argmax(np.where(fit_parts, sizes, 0)))
    partner[~chosen] = -1
    left = np.flatnonzero(chosen & (partner < 0))
    if left.size > 2:  # an arc that is given makes its ends one vertex, and those beside it may be a loop
        whole[sets.arcs >> 1] = chosen[sets.ends[:, 0]]
        for owners, labels in (
            *([] if classed is None else [classed]),
            _beside(matrix, whole, left, *spoken),
        ):
            of_left = np.isin(owners, left)
            pair(owners[of_left], labels[of_left], loops=True)
        left = np.flatnonzero(chosen & (partner < 0))
    if left.size == 2:  # the vertex where the circuit begins: its place is known
        partner[left] = left[::-1]
    elif left.size:
        return None
    one, other = np.flatnonzero(chosen), partner[chosen]
    return partner if (side[one] != side[other]).all() else None


def _spoken(matrix: Matrix, sets: _Sets, own: Numbers, labels: Numbers) -> tuple[Numbers, Numbers] | None:
    """Return sets and labels of variables that clauses with most of a set's arcs, negated, speak of.

    `own` is the part of each variable that is an arc: arcs of the same part do not count.
    """
    negated = sets.arcs ^ 1
    lengths = np.diff(matrix.offsets)
    rows = matrix.occurrences[ranges(matrix.starts, negated)].astype(np.int64)
    arcs = np.repeat(np.arange(negated.size), np.diff(matrix.starts)[negated])
    short = lengths[rows] <= WIDEST
    rows, arcs = rows[short], arcs[short]
    total = int(lengths[rows].sum())
    if not 0 < total <= 32 * PAIRS:
        return None
    one_of = -(-total // PAIRS)
    found = []
    for first, last in blocks(np.append(0, np.cumsum(lengths[rows])), PAIRS):
        block = rows[first:last]
        variables = matrix.literals[ranges(matrix.offsets, block)] >> 1
        arc = np.repeat(arcs[first:last], lengths[block])
        label = labels[variables]
        kept = (own[variables] != own[sets.arcs[arc] >> 1]) & (label * 40503 % 65537 % one_of == 0)
        found.append(distinct(arc[kept] * labels.size + label[kept]))
    arc, label = np.divmod(distinct(np.concatenate(found)), labels.size)
    keys = (sets.ends[arc] * labels.size + label[:, None]).ravel()
    keys, counts = np.unique(keys, return_counts=True)
    owner, label = np.divmod(keys, labels.size)
    most = np.zeros(sets.sizes.size, np.int64)
    np.maximum.at(most, owner, counts)
    kept = (counts == most[owner]) & ((counts > 1) | (sets.sizes[owner] == 2))
    return owner[kept], label[kept]


def _alike(owners: Numbers, labels: Numbers) -> Numbers:
    """Return pairs of owners of the same label, the lesser first, (pairs, 2), of labels with few owners."""
    order = np.lexsort((owners, labels))
    owners, labels = owners[order], labels[order]
    few = np.bincount(labels, minlength=1)[labels] <= SHARED
    owners, labels = owners[few], labels[few]
    found = [np.zeros((0, 2), np.int64)]
    for step in range(1, SHARED):
        same = labels[step:] == labels[:-step]
        found.append(np.stack([owners[:-step][same], owners[step:][same]], axis=1))
    return np.concatenate(found)


def _match(keys: Numbers, partner: Numbers) -> None:
    """Make pairs of those that have most in common, if of one of both there is no doubt, in place.

    `keys`: a pair of sets each, as often as it has something in common.
    """
    keys, weights = np.unique(keys, return_counts=True)
    one, other = np.divmod(keys, partner.size)
    for _ in range(HOPS):
        best, ties, taken = np.zeros((3, partner.size), np.int64)
        for end in (one, other):
            np.maximum.at(best, end, weights)
        for end in (one, other):
            np.add.at(ties, end, weights == best[end])
        good = (weights == best[one]) & (weights == best[other]) & ((ties[one] == 1) | (ties[other] == 1))
        for end in (one, other):
            np.add.at(taken, end, good)
        good &= (taken[one] == 1) & (taken[other] == 1)
        if not good.any():
            return
        partner[one[good]], partner[other[good]] = other[good], one[good]
        free = (partner[one] < 0) & (partner[other] < 0)
        one, other, weights = one[free], other[free], weights[free]


def _inner(matrix: Matrix, arcs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the places in short clauses without variables of arcs, bool (entries,)."""
    lengths = np.diff(matrix.offsets)
    apart = ~np.logical_or.reduceat(arcs[matrix.literals >> 1], matrix.offsets[:-1])
    return np.repeat(apart & (lengths <= WIDEST), lengths)


def _classes(matrix: Matrix, arcs: NDArray[np.bool_]) -> Numbers:
    """Return one variable for all that clauses without arcs join, (variables,)."""
    inner = _inner(matrix, arcs)
    inner[matrix.offsets[:-1]] = False  # the first place of a clause joins no one before it
    places = np.flatnonzero(inner)
    variables = (matrix.literals >> 1).astype(np.int64)
    return _components(matrix.variables, variables[places - 1], variables[places])


def _beside(
    matrix: Matrix, arcs: NDArray[np.bool_], left: Numbers, owners: Numbers, labels: Numbers
) -> tuple[Numbers, Numbers]:
    """Return sets and numbers of clauses without arcs that join variables of two of the sets left."""
    of_left = np.isin(owners, left)
    owners, labels = owners[of_left], labels[of_left]
    single = np.bincount(labels, minlength=matrix.variables)
    owner = np.full(matrix.variables, -1)
    owner[labels] = owners
    owner[single != 1] = -1
    entries = np.flatnonzero(_inner(matrix, arcs) & (owner[matrix.literals >> 1] >= 0))
    rows = np.searchsorted(matrix.offsets, entries, side="right") - 1
    keys = distinct(owner[matrix.literals[entries] >> 1] * matrix.clauses + rows)
    sets, clauses = np.divmod(keys, matrix.clauses)
    return sets, clauses


def _graph(sets: _Sets, partner: Numbers) -> Tours:
    _, side = _sides(sets, np.stack([np.flatnonzero(partner >= 0), partner[partner >= 0]], axis=1))
    tails = np.flatnonzero((partner >= 0) & (side == 0))
    vertex = np.full(partner.size, -1)
    vertex[tails] = vertex[partner[tails]] = np.arange(tails.size)
    inside = vertex[sets.ends[:, 0]] >= 0
    turned = side[sets.ends[inside]][:, 0] == 1
    ends = vertex[np.where(turned[:, None], sets.ends[inside][:, ::-1], sets.ends[inside])]
    proper = ends[:, 0] != ends[:, 1]
    return Tours(tails.size, sets.arcs[inside][proper], *ends[proper].T)
