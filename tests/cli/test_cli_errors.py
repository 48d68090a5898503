"""Everything a user can do wrong: one line on stderr, exit code 1, no `s` line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.dimacs.malformed import MALFORMED, Malformed
from tests.processes import ROOT, turbosat
from turbosat.cli.main import run

QUEENS = str(ROOT / "examples" / "queens-16.cnf")


def failure(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run turbosat in this process; return its one line on stderr."""
    assert run([*arguments]) == 1
    out, err = capfd.readouterr()
    assert not any(line.startswith(("s ", "v ")) for line in out.splitlines())
    assert err.startswith("turbosat: error: ")
    assert err.count("\n") == 1
    return err.removeprefix("turbosat: error: ").rstrip("\n")


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case.name)
def test_malformed_input(case: Malformed, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "bad.cnf")
    Path(file).write_bytes(case.data)
    assert failure(capfd, *case.options, file) == case.message.format(file=file)


def test_the_table_of_malformed_inputs_is_long() -> None:
    assert len({case.name for case in MALFORMED}) >= 40


@pytest.mark.parametrize("case", MALFORMED[:3], ids=lambda case: case.name)
def test_malformed_input_in_a_real_process(case: Malformed, tmp_path: Path) -> None:
    file = tmp_path / "bad.cnf"
    file.write_bytes(case.data)
    code, out, err = turbosat(*case.options, file)
    assert (code, err) == (1, f"turbosat: error: {case.message.format(file=file)}\n")
    assert all(line.startswith("c ") for line in out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--bogus", QUEENS), None),
        (("--time", QUEENS), None),
        (("--time=soon", QUEENS), None),
        (("--time=-1", QUEENS), None),
        (("--workers=0", QUEENS), None),
        (("--seed=1.5", QUEENS), None),
        (("--engine=magic", QUEENS), None),
        (("--sat", "--unsat", QUEENS), "--sat and --unsat exclude each other"),
        (("--strict", "--relaxed", QUEENS), "--relaxed and --strict exclude each other"),
        ((QUEENS, "proof", "more"), None),
    ],
)
def test_misuse(arguments: tuple[str, ...], message: str | None, capfd: pytest.CaptureFixture[str]) -> None:
    told = failure(capfd, *arguments)
    assert told == message or (message is None and told.endswith("(see turbosat --help)"))


def test_missing_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert failure(capfd, str(tmp_path / "none.cnf")).startswith(f"{tmp_path}/none.cnf: ")


def test_directory(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert failure(capfd, str(tmp_path)).startswith(f"{tmp_path}: ")


def test_unreadable_file(capfd: pytest.CaptureFixture[str]) -> None:
    # Unreadable even for root, who may read any file that has a mode.
    told = failure(capfd, "/proc/self/mem")
    assert told == "/proc/self/mem: expected a DIMACS file, found Input/output error"


def test_proof_never_overwrites_a_formula(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file, other = tmp_path / "f.cnf", tmp_path / "g.cnf"
    for path in (file, other):
        path.write_text("p cnf 1 2\n1 0\n-1 0\n")
    assert failure(capfd, str(file), str(file)) == f"{file}: the proof would overwrite the formula"
    told = failure(capfd, str(file), str(other))
    assert told == f"{other}: looks like a formula; --force overwrites it with the proof"
    assert other.read_text() == file.read_text() == "p cnf 1 2\n1 0\n-1 0\n"
    assert run(["-q", "--force", str(file), str(other)]) == 20
    assert other.read_bytes()[:1] != b"p"


def test_outputs_that_cannot_be_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    nowhere = str(tmp_path / "nowhere" / "file")
    assert failure(capfd, QUEENS, nowhere).startswith(f"{nowhere}: cannot write the proof: ")
    assert failure(capfd, "--json", nowhere, QUEENS).startswith(f"{nowhere}: cannot write the statistics: ")
    assert failure(capfd, QUEENS, str(tmp_path)) == f"{tmp_path}: the proof must be a file, not a directory"


def test_missing_engines(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TURBOSAT_KISSAT", "/nowhere/kissat")
    told = failure(capfd, "-j1", "--no-gradient", QUEENS)
    assert told == "kissat: TURBOSAT_KISSAT=/nowhere/kissat is not an executable file"


@pytest.mark.parametrize(
    "alone", [[], ["--conflicts=100000"], ["--engine=cdcl", "--no-algebra", "--no-sweeping", "--no-pool"]]
)
def test_one_missing_engine_is_no_end(
    alone: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TURBOSAT_KISSAT", "/nowhere/kissat")
    assert run(["-j2", "-n", *alone, QUEENS]) == 10  # at once: there is nobody to have a head start
    said = "c kissat failed: TURBOSAT_KISSAT=/nowhere/kissat is not an executable file"
    assert said in capfd.readouterr().out


def test_lying_engine_is_a_bug_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    liar = tmp_path / "kissat"
    model = " ".join(str(-variable) for variable in range(1, 257))
    liar.write_text(f"#!/bin/sh\necho 's SATISFIABLE'\necho 'v {model} 0'\nexit 10\n")
    liar.chmod(0o755)
    monkeypatch.setenv("TURBOSAT_KISSAT", str(liar))
    told = failure(capfd, "-j1", "--no-gradient", QUEENS)
    assert told.startswith("kissat claims SATISFIABLE but its model falsifies clause 1;")
    assert told.endswith(" this is a bug: please report it with the file")


def test_an_environment_without_the_dependencies_is_one_line() -> None:
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from turbosat.cli.main import main; main()"
    command = [
        sys.executable,
        "-S",
        "-P",
        "-c",
        code,
        str(ROOT),
        "-q",
        QUEENS,
    ]  # -S: without what is installed
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "turbosat: error: the package numpy is missing: pip install turbosat brings it\n"
