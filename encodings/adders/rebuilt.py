"""A formula with sums built again, as plain arrays, and the way back, without compiled code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from turbosat.formula.formula import Formula

# A literal code, how it is made, and of which three; a code of -1 is false.
Step = tuple[int, int, int, int, int]
SUM: Final = 0  # it is what they XOR to
CARRY: Final = 1  # it is what most of them are


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A formula with some sums built again; it has a model where the original has one.

    Its variables are those of the original and auxiliary ones behind them. `steps` compute those of the
    original that it does without, one after the other.
    """

    formula: Formula
    steps: NDArray[np.int32]  # (variables without, 5)
    sums: int
    adders: int  # of the original, that these are in place of

    def completed(self, values: NDArray[np.bool_], variables: int) -> NDArray[np.bool_]:
        """Return values bool (variables,) of all variables of the original, from those of a model."""
        truth = [*values[:variables].tolist(), True]  # the last one is for the code -1, which is odd
        for target, kind, x, y, z in self.steps.tolist():
            true = (truth[x >> 1] ^ (x & 1)) + (truth[y >> 1] ^ (y & 1)) + (truth[z >> 1] ^ (z & 1))
            truth[target >> 1] = bool((true >= 2 if kind == CARRY else true & 1) ^ (target & 1))
        return np.array(truth[:-1], np.bool_)
