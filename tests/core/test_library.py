"""Which build of the core is used: never one of other sources, and one line where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from turbosat.core.library import LEVEL, OVERRIDE, library
from turbosat.core.sources import BUILDS, digest, levels, present

SHOW = (
    "from turbosat.core.library import library; from turbosat.core.gradient import GOOD;"
    "core = library(); print(core.path.name, core.level, GOOD)"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the sources, builds included: an update changes such a folder."""
    target = tmp_path / "a tree"
    for part in ("turbosat", "gpu", "encodings"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, target / part, symlinks=True, ignore=ignored)
    return target


def show(tree: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-c", SHOW],
        env={**os.environ, "PYTHONPATH": str(tree), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_build_belongs_to_the_sources() -> None:
    core = library()
    assert digest("solver") in core.path.name
    assert core.level in levels()


def test_changed_constants_are_built_anew(tree: Path) -> None:
    first = show(tree)
    path = tree / "turbosat" / "core" / "gradient.py"
    text = path.read_text()
    swapped = text.replace("FALSE, BEST, LEAST", "BEST, FALSE, LEAST", 1)
    assert swapped != text
    path.write_text(swapped)
    second = show(tree)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout.split()[0] != second.stdout.split()[0]
    assert len(list((tree / "turbosat" / "core" / "lib").glob("solver-*"))) == len(levels())


def test_changed_c_is_built_anew(tree: Path) -> None:
    path = tree / "gpu" / "gradient" / "lane.c"
    path.write_text(path.read_text() + "\n// changed\n")
    run = show(tree)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[0] != library().path.name


def test_without_a_compiler_the_reason_is_one_line(tree: Path) -> None:
    shutil.rmtree(tree / "turbosat" / "core" / "lib", ignore_errors=True)
    run = show(tree, PATH=str(tree), CC="no-such-compiler")
    assert run.returncode == 1
    last = run.stderr.strip().splitlines()[-1]
    assert "the core cannot be built" in last
    assert "no C compiler" in last


@pytest.mark.parametrize("level", list(levels()))
def test_every_level_that_this_processor_has(level: str) -> None:
    names = list(levels())
    best = library().level
    run = show(ROOT, **{LEVEL: level})
    assert run.returncode == 0, run.stderr
    expected = min(level, best, key=names.index)
    assert run.stdout.split()[1] == expected


def test_a_build_can_be_chosen() -> None:
    builds = present("solver", BUILDS["solver"])
    assert builds is not None
    run = show(ROOT, **{OVERRIDE: str(builds[0][0])})
    assert run.stdout.split()[:2] == [builds[0][0].name, "chosen"]


def test_a_build_for_other_declarations_is_refused(tree: Path) -> None:
    build = library().path
    declaring = tree / "turbosat" / "core" / "gradient.py"
    declaring.write_text(declaring.read_text() + "\nANOTHER = 1\n")
    run = show(tree, **{OVERRIDE: str(build)})
    assert run.returncode != 0
    assert "does not belong to this turbosat" in run.stderr
