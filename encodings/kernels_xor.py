"""Kernels of XOR recovery: clauses made regular, grouped by sets of variables, sign patterns counted."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.jit import inline, jit

SHORT = 6  # the sign patterns of clauses up to this length are kept as a bit set in one word

# Counters of a kernel that is called for one range of clauses after the other, int64 (COUNTERS,).
ENTRIES, CLAUSES, SETS, ROWS, WORK, COUNTERS = range(6)


class Table(NamedTuple):
    """Clauses of the same variables, found by hashing: set s is a chain of distinct clauses.

    Clauses are sorted literal codes, 2v and 2v + 1 for variable v and its negation. The sign pattern of a
    clause has bit j set if its j-th literal is negative; as an assignment it is the one the clause forbids.
    """

    codes: NDArray[np.int32]  # (entries,)
    offsets: NDArray[np.int64]  # (clauses + 1,)
    slots: NDArray[np.int32]  # (a power of two,), the set that hashed there, or -1
    hashes: NDArray[np.uint64]  # (sets,)
    heads: NDArray[np.int32]  # (sets,), the set's first clause
    tails: NDArray[np.int32]  # (sets,), the set's last clause
    counts: NDArray[np.int32]  # (sets,), distinct clauses of the set, for those longer than SHORT all
    patterns: NDArray[np.uint64]  # (sets,), bit p: the clause with sign pattern p is there; 0 beyond SHORT
    nexts: NDArray[np.int32]  # (clauses,), the next clause of the same set, or -1
    repeated: NDArray[np.bool_]  # (clauses,), the same clause came before (told up to SHORT literals)


@inline
def mixed(variable):
    """Spread a variable over 64 bits (the multiplications of splitmix64)."""
    word = np.uint64(variable + 1) * np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return word ^ (word >> np.uint64(27))


@inline
def slot_of(word, mask):
    """Reduce a sum of mixed variables to a place in a table of `mask` + 1 slots."""
    word = (word ^ (word >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
    return np.int64((word >> np.uint64(20)) & np.uint64(mask))


@jit
def regular(codes, offsets, values, longest, first, last, stamps, kept, ends, counters):
    """Copy clauses without false literals, repeats, satisfied clauses and tautologies; sort up to `longest`.

    Clauses [first, last) of codes and offsets go to `kept` (entries,) and `ends` (clauses + 1,), behind what
    counters says is there. values (variables,) are 0, 1 or -1; stamps (2 · variables,) start below 0.
    """
    place = counters[ENTRIES]
    clause = counters[CLAUSES]
    for i in range(first, last):
        start = place
        dropped = False
        for j in range(offsets[i], offsets[i + 1]):
            code = codes[j]
            value = values[code >> 1]
            if value >= 0:
                if value != (code & 1):
                    dropped = True
                    break
                continue
            if stamps[code ^ 1] == i:
                dropped = True
                break
            if stamps[code] == i:
                continue
            stamps[code] = i
            kept[place] = code
            place += 1
        if dropped:
            place = start
            continue
        if place - start <= longest:
            for j in range(start + 1, place):
                code = kept[j]
                k = j
                while k > start and kept[k - 1] > code:
                    kept[k] = kept[k - 1]
                    k -= 1
                kept[k] = code
        clause += 1
        ends[clause] = place
    counters[ENTRIES] = place
    counters[CLAUSES] = clause


@jit
def group(table, longest, first, last, counters):
    """Enter clauses [first, last) of 2 to `longest` literals into the table."""
    codes, offsets = table.codes, table.offsets
    mask = table.slots.size - 1
    for i in range(first, last):
        start = offsets[i]
        size = offsets[i + 1] - start
        if size < 2 or size > longest:
            continue
        word = np.uint64(0)
        pattern = np.int64(0)
        for j in range(size):
            word += mixed(codes[start + j] >> 1)
            pattern |= np.int64(codes[start + j] & 1) << j
        slot = slot_of(word, mask)
        found = -1
        while table.slots[slot] >= 0:
            candidate = table.slots[slot]
            if table.hashes[candidate] == word:
                head = offsets[table.heads[candidate]]
                same = offsets[table.heads[candidate] + 1] - head == size
                if same:
                    for j in range(size):
                        if codes[head + j] >> 1 != codes[start + j] >> 1:
                            same = False
                            break
                if same:
                    found = candidate
                    break
            slot = (slot + 1) & mask
        bit = np.uint64(1) << np.uint64(pattern) if size <= SHORT else np.uint64(0)
        if found < 0:
            found = counters[SETS]
            counters[SETS] += 1
            table.slots[slot] = found
            table.hashes[found] = word
            table.heads[found] = i
        elif table.patterns[found] & bit:
            table.repeated[i] = True
            continue
        else:
            table.nexts[table.tails[found]] = i
        table.tails[found] = i
        table.counts[found] += 1
        table.patterns[found] |= bit


@jit
def distribute(keys, rows, places, lists):
    """Put each of rows (n,) into lists (n,) behind the others of its key; places (keys,): their begins."""
    for i in range(keys.size):
        lists[places[keys[i]]] = rows[i]
        places[keys[i]] += 1


@jit
def index(table, degrees, sets, signatures, watches):
    """Give each of the `sets` sets a signature and, as its watch, the variable in the fewest sets.

    degrees (variables,) start at 0; signatures (sets,) uint64 has a bit for each variable.
    """
    for s in range(sets):
        clause = table.heads[s]
        for j in range(table.offsets[clause], table.offsets[clause + 1]):
            degrees[table.codes[j] >> 1] += 1
    for s in range(sets):
        clause = table.heads[s]
        rarest = table.codes[table.offsets[clause]] >> 1
        for j in range(table.offsets[clause], table.offsets[clause + 1]):
            variable = table.codes[j] >> 1
            signatures[s] |= np.uint64(1) << (mixed(variable) >> np.uint64(58))
            if degrees[variable] < degrees[rarest]:
                rarest = variable
        watches[s] = rarest


@inline
def odd(pattern):
    """Return the parity of a sign pattern of at most 16 bits."""
    pattern ^= pattern >> 8
    pattern ^= pattern >> 4
    pattern ^= pattern >> 2
    return (pattern ^ (pattern >> 1)) & 1


@inline
def pattern_of(table, clause):
    """Return the sign pattern of a clause."""
    start = table.offsets[clause]
    pattern = np.int64(0)
    for j in range(start, table.offsets[clause + 1]):
        pattern |= np.int64(table.codes[j] & 1) << (j - start)
    return pattern


@inline
def positions(table, inner, outer):
    """Return which variables (bits) of the clause `outer` the clause `inner` has, or -1 if it has others."""
    result = np.int64(0)
    j = table.offsets[outer]
    for i in range(table.offsets[inner], table.offsets[inner + 1]):
        variable = table.codes[i] >> 1
        while j < table.offsets[outer + 1] and table.codes[j] >> 1 < variable:
            j += 1
        if j == table.offsets[outer + 1] or table.codes[j] >> 1 != variable:
            return np.int64(-1)
        result |= np.int64(1) << (j - table.offsets[outer])
    return result


@jit
def parts(table, lists, signatures, s, most, inner, spots, counters):
    """Collect the sets whose variables are all among those of set s, in at most `most` steps.

    Returns how many there are, and how many sign patterns of each parity they cover at most.
    """
    starts, watching = lists
    head = table.heads[s]
    low, high = table.offsets[head], table.offsets[head + 1]
    signature = np.uint64(0)
    for j in range(low, high):
        signature |= np.uint64(1) << (mixed(table.codes[j] >> 1) >> np.uint64(58))
    found = np.int64(0)
    covered = np.int64(0)
    steps = np.int64(0)
    for j in range(low, high):
        variable = table.codes[j] >> 1
        for w in range(starts[variable], starts[variable + 1]):
            steps += 1
            if steps > most or found == inner.size:
                break
            other = watching[w]
            if other == s or signatures[other] & ~signature:
                continue
            spot = positions(table, table.heads[other], head)
            if spot < 0:
                continue
            inner[found] = other
            spots[found] = spot
            found += 1
            size = table.offsets[table.heads[other] + 1] - table.offsets[table.heads[other]]
            covered += table.counts[other] * (np.int64(1) << (high - low - size - 1))
    counters[WORK] += steps
    return found, covered


@jit
def cover(table, s, other, spot, marks, found, counters):
    """Mark the sign patterns of set s that the clauses of the set `other` are parts of."""
    head = table.heads[s]
    size = table.offsets[head + 1] - table.offsets[head]
    free = ((np.int64(1) << size) - 1) ^ spot
    clause = table.heads[other]
    while clause >= 0:
        base = np.int64(0)
        left = spot
        for j in range(table.offsets[clause], table.offsets[clause + 1]):
            bit = left & -left
            left ^= bit
            if table.codes[j] & 1:
                base |= bit
        extra = free
        while True:
            mark(base | extra, s, marks, found)
            counters[WORK] += 1
            if extra == 0:
                break
            extra = (extra - 1) & free
        clause = table.nexts[clause]


@inline
def mark(pattern, s, marks, found):
    """Count a sign pattern of set s once, by its parity."""
    if marks[pattern] != s:
        marks[pattern] = s
        found[odd(pattern)] += 1


@jit
def parities(
    table, longest, shortest, lists, signatures, limits, first, last, marks, inner, spots, rows, counters
):
    """Find the sets [first, last) whose clauses, and shorter ones over some of the variables, are an XOR.

    A sign pattern is covered by the clause that has it and by every clause that is a part of that one. A set
    is the XOR whose right side is r if all patterns of parity 1 - r are covered, one by a clause of its own.

    longest: variables of an XOR; shortest: of the smallest set; lists: starts (variables + 1,) and the sets
    by the variable they watch; limits: steps along these lists for one set, and work for all. marks
    (2**longest + 2,) int64 start at -1, the last two are free for use; inner and spots hold the sets within a
    set. rows (2 · sets,) takes 2s + r.
    """
    found = marks[-2:]
    for s in range(first, last):
        head = table.heads[s]
        size = table.offsets[head + 1] - table.offsets[head]
        half = np.int64(1) << (size - 1)
        if size > longest or (size == shortest and table.counts[s] < half):
            continue
        found[:] = 0
        clause = head
        while clause >= 0:
            mark(pattern_of(table, clause), s, marks, found)
            clause = table.nexts[clause]
        even, uneven = found[0] > 0, found[1] > 0  # a parity without a clause of its own is not looked for
        if size > shortest and counters[WORK] < limits[1]:
            open_even, open_uneven = even and found[0] < half, uneven and found[1] < half
            if open_even or open_uneven:
                number, covered = parts(table, lists, signatures, s, limits[0], inner, spots, counters)
                if (open_even and found[0] + covered >= half) or (open_uneven and found[1] + covered >= half):
                    for i in range(number):
                        cover(table, s, inner[i], spots[i], marks, found, counters)
        if even and found[0] == half:
            rows[counters[ROWS]] = 2 * s + 1
            counters[ROWS] += 1
        if uneven and found[1] == half:
            rows[counters[ROWS]] = 2 * s
            counters[ROWS] += 1
