"""The order of a network's inputs and instructions, and the rows that its nodes are kept in."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.sweep import AND, CHECK, LINEAR, TEST, XOR
from turbosat.gpu.sweep.network import Network, operand

SAMPLE: Final = 64  # words of random candidates that tell which checks prune
SHORTLIST: Final = 16  # checks whose cost is looked at before the next one is chosen
WALK: Final = 40  # nodes visited for that in all, for each node there is
VISIT: Final = 100  # instructions of a sweep that take as long as such a visit: 1 microsecond
TEST_BELOW: Final = 2.0  # survivors of a block, expected, from which on it is worth looking
TEST_EVERY: Final = 12  # instructions between two looks, at least

Step = tuple[int, int, int]  # AND or XOR: kind, node, 0; CHECK: kind and two codes; TEST: kind, 0, 0


def input_order(supports: list[int], nodes: list[int], inputs: int) -> list[int]:
    """Order inputs, the fastest first, so that few nodes depend on fast ones: greedily the smallest union."""
    masks = np.array([supports[n] for n in nodes], np.uint64)
    depends = (masks[:, None] >> np.arange(inputs, dtype=np.uint64) & np.uint64(1)).astype(np.bool_)
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


class Schedule:
    """Orders the instructions of a network.

    `places` holds the inputs that each live node depends on, as a mask over their places, `values` (nodes,
    SAMPLE) the nodes on random candidates. The first `low` places vary inside a block; each other place is a
    level of its own, so that what does not depend on the fast places is computed rarely.
    """

    def __init__(
        self,
        network: Network,
        places: dict[int, int],
        values: NDArray[np.uint64],
        low: int,
        levels: int,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._network, self._places, self._values = network, places, values
        self._low, self._levels = low, levels
        self._check = check
        self._sorted = np.array(sorted(places), np.int64)  # live nodes
        blocks = 1 << max(network.inputs - low, 0)
        # No longer than a sweep takes in which no check prunes anything.
        self._work = min(WALK * (len(places) + 1000), blocks * len(places) // VISIT)
        self._done = {0} | {n for n in places if network.kinds[n] == LINEAR}
        self._steps: list[list[Step]] = [[] for _ in range(self._levels)]

    def steps(self) -> list[list[Step]]:
        """Return each level's instructions, the slowest level last; with each check comes what it needs."""
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
        return min(max(fastest - self._low + 1, 0), self._levels - 1)

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
            self._check()
            best, cone = 0, None
            if self._work > 0 and alive.any():
                kills = np.bitwise_count(bad[left] & alive).sum(axis=1, dtype=np.int64)
                steps = np.maximum(np.searchsorted(self._sorted, reach[left]) - len(self._done), 0) + 2
                promising = np.argsort(-(kills + 1e-3) / steps, kind="stable")[:SHORTLIST]
                promising = promising[np.cumsum(steps[promising]) <= self._work]
                cones = []
                for i in promising:
                    self._check()
                    cones.append(self._cone(checks[left[i]]))
                self._work = self._work - sum(map(len, cones)) if cones else 0
                gains = [kills[i] / (len(c) + 2) for i, c in zip(promising, cones, strict=True)]
                if gains:
                    best, cone = int(promising[int(np.argmax(gains))]), cones[int(np.argmax(gains))]
            pair = checks[left[best]]
            cone = self._cone(pair) if cone is None else cone
            for node in cone:
                kind = AND if self._network.kinds[node] == AND else XOR
                self._steps[self._level(2 * node)].append((kind, node, 0))
            self._done.update(cone)
            self._steps[level].append((CHECK, *pair))
            since += len(cone) + 1
            alive = alive & ~bad[left[best]]
            left = np.delete(left, best)
            share = (int(np.bitwise_count(alive).sum()) + 1) / (64 * SAMPLE)
            if level or (share * 2.0**self._low < TEST_BELOW and since >= TEST_EVERY):
                self._steps[level].append((TEST, 0, 0))
                since = 0
        return alive


def assign_rows(network: Network, steps: list[list[Step]], rows: dict[int, int], used: int) -> int:
    """Give each node a row; rows of the fastest level are used again, so that they stay in the cache."""
    for level in steps[1:]:
        for kind, node, _ in level:
            if kind in (AND, XOR):
                rows[node] = used
                used += 1
    last: dict[int, int] = {}
    for at, step in enumerate(steps[0]):
        for code in operands(network, step):
            last[code >> 1] = at
    mine = {node for kind, node, _ in steps[0] if kind in (AND, XOR)}
    free: list[int] = []
    for at, step in enumerate(steps[0]):
        for node in {code >> 1 for code in operands(network, step)}:
            if node in mine and last[node] == at:
                free.append(rows[node])
        if step[0] in (AND, XOR):
            if not free:
                free.append(used)
                used += 1
            rows[step[1]] = free.pop()
    return used


def operands(network: Network, step: Step) -> tuple[int, ...]:
    """Return the codes that a step reads."""
    if step[0] == CHECK:
        return step[1:]
    return () if step[0] == TEST else network.pairs[step[1]]
