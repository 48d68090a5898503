"""Where the engines' programs are: Kissat's binary."""

from __future__ import annotations

import os
import sys

from turbosat.errors import EngineError

OVERRIDE = "TURBOSAT_KISSAT"


def find_kissat() -> str:
    """Return the path of Kissat: $TURBOSAT_KISSAT, else the wheel's, else the one on PATH.

    Raises EngineError when there is none.
    """
    override = os.environ.get(OVERRIDE)
    if override:
        if _executable(override):
            return override
        raise EngineError(f"{OVERRIDE}={override} is not an executable file")
    for folder in (*_wheel_folders(), *os.get_exec_path()):
        candidate = os.path.join(folder, "kissat")
        if _executable(candidate):
            return candidate
    raise EngineError(f"kissat not found: pip install passagemath-kissat, put it on PATH, or set {OVERRIDE}")


def _wheel_folders() -> list[str]:
    """Return where passagemath-kissat would keep its programs.

    Its package is a bare folder: looking along sys.path costs microseconds, importlib.metadata 30 ms.
    """
    return [os.path.join(entry, "sage_wheels", "bin") for entry in sys.path if entry]


def _executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
