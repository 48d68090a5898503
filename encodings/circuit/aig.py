"""And-inverter graphs with latches, numbered as binary AIGER does.

Literals are AIGER's: twice the variable, plus one where it is negated; 0 is false and 1 is true. Variables
are numbered inputs first, then latches, then AND gates, so that a gate's operands always have smaller
numbers than the gate itself (Biere, Heljanko, Wieringa: AIGER 1.9 and Beyond, FMV report 11/2, 2011).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Literals = NDArray[np.int32]

FALSE, TRUE = 0, 1


def no_literals() -> Literals:
    """Return an empty array of literals."""
    return np.zeros(0, np.int32)


@dataclass(frozen=True, eq=False)
class Aig:
    """A graph that never changes. All arrays hold int32 literals; whoever makes one keeps the order above.

    ``reset`` tells each latch's first value: 0, 1, or the latch's own literal where it has none (AIGER 1.9).
    ``symbols`` maps an AIGER symbol's kind and position, as in ``("i", 0)``, to its name as it was read.
    """

    inputs: int
    ands: NDArray[np.int32]  # (ands, 2), larger operand first
    next_state: Literals = field(default_factory=no_literals)  # (latches,)
    reset: Literals = field(default_factory=no_literals)  # (latches,)
    outputs: Literals = field(default_factory=no_literals)
    bad: Literals = field(default_factory=no_literals)
    constraints: Literals = field(default_factory=no_literals)
    justice: tuple[Literals, ...] = ()
    fairness: Literals = field(default_factory=no_literals)
    symbols: Mapping[tuple[str, int], bytes] = field(default_factory=dict)
    comments: bytes = b""

    @property
    def latches(self) -> int:
        """Return how many latches there are."""
        return len(self.next_state)

    @property
    def variables(self) -> int:
        """Return how many variables there are, the constant not counted; the largest one's number."""
        return self.inputs + self.latches + len(self.ands)

    @property
    def first_and(self) -> int:
        """Return the variable of the first AND gate."""
        return self.inputs + self.latches + 1

    def input_literals(self) -> Literals:
        """Return the inputs' literals, shape (inputs,)."""
        return 2 * np.arange(1, self.inputs + 1, dtype=np.int32)

    def latch_literals(self) -> Literals:
        """Return the latches' literals, shape (latches,)."""
        return 2 * np.arange(self.inputs + 1, self.first_and, dtype=np.int32)
