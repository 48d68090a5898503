"""Which build of the core this process uses: found beside this file, built where sources lie, loaded once.

An installation holds builds for several levels of the processor's instructions; the best that this one has is
taken. A checkout builds its own when there is none for the sources as they are: their digest is in its name,
so that no build is ever used that does not belong to them.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from turbosat.core.sources import declared, present
from turbosat.errors import EngineError

HERE = Path(__file__).resolve().parent
BUILDS = HERE / "lib"
OVERRIDE = "TURBOSAT_CORE"  # the path of a library to be used instead
LEVEL = "TURBOSAT_CORE_LEVEL"  # the highest level to be used

LOOK = 0.05  # seconds between two looks at whether a build may go on

_loaded: Library | None = None
_loading = threading.Lock()


class Library:
    """A loaded build. `level` says for which instructions; `path` where it lies."""

    def __init__(self, path: Path, level: str) -> None:
        self.path, self.level = path, level
        try:
            self._handle = ctypes.CDLL(os.fspath(path))
            theirs = self._handle.core_declared
        except (OSError, AttributeError) as error:
            raise EngineError(f"the compiled core cannot be loaded: {error}") from None
        theirs.restype = ctypes.c_char_p
        if theirs() != declared().encode():
            raise EngineError(f"{path} does not belong to this turbosat: {_advice()}")

    def __getitem__(self, name: str) -> Any:
        try:
            return self._handle[name]
        except AttributeError:
            raise EngineError(
                f"{self.path} has no kernel {name}: it does not belong to this turbosat"
            ) from None


def library(check: Callable[[], None] = lambda: None) -> Library:
    """Return the core, loaded at the first call. Raises EngineError where there is none and none is built.

    A build takes some ten seconds: `check` is called meanwhile, and may raise to stop it.
    """
    global _loaded
    if _loaded is None:
        with _loading:
            if _loaded is None:
                _loaded = _load(check)
    return _loaded


def built() -> Path | None:
    """Return where the core lies, None where there is none yet or none that fits: this builds nothing."""
    if _loaded is None and not os.environ.get(OVERRIDE) and not _present():
        return None
    try:
        return library().path
    except EngineError:
        return None


def _load(check: Callable[[], None]) -> Library:
    override = os.environ.get(OVERRIDE)
    if override:
        return Library(Path(override), "chosen")
    builds = _builds(check)
    if not builds:
        raise EngineError(f"the compiled core is missing: {_advice()}")
    lowest = Library(*builds[0])
    asked = os.environ.get(LEVEL)
    names = [name for _, name in builds]
    most = names.index(asked) if asked in names else len(names) - 1
    best = min(most, int(lowest["core_level"]()))
    return lowest if best == 0 else Library(*builds[best])


def _builds(check: Callable[[], None]) -> list[tuple[Path, str]]:
    """Return the builds there are with their levels, lowest first; made now in a checkout without one."""
    found = _present()
    if found is None:
        _build(HERE / "build.py", check)
        found = _present()
    return found or []


def _present() -> list[tuple[Path, str]] | None:
    """Return the builds there are with their levels, lowest first; None where they are yet to be made."""
    if not (HERE / "core.c").exists():  # an installation: no sources, no tool
        return sorted(((path, path.stem.rpartition("-")[2]) for path in BUILDS.glob("solver-*")), key=str)
    return present("solver", BUILDS)


def _build(tool: Path, check: Callable[[], None]) -> None:
    """Run the tool; it ends with us, whatever ends us. `check` may raise to stop."""
    command = [sys.executable, "-P", os.fspath(tool), "solver", "--missing", f"--parent={os.getpid()}"]
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
            )
        except OSError as error:
            raise EngineError(f"the core cannot be built: {error.strerror or error}") from None
        try:
            while True:
                check()
                try:
                    code = process.wait(LOOK)
                    break
                except subprocess.TimeoutExpired:
                    pass
        except BaseException:
            process.terminate()  # it ends its compilers, and takes away what is half made
            process.wait()
            raise
        if code:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise EngineError(f"the core cannot be built: {last or f'exit code {code}'}")


def _advice() -> str:
    return "reinstall turbosat (pip install --force-reinstall turbosat)"
