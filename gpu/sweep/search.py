"""Local search in the solution space of the XOR system, for programs with too many inputs to sweep.

A lane is a solution of all XORs; moves go along directions, sets of linear nodes that can be flipped together
without leaving the space. Each direction belongs to one node of a basis: it flips that node and whatever
depends on it. Bases are drawn anew all the time, preferably from nodes whose value by itself says most about
the number of false checks (measured on random lanes). Most lanes begin, in each new basis, at the preferred
values of its nodes but for one, two or three of them, and are then offered every direction once: where errors
are rare this is information-set decoding (Prange 1962; Lee and Brickell, EUROCRYPT 1988), found without being
told. The other lanes never stop and follow Metropolis' rule, each word at a temperature of its own.
"""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import sweep as kernels
from turbosat.core.sweep import (
    CHECK,
    FIELDS,
    HEIGHT,
    LINEAR,
    NOW_PLANE,
    PRECISION,
    TEST,
    WIDTH,
    Lanes,
)
from turbosat.encodings.support.program import Program
from turbosat.errors import UnsupportedError
from turbosat.gpu.sweep.network import Network, build
from turbosat.gpu.sweep.schedule import SAMPLE, Schedule, assign_rows, operands

MOST_INPUTS: Final = 1000  # a new basis takes time with the cube of their number
WALKERS: Final = 8  # words whose lanes follow Metropolis' rule
COLDEST, HOTTEST = 0.15, 3.0  # their temperatures, in false checks
SAMPLES: Final = 8  # rounds of random lanes from which preferences are measured
RESTART: Final = 256  # rounds after which the walking lanes are scattered again
MOVE: Final = 4e-9  # seconds an instruction takes, to cut slices
SLICE: Final = 0.02  # seconds that a call of a kernel may take
WORK: Final = 4_000_000  # words that a call writes at most, where it does not count time


class KernelSearch:
    """Populations of 2048 lanes, one for each worker; a function of the seed and of the calls of `round`."""

    def __init__(
        self, program: Program, seed: int = 0, workers: int = 1, *, check: Callable[[], None] = lambda: None
    ) -> None:
        if program.inputs.size > MOST_INPUTS:
            raise UnsupportedError(
                f"the search takes at most {MOST_INPUTS} inputs, the program has {program.inputs.size}"
            )
        self.program = program
        network = build(program, check)
        self.populations = [_Population(network, seed + i, check) for i in range(max(1, workers))]
        self._threads = ThreadPoolExecutor(len(self.populations)) if len(self.populations) > 1 else None

    @property
    def fewest(self) -> int:
        """The fewest false checks seen."""
        return min(population.fewest for population in self.populations)

    @property
    def best(self) -> NDArray[np.bool_]:
        """The inputs (inputs,) with the fewest false checks seen."""
        return min(self.populations, key=lambda population: population.fewest).best

    @property
    def moves(self) -> int:
        """Moves offered to lanes so far."""
        return sum(population.moves for population in self.populations)

    def advance(self, seconds: float) -> int:
        """Run for about `seconds` of time or until candidates are found; return the fewest false checks."""
        if self._threads is None:
            self.populations[0].run(seconds)
        else:
            list(self._threads.map(lambda population: population.run(seconds), self.populations))
        return self.fewest

    def candidates(self) -> NDArray[np.bool_]:
        """Take the assignments found that pass all checks: values of the inputs, bool (found, inputs)."""
        found = [row for population in self.populations for row in population.found]
        for population in self.populations:
            population.found.clear()
        rows = np.array(found, np.bool_).reshape(len(found), self.program.inputs.size)
        return np.unique(rows, axis=0)

    def close(self) -> None:
        """End the threads."""
        if self._threads is not None:
            self._threads.shutdown()


class _Population:
    def __init__(self, network: Network, seed: int, check: Callable[[], None] = lambda: None) -> None:
        self._random = np.random.default_rng(seed)
        self.inputs = network.inputs
        self.lanes, self._tracked = _lanes(network, self._random, check)
        self._nodes = self.lanes.prefer.size
        self._strength = np.ones(self._nodes)
        self._rounds = 0
        self._order = np.zeros(0, np.int32)  # directions left to offer in this round
        self._sums = np.zeros((2, self._nodes))
        self._counts = np.zeros((2, self._nodes))
        self.fewest = len(network.checks) + 1
        self.best = np.zeros(network.inputs, np.bool_)
        self.found: list[NDArray[np.bool_]] = []
        self.moves = 0
        self._seconds = MOVE * (self.lanes.code.shape[0] + 8 * len(network.checks) + 100)

    def run(self, seconds: float) -> None:
        """Run rounds until the time is over or a candidate is found; a round may be cut."""
        deadline = time.monotonic() + seconds
        while not self.found:
            if not self._order.size:
                self._begin()
            began = time.monotonic()
            part = self._order[: max(1, int(min(deadline - began, SLICE) / self._seconds))]
            done = kernels.scan(self.lanes, part)
            self._order = self._order[done:]
            self.moves += done * 64 * WIDTH
            spent = (time.monotonic() - began) / max(1, done)
            self._seconds = 0.9 * self._seconds + 0.1 * min(spent, 10 * self._seconds)
            self._collect()
            if time.monotonic() >= deadline:
                return

    def _begin(self) -> None:
        """Start a round: at first random lanes that tell preferences, then a new basis."""
        lanes = self.lanes
        self._rounds += 1
        if self._rounds <= SAMPLES:
            self._scatter(0)
            self._learn()
        else:
            # A weighted order without replacement (Efraimidis and Spirakis 2006).
            keys = self._random.exponential(size=self._nodes) / self._strength
            rebase(lanes, np.argsort(keys).astype(np.int32))
            gather(lanes, self._weights())
            if self._rounds % RESTART == 0:
                self._scatter(WIDTH - WALKERS)
            self._order = self._random.permutation(lanes.columns.shape[0]).astype(np.int32)
        self._collect()

    def _scatter(self, begin: int) -> None:
        """Put the lanes of the words from `begin` on on random values."""
        for first, last in parts(self.lanes, self.lanes.basis.size):
            kernels.scatter(self.lanes, begin, WIDTH, first, last)
        kernels.evaluate(self.lanes, int(self.lanes.planes[NOW_PLANE]))

    def _weights(self) -> NDArray[np.int64]:
        """How many basis nodes of each lane differ from the preferred values."""
        count = 64 * (WIDTH - WALKERS)
        weights = np.where(self._random.random(count) < 0.7, 2, 3)
        weights[: self.lanes.columns.shape[0] + 1] = 1
        weights[0] = 0
        return weights.astype(np.int64)

    def _false(self) -> NDArray[np.int64]:
        """Return the false checks of each lane, (64 · WIDTH,)."""
        now, height = int(self.lanes.planes[NOW_PLANE]), int(self.lanes.planes[HEIGHT])
        result = np.zeros(64 * WIDTH, np.int64)
        for plane in range(height):
            bits = np.unpackbits(self.lanes.rows[now + plane].view(np.uint8), bitorder="little")
            result += bits.astype(np.int64) << plane
        return result

    def _learn(self) -> None:
        """Compare the false checks of random lanes with a node's value 0 and with 1."""
        false = self._false()
        rows = self.lanes.rows[1 : self._nodes + 1].view(np.uint8)
        values = np.unpackbits(rows, axis=1, bitorder="little").astype(np.float64)  # (nodes, lanes)
        for value, chosen in ((0, 1 - values), (1, values)):
            self._sums[value] += chosen @ false
            self._counts[value] += chosen.sum(axis=1)
        means = self._sums / np.maximum(self._counts, 1)
        error = max(float(false.std()), 1e-9) * 2 / math.sqrt(64 * WIDTH * self._rounds)
        self.lanes.prefer[:] = means[1] < means[0]
        # What noise would show as well says little.
        self._strength = np.maximum(np.abs(means[1] - means[0]) / error - 3, 0) ** 2 + 0.01

    def _collect(self) -> None:
        """Note the best lane, and take the lanes without false checks."""
        false = self._false()
        low = int(false.min())
        if low >= self.fewest and low > 0:
            return
        which = np.flatnonzero(false == low)
        word, bit = which >> 6, (which & 63).astype(np.uint64)
        rows = self.lanes.rows[self._tracked[:, None] + 1, word]  # (inputs, lanes)
        values = (rows >> bit & np.uint64(1)).astype(np.bool_).T
        if low < self.fewest:
            self.fewest, self.best = low, values[0]
        if low == 0:
            self.found += list(np.unique(values, axis=0))
            self._scatter(0)
            self._order = self._order[:0]


def parts(lanes: Lanes, count: int) -> Iterator[tuple[int, int]]:
    """Cut `count` walks along a direction into parts of bounded time."""
    size = max(1, WORK // (WIDTH * lanes.prefer.size + 1))
    return ((first, min(first + size, count)) for first in range(0, count, size))


def rebase(lanes: Lanes, order: NDArray[np.int32]) -> None:
    """Change the basis: nodes (n,) in order become the one node of a direction, where that is possible."""
    done = 0
    while done < order.size:
        done = kernels.rebase(lanes, order, done, WORK)


def gather(lanes: Lanes, weights: NDArray[np.int64]) -> None:
    """Put as many lanes as there are weights, whole words of them, near the preferred values, and count.

    A lane's weight is the number of basis nodes that differ from these; lane 0 has 0, and the next ones, so
    far as there are directions and their weight is 1, differ in one each.
    """
    for first, last in parts(lanes, lanes.basis.size):
        kernels.gather(lanes, weights.size // 64, first, last)
    for first, last in parts(lanes, weights.size):
        kernels.disperse(lanes, weights, first, last)
    kernels.evaluate(lanes, int(lanes.planes[NOW_PLANE]))


def _lanes(
    network: Network, random: np.random.Generator, check: Callable[[], None]
) -> tuple[Lanes, NDArray[np.int64]]:
    """Lay out a population; also return the linear node of each input."""
    live = network.live()
    tracked = [network.linear(1 << i) >> 1 for i in range(network.inputs)]
    linear = sorted({n for n in live if network.kinds[n] == LINEAR} | set(tracked))
    rows = {0: 0} | {n: i + 1 for i, n in enumerate(linear)}
    values = np.zeros((len(network), SAMPLE), np.uint64)
    (steps,) = Schedule(network, dict.fromkeys(live, 0), values, 0, 1, check).steps()
    steps = [step for step in steps if step[0] != TEST]
    used = assign_rows(network, [steps], rows, len(rows))
    code = []
    for step in steps:
        a, b = operands(network, step)
        target = 0 if step[0] == CHECK else rows[step[1]]
        code.append((step[0], target, rows[a >> 1], a & 1, rows[b >> 1], b & 1))
    planes = max(2, len(network.checks).bit_length())
    columns = np.zeros((network.inputs, -(-len(linear) // 64)), np.uint64)
    for i, node in enumerate(linear):
        for place in range(network.inputs):
            if network.masks[node] >> place & 1:
                columns[place, i >> 6] |= np.uint64(1 << (i & 63))
    ladder = np.geomspace(COLDEST, HOTTEST, WALKERS)
    chances = np.zeros(WIDTH, np.int32)
    chances[WIDTH - WALKERS :] = np.maximum(1, np.exp(-1 / ladder) * (1 << PRECISION)).astype(np.int32)
    lanes = Lanes(
        code=np.array(code, np.int32).reshape(-1, FIELDS),
        rows=np.zeros((used + 2 * planes + 2, WIDTH), np.uint64),
        columns=columns,
        basis=np.full(network.inputs, -1, np.int32),
        prefer=np.zeros(len(linear), np.uint8),
        chances=chances,
        planes=np.array([used, used + planes, used + 2 * planes, planes], np.int64),
        random=random.integers(1, 2**63, size=1, dtype=np.uint64),
    )
    at = {n: i for i, n in enumerate(linear)}
    return lanes, np.array([at[n] for n in tracked], np.int64)
