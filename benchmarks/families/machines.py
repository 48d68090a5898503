"""Sequential circuits to check: a counter, two FIFOs, a serial multiplier; built as AIGER."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from turbosat.benchmarks.families.aiger import Aiger
from turbosat.benchmarks.families.arithmetic import add, constant, equals, wallace_multiplier
from turbosat.benchmarks.families.circuit import AND, INPUT, MAJORITY, MUX, XOR, Circuit, Word


class Machine:
    """A circuit some of whose inputs are latches."""

    def __init__(self) -> None:
        self.circuit = Circuit()
        self._latches: dict[int, tuple[int, int]] = {}  # node → next state, reset

    def inputs(self, width: int) -> Word:
        """Return new inputs."""
        return self.circuit.word(width)

    def register(self, width: int, reset: int = 0) -> Word:
        """Return a register's bits; `follow` says what it becomes."""
        word = self.circuit.word(width)
        for place, literal in enumerate(word):
            self._latches[literal >> 1] = (literal, reset >> place & 1)
        return word

    def follow(self, register: Sequence[int], following: Sequence[int]) -> None:
        """Say what the register is in the next frame."""
        for literal, value in zip(register, following, strict=True):
            self._latches[literal >> 1] = (value, self._latches[literal >> 1][1])

    def choose(self, choice: int, one: Sequence[int], two: Sequence[int]) -> Word:
        """Return one where choice is true, else two."""
        return [self.circuit.mux(choice, a, b) for a, b in zip(one, two, strict=True)]

    def finish(self, bad: int) -> Aiger:
        """Return the AIGER circuit with one bad state: inputs, latches, then gates, all of them ANDs."""
        gates = self.circuit.gates
        states = [node for node in self.circuit.inputs if node in self._latches]
        inputs = [node for node in self.circuit.inputs if node not in self._latches]
        new: dict[int, int] = {0: 0}  # node → literal
        for place, node in enumerate([*inputs, *states], 1):
            new[node] = 2 * place
        ands: list[tuple[int, int, int]] = []

        def conjunction(a: int, b: int) -> int:
            ands.append((2 * (len(new_inputs) + len(ands) + 1), max(a, b), min(a, b)))
            return ands[-1][0]

        def either(a: int, b: int) -> int:
            return conjunction(a ^ 1, b ^ 1) ^ 1

        def xor(a: int, b: int) -> int:
            return conjunction(either(a, b), conjunction(a, b) ^ 1)

        new_inputs = [*inputs, *states]
        for node, (kind, *sides) in enumerate(gates):
            if kind == INPUT:
                continue
            a, b, c = (new[side >> 1] ^ side & 1 for side in sides)
            if kind == AND:
                new[node] = conjunction(a, b)
            elif kind == XOR:
                new[node] = xor(a, b)
            elif kind == MAJORITY:
                new[node] = either(conjunction(a, b), conjunction(c, either(a, b)))
            elif kind == MUX:
                new[node] = either(conjunction(a, b), conjunction(a ^ 1, c))
            else:
                new[node] = xor(xor(a, b), c)

        def renamed(literal: int) -> int:
            return new[literal >> 1] ^ literal & 1

        rows = [(new[node], renamed(self._latches[node][0]), self._latches[node][1]) for node in states]
        return Aiger(
            len(new_inputs) + len(ands),
            np.array([new[node] for node in inputs], np.int64),
            np.array(rows, np.int64).reshape(-1, 3),
            np.array(ands, np.int64).reshape(-1, 3),
            bad=np.array([renamed(bad)], np.int64),
        )


def counter(width: int, limit: int) -> tuple[Aiger, int]:
    """Return a counter with enable and clear, bad where it is `limit`, and the first such frame, from 0."""
    machine = Machine()
    circuit = machine.circuit
    enable, clear = machine.inputs(2)
    count = machine.register(width)
    more = add(circuit, count, [enable])[:width]
    machine.follow(count, [circuit.conjunction(clear ^ 1, bit) for bit in more])
    reached = circuit.any_of(literal ^ 1 for literal in equals(count, limit)) ^ 1
    return machine.finish(reached), limit


def fifo(width: int, depth: int, broken: bool) -> tuple[Aiger, int | None]:
    """Return a FIFO that shifts and one with pointers, bad where they differ, and the first such frame.

    They agree for ever, but for the broken one, whose pointer of reading never moves on past the last place.
    """
    machine = Machine()
    circuit = machine.circuit
    push, pop = machine.inputs(2)
    data = machine.inputs(width)
    index = max(1, (depth - 1).bit_length())
    size = machine.register(depth.bit_length())
    full, empty = (_is(circuit, size, value) for value in (depth, 0))
    does_push = circuit.conjunction(push, full ^ 1)
    does_pop = circuit.conjunction(pop, empty ^ 1)
    grows, shrinks = (
        circuit.conjunction(does_push, does_pop ^ 1),
        circuit.conjunction(does_pop, does_push ^ 1),
    )
    up = add(circuit, size, [grows])[: len(size)]
    machine.follow(size, add(circuit, up, [shrinks] * len(size))[: len(size)])
    # Shifting: place 0 is the newest.
    places = [machine.register(width) for _ in range(depth)]
    for place, register in enumerate(places):
        source = data if place == 0 else places[place - 1]
        machine.follow(register, machine.choose(does_push, source, register))
    oldest = constant(0, width)
    for place, register in enumerate(places):
        oldest = machine.choose(_is(circuit, size, place + 1), register, oldest)
    # Pointers into a memory.
    memory = [machine.register(width) for _ in range(depth)]
    write, read = machine.register(index), machine.register(index)
    for pointer, moves in ((write, does_push), (read, does_pop)):
        last = _is(circuit, pointer, depth - 1)
        following = add(circuit, pointer, [moves])[:index]
        stop = pointer if broken and pointer is read else constant(0, index)
        machine.follow(pointer, machine.choose(circuit.conjunction(last, moves), stop, following))
    shown = constant(0, width)
    for place, register in enumerate(memory):
        hit = circuit.conjunction(does_push, _is(circuit, write, place))
        machine.follow(register, machine.choose(hit, data, register))
        shown = machine.choose(_is(circuit, read, place), register, shown)
    differ = circuit.any_of(circuit.xor(a, b) for a, b in zip(oldest, shown, strict=True))
    # The broken pointer is wrong after `depth` pops, and that shows while something is stored: depth + 1
    # frames push, depth of these pop as well.
    return machine.finish(circuit.conjunction(differ, empty ^ 1)), depth + 1 if broken else None


def multiplier(width: int, broken: bool) -> tuple[Aiger, int | None]:
    """Return a serial multiplier, bad where it ends unlike a Wallace tree, and the first such frame.

    It loads in frame 0 and is done in frame width + 1; the broken one drops the carry of its additions.
    """
    machine = Machine()
    circuit = machine.circuit
    x, y = machine.inputs(width), machine.inputs(width)
    first, second = machine.register(width), machine.register(width)
    total = machine.register(2 * width)
    step = machine.register((width + 1).bit_length())
    loads = _is(circuit, step, 0)
    machine.follow(first, machine.choose(loads, x, first))
    machine.follow(second, machine.choose(loads, y, second))
    done = _is(circuit, step, width + 1)
    machine.follow(step, add(circuit, step, [done ^ 1])[: len(step)])
    chosen = 0
    for place in range(width):
        chosen = circuit.mux(_is(circuit, step, place + 1), second[place], chosen)
    addend = [circuit.conjunction(chosen, bit) for bit in first]
    upper = add(circuit, total[width:], addend)
    if broken:
        upper[-1] = 0
    shifted = [*total[1:width], *upper]
    working = circuit.conjunction(loads ^ 1, done ^ 1)
    machine.follow(total, machine.choose(working, shifted, total))
    product = wallace_multiplier(circuit, second, first)
    differ = circuit.any_of(circuit.xor(a, b) for a, b in zip(total, product, strict=True))
    return machine.finish(circuit.conjunction(done, differ)), width + 1 if broken else None


def _is(circuit: Circuit, word: Sequence[int], value: int) -> int:
    found = 1
    for literal in equals(word, value):
        found = circuit.conjunction(found, literal)
    return found
