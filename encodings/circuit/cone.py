"""What values depend on: cones of gates, and the latches that matter over time."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.circuits import circuit as kernels
from turbosat.encodings.circuit.aig import Aig, Literals
from turbosat.encodings.propagation import blocks

BLOCK: Final = 1 << 18  # gates between two calls of `check`: some milliseconds


def cone(
    ands: NDArray[np.int32], leaves: int, roots: Literals, check: Callable[[], None] = lambda: None
) -> NDArray[np.bool_]:
    """Return which variables roots depend on, (leaves + gates,) bool: gate i is variable leaves + i."""
    marked = np.zeros(leaves + len(ands), np.bool_)
    marked[roots >> 1] = True
    _close(ands, leaves, marked, check)
    return marked


def influence(aig: Aig, roots: Literals, check: Callable[[], None] = lambda: None) -> NDArray[np.bool_]:
    """Return the variables roots depend on at any time, (1 + variables,) bool: their cone of influence.

    Where a latch is in it, so is its next value.
    """
    marked = cone(aig.ands, aig.first_and, roots, check)
    latches = slice(1 + aig.inputs, aig.first_and)
    done = np.zeros(aig.latches, np.bool_)
    while (new := marked[latches] & ~done).any():
        done |= new
        marked[aig.next_state[new] >> 1] = True
        _close(aig.ands, aig.first_and, marked, check)
    return marked


def _close(
    ands: NDArray[np.int32], leaves: int, marked: NDArray[np.bool_], check: Callable[[], None]
) -> None:
    for first, last in blocks(len(ands), BLOCK, check):
        kernels.mark_cone(ands, leaves, marked, len(ands) - first, len(ands) - last)
