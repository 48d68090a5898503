"""From network to instructions: the order of inputs, levels, checks where they prune, reuse of rows."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.gpu.kernel_network import AND, LINEAR, Network, operand
from turbosat.gpu.kernels_sweep import AND as AND_ROW
from turbosat.gpu.kernels_sweep import CHECK, TEST, WIDTH, XOR, Tape

BLOCK_BITS: Final = 6 + (WIDTH - 1).bit_length()  # inputs that vary inside a block
SAMPLE: Final = 64  # words of random candidates that tell which checks prune
SHORTLIST: Final = 16  # checks whose cost is looked at before the next one is chosen
WALK: Final = 40  # nodes visited for that in all, for each node there is
TEST_BELOW: Final = 2.0  # survivors of a block, expected, from which on it is worth looking
TEST_EVERY: Final = 12  # instructions between two looks, at least


Step = tuple[int, int, int]  # AND or XOR: kind, node, 0; CHECK: kind and two codes; TEST: kind, 0, 0


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


def input_order(supports: list[int], nodes: list[int], inputs: int) -> list[int]:
    """Order inputs, the fastest first, so that few nodes depend on fast ones: greedily the smallest union."""
    depends = np.array(
        [[mask >> i & 1 for i in range(inputs)] for mask in (supports[n] for n in nodes)], bool
    )
    depends = depends.reshape(len(nodes), inputs)
    left = np.ones(len(nodes), np.bool_)
    costs = depends.sum(axis=0)
    order: list[int] = []
    rest = set(range(inputs))
    for _ in range(inputs):
        gains = depends[left].sum(axis=0)
        best = min(rest, key=lambda i: (gains[i], costs[i], i))
        rest.remove(best)
        order.append(best)
        left &= ~depends[:, best]
    return order


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


def lay_out(network: Network, seed: int = 0) -> Layout:
    """Choose an order of inputs and of instructions; `seed` shifts where the enumeration starts."""
    random = np.random.default_rng(seed)
    nodes, supports = network.live(), network.supports()
    order = input_order(supports, nodes, network.inputs)
    offset = (
        int.from_bytes(random.bytes(network.inputs // 8 + 1)) & ((1 << network.inputs) - 1) if seed else 0
    )
    place = {i: at for at, i in enumerate(order)}
    places = {n: sum(1 << place[i] for i in range(network.inputs) if supports[n] >> i & 1) for n in nodes}
    words = random.integers(0, 2**64, size=(network.inputs, SAMPLE), dtype=np.uint64)
    steps = _Schedule(network, places, network.words(words, nodes)).steps()

    linear = [n for n in nodes if network.kinds[n] == LINEAR]
    masks = [places[n] for n in linear]
    low = [mask & ((1 << BLOCK_BITS) - 1) for mask in masks]
    distinct = sorted({0, *low})
    rows = {n: distinct.index(mask) for n, mask in zip(linear, low, strict=True)} | {0: 0}
    used = _assign_rows(network, steps, rows, len(distinct))
    signs = {n: 2 + 2 * j for j, n in enumerate(linear)}
    tape = Tape(
        _code(network, steps, rows, signs),
        np.append(0, np.cumsum([len(level) for level in steps])).astype(np.int64),
        np.array([mask >> BLOCK_BITS for mask in masks], np.uint64),
        np.array([(mask & offset).bit_count() & 1 for mask in masks], np.uint64),
    )
    total = used + len(steps) + 1
    return Layout(tape, network.inputs, order, offset, low_patterns(distinct), used, total)


class _Schedule:
    """Instructions of each level as (kind, node) or (CHECK, code, code), the slowest level last."""

    def __init__(self, network: Network, places: dict[int, int], values: NDArray[np.uint64]) -> None:
        self._network, self._places, self._values = network, places, values
        self._levels = max(network.inputs - BLOCK_BITS, 0) + 1
        self._sorted = np.array(sorted(places), np.int64)  # live nodes
        self._work = WALK * (len(places) + 1000)
        self._done = {0} | {n for n in places if network.kinds[n] == LINEAR}
        self._steps: list[list[Step]] = [[] for _ in range(self._levels)]

    def steps(self) -> list[list[Step]]:
        """Schedule the checks of the slowest level first, and with each what it needs."""
        checks: list[list[tuple[int, int]]] = [[] for _ in range(self._levels)]
        for pair in self._network.checks:
            checks[self._level(*pair)].append(pair)
        alive = np.full(SAMPLE, 2**64 - 1, np.uint64)
        for level in range(self._levels - 1, -1, -1):
            alive = self._schedule(level, checks[level], alive)
        return self._steps

    def _level(self, *codes: int) -> int:
        """Return 0 for what varies inside a block, else 1 + the fastest bit of the block number it needs."""
        mask = 0
        for code in codes:
            mask |= self._places.get(code >> 1, 0)
        fastest = (mask & -mask).bit_length() - 1 if mask else self._network.inputs
        return min(max(fastest - BLOCK_BITS + 1, 0), self._levels - 1)

    def _cone(self, codes: tuple[int, int]) -> list[int]:
        """Return the nodes that codes need and that are not scheduled, in topological order."""
        found: set[int] = set()
        stack = [code >> 1 for code in codes]
        while stack:
            node = stack.pop()
            if node not in self._done and node not in found:
                found.add(node)
                stack += [code >> 1 for code in self._network.pairs[node]]
        return sorted(found)

    def _schedule(
        self, level: int, checks: list[tuple[int, int]], alive: NDArray[np.uint64]
    ) -> NDArray[np.uint64]:
        """Order a level: next comes the check that prunes most sampled candidates for what it costs.

        Finding out what a check costs means to walk through what it needs, so this is done for those few that
        promise most by how far they reach, and only so long as the walks are cheap and the sample tells the
        checks apart; the others follow by how far they reach.
        """
        if not checks:
            return alive
        bad = np.stack([operand(self._values, a) & operand(self._values, b) for a, b in checks])
        reach = np.array([max(pair) >> 1 for pair in checks])
        left = np.argsort(reach, kind="stable")
        since = TEST_EVERY
        while left.size:
            best, cone = 0, None
            if self._work > 0 and alive.any():
                kills = np.bitwise_count(bad[left] & alive).sum(axis=1, dtype=np.int64)
                steps = np.maximum(np.searchsorted(self._sorted, reach[left]) - len(self._done), 0) + 2
                promising = np.argsort(-(kills + 1e-3) / steps, kind="stable")[:SHORTLIST]
                cones = [self._cone(checks[left[i]]) for i in promising]
                self._work -= sum(map(len, cones))
                gains = [kills[i] / (len(c) + 2) for i, c in zip(promising, cones, strict=True)]
                best, cone = int(promising[int(np.argmax(gains))]), cones[int(np.argmax(gains))]
            pair = checks[left[best]]
            cone = self._cone(pair) if cone is None else cone
            for node in cone:
                kind = AND_ROW if self._network.kinds[node] == AND else XOR
                self._steps[self._level(2 * node)].append((kind, node, 0))
            self._done.update(cone)
            self._steps[level].append((CHECK, *pair))
            since += len(cone) + 1
            alive = alive & ~bad[left[best]]
            left = np.delete(left, best)
            share = (int(np.bitwise_count(alive).sum()) + 1) / (64 * SAMPLE)
            if level or (share * 64 * WIDTH < TEST_BELOW and since >= TEST_EVERY):
                self._steps[level].append((TEST, 0, 0))
                since = 0
        return alive


def _assign_rows(network: Network, steps: list[list[Step]], rows: dict[int, int], used: int) -> int:
    """Give each node a row; rows of the fastest level are used again, so that they stay in the cache."""
    for level in steps[1:]:
        for kind, node, _ in level:
            if kind in (AND_ROW, XOR):
                rows[node] = used
                used += 1
    last: dict[int, int] = {}
    for at, step in enumerate(steps[0]):
        for code in _operands(network, step):
            last[code >> 1] = at
    mine = {node for kind, node, _ in steps[0] if kind in (AND_ROW, XOR)}
    free: list[int] = []
    for at, step in enumerate(steps[0]):
        for node in {code >> 1 for code in _operands(network, step)}:
            if node in mine and last[node] == at:
                free.append(rows[node])
        if step[0] in (AND_ROW, XOR):
            if not free:
                free.append(used)
                used += 1
            rows[step[1]] = free.pop()
    return used


def _operands(network: Network, step: Step) -> tuple[int, ...]:
    if step[0] == CHECK:
        return step[1:]
    return () if step[0] == TEST else network.pairs[step[1]]


def _code(
    network: Network, steps: list[list[Step]], rows: dict[int, int], signs: dict[int, int]
) -> NDArray[np.int32]:
    """Encode steps as turbosat.gpu.kernels_sweep wants them; rows are those at the time of the step."""

    def operand_of(code: int) -> tuple[int, int]:
        return rows[code >> 1], signs.get(code >> 1, 0) + (code & 1)

    result = []
    for level in steps:
        for step in level:
            if step[0] == TEST:
                result.append((TEST, 0, 0, 0, 0, 0))
                continue
            a, b = _operands(network, step)
            target = 0 if step[0] == CHECK else rows[step[1]]
            result.append((step[0], target, *operand_of(a), *operand_of(b)))
    return np.array(result, np.int32).reshape(-1, 6)
