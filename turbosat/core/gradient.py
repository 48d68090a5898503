"""Declarations: the population on CPU cores (gpu/gradient)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    Bytes,
    ConstDoubles,
    ConstInts,
    ConstLongs,
    ConstWords,
    Ints,
    Longs,
    LongWords,
    Words,
)

# A lane's counters.
FALSE, BEST, LEAST, FLIPS, TRAIL, MARK, LOST, TURN, GOOD, GIVEN, LOW_PAIRS, COUNTERS = range(12)
# FALSE   false clauses now
# BEST    fewest false clauses since the restart
# LEAST   fewest false clauses in this slice
# FLIPS   flips since the restart
# TRAIL   length of the trail: the flips since `best` was last written
# MARK    how much of the trail leads from `best` to the best values
# LOST    the trail overflowed before the best was beaten; the next best is copied whole
# TURN    place of the false clause whose turn it is (walk); a ban by units in conflict, in 1/1024 (tabu)
# GOOD    variables of positive margin (weighted rule), units whose move gains (on groups) or that are in
#         conflict (tabu)
# GIVEN   false clauses that got weight in a transfer that effort did not suffice for (weighted rule); of the
#         rest, how many were false when they were last counted (tabu)
# LOW_PAIRS  fewest pairs in conflict since the restart (tabu)

WEIGHT_ONE = 1024  # fixed point: weights are int32 in 1/1024 of a clause's initial weight
WEIGHT_MAX = 2**30  # a clause that holds more takes no further weight, so that int32 never overflows
FLIP = 16  # effort of a flip besides its occurrences
AHEAD = 4  # false clauses that are fetched before it is their turn
CHUNK = 8  # occurrences that are looked at together

# Teams (gpu/gradient/team.h). What a team follows, with which form of state.
SHORT, WALK, WEIGHTED = range(3)
LOSSES = 64  # of a walk's table; the last stands for all larger ones
TEAM_UNIT = 64  # of a team's weights, which have 16 bits
TEAM_FULL = 2**16 - 1
ALL_CLAUSES = 2**31 - 1  # a list's capacity where it has room for all
# A lane's parts, which may be in a GPU's shared memory, and its head; both are words of 32 bits.
PART_VALUES, PART_LIST, PART_MARGINS, PART_WORDS, PART_WEIGHTS, PARTS = range(6)
HEAD_RANDOM, _, HEAD_FALSE, HEAD_BEST, HEAD_UNSAVED, HEAD_LEAST, HEAD_FLIPS, HEAD_EFFORT, HEAD_FRESH, HEAD = (
    range(10)
)
# HEAD_UNSAVED  the present values are the best, and not copied yet
# HEAD_LEAST    fewest false clauses in the slice; HEAD_FLIPS and HEAD_EFFORT are the slice's, too
# HEAD_FRESH    the values, or the weights, were set: all else is to be computed from them
# What a slice is told: the lane, and the effort and the flips that it may spend.
ORDER_LANE, ORDER_EFFORT, ORDER_FLIPS, ORDER = range(4)
# The shape of the problem and of a state: sizes, where the best values are, where each part is, how long it
# is, of the list as much as may be in shared memory.
VARIABLES, CLAUSES, GROUPS, STRIDE, KEPT, FIRST_PART = range(6)
SHAPE = FIRST_PART + 2 * PARTS


class Problem(Record):
    """The arrays of a Matrix."""

    offsets: Annotated[ConstLongs, "clauses + 1"]
    literals: Annotated[ConstInts, "entries"]
    starts: Annotated[ConstLongs, "2 * variables + 1"]
    occurrences: Annotated[ConstInts, "entries"]


class Lane(Record):
    """One candidate, its false clauses and its best values."""

    values: Annotated[Bytes, "variables"]
    false: Annotated[Ints, "clauses + 4"]  # the first FALSE are false, not under tabu; AHEAD more may be read
    best: Annotated[Bytes, "variables"]
    trail: Annotated[Ints, "capacity"]
    counters: Annotated[Longs, COUNTERS]
    random: Annotated[LongWords, 1]


class Counts(Record):
    """What the walk keeps up to date: true literals of clauses, breaks of variables.

    A clause word holds the number of true literals in its upper half; the lower half holds the XOR of their
    variables, which is the critical variable when there is one, and the clause's place in `false` when there
    is none (Balint, Biere, Fröhlich and Schöning, SAT 2014).
    """

    words: Annotated[Longs, "clauses"]
    breaks: Annotated[Ints, "variables + 1"]  # clauses a variable keeps true alone; the last is a bin
    changed: Annotated[Ints, "longest"]  # scratch, for as many clauses as a literal is in


class Others(Record):
    """The other literals of the clause at each occurrence, where no clause has more than three.

    In a clause of two both are the same. CHUNK more may be read.
    """

    first: Annotated[ConstInts, "entries + 8"]
    second: Annotated[ConstInts, "entries + 8"]


class Bits(Record):
    """What the walk on short clauses keeps instead of counts: values as bits, which stay in the cache."""

    bits: Annotated[Words, "groups"]  # 32 variables a word
    place: Annotated[Ints, "clauses"]  # of a false clause in `false`
    broken: Annotated[Bytes, 3, "chunks"]  # scratch: which of a literal's clauses would become false


class Weights(Record):
    """What the weighted rule keeps up to date.

    The weight of a clause stands at each of its occurrences, so that a literal's heaviest clause is found
    without touching clauses; of a false clause there is its complement, which is negative.
    """

    slots: Annotated[ConstInts, "entries"]  # where each place of each clause is among the occurrences
    words: Annotated[Longs, "clauses"]  # see Counts
    weights: Annotated[Ints, "entries + 8"]  # CHUNK more may be read
    margins: Annotated[Longs, "variables"]  # make - break, weighted
    good: Annotated[Ints, "variables"]  # the first GOOD are the variables of positive margin
    place: Annotated[Ints, "variables"]  # where a variable of positive margin is in `good`
    changed: Annotated[Ints, "longest"]  # scratch, for as many clauses as a literal is in


class Groups(Record):
    """Groups of literals of which exactly one is true, and what the rule that moves them keeps up to date.

    A unit is a group, or a variable that is in none; groups have the lowest numbers.
    """

    begins: Annotated[ConstLongs, "groups + 1"]
    members: Annotated[ConstInts, "places"]  # literals, group by group; no variable twice
    unit: Annotated[ConstInts, "variables"]  # of each variable
    current: Annotated[Ints, "units"]  # the variable of a group's true literal; of a single one, itself
    rivals: Annotated[Ints, "groups"]  # the others' variable of the largest margin
    gains: Annotated[Bytes, "units"]  # whether its move is worth doing: the first GOOD of `good` are these
    waits: Annotated[Bytes, "groups"]  # scratch: whether the rival is to be found anew
    queue: Annotated[Ints, "groups"]  # scratch: which those are


class Units(Record):
    """Groups of literals of which exactly one is true, and which of each that is."""

    begins: Annotated[ConstLongs, "groups + 1"]
    members: Annotated[ConstInts, "places"]  # literals, group by group; no variable twice
    unit: Annotated[ConstInts, "variables"]  # the group of each variable, -1 for none
    current: Annotated[Ints, "groups"]  # the place of the true one among the members


class Conflicts(Record):
    """The arrays of a turbosat.encodings.conflicts.Conflicts."""

    begins: Annotated[ConstLongs, "units + 1"]
    members: Annotated[ConstInts, "places"]
    unit: Annotated[ConstInts, "places"]
    place: Annotated[ConstInts, "codes"]
    heads: Annotated[ConstLongs, "places + 1"]
    others: Annotated[ConstInts, "entries"]
    offsets: Annotated[ConstLongs, "rest + 1"]
    literals: Annotated[ConstInts, "rest_entries"]


class Values(Record):
    """What the tabu rule keeps up to date: the value of each unit, and what each is in conflict with."""

    current: Annotated[Ints, "units"]  # the true place of each
    # True places that each place excludes, times two, and one more where it is true itself.
    clashes: Annotated[Ints, "places"]
    banned: Annotated[Longs, "places"]  # flips until which a unit may not take it again
    list: Annotated[Ints, "units"]  # the first GOOD are those in conflict
    spot: Annotated[Ints, "units"]  # where a unit is in the list, -1 for nowhere


@kernel
def locate(
    problem: Problem,
    heads: Annotated[Longs, "2 * variables"],
    slots: Annotated[Ints, "entries"],
    first: int,
    last: int,
) -> None:
    """Find where the places of the clauses first ... last - 1 are among the occurrences.

    `heads` are the starts at first, then where each literal goes on.
    """


@kernel
def pair(
    problem: Problem,
    slots: Annotated[ConstInts, "entries"],
    one: Annotated[Ints, "entries + 8"],
    other: Annotated[Ints, "entries + 8"],
    first: int,
    last: int,
) -> None:
    """Write the other literals at each occurrence of the clauses first ... last - 1, as Others has them."""


@kernel
def settle(lane: Lane) -> None:
    """Bring `best` up to date, for reading; the flips after the mark stay on the trail."""


@kernel
def count(problem: Problem, lane: Lane, counts: Counts, first: int, last: int) -> None:
    """Count the clauses first ... last - 1 from the values; with `first` 0, all counts begin anew."""


@kernel
def walk(
    problem: Problem,
    lane: Lane,
    counts: Counts,
    table: Annotated[ConstDoubles, "losses"],
    effort: int,
    until: int,
) -> int:
    """Flip until effort or flips are spent or no clause is false; return the effort.

    Each flip takes a random variable of a false clause, in proportion to table[break].
    """


@kernel
def count_groups(problem: Problem, lane: Lane, counts: Counts, units: Units, first: int, last: int) -> None:
    """Count as `count` does; with `first` 0, make one literal of each group true before.

    Best values stay as they are, but for a lane that has none yet.
    """


@kernel
def walk_groups(
    problem: Problem,
    lane: Lane,
    counts: Counts,
    units: Units,
    table: Annotated[ConstDoubles, "losses"],
    effort: int,
    until: int,
) -> int:
    """Walk by moves that make another literal of a group true: two flips, which break what both break."""


@kernel
def find_false(problem: Problem, lane: Lane, bits: Bits, first: int, last: int) -> None:
    """Find the false clauses among first ... last - 1; with `first` 0, pack the values and begin anew."""


@kernel
def walk_short(
    problem: Problem,
    others: Others,
    lane: Lane,
    bits: Bits,
    table: Annotated[ConstDoubles, "losses"],
    effort: int,
    until: int,
) -> int:
    """Walk on clauses of at most three literals: the same flips as those of `walk`."""


@kernel
def weigh(problem: Problem, lane: Lane, weights: Weights, first: int, last: int) -> None:
    """Count the clauses first ... last - 1 and sum up margins from the values; with `first` 0, anew.

    With `last` the number of clauses, list the variables of positive margin.
    """


@kernel
def descend(
    problem: Problem,
    lane: Lane,
    weights: Weights,
    rule: Annotated[ConstLongs, 6],
    effort: int,
    until: int,
) -> int:
    """Flip and move weights until effort or flips are spent or no clause is false; return the effort.

    `rule` holds the constants of turbosat.gpu.rules.Weighted, in their order.
    """


@kernel
def weigh_groups(
    problem: Problem, lane: Lane, weights: Weights, groups: Groups, first: int, last: int
) -> None:
    """Do the same, and list the units that gain; with `first` 0, make one literal of each group true before.

    `good` and `place` are of units here. Best values stay as they are, but for a lane that has none yet.
    """


@kernel
def descend_groups(
    problem: Problem,
    lane: Lane,
    weights: Weights,
    groups: Groups,
    rule: Annotated[ConstLongs, 6],
    effort: int,
    until: int,
) -> int:
    """Descend as `descend` does, by moves that make another literal of a group true: two flips."""


@kernel
def count_conflicts(conflicts: Conflicts, lane: Lane, values: Values) -> None:
    """Make one place of each unit true, of those that are if there are any; count what is in conflict.

    Nothing is banned. Best values stay as they are, but for a lane that has none yet.
    """


@kernel
def descend_tabu(
    conflicts: Conflicts,
    lane: Lane,
    values: Values,
    rule: Annotated[ConstLongs, 3],
    effort: int,
    until: int,
) -> int:
    """Move until effort or flips are spent or no clause is false; return the effort.

    `rule` holds the constants of turbosat.gpu.rules.Tabu, in their order.
    """


class TeamProblem(Record):
    """The arrays of a Matrix as teams read them, in words of 32 bits, and the shape of a lane's state.

    `others` is read by the walk on short clauses: the two other literals of each occurrence's clause, the
    first in the lower half; in a clause of two both are the same.
    """

    offsets: Annotated[ConstWords, "clauses + 1"]
    literals: Annotated[ConstWords, "entries"]
    starts: Annotated[ConstWords, "2 * variables + 1"]
    occurrences: Annotated[ConstWords, "entries"]
    others: Annotated[ConstWords, "pairs"]
    shape: Annotated[ConstWords, SHAPE]


@kernel
def team_run_1(
    problem: TeamProblem,
    rule: Annotated[ConstWords, "constants"],
    orders: Annotated[ConstWords, "active", ORDER],
    heads: Annotated[Words, "lanes", HEAD],
    states: Annotated[Words, "lanes", "stride"],
    kind: int,
) -> int:
    """Run a slice of each lane with an order, as teams of one; return how many satisfy all clauses."""


@kernel
def team_run_8(
    problem: TeamProblem,
    rule: Annotated[ConstWords, "constants"],
    orders: Annotated[ConstWords, "active", ORDER],
    heads: Annotated[Words, "lanes", HEAD],
    states: Annotated[Words, "lanes", "stride"],
    kind: int,
) -> int:
    """Do the same as teams of 8."""


@kernel
def team_run_32(
    problem: TeamProblem,
    rule: Annotated[ConstWords, "constants"],
    orders: Annotated[ConstWords, "active", ORDER],
    heads: Annotated[Words, "lanes", HEAD],
    states: Annotated[Words, "lanes", "stride"],
    kind: int,
) -> int:
    """Do the same as teams of 32: a warp's steps on a core."""
