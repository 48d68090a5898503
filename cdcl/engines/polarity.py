"""Hints and partial assignments for engines that only read clauses: flipped variables, unit clauses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.formula import Formula
from turbosat.formula.rows import nothing

_BLOCK = 1 << 20  # literals flipped at once


def flip_signs(variables: int, phases: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return -1 for every variable whose hint is false and 1 for all others, int8 (variables,).

    An engine that tries true first follows the hints on the flipped formula.
    """
    signs = np.ones(variables, np.int8)
    signs[: phases.size][~phases] = -1
    return signs


def flip(
    literals: NDArray[np.int32], signs: NDArray[np.int8], check: Callable[[], None] = nothing
) -> NDArray[np.int32]:
    """Return the literals with the variables of sign -1 negated. `check` may raise to stop."""
    flipped = np.empty_like(literals)
    for low in range(0, literals.size, _BLOCK):
        check()
        part = literals[low : low + _BLOCK]
        np.multiply(part, signs[np.abs(part) - 1], out=flipped[low : low + _BLOCK])
    return flipped


def restricted(
    formula: Formula,
    units: NDArray[np.int32],
    signs: NDArray[np.int8] | None = None,
    check: Callable[[], None] = nothing,
) -> Formula:
    """Return the clauses of `formula`, XORs not, with `units` added as clauses, all flipped by `signs`."""
    literals = np.concatenate([formula.literals, units])
    ends = formula.offsets[-1] + np.arange(1, units.size + 1, dtype=np.int64)
    if signs is not None:
        literals = flip(literals, signs, check)
    return Formula(literals, np.concatenate([formula.offsets, ends]), formula.variables)
