"""Rows of literals that may be interchanged at will, read off symmetries of clauses.

A matrix whose rows may change places is what colours, holes, workers or machines make of a formula. Where
symmetries swap two rows, and two others a third and one of these, any rows change places (Devriendt, Bogaerts,
Bruynooghe and Denecker, SAT 2016, section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.symmetry import Permutation

DENSE: Final = 1 << 24  # images of all generators, up to which these are compared with each other
ROUNDS: Final = 4  # of making generators smaller
Rows = NDArray[np.int32]  # (rows, columns), codes of literals, of different variables


def reduced(generators: Sequence[Permutation], variables: int) -> list[Permutation]:
    """Return generators of the same group that move less, as far as products of two show.

    Of two generators that agree somewhere, the quotient moves nothing there.
    """
    found = list(generators)
    if len(found) * variables > DENSE:
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
    return [
        Permutation(own[here].copy(), row[here].copy()) for row, here in zip(images, moved, strict=True)
    ]


def _divide(
    images: NDArray[np.int32], moved: NDArray[np.bool_], weight: NDArray[np.int64], i: int
) -> bool:
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
    left = list(generators)
    matrices: list[Rows] = []
    while (rows := _first_rows(left, keeps)) is not None:
        _extend(rows, generators, keeps)
        matrix = np.stack(rows)
        matrices.append(matrix)
        left = [generator for generator in left if not _permutes(generator, matrix)]
    return matrices, left


def _first_rows(
    generators: Sequence[Permutation], keeps: Callable[[Permutation], bool]
) -> list[NDArray[np.int32]] | None:
    """Return three rows: two involutions that have one row in common swap it with the others."""
    by_size: dict[int, list[Permutation]] = {}
    for generator in generators:
        if not _swaps(generator):
            continue
        for other in by_size.setdefault(generator.sources.size, []):
            row = np.intersect1d(generator.sources, other.sources, assume_unique=True)
            if 2 * row.size != generator.sources.size:
                continue
            rows = [row, generator.image(row), other.image(row)]
            columns = np.unique(np.stack(rows) >> 1).size
            if columns == 3 * row.size and keeps(swap(rows[0], rows[1])) and keeps(swap(rows[0], rows[2])):
                return rows
        by_size[generator.sources.size].append(generator)
    return None


def _swaps(generator: Permutation) -> bool:
    """Whether a permutation swaps literals of different variables."""
    images = generator.images
    return bool((generator.image(images) == generator.sources).all() and (images >> 1 != generator.sources >> 1).all())


def _extend(
    rows: list[NDArray[np.int32]],
    generators: Sequence[Permutation],
    keeps: Callable[[Permutation], bool],
) -> None:
    """Add images of rows that may change places with the first, until there are no more."""
    used = set((np.stack(rows) >> 1).ravel().tolist())
    for row in rows:  # grows meanwhile
        for generator in generators:
            image = generator.image(row)
            variables = (image >> 1).tolist()
            if used.isdisjoint(variables) and keeps(swap(rows[0], image)):
                rows.append(image)
                used.update(variables)


def _permutes(generator: Permutation, matrix: Rows) -> bool:
    """Whether a symmetry does nothing but change the places of a matrix's rows."""
    if not np.isin(generator.sources >> 1, matrix >> 1).all():
        return False
    known = {row.tobytes() for row in matrix}
    return all(generator.image(row).tobytes() in known for row in matrix)
