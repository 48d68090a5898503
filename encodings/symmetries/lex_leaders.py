"""Clauses that break symmetries: of models that symmetries take to each other, they leave one at least.

Why they may be added together: let the variables be in one order, and false come before true. For a
symmetry g of the formula, the lex-leader constraint says that an assignment a, read in that order of
variables, does not come after the assignment x ↦ a(g(x)) in the lexicographic order. Take any model, and of
all models that symmetries make of it the first, m. It satisfies the lex-leader constraint of every symmetry
g, for x ↦ m(g(x)) is one of these models. All that is written here follows from lex-leader constraints in
the one order, with auxiliary variables that are true where two assignments are the same so far: prefixes of
constraints, and x → y where y is the image of x under a symmetry that moves no variable before x. So m
satisfies all of it. The order may be any, but there is one only; the symmetries may be any, but symmetries
they must be.

Crawford, Ginsberg, Luks and Roy, KR 1996; the clauses are those of BreakID (Devriendt, Bogaerts, Bruynooghe
and Denecker, SAT 2016, section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.propagation import signed_literals
from turbosat.encodings.symmetries.automorphisms import Permutation, Symmetry
from turbosat.encodings.symmetries.interchange import Rows, interchangeable, swap
from turbosat.formula.clauses import Clauses

LONGEST: Final = 50  # variables that are compared for one symmetry
WIDEST: Final = 1 << 12  # columns that are compared for two rows
IMPLICATIONS: Final = 1 << 16  # binary clauses, about
Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Breaking:
    """Clauses over the variables of a formula and `auxiliary` ones behind them, and what they are from."""

    clauses: Clauses
    auxiliary: int
    figures: dict[str, Any]


def break_symmetries(symmetry: Symmetry, generators: Sequence[Permutation], variables: int) -> Breaking:
    """Return breaking clauses for symmetries of a formula with so many variables; each is checked again.

    The smaller generators are (see `reduced`), the more they break.
    """
    matrices, left = interchangeable(generators, symmetry.keeps)
    position = _positions(symmetry, matrices)
    neighbours = [pair for matrix in matrices for pair in _neighbours(_arranged(matrix, position))]
    swaps = [each for each in neighbours if symmetry.keeps(each)]
    left = [each for each in left if symmetry.keeps(each)]
    rows = _implications([*swaps, *left], position)
    fresh = 2 * variables  # the code of the next auxiliary variable
    names = 2 * symmetry.names
    rows = [names[row >> 1] ^ (row & 1) for row in rows]
    for longest, group in ((WIDEST, swaps), (LONGEST, left)):
        for each in group:
            x, y = (names[row >> 1] ^ (row & 1) for row in _compared(each, position, longest))
            rows += _lex_leader(x, y, fresh)
            fresh += 2 * max(0, x.size - 1)
    found = _clauses(rows)
    largest = max(
        (matrix.shape for matrix in matrices), key=lambda shape: shape[0] * shape[1], default=(0, 0)
    )
    every = np.concatenate([np.zeros(0, np.int32), *(each.sources for each in generators)])
    figures = {
        "generators": len(generators),
        "moved": int(np.unique(every).size),
        "matrices": len(matrices),
        "largest": list(largest),  # rows and columns
        "breaking": len(found),
    }
    return Breaking(found, fresh // 2 - variables, figures)


def _positions(symmetry: Symmetry, matrices: Sequence[Rows]) -> NDArray[np.int64]:
    """Return the place of each variable (variables,) in the order, which is chosen here, once for all.

    Matrices come first, row by row, with the columns of the most clauses before others: neighbouring rows are
    compared column by column, which leaves one order of the rows; where columns are the rows of another
    matrix, both. Then come literals in the order in which the search told them apart, which leave most
    symmetries to those behind them.
    """
    degrees = np.diff(symmetry.clauses.starts[::2])  # (variables,)
    parts = []
    for matrix in matrices:
        columns = np.lexsort((matrix[0], -degrees[matrix[0] >> 1]))
        parts.append((matrix[:, columns] >> 1).ravel())
    every = np.concatenate([*parts, symmetry.base >> 1, np.arange(symmetry.variables, dtype=np.int32)])
    _, first = np.unique(every, return_index=True)
    position = np.empty(symmetry.variables, np.int64)
    position[every[np.sort(first)]] = np.arange(symmetry.variables)
    return position


def _arranged(matrix: Rows, position: NDArray[np.int64]) -> Rows:
    """Return a matrix with rows and columns in the order of their variables."""
    places = position[matrix >> 1]
    rows = matrix[np.argsort(places.min(axis=1))]
    return rows[:, np.argsort(position[rows[0] >> 1])]


def _neighbours(matrix: Rows) -> list[Permutation]:
    """Return the symmetries that swap a row with the next."""
    return [swap(one, other) for one, other in pairwise(matrix)]


def _implications(generators: Sequence[Permutation], position: NDArray[np.int64]) -> list[Codes]:
    """Return x → y for the variables x in order, and y in its orbit under generators that move none before x.

    A product of these that takes x to y moves none before x, either. From the last variable on there are more
    and more such generators, and their orbits are joined.
    """
    orbit: dict[int, list[int]] = {}  # of each literal that was moved, shared by all in it
    found: list[Codes] = []
    number = 0
    firsts = [int(position[each.sources >> 1].min()) for each in generators]
    order = sorted(range(len(generators)), key=lambda i: -firsts[i])
    variable = np.argsort(position)
    for place, i in enumerate(order):
        sources, images = generators[i].sources, generators[i].images
        for a, b in zip(
            [*sources.tolist(), *(sources ^ 1).tolist()],
            [*images.tolist(), *(images ^ 1).tolist()],
            strict=True,
        ):
            mine, its = orbit.setdefault(a, [a]), orbit.setdefault(b, [b])
            if mine is not its:
                longer, shorter = (mine, its) if len(mine) >= len(its) else (its, mine)
                longer += shorter
                for each in shorter:
                    orbit[each] = longer
        if place + 1 < len(order) and firsts[order[place + 1]] == firsts[i]:
            continue  # the next one moves no variable before x, either
        x = 2 * int(variable[firsts[i]])
        others = np.array([y for y in orbit[x] if y != x], np.int32)
        found.append(np.stack([np.full_like(others, x ^ 1), others], axis=1))
        number += others.size
        if number > IMPLICATIONS:
            break
    return found


def _compared(generator: Permutation, position: NDArray[np.int64], longest: int) -> tuple[Codes, Codes]:
    """Return what a lex-leader constraint compares: literals x (length,) in order and their images y.

    Of an involution one literal of each pair is enough; behind x and its own negation nothing is the same.
    """
    order = np.argsort(position[generator.sources >> 1])
    x, y = generator.sources[order], generator.images[order]
    if (generator.image(generator.images) == generator.sources).all():
        later = position[y >> 1] < position[x >> 1]
        x, y = x[~later], y[~later]
    opposite = np.flatnonzero(x == y ^ 1)
    length = min(longest, int(opposite[0]) + 1 if opposite.size else x.size)
    return x[:length], y[:length]


def _lex_leader(x: Codes, y: Codes, fresh: int) -> list[Codes]:
    """Return clauses that say x ≤ y, literal by literal (length,), with auxiliary variables from a code on.

    The i-th is true where the first i + 1 are the same: (x ∧ e → y), and if so, (x ∧ e → e'), (¬y ∧ e → e').
    """
    after = np.arange(fresh, fresh + 2 * max(0, x.size - 1), 2, dtype=np.int32)
    first = [np.array([[x[0] ^ 1, y[0]]], np.int32)]
    if after.size:
        first.append(np.stack([[x[0] ^ 1, y[0]], [after[0], after[0]]], axis=1).astype(np.int32))
        before = after ^ 1
        first.append(np.stack([before, x[1:] ^ 1, y[1:]], axis=1))
        first.append(np.stack([before[:-1], x[1:-1] ^ 1, after[1:]], axis=1))
        first.append(np.stack([before[:-1], y[1:-1], after[1:]], axis=1))
    return first


def _clauses(rows: Sequence[Codes]) -> Clauses:
    """Return arrays (clauses, size) of codes as clauses of signed literals; x and its negation once."""
    codes = np.concatenate([np.zeros(0, np.int32), *(row.ravel() for row in rows)])
    sizes = np.concatenate([np.zeros(0, np.int64), *(np.full(len(row), row.shape[1]) for row in rows)])
    return Clauses(signed_literals(codes), np.append(0, np.cumsum(sizes)).astype(np.int64))
