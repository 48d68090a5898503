"""Cardinality equations modulo a prime: multipliers with which they sum to 0 = 1.

Counting arguments of combinatorics are of this kind: a set whose size is no multiple of 3 has no partition
into sets of 3, though the numbers 1/3 solve the equations (P. Beame, R. Impagliazzo, J. Krajicek, T. Pitassi
and P. Pudlak, "Lower bounds on Hilbert's Nullstellensatz and propositional proofs", 1994).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.cardinalities import Cardinalities
from turbosat.encodings.exclusion import Effort

PRIMES: Final = 3, 5, 7  # products of remainders, and their sums, stay in 8 bits
LARGEST: Final = 1 << 26  # entries of the matrix, equations times variables
STEP: Final = 16  # entries changed in one of the steps that effort is measured in
SPARSE: Final = 4  # times what an entry costs in whole rows, one that is picked does


def refuting(equations: Cardinalities, prime: int, effort: Effort) -> NDArray[np.int64] | None:
    """Return remainders (rows,) with which the equations sum to 0 = 1 modulo a prime, None if there are none.

    The unknowns are the multipliers: an equation for each variable says that it cancels out. None as well
    where the matrix is too large. Raises Exhausted.
    """
    matrix = _cancelling(equations, prime)
    if matrix is None:
        return None
    pivots = _reduce(matrix, prime, effort)  # (rank,), the unknown of each row
    hits = np.flatnonzero(matrix[-1])  # unknowns that change the side, pivots following
    if not hits.size:
        return None
    chosen = hits[0]
    multipliers = np.zeros(len(equations), np.int64)
    multipliers[chosen] = 1
    multipliers[pivots] = -matrix[: pivots.size, chosen].astype(np.int64) % prime
    return multipliers if contradictory(equations, prime, multipliers) else None


def contradictory(equations: Cardinalities, prime: int, multipliers: NDArray[np.int64]) -> bool:
    """Say whether the equations sum to 0 = 1 modulo a prime with these multipliers (rows,)."""
    signs, sides = equations.inequalities()
    sums = np.zeros(equations.bound, np.int64)
    remainders = multipliers % prime
    np.add.at(sums, equations.codes >> 1, np.repeat(remainders, np.diff(equations.offsets)) * signs)
    return bool(
        equations.exact.all() and not (sums % prime).any() and (remainders * (sides % prime)).sum() % prime
    )


def _cancelling(equations: Cardinalities, prime: int) -> NDArray[np.int8] | None:
    """Return the different columns of the system as rows, the right sides last; None if that is too large.

    int8 (columns + 1, equations)
    """
    signs, sides = equations.inequalities()
    row = np.repeat(np.arange(len(equations)), np.diff(equations.offsets))
    words = np.random.default_rng(1).integers(1, 1 << 64, len(equations), np.uint64)
    hashes = np.zeros(equations.bound, np.uint64)
    np.add.at(hashes, equations.codes >> 1, words[row] * (signs % prime).astype(np.uint64))
    _, kept = np.unique(hashes, return_index=True)  # two that are the same by chance: a check follows
    number = np.full(equations.bound, -1, np.int64)
    number[kept] = np.arange(kept.size)
    if (kept.size + 1) * len(equations) > LARGEST:
        return None
    column = number[equations.codes >> 1]
    matrix = np.zeros((kept.size + 1, len(equations)), np.int8)
    matrix[-1] = sides % prime
    matrix[column[column >= 0], row[column >= 0]] = (signs % prime)[column >= 0]
    return matrix


def _reduce(matrix: NDArray[np.int8], prime: int, effort: Effort) -> NDArray[np.int64]:
    """Bring a matrix to reduced row echelon form, in place; return the pivots of its first rows.

    Its last row is reduced by the others, and never has a pivot.
    """
    rank = 0
    pivots = []
    for column in range(matrix.shape[1]):
        rows = np.flatnonzero(matrix[:, column])
        effort.spend(1 + len(matrix) // STEP)
        below = rows[(rows >= rank) & (rows < len(matrix) - 1)]
        if not below.size:
            continue
        pivot = below[np.count_nonzero(matrix[below[:8]], axis=1).argmin()]  # a light one keeps others light
        row = matrix[pivot] * pow(int(matrix[pivot, column]), -1, prime) % prime
        places = np.flatnonzero(row)
        if SPARSE * places.size < row.size:
            effort.spend(SPARSE * rows.size * places.size // STEP)
            part = np.ix_(rows, places)
            matrix[part] = (matrix[part] + matrix[rows, column, None] * (prime - row[places])) % prime
        else:
            effort.spend(rows.size * row.size // STEP)
            matrix[rows] = (matrix[rows] + matrix[rows, column, None] * (prime - row)) % prime
        matrix[pivot] = matrix[rank]
        matrix[rank] = row
        pivots.append(column)
        rank += 1
    return np.array(pivots, np.int64)
