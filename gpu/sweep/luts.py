"""A network as a GPU computes it: functions of three words over the inputs, in an order that keeps few alive.

An instruction of a GPU computes any function of three words (`lop3`): pairs of gates become one, adders two.
And what does not depend on the inputs that vary fastest is computed once for all of their values: a thread
takes these *turns* one after the other, in nested loops over one input each.
"""

import functools
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
LUT: Final = -1  # an instruction that computes a node; the others are CHECK and TEST,
LEVEL: Final = -2  # and where a loop over the input at a place begins, the innermost one being place 0
MOST_TURNS: Final = 6  # places that loops go over
TURN: Final = 6  # instructions that a turn takes by itself
KEPT: Final = 230  # words alive at the same time that an assembler finds registers for
SPILLED: Final = 2  # instructions that each word beyond takes
FEWEST_PLACES: Final = 16  # left to the threads, so that there is work for all of them
REGISTERS: Final = 255  # of a thread: words beyond go to memory and back
TESTS: Final = 8  # of checks in the order of what they reach
EVERY: Final = 1000  # instructions between two calls of `check`


@dataclass(frozen=True, slots=True)
class Luts:
    """Instructions over nodes: node 0 is false, node 1 + p the input at place p, others are computed once.

    `code` holds the kind, then for LUT the node, a table of 8 bits and up to three nodes; for CHECK two codes
    (2n for node n, 2n + 1 for its negation) that must not both be true; TEST asks whether any candidate is
    left; LEVEL and a place begins what is done anew for both values of it, the places falling to 0. In a
    table bit m is the value where the i-th node read is bit i of m.
    """

    inputs: int
    turns: int  # places that loops go over: the first ones
    order: list[int]  # (inputs,), the input at each place, the fastest first
    code: list[tuple[int, ...]]

    @property
    def computed(self) -> int:
        """How many words are computed, each instruction counted once."""
        return sum(step[0] in (LUT, CHECK) for step in self.code)

    def reads(self, step: tuple[int, ...]) -> tuple[int, ...]:
        """Return the nodes that an instruction reads."""
        if step[0] == LUT:
            return step[3:]
        return tuple(code >> 1 for code in step[1:] if code > 1) if step[0] == CHECK else ()

    def last_reads(self) -> dict[int, int]:
        """Return up to where each node is needed: to the end if it is read within a loop it is not in."""
        last: dict[int, int] = {}
        level, levels = self.turns, dict.fromkeys(range(self.turns + 1, self.inputs + 1), self.turns)
        for at, step in enumerate(self.code):
            if step[0] == LEVEL:
                level = step[1]
                levels[1 + level] = level
            elif step[0] == LUT:
                levels[step[1]] = level
            for node in self.reads(step):
                last[node] = at if levels[node] == level else len(self.code)
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


class Translation:
    """The functions that compute a network's checks, still without an order.

    The 2**low candidates that leave together are those of a warp. `check` is called now and then and may
    raise.
    """

    def __init__(
        self, network: Network, low: int, seed: int = 0, check: Callable[[], None] = lambda: None
    ) -> None:
        random = np.random.default_rng(seed)
        nodes = network.live()
        self._order = input_order(network.supports(), nodes, network.inputs)
        by_place = network.supports(self._order)
        places = {n: by_place[n] for n in nodes}
        words = random.integers(0, 2**64, size=(network.inputs, SAMPLE), dtype=np.uint64)
        (steps,) = Schedule(network, places, network.words(words, nodes, check), low, 1, check).steps()

        check()
        gates = _Gates(network.inputs)
        at = {0: 0}
        for n in nodes:
            if network.kinds[n] == LINEAR:
                at[n] = gates.sum(places[n])
            else:
                a, b = ((at[code >> 1] << 1) + (code & 1) for code in network.pairs[n])
                at[n] = gates.add(AND if network.kinds[n] == AND else XOR, a, b)
        self._ends: list[tuple[int, ...]] = []
        for kind, *pair in steps:
            if kind == CHECK:
                self._ends.append((CHECK, *((at[code >> 1] << 1) + (code & 1) for code in pair)))
            elif kind == TEST:
                self._ends.append((TEST,))
        self._inputs, self._check = network.inputs, check
        roots = {code >> 1 for end in self._ends for code in end[1:]}
        check()
        self._functions = _covered(gates, sorted(roots))
        check()
        self._support = [0, *(1 << place for place in range(network.inputs))]  # places, of each node
        for node in range(network.inputs + 1, len(gates.kinds)):
            read = self._functions.get(node, (0,))[1:]
            self._support.append(functools.reduce(int.__or__, (self._support[leaf] for leaf in read), 0))

    @property
    def computed(self) -> int:
        """How many words are computed."""
        return len(self._functions) + sum(end[0] == CHECK for end in self._ends)

    def luts(self, turns: int = 0) -> Luts:
        """Return the instructions in order, with loops over the first places.

        Checks that refute many candidates come first, unless that keeps more words alive than there are
        registers and another order keeps fewer.
        """
        turns = min(turns, self._inputs)
        luts = self._ordered(turns, self._ends)
        if luts.live() <= REGISTERS:
            return luts
        return min(luts, self._ordered(turns, _by_reach(self._ends)), key=Luts.live)

    def _ordered(self, turns: int, ends: list[tuple[int, ...]]) -> Luts:
        levels = [self._level(mask, turns) for mask in self._support]
        order = _Order(self._functions, ends, levels, turns, self._check)
        self._check()
        code = order.code()
        self._check()
        return Luts(self._inputs, turns, self._order, code)

    def _level(self, mask: int, turns: int) -> int:
        """Return the innermost loop that places need, `turns` for none."""
        return min((mask & -mask).bit_length() - 1, turns) if mask else turns

    def _cost(self, turns: int) -> float:
        """Return how many instructions a turn takes, all loops' shares counted."""
        masks = [self._support[node] for node in self._functions]
        for end in self._ends:
            if end[0] == CHECK:
                masks.append(self._support[end[1] >> 1] | self._support[end[2] >> 1])
        steps = sum(2.0 ** -self._level(mask, turns) for mask in masks)
        return steps + (TURN * (2 - 2.0**-turns) if turns else 0)

    def nested(self) -> Luts:
        """Return the instructions with as many loops as make those that a turn takes fewest.

        Loops keep alive what they compute once; what finds no register has its price.
        """
        best, least = self.luts(), self._cost(0)
        least += SPILLED * max(0, best.live() - KEPT)
        most = max(0, min(MOST_TURNS, self._inputs - FEWEST_PLACES))
        for turns in sorted(range(1, most + 1), key=self._cost):
            cost = self._cost(turns)
            if cost >= least:
                break
            luts = self.luts(turns)
            cost += SPILLED * max(0, luts.live() - KEPT)
            if cost < least:
                best, least = luts, cost
        return best


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
    check comes as soon as what it reads is there, and everything in the outermost loop that it can.
    """

    def __init__(
        self,
        functions: dict[int, tuple[int, ...]],
        ends: list[tuple[int, ...]],
        levels: list[int],
        turns: int,
        check: Callable[[], None],
    ) -> None:
        self._functions, self._ends, self._check = functions, ends, check
        self._levels, self._turns = levels, turns  # the loop of each node
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
        loops: list[list[tuple[int, ...]]] = [[] for _ in range(self._turns + 1)]
        level = self._turns
        done: set[int] = set()

        def put(end: tuple[int, ...]) -> None:
            loops[min(self._levels[code >> 1] for code in end[1:])].append(end)

        for at, end in enumerate(self._ends):
            if end[0] == TEST:  # of what came before it
                loops[level].append(end)
                continue
            level = min(self._levels[code >> 1] for code in end[1:])
            if not missing[at]:  # a check of inputs
                put(end)
                continue
            for node in self._cone(end, done):
                done.add(node)
                loops[self._levels[node]].append((LUT, node, *self._functions[node]))
                if len(done) % EVERY == 0:
                    self._check()
                for each in self._checks.get(node, ()):
                    missing[each] -= 1
                    if not missing[each]:
                        put(self._ends[each])
                        missing[each] = -1  # it is done
        result = loops[self._turns]
        for place in range(self._turns - 1, -1, -1):
            if any(step[0] == CHECK for step in loops[place + 1]):
                result.append((TEST,))
            result += [(LEVEL, place), *loops[place]]
        return result

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
