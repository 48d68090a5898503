"""turbosat-bench gen."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.processes import ROOT
from turbosat.benchmarks import families
from turbosat.benchmarks.commands.main import app
from turbosat.benchmarks.families.base import digest
from turbosat.formula import files


def gen(*words: str | Path) -> str:
    result = CliRunner().invoke(app, ["gen", *map(str, words)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_families_are_listed() -> None:
    assert [line.split()[0] for line in gen().splitlines()] == list(families.MODULES)


@pytest.mark.parametrize("name", families.MODULES)
def test_help_shows_parameters_and_paper(name: str) -> None:
    shown = gen(name, "--help")
    family = families.find(name)
    assert all(f"--{parameter}" in shown for parameter in family.parameters)
    words = " ".join(shown.split())
    assert family.source[:30] in words
    assert "--seed" in words
    assert "--output" in words


def test_file_and_output_are_the_formula(tmp_path: Path) -> None:
    file = tmp_path / "a.cnf.xz"
    words = ("factoring", "--bits", "12", "--multiplier", "wallace", "--seed", "7")
    assert gen(*words, "-o", file) == ""
    problem = families.generate("factoring", bits=12, multiplier="wallace", seed=7)
    assert digest(files.read(file)) == digest(problem.formula)
    shown = gen(*words)
    assert shown == gen(*words, "-o", "-")
    assert files.parse(shown.encode()) == problem.formula
    assert shown.splitlines()[:3] == [
        "c family factoring",
        "c parameters bits=12 multiplier=wallace number=None",
        "c seed 7",
    ]
    assert "c status SAT" in shown.splitlines()


def test_switches_and_paths(tmp_path: Path) -> None:
    graph = tmp_path / "triangle.col"
    graph.write_text("p edge 3 3\ne 1 2\ne 2 3\ne 1 3\n")
    assert "\np cnf 9 21\n" in gen("colouring-file", "--file", graph)
    one, two = (gen("qwh", "--order", "5", flag) for flag in ("--balanced", "--no-balanced"))
    assert "balanced=True" in one
    assert "balanced=False" in two
    assert files.parse(two.encode()) == families.generate("qwh", order=5, balanced=False).formula


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing",), "unknown family 'nothing'"),
        (("qwh", "--order", "101"), "101 is not in the range"),
        (("qwh", "--order", "x"), "'x' is not a valid int"),
        (("qwh", "--size", "3"), "No such option"),
        (("miter", "--left", "square"), "'square' is not one of"),
        (("random-ksat", "--seed", "-1"), "-1 is not in the range"),
        (("prime", "--number", "15"), "15 is not prime"),
        (("bmc-file", "--file", "/no/such/file"), "No such file"),
        (("qwh", "-o", "/no/such/folder/a.cnf"), "No such file"),
    ],
)
def test_errors_are_one_line(words: tuple[str, ...], message: str) -> None:
    command = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "gen", *words]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("turbosat-bench: error: ")
    assert message in run.stderr


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from turbosat.benchmarks.commands.main import app\n"
        "app(['--help'], standalone_mode=False)\n"
        "heavy = {'torch', 'ray', 'networkx'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert all(name in run.stdout for name in ("gen", "fetch", "features"))
