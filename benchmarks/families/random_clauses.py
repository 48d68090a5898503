"""Random k-SAT: uniform, and with a hidden assignment."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Dice, Draft, Parameter, family
from turbosat.errors import UsageError
from turbosat.formula.formula import Formula

Variables = Annotated[int, Parameter("Variables.", low=1, high=10_000_000)]
Width = Annotated[int, Parameter("Literals of a clause.", low=1, high=20)]
Ratio = Annotated[float, Parameter("Clauses a variable.", low=0.01, high=10_000)]


@family
def random_ksat(dice: Dice, variables: Variables = 300, k: Width = 3, ratio: Ratio = 4.26) -> Draft:
    """Uniform random k-SAT: distinct variables in a clause, signs by a fair coin; 3-SAT is hardest at 4.26.

    Source: Mitchell, Selman, Levesque: Hard and Easy Distributions of SAT Problems, AAAI 1992.
    """
    count = _count(variables, k, ratio)
    rows = _distinct(dice, count, variables, k)
    signs = 1 - 2 * dice.randint(0, 2, (count, k), dtype=np.int32)
    return Draft(_formula(rows * signs, variables))


@family
def planted_ksat(
    dice: Dice,
    variables: Variables = 300,
    k: Width = 3,
    ratio: Ratio = 4.26,
    q: Annotated[float, Parameter("Weight of each true literal.", low=0.01, high=1)] = 0.618,
) -> Draft:
    """Random k-SAT with a hidden model: a clause with t true literals has weight q to the t, t above 0.

    With q = 1 every satisfied clause is as likely, which betrays the model; for 3-SAT the golden ratio's
    0.618 makes literals true and false in equal numbers, smaller q leads away from the model.

    Source: Jia, Moore, Strain: Generating Hard Satisfiable Formulas by Hiding Solutions Deceptively, AAAI
    2005.
    """
    count = _count(variables, k, ratio)
    rows = _distinct(dice, count, variables, k)
    model = dice.randint(0, 2, variables).astype(np.bool_)
    masks = np.arange(1, 2**k)  # which literals are true
    true = (masks[:, None] >> np.arange(k)) & 1  # (masks, k)
    weights = np.cumsum(q ** true.sum(axis=1))
    chosen = np.searchsorted(weights, dice.random_sample(count) * weights[-1], side="right")
    wanted = true[chosen].astype(np.bool_)  # (clauses, k)
    signs = np.where(wanted == model[rows - 1], 1, -1).astype(np.int32)
    return Draft(_formula(rows * signs, variables), "sat", model)


def _count(variables: int, k: int, ratio: float) -> int:
    if k > variables:
        raise UsageError(f"expected at least k = {k} variables, found {variables}")
    return max(1, round(variables * ratio))


def _distinct(dice: Dice, count: int, variables: int, k: int) -> NDArray[np.int32]:
    """Return rows (count, k) of distinct variables: rows with repetitions are thrown again."""
    if k * k > variables:  # repetitions would be the rule
        keys = dice.random_sample((count, variables))
        return (np.argsort(keys, axis=1, kind="stable")[:, :k] + 1).astype(np.int32)
    rows = dice.randint(1, variables + 1, (count, k), dtype=np.int32)
    bad = np.arange(count)
    while bad.size:
        order = np.sort(rows[bad], axis=1)
        bad = bad[(order[:, 1:] == order[:, :-1]).any(axis=1)]
        rows[bad] = dice.randint(1, variables + 1, (bad.size, k), dtype=np.int32)
    return rows


def _formula(rows: NDArray[np.int32], variables: int) -> Formula:
    return Formula(rows.ravel(), np.arange(rows.shape[0] + 1, dtype=np.int64) * rows.shape[1], variables)
