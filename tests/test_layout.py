"""The rules of the layout: parts live under turbosat, and nowhere else."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("gpu", "cdcl", "encodings", "benchmarks")


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


def test_every_folder_with_modules_is_in_the_package_table() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for part in ("turbosat", *PARTS)
        for path in (ROOT / part).rglob("*.py")
        if not any(above.is_symlink() for above in path.parents)
    }
    assert set(table["package-dir"].values()) == folders | {"encodings"}
    assert set(table["packages"]) == set(table["package-dir"])


@pytest.mark.parametrize("part", PARTS)
def test_link_points_to_the_part(part: str) -> None:
    link = ROOT / "turbosat" / part
    assert link.is_symlink()
    assert link.resolve() == ROOT / part


def test_no_file_is_much_longer_than_400_lines() -> None:
    folders = ("turbosat", *PARTS, "tests")
    long = {
        path.relative_to(ROOT).as_posix(): count
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 450
    }
    assert not long
