"""Compile kernels with numba: released from the interpreter's lock, cached on disk where that is possible."""

from collections.abc import Callable
from typing import Any

import numba

# nogil lets lanes run in threads. Without numba's reference counts (_nrt), which it would keep for each array
# of each tuple at each call, the weighted rule is ten times faster; such kernels allocate nothing.
_ALLOCATING: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_PLAIN: dict[str, Any] = {**_ALLOCATING, "_nrt": False}
inline = numba.njit(forceinline=True, **_PLAIN)


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that allocates nothing at its first call; the next process finds it in a cache."""
    return _cached(function, _PLAIN)


def jit_allocating(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that may make arrays."""
    return _cached(function, _ALLOCATING)


def _cached(function: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    """Compile; a file's cache is renewed when that file changes, not when constants it imports do."""
    try:
        compiled: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no folder to write to
        compiled = numba.njit(**options)(function)
    return compiled
