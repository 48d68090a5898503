"""Whether a CUDA device can be used, and how many lanes suit it; importing this does not import torch."""

import importlib.util
import os
import shutil

from turbosat.encodings.matrix import Matrix

# One thread block works through a row entry by entry, so a step takes as long as the longest row.
LONGEST_ROW = 1 << 14
MOST_LANES = 1 << 14
L2_SHARE = 0.5  # of the second-level cache for the lanes of a walk: each half serves its own processors
SPARE = 16  # one slot in so many is kept free
MEMORY_SHARE = 0.5  # of the free device memory that all lanes may take


def driver_missing() -> str | None:
    """Return why no NVIDIA device can be there, None if one may be.

    This takes microseconds, the import of torch 3 s.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in {"", "-1"}:
        return "CUDA_VISIBLE_DEVICES hides all devices"
    signs = "/proc/driver/nvidia/version", "/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg"
    if any(os.path.exists(sign) for sign in signs) or shutil.which("nvidia-smi"):
        return None
    return "no NVIDIA driver"


def unsuitable(matrix: Matrix) -> str | None:
    """Return why the kernels should not be used on a matrix, None if they may."""
    if not matrix.constraints:
        return "no clauses are left to search"
    longest = max(matrix.longest, int(matrix.degrees.max()))
    if longest > LONGEST_ROW:
        return f"a clause or variable has {longest} entries, more than {LONGEST_ROW}"
    if matrix.entries >= 2**31:
        return "more than 2^31 literals"
    return None


def missing(matrix: Matrix) -> str | None:
    """Return why CUDA cannot be used for a matrix, None if it can."""
    reason = driver_missing() or unsuitable(matrix)
    if reason is None:
        for name in ("torch", "triton"):
            if importlib.util.find_spec(name) is None:
                return f"{name} is not installed"
        import torch

        if not torch.cuda.is_available():
            return "torch sees no CUDA device"
        if torch.cuda.get_device_capability() < (7, 5):
            return "the device is older than compute capability 7.5"
    return reason


def suitable_lanes(cache: int, memory: int, walk_bytes: int, weighted_bytes: int) -> int:
    """Return how many lanes suit a device with `cache` bytes of L2 and `memory` bytes free.

    A lane takes `walk_bytes` while it walks. More lanes make more flips a second, each of them fewer; a
    solution takes depth, so there are as many as the cache serves fast, with the slots that are kept free. In
    weighted descent a lane takes `weighted_bytes`, and half of all lanes may come to that. At least about 256
    slots: a row of fewer words than a memory sector wastes the rest of it. A multiple of 512 makes rows start
    on 64 bytes.
    """
    best = int(cache * L2_SHARE) // walk_bytes
    most = int(memory * MEMORY_SHARE) // (walk_bytes + weighted_bytes // 2)
    slots = max(min(256, most), min(best, most, MOST_LANES))
    slots = slots // 32 * 32 if slots < 512 else slots // 512 * 512
    return max(32, slots * SPARE // (SPARE + 1) // 32 * 32)
