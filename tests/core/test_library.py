"""Which build of the core is used: never one of other sources, and one line where there is none."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import ROOT, allowance, eventually, gone
from turbosat.core import library as loader
from turbosat.core.library import LEVEL, OVERRIDE, built, library
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


def without_choice() -> dict[str, str]:
    """Return our environment less what chooses a build in it."""
    return {name: value for name, value in os.environ.items() if name not in (OVERRIDE, LEVEL)}


def show(tree: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-c", SHOW],
        env={**without_choice(), "PYTHONPATH": str(tree), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_build_belongs_to_the_sources() -> None:
    core = library()
    assert digest("solver") in core.path.name
    assert core.level in levels()


@pytest.mark.slow
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


@pytest.mark.slow
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
    assert show(ROOT).returncode == 0  # from now on there are some
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


@pytest.fixture
def bare(tree: Path) -> Path:
    """Return a copy of the sources without builds."""
    shutil.rmtree(tree / "turbosat" / "core" / "lib", ignore_errors=True)
    return tree


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.slow
def test_two_first_runs_make_one_build(bare: Path) -> None:
    compiler = script(bare / "cc", f'echo x >> {bare}/calls; exec cc "$@"'.replace(str(bare), '"$HERE"'))
    environment = {**without_choice(), "PYTHONPATH": str(bare), "CC": f"'{compiler}'", "HERE": str(bare)}
    command = [sys.executable, "-P", "-c", SHOW]
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate()[0] for run in runs]
    assert said[0] == said[1] != ""
    assert len((bare / "calls").read_text().split()) == 1 + len(levels())  # the probe, and each level once


@pytest.mark.parametrize("how", ["ended", pytest.param("limited", marks=pytest.mark.slow)])
def test_no_compiler_outlives_the_run(bare: Path, how: str) -> None:
    compiler = script(bare / "cc", 'echo $$ >> "$HERE/pids"; sleep 600; exit 1')
    environment = {**without_choice(), "PYTHONPATH": str(bare), "CC": f"'{compiler}'", "HERE": str(bare)}
    for part in ("cdcl", "benchmarks"):
        (bare / part).symlink_to(ROOT / part)
    example = ROOT / "examples" / "lights-out.cnf"
    options = ["--engine=galois", *(["--time=2"] if how == "limited" else [])]
    command = [sys.executable, "-P", "-m", "turbosat", "-q", *options, str(example)]
    begun = time.monotonic()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as run:
        while not (bare / "pids").exists():
            assert time.monotonic() - begun < 60
            time.sleep(0.02)
        if how == "ended":
            run.kill()
        else:
            assert run.communicate()[0] == "s UNKNOWN\n"
            assert time.monotonic() - begun < 2 + allowance(0.5)
    pids = {int(word) for word in (bare / "pids").read_text().split()}
    assert gone(pids)
    assert eventually(lambda: not list((bare / "turbosat" / "core" / "lib").glob(".building-*")))


@pytest.mark.slow
def test_a_compiler_that_is_too_old_is_passed_over(bare: Path) -> None:
    old = 'for word; do case $word in -march=x86-64-v*) exit 1;; esac; done; exec cc "$@"'
    run = show(bare, CC=f"'{script(bare / 'old', old)}'")
    assert run.returncode == 0, run.stderr


def test_who_asks_where_the_core_lies_builds_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert built() == library().path
    monkeypatch.delenv(OVERRIDE, raising=False)
    monkeypatch.setattr(loader, "_loaded", None)
    monkeypatch.setattr(loader, "BUILDS", tmp_path)
    assert built() is None
    assert not any(tmp_path.iterdir())
