"""Declarations: the population on CPU cores (gpu/gradient)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.declare import (
    Bytes,
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
