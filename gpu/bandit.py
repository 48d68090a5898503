"""What the fewest false clauses say: which configurations to run, and how long a solution would take.

The bandit gives effort to the configurations that come closest to a solution, a little to all. The outlook
tells how long a search would need, from how often it comes near one.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.conflicts import Conflicts, conflict_graph
from turbosat.encodings.groups import COVERED, VALUES, Groups, find_groups
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.rules import Grouped, GroupWalk, Rule, Tabu, Walk, Weighted

NEAR = 3  # false clauses from which on the way to none is short enough to be told
LEVELS = NEAR + 2  # 0 ... NEAR + 1 false clauses
SEEN = 3  # slices that must have come to the lowest level: fewer say little
# Promises for a solution: random formulas of 3, 5 and 7 literals near their thresholds were solved within
# 12 s after 12 to 50 of them; on unsatisfiable structured ones half a second promised 100 to 340.
PROMISES = 30


class Bandit:
    """Shares of effort for configurations, from the fewest false clauses each reaches per round.

    Solving means reaching 0, so what counts is how near to 0 a configuration's lows are, not how they
    change: its level is a moving average of the lows, its share falls with the level's power, and no share
    falls below `floor`, because the rule with the higher level is at times the one that solves. Some rules
    come down slowly and get further: while configurations are immature, the power is small. `priors` are what
    configurations are worth before they have shown anything, in proportion.
    """

    def __init__(
        self,
        configurations: int,
        floor: float = 0.03,
        power: float = 4.0,
        memory: float = 0.7,
        priors: Sequence[float] | None = None,
    ) -> None:
        self.priors = np.ones(configurations) if priors is None else np.array(priors)  # (configurations,)
        self.floor = floor
        self.power = power
        self.memory = memory
        self.levels = np.full(configurations, -1.0)  # (configurations,), -1 before the first round

    def learn(self, configuration: int, low: float) -> None:
        """Note the fewest false clauses a configuration reached in a round, averaged over its lanes."""
        old = self.levels[configuration]
        self.levels[configuration] = low if old < 0 else self.memory * old + (1.0 - self.memory) * low

    def shares(self, maturity: float = 1.0) -> NDArray[np.float64]:
        """Return the share of each configuration, float64 (configurations,), sum 1; at first as the priors.

        `maturity` from 0 to 1 tells how much of the effort that a fair comparison needs all configurations
        have had.
        """
        configurations = self.levels.size
        if (self.levels < 0).any():
            return np.asarray(self.priors / self.priors.sum())
        merit = self.priors * ((1.0 + self.levels.min()) / (1.0 + self.levels)) ** (self.power * maturity)
        return np.asarray(self.floor + (1.0 - configurations * self.floor) * merit / merit.sum())


class Outlook:
    """Counts of slices by the fewest false clauses in them, and what they promise.

    Coming to k false clauses is an event that a search meets at a rate. From level to level the rates fall
    by about one ratio, as long as what lies below is of the same kind; so the rates of the lowest levels
    promise a rate of solutions. That is optimistic, local minima being many, and time refutes it: a search
    that is caught in them comes to one false clause all the time.
    """

    def __init__(self, configurations: int) -> None:
        self.slices = np.zeros(configurations, np.int64)  # (configurations,)
        self.seconds = 0.0
        self._reached = np.zeros((configurations, LEVELS), np.int64)  # slices with at most so many false

    def learn(self, configuration: NDArray[np.int64], lows: NDArray[np.int64], seconds: float) -> None:
        """Note the fewest false clauses (lanes,) of a slice's lanes, of these configurations (lanes,)."""
        self.seconds += seconds
        np.add.at(self.slices, configuration, 1)
        np.add.at(self._reached, configuration, lows[:, None] <= np.arange(LEVELS))

    @property
    def expected(self) -> float:
        """Seconds of search that a solution should take, infinite where the search was never near one."""
        # A slice may meet a level more than once: Poisson's rate of events, by slices.
        rates = -np.log1p(-self._reached / (self.slices[:, None] + 1.0))  # (configurations, LEVELS)
        promises = 0.0
        for slices, reached, rate in zip(self.slices, self._reached, rates, strict=True):
            lowest = int((reached >= SEEN).argmax())
            if reached[lowest] >= SEEN and lowest <= NEAR:
                promises += float(slices * rate[lowest] * (rate[lowest] / rate[lowest + 1]) ** lowest)
        return PROMISES * self.seconds / promises if promises > 0 else math.inf


RUN = 60_000  # flips, the unit of restart lengths: what quasigroups and colourings like
Optimizer = Literal["auto", "walk", "weighted", "ste", "galois"]

# By clause length: probSAT's constants (Balint and Schöning, SAT 2012), except for 3. There (2.0, 0.8)
# was the best of 14 pairs on one formula of 5,000 variables and 21,000 clauses, and then, on 8 fresh ones
# with 4 seeds each, needed 10 million flips a solution where probSAT's (2.06, 0.9) needed 18.
_WALKS = {2: Walk(2.3), 3: Walk(2.0, 0.8), 4: Walk(3.0), 5: Walk(3.7), 6: Walk(5.0), 7: Walk(5.4)}


@dataclass(frozen=True, slots=True)
class Configuration:
    """A rule and its restart policy."""

    name: str
    rule: Rule
    restarts: bool  # runs of Luby's lengths; else one run without end
    prior: float = 1.0  # its worth beside others before it has shown any
    lead: int = 0  # effort, by entry of the matrix, that it has before those without begin


# For bit-packed lanes, from hot to cold. Which rung does best depends on how many XORs there are and how
# long: clauses alone want the first, XORs of four the last, and a rung off costs a factor of two to five. One
# that is too hot boils, at little cost to the others: they step together.
_LADDER = tuple(
    Configuration(f"galois-{base:g}", Walk(base, propose=0.8), restarts=False)
    for base in (2.3, 3.0, 4.0, 6.0)
)


# Where groups move, three times the share of others took half the time, on both halves of 19 formulas; seven
# times was no better.
MOVED = 3.0
# Of the walk of single variables where groups move and there is no conflict graph: it comes near a solution
# all the time, which is what it would be judged by, and solved none of 11 such formulas in four seeds.
WALKING = 0.2
# Effort by entry for groups alone, before anything else begins: about 15 ms for ten thousand entries, 3 s for
# two million. On large formulas other rules come down long after groups are at a solution.
LEAD = 100
# The part of the variables in groups where a tabu search is worth it, and of the literals that are in clauses
# which say that two values exclude each other.
PAIRED = 0.75
# Of the walk on groups, which begins there when tabu searches have had their lead, where units have few
# values: colourings of random graphs take tabu searches ten times as long. With 8 to 16 it is the other way
# round.
WALKED = 9.0
FEW = 6  # values of a unit, on average
# Clauses of the rest for each unit from which on these are lines in which each value is to occur, as in
# quasigroups. There a tabu search settles in a second what a long ban, or the walk, does not in six.
LINES = 0.5
# On colourings of random graphs with 3 to 5 colours, near where there are none, bases of 2.5 to 3 solve most
# of them the soonest; with 33 to 59 values 4 to 6 do.
GROUP_WALK = 1.9, 0.2
LONG_BAN = {"shortest": 410, "longest": 820, "base": 5}  # for colourings; else for quasigroups


def worthwhile_groups(matrix: Matrix) -> Groups | None:
    """Return the groups of a matrix, None unless they hold enough of it for moves of groups."""
    groups = find_groups(matrix)
    return groups if groups.covered(VALUES) >= COVERED * max(matrix.variables, 1) else None


def worthwhile_conflicts(groups: Groups) -> Conflicts | None:
    """Return what groups leave as a conflict graph, None unless it is most of the formula."""
    if groups.covered(VALUES) < PAIRED * groups.variables:
        return None
    conflicts = conflict_graph(groups)
    return conflicts if conflicts.share >= PAIRED else None


def configurations(
    matrix: Matrix, optimizer: Optimizer, follows: tuple[type[Rule], ...] = (Walk, Weighted)
) -> tuple[Configuration, ...]:
    """Return the configurations for a matrix. The walk's constants are those of the median clause length.

    The walk keeps nothing but its values, so it is always as good as restarted; weights can lead astray.
    Rules are of the kinds in `follows`.
    """
    lengths = np.diff(matrix.offsets)
    middle = int(np.median(lengths)) if lengths.size else 2
    walk = _WALKS[min(max(middle, 2), 7)]
    known = _single(walk)
    if optimizer == "ste":  # its population has one rule of its own
        return (Configuration("ste", walk, restarts=False),)
    if optimizer == "galois":
        return _LADDER
    if Grouped in follows and optimizer in ("auto", "weighted"):
        groups = worthwhile_groups(matrix)
        if groups is not None:
            conflicts = worthwhile_conflicts(groups) if Tabu in follows and optimizer == "auto" else None
            if conflicts is None:
                known = _grouped(groups, _single(walk, WALKING), LEAD, MOVED)
            else:
                known = (*_on_conflicts(groups, conflicts), *_grouped(groups, known, 0, 1.0))
    return tuple(
        configuration
        for configuration in known
        if optimizer == "auto" or configuration.name.startswith(optimizer)
    )


def _single(walk: Walk, worth: float = 1.0) -> tuple[Configuration, ...]:
    """Return the configurations in which single variables move; `worth` is that of the walk."""
    return (
        Configuration("weighted", Weighted(), restarts=False),
        Configuration("walk", walk, restarts=False, prior=worth),
        Configuration("weighted-short", Weighted(), restarts=True),
    )


def _grouped(
    groups: Groups, single: tuple[Configuration, ...], lead: int, short: float
) -> tuple[Configuration, ...]:
    """Return the configurations in which groups move, and `single` ones between; `short` is worth of runs."""
    rule = Grouped(groups)
    return (
        Configuration("weighted-groups", rule, restarts=False, prior=MOVED, lead=lead),
        *single,
        Configuration("weighted-groups-short", rule, restarts=True, prior=short),
    )


def _on_conflicts(groups: Groups, conflicts: Conflicts) -> tuple[Configuration, ...]:
    """Return the configurations for groups that leave little but a conflict graph."""
    units, rest = conflicts.begins.size - 1, conflicts.offsets.size - 1
    tabu, long_ban = Tabu(conflicts), Tabu(conflicts, **LONG_BAN)
    first = Configuration("tabu", tabu, restarts=False, prior=MOVED, lead=LEAD)
    if rest >= LINES * units:
        return first, Configuration("tabu-long", long_ban, restarts=False)
    few = conflicts.members.size <= FEW * units
    walk = GroupWalk(groups, _group_walk(groups))
    return (
        first,
        Configuration("tabu-long", long_ban, restarts=False, prior=MOVED, lead=LEAD),
        Configuration("walk-groups", walk, restarts=False, prior=WALKED if few else 1.0),
    )


def _group_walk(groups: Groups) -> Walk:
    """Return a walk for groups: the more values a move may choose from, the colder."""
    moves = 2 * max(1.0, groups.members.size / max(1, groups.begins.size - 1) - 1)  # of a clause of two
    return Walk(GROUP_WALK[0] * moves ** GROUP_WALK[1])


def luby() -> Iterator[int]:
    """Yield 1 1 2 1 1 2 4 …, the lengths within a log factor of the best (Luby and others, 1993)."""
    index, length = 1, 1
    while True:
        yield length
        # Knuth's form (The Art of Computer Programming 4, 7.2.2.2).
        if index & -index == length:
            index, length = index + 1, 1
        else:
            length *= 2
