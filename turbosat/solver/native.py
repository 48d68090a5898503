"""CaDiCaL's own methods for the kernels: looked up (turbosat.cdcl.engines.cadical_methods) and tried.

Where a method is missing, or the trial fails, turbosat.solver goes on in slices of conflicts through
python-sat.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines import cadical_methods
from turbosat.cdcl.engines.cadical_methods import COUNTS, pysolvers, solver_address
from turbosat.core import cadical as kernels
from turbosat.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Methods", "describe", "methods", "pysolvers"]

# What the kernels call, by its number there, with the types of its arguments.
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


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods that were found. `addresses` int64 (METHODS,) are for the kernels."""

    addresses: NDArray[np.int64]
    terminate: Any
    counts: dict[str, Any]
    destructor: Any
    release: Any  # operator delete

    def address(self, capsule: object) -> int:
        """Return where the solver of a capsule lies."""
        return solver_address(capsule)

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

    addresses = np.zeros(kernels.METHODS, np.int64)
    for number, name in _CALLED.items():
        addresses[number] = cadical_methods.location(cadical_methods.method(name, None))
    return Methods(
        addresses,
        terminate=cadical_methods.method("9terminateEv", None),
        counts={name: cadical_methods.count(name) for name in COUNTS},
        destructor=cadical_methods.method("D1Ev", None),
        release=cadical_methods.function("_ZdlPv", None, ctypes.c_void_p),
    )


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
