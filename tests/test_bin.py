"""The scripts of bin/: whatever they are called through, and whatever lies in the current folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from turbosat.check.cli import main as check

PIGEONS = ROOT / "examples" / "pigeons-8.cnf"
TRAP = "import pathlib; pathlib.Path({!r}).touch(); raise SystemExit(3)\n"


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Return a folder with modules that must not be imported: they would leave a mark beside it."""
    folder = tmp_path / "trap"
    folder.mkdir()
    for name in ("numpy", "signal", "typer", "turbosat", "sitecustomize", "ruff", "mypy", "pytest"):
        (folder / name).mkdir()
        for path in (folder / f"{name}.py", folder / name / "__init__.py", folder / name / "__main__.py"):
            path.write_text(TRAP.format(str(tmp_path / "sprung")))
    return folder


def run(command: list[str | Path], folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {**os.environ, "PYTHON": sys.executable, "PATH": path, "CDPATH": ".:/", **environment}
    given.pop("PYTHONPATH", None)
    words = list(map(str, command))
    return subprocess.run(
        words, cwd=folder, env=given, capture_output=True, text=True, check=False, timeout=120
    )


def linked(folder: Path, script: str) -> list[list[str | Path]]:
    """Return ways to call a script: itself, by a relative path, through links of all kinds, by a shell."""
    target = ROOT / "bin" / script
    away = folder / "a way\n"
    away.mkdir()
    (folder / "absolute").symlink_to(target)
    (away / "relative").symlink_to(os.path.relpath(target, away.resolve()))
    (folder / "-chain\n").symlink_to("a way\n/relative")
    (folder / "folder").symlink_to(ROOT / "bin")
    return [
        [target],
        [os.path.relpath(target, folder)],
        ["./absolute"],
        ["a way\n/relative"],
        ["./-chain\n"],
        [Path("folder") / script],
        ["sh", target],
        ["sh", "absolute"],
    ]


def test_turbosat_imports_nothing_from_here(trap: Path) -> None:
    for command in linked(trap, "turbosat"):
        done = run([*command, "-q", PIGEONS], trap)
        assert (done.returncode, done.stdout, done.stderr) == (20, "s UNSATISFIABLE\n", ""), command
    assert not (trap.parent / "sprung").exists()


def test_competition_entry_point_imports_nothing_from_here(trap: Path) -> None:
    (trap / "-f.cnf").write_bytes(PIGEONS.read_bytes())
    for number, command in enumerate(linked(trap, "run.sh")):
        folder = trap / f"-proofs {number}"
        folder.mkdir()
        done = run([*command, "-f.cnf", folder.name], trap)
        assert (done.returncode, done.stderr) == (20, ""), command
        assert check([str(PIGEONS), str(folder / "proof.out")]) == 0
    assert not (trap.parent / "sprung").exists()


def test_a_checkout_of_an_odd_name(tmp_path: Path) -> None:
    root = tmp_path / "a:b\nc"
    root.mkdir()
    for name in ("bin", "turbosat", "cdcl", "encodings", "gpu", "benchmarks"):
        (root / name).symlink_to(ROOT / name)
    (root / "bin").unlink()
    (root / "bin").mkdir()
    (root / "bin" / "turbosat").write_bytes((ROOT / "bin" / "turbosat").read_bytes())
    done = run(["sh", root / "bin" / "turbosat", "-q", "-v", "--version"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    done = run(["sh", root / "bin" / "turbosat", "-q", PIGEONS], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (20, "s UNSATISFIABLE\n", "")


def test_check_imports_nothing_from_here(trap: Path) -> None:
    """Only how it begins: with programs of the same names that say where they are."""
    programs = trap.parent / "programs"
    programs.mkdir()
    (programs / "python3").write_text('#!/bin/sh\necho "$PWD" "$@"\n')
    (programs / "python3").chmod(0o755)
    for command in linked(trap, "check"):
        done = run([*command, "-k", "x"], trap, PATH=f"{programs}:/usr/bin:/bin")
        lines = done.stdout.splitlines()
        assert done.stderr == ""
        assert len(lines) == 4
        assert all(line.startswith(f"{ROOT.resolve()} -P -m ") for line in lines)
        assert lines[-1].endswith("-m pytest -k x")
