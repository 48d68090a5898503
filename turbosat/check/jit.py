"""Compile a function with numba, cached on disk where that is possible.

numba compiles the constants of other modules into a kernel, but renews a kernel's cache only when its own
file changes. Here a digest of all modules that kernels are made from is part of the names of the cache's
files.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import njit
from numba.core.caching import CompileResultCacheImpl, FunctionCache

F = TypeVar("F", bound=Callable[..., object])

# Everything that is compiled into a kernel: the modules with kernels, and those they take constants from.
MODULES: Final = ("jit.py", "drat/index.py", "drat/kernels.py", "drat/state.py", "reading/scan.py")


def _digest() -> str | None:
    """Return the digest of what kernels are made from; None where there are no files to read."""
    digest = hashlib.sha256()
    try:
        for name in MODULES:
            digest.update(hashlib.sha256(Path(__file__).parent.joinpath(name).read_bytes()).digest())
    except OSError:
        return None
    return digest.hexdigest()[:16]


_DIGEST = _digest()


class _Names(CompileResultCacheImpl):
    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        return f"{super().get_filename_base(fullname, abiflags)}-{_DIGEST}"


class _Cache(FunctionCache):
    """numba's cache of a kernel. It only saves time: that it cannot be read or written is no error."""

    _impl_class = _Names

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel, None where it has to be compiled."""
        try:
            found = super().load_overload(sig, target_context)
        except Exception:  # whatever a damaged file may raise when it is unpickled
            with suppress(OSError):
                self.flush()
            return None
        # Processes that save at the same time can get a file's name for two signatures.
        return found if found is not None and found.signature.args == sig else None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save a compiled kernel."""
        with suppress(OSError):
            super().save_overload(sig, data)


def kernel(function: F) -> F:
    """Decorate a function of arrays and integers; the first call compiles it, later programs load it."""
    compiled: Any = njit(error_model="numpy")(function)
    if _DIGEST is not None:
        with suppress(RuntimeError, OSError):  # numba found no folder to write to
            compiled._cache = _Cache(function)
    return cast(F, compiled)
