"""The command: its lines and its exit statuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.check.command import run
from tests.check.solver import proof_of
from tests.families import dimacs, pigeonhole

SQUARE = "p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "square.cnf").write_text(SQUARE)
    (tmp_path / "square.drat").write_text("2 0\n0\n")
    (tmp_path / "wrong.drat").write_text("0\n")
    (tmp_path / "bad.drat").write_text("zero\n")
    (tmp_path / "lrat").write_text("5 2 0 1 2 0\n6 0 5 3 4 0\n")
    (tmp_path / "or.cnf").write_text("p cnf 2 1\n1 2 0\n")
    (tmp_path / "or.sol").write_text("s SATISFIABLE\nv 1 -2 0\n")
    (tmp_path / "bare.sol").write_text("1 -2 0\n")
    return tmp_path


def test_a_refutation_is_verified(files: Path) -> None:
    code, out, err = run("square.cnf", "square.drat", folder=files)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "s VERIFIED"
    assert all(line.startswith("c ") for line in out.splitlines()[:-1])
    assert run("-q", "--proof", "square.cnf", "square.drat", folder=files) == (0, "s VERIFIED\n", "")


@pytest.mark.parametrize("answer", ["or.sol", "bare.sol"])
@pytest.mark.parametrize("option", ["--quiet", "--model"])
def test_a_model_is_never_taken_for_a_refutation(files: Path, answer: str, option: str) -> None:
    """Neither by those who look for the words of drat-trim, nor by those who look at the exit status."""
    code, out, err = run(option, "or.cnf", answer, folder=files)
    assert (code, err) == (10, "")
    assert out.splitlines()[-1] == "s SATISFIABLE"
    assert "VERIFIED" not in out


def test_not_verified(files: Path) -> None:
    code, out, _ = run("square.cnf", "wrong.drat", folder=files)
    assert code == 1
    assert "c proof: step 1 (line 1): the empty clause, but unit propagation meets no conflict\n" in out
    assert out.endswith("s NOT VERIFIED\n")
    assert run("-m", "square.cnf", "square.drat", folder=files).code == 2  # two zeros are no model
    assert run("or.cnf", "square.drat", folder=files).code == 1
    assert run("-q", "-p", "or.cnf", "bare.sol", folder=files) == (1, "s NOT VERIFIED\n", "")


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
            ("a", "b", "--time", "0"),
            "turbosat-check: argument --time: expected a positive number of seconds, found '0' (see --help)",
        ),
        (
            ("a", "b", "-m", "--binary"),
            "turbosat-check: a solution is text: --model and --binary exclude each other (see --help)",
        ),
        (
            ("a", "b", "-m", "--core", "x"),
            "turbosat-check: a solution has no core: --model and --core exclude each other (see --help)",
        ),
        (("square.cnf", "bad.drat"), "bad.drat:1: expected a literal or 0, found 'zero'"),
        (
            ("square.cnf", "lrat"),
            "lrat: this reads as LRAT; what is checked here is DRAT, without clause numbers and hints",
        ),
        (("none.cnf", "bad.drat"), "none.cnf: No such file or directory"),
        (("", "bad.drat"), "'': No such file or directory"),
        ((".", "bad.drat"), ".: Is a directory"),
        (("square.drat", "bad.drat"), "square.drat:1: expected 'p cnf VARIABLES CLAUSES', found '2'"),
        (("or.cnf", "or.sol", "-q", "--json", "/no/x"), "/no/x: No such file or directory"),
        (("or.cnf", "or.sol", "-q", "--json", "."), ".: Is a directory"),
        (("or.cnf", "or.sol", "-q", "--json", ""), "'': No such file or directory"),
    ],
)
def test_errors(files: Path, arguments: tuple[str, ...], message: str) -> None:
    assert run(*arguments, folder=files) == (2, "", message + "\n")


def test_json_and_core(files: Path) -> None:
    assert run("square.cnf", "square.drat", "--json", "record", "--core", "core", folder=files).code == 0
    data = json.loads((files / "record").read_text())
    assert (data["verified"], data["kind"], data["lemmas"]) == (True, "proof", 1)
    assert (files / "core").read_text() == "2 0\n0\n"


def test_a_long_core(files: Path, tmp_path: Path) -> None:
    variables, clauses = pigeonhole(9, 8)
    (files / "php.drat").write_bytes(proof_of(tmp_path, variables, clauses))
    (files / "php.cnf").write_text(dimacs(variables, clauses))
    assert run("-q", "php.cnf", "php.drat", "--core", "core", folder=files) == (0, "s VERIFIED\n", "")
    assert (files / "core").stat().st_size > 1 << 17
    assert run("-q", "php.cnf", "core", folder=files) == (0, "s VERIFIED\n", "")


def test_standard_input(files: Path) -> None:
    assert run("-", "square.drat", folder=files, given=SQUARE.encode()).code == 0
    bad = run("square.cnf", "-p", "-", folder=files, given=b"1 1x 0\n")
    assert bad == (2, "", "<stdin>:1: expected a literal or 0, found '1x'\n")


def test_standard_output_takes_all_in_order(files: Path) -> None:
    code, out, _ = run("-q", "square.cnf", "square.drat", "--core", "-", "--json", "-", folder=files)
    assert (code, out[:21]) == (0, "s VERIFIED\n2 0\n0\n{\n  ")


def test_until_ctrl_c_is_provided_for_next_to_nothing_is_imported() -> None:
    code = (
        "import sys, turbosat.check.cli; heavy = {'argparse', 'json', 'numpy', 'turbosat.check.api'};"
        "print(*heavy & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"\n"


def test_help_does_not_import_numpy() -> None:
    code = (
        "import sys; from turbosat.check.cli import main; main(['--help']);sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_nothing_else_of_turbosat_is_imported() -> None:
    code = (
        "import sys, turbosat.check as c; c.check(b'p cnf 1 2\\n1 0\\n-1 0\\n', b'');"
        "print(*(m for m in sys.modules if m.startswith('turbosat.') and not m.startswith('turbosat.check')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert run.stdout == b"\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise RuntimeError('it\\nbroke')", "turbosat-check: internal error: RuntimeError: it\\nbroke ("),
        ("raise MemoryError", "turbosat-check: out of memory"),
        ("import os; os.abort()", "turbosat-check: the check was ended by signal 6"),
        ("import os; os.kill(os.getpid(), 9)", "turbosat-check: the check was killed"),
        ("import sys; sys.exit(1)", "turbosat-check: the check ended with exit code 1"),
    ],
)
def test_a_crash_has_an_exit_status_of_its_own(files: Path, source: str, message: str) -> None:
    (files / "broken").mkdir()
    (files / "broken" / "numpy.py").write_text(source)
    path = os.pathsep.join([str(files / "broken"), str(Path(__file__).parents[2])])
    code, out, err = run("square.cnf", "square.drat", folder=files, env={"PYTHONPATH": path})
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert err.startswith(message)


def test_too_little_memory(files: Path) -> None:
    code, out, err = run("square.cnf", "square.drat", folder=files, prefix="ulimit -v 50000;")
    assert (code, out) == (4, "")
    assert err.startswith("turbosat-check: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"no library"])
def test_without_kernels_nothing_is_checked(files: Path, content: bytes) -> None:
    (files / "core.so").write_bytes(content)
    environment = {"TURBOSAT_CHECK_CORE": str(files / "core.so")}
    code, out, err = run("square.cnf", "square.drat", folder=files, env=environment)
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert err.startswith("turbosat-check: the checker's kernels cannot be loaded: ")
