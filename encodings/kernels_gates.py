"""Kernels of gate recovery: conjunctions from a clause and binary clauses, multiplexers from four clauses."""

import numpy as np

from turbosat.jit import inline, jit

OUTPUTS = 4  # gates made of one clause at most: one for each output, and only few clauses have several

# Counters of `conjunctions`, int64 (COUNTERS,).
GATES, INPUTS, WORK, COUNTERS = range(4)


@inline
def slot_of(key, mask):
    """Spread a pair of codes over a table of `mask` + 1 slots."""
    word = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(32))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.int64((word >> np.uint64(24)) & np.uint64(mask))


@inline
def key_of(a, b):
    """Return the key of a binary clause, whatever the order of its literals."""
    return (np.int64(min(a, b)) << 32) | np.int64(max(a, b))


@jit
def enter_pairs(codes, offsets, first, last, slots, degrees):
    """Enter the binary ones among clauses [first, last) into slots, int64, -1 where empty.

    degrees (2 · variables,) count the distinct binary clauses of each literal.
    """
    mask = slots.size - 1
    for i in range(first, last):
        start = offsets[i]
        if offsets[i + 1] - start != 2:
            continue
        key = key_of(codes[start], codes[start + 1])
        slot = slot_of(key, mask)
        while slots[slot] >= 0 and slots[slot] != key:
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot] = key
            degrees[codes[start]] += 1
            degrees[codes[start + 1]] += 1


@inline
def has_pair(slots, a, b):
    """Tell whether the binary clause (a b) is there."""
    key = key_of(a, b)
    mask = slots.size - 1
    slot = slot_of(key, mask)
    while slots[slot] >= 0 and slots[slot] != key:
        slot = (slot + 1) & mask
    return slots[slot] == key


@jit
def conjunctions(
    codes, offsets, repeated, slots, degrees, first, last, most, outputs, inputs, ends, counters
):
    """Find g = x1 & ... & xk: a clause (g -x1 ... -xk), k >= 2, among [first, last), and (-g xi) for all i.

    outputs (gates,) and inputs (flat,) are literal codes, ends (gates,) says where the inputs of a gate end.
    Stops looking when the work exceeds `most` look-ups.
    """
    for i in range(first, last):
        start, end = offsets[i], offsets[i + 1]
        if end - start < 3 or repeated[i]:
            continue
        left = OUTPUTS
        for j in range(end - 1, start - 1, -1):
            output = codes[j]
            if degrees[output ^ 1] < end - start - 1:
                continue
            good = True
            for k in range(start, end):
                if k != j and degrees[codes[k] ^ 1] == 0:
                    good = False
                    break
            if good:
                for k in range(start, end):
                    if k != j:
                        counters[WORK] += 1
                        if not has_pair(slots, output ^ 1, codes[k] ^ 1):
                            good = False
                            break
            if not good:
                if counters[WORK] > most:
                    return
                continue
            outputs[counters[GATES]] = output
            for k in range(start, end):
                if k != j:
                    inputs[counters[INPUTS]] = codes[k] ^ 1
                    counters[INPUTS] += 1
            ends[counters[GATES]] = counters[INPUTS]
            counters[GATES] += 1
            left -= 1
            if left == 0:
                break


@inline
def count_bits(word):
    """Return the number of ones among the lowest eight bits."""
    word = (word & 0x55) + ((word >> 1) & 0x55)
    word = (word & 0x33) + ((word >> 2) & 0x33)
    return (word & 0x0F) + (word >> 4)


@jit
def conditional(codes, offsets, heads, patterns, first, last, rows, counters):
    """Find "if c, then u = w": two clauses over the same variables that differ in the signs of u and w.

    Looks at the sets [first, last); a set that is an XOR is left out. Each gives two rows of (rows, 4): the
    variable of c, that of u or w, the code of the other one with the sign that makes them equal, and 1 if c
    is positive.
    """
    for s in range(first, last):
        start = offsets[heads[s]]
        if offsets[heads[s] + 1] - start != 3:
            continue
        there = np.int64(patterns[s])
        # The clauses of an XOR are all patterns of one parity: 0, 3, 5, 6 or 1, 2, 4, 7.
        if there & 0x69 == 0x69 or there & 0x96 == 0x96 or count_bits(there) < 2:
            continue
        for c in range(3):
            u, w = (c + 1) % 3, (c + 2) % 3
            flip = (1 << u) | (1 << w)
            for pattern in range(8):
                other = pattern ^ flip
                if pattern > other or not (there >> pattern) & (there >> other) & 1:
                    continue
                negated = (pattern >> c) & 1  # the clauses hold where c's variable has not this value
                opposite = ((pattern >> u) ^ (pattern >> w) ^ 1) & 1
                for _ in range(2):
                    row = counters[GATES]
                    rows[row, 0] = codes[start + c] >> 1
                    rows[row, 1] = codes[start + u] >> 1
                    rows[row, 2] = (codes[start + w] & -2) | opposite
                    rows[row, 3] = negated
                    counters[GATES] += 1
                    u, w = w, u


@jit
def multiplexers(rows, order, first, last, most, found, counters):
    """Pair rows of `conditional` of the same c and u under c and under -c: u = c ? t : e.

    order (rows,) sorts the rows by c and u; [first, last) are whole runs of it; at most `most` rows of each
    sign in a run are paired. found (gates, 4): u, c, t and e as literal codes.
    """
    begin = first
    while begin < last:
        end = begin + 1
        while end < last and (
            rows[order[end], 0] == rows[order[begin], 0] and rows[order[end], 1] == rows[order[begin], 1]
        ):
            end += 1
        positive = 0
        for i in range(begin, end):
            then = rows[order[i]]
            if then[3] == 0:
                continue
            positive += 1
            if positive > most:
                break
            negative = 0
            for j in range(begin, end):
                other = rows[order[j]]
                if other[3] == 1:
                    continue
                negative += 1
                if negative > most:
                    break
                if then[2] >> 1 != other[2] >> 1:
                    gate = counters[GATES]
                    found[gate, 0] = 2 * then[1]
                    found[gate, 1] = 2 * then[0]
                    found[gate, 2] = then[2]
                    found[gate, 3] = other[2]
                    counters[GATES] += 1
        begin = end
