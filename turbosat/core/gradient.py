"""Declarations: the population on CPU cores (gpu/gradient)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.declare import (
    Bytes,
    ConstDoubles,
    ConstInts,
    ConstLongs,
    ConstLongWords,
    Ints,
    Longs,
    LongWords,
    Record,
    kernel,
)

# A lane's counters.
FALSE, BEST, LEAST, FLIPS, TRAIL, MARK, LOST, GOOD, COUNTERS = range(9)
# FALSE   false clauses now
# BEST    fewest false clauses since the restart
# LEAST   fewest false clauses in this slice
# FLIPS   flips since the restart
# TRAIL   length of the trail: the flips since `best` was last written
# MARK    how much of the trail leads from `best` to the best values
# LOST    the trail overflowed before the best was beaten; the next best is copied whole
# GOOD    variables of positive margin (weighted rule)

WEIGHT_ONE = 1024  # fixed point: weights are int32 in 1/1024 of a clause's initial weight
WEIGHT_MAX = 2**30  # a clause that holds more takes no further weight, so that int32 never overflows
FLIP = 16  # effort of a flip besides its occurrences


class Problem(Record):
    """The arrays of a Matrix."""

    offsets: Annotated[ConstLongs, "clauses + 1"]
    literals: Annotated[ConstInts, "entries"]
    starts: Annotated[ConstLongWords, "2 * variables + 1"]
    occurrences: Annotated[ConstInts, "entries"]


class Lane(Record):
    """One candidate and all that is kept up to date with it.

    A clause word holds the number of true literals in its upper half; the lower half holds the XOR of their
    variables, which is the critical variable when there is one, and the clause's place in `false` when there
    is none (Balint, Biere, Fröhlich and Schöning, SAT 2014).
    """

    values: Annotated[Bytes, "variables"]
    words: Annotated[Longs, "clauses"]
    false: Annotated[Ints, "clauses"]  # the first FALSE are the false clauses
    breaks: Annotated[Ints, "variables + 1"]  # clauses a variable keeps true alone; the last is a bin
    best: Annotated[Bytes, "variables"]
    trail: Annotated[Ints, "capacity"]
    weights: Annotated[Ints, "clauses"]  # of the weighted rule, as the next three
    margins: Annotated[Longs, "variables"]  # make - break, weighted
    good: Annotated[Ints, "variables"]  # the first GOOD are the variables of positive margin
    place: Annotated[Ints, "variables"]  # where a variable is in `good`, or -1
    counters: Annotated[Longs, COUNTERS]
    random: Annotated[LongWords, 1]


@kernel
def count(problem: Problem, lane: Lane) -> None:
    """Compute clause words, false clauses and breaks from the values."""


@kernel
def weigh(problem: Problem, lane: Lane) -> None:
    """Compute all margins, and the variables of positive margin, from clause words and weights."""


@kernel
def settle(lane: Lane) -> None:
    """Bring `best` up to date, for reading; the flips after the mark stay on the trail."""


@kernel
def walk(
    problem: Problem, lane: Lane, table: Annotated[ConstDoubles, "losses"], effort: int, until: int
) -> int:
    """Flip until effort or flips are spent or no clause is false; return the effort."""


@kernel
def descend(problem: Problem, lane: Lane, rule: Annotated[ConstLongs, 6], effort: int, until: int) -> int:
    """Flip and move weights until effort or flips are spent or no clause is false; return the effort."""
