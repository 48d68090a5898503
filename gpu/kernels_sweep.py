"""The sweep's kernel: an interpreter whose instructions work on rows of WIDTH words.

A row is loaded, combined and stored as one LLVM vector: with plain loops numba would check at run time, at
each instruction, that the rows do not overlap.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from turbosat.gpu.kernel_network import AND, CHECK, XOR
from turbosat.jit import jit

WIDTH = 32  # words of a row
# An instruction is int32 (6,): kind, target row, then row and sign of both operands.

# A sweep's counters, int64 (COUNTERS,).
BLOCK, END, LEVEL, FOUND, COUNTERS = range(5)
# BLOCK  the block to do next
# END    the first block not to do
# LEVEL  the outermost level whose instructions must run before it
# FOUND  survivors written so far


class Tape(NamedTuple):
    """The compiled network: instructions by level, the slowest level last in `starts` but run first."""

    code: NDArray[np.int32]  # (instructions, 6)
    starts: NDArray[np.int64]  # (levels + 1,), level l is code[starts[l]:starts[l + 1]]
    high: NDArray[np.uint64]  # (linear,), bits of the block number that a linear node sums
    flips: NDArray[np.uint64]  # (linear,), 1 to negate it


def _vector(builder, words, row):
    """Return a pointer to a row as a vector."""
    row_bytes = builder.mul(row, ir.Constant(ir.IntType(64), 8 * WIDTH))
    vector = ir.VectorType(ir.IntType(64), WIDTH)
    return builder.inttoptr(builder.add(words, row_bytes), vector.as_pointer())


def _load(builder, words, row, sign):
    """Load a row and XOR each word with a sign word."""
    vector = ir.VectorType(ir.IntType(64), WIDTH)
    value = builder.load(_vector(builder, words, row), align=8)
    start = builder.insert_element(ir.Constant(vector, ir.Undefined), sign, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), None)
    spread = builder.shuffle_vector(start, ir.Constant(vector, ir.Undefined), zeros)
    return builder.xor(value, spread)


def _operation(combine):
    """Make an intrinsic (words, target, a, m, b, n): row[target] = combine(row[a] ^ m, row[b] ^ n)."""

    def operation(typing, words, target, a, m, b, n):
        integers = types.int64, types.int64, types.int64, types.uint64, types.int64, types.uint64

        def generate(context, builder, signature, arguments):
            words, target, a, m, b, n = arguments
            old = builder.load(_vector(builder, words, target), align=8) if combine is _forbidden else None
            x, y = _load(builder, words, a, m), _load(builder, words, b, n)
            result = combine(builder, x, y, old)
            builder.store(result, _vector(builder, words, target), align=8)
            return context.get_dummy_value()

        return types.void(*integers), generate

    return intrinsic(operation)


def _forbidden(builder, x, y, old):
    return builder.and_(old, builder.not_(builder.and_(x, y)))


row_and = _operation(lambda builder, x, y, old: builder.and_(x, y))
row_xor = _operation(lambda builder, x, y, old: builder.xor(x, y))
row_check = _operation(_forbidden)


def _row_any(typing, words, row):
    """Tell whether a row has a one."""

    def generate(context, builder, signature, arguments):
        value = builder.load(_vector(builder, *arguments), align=8)
        vector = value.type
        result = builder.icmp_unsigned("!=", value, ir.Constant(vector, None))
        bits = builder.bitcast(result, ir.IntType(WIDTH))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(WIDTH), 0))

    return types.boolean(types.int64, types.int64), generate


def _ones(typing, word):
    """Count the ones of a word."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


row_any: Any = intrinsic(_row_any)
ones: Any = intrinsic(_ones)


@jit
def sweep(tape, rows, address, alive, signs, counters, found_block, found_word, found_bits, budget):
    """Run blocks until `budget` instructions are spent, the end is reached or the found lists are full.

    rows uint64 (rows, WIDTH) at `address` with the alive rows of the levels from row `alive` on, the last of
    them holding the candidates that count; signs uint64 (2 + 2 · linear,): 0, all ones, then each linear
    node's sign and its negation. Survivors are written to found_block int64, found_word int32 and found_bits
    uint64, all (capacity,). Returns the instructions run.
    """
    levels = tape.starts.size - 1
    spent = 0
    zero = np.uint64(0)
    while counters[BLOCK] < counters[END] and spent < budget:
        block = counters[BLOCK]
        if counters[FOUND] + WIDTH > found_block.size:
            break
        for j in range(tape.high.size):
            sign = zero - ((ones(tape.high[j] & np.uint64(block)) ^ tape.flips[j]) & np.uint64(1))
            signs[2 + 2 * j] = sign
            signs[3 + 2 * j] = ~sign
        spent += 1
        dead = -1
        for level in range(min(counters[LEVEL], levels - 1), -1, -1):
            ok = np.int64(alive + level)
            row_and(address, ok, ok + 1, zero, ok + 1, zero)
            first = tape.starts[level]
            i = first
            while i < tape.starts[level + 1]:
                kind = tape.code[i, 0]
                target = np.int64(tape.code[i, 1])
                a, b = np.int64(tape.code[i, 2]), np.int64(tape.code[i, 4])
                m, n = signs[tape.code[i, 3]], signs[tape.code[i, 5]]
                i += 1
                if kind == AND:
                    row_and(address, target, a, m, b, n)
                elif kind == CHECK:
                    row_check(address, ok, a, m, b, n)
                elif kind == XOR:
                    row_xor(address, target, a, m, b, n)
                elif not row_any(address, ok):
                    dead = level
                    break
            spent += i - first
            if dead >= 0:
                break
        if dead < 0:
            for word in range(WIDTH):
                bits = rows[alive, word]
                if bits != 0:
                    place = counters[FOUND]
                    found_block[place] = block
                    found_word[place] = word
                    found_bits[place] = bits
                    counters[FOUND] += 1
        # What a level computes depends on the bits of the block number from level - 1 on.
        shift = max(dead - 1, 0)
        following = ((block >> shift) + 1) << shift
        changed = block ^ following
        level = 0
        while changed:
            changed >>= 1
            level += 1
        counters[LEVEL] = level
        counters[BLOCK] = min(following, counters[END])
    return spent
