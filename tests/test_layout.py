"""The rules of the layout: which folder may import which, how large files are, where parts live."""

import importlib
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import breaches, circles, imports, modules

ROOT = Path(__file__).parents[1]
PARTS = ("gpu", "cdcl", "encodings", "benchmarks")
CODE = (".py", ".c", ".h")

# Files that are not on the floor of their folder: the faces, and what the checker rests on.
GROUPS = {
    "turbosat/__init__.py": "api",
    "turbosat/api.py": "api",
    "turbosat/pysat.py": "api",
    "turbosat/pycosat.py": "api",
    "turbosat/circuit.py": "api",
    "turbosat/__main__.py": "turbosat/cli",
    **{
        f"turbosat/check/{name}.py": "check_base"
        for name in ("border", "clock", "errors", "kernels", "library", "verdict")
    },
}
# Which folder may import which; from the ground up, and never from above.
TABLE = {
    "turbosat": "",  # errors, results, limits: what everybody needs
    "turbosat/dimacs": "turbosat",
    "turbosat/formula": "turbosat turbosat/dimacs",
    "turbosat/core": "turbosat check_base",
    "turbosat/core/circuits": "turbosat/core",
    "encodings": "turbosat turbosat/formula turbosat/core",
    "encodings/gates": "turbosat turbosat/formula turbosat/core encodings",
    "encodings/symmetries": "turbosat turbosat/formula turbosat/core encodings",
    "encodings/xor": "turbosat turbosat/formula turbosat/core encodings encodings/gates",
    "encodings/circuit": (
        "turbosat turbosat/dimacs turbosat/formula turbosat/core turbosat/core/circuits encodings "
        "encodings/gates encodings/xor"
    ),
    "encodings/adders": "turbosat turbosat/formula turbosat/core encodings encodings/gates",
    "encodings/gf2": "turbosat turbosat/formula turbosat/core encodings encodings/xor",
    "encodings/support": "turbosat turbosat/formula turbosat/core encodings encodings/xor encodings/gf2",
    "gpu": "turbosat turbosat/formula turbosat/core encodings",
    "gpu/cuda": "turbosat turbosat/formula turbosat/core encodings gpu",
    "gpu/gradient": "turbosat turbosat/formula turbosat/core encodings gpu gpu/cuda",
    "gpu/galois": "turbosat turbosat/formula turbosat/core encodings gpu gpu/cuda",
    "gpu/sweep": "turbosat turbosat/formula turbosat/core encodings/support gpu gpu/cuda",
    "cdcl/process": "turbosat",
    "turbosat/proof": "turbosat turbosat/dimacs turbosat/formula cdcl/process",
    "cdcl/engines": "turbosat turbosat/dimacs turbosat/formula turbosat/proof cdcl/process gpu",
    "cdcl/sweeping": (
        "turbosat turbosat/formula turbosat/core turbosat/core/circuits turbosat/proof encodings "
        "encodings/circuit"
    ),
    "turbosat/lanes": (
        "turbosat turbosat/formula turbosat/proof cdcl/process cdcl/engines cdcl/sweeping encodings "
        "encodings/adders encodings/xor encodings/gf2 encodings/support encodings/symmetries "
        "encodings/circuit gpu gpu/sweep"
    ),
    "cdcl/lanes": "turbosat turbosat/formula turbosat/proof cdcl/process cdcl/engines gpu",
    "cdcl/pool": (
        "turbosat turbosat/core turbosat/formula turbosat/lanes cdcl/process cdcl/engines cdcl/lanes gpu"
    ),
    "turbosat/run": (
        "turbosat turbosat/dimacs turbosat/formula turbosat/core turbosat/proof turbosat/lanes cdcl/process "
        "cdcl/engines cdcl/lanes cdcl/pool cdcl/sweeping encodings/xor encodings/gf2 encodings/support "
        "encodings/circuit gpu gpu/cuda gpu/galois gpu/sweep"
    ),
    # Solver, which asks CaDiCaL in this process, and the run above where that takes long.
    "turbosat/solver": "turbosat turbosat/formula turbosat/core cdcl/engines turbosat/run",
    # Questions about circuits, asked of the solver.
    "turbosat/verify": (
        "turbosat turbosat/formula turbosat/core turbosat/core/circuits turbosat/run turbosat/solver "
        "cdcl/sweeping encodings encodings/circuit"
    ),
    "turbosat/verify/prove": (
        "turbosat turbosat/core turbosat/core/circuits turbosat/solver cdcl/process encodings "
        "encodings/circuit turbosat/verify"
    ),
    "api": (
        "turbosat turbosat/formula turbosat/run turbosat/solver encodings/circuit turbosat/verify "
        "turbosat/verify/prove"
    ),
    # The checker shares nothing with the solver, not even its core; the tool that builds both knows both.
    "check_base": "",
    "turbosat/check/reading": "check_base",
    "turbosat/check/drat": "check_base turbosat/check/reading",
    "turbosat/check": "check_base turbosat/check/reading turbosat/check/drat",
    "turbosat/cli": (
        "turbosat turbosat/dimacs turbosat/proof turbosat/core turbosat/run turbosat/solver turbosat/check "
        "api check_base cdcl/process"
    ),
    "turbosat/verify/cli": (
        "turbosat turbosat/dimacs turbosat/proof encodings/circuit turbosat/verify turbosat/verify/prove "
        "turbosat/cli"
    ),
    # The harness measures turbosat from outside; what measures its parts lies in its root.
    "benchmarks": (
        "turbosat turbosat/dimacs turbosat/formula turbosat/run turbosat/solver cdcl/process cdcl/engines "
        "cdcl/lanes encodings gpu gpu/cuda"
    ),
    "benchmarks/families": "turbosat turbosat/formula",
    "benchmarks/suites": (
        "turbosat turbosat/formula cdcl/process encodings/gates encodings/xor benchmarks benchmarks/families"
    ),
    # What a device is worth.
    "benchmarks/studies": (
        "turbosat turbosat/formula encodings encodings/support gpu gpu/cuda gpu/gradient gpu/sweep "
        "benchmarks benchmarks/families"
    ),
    "benchmarks/report": "turbosat benchmarks",
    "benchmarks/run": (
        "turbosat turbosat/dimacs turbosat/formula turbosat/check cdcl/process cdcl/pool benchmarks "
        "benchmarks/suites"
    ),
    "benchmarks/commands": (
        "turbosat turbosat/formula turbosat/cli turbosat/check encodings gpu benchmarks "
        "benchmarks/families benchmarks/suites benchmarks/report benchmarks/run"
    ),
}


@pytest.mark.parametrize("part", PARTS)
def test_part_lives_under_turbosat(part: str) -> None:
    spec = importlib.import_module(f"turbosat.{part}").__spec__
    assert spec is not None
    assert spec.name == f"turbosat.{part}"


@pytest.mark.parametrize("part", ["gpu", "cdcl", "benchmarks"])
def test_part_is_not_a_top_level_package(part: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", f"import {part}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert f"import turbosat.{part}, not {part}" in run.stderr


def test_interpreter_starts_with_the_repository_on_the_path() -> None:
    subprocess.run([sys.executable, "-c", ""], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)


def test_encodings_is_no_regular_package() -> None:
    assert not (ROOT / "encodings" / "__init__.py").exists()


@pytest.mark.parametrize("part", PARTS)
def test_link_points_to_the_part(part: str) -> None:
    link = ROOT / "turbosat" / part
    assert link.is_symlink()
    assert link.resolve() == ROOT / part


def test_no_folder_imports_from_above() -> None:
    assert breaches(imports(ROOT), TABLE, GROUPS) == []


def test_no_files_import_each_other() -> None:
    assert circles(imports(ROOT)) == []


def test_the_table_has_no_circle_and_nothing_that_is_not_there() -> None:
    left = {folder: set(below.split()) for folder, below in TABLE.items()}
    known = {GROUPS.get(file, file.rpartition("/")[0]) for file in modules(ROOT).values()}
    assert known == set(TABLE) | {"cdcl"}
    while left:
        ground = [folder for folder, below in left.items() if not below & set(left)]
        assert ground, f"in a circle: {', '.join(left)}"
        for folder in ground:
            del left[folder]


def planted(root: Path, **texts: str) -> Path:
    """Write a small tree of modules: names with `__` for the folders."""
    for name, text in texts.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_planted_breach_is_found(tmp_path: Path) -> None:
    late = "def f():\n    from turbosat.run.pipeline import Run\n"
    root = planted(tmp_path, turbosat__run__pipeline="", turbosat__formula__xors="", encodings__matrix=late)
    (found,) = breaches(imports(root), TABLE, GROUPS)
    assert found.startswith("encodings/matrix.py:2: encodings may not import turbosat/run")


@pytest.mark.parametrize(
    "text", ["from turbosat.formula import rows", "if TYPE_CHECKING:\n    import turbosat.formula.rows"]
)
def test_a_planted_circle_is_found(tmp_path: Path, text: str) -> None:
    root = planted(
        tmp_path,
        turbosat__formula__rows="from turbosat.formula.xors import Xors",
        turbosat__formula__xors="import turbosat.formula.files",
        turbosat__formula__files=text,
    )
    assert [line.partition(":")[0] for line in circles(imports(root))] == [
        "turbosat/formula/files.py",
        "turbosat/formula/rows.py",
        "turbosat/formula/xors.py",
    ]


def code() -> dict[str, int]:
    """Return all files of code, of tests too, with their lines."""
    folders = ("turbosat", *PARTS, "tests")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in CODE)
    return {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in found}


def test_folders_and_files_have_a_size_to_read() -> None:
    lines = code()
    assert {file: count for file, count in lines.items() if count > 450} == {}
    own = {file: count for file, count in lines.items() if not file.startswith("tests/")}
    written = [count for file, count in own.items() if not file.endswith("__init__.py")]
    assert statistics.median(written) >= 130
    folders: dict[str, int] = {}
    for file in modules(ROOT).values():
        folder = file.rpartition("/")[0]
        folders[folder] = folders.get(folder, 0) + 1
    assert max(folders.values()) <= 16, folders
    assert statistics.median(folders.values()) <= 10
    assert 25 <= len(folders) <= 44
