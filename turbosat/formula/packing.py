"""A formula as plain arrays, for messages between processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors

Arrays = tuple[NDArray[Any], ...]


def pack(formula: Formula) -> Arrays:
    """Return literals, offsets, literals and offsets of the XORs, and the XORs' parities as int8.

    The literals of XORs keep their signs, which say what the variables mean that cut long ones; so a parity
    is that of a row's literals, not of its variables: false for an empty row that holds, else true.
    """
    xors = formula.xors
    parities = ((np.diff(xors.offsets) > 0) | xors.parities).astype(np.int8)
    return formula.literals, formula.offsets, xors.literals, xors.offsets, parities


def unpack(arrays: Sequence[Any], variables: int) -> Formula:
    """Return the formula whose arrays, or views of their memory, these are."""
    literals, offsets, xor_literals, xor_offsets, parities = (np.asarray(array) for array in arrays)
    return Formula(literals, offsets, variables, Xors(xor_literals, xor_offsets, parities.astype(np.bool_)))
