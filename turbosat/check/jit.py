"""Compile a function with numba, cached on disk where that is possible."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Decorate a function of arrays and integers; the first call compiles it, later programs load it.

    A file's cache is renewed when that file changes, not when a file it calls does: a kernel lives in
    one file with the kernels it calls.
    """
    try:
        return cast(F, njit(cache=True, error_model="numpy")(function))
    except RuntimeError:  # numba found no folder it may write its cache to
        return cast(F, njit(error_model="numpy")(function))
