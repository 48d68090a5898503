"""CaDiCaL's own methods in python-sat's library, by their names there, called without the interpreter's lock.

python-sat holds the lock while it searches and cannot be interrupted. Its extension module exports the C++
methods, though, and hands out the solver as a capsule.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from turbosat.errors import EngineError

_PREFIX = "_ZN10CaDiCaL3006Solver"  # mangled as the C++ ABI of Linux has it
_CONST_PREFIX = "_ZNK10CaDiCaL3006Solver"
COUNTS = ("conflicts", "decisions", "propagations", "restarts")


def pysolvers() -> Any:
    """Return python-sat's extension module. EngineError where there is none."""
    try:
        import pysolvers as module
    except ImportError as error:
        raise EngineError(f"python-sat cannot be loaded: {error}") from None
    if not hasattr(module, "cadical300_new"):
        raise EngineError("python-sat is too old: it has no CaDiCaL 3.0.0")
    return module


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(pysolvers().__file__)


def function(symbol: str, result: Any, *arguments: Any) -> Any:
    """Return a function. AttributeError where it is missing, OSError, EngineError without the library."""
    found = _library()[symbol]
    found.argtypes, found.restype = arguments, result
    return found


def method(name: str, result: Any, *arguments: Any) -> Any:
    """Return a method by its name and the mangled types of its arguments; it takes a solver's address first.

    Raises as `function` does.
    """
    return function(_PREFIX + name, result, ctypes.c_void_p, *arguments)


def count(name: str) -> Any:
    """Return the method of that name that counts something. Raises as `function` does."""
    return function(f"{_CONST_PREFIX}{len(name)}{name}Ev", ctypes.c_int64, ctypes.c_void_p)


def statistic() -> Any:
    """Return the method that tells a figure by its name, even while the solver searches; as `function`."""
    symbol = f"{_CONST_PREFIX}19get_statistic_valueEPKc"
    return function(symbol, ctypes.c_int64, ctypes.c_void_p, ctypes.c_char_p)


def location(found: Any) -> int:
    """Return where a function lies."""
    return ctypes.cast(found, ctypes.c_void_p).value or 0


def solver_address(capsule: object) -> int:
    """Return where the solver of a capsule lies."""
    pointer = ctypes.pythonapi["PyCapsule_GetPointer"]
    pointer.argtypes, pointer.restype = (ctypes.py_object, ctypes.c_char_p), ctypes.c_void_p
    return int(pointer(capsule, None))
