"""From what --solver was given to commands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.report.nasty import executable
from tests.families import dimacs, pigeonhole, random_ksat
from turbosat.benchmarks.run.solvers import Task, parse
from turbosat.cdcl.process.binaries import find_kissat
from turbosat.check import check_model
from turbosat.errors import UsageError

TASK = Task("/tmp/a b.cnf", 3, 20.0, 512 << 20, 2, None)
PROOF = Task("/tmp/a b.cnf", 3, 20.0, 512 << 20, 2, "/tmp/proof")


def test_kissat_is_the_one_turbosat_finds() -> None:
    contestant = parse("kissat")
    assert contestant.commands(TASK) == [[find_kissat(), "--seed=3", "/tmp/a b.cnf"]]
    assert contestant.commands(PROOF) == [[find_kissat(), "--seed=3", "/tmp/a b.cnf", "/tmp/proof.0"]]
    assert contestant.record.version.startswith("kissat 4.")
    assert (contestant.record.command, contestant.record.kind) == ("kissat", "solver")


def test_options_go_with_the_solver_and_a_given_seed_stays() -> None:
    assert parse("s=kissat --sat --seed=9").commands(TASK) == [
        [find_kissat(), "--sat", "--seed=9", "/tmp/a b.cnf"]
    ]
    (command,) = parse("t=turbosat --engine gradient -j 1").commands(TASK)
    assert command[-5:] == ["gradient", "-j", "1", "--seed=3", "/tmp/a b.cnf"]
    (command,) = parse("turbosat").commands(TASK)
    assert command[-4:] == ["--workers", "2", "--seed=3", "/tmp/a b.cnf"]


def test_placeholders_are_filled_in() -> None:
    words = "{seed} x{timeout}y {memory} {cores} {file} {proof} {other} {}"
    contestant = parse(f"own={sys.executable} {words}")
    (command,) = contestant.commands(PROOF)
    assert command[1:] == ["3", "x20y", "512", "2", "/tmp/a b.cnf", "/tmp/proof.0", "{other}", "{}"]
    assert contestant.proves
    (command,) = contestant.commands(TASK)
    assert command[6] == os.devnull
    assert not parse(f"own={sys.executable} 'with a blank'").proves


def test_the_file_comes_last_unless_it_has_a_place() -> None:
    assert parse(f"own={sys.executable} 'a b'").commands(TASK)[0][1:] == ["a b", "/tmp/a b.cnf"]
    assert parse(f"own={sys.executable} --in={{file}} x").commands(TASK)[0][1:] == ["--in=/tmp/a b.cnf", "x"]


def test_no_two_members_of_a_portfolio_share_a_seed() -> None:
    contestant = parse("two=portfolio: kissat , kissat --sat")
    assert contestant.record.kind == "portfolio"
    assert contestant.record.version.count("kissat") == 1
    seeds = []
    for seed in range(4):
        for command in contestant.commands(Task("f", seed, 1.0, 1 << 30, 2, "/p")):
            seeds += [word for word in command if word.startswith("--seed")]
    assert len(set(seeds)) == 8
    assert [command[-1] for command in contestant.commands(PROOF)] == ["/tmp/proof.0", "/tmp/proof.1"]


def test_another_program_is_another_version(tmp_path: Path) -> None:
    path = executable(tmp_path / "solver", "exit 0")
    first = parse(f"own={path}").record
    executable(path, "exit 1")
    assert parse(f"own={path}").record.version != first.version


def test_a_program_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "solver", "exit 0")
    monkeypatch.chdir(tmp_path)
    assert parse("own=./solver").commands(TASK)[0][0] == str(tmp_path / "solver")


@pytest.mark.parametrize(
    "text",
    [
        "minisat",
        "x=",
        "x=/no/such/program",
        "x=portfolio:",
        "x=kissat 'a",
        "..=kissat",
        "x=portfolio:kissat,",
    ],
)
def test_what_cannot_run_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@pytest.mark.parametrize("seed", [0, 5])
def test_cadical_without_a_binary(tmp_path: Path, seed: int) -> None:
    """Its models are right and its exit codes are the competition's."""
    if shutil.which("cadical"):
        pytest.skip("there is a binary")
    contestant = parse("cadical")
    assert "CaDiCaL 3" in contestant.record.version
    assert not contestant.proves
    for name, formula, code in (
        ("sat", random_ksat(60, 240, seed=seed), 10),
        ("unsat", pigeonhole(5, 4), 20),
        ("empty", (3, []), 10),
        ("false", (0, [[]]), 20),
    ):
        path = tmp_path / f"{name}.cnf"
        path.write_text(dimacs(*formula))
        (command,) = contestant.commands(Task(str(path), seed, 1.0, 1, 1, None))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert done.stdout.startswith("s SATISFIABLE" if code == 10 else "s UNSATISFIABLE\n")
        if code == 10:
            assert check_model(path, done.stdout.encode()).verified
    (tmp_path / "bad.cnf").write_text("hello")
    (command,) = contestant.commands(Task(str(tmp_path / "bad.cnf"), seed, 1.0, 1, 1, None))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
