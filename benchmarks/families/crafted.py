"""Formulas hard by construction: orders without a least element, cardinalities that do not add up."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from turbosat.benchmarks.families.base import Clauses, Dice, Draft, Parameter, family
from turbosat.benchmarks.families.proof_complexity import _combinations, _regular


@family
def ordering(
    dice: Dice,
    size: Annotated[int, Parameter("Elements.", low=2, high=300)] = 30,
    degree: Annotated[
        int, Parameter("Of the random graph of who may be smaller; 0: all.", low=0, high=20)
    ] = 0,
) -> Draft:
    """Ordering principle: a total order of finitely many elements, none of them least.

    Variable of the pair a < b, in lexicographic order, is true where a comes first. With a degree, every
    element has a smaller neighbour in a random regular graph.

    Source: Krishnamurthy: Short Proofs for Tricky Formulas, Acta Informatica 1985; on graphs: Segerlind,
    Buss, Impagliazzo, SIAM J. Computing 2004.
    """
    clauses = Clauses()
    first, second = np.triu_indices(size, 1)
    before = np.zeros((size, size), np.int64)  # literal of a before b
    before[first, second] = clauses.fresh(first.size)
    before[second, first] = -before[first, second]
    near = ~np.eye(size, dtype=np.bool_)
    if degree:
        edges = _regular(dice, size, degree)
        near[:] = False
        near[edges[:, 0], edges[:, 1]] = near[edges[:, 1], edges[:, 0]] = True
    clauses.add(before.T[near].reshape(size, -1))  # who is before it, in each row
    a, b, c = _combinations(size, 3).T
    for x, y, z in ((a, b, c), (a, c, b)):
        clauses.add(-np.stack([before[x, y], before[y, z], before[z, x]], axis=1))
    return Draft(clauses.formula(), "unsat")


@family
def subset_cardinality(
    dice: Dice,
    size: Annotated[int, Parameter("Vertices on either side.", low=5, high=2000)] = 16,
) -> Draft:
    """Half of the edges at each vertex on the left are true, half of those at each on the right are false.

    The graph is random, bipartite and of degree 4, with an edge more, and where the number is odd there is
    one more than half.

    Source: Spence: sgen1, 2010; Van Gelder, Spence: Zero-One Designs Produce Small Hard SAT Instances, SAT
    2010; Mikša, Nordström: Long Proofs of (Seemingly) Simple Formulas, SAT 2014.
    """
    joined = np.zeros((size, size), np.bool_)
    rows = np.arange(size)
    for _ in range(4):
        columns = dice.permutation(size)
        while joined[rows, columns].any():
            columns = dice.permutation(size)
        joined[rows, columns] = True
    free = np.argwhere(~joined)
    joined[tuple(free[dice.randint(len(free))])] = True
    clauses = Clauses()
    names = np.zeros((size, size), np.int64)
    names[joined] = clauses.fresh(int(joined.sum()))
    for sign, table in ((1, names), (-1, names.T)):
        for line in table:
            edges = line[line > 0]
            clauses.add(sign * edges[_combinations(edges.size, edges.size // 2 + 1)])
    return Draft(clauses.formula(), "unsat")
