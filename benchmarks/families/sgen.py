"""Small formulas that are hard for their size."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Dice, Draft, Parameter, family
from turbosat.benchmarks.families.clauses import Clauses

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
    second = _spread(dice, np.minimum(first // 4, groups - 1), sizes)
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
        others = np.flatnonzero(~model)[_spread(dice, home[~model], np.full(groups, 4))].reshape(groups, 4)
        true = dice.permutation(np.flatnonzero(model))
        rows = np.concatenate([true[:, None], others], axis=1)
        clauses.add(dice.permutation(np.sort(rows, axis=1)) + 1)
    return Draft(clauses.formula(), "sat", model)


def _spread(dice: Dice, home: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order the members at random into groups of those sizes, few of one home together.

    Spence anneals; here pairs of members are exchanged while that leaves fewer neighbours from one home.
    """
    order = dice.permutation(home.size)
    group = np.repeat(np.arange(sizes.size), sizes)
    for _ in range(20):
        codes = group * (int(home.max()) + 1) + home[order]
        _, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
        crowded = np.flatnonzero(counts[inverse] > 1)
        if not crowded.size:
            break
        for place in crowded.tolist():
            other = dice.randint(home.size)
            before = _clashes(order, home, group, sizes, place, other)
            order[[place, other]] = order[[other, place]]
            if _clashes(order, home, group, sizes, place, other) > before:
                order[[place, other]] = order[[other, place]]
    return order


def _clashes(
    order: NDArray[np.int64],
    home: NDArray[np.int64],
    group: NDArray[np.int64],
    sizes: NDArray[np.int64],
    *places: int,
) -> int:
    """Count members that share both the group of one of the places and a home."""
    found = 0
    for number in {int(group[place]) for place in places}:
        start = int(sizes[:number].sum())
        homes = home[order[start : start + int(sizes[number])]].tolist()
        found += len(homes) - len(set(homes))
    return found
