"""From a network to the tape that the sweep on CPU cores runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.sweep import CHECK, FIELDS, LINEAR, TEST, WIDTH, Tape
from turbosat.gpu.sweep.network import Network
from turbosat.gpu.sweep.schedule import SAMPLE, Schedule, Step, assign_rows, input_order, operands

BLOCK_BITS: Final = 6 + (WIDTH - 1).bit_length()  # inputs that vary inside a block


@dataclass(frozen=True, slots=True)
class Layout:
    """A tape, and the rows it works on."""

    tape: Tape
    inputs: int
    order: list[int]  # (inputs,), the input at each place: the first BLOCK_BITS vary inside a block
    offset: int  # places whose values are negated
    patterns: NDArray[np.uint64]  # (patterns, WIDTH), the first rows: linear functions of a block's inputs
    alive: int  # first row of the alive masks, one a level and one more for the candidates that count
    rows: int

    @property
    def levels(self) -> int:
        """How many levels of instructions there are."""
        return self.tape.starts.size - 1

    @property
    def blocks(self) -> int:
        """How many blocks make up the whole space."""
        return 1 << max(self.inputs - BLOCK_BITS, 0)


def low_patterns(masks: list[int]) -> NDArray[np.uint64]:
    """Return rows (masks, WIDTH): the XOR of the places in each mask, candidate 64 · word + bit."""
    bits = [0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0]
    bits += [0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000]
    rows = np.zeros((BLOCK_BITS, WIDTH), np.uint64)
    for place in range(BLOCK_BITS):
        rows[place] = bits[place] if place < 6 else -(np.arange(WIDTH) >> (place - 6) & 1).astype(np.uint64)
    result = np.zeros((len(masks), WIDTH), np.uint64)
    for i, mask in enumerate(masks):
        chosen = [place for place in range(BLOCK_BITS) if mask >> place & 1]
        result[i] = np.bitwise_xor.reduce(rows[chosen], axis=0)
    return result


def lay_out(network: Network, seed: int = 0, check: Callable[[], None] = lambda: None) -> Layout:
    """Choose an order of inputs and of instructions; `seed` shifts where the enumeration starts."""
    random = np.random.default_rng(seed)
    nodes = network.live()
    order = input_order(network.supports(), nodes, network.inputs)
    offset = (
        int.from_bytes(random.bytes(network.inputs // 8 + 1)) & ((1 << network.inputs) - 1) if seed else 0
    )
    by_place = network.supports(order)
    places = {n: by_place[n] for n in nodes}
    levels = max(network.inputs - BLOCK_BITS, 0) + 1
    words = random.integers(0, 2**64, size=(network.inputs, SAMPLE), dtype=np.uint64)
    steps = Schedule(network, places, network.words(words, nodes, check), BLOCK_BITS, levels, check).steps()

    linear = [n for n in nodes if network.kinds[n] == LINEAR]
    masks = [places[n] for n in linear]
    low = [mask & ((1 << BLOCK_BITS) - 1) for mask in masks]
    distinct = sorted({0, *low})
    rows = {n: distinct.index(mask) for n, mask in zip(linear, low, strict=True)} | {0: 0}
    used = assign_rows(network, steps, rows, len(distinct))
    signs = {n: 2 + 2 * j for j, n in enumerate(linear)}
    tape = Tape(
        code=_code(network, steps, rows, signs),
        starts=np.append(0, np.cumsum([len(level) for level in steps])).astype(np.int64),
        high=np.array([mask >> BLOCK_BITS for mask in masks], np.uint64),
        flips=np.array([(mask & offset).bit_count() & 1 for mask in masks], np.uint64),
    )
    total = used + len(steps) + 1
    return Layout(tape, network.inputs, order, offset, low_patterns(distinct), used, total)


def _code(
    network: Network, steps: list[list[Step]], rows: dict[int, int], signs: dict[int, int]
) -> NDArray[np.int32]:
    """Encode steps as the kernel of the sweep wants them; rows are those at the time of the step."""

    def operand_of(code: int) -> tuple[int, int]:
        return rows[code >> 1], signs.get(code >> 1, 0) + (code & 1)

    result = []
    for level in steps:
        for step in level:
            if step[0] == TEST:
                result.append((TEST, 0, 0, 0, 0, 0))
                continue
            a, b = operands(network, step)
            target = 0 if step[0] == CHECK else rows[step[1]]
            result.append((step[0], target, *operand_of(a), *operand_of(b)))
    return np.array(result, np.int32).reshape(-1, FIELDS)
