"""SAT sweeping: which nodes of a graph are equal, and whether its goals can be reached.

Nodes that no simulated pattern tells apart are candidates. From the inputs up each is settled: by structure,
where its operands make it equal to another node; by a search for an assignment that tells the two apart, with
a limit of conflicts. What is proven equal is merged, so that the nodes above see one; an assignment that is
found is simulated, with its neighbours, and tells apart others as well (Kuehlmann, "Dynamic transition
relation simplification for bounded property checking", ICCAD 2004; Mishchenko, Chatterjee, Jiang and Brayton,
"FRAIGs: a unifying representation for logic synthesis and verification", ERL report 2005). Each pass has a
higher limit; where few inputs are left, all assignments are simulated. Between passes nodes that are the same
sum over GF(2) of others are merged without a search (`turbosat.cdcl.sweeping.parities`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.cdcl.sweeping.parities import equal_parities
from turbosat.core.circuits import sweeping as kernels
from turbosat.core.circuits.sweeping import (
    BUDGET,
    CONFLICTS,
    DONE,
    FAILURES,
    FULL,
    INCREMENT,
    LAST,
    LEAVES,
    LIMIT,
    LOGGED,
    LOGGING,
    MERGES,
    MODEL,
    MODELS,
    NODE,
    PATIENCE,
    PATTERN,
    PENDING,
    RANDOM,
    SPREADING,
    UNDECIDED,
    WIDTH,
)
from turbosat.encodings.circuit.aig import FALSE, Aig
from turbosat.encodings.circuit.cone import cone

if TYPE_CHECKING:
    from turbosat.core.circuits.sweeping import Graph, Search

EFFORT: Final = 1 << 17  # steps between two looks at the time, some milliseconds
ROUNDS: Final = 64  # of random patterns, WIDTH words each
_WORK: Final = 4e7  # nodes times rounds of these at most
_PATTERNS: Final = 64 * WIDTH
_BLOCK_COST: Final = 6e-9  # seconds for a node in a block of patterns, about
_FIRST: Final = 30  # conflicts for each query of the first pass
_GROWTH: Final = 8  # of both limits from pass to pass
_LARGEST: Final = 1 << 30
_THROUGH: Final = 0.5  # seconds that counting through all inputs may take after it
_LEARNED: Final = 4000  # clauses before the first are forgotten
_REACH: Final = 1 << 31  # entries of the arena that references can tell apart
_LEMMAS: Final = 1 << 20  # numbers of lemmas that are kept until they are fetched

Check = Callable[[], None]


class Sweep:
    """A graph being swept.

    `goals` are clauses of the graph's literals: a model is an assignment of inputs and latches that satisfies
    all of them. `model` is one, bool (inputs + latches,), if one was come upon; `refuted` says that there is
    none. With neither, more passes may tell. `lemmas` is called with clauses of literals (int32, −1 at the
    end of each), in the order in which each follows by reverse unit propagation from the gates and those
    before; with it no assignments are counted through.
    """

    def __init__(
        self,
        aig: Aig,
        goals: Sequence[NDArray[np.int32]] = (),
        *,
        seed: int = 0,
        lemmas: Callable[[NDArray[np.int32]], None] | None = None,
    ) -> None:
        self.aig = aig
        self.model: NDArray[np.bool_] | None = None
        self.refuted = any(not len(goal) for goal in goals)
        self._lemmas = lemmas
        self._judged = -1  # merges by which the goals were last looked at
        nodes = 1 + aig.variables
        self._leaves = aig.inputs + aig.latches
        fanins = np.full((nodes, 2), -1, np.int32)
        fanins[aig.first_and :] = aig.ands
        self._random = np.random.default_rng(seed)
        slots = 1 << (2 * nodes).bit_length()
        literals = [np.asarray(goal, np.int32) for goal in goals]
        self._graph = kernels.Graph(
            fanins=fanins,
            merged=2 * np.arange(nodes, dtype=np.int32),
            words=np.zeros((nodes, WIDTH), np.uint64),
            hashes=np.zeros(nodes, np.uint64),
            phases=np.zeros(nodes, np.uint8),
            gates=np.full(slots, -1, np.int32),
            classes=np.full(slots, -1, np.int32),
            goals=np.concatenate([np.zeros(0, np.int32), *literals]),
            ends=np.cumsum([len(goal) for goal in literals], dtype=np.int64).reshape(-1),
        )
        self._counters = np.zeros(kernels.COUNTERS, np.int64)
        self._counters[RANDOM] = seed
        self._search = self._fresh_search(min(max(1 << 16, 32 * nodes), _REACH))

    # What is known.

    @property
    def literals(self) -> NDArray[np.int32]:
        """The literal that each variable is known to be equal to, (1 + variables,): the smallest one."""
        merged = self._graph.merged.copy()
        while True:
            further = merged[merged >> 1] ^ (merged & 1)
            if (further == merged).all():
                return merged
            merged = further

    @property
    def merged(self) -> NDArray[np.int32]:
        """What each variable was merged with, (1 + variables,): a smaller literal, or itself."""
        return self._graph.merged

    @property
    def decided(self) -> bool:
        """Whether the goals have a model, or none."""
        return self.refuted or self.model is not None

    @property
    def node(self) -> int:
        """How many nodes the pass has looked at."""
        return int(self._counters[NODE])

    @property
    def figures(self) -> dict[str, int]:
        """Counts: nodes merged, models that told nodes apart, queries given up in the pass, conflicts."""
        n = self._counters
        return {
            "merged": int(n[MERGES]),
            "models": int(n[MODELS]),
            "undecided": int(n[UNDECIDED]),
            "conflicts": int(n[CONFLICTS]),
        }

    # What is done.

    def run(self, check: Check = lambda: None) -> bool:
        """Go through all stages, with limits that grow; return whether the goals are decided.

        False only where all nodes are settled and several goals together are not: that takes a search. Where
        it takes long, `check` may raise, and what is known by then stays known.
        """
        self.simulate(check)
        budget, seconds = _FIRST, _THROUGH
        while not self.decided:
            self.merge_parities(check)
            worth = self.run_pass(budget, check=check)
            if self.run_through(seconds, check) or (not worth and not self.figures["undecided"]):
                break
            budget, seconds = min(_GROWTH * budget, _LARGEST), _GROWTH * seconds
        return self.decided

    def simulate(self, check: Check = lambda: None) -> None:
        """Tell nodes apart by random patterns, some with few inputs true, or with most."""
        nodes = len(self._graph.merged)
        rounds = int(min(ROUNDS, max(4, _WORK // nodes)))
        for i in range(rounds):
            check()
            self._draw(i)
            for first in range(0, nodes, EFFORT):
                kernels.simulate_nodes(self._graph, first, min(first + EFFORT, nodes), int(i == 0))
            if self._look():
                return

    def merge_parities(self, check: Check = lambda: None) -> None:
        """Merge nodes that are sums of the same nodes by what is known; not where lemmas are wanted."""
        if self.decided or self._lemmas is not None:
            return
        literals = self.literals
        nodes, equal = equal_parities(self._operands(literals), check)
        fresh = literals[nodes] == 2 * nodes
        self._graph.merged[nodes[fresh]] = equal[fresh]
        self._counters[MERGES] += int(fresh.sum())
        self._hopeless()

    def run_pass(self, budget: int, patience: int = 64, check: Check = lambda: None) -> bool:
        """Sweep once, with so many conflicts for each query; return whether it was worth it.

        The pass gives up, but for structure, when `patience` queries in a row were given up.
        """
        n = self._counters
        if n[SPREADING]:  # an earlier pass was ended in the midst of a model: no node may lack its patterns
            nodes = len(self._graph.merged)
            for first in range(max(0, int(n[SPREADING]) - 1 - self._leaves), nodes, EFFORT):
                kernels.simulate_nodes(self._graph, first, min(first + EFFORT, nodes), 0)
            n[SPREADING] = 0
            self._look()
        if self.decided:
            return False
        before = int(n[MERGES])
        n[[NODE, UNDECIDED, FAILURES]] = 0
        n[BUDGET], n[PATIENCE], n[PATTERN] = budget, patience, -1
        self._graph.gates.fill(-1)
        kernels.make_classes(self._graph, 0)
        self._search = self._fresh_search(self._search.arena.size)
        while not self.decided:
            check()
            status = kernels.sweep_nodes(self._graph, self._search, EFFORT)
            self._fetch()
            if status == FULL and self._short():
                self._grow()
            elif status == MODEL:
                self._take(int(n[PATTERN]))
                n[PATTERN] = -1
            if self._hopeless() or status == DONE:
                break
            assert status in (PENDING, FULL, MODEL)
        return self.decided or int(n[MERGES]) > before

    def run_through(self, seconds: float, check: Check = lambda: None) -> bool:
        """Simulate all assignments of the inputs that the goals depend on; False where that takes longer."""
        if self.decided or self._lemmas is not None:
            return self.decided
        merged, goals, kept = self._cone(check)
        leaves = kept[(kept > 0) & (kept <= self._leaves)].astype(np.int32)
        blocks = 1 << max(0, leaves.size - _PATTERNS.bit_length() + 1)
        if leaves.size > 40 or blocks * kept.size * _BLOCK_COST > seconds:
            return False
        graph = self._cut(merged, goals, kept)
        numbers = np.arange(1, 1 + leaves.size, dtype=np.int32)
        block, pattern = 0, np.zeros(1, np.int64)
        while block < blocks:
            check()
            block = kernels.exhaust_inputs(graph, numbers, block, blocks, 16 * EFFORT, pattern)
            if pattern[0] >= 0:
                values = np.zeros(self._leaves, np.bool_)
                values[leaves - 1] = _bits(graph.words[numbers], int(pattern[0]))
                self.model = values
                return True
        self.refuted = True
        return True

    def _fresh_search(self, room: int) -> Search:
        nodes = len(self._graph.merged)
        n = self._counters
        kept = n[[MERGES, MODELS, UNDECIDED, CONFLICTS, RANDOM, BUDGET, PATIENCE, PATTERN]].copy()
        n[:] = 0
        n[[MERGES, MODELS, UNDECIDED, CONFLICTS, RANDOM, BUDGET, PATIENCE, PATTERN]] = kept
        n[LEAVES], n[LIMIT], n[LOGGING] = self._leaves, _LEARNED, self._lemmas is not None
        n[kernels.TRAIL] = 1
        values = np.zeros(2 * nodes, np.int8)
        values[0], values[1] = -1, 1
        scales = np.zeros(kernels.SCALES)
        scales[INCREMENT] = 1.0
        trail = np.zeros(nodes, np.int32)
        trail[0] = 1
        return kernels.Search(
            arena=np.zeros(room, np.int32),
            heads=np.full(2 * nodes, -1, np.int32),
            values=values,
            levels=np.zeros(nodes, np.int32),
            reasons=np.full(nodes, -1, np.int32),
            trail=trail,
            starts=np.zeros(nodes + 4, np.int32),
            marks=np.zeros(nodes + 4, np.int32),
            activity=np.zeros(nodes),
            scales=scales,
            heap=np.zeros(nodes, np.int32),
            places=np.full(nodes, -1, np.int32),
            relevant=np.zeros(nodes, np.uint8),
            saved=np.zeros(nodes, np.int8),
            loaded=np.zeros(nodes, np.bool_),
            seen=np.zeros(nodes, np.uint8),
            stack=np.zeros(2 * nodes, np.int32),
            parents=np.zeros(nodes, np.int32),
            lemmas=np.zeros(_LEMMAS + 4 * nodes if self._lemmas is not None else 2 * nodes + 256, np.int32),
            counters=n,
        )

    def _short(self) -> bool:
        """Whether it may be the clauses that have no room left; lemmas have again once they are fetched."""
        n = self._counters
        return int(n[LAST] + n[kernels.TRAIL]) + 2 * kernels.HEADER + 64 > self._search.arena.size

    def _grow(self) -> None:
        """Give the search's clauses more room. Raises MemoryError where references reach no further."""
        size = self._search.arena.size
        if size >= _REACH:
            raise MemoryError
        arena = np.zeros(min(2 * size, _REACH), np.int32)
        arena[:size] = self._search.arena
        self._search = self._search.replaced(arena=arena)

    def _fetch(self) -> None:
        """Hand lemmas on."""
        logged = int(self._counters[LOGGED])
        if self._lemmas is not None and logged:
            self._lemmas(self._search.lemmas[:logged].copy())
        self._counters[LOGGED] = 0

    def _draw(self, i: int) -> None:
        """Give the leaves random values: each second round as often true as false."""
        shape = (self._leaves, WIDTH)
        words = self._random.integers(0, 1 << 64, shape, np.uint64)
        for _ in range(i % 8 // 2 if i % 2 else 0):
            words &= self._random.integers(0, 1 << 64, shape, np.uint64)
        self._graph.words[1 : 1 + self._leaves] = ~words if i % 4 == 3 else words

    def _look(self) -> bool:
        """Whether one of the last patterns satisfies all goals."""
        pattern = kernels.goals_reached(self._graph) if len(self._graph.ends) else -1
        if pattern >= 0:
            self._take(pattern)
        return pattern >= 0

    def _take(self, pattern: int) -> None:
        self.model = _bits(self._graph.words[1 : 1 + self._leaves], pattern)

    def _hopeless(self) -> bool:
        """Whether a goal is false by what is merged, or two of them contradict each other."""
        known, ends, merges = self._graph.goals, self._graph.ends, int(self._counters[MERGES])
        if ends.size and merges != self._judged:
            self._judged = merges
            further = self._graph.merged[known >> 1] ^ (known & 1)
            while (further != known).any():
                known, further = further, self._graph.merged[further >> 1] ^ (further & 1)
            true = np.append(0, np.cumsum(known != FALSE))
            starts = np.append(0, ends[:-1])
            single = known[starts[ends - starts == 1]]
            self.refuted |= bool((true[ends] == true[starts]).any()) or bool(
                np.isin(single ^ 1, single).any()
            )
        return self.refuted

    def _operands(self, literals: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the operands (1 + variables, 2) with what their variables are equal to, -1 for a leaf."""
        fanins = self._graph.fanins
        return np.where(fanins >= 0, literals[fanins >> 1] ^ (fanins & 1), -1).astype(np.int32)

    def _cone(self, check: Check) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.intp]]:
        """Return all operands and the goals as merged, and the variables that the goals depend on, sorted."""
        literals = self.literals
        goals = literals[self._graph.goals >> 1] ^ (self._graph.goals & 1)
        merged = self._operands(literals)
        needed = cone(merged[1 + self._leaves :], 1 + self._leaves, goals, check)
        needed[0] = True
        return merged, goals, np.flatnonzero(needed)

    def _cut(self, merged: NDArray[np.int32], goals: NDArray[np.int32], kept: NDArray[np.intp]) -> Graph:
        """Return the graph of the variables that are kept."""
        numbers = np.zeros(len(merged), np.int32)
        numbers[kept] = np.arange(kept.size)

        def renamed(old: NDArray[np.int32]) -> NDArray[np.int32]:
            return np.where(old >= 0, 2 * numbers[old >> 1] + (old & 1), -1).astype(np.int32)

        none = np.full(2, -1, np.int32)
        return kernels.Graph(
            fanins=renamed(merged[kept]),
            merged=2 * np.arange(kept.size, dtype=np.int32),
            words=np.zeros((kept.size, WIDTH), np.uint64),
            hashes=np.zeros(kept.size, np.uint64),
            phases=np.zeros(kept.size, np.uint8),
            gates=none,
            classes=none.copy(),
            goals=renamed(goals),
            ends=self._graph.ends,
        )


def _bits(words: NDArray[np.uint64], pattern: int) -> NDArray[np.bool_]:
    """Return the values (rows,) that words (rows, WIDTH) have in a pattern."""
    bits: NDArray[np.bool_] = (words[:, pattern >> 6] >> np.uint64(pattern & 63) & np.uint64(1)).astype(
        np.bool_
    )
    return bits
