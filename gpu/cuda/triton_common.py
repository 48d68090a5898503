"""What Triton kernels share: the draws of turbosat.gpu.draws, and lists that they fill together."""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Triton reads annotations itself and accepts only its own.

import triton
import triton.language as tl

from turbosat.gpu import draws

MULTIPLIER_0 = tl.constexpr(draws.MULTIPLIERS[0])
MULTIPLIER_1 = tl.constexpr(draws.MULTIPLIERS[1])
GOLDEN = tl.constexpr(draws.GOLDEN)
STRIDE = tl.constexpr(draws.STRIDE)


@triton.jit
def mix(x):
    """Hash uint32 (...)."""
    x ^= x >> 16
    x *= MULTIPLIER_0
    x ^= x >> 15
    x *= MULTIPLIER_1
    return x ^ (x >> 16)


@triton.jit
def base(key, index):
    """Return what the draws at an index start from; the key int32 as loaded."""
    return mix(index.to(tl.uint32) * GOLDEN + key.to(tl.uint32, bitcast=True))


@triton.jit
def draw(start, NUMBER: tl.constexpr):
    """Return draw NUMBER of each base, uint32."""
    return mix(start + ((NUMBER * STRIDE) & 0xFFFFFFFF))


@triton.jit
def step_keys_kernel(keys_ptr, clock_ptr, low, high, STEPS: tl.constexpr, STREAMS: tl.constexpr):
    """Write the keys of the next STEPS steps, int32 (STEPS, STREAMS): turbosat.gpu.draws.step_keys."""
    step = tl.arange(0, STEPS)
    clock = (tl.load(clock_ptr + step * 0) + step).to(tl.uint32)  # (STEPS,)
    salt_0 = (low + step * 0).to(tl.uint32)
    salt_1 = (high + step * 0).to(tl.uint32)
    steps = mix(mix(clock * GOLDEN + salt_0) + salt_1)
    for stream in tl.static_range(STREAMS):
        key = mix(steps + (((stream + 1) * STRIDE) & 0xFFFFFFFF))
        tl.store(keys_ptr + step * STREAMS + stream, key.to(tl.int32, bitcast=True))


@triton.jit
def append(list_ptr, length_ptr, items, chosen):
    """Append the chosen items (BLOCK,) to a list."""
    ones = chosen.to(tl.int32)
    found = tl.sum(ones, 0)
    if found > 0:
        begin = tl.atomic_add(length_ptr, found, sem="relaxed")
        tl.store(list_ptr + begin + tl.cumsum(ones, 0) - ones, items, mask=chosen)
