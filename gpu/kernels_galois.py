"""Kernels of the walk over bit-packed lanes on the CPU: a block of lanes steps together, clauses and XORs.

    step:  false constraints ─► their variables ─► flips ─► constraints of flipped variables ─► false ones

The rule is that of turbosat.gpu.triton_walk, with the same random numbers (turbosat.gpu.draws), so that the
slow twin of both is turbosat.gpu.reference.walk_step. Here only what changes is visited: constraints that are
false in some lane of the block, their variables, and the constraints of those that flip. A flipped variable
flips its XORs' words; clauses are counted anew.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.gpu import draws, sync
from turbosat.gpu.simd import count_up, load, shift_right, some, splat, store
from turbosat.jit import inline, jit

# A block's counters, int64 (COUNTERS,).
LISTED, CLOCK, COUNTERS = range(3)
# LISTED  constraints in `false_list`
# CLOCK   stamps given out, one a step

# A block's masks.
ACTIVE, SOLVED, OVER, MASKS = range(4)
# ACTIVE  lanes that move
# SOLVED  lanes without a false constraint
# OVER    lanes that have made their flips

LEFT_PLANES = 63  # of the flips left
VISITS = (
    512  # visits of a row of the block that are one unit of effort of each lane: a visit takes about 1 ns
)
CHOICE = 32  # visits that a choice costs besides the occurrences
_PRECISION = sync.BITS
_BREAKS = sync.BREAKS
_FIRST, _SECOND = draws.MULTIPLIERS
_GOLDEN = draws.GOLDEN
_STRIDE = draws.STRIDE


class Problem(NamedTuple):
    """The arrays of a ParityMatrix, as the kernels take them."""

    offsets: NDArray[np.int64]  # (clauses + 1,)
    literals: NDArray[np.int32]  # (entries,)
    starts: NDArray[np.int64]  # (2 · variables + 1,)
    occurrences: NDArray[np.int32]  # (entries,)
    xor_offsets: NDArray[np.int64]  # (xors + 1,)
    xor_variables: NDArray[np.int32]  # (xor entries,)
    parities: NDArray[np.bool_]  # (xors,)
    xor_starts: NDArray[np.int64]  # (variables + 1,)
    xor_occurrences: NDArray[np.int32]  # (xor entries,)


class Block(NamedTuple):
    """WIDTH words of lanes; rows of words are uint32 (rows, WIDTH), numbers stand in bit planes.

    Plane p holds bit p of each lane's number.
    """

    values: NDArray[np.uint32]  # (variables, WIDTH)
    best_values: NDArray[np.uint32]  # (variables, WIDTH)
    false: NDArray[np.uint32]  # (constraints, WIDTH), lanes in which a constraint is false
    alone: NDArray[np.uint32]  # (clauses, WIDTH), lanes in which a clause has one true literal
    flipped: NDArray[np.uint32]  # (variables, WIDTH), of this step
    false_list: NDArray[np.int32]  # (constraints,), the first LISTED are false in some lane
    listed: NDArray[np.bool_]  # (constraints,)
    seen: NDArray[np.int64]  # (variables,), stamp of the step that looked last
    touched: NDArray[np.int64]  # (clauses,), stamp of the step that counted last
    wanted: NDArray[np.int32]  # (variables,), scratch: variables of false constraints
    changed: NDArray[np.int32]  # (variables,), scratch: variables that flipped in some lane
    thresholds: NDArray[np.uint32]  # (BITS · BREAKS, WIDTH), row bit · BREAKS + loss
    now: NDArray[np.uint32]  # (planes, WIDTH), false constraints of the values
    best: NDArray[np.uint32]  # (planes, WIDTH), at the best values, all ones: not known
    least: NDArray[np.uint32]  # (planes, WIDTH), in this slice
    left: NDArray[np.uint32]  # (LEFT_PLANES, WIDTH), flips until the run ends, less one
    masks: NDArray[np.uint32]  # (MASKS, WIDTH)
    counters: NDArray[np.int64]  # (COUNTERS,)


@jit
def recount(problem, block):
    """Compute everything that belongs to the values: false constraints, their list and number, the best."""
    counters = block.counters
    counters[LISTED] = 0
    block.listed[:] = False
    for clause in range(problem.offsets.size - 1):
        judge(problem, block, clause)
    for xor in range(problem.parities.size):
        odd = splat(0)
        for entry in range(problem.xor_offsets[xor], problem.xor_offsets[xor + 1]):
            odd = odd ^ load(block.values, problem.xor_variables[entry])
        constraint = problem.offsets.size - 1 + xor
        note(block, constraint, odd ^ splat(np.uint32(0) - np.uint32(problem.parities[xor])))
    tally(block)


@inline
def judge(problem, block, clause):
    """Count the true literals of a clause up to two."""
    one = splat(0)
    more = splat(0)
    for entry in range(problem.offsets[clause], problem.offsets[clause + 1]):
        literal = problem.literals[entry]
        true = load(block.values, literal >> 1) ^ splat(np.uint32(0) - np.uint32(literal & 1))
        more = more | (one & true)
        one = one | true
    store(block.alone, clause, one & ~more)
    note(block, clause, ~one)


@inline
def note(block, constraint, false):
    """Write where a constraint is false; the list takes it up if there is such a lane."""
    store(block.false, constraint, false)
    if not block.listed[constraint] and some(false):
        block.listed[constraint] = True
        block.false_list[block.counters[LISTED]] = constraint
        block.counters[LISTED] += 1


@jit
def run(problem, block, keys, first_word, words, effort):
    """Take at most keys.size steps, until effort is spent or a moving lane is solved or over.

    Returns the steps taken and the effort of each lane. `keys` uint32 (steps,) are draws.step_keys of stream
    FLIP, `first_word` is the block's place among the `words` of all lanes.
    """
    spent = np.int64(0)
    steps = 0
    while steps < keys.size and spent < effort:
        visits, changed = flip(problem, block, keys[steps], first_word, words)
        visits += update(problem, block, changed)
        visits += tally(block)
        spent += 1 + visits // VISITS
        steps += 1
        ended = load(block.masks, SOLVED) | load(block.masks, OVER)
        if some(ended & load(block.masks, ACTIVE)):
            break
    return steps, spent


@inline
def want(block, variable, stamp, wanted):
    """Put a variable on the list of those wanted, once a step; return its length."""
    if block.seen[variable] != stamp:
        block.seen[variable] = stamp
        block.wanted[wanted] = variable
        wanted += 1
    return wanted


@jit
def flip(problem, block, key, first_word, words):
    """Flip variables of false constraints by chance; return the visits and how many flipped in some lane."""
    counters = block.counters
    clauses = problem.offsets.size - 1
    counters[CLOCK] += 1
    stamp = counters[CLOCK]
    wanted = 0
    for place in range(counters[LISTED]):
        constraint = block.false_list[place]
        if constraint < clauses:
            for entry in range(problem.offsets[constraint], problem.offsets[constraint + 1]):
                wanted = want(block, problem.literals[entry] >> 1, stamp, wanted)
        else:
            xor = constraint - clauses
            for entry in range(problem.xor_offsets[xor], problem.xor_offsets[xor + 1]):
                wanted = want(block, problem.xor_variables[entry], stamp, wanted)
    visits = np.int64(0)
    changed = 0
    for place in range(wanted):
        variable = np.int64(block.wanted[place])
        visits += CHOICE + problem.starts[2 * variable + 2] - problem.starts[2 * variable]
        visits += problem.xor_starts[variable + 1] - problem.xor_starts[variable]
        flipped = chosen(problem, block, variable, key, first_word, words)
        if some(flipped):
            store(block.values, variable, load(block.values, variable) ^ flipped)
            store(block.flipped, variable, flipped)
            block.changed[changed] = variable
            changed += 1
    return visits, changed


@inline
def increment(c0, c1, c2, ones):
    """Add 1 in the lanes of `ones` to numbers in bit planes; 7 stays 7."""
    carry = c0 & ones
    c0 = c0 ^ ones
    up = c1 & carry
    c1 = c1 ^ carry
    over = c2 & up
    c2 = c2 ^ up
    return c0 | over, c1 | over, c2 | over


@inline
def loss(m0, m1, m2, b0, b1, b2):
    """Return max(0, b - (m - 1)) in bit planes, for m > 0."""
    borrow = ~(m0 | m1)
    m1 = ~(m0 ^ m1)  # m - 1: borrow where m0 is 0
    m2 = m2 ^ borrow
    m0 = ~m0
    less = ~b0 & m0
    d0 = b0 ^ m0
    d1 = b1 ^ m1 ^ less
    less = (~b1 & (m1 | less)) | (m1 & less)
    d2 = b2 ^ m2 ^ less
    less = (~b2 & (m2 | less)) | (m2 & less)
    return d0 & ~less, d1 & ~less, d2 & ~less


@inline
def mix(words):
    """Hash each word: turbosat.gpu.draws.mix."""
    words = words ^ shift_right(words, 16)
    words = words * splat(_FIRST)
    words = words ^ shift_right(words, 15)
    words = words * splat(_SECOND)
    return words ^ shift_right(words, 16)


@inline
def threshold_bit(thresholds, bit, b0, b1, b2):
    """Return a bit of each lane's threshold, chosen among eight by its loss in bit planes."""
    row = bit * _BREAKS
    p0, p1 = load(thresholds, row), load(thresholds, row + 1)
    p2, p3 = load(thresholds, row + 2), load(thresholds, row + 3)
    p4, p5 = load(thresholds, row + 4), load(thresholds, row + 5)
    p6, p7 = load(thresholds, row + 6), load(thresholds, row + 7)
    p0 = p0 ^ ((p0 ^ p1) & b0)
    p2 = p2 ^ ((p2 ^ p3) & b0)
    p4 = p4 ^ ((p4 ^ p5) & b0)
    p6 = p6 ^ ((p6 ^ p7) & b0)
    p0 = p0 ^ ((p0 ^ p2) & b1)
    p4 = p4 ^ ((p4 ^ p6) & b1)
    return p0 ^ ((p0 ^ p4) & b2)


@inline
def chosen(problem, block, variable, key, first_word, words):
    """Return the lanes in which a variable flips: those where a random number is below its threshold.

    Numbers of BITS bits are compared from the highest bit down, so that most lanes are decided after two.
    """
    value = load(block.values, variable)
    zero = splat(0)
    m0, m1, m2, b0, b1, b2 = zero, zero, zero, zero, zero, zero
    middle = problem.starts[2 * variable + 1]
    for position in range(problem.starts[2 * variable], problem.starts[2 * variable + 2]):
        clause = problem.occurrences[position]
        true = value if position < middle else ~value
        m0, m1, m2 = increment(m0, m1, m2, load(block.false, clause))
        b0, b1, b2 = increment(b0, b1, b2, load(block.alone, clause) & true)
    clauses = problem.offsets.size - 1
    for position in range(problem.xor_starts[variable], problem.xor_starts[variable + 1]):
        false = load(block.false, clauses + problem.xor_occurrences[position])
        m0, m1, m2 = increment(m0, m1, m2, false)
        b0, b1, b2 = increment(b0, b1, b2, ~false)
    open_ = (m0 | m1 | m2) & load(block.masks, ACTIVE)
    b0, b1, b2 = loss(m0, m1, m2, b0, b1, b2)
    start = mix((splat(variable * words + first_word) + count_up()) * splat(_GOLDEN) + splat(key))
    less = zero
    bit = _PRECISION
    while bit > 0 and some(open_):
        bit -= 1
        number = mix(start + splat(bit * _STRIDE))
        limit = threshold_bit(block.thresholds, bit, b0, b1, b2)
        less = less | (open_ & limit & ~number)
        open_ = open_ & ~(limit ^ number)
    return less


@jit
def update(problem, block, changed):
    """Bring constraints up to date with flipped variables, and count their flips; return the visits."""
    clauses = problem.offsets.size - 1
    stamp = block.counters[CLOCK]
    visits = np.int64(0)
    for place in range(changed):
        variable = np.int64(block.changed[place])
        flipped = load(block.flipped, variable)
        plane = 0
        borrow = flipped
        while plane < LEFT_PLANES and some(borrow):
            left = load(block.left, plane)
            store(block.left, plane, left ^ borrow)
            borrow = borrow & ~left
            plane += 1
        if plane == LEFT_PLANES:
            store(block.masks, OVER, load(block.masks, OVER) | borrow)
        for position in range(problem.xor_starts[variable], problem.xor_starts[variable + 1]):
            constraint = clauses + problem.xor_occurrences[position]
            note(block, constraint, load(block.false, constraint) ^ flipped)
            visits += 1
        for position in range(problem.starts[2 * variable], problem.starts[2 * variable + 2]):
            clause = problem.occurrences[position]
            if block.touched[clause] != stamp:
                block.touched[clause] = stamp
                judge(problem, block, clause)
                visits += problem.offsets[clause + 1] - problem.offsets[clause]
    return visits


@inline
def add(planes, carry, plane):
    """Add a power of two to numbers in bit planes, in the lanes of `carry`."""
    while some(carry):
        bits = load(planes, plane)
        store(planes, plane, bits ^ carry)
        carry = carry & bits
        plane += 1


@jit
def tally(block):
    """Count the false constraints of each lane and keep the best values; return the visits."""
    counters = block.counters
    now = block.now
    planes = now.shape[0]
    zero = splat(0)
    for plane in range(planes):
        store(now, plane, zero)
    c0, c1, c2 = zero, zero, zero
    listed = counters[LISTED]
    visits = listed
    place = 0
    pending = 0
    while place < listed:
        constraint = block.false_list[place]
        false = load(block.false, constraint)
        if not some(false):
            block.listed[constraint] = False
            listed -= 1
            block.false_list[place] = block.false_list[listed]
            continue
        c0, c1, c2 = increment(c0, c1, c2, false)
        place += 1
        pending += 1
        if pending == 7 or place == listed:
            add(now, c0, 0)
            add(now, c1, 1)
            add(now, c2, 2)
            c0, c1, c2 = zero, zero, zero
            pending = 0
    add(now, c0, 0)  # the last on the list were no longer false
    add(now, c1, 1)
    add(now, c2, 2)
    counters[LISTED] = listed
    any_ = zero
    for plane in range(planes):
        any_ = any_ | load(now, plane)
    store(block.masks, SOLVED, ~any_)
    lower(now, block.least)
    better = lower(now, block.best)
    if some(better):
        for variable in range(block.values.shape[0]):
            best = load(block.best_values, variable)
            store(block.best_values, variable, best ^ ((best ^ load(block.values, variable)) & better))
        visits += block.values.shape[0]
    return visits


@inline
def lower(now, least):
    """Let `least` be the smaller of both numbers; return the lanes where it changed."""
    less = splat(0)
    for plane in range(now.shape[0]):
        new, old = load(now, plane), load(least, plane)
        less = (~new & old) | (less & ~(new ^ old))
    for plane in range(now.shape[0]):
        old = load(least, plane)
        store(least, plane, old ^ ((old ^ load(now, plane)) & less))
    return less
