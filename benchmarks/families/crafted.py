"""Formulas hard by construction, small ones too: orders without a least, cardinalities that do not add up."""

from __future__ import annotations

import itertools
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

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


_CROWDED = 4  # what two members of one home in a group cost, in pairs of homes that meet again
_SWAPS = 100  # tried for each member
_MOST_SWAPS = 50_000

Size = Annotated[int, Parameter("At least so many variables.", low=5, high=100_000)]


@family
def sgen_unsat(dice: Dice, variables: Size = 45) -> Draft:
    """Allow two true in each group of four (one of five), and two false in each group of another partition.

    That is at most twice the groups true, and as many false, one fewer than there are variables.

    Source: Spence: sgen1: A Generator of Small but Difficult Satisfiability Benchmarks, J. Experimental
    Algorithmics 2010.
    """
    groups = max(1, -(-(variables - 1) // 4))
    total = 4 * groups + 1
    clauses = Clauses()
    clauses.fresh(total)
    first = np.arange(total)
    sizes = np.array([*[4] * (groups - 1), 5])
    home = np.minimum(first // 4, groups - 1)
    second = _spread(dice, dice.permutation(total), home, np.zeros(total, np.bool_), sizes)
    for order, sign in ((first, -1), (second, 1)):
        whole, last = order[:-5].reshape(-1, 4) + 1, order[None, -5:] + 1
        for part in (whole, last):
            places = np.array([p for p in np.ndindex(*[part.shape[1]] * 3) if p[0] < p[1] < p[2]])
            clauses.add(sign * part[:, places].reshape(-1, 3))
    return Draft(clauses.formula(), "unsat")


@family
def sgen_sat(dice: Dice, variables: Size = 120) -> Draft:
    """Allow one true in each group of five, and ask for one in each group of two other partitions.

    The hidden model has exactly one in each group of each partition.

    Source: Spence: sgen1: A Generator of Small but Difficult Satisfiability Benchmarks, J. Experimental
    Algorithmics 2010.
    """
    groups = -(-variables // 5)
    clauses = Clauses()
    names = clauses.fresh(groups, 5)
    clauses.at_most_one(names)
    model = np.zeros(5 * groups, np.bool_)
    model[np.arange(groups) * 5 + dice.randint(0, 5, groups)] = True
    home = np.arange(5 * groups) // 5
    for _ in range(2):
        true, false = (dice.permutation(np.flatnonzero(part)) for part in (model, ~model))
        order = np.concatenate([true[:, None], false.reshape(groups, 4)], axis=1).ravel()
        rows = _spread(dice, order, home, model, np.full(groups, 5)).reshape(groups, 5)
        clauses.add(dice.permutation(np.sort(rows, axis=1)) + 1)
    return Draft(clauses.formula(), "sat", model)


def _spread(
    dice: Dice,
    start: NDArray[np.int64],
    home: NDArray[np.int64],
    kind: NDArray[np.bool_],
    sizes: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Change an order of the members, group after group of those sizes, so that groups have little in common.

    Members of one home should not meet in a group, those of two homes in one group at most. Spence anneals;
    here two members change places wherever that makes it no worse, and they are of one kind.
    """
    order, homes, kinds = start.tolist(), home.tolist(), kind.tolist()
    group = np.repeat(np.arange(sizes.size), sizes).tolist()
    starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
    met: dict[tuple[int, int], int] = {}

    def count(number: int, step: int) -> int:
        """Add a group's pairs of homes, or with step -1 take them away; return what that costs or saves."""
        cost = 0
        inside = sorted(homes[member] for member in order[starts[number] : starts[number + 1]])
        for pair in itertools.combinations(inside, 2):
            before = met.get(pair, 0)
            met[pair] = before + step
            cost += step * (min(before, before + step) + _CROWDED * (pair[0] == pair[1]))
        return cost

    for number in range(sizes.size):
        count(number, 1)
    for one, two in dice.randint(0, home.size, (min(_SWAPS * home.size, _MOST_SWAPS), 2)).tolist():
        first, second = group[one], group[two]
        if first == second or kinds[order[one]] != kinds[order[two]]:
            continue
        change = count(first, -1) + count(second, -1)
        order[one], order[two] = order[two], order[one]
        change += count(first, 1) + count(second, 1)
        if change > 0:
            count(first, -1)
            count(second, -1)
            order[one], order[two] = order[two], order[one]
            count(first, 1)
            count(second, 1)
    return np.array(order)
