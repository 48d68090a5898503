"""Permutations that are to be found: the VMPC function inverted, Costas arrays."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Clauses, Dice, Draft, Parameter, Status, family
from turbosat.formula.formula import Formula

LAST_COSTAS = 31  # there are arrays of all orders up to it; of 32 nobody knows


@family
def vmpc(
    dice: Dice, order: Annotated[int, Parameter("Length of the permutation.", low=2, high=200)] = 22
) -> Draft:
    """Invert the VMPC function: of a permutation Q find a P with Q[x] = P[P[P[x]] + 1], modulo its length.

    P[x] = y is variable x * order + y + 1, from 0, before variables are renumbered and negated by chance, as
    in the files of the SAT-Race. Of the three entries of P behind one of Q each two give the third.

    Source: Zoltak: VMPC One-Way Function and Stream Cipher, FSE 2004; its inversion as SAT: Grieu, SAT-Race
    2006.
    """
    p = dice.permutation(order)
    q = p[(p[p] + 1) % order]
    clauses = Clauses()
    names = clauses.fresh(order, order)
    clauses.exactly_one(names)
    clauses.exactly_one(names.T)
    x, a, b = (axis.ravel() for axis in np.indices((order, order, order)))
    three = np.stack([names[x, a], names[a, b], names[(b + 1) % order, q[x]]], axis=1)
    for last in range(3):
        one, other = np.delete(three, last, axis=1).T
        implied = three[:, last]
        sound = (implied != one) & (implied != other)
        same = sound & (one == other)
        clauses.add(np.stack([-one[same], implied[same]], axis=1))
        differ = sound & (one != other)
        clauses.add(np.stack([-one[differ], -other[differ], implied[differ]], axis=1))
    return hidden(dice, clauses, permutation_matrix(p))


@family
def costas(dice: Dice, order: Annotated[int, Parameter("Rows and columns.", low=1, high=60)] = 15) -> Draft:
    """Costas array: a permutation whose differences, of entries equally far apart, are all different.

    Row r has its dot in column c by variable r * order + c + 1, from 0; then a variable for each two rows and
    each difference of their columns. Satisfiable up to order 31.

    Source: Costas: A Study of a Class of Detection Waveforms, Proc. IEEE 1984; orders: Drakakis, Open
    Problems in Costas Arrays, 2011.
    """
    clauses = Clauses()
    dots = clauses.fresh(order, order)
    first, second = np.triu_indices(order, 1)
    by_gap = np.argsort(second - first, kind="stable")
    first, second = first[by_gap], second[by_gap]
    differences = clauses.fresh(first.size, 2 * (order - 1))  # from 1 - order to order - 1, without 0
    clauses.exactly_one(dots)
    clauses.exactly_one(dots.T)
    a, b = (~np.eye(order, dtype=np.bool_)).nonzero()
    for pair, (one, other) in enumerate(zip(first, second, strict=True)):
        seen = differences[pair, b - a + order - 1 - (b > a)]
        clauses.add(np.stack([-dots[one, a], -dots[other, b], seen], axis=1))
    for gap in range(1, order):
        clauses.at_most_one(differences[second - first == gap].T)
    status: Status = "sat" if order <= LAST_COSTAS else "unknown"
    return Draft(clauses.formula(), status)


def permutation_matrix(p: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which entry is where, bool (order * order,)."""
    return np.asarray(np.eye(p.size, dtype=np.bool_)[p]).ravel()


def hidden(dice: Dice, clauses: Clauses, model: NDArray[np.bool_]) -> Draft:
    """Return the satisfiable formula with variables renumbered, and half of them negated, by chance."""
    formula = clauses.formula()
    renamed = dice.permutation(formula.variables)
    flipped = dice.randint(0, 2, formula.variables).astype(np.bool_)
    moved = np.zeros(formula.variables, np.bool_)
    moved[renamed] = model ^ flipped
    names = (renamed + 1) * np.where(flipped, -1, 1)
    literals = names[np.abs(formula.literals) - 1] * np.sign(formula.literals)
    return Draft(Formula(literals.astype(np.int32), formula.offsets, formula.variables), "sat", moved)
