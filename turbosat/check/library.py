"""The compiled kernels: found beside the checker, built where its sources lie, and never those of others.

In a checkout, the name of a build holds the digest of all that it is made from. Everywhere, a library holds
the text of the declarations that it was built from, and is refused if these are others than those of today.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from turbosat.check.errors import CoreError

CHECK = Path(__file__).resolve().parent
BUILDS = CHECK / "lib"
TOOL = CHECK.parent / "core" / "build.py"  # a program: nothing of the solver is imported
OVERRIDE = "TURBOSAT_CHECK_CORE"  # the path of a library to be used instead
ADVICE = "reinstall turbosat (pip install --force-reinstall turbosat)"


def sources() -> list[Path]:
    """Return the C files, sorted; an installation has none."""
    return sorted(path for part in ("", "drat", "reading") for path in (CHECK / part).glob("*.[ch]"))


def digest() -> str:
    """Return what stands for all that a build is made from."""
    import hashlib

    hashed = hashlib.sha256()
    declaring = [CHECK / f"{name}.py" for name in ("border", "kernels")]
    for path in (*sources(), *declaring, TOOL):
        hashed.update(path.relative_to(CHECK.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:16]


def load(declared: str) -> ctypes.CDLL:
    """Return the library of these declarations; CoreError where there is none and none can be built."""
    path = os.environ.get(OVERRIDE) or os.fspath(_find())
    try:
        library = ctypes.CDLL(path)
        library.declared.restype = ctypes.c_char_p
        theirs = library.declared()
    except (OSError, AttributeError) as error:
        raise CoreError(f"the checker's kernels cannot be loaded: {error}") from error
    if theirs != declared.encode():
        raise CoreError(f"{path} does not belong to this turbosat-check: {ADVICE}")
    return library


def _find() -> Path:
    machine = os.uname().machine
    if not sources():
        found = sorted(BUILDS.glob(f"check-*-{machine}.so"))
        if len(found) == 1:
            return found[0]
        raise CoreError(f"there are {len(found)} builds of the checker's kernels, not one: {ADVICE}")
    path = BUILDS / f"check-{digest()}-{machine}.so"
    if not path.exists():
        _build()
    return path


def _build() -> None:
    # It ends with us: whoever ends us cannot know it.
    command = [sys.executable, "-P", os.fspath(TOOL), "check", "--missing", f"--parent={os.getpid()}"]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise CoreError(f"the checker's kernels cannot be built: {error.strerror}") from error
    if run.returncode:
        last = run.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise CoreError(f"the checker's kernels cannot be built: {last or 'no reason is given'}")
