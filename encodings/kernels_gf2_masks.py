"""Kernels on dependent variables as sums of free ones: back-substitution, comparison, short sums.

Each free variable has a random word; `hashes` holds, for each pivot, the XOR of those of its mask. Equal
masks have equal hashes, and nothing is believed before the masks were compared.
"""

import numpy as np

from turbosat.jit import inline, jit

one = np.uint64(1)


@jit
def scatter(matrix, rows, bits, frees, parity, targets, masks, constants, words, hashes, begin, end):
    """Copy reduced rows begin … end - 1 to masks.

    rows (rank,) of the matrix go to `targets` (rank,); its columns bits (n,) are the free variables frees
    (n,), rising; bit `parity` is the constant. words (kernel,) are the random words.
    """
    for i in range(begin, end):
        row = rows[i]
        target = targets[i]
        constants[target] = (matrix[row, parity >> 6] >> np.uint64(parity & 63)) & one
        total = np.uint64(0)
        for k in range(bits.size):
            bit = (matrix[row, bits[k] >> 6] >> np.uint64(bits[k] & 63)) & one
            masks[target, frees[k] >> 6] |= bit << np.uint64(frees[k] & 63)
            total ^= words[frees[k]] & (np.uint64(0) - bit)
        hashes[target] = total


@jit
def substitute_back(
    arena, start, size, parity, pivots, pivot_rows, place, masks, constants, words, hashes, effort, end
):
    """Express pivots end - 1, end - 2, … by free variables until `effort` words were read.

    Returns where it ended. A pivot's row holds it, free variables and later pivots; place (columns,) is the
    mask of a pivot or, for a free variable, -1 - its bit.
    """
    spent = 0
    while end > 0 and spent < effort:
        end -= 1
        spent += 32
        row = pivot_rows[end]
        target = masks[place[pivots[end]]]
        constant = parity[row]
        total = np.uint64(0)
        for entry in range(start[row], start[row] + size[row]):
            column = arena[entry]
            if column == pivots[end]:
                continue
            k = np.int64(place[column])
            if k < 0:
                target[(-1 - k) >> 6] ^= one << np.uint64((-1 - k) & 63)
                total ^= words[-1 - k]
                spent += 16
            else:
                source = masks[k]
                for word in range(target.size):
                    target[word] ^= source[word]
                constant ^= constants[k]
                total ^= hashes[k]
                spent += target.size + 16
        constants[place[pivots[end]]] = constant
        hashes[place[pivots[end]]] = total
    return end


@jit
def represent(
    arena, start, size, parity, pivots, pivot_rows, touched, odd, leader, sign, short, found, begin, end
):
    """Find constants and equal columns of pivots end - 1 … begin by substitution, without masks.

    leader (columns,), at first each its own, becomes -1 for a constant; sign is the constant or whether they
    differ. odd (columns,) is zero before and after. short (pivots, 5) receives, from `found` on, 3 or 4
    columns, then -1, and the parity of rows that became so short; rows not touched (rows,) are as they were
    given. Returns the new number of these.
    """
    for i in range(end - 1, begin - 1, -1):
        row = pivot_rows[i]
        constant = parity[row]
        left = 0
        for entry in range(start[row], start[row] + size[row]):
            column = arena[entry]
            constant ^= sign[column]
            if leader[column] >= 0:
                odd[leader[column]] ^= 1
                left += 1 if odd[leader[column]] else -1
        # Columns that are only in rows of earlier pivots lead themselves, as does this row's pivot.
        place = 0
        new = touched[row] or left < size[row]
        for entry in range(start[row], start[row] + size[row]):
            column = leader[arena[entry]]
            if column >= 0 and odd[column]:
                odd[column] = 0
                if left <= 2 and column != pivots[i]:
                    leader[pivots[i]] = column
                if new and (left == 3 or left == 4):
                    short[found, place] = column
                    place += 1
        if left == 1:
            leader[pivots[i]] = -1
        if left <= 2:
            sign[pivots[i]] = constant
        elif new and left <= 4:
            if left == 3:
                short[found, 3] = -1
            short[found, 4] = constant
            found += 1
    return found


@jit
def few_bits(masks, bits, begin, end):
    """Find the bits of masks begin … end - 1 that have few.

    bits (rank, 4) receives up to three places and the number of bits, 4 for more than three.
    """
    for row in range(begin, end):
        found = 0
        for word in range(masks.shape[1]):
            value = masks[row, word]
            while value and found <= 3:
                if found < 3:
                    place = 0
                    while not (value >> np.uint64(place)) & one:
                        place += 1
                    bits[row, found] = word * 64 + place
                found += 1
                value &= value - one
            if found > 3:
                break
        bits[row, 3] = found


@jit
def equal_masks(order, hashes, masks, leader, begin, end):
    """Find the first of those with the same mask, for order[begin … end - 1]; order (n,) sorts the hashes."""
    for i in range(begin, end):
        row = order[i]
        leader[row] = row
        # The one before leads to the right one unless two masks share a hash.
        j = i - 1
        while j >= 0 and hashes[order[j]] == hashes[row]:
            other = leader[order[j]]
            same = True
            for word in range(masks.shape[1]):
                if masks[row, word] != masks[other, word]:
                    same = False
                    break
            if same:
                leader[row] = other
                break
            j -= 1


@inline
def _word(masks, place, word):
    """Return one word of what a column is: a pivot's mask, or for -1 - j the single bit j."""
    if place >= 0:
        return masks[place, word]
    if (-1 - place) >> 6 == word:
        return one << np.uint64((-1 - place) & 63)
    return np.uint64(0)


@inline
def _third(sums, order, places, masks, a, b, most):
    """Return the greatest c < most, in sorted order of sums, with a + b + c = 0, or -1."""
    wanted = sums[a] ^ sums[b]
    low = 0
    high = order.size
    while low < high:
        middle = (low + high) >> 1
        if sums[order[middle]] < wanted:
            low = middle + 1
        else:
            high = middle
    found = -1
    while low < order.size and sums[order[low]] == wanted:
        c = order[low]
        low += 1
        if c >= most or c <= found:
            continue
        same = True
        for word in range(masks.shape[1]):
            if _word(masks, places[a], word) ^ _word(masks, places[b], word) != _word(masks, places[c], word):
                same = False
                break
        if same:
            found = c
    return found


@jit
def triples(sums, order, places, masks, a, effort, found, triple):
    """Find three columns whose sum is constant: all c < b < a for a given and rising a.

    places (n,) says what the columns are, sums (n,) are their hashes, sorted by order (n,); no two are equal.
    triple (most, 3) receives them from `found` on. Returns the next a and the new number found.
    """
    while a < places.size and effort > 0 and found < triple.shape[0]:
        for b in range(1, a):
            c = _third(sums, order, places, masks, a, b, b)
            if c >= 0 and found < triple.shape[0]:
                triple[found, 0] = a
                triple[found, 1] = b
                triple[found, 2] = c
                found += 1
        effort -= a
        a += 1
    return a, found


@jit
def neighbours(sums, order, places, masks, a, effort, found, triple):
    """Find pivots whose masks differ in one bit, for a given and rising a; as triples, but only such."""
    while a < places.size and effort > 0 and found < triple.shape[0]:
        effort -= 1
        if places[a] >= 0:
            effort -= masks.shape[1]
            for word in range(masks.shape[1]):
                value = masks[places[a], word]
                b = word * 64
                while value:
                    if value & one:
                        effort -= 20
                        c = _third(sums, order, places, masks, a, b, places.size)
                        if c >= 0 and places[c] >= 0 and found < triple.shape[0]:
                            triple[found, 0] = a
                            triple[found, 1] = b
                            triple[found, 2] = c
                            found += 1
                    value >>= one
                    b += 1
        a += 1
    return a, found
