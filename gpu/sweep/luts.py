"""A network as a GPU computes it: functions of three words over the inputs, in an order that keeps few alive.

An instruction of a GPU computes any function of three words (`lop3`): pairs of gates become one, adders two.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.sweep import AND, CHECK, CUTS, LEAVES, LINEAR, TEST, XOR, Cover, cover_network
from turbosat.gpu.sweep.network import Network
from turbosat.gpu.sweep.schedule import SAMPLE, Schedule, input_order

ROUNDS: Final = 2  # of recovering area: later ones find next to nothing
GROUP: Final = 3  # places whose sums are shared among linear nodes
LUT: Final = -1  # an instruction that computes a node; the others are CHECK and TEST
REGISTERS: Final = 255  # of a thread: words beyond go to memory and back
TESTS: Final = 8  # of checks in the order of what they reach
EVERY: Final = 1000  # instructions between two calls of `check`


@dataclass(frozen=True, slots=True)
class Luts:
    """Instructions over nodes: node 0 is false, node 1 + p the input at place p, others are computed once.

    `code` holds the kind, then for LUT the node, a table of 8 bits and up to three nodes; for CHECK two codes
    (2n for node n, 2n + 1 for its negation) that must not both be true; TEST asks whether any candidate is
    left. In a table bit m is the value where the i-th node read is bit i of m.
    """

    inputs: int
    order: list[int]  # (inputs,), the input at each place, the fastest first
    code: list[tuple[int, ...]]

    @property
    def computed(self) -> int:
        """How many words are computed."""
        return sum(step[0] != TEST for step in self.code)

    def reads(self, step: tuple[int, ...]) -> tuple[int, ...]:
        """Return the nodes that an instruction reads."""
        if step[0] == LUT:
            return step[3:]
        return tuple(code >> 1 for code in step[1:] if code > 1)

    def last_reads(self) -> dict[int, int]:
        """Return where each node is read for the last time."""
        last: dict[int, int] = {}
        for at, step in enumerate(self.code):
            for node in self.reads(step):
                last[node] = at
        return last

    def live(self) -> int:
        """Return how many words are alive at the same time, at most; inputs are, until they are read last."""
        last = self.last_reads()
        alive = sum(1 + place in last for place in range(self.inputs))
        most = alive
        for at, step in enumerate(self.code):
            alive += step[0] == LUT
            most = max(most, alive)
            alive -= sum(last[node] == at for node in set(self.reads(step)))
        return most


class _Gates:
    """Gates of two inputs over places."""

    def __init__(self, inputs: int) -> None:
        self.kinds = [LINEAR] * (inputs + 1)
        self.first, self.second = [0] * (inputs + 1), [0] * (inputs + 1)
        self._sums = {1 << place: 1 + place for place in range(inputs)} | {0: 0}

    def add(self, kind: int, a: int, b: int) -> int:
        """Return a new gate's node."""
        self.kinds.append(kind)
        self.first.append(a)
        self.second.append(b)
        return len(self.kinds) - 1

    def sum(self, mask: int) -> int:
        """Return the node that is the XOR of the places in a mask: sums of the slow places are shared."""
        missing = []
        while mask not in self._sums:
            lowest = (mask & -mask).bit_length() - 1
            low = mask & ((1 << (lowest - lowest % GROUP + GROUP)) - 1)
            part = low if low != mask else mask & -mask
            missing.append((mask, part))
            mask ^= part
        for whole, part in reversed(missing):
            self._sums[whole] = self.add(XOR, 2 * self._sums[whole ^ part], 2 * self.sum(part))
        return self._sums[missing[0][0] if missing else mask]


def translate(network: Network, low: int, seed: int = 0, check: Callable[[], None] = lambda: None) -> Luts:
    """Choose functions and their order; the 2**low candidates that leave together are those of a warp.

    Checks that refute many candidates come first, unless that keeps more words alive than there are registers
    and another order keeps fewer. `check` is called now and then and may raise.
    """
    random = np.random.default_rng(seed)
    nodes = network.live()
    order = input_order(network.supports(), nodes, network.inputs)
    by_place = network.supports(order)
    places = {n: by_place[n] for n in nodes}
    words = random.integers(0, 2**64, size=(network.inputs, SAMPLE), dtype=np.uint64)
    (steps,) = Schedule(network, places, network.words(words, nodes), low, 1, check).steps()

    gates = _Gates(network.inputs)
    at = {0: 0}
    for n in nodes:
        if network.kinds[n] == LINEAR:
            at[n] = gates.sum(places[n])
        else:
            a, b = ((at[code >> 1] << 1) + (code & 1) for code in network.pairs[n])
            at[n] = gates.add(AND if network.kinds[n] == AND else XOR, a, b)
    checks = [
        (kind, *((at[code >> 1] << 1) + (code & 1) for code in pair))
        for kind, *pair in steps
        if kind == CHECK
    ]
    functions = _covered(gates, sorted({code >> 1 for _, *pair in checks for code in pair}))
    rest = iter(checks)
    ends = [next(rest) if step[0] == CHECK else (TEST,) for step in steps if step[0] in (CHECK, TEST)]
    luts = Luts(network.inputs, order, _Order(functions, ends, check).code())
    if luts.live() <= REGISTERS:
        return luts
    other = Luts(network.inputs, order, _Order(functions, _by_reach(ends), check).code())
    return min(luts, other, key=Luts.live)


def _covered(gates: _Gates, roots: list[int]) -> dict[int, tuple[int, ...]]:
    """Return the table and the nodes read of each node that is computed."""
    count = len(gates.kinds)

    def ints(*shape: int) -> NDArray[np.int32]:
        return np.zeros(shape, np.int32)

    cover = Cover(
        kinds=np.array(gates.kinds, np.int32),
        first=np.array(gates.first, np.int32),
        second=np.array(gates.second, np.int32),
        roots=np.array(roots, np.int32),
        references=ints(count),
        stack=ints(count),
        flows=np.zeros(count),
        chosen=ints(count),
        counts=ints(count),
        sizes=ints(count, CUTS),
        tables=ints(count, CUTS),
        leaves=ints(count, CUTS, LEAVES),
    )
    cover_network(cover, ROUNDS)
    used = np.flatnonzero((cover.references > 0) & (cover.kinds != LINEAR))
    chosen = cover.chosen[used]
    rows = zip(
        used.tolist(),
        cover.sizes[used, chosen].tolist(),
        cover.tables[used, chosen].tolist(),
        cover.leaves[used, chosen].tolist(),
        strict=True,
    )
    return {node: (table, *leaves[:size]) for node, size, table, leaves in rows}


class _Order:
    """Puts instructions in order, depth first: what needs more words at a time comes first.

    How many words a tree needs is Sethi and Ullman's number (JACM 17, 1970); in a graph it is a guess. A
    check comes as soon as what it reads is there.
    """

    def __init__(
        self, functions: dict[int, tuple[int, ...]], ends: list[tuple[int, ...]], check: Callable[[], None]
    ) -> None:
        self._functions, self._ends, self._check = functions, ends, check
        self._needs: dict[int, int] = {}
        for node in sorted(functions):
            known = sorted((self._needs.get(leaf, 0) for leaf in functions[node][1:]), reverse=True)
            self._needs[node] = max([1, *(need + i for i, need in enumerate(known))])
        self._checks: dict[int, list[int]] = {}  # places of the checks that read a node
        for at, end in enumerate(ends):
            for node in {code >> 1 for code in end[1:]} & functions.keys():
                self._checks.setdefault(node, []).append(at)

    def code(self) -> list[tuple[int, ...]]:
        """Return all instructions."""
        missing = [len({code >> 1 for code in end[1:]} & self._functions.keys()) for end in self._ends]
        code: list[tuple[int, ...]] = []
        done: set[int] = set()
        for at, end in enumerate(self._ends):
            if not missing[at]:  # a test, or a check of inputs
                code.append(end)
                continue
            for node in self._cone(end, done):
                done.add(node)
                code.append((LUT, node, *self._functions[node]))
                if len(code) % EVERY == 0:
                    self._check()
                for each in self._checks.get(node, ()):
                    missing[each] -= 1
                    if not missing[each]:
                        code.append(self._ends[each])
                        missing[each] = -1  # it is done
        return code

    def _cone(self, end: tuple[int, ...], done: set[int]) -> Iterator[int]:
        """Yield what a check needs that is not done yet; who takes it does it."""
        stack = sorted((code >> 1 for code in end[1:]), key=lambda node: self._needs.get(node, 0))
        while stack:
            node = stack[-1]
            if node in done or node not in self._functions:
                stack.pop()
                continue
            left = [
                leaf for leaf in self._functions[node][1:] if leaf in self._functions and leaf not in done
            ]
            if left:
                stack += sorted(left, key=lambda leaf: self._needs[leaf])
            else:
                stack.pop()
                yield node


def _by_reach(ends: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the checks by how far they reach, with few tests among them."""
    checks = sorted((end for end in ends if end[0] == CHECK), key=lambda end: max(end[1:]))
    step = max(1, len(checks) // TESTS)
    result: list[tuple[int, ...]] = []
    for first in range(0, len(checks), step):
        result += [*checks[first : first + step], (TEST,)]
    return result
