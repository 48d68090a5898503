"""A program as a network of two-input AND and XOR nodes over affine functions of the inputs, shared."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.sweep import AND, LINEAR, XOR
from turbosat.encodings.support import program as programs
from turbosat.encodings.support.program import Program

FALSE: Final = 0  # codes: 2n for node n, 2n + 1 for its negation; node 0 is constant
TRUE: Final = 1

EVERY: Final = 1000  # instructions between two calls of `check`


@dataclass(slots=True)
class Network:
    """Nodes in topological order; node 0 is false.

    A linear node is the XOR of the inputs in its mask; whatever XORs compute of inputs alone is one, so that
    chains of XORs vanish. Each check is a pair of codes that must not both be true.
    """

    inputs: int
    kinds: list[int] = field(default_factory=lambda: [LINEAR])
    masks: list[int] = field(default_factory=lambda: [0])  # of linear nodes: bit i is input i; else 0
    pairs: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])  # operand codes of the others
    checks: list[tuple[int, int]] = field(default_factory=list)
    _index: dict[tuple[int, int, int], int] = field(default_factory=lambda: {(LINEAR, 0, 0): 0})

    def __len__(self) -> int:
        return len(self.kinds)

    def linear(self, mask: int) -> int:
        """Return the code of the XOR of the inputs in a mask."""
        return 2 * self._node(LINEAR, mask, 0)

    def both(self, a: int, b: int) -> int:
        """Return the code of a AND b."""
        if a > b:
            a, b = b, a
        if a == FALSE or a ^ b == 1:
            return FALSE
        if a in (TRUE, b):
            return b
        return 2 * self._node(AND, a, b)

    def differ(self, a: int, b: int) -> int:
        """Return the code of a XOR b."""
        sign = (a ^ b) & 1
        m, n = sorted((a >> 1, b >> 1))
        if self.kinds[m] == LINEAR and self.kinds[n] == LINEAR:
            return self.linear(self.masks[m] ^ self.masks[n]) ^ sign
        if m == n or m == 0:
            return (0 if m == n else 2 * n) ^ sign
        return 2 * self._node(XOR, 2 * m, 2 * n) ^ sign

    def all(self, codes: list[int]) -> int:
        """Return the code of the AND of codes; the empty one is true."""
        result = TRUE
        for code in sorted(set(codes)):
            result = self.both(result, code)
        return result

    def forbid(self, codes: list[int]) -> None:
        """Add the check that not all of codes are true."""
        codes = sorted(set(codes))
        first = self.all(codes[:-1])
        last = codes[-1] if codes else TRUE
        if self.both(first, last) == FALSE:
            return
        if last == TRUE:
            first, last = last, first
        self.checks.append((first, last))

    def _node(self, kind: int, a: int, b: int) -> int:
        key = kind, a, b
        found = self._index.get(key)
        if found is None:
            found = self._index[key] = len(self.kinds)
            self.kinds.append(kind)
            self.masks.append(a if kind == LINEAR else 0)
            self.pairs.append((0, 0) if kind == LINEAR else (a, b))
        return found

    def live(self) -> list[int]:
        """Return the nodes that checks need, rising, without node 0."""
        needed = np.zeros(len(self), np.bool_)
        for pair in self.checks:
            needed[[code >> 1 for code in pair]] = True
        for node in range(len(self) - 1, 0, -1):
            if needed[node] and self.kinds[node] != LINEAR:
                needed[[code >> 1 for code in self.pairs[node]]] = True
        needed[0] = False
        nodes: list[int] = np.flatnonzero(needed).tolist()
        return nodes

    def supports(self, order: list[int] | None = None) -> list[int]:
        """Return the inputs each node depends on, as a mask: bit i is input i, or order[i]."""
        result = list(self.masks)
        if order is not None:
            result = [
                sum((mask >> i & 1) << at for at, i in enumerate(order)) if mask else 0 for mask in result
            ]
        for node, (a, b) in enumerate(self.pairs):
            if self.kinds[node] != LINEAR:
                result[node] = result[a >> 1] | result[b >> 1]
        return result

    def words(
        self, inputs: NDArray[np.uint64], nodes: list[int], check: Callable[[], None] = lambda: None
    ) -> NDArray[np.uint64]:
        """Evaluate nodes, rising and closed under operands, on words: (inputs, w) to (len(self), w).

        `check` is called now and then and may raise.
        """
        result = np.zeros((len(self), inputs.shape[1]), np.uint64)
        for at, node in enumerate(nodes):
            if at % EVERY == 0:
                check()
            if self.kinds[node] == LINEAR:
                mask = self.masks[node]
                chosen = [i for i in range(self.inputs) if mask >> i & 1]
                result[node] = np.bitwise_xor.reduce(inputs[chosen], axis=0)
                continue
            a, b = (operand(result, code) for code in self.pairs[node])
            result[node] = a & b if self.kinds[node] == AND else a ^ b
        return result


def operand(values: NDArray[np.uint64], code: int) -> NDArray[np.uint64]:
    """Return the words of a code, given those of the nodes."""
    words: NDArray[np.uint64] = values[code >> 1]
    return ~words if code & 1 else words


def build(program: Program, check: Callable[[], None] = lambda: None) -> Network:
    """Turn a program into a network; `check` is called now and then and may raise."""
    network = Network(program.inputs.size)
    codes = [0] * (program.variables + 1)  # of each variable
    for i, v in enumerate(program.inputs.tolist()):
        codes[v] = network.linear(1 << i)
    for literal in program.fixed.tolist():
        codes[abs(literal)] = TRUE if literal > 0 else FALSE
    bounds, terms = program.offsets.tolist(), program.terms.tolist()
    literals = program.literals.tolist()
    for i, (kind, target) in enumerate(zip(program.kinds.tolist(), program.targets.tolist(), strict=True)):
        if i % EVERY == 0:
            check()
        rows = [
            [codes[abs(l)] ^ (l < 0) for l in literals[bounds[t] : bounds[t + 1]]]
            for t in range(terms[i], terms[i + 1])
        ]
        if kind == programs.CHECK:
            network.forbid([code ^ 1 for code in rows[0]])
            continue
        if kind == programs.DEFINE:
            result = network.all([network.all(row) ^ 1 for row in rows]) ^ 1
        else:
            result = FALSE
            for code in sorted(rows[0]):
                result = network.differ(result, code)
        if kind in (programs.DEFINE, programs.XOR):
            codes[abs(target)] = result ^ (target < 0)
        else:
            network.forbid([result ^ 1])
    network.checks = list(dict.fromkeys(network.checks))
    return network
