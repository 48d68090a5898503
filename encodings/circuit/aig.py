"""And-inverter graphs with latches, numbered as binary AIGER does.

Literals are AIGER's: twice the variable, plus one where it is negated; 0 is false and 1 is true. Variables
are numbered inputs first, then latches, then AND gates, so that a gate's operands always have smaller
numbers than the gate itself (Biere, Heljanko, Wieringa: AIGER 1.9 and Beyond, FMV report 11/2, 2011).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError
from turbosat.validation import MAX_VARIABLE, integer, shown

Literals = NDArray[np.int32]

FALSE, TRUE = 0, 1
SECTIONS: Final = ("next_state", "reset", "outputs", "bad", "constraints", "fairness")


def no_literals() -> Literals:
    """Return an empty array of literals."""
    return np.zeros(0, np.int32)


@dataclass(frozen=True, eq=False)
class Aig:
    """A graph that never changes. All arrays hold int32 literals, in the order above.

    ``reset`` tells each latch's first value: 0, 1, or the latch's own literal where it has none (AIGER 1.9).
    ``symbols`` maps an AIGER symbol's kind and position, as in ``("i", 0)``, to its name as it was read.
    ``comments`` end a file; where ``extended``, they follow the `c` at once, as ABC's extension sections do.

    UsageError for what is no such graph: kernels follow its literals without another look.
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
    extended: bool = False

    def __post_init__(self) -> None:
        integer(self.inputs, "inputs", low=0)
        _require_array(self.ands, "ands", (None, 2))
        for name in SECTIONS:
            _require_array(getattr(self, name), name, (None,))
        for place, part in enumerate(self.justice):
            _require_array(part, f"justice[{place}]", (None,))
        integer(self.variables, "the number of variables", high=MAX_VARIABLE)
        _require_literals(self)

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


def _require_array(found: Any, name: str, shape: tuple[int | None, ...]) -> None:
    """Raise UsageError unless this is a plain array of literals of this shape, any size for None."""
    dtype, sizes = getattr(found, "dtype", None), np.shape(found) if isinstance(found, np.ndarray) else None
    alike = sizes is not None and len(sizes) == len(shape)
    if not alike or any(own not in (None, size) for own, size in zip(shape, sizes or (), strict=True)):
        wanted = "(gates, 2)" if len(shape) > 1 else "(literals,)"
        what = shown(found) if sizes is None else f"the shape {sizes}"
        raise UsageError(f"expected an array {wanted} for {name}, found {what}")
    if dtype != np.int32 or not found.flags.c_contiguous:
        what = f"{dtype}" if dtype != np.int32 else "one that is not contiguous"
        raise UsageError(f"expected a contiguous array of int32 for {name}, found {what}")


def _require_literals(aig: Aig) -> None:
    """Raise UsageError for literals of no variable, gates that do not stand behind operands, odd resets."""
    own = 2 * np.arange(aig.first_and, aig.first_and + len(aig.ands), dtype=np.int32)
    wrong = (aig.ands[:, 0] >= own) | (aig.ands[:, 1] >= own)
    if aig.ands.size and (wrong.any() or aig.ands.min() < 0):
        gate = int(np.argmax(wrong | (aig.ands < 0).any(axis=1)))
        raise UsageError(
            f"expected operands from 0 to {own[gate] - 1} for ands[{gate}], which is variable "
            f"{own[gate] >> 1}, found {aig.ands[gate].tolist()}"
        )
    last = 2 * aig.variables + 1
    parts = {name: getattr(aig, name) for name in SECTIONS if name != "reset"}
    for name, part in {**parts, **{f"justice[{i}]": each for i, each in enumerate(aig.justice)}}.items():
        if part.size and (part.min() < 0 or part.max() > last):
            place = int(np.argmax((part < 0) | (part > last)))
            raise UsageError(f"expected a literal from 0 to {last} for {name}[{place}], found {part[place]}")
    if len(aig.reset) != aig.latches:
        raise UsageError(
            f"expected a reset for each latch, found {len(aig.reset)} for {aig.latches} in next_state"
        )
    latches = aig.latch_literals()
    odd = (aig.reset != 0) & (aig.reset != 1) & (aig.reset != latches)
    if odd.any():
        place = int(np.argmax(odd))
        raise UsageError(
            f"expected 0, 1 or the latch's own literal {latches[place]} for reset[{place}], "
            f"found {aig.reset[place]}"
        )
