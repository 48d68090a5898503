"""Ramsey theory of the integers and of cubes: Schur, Pythagoras, discrepancy, Hales-Jewett; Langford."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Clauses, Dice, Draft, Parameter, Status, family
from turbosat.errors import UsageError

SCHUR = {1: 1, 2: 4, 3: 13, 4: 44, 5: 160}  # colours: the last n that can be coloured
LAST_PYTHAGOREAN = 7824
DISCREPANCY = {1: 11, 2: 1160}  # bound: the longest sequence
LONG_DISCREPANCY = 13_900  # a sequence of bound 3 that was found, perhaps not the longest
# (colours, length): the van der Waerden number
VAN_DER_WAERDEN = {(2, 3): 9, (2, 4): 35, (2, 5): 178, (2, 6): 1132, (3, 3): 27, (3, 4): 293, (4, 3): 76}
HALES_JEWETT = {
    (2, 3): 4,
    **{(colours, 2): colours for colours in range(1, 13)},
}  # (colours, side): dimension

Colours = Annotated[int, Parameter("Colours.", low=1, high=12)]


@family
def schur(
    dice: Dice,
    n: Annotated[int, Parameter("The numbers 1 to n are coloured.", low=1, high=20_000)] = 44,
    colours: Colours = 4,
) -> Draft:
    """Colour the numbers so that no x + y = z has one colour, where x = y counts, too.

    Satisfiable up to 1, 4, 13, 44, 160 for 1 to 5 colours.

    Source: Schur 1916; Heule: Schur Number Five, AAAI 2018.
    """
    x, y = np.triu_indices(n)
    x, y = x + 1, y + 1
    kept = (x < y) & (x + y <= n)
    sums = np.stack([x, y, x + y], axis=1)[kept]  # (triples, 3)
    half = np.arange(1, n // 2 + 1)
    doubles = np.stack([half, 2 * half], axis=1)
    last = SCHUR.get(colours)
    status: Status = "unknown" if last is None else "sat" if n <= last else "unsat"
    return _partition(n, colours, (doubles, sums), status)


@family
def pythagorean(
    dice: Dice,
    n: Annotated[int, Parameter("The numbers 1 to n are coloured.", low=1, high=200_000)] = 3000,
) -> Draft:
    """Colour the numbers so that no Pythagorean triple has one colour; variable x is true for one of the two.

    Satisfiable up to 7824.

    Source: Heule, Kullmann, Marek: Solving and Verifying the Boolean Pythagorean Triples Problem via
    Cube-and-Conquer, SAT 2016.
    """
    found = []
    for a in range(1, int(n / 2**0.5) + 1):
        b = np.arange(a + 1, n + 1, dtype=np.int64)
        square = a * a + b * b
        c = np.rint(np.sqrt(square)).astype(np.int64)
        good = (c * c == square) & (c <= n)
        found.append(np.stack([np.full(int(good.sum()), a), b[good], c[good]], axis=1))
    triples = np.concatenate([np.zeros((0, 3), np.int64), *found])
    clauses = Clauses()
    clauses.fresh(n)
    clauses.add(np.stack([triples, -triples], axis=1).reshape(-1, 3))
    return Draft(clauses.formula(), "sat" if n <= LAST_PYTHAGOREAN else "unsat")


@family
def discrepancy(
    dice: Dice,
    n: Annotated[int, Parameter("Length of the sequence.", low=1, high=200_000)] = 400,
    bound: Annotated[int, Parameter("Largest sum, and the negated smallest.", low=1, high=20)] = 2,
) -> Draft:
    """Find a sequence of signs, of which x(d) + x(2d) + … + x(kd) stays within the bound for all d and k.

    Variables 1 to n are the signs. For each step d an automaton reads x(d), x(2d), …: one variable a place
    and a sum, of which exactly one is true. Satisfiable up to 11 for bound 1, and up to 1160 for bound 2.

    Source: Konev, Lisitsa: A SAT Attack on the Erdős Discrepancy Conjecture, SAT 2014.
    """
    clauses = Clauses()
    signs = clauses.fresh(n)
    for step in range(1, n // (bound + 1) + 1):  # fewer signs cannot go beyond the bound
        word = signs[step - 1 :: step]
        sums = clauses.fresh(word.size + 1, 2 * bound + 1)  # (places, sums from -bound to bound)
        clauses.units(sums[0, bound : bound + 1])
        clauses.exactly_one(sums)
        for sign, here, there in ((-1, sums[:-1, :-1], sums[1:, 1:]), (1, sums[:-1, 1:], sums[1:, :-1])):
            letters = np.repeat(sign * word, 2 * bound)
            clauses.add(np.stack([-here.ravel(), letters, there.ravel()], axis=1))
        clauses.add(np.stack([-sums[:-1, -1], -word], axis=1))
        clauses.add(np.stack([-sums[:-1, 0], word], axis=1))
    if bound in DISCREPANCY:
        return Draft(clauses.formula(), "sat" if n <= DISCREPANCY[bound] else "unsat")
    return Draft(clauses.formula(), "sat" if n <= LONG_DISCREPANCY else "unknown")


@family
def hales_jewett(
    dice: Dice,
    side: Annotated[int, Parameter("Side of the cube.", low=2, high=8)] = 3,
    dimension: Annotated[int, Parameter("Dimension of the cube.", low=1, high=16)] = 4,
    colours: Colours = 2,
) -> Draft:
    """Colour the points of a cube, numbers in base `side`, so that no combinatorial line has one colour.

    Unsatisfiable from the Hales-Jewett number on: for two colours 2, 4 with sides 2, 3. Satisfiable where a
    colouring of the numbers without arithmetic progressions of that length colours the points by their sum.

    Source: Hales, Jewett: Regularity and Positional Games, Trans. AMS 1963; Hindman, Tressler: The First
    Nontrivial Hales-Jewett Number is Four, Ars Combinatoria 2014.
    """
    if side**dimension > 2_000_000 or (side + 1) ** dimension > 4_000_000:
        raise UsageError(f"a cube of {side}^{dimension} points is too large")
    weights = side ** np.arange(dimension)[::-1]
    template = np.stack(
        np.unravel_index(np.arange((side + 1) ** dimension), (side + 1,) * dimension), axis=1
    )  # (templates, dimension), a digit `side` moves
    template = template[(template == side).any(axis=1)]
    fixed = np.where(template == side, 0, template) @ weights
    lines = fixed[:, None] + ((template == side) @ weights)[:, None] * np.arange(side)  # (lines, side)
    status: Status = "unknown"
    number = HALES_JEWETT.get((colours, side))
    progression = VAN_DER_WAERDEN.get((colours, side), side)
    if number is not None:
        status = "sat" if dimension < number else "unsat"
    elif dimension * (side - 1) + 1 < progression:
        status = "sat"
    elif colours == 1:
        status = "unsat"
    return _partition(side**dimension, colours, (lines + 1,), status)


@family
def langford(
    dice: Dice,
    n: Annotated[int, Parameter("Each of 1 to n twice, k between the two of k.", low=1, high=300)] = 12,
) -> Draft:
    """Langford pairs: put 1, 1, 2, 2, … n, n in a row so that k numbers lie between the two k.

    Satisfiable where n modulo 4 is 0 or 3. A variable a number and its left place, those of 1 first.

    Source: Langford 1958; Davies: On Langford's Problem II, Math. Gazette 1959; encoded as Knuth, The Art of
    Computer Programming 7.2.2.2, 2015.
    """
    number = np.concatenate([np.full(2 * n - k - 1, k) for k in range(1, n + 1)])
    left = np.concatenate([np.arange(2 * n - k - 1) for k in range(1, n + 1)])
    clauses = Clauses()
    names = clauses.fresh(number.size)
    groups = [names[number == k] for k in range(1, n + 1)]
    groups += [names[(left == place) | (left + number + 1 == place)] for place in range(2 * n)]
    for group in groups:
        clauses.exactly_one(group[None])
    return Draft(clauses.formula(), "sat" if n % 4 in (0, 3) else "unsat")


def _partition(points: int, colours: int, sets: Sequence[NDArray[np.int64]], status: Status) -> Draft:
    """Colour the points 1 to points, with no set of one colour; each of `sets` is an array (sets, size).

    For two colours a variable a point says which it is, else point p, from 1, and colour c, from 0, have
    (p - 1) * colours + c + 1.
    """
    clauses = Clauses()
    if colours == 2:
        clauses.fresh(points)
        for rows in sets:
            clauses.add(np.concatenate([rows, -rows]))
        return Draft(clauses.formula(), status)
    names = clauses.fresh(points, colours)
    clauses.exactly_one(names)
    for rows in sets:
        for colour in range(colours):
            clauses.add(-names[rows - 1, colour])
    return Draft(clauses.formula(), status)
