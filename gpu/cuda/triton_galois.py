"""The kernel that XORs add to the walk over bit-packed lanes (turbosat.gpu.cuda.triton_walk).

An XOR is false in the lanes where its variables do not XOR to its parity: one word, however long the XOR.
"""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Triton reads annotations itself and accepts only its own.

import triton
import triton.language as tl


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
