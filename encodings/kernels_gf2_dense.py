"""Kernels of dense elimination over GF(2): 64 columns a word, eight tables of 256 sums (Four Russians)."""

import numpy as np

from turbosat.jit import jit

STRIP = 64  # columns a pass
TABLES = 8  # of eight pivots each
BLOCK = 64  # words of a row that the tables cover at a time: they stay in the second-level cache

one = np.uint64(1)


@jit
def pack(arena, start, size, parity, rows, place, last, matrix):
    """Write sparse rows as bits; bit `last` is the parity.

    rows (m,) are row numbers, place (columns,) is the bit of a column; matrix (m, words) is zero.
    """
    for i in range(rows.size):
        row = rows[i]
        for entry in range(start[row], start[row] + size[row]):
            bit = place[arena[entry]]
            matrix[i, bit >> 6] |= one << np.uint64(bit & 63)
        if parity[row]:
            matrix[i, last >> 6] |= one << np.uint64(last & 63)


@jit
def choose(strip, used, valid, chosen, words, places):
    """Find rows, not yet used, whose words in the strip are a basis of all such; return their number.

    strip (m,) uint64; valid is the mask of columns; chosen (64,) receives the rows; words and places (64,)
    uint64 are room to work in.
    """
    found = 0
    for row in range(strip.size):
        if used[row]:
            continue
        word = strip[row] & valid
        # A word's lowest bit is in none of the later words, so one pass in this order is enough.
        for k in range(found):
            word ^= words[k] & (np.uint64(0) - ((word >> places[k]) & one))
        if word:
            place = 0
            while not (word >> np.uint64(place)) & one:
                place += 1
            words[found] = word
            places[found] = place
            chosen[found] = row
            found += 1
            if found == STRIP:
                break
    return found


@jit
def reduce_pivots(block, valid, pivot_of, transform):
    """Bring the chosen rows to reduced form from the strip's lowest column up.

    block (k, words) begins with the strip's word; pivot_of (64,) receives the row of each column or -1;
    transform (k,) uint64 receives which of the original rows each row became the sum of.
    """
    count = block.shape[0]
    for row in range(count):
        transform[row] = one << np.uint64(row)
    taken = np.uint64(0)
    for column in range(STRIP):
        pivot_of[column] = -1
        if not (valid >> np.uint64(column)) & one:
            continue
        pivot = -1
        for row in range(count):
            if not (taken >> np.uint64(row)) & one and (block[row, 0] >> np.uint64(column)) & one:
                pivot = row
                break
        if pivot < 0:
            continue
        pivot_of[column] = pivot
        taken |= one << np.uint64(pivot)
        for row in range(count):
            if row != pivot and (block[row, 0] >> np.uint64(column)) & one:
                transform[row] ^= transform[pivot]
                for word in range(block.shape[1]):
                    block[row, word] ^= block[pivot, word]


@jit
def fill_tables(block, pivot_of, low, high, tables):
    """Write all sums of the pivots of each eight columns, words low … high - 1 of `block`.

    tables (8, 256, words): entry (g, x) is the sum over the bits b of x for which column 8g + b has a pivot.
    """
    for group in range(TABLES):
        for word in range(high - low):
            tables[group, 0, word] = 0
        for bit in range(8):
            half = 1 << bit
            pivot = pivot_of[group * 8 + bit]
            for x in range(half):
                if pivot < 0:
                    for word in range(high - low):
                        tables[group, half + x, word] = tables[group, x, word]
                else:
                    for word in range(high - low):
                        tables[group, half + x, word] = tables[group, x, word] ^ block[pivot, low + word]


@jit
def add_pivots(matrix, first, strip, pivots, low, high, tables, begin, end):
    """Clear the pivot columns in rows begin … end - 1, words first + low … first + high - 1.

    strip (m,) is the strip before this pass, 0 for the pivots' rows; pivots is the mask of pivot columns.
    """
    mask = np.uint64(255)
    for row in range(begin, end):
        word = strip[row]
        if not word & pivots:
            continue
        target = matrix[row, first + low : first + high]
        a = tables[0, word & mask]
        b = tables[1, (word >> np.uint64(8)) & mask]
        c = tables[2, (word >> np.uint64(16)) & mask]
        d = tables[3, (word >> np.uint64(24)) & mask]
        for w in range(target.size):
            target[w] ^= (a[w] ^ b[w]) ^ (c[w] ^ d[w])
        a = tables[4, (word >> np.uint64(32)) & mask]
        b = tables[5, (word >> np.uint64(40)) & mask]
        c = tables[6, (word >> np.uint64(48)) & mask]
        d = tables[7, (word >> np.uint64(56)) & mask]
        for w in range(target.size):
            target[w] ^= (a[w] ^ b[w]) ^ (c[w] ^ d[w])
