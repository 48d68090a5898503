"""The sweep's kernel on CUDA: 32 candidates a word, one thread block runs all instructions on its own words.

Rows of intermediate values lie in global memory, apart for each thread block, and should stay in the caches.
"""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Triton reads annotations itself and accepts only its own.

import triton
import triton.language as tl

from turbosat.core import sweep

LINEAR = tl.constexpr(sweep.LINEAR)
XOR = tl.constexpr(sweep.XOR)
CHECK = tl.constexpr(sweep.CHECK)
TEST = tl.constexpr(sweep.TEST)


@triton.jit
def closure_sweep_kernel(
    code_ptr,  # int32 (length, 4): kind, target row, operands as 2 · row + sign
    masks_ptr,  # int64 (length,), of linear instructions: bits of the word's number that are summed
    patterns_ptr,  # int32 (length,), of linear instructions: what a word's bits add
    rows_ptr,  # int32 (blocks, rows, BLOCK), scratch
    alive_ptr,  # int32 (words,), out: candidates that pass all checks
    first_ptr,  # int64 (1,), number of the first word
    length,
    rows,
    words,
    counted,  # candidates of a word that count
    BLOCK: tl.constexpr,
):
    """Evaluate words first … first + words - 1; candidate 32 · word + bit."""
    column = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    number = tl.load(first_ptr) + column  # (BLOCK,) int64
    place = rows_ptr + tl.program_id(0).to(tl.int64) * rows * BLOCK + tl.arange(0, BLOCK)
    alive = tl.where(column < words, counted, 0)  # (BLOCK,) int32
    at = 0
    while at < length:
        kind = tl.load(code_ptr + 4 * at)
        target = tl.load(code_ptr + 4 * at + 1)
        a = tl.load(code_ptr + 4 * at + 2)
        b = tl.load(code_ptr + 4 * at + 3)
        at += 1
        if kind == LINEAR:
            parity = number & tl.load(masks_ptr + at - 1)
            parity ^= parity >> 32
            parity ^= parity >> 16
            parity ^= parity >> 8
            parity ^= parity >> 4
            parity ^= parity >> 2
            parity ^= parity >> 1
            pattern = tl.load(patterns_ptr + at - 1)
            tl.store(place + target * BLOCK, pattern ^ (0 - (parity & 1).to(tl.int32)))
            tl.debug_barrier()
        elif kind == TEST:
            if tl.max((alive != 0).to(tl.int32), 0) == 0:
                at = length
        else:
            x = tl.load(place + (a >> 1) * BLOCK) ^ (0 - (a & 1))
            y = tl.load(place + (b >> 1) * BLOCK) ^ (0 - (b & 1))
            if kind == CHECK:
                alive &= ~(x & y)
            else:
                # Rows are used again: all threads must have read what this overwrites.
                tl.debug_barrier()
                tl.store(place + target * BLOCK, tl.where(kind == XOR, x ^ y, x & y))
                tl.debug_barrier()
    tl.store(alive_ptr + column, alive, mask=column < words)
