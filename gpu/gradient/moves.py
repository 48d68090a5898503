"""How lanes on CPU cores follow a rule: what is kept up to date with the values, by which kernels."""

from functools import cached_property
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gradient as kernels
from turbosat.core.gradient import (
    AHEAD,
    CHUNK,
    WEIGHT_ONE,
    Bits,
    Conflicts,
    Counts,
    Groups,
    Lane,
    Others,
    Problem,
    Units,
    Values,
    Weights,
)
from turbosat.encodings import conflicts as pairs
from turbosat.encodings import groups as encodings
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.rules import Grouped, GroupWalk, Rule, Tabu, Walk, Weighted

SHORT: Final = 3  # clauses of at most so many literals are walked on without counts
Parts = list[tuple[int, int]]  # from one clause to another, all of them in their order
PART: Final = 2**19  # places of clauses that a call looks at, in a few milliseconds


class Layout:
    """A matrix, or what it says where groups move, as kernels read it, made once for all lanes."""

    def __init__(self, matrix: Matrix | encodings.Groups) -> None:
        self.variables, self.clauses = matrix.variables, matrix.offsets.size - 1
        self.entries = matrix.literals.size
        self.problem = Problem(
            offsets=matrix.offsets,
            literals=matrix.literals,
            starts=matrix.starts,
            occurrences=matrix.occurrences,
        )
        cuts = np.searchsorted(matrix.offsets, np.arange(PART, self.entries, PART))
        bounds = sorted({0, *cuts.tolist(), self.clauses})
        self.parts: Parts = list(pairwise(bounds)) or [(0, 0)]
        self.busiest = int(np.diff(matrix.starts).max(initial=0))  # clauses that a literal is in, at most

    @cached_property
    def slots(self) -> NDArray[np.int32]:
        """Where each place of each clause is among the occurrences, (entries,)."""
        slots, heads = np.zeros(self.entries, np.int32), self.problem.starts[:-1].copy()
        for first, last in self.parts:
            kernels.locate(self.problem, heads, slots, first, last)
        return slots

    @cached_property
    def others(self) -> Others:
        """The other literals of short clauses."""
        one, other = np.zeros((2, self.entries + CHUNK), np.int32)
        for first, last in self.parts:
            kernels.pair(self.problem, self.slots, one, other, first, last)
        return Others(first=one, second=other)


class Moves(Protocol):
    """What a lane keeps for the rule that it follows."""

    parts: Parts

    def count(self, first: int, last: int) -> None:
        """Compute what belongs to the values of the clauses first ... last - 1; parts come in their order."""

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Flip until effort or flips are spent or no clause is false; return the effort."""


class WalkMoves:
    """A walk with cached breaks."""

    def __init__(self, layout: Layout, lane: Lane) -> None:
        self.parts, self._problem, self._lane = layout.parts, layout.problem, lane
        self._counts = Counts(
            words=np.zeros(layout.clauses, np.int64),
            breaks=np.zeros(layout.variables + 1, np.int32),
            changed=np.zeros(layout.busiest, np.int32),
        )

    def count(self, first: int, last: int) -> None:
        """Count true literals and breaks."""
        kernels.count(self._problem, self._lane, self._counts, first, last)

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Walk."""
        assert isinstance(rule, Walk)
        return kernels.walk(self._problem, self._lane, self._counts, rule.table(), effort, until)


class GroupWalkMoves(WalkMoves):
    """A walk of a lane with one true literal in each group."""

    def __init__(self, layout: Layout, lane: Lane, groups: encodings.Groups) -> None:
        """`layout` is that of the groups' clauses."""
        super().__init__(layout, lane.replaced(false=lane.false[: layout.clauses + AHEAD]))
        self.groups = groups
        self._units = Units(
            begins=groups.begins,
            members=groups.members,
            unit=groups.numbers(),
            current=np.zeros(groups.begins.size - 1, np.int32),
        )

    def count(self, first: int, last: int) -> None:
        """Let the values conform to the groups; count true literals and breaks."""
        kernels.count_groups(self._problem, self._lane, self._counts, self._units, first, last)

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Walk; `until` may be one flip late."""
        assert isinstance(rule, GroupWalk)
        table = rule.walk.table()
        return kernels.walk_groups(self._problem, self._lane, self._counts, self._units, table, effort, until)


class ShortMoves:
    """A walk on short clauses: the same flips without counts."""

    def __init__(self, layout: Layout, lane: Lane) -> None:
        self.parts, self._problem, self._lane = layout.parts, layout.problem, lane
        self._others = layout.others
        self._bits = Bits(
            bits=np.zeros(layout.variables // 32 + 1, np.uint32),
            place=np.zeros(layout.clauses, np.int32),
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
        self.parts, self._problem, self._lane = layout.parts, layout.problem, lane
        self._slots = layout.slots
        self._weights = Weights(
            slots=self._slots,
            words=np.zeros(layout.clauses, np.int64),
            weights=np.full(layout.entries + CHUNK, WEIGHT_ONE, np.int32),
            margins=np.zeros(layout.variables, np.int64),
            good=np.zeros(layout.variables, np.int32),
            place=np.zeros(layout.variables, np.int32),
            changed=np.zeros(layout.busiest, np.int32),
        )

    def read(self) -> NDArray[np.int32]:
        """Return the weights of the clauses, (clauses,)."""
        weights = self._weights.weights[self._slots[self._problem.offsets[:-1]]]
        return np.where(weights < 0, ~weights, weights)  # of false clauses there is the complement

    def write(self, weights: NDArray[np.int32]) -> None:
        """Set the weights of the clauses, (clauses,)."""
        self._weights.weights[self._slots] = np.repeat(weights, np.diff(self._problem.offsets))

    def count(self, first: int, last: int) -> None:
        """Count true literals and margins."""
        kernels.weigh(self._problem, self._lane, self._weights, first, last)

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Descend."""
        assert isinstance(rule, Weighted)
        return kernels.descend(self._problem, self._lane, self._weights, constants(rule), effort, until)


class GroupMoves(WeightedMoves):
    """A descent on weighted clauses, of a lane with one true literal in each group."""

    def __init__(self, layout: Layout, lane: Lane, groups: encodings.Groups, clauses: int) -> None:
        """`layout` is that of the groups' clauses, `clauses` the number of the matrix's."""
        super().__init__(layout, lane.replaced(false=lane.false[: layout.clauses + AHEAD]))
        self.groups, self._given = groups, np.full(clauses, WEIGHT_ONE, np.int32)
        unit, count = groups.numbers(), groups.begins.size - 1
        single = np.flatnonzero(unit < 0)
        unit[single] = count + np.arange(single.size)
        units = count + single.size
        self._groups = Groups(
            begins=groups.begins,
            members=groups.members,
            unit=unit,
            current=np.zeros(units, np.int32),
            rivals=np.zeros(count, np.int32),
            gains=np.zeros(units, np.uint8),
            waits=np.zeros(count, np.uint8),
            queue=np.zeros(count, np.int32),
        )

    def read(self) -> NDArray[np.int32]:
        """Return the weights; of clauses that the groups keep true, those that were given."""
        weights = self._given.copy()
        weights[self.groups.kept] = super().read()
        return weights

    def write(self, weights: NDArray[np.int32]) -> None:
        """Set the weights."""
        self._given = weights.copy()
        super().write(weights[self.groups.kept])

    def count(self, first: int, last: int) -> None:
        """Let the values conform to the groups; count true literals and margins."""
        kernels.weigh_groups(self._problem, self._lane, self._weights, self._groups, first, last)

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Descend; `until` may be one flip late."""
        assert isinstance(rule, Grouped)
        return kernels.descend_groups(
            self._problem, self._lane, self._weights, self._groups, constants(rule.weighted), effort, until
        )


class TabuMoves:
    """A tabu search on a conflict graph, of a lane with one true place in each unit. It weighs nothing."""

    def __init__(self, conflicts: pairs.Conflicts, lane: Lane) -> None:
        self.conflicts, self.parts, self._lane = conflicts, [(0, 0)], lane
        units, places = conflicts.begins.size - 1, conflicts.members.size
        self._graph = Conflicts(**{name: getattr(conflicts, name) for name in pairs.Conflicts.__slots__})
        self._values = Values(
            current=np.zeros(units, np.int32),
            clashes=np.zeros(places, np.int32),
            banned=np.zeros(places, np.int64),
            list=np.zeros(units, np.int32),
            spot=np.zeros(units, np.int32),
        )

    def count(self, first: int, last: int) -> None:
        """Let the values conform to the units; count conflicts, all at once."""
        kernels.count_conflicts(self._graph, self._lane, self._values)

    def run(self, rule: Rule, effort: int, until: int) -> int:
        """Descend; `until` may be one flip late."""
        assert isinstance(rule, Tabu)
        bans = np.array([rule.shortest, rule.longest, rule.base], np.int64)
        return kernels.descend_tabu(self._graph, self._lane, self._values, bans, effort, until)


def constants(rule: Weighted) -> NDArray[np.int64]:
    """Return the constants of a rule in their order, int64 (6,)."""
    return np.array([getattr(rule, name) for name in Weighted.__slots__], np.int64)
