"""Kernels of the walk over bit-packed lanes: 32 lanes a word, one step flips many variables of each lane.

Per step, `status` and `flip` each pass over the entries of P once. A tile is ROWS rows (clauses or variables)
by BLOCK words; words are contiguous, so that a row of a tile is one run of memory, and rows of a tile have
about equal length (turbosat.gpu.cuda.rows). Every program writes rows of its own: no atomics but for the
tallies.
The slow twin of each kernel is in turbosat.gpu.gradient.reference.
"""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Triton reads annotations itself and accepts only its own.

import triton
import triton.language as tl

from turbosat.gpu import draws
from turbosat.gpu import rules as sync
from turbosat.gpu.cuda import triton_common as triton_random

FLIP = tl.constexpr(draws.FLIP)
STREAMS = tl.constexpr(len(draws.STREAMS))
PRECISION = tl.constexpr(sync.BITS)


@triton.jit
def walk_status_kernel(
    values_ptr,  # int32 (variables, words)
    status_ptr,  # int32 (clauses, 2, words): lanes in which the clause is false, has one true literal
    offsets_ptr,
    literals_ptr,
    clauses,
    words,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Count R = P·A up to two, bit-sliced: lanes in which a clause has no true literal, and just one."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)  # (ROWS,)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    inside = (row < clauses)[:, None] & (column < words)[None, :]  # (ROWS, BLOCK)
    first = tl.load(offsets_ptr + row, mask=row < clauses, other=0)
    length = tl.load(offsets_ptr + row + 1, mask=row < clauses, other=0) - first
    some = tl.zeros([ROWS, BLOCK], tl.int32)  # at least one true literal
    more = tl.zeros([ROWS, BLOCK], tl.int32)  # at least two
    for place in range(tl.max(length, 0)):
        here = place < length
        literal = tl.load(literals_ptr + first + place, mask=here, other=0)
        at = (literal >> 1).to(tl.int64)[:, None] * words + column[None, :]
        value = tl.load(values_ptr + at, mask=inside & here[:, None], other=0)
        true = value ^ (0 - (literal & 1))[:, None]
        true = tl.where(here[:, None], true, 0)
        more |= some & true
        some |= true
    at = row[:, None] * (2 * words) + column[None, :]
    tl.store(status_ptr + at, ~some, mask=inside)
    tl.store(status_ptr + at + words, some & ~more, mask=inside)


@triton.jit
def _selected(b0, b1, b2, t0, t1, t2, t3, t4, t5, t6, t7, BIT: tl.constexpr):
    """Return bit BIT of each lane's threshold, chosen among eight by its loss in bit planes."""
    p0 = (0 - ((t0 >> BIT) & 1))[None, :]
    p1 = (0 - ((t1 >> BIT) & 1))[None, :]
    p2 = (0 - ((t2 >> BIT) & 1))[None, :]
    p3 = (0 - ((t3 >> BIT) & 1))[None, :]
    p4 = (0 - ((t4 >> BIT) & 1))[None, :]
    p5 = (0 - ((t5 >> BIT) & 1))[None, :]
    p6 = (0 - ((t6 >> BIT) & 1))[None, :]
    p7 = (0 - ((t7 >> BIT) & 1))[None, :]
    q0 = p0 ^ ((p0 ^ p1) & b0)
    q1 = p2 ^ ((p2 ^ p3) & b0)
    q2 = p4 ^ ((p4 ^ p5) & b0)
    q3 = p6 ^ ((p6 ^ p7) & b0)
    q0 ^= (q0 ^ q1) & b1
    q2 ^= (q2 ^ q3) & b1
    return q0 ^ ((q0 ^ q2) & b2)


@triton.jit
def _increment(c0, c1, c2, ones):
    """Add 1 in the lanes of `ones` to numbers in bit planes; 7 stays 7."""
    carry = c0 & ones
    c0 ^= ones
    up = c1 & carry
    c1 ^= carry
    over = c2 & up
    c2 ^= up
    return c0 | over, c1 | over, c2 | over


@triton.jit
def _loss(m0, m1, m2, b0, b1, b2):
    """Return max(0, b - (m - 1)) in bit planes, for m > 0."""
    borrow = ~m0 & ~m1
    m1 = ~(m0 ^ m1)  # m - 1: borrow where m0 is 0
    m2 ^= borrow
    m0 = ~m0
    less = ~b0 & m0
    d0 = b0 ^ m0
    d1 = b1 ^ m1 ^ less
    less = (~b1 & (m1 | less)) | (m1 & less)
    d2 = b2 ^ m2 ^ less
    less = (~b2 & (m2 | less)) | (m2 & less)
    return d0 & ~less, d1 & ~less, d2 & ~less


@triton.jit
def _population(x):
    """Count the ones of each int32."""
    x = x.to(tl.uint32, bitcast=True)
    x -= (x >> 1) & 0x55555555
    x = (x & 0x33333333) + ((x >> 2) & 0x33333333)
    x = (x + (x >> 4)) & 0x0F0F0F0F
    return ((x * 0x01010101) >> 24).to(tl.int32)


@triton.jit(do_not_specialize=["step"])
def walk_flip_kernel(
    values_ptr,  # int32 (variables, words)
    status_ptr,  # int32 (clauses, 2, words)
    starts_ptr,
    occurrences_ptr,
    thresholds_ptr,  # int32 (BREAKS, words): probability to flip, by loss, in 2^-sync.BITS
    active_ptr,  # int32 (words,): lanes that move
    keys_ptr,
    flips_ptr,  # int64 (words,): flips of a word's lanes together
    xor_starts_ptr,
    xor_occurrences_ptr,
    parity_ptr,  # int32 (xors, words): lanes in which an XOR is false
    step,
    variables,
    words,
    XORS: tl.constexpr,  # whether there are any
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Flip each variable of a false clause with the probability of what that loses (sync.thresholds).

    The probabilities are compared with random numbers of BITS bits, 32 lanes at once, from the lowest bit up:
    r < p holds so far as p has a one where r has a zero, and is kept where the bits agree.
    """
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)  # (ROWS,)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    within = column < words
    inside = (row < variables)[:, None] & within[None, :]  # (ROWS, BLOCK)
    first = tl.load(starts_ptr + 2 * row, mask=row < variables, other=0)
    middle = tl.load(starts_ptr + 2 * row + 1, mask=row < variables, other=0)
    length = tl.load(starts_ptr + 2 * row + 2, mask=row < variables, other=0) - first
    positive = middle - first
    at = row[:, None] * words + column[None, :]
    value = tl.load(values_ptr + at, mask=inside, other=0)
    m0 = tl.zeros([ROWS, BLOCK], tl.int32)  # make, bit by bit; 7 stays 7
    m1 = tl.zeros([ROWS, BLOCK], tl.int32)
    m2 = tl.zeros([ROWS, BLOCK], tl.int32)
    b0 = tl.zeros([ROWS, BLOCK], tl.int32)  # break
    b1 = tl.zeros([ROWS, BLOCK], tl.int32)
    b2 = tl.zeros([ROWS, BLOCK], tl.int32)
    for place in range(tl.max(length, 0)):
        here = place < length
        clause = tl.load(occurrences_ptr + first + place, mask=here, other=0).to(tl.int64)
        source = status_ptr + clause[:, None] * (2 * words) + column[None, :]
        false = tl.load(source, mask=inside & here[:, None], other=0)
        alone = tl.load(source + words, mask=inside & here[:, None], other=0)
        sign = 0 - (place >= positive).to(tl.int32)
        m0, m1, m2 = _increment(m0, m1, m2, false)
        # The variable's literal is the only true one.
        b0, b1, b2 = _increment(b0, b1, b2, alone & (value ^ sign[:, None]))
    if XORS:  # every variable of an XOR makes it where it is false and breaks it where it is true
        first = tl.load(xor_starts_ptr + row, mask=row < variables, other=0)
        length = tl.load(xor_starts_ptr + row + 1, mask=row < variables, other=0) - first
        for place in range(tl.max(length, 0)):
            here = place < length
            xor = tl.load(xor_occurrences_ptr + first + place, mask=here, other=0).to(tl.int64)
            source = parity_ptr + xor[:, None] * words + column[None, :]
            false = tl.load(source, mask=inside & here[:, None], other=0)
            m0, m1, m2 = _increment(m0, m1, m2, false)
            b0, b1, b2 = _increment(b0, b1, b2, tl.where(here[:, None], ~false, 0))
    wanted = m0 | m1 | m2
    b0, b1, b2 = _loss(m0, m1, m2, b0, b1, b2)

    probability = thresholds_ptr + column
    t0 = tl.load(probability, mask=within, other=0)
    t1 = tl.load(probability + words, mask=within, other=0)
    t2 = tl.load(probability + 2 * words, mask=within, other=0)
    t3 = tl.load(probability + 3 * words, mask=within, other=0)
    t4 = tl.load(probability + 4 * words, mask=within, other=0)
    t5 = tl.load(probability + 5 * words, mask=within, other=0)
    t6 = tl.load(probability + 6 * words, mask=within, other=0)
    t7 = tl.load(probability + 7 * words, mask=within, other=0)
    start = triton_random.base(tl.load(keys_ptr + step * STREAMS + FLIP), at)
    less = tl.zeros([ROWS, BLOCK], tl.int32)
    for bit in tl.static_range(PRECISION):
        zero = ~triton_random.draw(start, bit).to(tl.int32, bitcast=True)
        one = _selected(b0, b1, b2, t0, t1, t2, t3, t4, t5, t6, t7, bit)
        less = (one & zero) | (less & (one | zero))
    active = tl.load(active_ptr + column, mask=within, other=0)
    flipped = wanted & less & active[None, :]
    tl.store(values_ptr + at, value ^ flipped, mask=inside)
    total = tl.sum(tl.where(inside, _population(flipped), 0), 0)  # (BLOCK,)
    tl.atomic_add(flips_ptr + column, total.to(tl.int64), mask=within & (total > 0), sem="relaxed")


@triton.jit
def walk_count_kernel(
    status_ptr,  # int32 (constraints, STRIDE, words), the first of STRIDE: lanes in which it is false
    false_ptr,  # int32 (32, words), to be added to
    constraints,
    words,
    STRIDE: tl.constexpr,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Add up the false constraints of each lane: lane 32·w + b is false_ptr[b, w]."""
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    within = column < words
    c0 = tl.zeros([ROWS, BLOCK], tl.int32)
    c1 = tl.zeros([ROWS, BLOCK], tl.int32)
    c2 = tl.zeros([ROWS, BLOCK], tl.int32)
    for tile in range(7):  # as many as three bits count
        row = (tl.program_id(0).to(tl.int64) * 7 + tile) * ROWS + tl.arange(0, ROWS)
        at = row[:, None] * (STRIDE * words) + column[None, :]
        false = tl.load(status_ptr + at, mask=(row < constraints)[:, None] & within[None, :], other=0)
        carry = c0 & false
        c0 ^= false
        up = c1 & carry
        c1 ^= carry
        c2 ^= up
    for bit in range(32):
        count = ((c0 >> bit) & 1) + ((c1 >> bit) & 1) * 2 + ((c2 >> bit) & 1) * 4
        total = tl.sum(count, 0)
        tl.atomic_add(false_ptr + bit * words + column, total, mask=within & (total > 0), sem="relaxed")


@triton.jit
def parity_status_kernel(
    values_ptr,  # int32 (variables, words)
    parity_ptr,  # int32 (xors, words): lanes in which the XOR is false
    offsets_ptr,
    variables_ptr,
    parities_ptr,
    xors,
    words,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Add up the variables of each XOR over GF(2), and its parity."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)  # (ROWS,)
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    inside = (row < xors)[:, None] & (column < words)[None, :]  # (ROWS, BLOCK)
    first = tl.load(offsets_ptr + row, mask=row < xors, other=0)
    length = tl.load(offsets_ptr + row + 1, mask=row < xors, other=0) - first
    parity = tl.load(parities_ptr + row, mask=row < xors, other=0)
    odd = tl.zeros([ROWS, BLOCK], tl.int32) ^ (0 - parity)[:, None]
    for place in range(tl.max(length, 0)):
        here = place < length
        variable = tl.load(variables_ptr + first + place, mask=here, other=0).to(tl.int64)
        at = variable[:, None] * words + column[None, :]
        odd ^= tl.load(values_ptr + at, mask=inside & here[:, None], other=0)
    tl.store(parity_ptr + row[:, None] * words + column[None, :], odd, mask=inside)
