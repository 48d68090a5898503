"""What this installation can use: every engine and device found, and why one is missing."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata, util

from turbosat.errors import TurbosatError
from turbosat.system import available_cores
from turbosat.version import __version__

Finding = tuple[bool, str]


def diagnose() -> tuple[str, bool]:
    """Return a report, a line a finding, and whether all that a run needs is there."""
    lines, healthy = [f"turbosat {__version__}, Python {platform.python_version()}, {sys.platform}"], True
    for name, needed, look in LOOKS:
        try:
            found, text = look()
        except (TurbosatError, OSError, ImportError, subprocess.SubprocessError) as error:
            found, text = False, f"{error}"
        healthy &= found or not needed
        lines.append(f"{'ok     ' if found else 'MISSING' if needed else 'no     '} {name}: {text}")
    return "\n".join(lines), healthy


def _cores() -> Finding:
    return True, f"{available_cores()} usable cores"


def _kissat() -> Finding:
    from turbosat.cdcl.process.binaries import find_kissat

    path = find_kissat()
    command = [path, "--version"]
    version = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    return True, f"{version.strip()} at {path}"


def _cadical() -> Finding:
    from pysat.solvers import Cadical300

    with Cadical300(bootstrap_with=[[1, 2], [-1]]) as solver:
        works = solver.solve() is True
    return works, f"3.0.0 through python-sat {metadata.version('python-sat')}"


def _methods() -> Finding:
    from turbosat.solver import native

    return native.methods() is not None, native.describe()


def _core() -> Finding:
    from turbosat.core.library import library

    core = library()
    return True, f"kernels for the instructions of level {core.level} in {core.path}"


def _checker() -> Finding:
    from turbosat.check import border, kernels
    from turbosat.check.library import load

    return True, f"kernels of turbosat-check in {load(border.text(kernels))._name}"


def _package(name: str, use: str) -> Callable[[], Finding]:
    def look() -> Finding:
        if util.find_spec(name) is None:
            return False, f"the package {name} is not installed ({use})"
        return True, f"{metadata.version(name)} ({use})"

    return look


def _zstd() -> Finding:
    if sys.version_info >= (3, 14):
        return True, "in the standard library (.zst files)"
    return _package("zstandard", ".zst files")()


def _cuda() -> Finding:
    import torch

    if not torch.cuda.is_available():
        return False, f"torch {torch.__version__} finds no CUDA device"
    names = ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))
    return True, f"{names} (torch {torch.__version__})"


LOOKS: tuple[tuple[str, bool, Callable[[], Finding]], ...] = (
    ("cpu", True, _cores),
    ("kissat", True, _kissat),
    ("cadical", True, _cadical),
    ("core", True, _core),
    ("solver", False, _methods),
    ("checker", True, _checker),
    ("highs", False, _package("highspy", "linear programs of counting")),
    ("ray", False, _package("ray", "the pool of lanes")),
    ("zstd", False, _zstd),
    ("cuda", False, _cuda),
)
