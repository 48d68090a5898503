"""turbosat-bench engine and the overhead comparison, run for real on small files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.families import dimacs, random_ksat
from tests.processes import ROOT, allowance


def run(*arguments: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_engine_writes_every_run(tmp_path: Path) -> None:
    easy, none, output = tmp_path / "easy.cnf", tmp_path / "none.cnf", tmp_path / "out.json"
    easy.write_text(dimacs(*random_ksat(100, 300)))
    none.write_bytes((ROOT / "examples" / "pigeons-8.cnf").read_bytes())  # no preprocessing refutes it
    options = ("--seeds", "2", "--time", "0.3", "-o", output)
    code, out, err = run("turbosat.benchmarks.commands.main", "engine", *options, easy, none)
    assert (code, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()] == ["easy.cnf", "none.cnf"]
    data = json.loads(output.read_text())
    assert data["command"][:2] == ["turbosat-bench", "engine"]
    assert str(tmp_path) not in output.read_text()
    assert data["copy_bytes_per_second"] > 1e8
    solved, unsolved = data["files"]
    assert (solved["solved"], unsolved["solved"]) == (2, 0)
    assert [each["seed"] for each in solved["runs"]] == [0, 1]
    assert all(each["best"] == 0 and each["seconds"] < 0.3 for each in solved["runs"])
    assert all(each["best"] == 1 and each["flips"] > 0 for each in unsolved["runs"])
    assert all(0.3 <= each["seconds"] <= 0.3 + allowance(0.5) for each in unsolved["runs"])


def test_errors_are_one_line(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    code, out, err = run(
        "turbosat.benchmarks.commands.main", "engine", "-o", output, tmp_path / "nothing.cnf"
    )
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert err.startswith("turbosat-bench: error: ")
    assert run("turbosat.benchmarks.commands.main", "engine")[0] == 1


def test_overhead_compares_the_two(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    files = [ROOT / "examples" / name for name in ("queens-16.cnf", "pigeons-8.cnf")]
    code, _, _ = run("turbosat.benchmarks.overhead", "--time", "20", "--rounds", "3", "-o", output, *files)
    assert code == 0
    data = json.loads(output.read_text())
    assert [each["kissat"]["code"] for each in data["runs"]] == [10, 20]
    assert [each["turbosat"]["code"] for each in data["runs"]] == [10, 20]
    assert all(each[name]["peak"] > 1 << 20 for each in data["runs"] for name in ("turbosat", "kissat"))
    assert data["kissat_under_1_s"]["different_answers"] == 0
    assert data["kissat_1_to_60_s"] == {"files": 0}


@pytest.mark.slow
def test_escalation_compares_queries_with_the_command_line(tmp_path: Path) -> None:
    output, parity = tmp_path / "out.json", tmp_path / "parity.cnf"
    assert (
        run("turbosat.benchmarks.commands.main", "gen", "tseitin", "--vertices", "200", "-o", parity)[0] == 0
    )
    options = ("--time", "60", "--alone", "0.5", "--rounds", "1", "--after", "0.1", "-o", output)
    code, _, told = run(
        "turbosat.benchmarks.escalation", *options, ROOT / "examples" / "queens-16.cnf", parity
    )
    assert code == 0
    assert "queens-16.cnf: CaDiCaL alone" in told
    data = json.loads(output.read_text())
    assert [(each["way"], each["answer"]) for each in data["runs"]] == [
        ("never", "True"),
        ("never", "None"),
        ("command line", "False"),
        ("0.1", "False"),
    ]
    assert data["runs"][-1]["winner"] != "here"
    assert list(data["summary"]) == ["parity.cnf"]
    assert data["summary"]["parity.cnf"]["0.1"]["of_what_is_allowed"] > 0
