"""CaDiCaL's own methods in python-sat's library, called without the interpreter's lock: looked up and tried.

python-sat's `solve` holds the lock and cannot be interrupted. Its extension module exports the C++ methods,
though, and hands out the solver as a capsule. Where a method is missing, or the trial fails, turbosat.solver
goes on in slices of conflicts through python-sat.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from turbosat.core import cadical as kernels
from turbosat.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PREFIX = "_ZN10CaDiCaL3006Solver"
_CONST_PREFIX = "_ZNK10CaDiCaL3006Solver"
# What the kernels call, by its number there; mangled as the C++ ABI of Linux has it.
_CALLED = {
    kernels.ADD: "3addEi",
    kernels.ASSUME: "6assumeEi",
    kernels.SOLVE: "5solveEv",
    kernels.VAL: "3valEib",
    kernels.FAILED: "6failedEi",
    kernels.LIMIT: "5limitEPKci",
    kernels.PHASE: "5phaseEi",
    kernels.UNPHASE: "7unphaseEi",
}


def pysolvers() -> Any:
    """Return python-sat's extension module. EngineError where there is none."""
    try:
        import pysolvers as module
    except ImportError as error:
        raise EngineError(f"python-sat cannot be loaded: {error}") from None
    if not hasattr(module, "cadical300_new"):
        raise EngineError("python-sat is too old: it has no CaDiCaL 3.0.0")
    return module


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods that were found. `addresses` int64 (METHODS,) are for the kernels."""

    addresses: NDArray[np.int64]
    terminate: Any
    counts: dict[str, Any]
    pointer: Any
    destructor: Any
    release: Any  # operator delete

    def address(self, capsule: object) -> int:
        """Return where the solver of a capsule lies."""
        return int(self.pointer(capsule, None))

    def destroy(self, address: int) -> None:
        """Free a solver, whose capsule may not be used any more: a large one takes seconds."""
        self.destructor(address)
        self.release(address)


@cache
def methods() -> Methods | None:
    """Return CaDiCaL's methods, found and tried at the first call; None where they cannot be used."""
    try:
        found = _look_up()
    except (AttributeError, OSError, EngineError):
        return None
    return found if _works(found) else None


def _look_up() -> Methods:
    """Return the methods. Raises AttributeError where one is missing."""
    import numpy as np

    library = ctypes.CDLL(pysolvers().__file__)
    addresses = np.zeros(kernels.METHODS, np.int64)
    for number, name in _CALLED.items():
        addresses[number] = ctypes.cast(library[_PREFIX + name], ctypes.c_void_p).value or 0
    terminate = library[f"{_PREFIX}9terminateEv"]
    terminate.argtypes, terminate.restype = (ctypes.c_void_p,), None
    counts = {}
    for name in ("conflicts", "decisions", "propagations", "restarts"):
        count = library[f"{_CONST_PREFIX}{len(name)}{name}Ev"]
        count.argtypes, count.restype = (ctypes.c_void_p,), ctypes.c_int64
        counts[name] = count
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.argtypes, pointer.restype = (ctypes.py_object, ctypes.c_char_p), ctypes.c_void_p
    destructor, release = library[f"{_PREFIX}D1Ev"], library["_ZdlPv"]
    for each in (destructor, release):
        each.argtypes, each.restype = (ctypes.c_void_p,), None
    return Methods(addresses, terminate, counts, pointer, destructor, release)


def _works(found: Methods) -> bool:
    """Whether a tiny formula is answered rightly both ways, with a model, a core, a limit and an end."""
    import numpy as np

    module = pysolvers()
    capsule = module.cadical300_new()
    module.cadical300_set(capsule, "factor", 0)  # else every variable must be declared first
    address = found.address(capsule)
    try:
        session = kernels.Session(
            methods=found.addresses,
            control=np.array([address, 2, 3, 6, 10, 10], np.int64),
            literals=np.array([1, 2, 0, -1, 3, 0], np.int32),
            assumptions=np.zeros(2, np.int32),
            failed=np.zeros(2, np.bool_),
            values=np.zeros(3, np.bool_),
            true_literals=np.zeros(7, np.bool_),
        )
        kernels.cadical_add(session, 0, 6)
        session.assumptions[:] = -2, 1
        if kernels.cadical_search(session) != kernels.SATISFIED:
            return False
        if session.values.tolist() != [True, False, True]:
            return False
        session.assumptions[:] = -2, -3
        if kernels.cadical_search(session) != kernels.REFUTED:
            return False
        if not session.failed.all():
            return False
        found.terminate(address)
        counts = [count(address) for count in found.counts.values()]
        return all(0 <= count < 100 for count in counts)
    finally:
        found.destroy(address)


def describe() -> str:
    """Say which way queries go."""
    if methods() is not None:
        return "CaDiCaL is called without the interpreter's lock, and can be interrupted"
    return "CaDiCaL is called in slices of conflicts through python-sat, which holds the interpreter's lock"
