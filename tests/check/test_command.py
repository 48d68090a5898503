"""The command: its lines, its exit statuses, and a Ctrl-C."""

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.check.solver import proof_of
from tests.families import dimacs, pigeonhole
from turbosat.check.cli import main

SQUARE = "p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "square.cnf").write_text(SQUARE)
    (tmp_path / "square.drat").write_text("2 0\n0\n")
    (tmp_path / "wrong.drat").write_text("0\n")
    (tmp_path / "bad.drat").write_text("zero\n")
    (tmp_path / "or.cnf").write_text("p cnf 2 1\n1 2 0\n")
    (tmp_path / "or.sol").write_text("s SATISFIABLE\nv 1 -2 0\n")
    return tmp_path


def run(files: Path, *arguments: str) -> int:
    return main([str(files / a) if a.endswith((".cnf", ".drat", ".sol")) else a for a in arguments])


def test_verified(files: Path, capsys: Capture) -> None:
    assert run(files, "square.cnf", "square.drat") == 0
    output = capsys.readouterr()
    assert output.out.splitlines()[-1] == "s VERIFIED"
    assert all(line.startswith("c ") for line in output.out.splitlines()[:-1])
    assert output.err == ""
    assert run(files, "-q", "or.cnf", "or.sol") == 0
    assert capsys.readouterr().out == "s VERIFIED\n"


def test_not_verified(files: Path, capsys: Capture) -> None:
    assert run(files, "square.cnf", "wrong.drat") == 1
    output = capsys.readouterr().out
    assert "c proof: step 1 (line 1): the empty clause, but unit propagation meets no conflict\n" in output
    assert output.endswith("s NOT VERIFIED\n")
    assert run(files, "-m", "square.cnf", "square.drat") == 2  # two zeros are no model
    assert run(files, "or.cnf", "square.drat") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "turbosat-check: the following arguments are required: CNF, ANSWER (see --help)"),
        (("-", "-"), "turbosat-check: only one of CNF and ANSWER can be standard input (see --help)"),
        (("a", "b", "--tim", "1"), "turbosat-check: unrecognized arguments: --tim 1 (see --help)"),
        (
            ("a", "b", "--time", "-1"),
            "turbosat-check: argument --time: expected a positive number of seconds, found '-1' (see --help)",
        ),
        (
            ("a", "b", "-m", "--binary"),
            "turbosat-check: a solution is text: --model and --binary exclude each other (see --help)",
        ),
        (
            ("a", "b", "-m", "--core", "x"),
            "turbosat-check: a solution has no core: --model and --core exclude each other (see --help)",
        ),
        (("square.cnf", "bad.drat"), "{files}/bad.drat:1: expected a literal or 0, found 'zero'"),
        (("none.cnf", "bad.drat"), "{files}/none.cnf: No such file or directory"),
        (("square.drat", "bad.drat"), "{files}/square.drat:1: expected 'p cnf VARIABLES CLAUSES', found '2'"),
        (("or.cnf", "or.sol", "-q", "--json", "/no/x"), "/no/x: No such file or directory"),
    ],
)
def test_errors(files: Path, capsys: Capture, arguments: tuple[str, ...], message: str) -> None:
    assert run(files, *arguments) == 2
    output = capsys.readouterr()
    assert output.err == message.format(files=files) + "\n"
    assert "s " not in output.out.splitlines()[:0] or output.out == ""


def test_json_and_core(files: Path) -> None:
    record, core = files / "record.json", files / "core"
    assert run(files, "square.cnf", "square.drat", "--json", str(record), "--core", str(core)) == 0
    data = json.loads(record.read_text())
    assert (data["verified"], data["kind"], data["lemmas"]) == (True, "proof", 1)
    assert core.read_text() == "2 0\n0\n"


def test_standard_input(files: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SQUARE.encode())))
    assert run(files, "-", "square.drat") == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1 1x 0\n")))
    assert run(files, "square.cnf", "-p", "-") == 2
    assert capsys.readouterr().err == "<stdin>:1: expected a literal or 0, found '1x'\n"


def test_time_limit(files: Path, tmp_path: Path, capsys: Capture) -> None:
    variables, clauses = pigeonhole(10, 9)
    (files / "php.drat").write_bytes(proof_of(tmp_path, variables, clauses))
    (files / "php.cnf").write_text(dimacs(variables, clauses))
    assert run(files, "php.cnf", "php.drat", "-q", "--time", "0.001") == 3
    assert capsys.readouterr().out == "s TIMEOUT\n"


def test_ctrl_c(files: Path, tmp_path: Path) -> None:
    variables, clauses = pigeonhole(11, 10)
    (files / "php.drat").write_bytes(proof_of(tmp_path, variables, clauses, "--conflicts=200000"))
    (files / "php.cnf").write_text(dimacs(variables, clauses))
    command = [sys.executable, "-m", "turbosat.check.cli", str(files / "php.cnf"), str(files / "php.drat")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert process.returncode in (0, 130)
    assert errors == (b"turbosat-check: interrupted\n" if process.returncode else b"")
    assert bool(output) == (process.returncode == 0)


def test_help_does_not_import_numba() -> None:
    code = "import sys, turbosat.check.cli; sys.exit('numba' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_else_of_turbosat_is_imported() -> None:
    code = (
        "import sys, turbosat.check as c; c.check(b'p cnf 1 2\\n1 0\\n-1 0\\n', b'');"
        "print(*(m for m in sys.modules if m.startswith('turbosat.') and not m.startswith('turbosat.check')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert run.stdout == b"\n"


def test_runs_where_no_cache_can_be_written(files: Path) -> None:
    """numba finds no folder for its cache when neither the package nor the home can be written to."""
    code = (
        "import numba.core.caching as c\n"
        "c.CacheImpl._locator_classes = []\n"
        "import sys, turbosat.check.cli as cli\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "-q", str(files / "or.cnf"), str(files / "or.sol")]
    run = subprocess.run(command, capture_output=True, check=False)
    assert (run.returncode, run.stdout) == (0, b"s VERIFIED\n"), run.stderr
