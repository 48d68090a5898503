"""Lists of pairs that kernels fill together."""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Triton reads annotations itself and accepts only its own.

import triton
import triton.language as tl


@triton.jit
def append(list_ptr, length_ptr, items, chosen):
    """Append the chosen items (BLOCK,) to a list."""
    ones = chosen.to(tl.int32)
    found = tl.sum(ones, 0)
    if found > 0:
        begin = tl.atomic_add(length_ptr, found, sem="relaxed")
        tl.store(list_ptr + begin + tl.cumsum(ones, 0) - ones, items, mask=chosen)
