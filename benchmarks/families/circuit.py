"""Boolean circuits with shared gates: built gate by gate, simulated, encoded as clauses after Tseitin.

A literal is as in AIGER: 2 * node, plus 1 for its negation; 0 is false and 1 is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families.base import Clauses
from turbosat.formula.formula import Formula

FALSE: Final = 0
TRUE: Final = 1
INPUT, AND, XOR, XOR3, MAJORITY, MUX = range(6)

# Clauses of g = gate(a, b, c) as signs of (g, a, b, c); 0: not in the clause.
_TEMPLATES: Final = {
    AND: [(-1, 1, 0, 0), (-1, 0, 1, 0), (1, -1, -1, 0)],
    XOR: [(-1, 1, 1, 0), (-1, -1, -1, 0), (1, -1, 1, 0), (1, 1, -1, 0)],
    XOR3: [
        (g, a, b, c) for g in (-1, 1) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1) if g * a * b * c < 0
    ],
    MAJORITY: [
        (-1, 1, 1, 0), (-1, 1, 0, 1), (-1, 0, 1, 1), (1, -1, -1, 0), (1, -1, 0, -1), (1, 0, -1, -1),
    ],
    MUX: [(-1, -1, 1, 0), (1, -1, -1, 0), (-1, 1, 0, 1), (1, 1, 0, -1), (-1, 0, 1, 1), (1, 0, -1, -1)],
}  # fmt: skip

Word = list[int]  # literals, the lowest bit first


class Circuit:
    """Gates in topological order. Equal gates are one node, and constants fold; `size` counts the nodes."""

    def __init__(self) -> None:
        self.gates: list[tuple[int, int, int, int]] = [(INPUT, 0, 0, 0)]  # node 0 is the constant
        self.inputs: list[int] = []  # nodes
        self._known: dict[tuple[int, int, int, int], int] = {}

    @property
    def size(self) -> int:
        """The number of nodes, the constant included."""
        return len(self.gates)

    def word(self, width: int) -> Word:
        """Return new inputs."""
        first = self.size
        self.gates += [(INPUT, 0, 0, 0)] * width
        self.inputs += range(first, first + width)
        return [2 * node for node in range(first, first + width)]

    def _gate(self, kind: int, a: int, b: int, c: int = 0) -> int:
        key = (kind, a, b, c)
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = len(self.gates)
            self.gates.append(key)
        return 2 * node

    def conjunction(self, a: int, b: int) -> int:
        """Return a and b."""
        if a > b:
            a, b = b, a
        if a <= TRUE:
            return b if a else FALSE
        if a ^ b <= 1:
            return a if a == b else FALSE
        return self._gate(AND, a, b)

    def disjunction(self, a: int, b: int) -> int:
        """Return a or b."""
        return self.conjunction(a ^ 1, b ^ 1) ^ 1

    def any_of(self, literals: Iterable[int]) -> int:
        """Return the disjunction of all, as a chain."""
        found = FALSE
        for literal in literals:
            found = self.disjunction(found, literal)
        return found

    def xor(self, a: int, b: int) -> int:
        """Return a xor b."""
        sign = (a ^ b) & 1
        a, b = a & ~1, b & ~1
        if a > b:
            a, b = b, a
        if a == 0:
            return b ^ sign
        return sign if a == b else self._gate(XOR, a, b) ^ sign

    def xor3(self, a: int, b: int, c: int) -> int:
        """Return a xor b xor c as one gate of eight clauses."""
        sign = (a ^ b ^ c) & 1
        a, b, c = sorted((a & ~1, b & ~1, c & ~1))
        if a == 0 or a == b:
            return self.xor(b, c) ^ sign if a == 0 else c ^ sign
        return a ^ sign if b == c else self._gate(XOR3, a, b, c) ^ sign

    def majority(self, a: int, b: int, c: int) -> int:
        """Return whether two of the three are true."""
        a, b, c = sorted((a, b, c))
        if a <= TRUE:
            return self.disjunction(b, c) if a else self.conjunction(b, c)
        if a ^ b <= 1:
            return a if a == b else c
        if b ^ c <= 1:
            return b if b == c else a
        flip = (a & 1) + (b & 1) + (c & 1) >= 2
        return self._gate(MAJORITY, a ^ flip, b ^ flip, c ^ flip) ^ flip

    def mux(self, choice: int, a: int, b: int) -> int:
        """Return a where choice is true, else b."""
        if choice & 1:
            choice, a, b = choice ^ 1, b, a
        if choice == FALSE or a == b:
            return b
        if a <= TRUE:
            return self.disjunction(choice, b) if a else self.conjunction(choice ^ 1, b)
        if b <= TRUE:
            return self.disjunction(choice ^ 1, a) if b else self.conjunction(choice, a)
        if a ^ b == 1:
            return self.xor(choice, b)
        if choice == a & ~1 or choice == b & ~1:
            return self._shared_mux(choice, a, b)
        return self._gate(MUX, choice, a ^ (a & 1), b ^ (a & 1)) ^ (a & 1)

    def _shared_mux(self, choice: int, a: int, b: int) -> int:
        """Return the same; a branch that is the choice itself is a constant there."""
        if choice == a & ~1:
            a = TRUE ^ (a & 1)
        if choice == b & ~1:
            b = FALSE ^ (b & 1)
        return self.mux(choice, a, b)

    def simulate(self, inputs: Sequence[int], mask: int = 1) -> list[int]:
        """Return the value of every node; values are integers of parallel bits, `mask` has all of these."""
        values = [0] * self.size
        for node, value in zip(self.inputs, inputs, strict=True):
            values[node] = value
        for node, (kind, a, b, c) in enumerate(self.gates):
            if kind == INPUT:
                continue
            x = values[a >> 1] ^ (-(a & 1) & mask)
            y = values[b >> 1] ^ (-(b & 1) & mask)
            if kind == AND:
                values[node] = x & y
            elif kind == XOR:
                values[node] = x ^ y
            else:
                z = values[c >> 1] ^ (-(c & 1) & mask)
                if kind == XOR3:
                    values[node] = x ^ y ^ z
                elif kind == MAJORITY:
                    values[node] = x & y | x & z | y & z
                else:
                    values[node] = x & y | (x ^ mask) & z
        return values

    def encode(self, true: Iterable[int]) -> tuple[Formula, NDArray[np.int64]]:
        """Return the formula that makes all these literals true, and the variable of each node, 0 for none.

        Inputs come first, whether they matter or not: input i, from 0, is variable i + 1. Of the gates only
        those are encoded on which the literals depend.
        """
        wanted = list(true)
        gates = np.array(self.gates, np.int64)  # (nodes, 4)
        needed = np.zeros(self.size, np.bool_)
        needed[[literal >> 1 for literal in wanted]] = True
        for node in range(self.size - 1, 0, -1):
            if needed[node]:
                _, a, b, c = self.gates[node]
                needed[a >> 1] = needed[b >> 1] = needed[c >> 1] = True
        needed[0] = False
        needed[self.inputs] = True
        clauses = Clauses()
        names = np.zeros(self.size, np.int64)
        names[self.inputs] = clauses.fresh(len(self.inputs))
        inner = np.flatnonzero(needed & (gates[:, 0] != INPUT))
        names[inner] = clauses.fresh(inner.size)
        for kind, templates in _TEMPLATES.items():
            nodes = inner[gates[inner, 0] == kind]
            sides = gates[nodes, 1:]
            literals = np.column_stack([names[nodes], names[sides >> 1] * (1 - 2 * (sides & 1))])
            for signs in templates:
                used = [place for place in range(4) if signs[place]]
                clauses.add(literals[:, used] * np.array([signs[place] for place in used]))
        for literal in wanted:
            if literal == FALSE:
                clauses.add(np.zeros((1, 0), np.int64))
            elif literal != TRUE:
                clauses.units(names[[literal >> 1]] * (1 - 2 * (literal & 1)))
        return clauses.formula(), names

    def model(self, names: NDArray[np.int64], inputs: Sequence[int]) -> NDArray[np.bool_]:
        """Return the assignment bool (variables,) that the inputs lead to, for the variables of `encode`."""
        model = np.zeros(int(names.max(initial=0)), np.bool_)
        values = np.array(self.simulate(inputs), np.bool_)
        model[names[names > 0] - 1] = values[names > 0]
        return model
