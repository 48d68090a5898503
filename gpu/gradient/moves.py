"""How lanes on CPU cores follow a rule: what is kept up to date with the values, by which kernels."""

from functools import cached_property
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gradient as kernels
from turbosat.core.gradient import (
    CHUNK,
    WEIGHT_ONE,
    Bits,
    Counts,
    Lane,
    Others,
    Problem,
    Weights,
)
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.rules import Rule, Walk, Weighted

SHORT: Final = 3  # clauses of at most so many literals are walked on without counts
PART: Final = 2**19  # places of clauses that a call looks at, in a few milliseconds


class Layout:
    """A matrix as kernels read it, made once for all lanes."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.problem = Problem(
            offsets=matrix.offsets,
            literals=matrix.literals,
            starts=matrix.starts,
            occurrences=matrix.occurrences,
        )
        cuts = np.searchsorted(matrix.offsets, np.arange(PART, matrix.entries, PART))
        bounds = sorted({0, *cuts.tolist(), matrix.clauses})
        self.parts = list(pairwise(bounds)) or [(0, 0)]
        self.busiest = int(np.diff(matrix.starts).max(initial=0))  # clauses that a literal is in, at most

    @cached_property
    def slots(self) -> NDArray[np.int32]:
        """Where each place of each clause is among the occurrences, (entries,)."""
        slots, heads = np.zeros(self.matrix.entries, np.int32), self.matrix.starts[:-1].copy()
        for first, last in self.parts:
            kernels.locate(self.problem, heads, slots, first, last)
        return slots

    @cached_property
    def others(self) -> Others:
        """The other literals of short clauses."""
        one, other = np.zeros((2, self.matrix.entries + CHUNK), np.int32)
        for first, last in self.parts:
            kernels.pair(self.problem, self.slots, one, other, first, last)
        return Others(first=one, second=other)


class Moves(Protocol):
    """What a lane keeps for the rule that it follows."""

    def count(self, first: int, last: int) -> None:
        """Compute what belongs to the values of the clauses first ... last - 1; parts come in their order."""

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Flip until effort or flips are spent or no clause is false; return the effort."""


class WalkMoves:
    """A walk with cached breaks."""

    def __init__(self, layout: Layout, lane: Lane) -> None:
        matrix = layout.matrix
        self._problem, self._lane = layout.problem, lane
        self._counts = Counts(
            words=np.zeros(matrix.clauses, np.int64),
            breaks=np.zeros(matrix.variables + 1, np.int32),
            changed=np.zeros(layout.busiest, np.int32),
        )

    def count(self, first: int, last: int) -> None:
        """Count true literals and breaks."""
        kernels.count(self._problem, self._lane, self._counts, first, last)

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Walk."""
        assert isinstance(rule, Walk)
        return kernels.walk(self._problem, self._lane, self._counts, rule.table(), effort, until)


class ShortMoves:
    """A walk on short clauses: the same flips without counts."""

    def __init__(self, layout: Layout, lane: Lane) -> None:
        matrix = layout.matrix
        self._problem, self._others, self._lane = layout.problem, layout.others, lane
        self._bits = Bits(
            bits=np.zeros(matrix.variables // 32 + 1, np.uint32),
            place=np.zeros(matrix.clauses, np.int32),
            broken=np.zeros((SHORT, layout.busiest // CHUNK + 1), np.uint8),
        )

    def count(self, first: int, last: int) -> None:
        """Find the false clauses."""
        kernels.find_false(self._problem, self._lane, self._bits, first, last)

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Walk."""
        assert isinstance(rule, Walk)
        table = rule.table()
        return kernels.walk_short(self._problem, self._others, self._lane, self._bits, table, effort, until)


class WeightedMoves:
    """A descent on weighted clauses."""

    def __init__(self, layout: Layout, lane: Lane) -> None:
        matrix = layout.matrix
        self._problem, self._lane, self._slots = layout.problem, lane, layout.slots
        self._weights = Weights(
            slots=self._slots,
            words=np.zeros(matrix.clauses, np.int64),
            weights=np.full(matrix.entries + CHUNK, WEIGHT_ONE, np.int32),
            margins=np.zeros(matrix.variables, np.int64),
            good=np.zeros(matrix.variables, np.int32),
            place=np.zeros(matrix.variables, np.int32),
            changed=np.zeros(layout.busiest, np.int32),
        )

    @property
    def weights(self) -> NDArray[np.int32]:
        """The weights of the clauses, (clauses,)."""
        weights = self._weights.weights[self._slots[self._problem.offsets[:-1]]]
        return np.where(weights < 0, ~weights, weights)  # of false clauses there is the complement

    @weights.setter
    def weights(self, weights: NDArray[np.int32]) -> None:
        self._weights.weights[self._slots] = np.repeat(weights, np.diff(self._problem.offsets))

    def count(self, first: int, last: int) -> None:
        """Count true literals and margins."""
        kernels.weigh(self._problem, self._lane, self._weights, first, last)

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Descend."""
        constants = np.array([getattr(rule, name) for name in Weighted.__slots__], np.int64)
        return kernels.descend(self._problem, self._lane, self._weights, constants, effort, until)
