"""What a build of the core is made from, and how builds are named: read by the tool and by the loader."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = (
    "turbosat/core",
    "turbosat/solver",
    "turbosat/verify",
    "gpu",
    "cdcl",
    "encodings",
)  # folders with the solver's C files
LIBRARIES = ("solver", "check")
BUILDS = {"solver": HERE / "lib", "check": HERE.parent / "check" / "lib"}
DECLARING = (
    "gradient",
    "galois",
    "sweep",
    "clauses",
    "xor",
    "gates",
    "gf2",
    "support",
    "cadical",
    "circuits/circuit",
    "circuits/cones",
    "circuits/definitions",
    "circuits/sweeping",
)  # modules of this folder and below
LEVELS = {  # of a processor's instructions, lowest first: the name, and what compilers call it
    "x86_64": {"v2": "x86-64-v2", "v3": "x86-64-v3", "v4": "x86-64-v4"},
    "aarch64": {"v8": "armv8-a"},
}


def levels(machine: str | None = None, library: str = "solver") -> dict[str, str]:
    """Return the levels that are built for a kind of machine, this one unless it is given.

    The checker gains nothing from higher ones: its only build is called by the machine.
    """
    machine = machine or os.uname().machine
    found = LEVELS.get(machine, {"base": ""})
    return found if library == "solver" else {machine: next(iter(found.values()))}


def sources(library: str) -> list[Path]:
    """Return the C files of a library, sorted."""
    if library == "check":  # which says itself what it is made from
        from turbosat.check import library as checker

        return checker.sources()
    found: list[Path] = []
    for part in PARTS:
        for folder, below, names in os.walk(ROOT / part):
            below[:] = [each for each in below if each not in ("lib", "__pycache__")]
            found += [Path(folder, name) for name in names if name.endswith((".c", ".h"))]
    return sorted(found)


def digest(library: str) -> str:
    """Return what stands for all that a build is made from."""
    if library == "check":
        from turbosat.check import library as checker

        return checker.digest()
    declaring = [HERE / f"{name}.py" for name in ("border", "declare", *DECLARING, "build", "toolchain")]
    hashed = hashlib.sha256()
    for path in (*sources(library), *declaring):
        hashed.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:16]


def declared() -> str:
    """Return what stands for the declarations: a build is for these, and of no use to others."""
    hashed = hashlib.sha256()
    for name in ("border", "declare", *DECLARING):
        hashed.update(name.encode() + b"\0" + (HERE / f"{name}.py").read_bytes() + b"\0")
    return hashed.hexdigest()[:16]


def present(library: str, folder: Path, machine: str | None = None) -> list[tuple[Path, str]] | None:
    """Return the builds of the sources as they are and their levels, lowest first; None unless all exist."""
    name = digest(library)
    found = [(folder / f"{library}-{name}-{level}.so", level) for level in levels(machine, library)]
    return found if all(path.exists() for path, _ in found) else None
