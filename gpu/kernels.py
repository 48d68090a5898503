"""What the CPU kernels share: problem and lane as they see them, random numbers, the record of the best."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.jit import inline, jit

# A lane's counters, int64 (COUNTERS,).
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

ONE = np.int64(1 << 32)  # one true literal in a clause word
LOW = np.int64((1 << 32) - 1)

# Wraps an index that is known not to be negative. Otherwise numba asks of every index whether it counts from
# the end, which costs a third of the walk's speed.
at = np.uint32


class Problem(NamedTuple):
    """The arrays of a Matrix, as the kernels take them."""

    offsets: NDArray[np.int64]  # (clauses + 1,)
    literals: NDArray[np.int32]  # (entries,)
    starts: NDArray[np.uint64]  # (2 · variables + 1,), unsigned for the sake of the loops over them
    occurrences: NDArray[np.int32]  # (entries,)


class Lane(NamedTuple):
    """One candidate and all that is kept up to date with it.

    A clause word holds the number of true literals in its upper half; the lower half holds the XOR of their
    variables, which is the critical variable when there is one, and the clause's place in `false` when there
    is none (Balint, Biere, Fröhlich and Schöning, SAT 2014).
    """

    values: NDArray[np.uint8]  # (variables,)
    words: NDArray[np.int64]  # (clauses,)
    false: NDArray[np.int32]  # (clauses,), the first FALSE are the false clauses
    breaks: NDArray[np.int32]  # (variables + 1,), clauses a variable keeps true alone; the last is a bin
    best: NDArray[np.uint8]  # (variables,)
    trail: NDArray[np.int32]  # (capacity,)
    weights: NDArray[np.int32]  # (clauses,), of the weighted rule, as the next three
    margins: NDArray[np.int64]  # (variables,), make - break, weighted
    good: NDArray[np.int32]  # (variables,), the first GOOD are the variables of positive margin
    place: NDArray[np.int32]  # (variables,), where a variable is in `good`, or -1
    counters: NDArray[np.int64]  # (COUNTERS,)
    random: NDArray[np.uint64]  # (1,)


@inline
def step(random):
    """Advance a xorshift64 generator (Marsaglia 2003); its upper half is the random number."""
    random ^= random << np.uint64(13)
    random ^= random >> np.uint64(7)
    return random ^ (random << np.uint64(17))


@inline
def below(random, bound):
    """Turn a generator's upper half into a number from 0 to bound - 1 (Lemire 2019, without rejection)."""
    return np.int64(((random >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32))


@inline
def unit(random):
    """Turn a generator's state into a float64 in [0, 1)."""
    return np.float64(random >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@jit
def count(problem, lane):
    """Compute clause words, false clauses and breaks from the values."""
    for variable in range(lane.breaks.size):
        lane.breaks[variable] = 0
    false = 0
    for clause in range(lane.words.size):
        word = np.int64(0)
        for entry in range(problem.offsets[clause], problem.offsets[clause + 1]):
            literal = problem.literals[entry]
            if lane.values[literal >> 1] != literal & 1:
                word = (word + ONE) ^ (literal >> 1)
        if word < ONE:
            word = np.int64(false)
            lane.false[false] = clause
            false += 1
        elif word < 2 * ONE:
            lane.breaks[word & LOW] += 1
        lane.words[clause] = word
    lane.counters[FALSE] = false


@inline
def record(lane, variable, false):
    """Note a flip, and whether it led to the best values so far."""
    counters = lane.counters
    if counters[LOST] == 0:
        length = counters[TRAIL]
        if length == lane.trail.size:
            fold(lane)
            length = counters[TRAIL]
        if counters[LOST] == 0:
            lane.trail[length] = variable
            counters[TRAIL] = length + 1
    if false < counters[LEAST]:
        counters[LEAST] = false
        if false < counters[BEST]:
            improve(lane, false)


@inline
def improve(lane, false):
    """Make the present values the best."""
    counters = lane.counters
    counters[BEST] = false
    if counters[LOST]:
        for variable in range(lane.values.size):
            lane.best[variable] = lane.values[variable]
        counters[LOST] = 0
        counters[TRAIL] = 0
    counters[MARK] = counters[TRAIL]


@inline
def fold(lane):
    """Bring `best` up to the mark of a full trail, and forget the trail."""
    counters = lane.counters
    for position in range(counters[MARK]):
        lane.best[lane.trail[position]] ^= 1
    counters[LOST] = counters[MARK] < counters[TRAIL]
    counters[MARK] = 0
    counters[TRAIL] = 0


@jit
def settle(lane):
    """Bring `best` up to date, for reading; the flips after the mark stay on the trail."""
    counters = lane.counters
    for position in range(counters[MARK]):
        lane.best[lane.trail[position]] ^= 1
    for position in range(counters[MARK], counters[TRAIL]):
        lane.trail[position - counters[MARK]] = lane.trail[position]
    counters[TRAIL] -= counters[MARK]
    counters[MARK] = 0
