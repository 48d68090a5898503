"""Rows of literals that may be interchanged at will, read off symmetries of clauses.

A matrix whose rows may change places is what colours, holes, workers or machines make of a formula. Where
one symmetry swaps two rows, and another one of these and a third, all three may change places (Devriendt,
Bogaerts, Bruynooghe and Denecker, SAT 2016, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.symmetries.automorphisms import Permutation

DENSE: Final = 1 << 24  # images of all generators, up to which these are compared with each other,
WORK: Final = 1 << 27  # and comparisons of two
ROUNDS: Final = 4  # of making generators smaller
Rows = NDArray[np.int32]  # (rows, columns), codes of literals, of different variables


def reduced(generators: Sequence[Permutation], variables: int) -> list[Permutation]:
    """Return generators of the same group that move less, as far as products of two show.

    Of two generators that agree somewhere, the quotient moves nothing there.
    """
    found = list(generators)
    total = sum(each.sources.size for each in found)
    if len(found) * variables > DENSE or len(found) * total > WORK:
        return found
    own = np.arange(0, 2 * variables, 2, dtype=np.int32)
    images = np.tile(own, (len(found), 1))  # (generators, variables)
    for row, generator in zip(images, found, strict=True):
        row[generator.sources >> 1] = generator.images
    moved = images != own
    weight = moved.sum(axis=1)
    for _ in range(ROUNDS):
        before = weight.sum()
        for i in range(len(found)):
            while _divide(images, moved, weight, i):
                pass
        if weight.sum() == before:
            break
    return [Permutation(own[here].copy(), row[here].copy()) for row, here in zip(images, moved, strict=True)]


def _divide(images: NDArray[np.int32], moved: NDArray[np.bool_], weight: NDArray[np.int64], i: int) -> bool:
    """Replace a generator by its quotient with another that agrees with it most, if that moves less."""
    mine = np.flatnonzero(moved[i])
    both = moved[:, mine]
    agreeing = (images[:, mine] == images[i, mine]) & both
    # Besides what only the other moves, the quotient moves what both move and do not agree in.
    more = weight - both.sum(axis=1) - agreeing.sum(axis=1)
    more[i] = 1
    best = int(np.argmin(more))
    if more[best] >= 0:
        return False
    quotient = _inverse(images[best])[images[i] >> 1] ^ (images[i] & 1)
    still = quotient != np.arange(0, 2 * quotient.size, 2)
    if not 0 < still.sum() < weight[i]:
        return False
    images[i], moved[i], weight[i] = quotient, still, still.sum()
    return True


def _inverse(images: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the inverse of a permutation, given by the images (variables,) of the positive literals."""
    inverse = np.empty_like(images)
    inverse[images >> 1] = np.arange(0, 2 * images.size, 2, dtype=np.int32) ^ (images & 1)
    return inverse


def swap(one: NDArray[np.int32], other: NDArray[np.int32]) -> Permutation:
    """Return the permutation that swaps two rows (columns,)."""
    return Permutation.of(np.concatenate([one, other]), np.concatenate([other, one]))


def interchangeable(
    generators: Sequence[Permutation], keeps: Callable[[Permutation], bool]
) -> tuple[list[Rows], list[Permutation]]:
    """Return matrices whose rows may change places, three of them or more, and the generators they leave.

    `keeps` tells whether a permutation is a symmetry: each row has been swapped with the first of its matrix.
    """
    movers: dict[int, list[int]] = {}  # of each variable, the generators that move it
    for index, generator in enumerate(generators):
        for literal in generator.sources.tolist():
            movers.setdefault(literal >> 1, []).append(index)
    swapping = [_swaps(generator) for generator in generators]
    settled = [False] * len(generators)
    matrices: list[Rows] = []
    for index, generator in enumerate(generators):
        if settled[index] or not swapping[index]:
            continue
        size = generator.sources.size
        partners = _among(generator.sources, movers)
        for other in partners:
            if not (
                other < index
                and swapping[other]
                and not settled[other]
                and generators[other].sources.size == size
            ):
                continue
            rows = _first_rows(generator, generators[other], keeps)
            if rows is None:
                continue
            _extend(rows, generators, movers, keeps)
            matrix = np.stack(rows)
            matrices.append(matrix)
            touching = [each for each in _among(matrix.ravel(), movers) if not settled[each]]
            permuting = _permuting([generators[each] for each in touching], matrix)
            for each, done in zip(touching, permuting, strict=True):
                settled[each] = done
            break
    return matrices, [each for each, done in zip(generators, settled, strict=True) if not done]


def _among(literals: NDArray[np.int32], movers: dict[int, list[int]]) -> list[int]:
    """Return which generators move the variables of any of these literals, rising."""
    return sorted({each for variable in (literals >> 1).tolist() for each in movers.get(variable, ())})


def _first_rows(
    one: Permutation, other: Permutation, keeps: Callable[[Permutation], bool]
) -> list[NDArray[np.int32]] | None:
    """Return three rows if two involutions have one row in common, which they swap with two others."""
    row = np.intersect1d(one.sources, other.sources, assume_unique=True)
    if 2 * row.size != one.sources.size:
        return None
    rows = [row, one.image(row), other.image(row)]
    if np.unique(np.stack(rows) >> 1).size != 3 * row.size:
        return None
    return rows if all(keeps(swap(row, each)) for each in rows[1:]) else None


def _swaps(generator: Permutation) -> bool:
    """Whether a permutation swaps literals of different variables."""
    images = generator.images
    return bool(
        (generator.image(images) == generator.sources).all() and (images >> 1 != generator.sources >> 1).all()
    )


def _extend(
    rows: list[NDArray[np.int32]],
    generators: Sequence[Permutation],
    movers: dict[int, list[int]],
    keeps: Callable[[Permutation], bool],
) -> None:
    """Add images of rows that may change places with the first, until there are no more."""
    used = set((np.stack(rows) >> 1).ravel().tolist())
    for row in rows:  # grows meanwhile
        for index in _among(row, movers):
            image = generators[index].image(row)
            variables = (image >> 1).tolist()
            if used.isdisjoint(variables) and keeps(swap(rows[0], image)):
                rows.append(image)
                used.update(variables)


def _permuting(generators: Sequence[Permutation], matrix: Rows) -> list[bool]:
    """Return which symmetries do nothing but change the places of a matrix's rows."""
    known = {row.tobytes() for row in matrix}
    row_of = {literal >> 1: number for number, row in enumerate(matrix.tolist()) for literal in row}
    found = []
    for generator in generators:
        rows = {row_of.get(literal >> 1) for literal in generator.sources.tolist()}
        inside = [row for row in rows if row is not None]
        good = len(inside) == len(rows)
        found.append(good and all(generator.image(matrix[row]).tobytes() in known for row in inside))
    return found
