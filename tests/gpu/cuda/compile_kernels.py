"""Compile every kernel for a Hopper chip on any machine: what the interpreter lets pass, this does not.

Run as a program, in a process of its own: the interpreter, once on, replaces what compiles.
"""

import sys
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from turbosat.gpu.cuda import triton_common as triton_random
from turbosat.gpu.cuda import triton_update, triton_walk, triton_weighted
from turbosat.gpu.cuda import triton_walk as triton_galois
from turbosat.gpu.cuda.device_rows import OPTIONS

WALK = {"ROWS": 4, "BLOCK": 128}
WIDE = {"ROWS": 8, "BLOCK": 256}
LIST = {"BLOCK": 128}
KERNELS: tuple[tuple[Any, dict[str, int]], ...] = (
    (triton_random.step_keys_kernel, {"STEPS": 16, "STREAMS": 4}),
    (triton_walk.walk_status_kernel, WALK),
    (triton_walk.walk_flip_kernel, {**WALK, "XORS": 0}),
    (triton_walk.walk_flip_kernel, {**WALK, "XORS": 1}),
    (triton_walk.walk_count_kernel, {**WALK, "STRIDE": 2}),
    (triton_walk.walk_count_kernel, {**WALK, "STRIDE": 1}),
    (triton_galois.parity_status_kernel, WALK),
    (triton_weighted.weighted_count_kernel, WALK),
    (triton_weighted.weighted_margin_kernel, {**WALK, "GROUP": 1}),
    (triton_weighted.weighted_pick_kernel, LIST),
    (triton_weighted.weighted_stuck_kernel, {**LIST, "GROUP": 4}),
    (triton_weighted.weighted_take_kernel, {**LIST, "GROUP": 1}),
    (triton_weighted.weighted_give_kernel, {**LIST, "GROUP": 1}),
    (triton_update.weighted_touch_kernel, {"ROWS": 8, "BLOCK": 16}),
    (triton_update.weighted_update_kernel, {**LIST, "GROUP": 1}),
    (triton_update.weighted_flip_kernel, LIST),
    (triton_update.weighted_filter_kernel, LIST),
    (triton_update.weighted_keep_kernel, WIDE),
    (triton_update.weighted_settle_kernel, {"BLOCK": 1024}),
)
BYTES = {"active_ptr", "best_values_ptr"}
LONG = {"tally_ptr"}


def compile_all(wide: bool) -> None:
    """Compile with int32 or int64 margins."""
    for kernel, constants in KERNELS:
        weighted = kernel.fn.__name__.startswith("weighted")
        types = {}
        for name in kernel.arg_names:
            if name in constants:
                types[name] = "constexpr"
            elif name in BYTES or (name == "values_ptr" and weighted):
                types[name] = "*i8"
            elif name in LONG or (name == "flips_ptr" and not weighted) or (name == "margins_ptr" and wide):
                types[name] = "*i64"
            else:
                types[name] = "*i32" if name.endswith("_ptr") else "i32"
        if wide and types.get("margins_ptr") is None:
            continue
        source = ASTSource(fn=kernel, signature=types, constexprs=constants)
        triton.compile(source, target=GPUTarget("cuda", 90, 32), options=dict(OPTIONS))
        sys.stdout.write(f"{kernel.fn.__name__}\n")


if __name__ == "__main__":
    compile_all(wide=False)
    compile_all(wide=True)
