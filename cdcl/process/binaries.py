"""Where the engines' programs are: Kissat's binary, and a Python interpreter."""

from __future__ import annotations

import os
import sys

from turbosat.errors import EngineError

PYTHONS = "python", "pypy"  # how the names of interpreters begin
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


def find_python(name: str) -> str:
    """Return the path of an interpreter like this one, for a child process of an engine, `name`.

    Raises EngineError when there is none. The executable of a frozen program, or of one that embeds Python,
    would only start that once more.
    """
    if getattr(sys, "frozen", False):
        raise EngineError(f"{name} needs a Python interpreter of its own, and this program is frozen")
    installed = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (sys.executable, os.path.join(sys.exec_prefix, "bin", installed)):
        if os.path.basename(path or "").lower().startswith(PYTHONS) and os.path.isfile(path):
            return path
    raise EngineError(f"{name} needs a Python interpreter of its own, and {sys.executable!r} is none")


def _wheel_folders() -> list[str]:
    """Return where passagemath-kissat would keep its programs.

    Its package is a bare folder: looking along sys.path costs microseconds, importlib.metadata 30 ms.
    """
    return [os.path.join(entry, "sage_wheels", "bin") for entry in sys.path if entry]


def _executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
