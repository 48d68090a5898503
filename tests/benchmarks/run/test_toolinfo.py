"""The tool-info module under BenchExec's own test program.

BenchExec is looked for in this environment, then in that of the interpreter $TURBOSAT_BENCHEXEC_PYTHON.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from turbosat import __version__

MODULE = "turbosat.benchmarks.turbosat_toolinfo"


@pytest.fixture(scope="module")
def interpreter() -> str:
    if importlib.util.find_spec("benchexec"):
        return sys.executable
    other = os.environ.get("TURBOSAT_BENCHEXEC_PYTHON")
    if not other:
        pytest.skip("BenchExec is not installed, and $TURBOSAT_BENCHEXEC_PYTHON is not set")
    return other


def tool_info(interpreter: str, *words: str) -> str:
    path = f"{ROOT / 'bin'}:{os.environ['PATH']}"
    run = subprocess.run(
        [interpreter, "-m", "benchexec.test_tool_info", MODULE, "--no-container", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    return run.stderr + run.stdout


def test_benchexec_accepts_it(interpreter: str) -> None:
    shown = tool_info(interpreter)
    assert "Name of tool: “turbosat”" in shown
    assert f"Version: “{__version__}”" in shown
    assert "bin/turbosat”" in shown
    assert "failed" not in shown
    assert "INPUT.FILE" in shown


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ("c hello\ns SATISFIABLE\nv 1 -2 0\n", "true"),
        ("s UNSATISFIABLE\n", "false"),
        ("c s SATISFIABLE\ns UNKNOWN\n", "unknown"),
        ("c nothing\n", "ERROR"),
        ("", "ERROR"),
        ("s SATISFIABLE\ns UNSATISFIABLE\n", "ERROR"),
        ("s MAYBE\n", "ERROR"),
    ],
)
def test_output_is_understood(output: str, status: str, interpreter: str, tmp_path: Path) -> None:
    file = tmp_path / "output.log"
    file.write_text(output)
    shown = tool_info(interpreter, "--tool-output", str(file))
    assert f"“{status}”" in shown.partition("output.log")[2]


COMMANDS = """
from benchexec.tools.template import BaseTool2
from turbosat.benchmarks.turbosat_toolinfo import Tool
task = BaseTool2.Task.with_files(["f.cnf"])
for limits in ({}, {"walltime": 30, "memory": 4_000_000_000, "cpu_cores": 2}):
    print(*Tool().cmdline("turbosat", ["--sat"], task, BaseTool2.ResourceLimits(**limits)))
"""


def test_commands_are_those_of_turbosat(interpreter: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shown = subprocess.check_output([interpreter, "-c", COMMANDS], env=environment, text=True)
    plain, limited = shown.splitlines()
    assert plain == "turbosat --sat f.cnf"
    assert limited == "turbosat --time=30 --memory=4000 --workers=2 --sat f.cnf"
    formula = str(ROOT / "examples" / "queens-16.cnf")
    command = [sys.executable, "-m", *limited.split()[:-1], formula]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 10, run.stderr
