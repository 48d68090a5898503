"""Kernels of the search in the kernel of the XOR system: 2048 lanes a row, bit-sliced counts.

A lane is an assignment of the inputs, kept as the values of all linear nodes. A direction is a set of linear
nodes that an assignment of the inputs can flip together; a basis of directions spans all moves.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.gpu.kernel_network import AND, CHECK, XOR
from turbosat.gpu.kernels import step
from turbosat.gpu.kernels_sweep import WIDTH, row_and, row_any, row_xor
from turbosat.jit import inline, jit

PRECISION = 8  # bits of a probability
ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


class Lanes(NamedTuple):
    """A population of 64 · WIDTH lanes.

    Row 0 is zero, rows 1 to n are the linear nodes. `now`, `next` and `carry` are the first rows of the
    counts, lowest bit first.
    """

    code: NDArray[np.int32]  # (instructions, 6), as for the sweep
    rows: NDArray[np.uint64]  # (rows, WIDTH)
    columns: NDArray[np.uint64]  # (directions, words), bit i: the direction flips linear node i
    basis: NDArray[np.int32]  # (directions,), the node that only this direction flips, or -1
    prefer: NDArray[np.uint8]  # (n,), the value a node has more often where few checks are false
    chances: NDArray[np.int32]  # (WIDTH,), probability to accept one more false check, in 2^-PRECISION
    planes: NDArray[np.int64]  # (4,), first rows of now, next, carry, and the number of planes
    random: NDArray[np.uint64]  # (1,)


@inline
def draw(lanes):
    """Return 64 random bits (xorshift64*)."""
    lanes.random[0] = step(lanes.random[0])
    return lanes.random[0] * np.uint64(0x2545F4914F6CDD1D)


@inline
def bits_of(word):
    """Mix the low bits, which are the weak ones of the generator."""
    word ^= word >> np.uint64(32)
    return word * np.uint64(0x9E3779B97F4A7C15) ^ (word >> np.uint64(29))


@jit
def evaluate(lanes, address, first):
    """Run the program; count the false checks into the planes from row `first`."""
    zero = np.uint64(0)
    carry = lanes.planes[2]
    for plane in range(lanes.planes[3]):
        for word in range(WIDTH):
            lanes.rows[first + plane, word] = zero
    for i in range(lanes.code.shape[0]):
        kind = lanes.code[i, 0]
        a, b = np.int64(lanes.code[i, 2]), np.int64(lanes.code[i, 4])
        m = ONES if lanes.code[i, 3] else zero
        n = ONES if lanes.code[i, 5] else zero
        if kind == AND:
            row_and(address, np.int64(lanes.code[i, 1]), a, m, b, n)
        elif kind == XOR:
            row_xor(address, np.int64(lanes.code[i, 1]), a, m, b, n)
        elif kind == CHECK:
            row_and(address, carry, a, m, b, n)
            at = first
            while row_any(address, carry):
                # Add the carry to a plane; what overflows goes to the next.
                row_and(address, carry + 1, at, zero, carry, zero)
                row_xor(address, at, at, zero, carry, zero)
                row_and(address, carry, carry + 1, zero, carry + 1, zero)
                at += 1


@jit
def rebase(lanes, order):
    """Change the basis: nodes (n,) in order become the one node of a direction, where that is possible."""
    directions, words = lanes.columns.shape
    fixed = 0
    for direction in range(directions):
        lanes.basis[direction] = -1
    for i in range(order.size):
        if fixed == directions:
            return
        node = order[i]
        word, bit = node >> 6, np.uint64(node & 63)
        pivot = -1
        for direction in range(fixed, directions):
            if (lanes.columns[direction, word] >> bit) & np.uint64(1):
                pivot = direction
                break
        if pivot < 0:
            continue
        for w in range(words):
            swap = lanes.columns[pivot, w]
            lanes.columns[pivot, w] = lanes.columns[fixed, w]
            lanes.columns[fixed, w] = swap
        for direction in range(directions):
            if direction != fixed and (lanes.columns[direction, word] >> bit) & np.uint64(1):
                for w in range(words):
                    lanes.columns[direction, w] ^= lanes.columns[fixed, w]
        lanes.basis[fixed] = node
        fixed += 1


@inline
def flip(lanes, direction, mask_row):
    """XOR the words of a row into the nodes of a direction."""
    for w in range(lanes.columns.shape[1]):
        bits = lanes.columns[direction, w]
        at = 64 * w + 1
        while bits:
            if bits & np.uint64(0xFF) == 0:
                bits >>= np.uint64(8)
                at += 8
                continue
            if bits & np.uint64(1):
                for word in range(WIDTH):
                    lanes.rows[at, word] ^= lanes.rows[mask_row, word]
            bits >>= np.uint64(1)
            at += 1


@jit
def scatter(lanes, address, first, end):
    """Put every lane of the words first … end - 1 on random values, and count."""
    mask = lanes.planes[2]
    for direction in range(lanes.columns.shape[0]):
        for word in range(WIDTH):
            lanes.rows[mask, word] = bits_of(draw(lanes)) if first <= word < end else np.uint64(0)
        flip(lanes, direction, mask)
    evaluate(lanes, address, lanes.planes[0])


@jit
def gather(lanes, address, end, weights):
    """Put the lanes of the words before `end` near the preferred values of the basis, and count.

    weights (64 · end,) is the number of basis nodes that differ; lane 0 has 0, and the next ones, so far as
    there are directions, differ in one each.
    """
    mask = lanes.planes[2]
    directions = lanes.columns.shape[0]
    for direction in range(directions):
        node = lanes.basis[direction]
        if node < 0:
            continue
        wanted = ONES if lanes.prefer[node] else np.uint64(0)
        for word in range(WIDTH):
            lanes.rows[mask, word] = lanes.rows[node + 1, word] ^ wanted if word < end else np.uint64(0)
        flip(lanes, direction, mask)
    for word in range(WIDTH):
        lanes.rows[mask, word] = np.uint64(0)
    for lane in range(1, 64 * end):
        word, bit = lane >> 6, np.uint64(1) << np.uint64(lane & 63)
        for _ in range(weights[lane]):
            chosen = np.int64(lane - 1)
            if weights[lane] > 1 or lane > directions:
                chosen = np.int64((bits_of(draw(lanes)) >> np.uint64(33)) % np.uint64(directions))
            for w in range(lanes.columns.shape[1]):
                bits = lanes.columns[chosen, w]
                at = 64 * w + 1
                while bits:
                    if bits & np.uint64(1):
                        lanes.rows[at, word] ^= bit
                    bits >>= np.uint64(1)
                    at += 1
    evaluate(lanes, address, lanes.planes[0])


@jit
def scan(lanes, address, order):
    """Offer each direction (k,) in order to all lanes; a lane takes it by Metropolis' rule.

    Fewer false checks are taken, as many half of the time, more with the probability of the lane's word for
    each one more, at most three.
    """
    now, following, mask, planes = lanes.planes
    for i in range(order.size):
        direction = order[i]
        for word in range(WIDTH):
            lanes.rows[mask, word] = ONES
        flip(lanes, direction, mask)
        evaluate(lanes, address, following)
        for word in range(WIDTH):
            first = bits_of(draw(lanes))  # accepts an equal count
            second = np.uint64(0)
            third = np.uint64(0)
            fourth = np.uint64(0)
            chance = lanes.chances[word]
            if chance:
                second = coin(lanes, chance)
                third = second & coin(lanes, chance)
                fourth = third & coin(lanes, chance)
                first = ONES
            # next <= now + allowance, where the allowance is -1 (first is 0), 0, 1, 2 or 3: next - now is
            # compared by borrow and carry, one plane after the other.
            low = second ^ third ^ fourth
            high = third
            carry = np.uint64(0)
            borrow = ~first  # next < now + allowance, or equal
            for plane in range(planes):
                a = lanes.rows[now + plane, word]
                add = low if plane == 0 else (high if plane == 1 else np.uint64(0))
                total = a ^ add ^ carry
                carry = (a & add) | (carry & (a ^ add))
                b = lanes.rows[following + plane, word]
                borrow = (~total & b) | (~(total ^ b) & borrow)
            accepted = carry | ~borrow
            for plane in range(planes):
                a = lanes.rows[now + plane, word]
                lanes.rows[now + plane, word] = a ^ ((a ^ lanes.rows[following + plane, word]) & accepted)
            lanes.rows[mask, word] = ~accepted
        flip(lanes, direction, mask)
        if solved(lanes):
            return i + 1
    return order.size


@inline
def coin(lanes, chance):
    """Return bits that are 1 with probability chance / 2^PRECISION."""
    result = np.uint64(0)
    for bit in range(PRECISION):
        word = bits_of(draw(lanes))
        if (chance >> bit) & 1:
            result |= word
        else:
            result &= word
    return result


@inline
def solved(lanes):
    """Tell whether a lane has no false check."""
    for word in range(WIDTH):
        some = np.uint64(0)
        for plane in range(lanes.planes[3]):
            some |= lanes.rows[lanes.planes[0] + plane, word]
        if some != ONES:
            return True
    return False
