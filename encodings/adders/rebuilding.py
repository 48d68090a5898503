"""Formulas in which sums of many words are built again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Final

import numpy as np

from turbosat.encodings.adders.carry_save import Builder
from turbosat.encodings.adders.cells import find_cells
from turbosat.encodings.adders.network import Network
from turbosat.encodings.adders.rebuilt import Rebuilt
from turbosat.encodings.clause_sets import clause_sets
from turbosat.encodings.gates.recovery import SHORT
from turbosat.encodings.propagation import signed_literals
from turbosat.formula.formula import Formula

MOST: Final = 1 << 15  # adders that are looked at: 1.5 s
LARGEST: Final = 10_000_000  # literals
# Adders for each column of a sum that is built again: two words have one, products have one for each row.
CROWDED: Final = 1.5, 8.0
WORTH: Final = 0.05  # of the variables, that it must do without


def rebuild(formula: Formula, check: Callable[[], None] = lambda: None) -> Rebuilt | None:
    """Build the sums of a formula again, None where there are few to speak of, or XORs of its own.

    Every sum follows from the clauses of its adders. Without these, and with the clauses of other adders from
    the same inputs to the same outputs, models are the same in all variables that others know. So the result
    is satisfiable where the formula is. `check` is called every few milliseconds, and may raise.
    """
    lengths = np.diff(formula.offsets)
    # What a sum does without is in three clauses of three literals, at least.
    few = 3 * np.count_nonzero(lengths == 3) < max(1, 3 * 3 * WORTH * formula.variables)
    if few or len(formula.xors) or formula.literals.size > LARGEST:
        return None
    sets = clause_sets(formula, SHORT, check, settled=False)
    if sets.variables != formula.variables:
        return None  # most of them are in no clause
    cells = find_cells(sets, check)
    if not 0 < len(cells) <= MOST:
        return None
    network = Network(cells, np.bincount(sets.table.codes >> 1, minlength=sets.variables), check)
    chosen = network.totals(CROWDED)
    steps = np.array([step for each in chosen for step in each.steps], np.int32).reshape(-1, 5)
    if len(steps) < max(1, WORTH * formula.variables):
        return None
    without = np.zeros(formula.variables, np.bool_)
    without[steps[:, 0] >> 1] = True
    rows = np.repeat(np.arange(formula.clauses), lengths)
    kept = np.bincount(rows[without[np.abs(formula.literals) - 1]], minlength=formula.clauses) == 0
    check()
    builder = Builder(formula.variables)
    for each in chosen:
        builder.add(each)
        check()
    codes = np.fromiter(chain.from_iterable(builder.clauses), np.int32)
    sizes = np.fromiter(map(len, builder.clauses), np.int64)
    rebuilt = Formula(
        np.concatenate([formula.literals[kept[rows]], signed_literals(codes)]),
        np.append(0, np.cumsum(np.concatenate([lengths[kept], sizes]))),
        builder.variables,
    )
    return Rebuilt(rebuilt, steps, len(chosen), sum(each.adders for each in chosen))
