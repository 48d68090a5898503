"""Compile kernels with numba: released from the interpreter's lock, cached on disk where that is possible.

numba compiles the constants of other modules into a kernel, but renews a kernel's cache only when its own
file changes. Here a digest of all modules that kernels are made from is part of the names of the cache's
files.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache

# nogil lets lanes run in threads. Without numba's reference counts (_nrt), which it would keep for each array
# of each tuple at each call, the weighted rule is ten times faster; such kernels allocate nothing.
_ALLOCATING: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_PLAIN: dict[str, Any] = {**_ALLOCATING, "_nrt": False}
inline = numba.njit(forceinline=True, **_PLAIN)

# Everything that is compiled into a kernel: the modules with kernels, and those they take constants from.
MODULES: Final = (
    "jit.py", "gpu/kernels*.py", "gpu/draws.py", "gpu/kernel_network.py", "gpu/rules.py", "gpu/simd.py",
    "gpu/sync.py", "encodings/kernels*.py", "encodings/closure_state.py", "encodings/program.py",
)  # fmt: skip


def _digest() -> str | None:
    """Return the digest of what kernels are made from; None where there are no files to read."""
    digest = hashlib.sha256()
    for pattern in MODULES:
        files = sorted(Path(__file__).parent.glob(pattern))
        if not files:
            return None
        for file in files:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
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


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that allocates nothing at its first call; the next process finds it in a cache."""
    return _cached(function, _PLAIN)


def jit_allocating(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that may make arrays."""
    return _cached(function, _ALLOCATING)


def _cached(function: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    compiled: Any = numba.njit(**options)(function)
    if _DIGEST is not None:
        with suppress(RuntimeError, OSError):  # numba found no folder to write to
            compiled._cache = _Cache(function)
    kernel: Callable[..., Any] = compiled
    return kernel
