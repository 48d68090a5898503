"""The command line as a real process: answers, exit codes, formats, proofs."""

import bz2
import gzip
import json
import lzma
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import ROOT, finish, start, turbosat
from turbosat.check.cli import main as check

EXAMPLES = ROOT / "examples"
QUEENS = EXAMPLES / "queens-16.cnf"
PIGEONS = EXAMPLES / "pigeons-8.cnf"
LIGHTS = EXAMPLES / "lights-out.cnf"


def lines_of(out: str, kind: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith(kind)]


@pytest.mark.parametrize(
    ("file", "code", "status"),
    [(QUEENS, 10, "SATISFIABLE"), (PIGEONS, 20, "UNSATISFIABLE"), (LIGHTS, 10, "SATISFIABLE")],
    ids=lambda value: value.stem if isinstance(value, Path) else "",
)
def test_answer_is_printed_as_the_competition_asks(
    file: Path, code: int, status: str, tmp_path: Path
) -> None:
    returned, out, err = turbosat(file)
    assert (returned, err) == (code, "")
    assert lines_of(out, "s") == [f"s {status}"]
    assert {line[0] for line in out.splitlines()} <= set("csv")
    assert all(len(line) <= 78 for line in lines_of(out, "v"))
    if code == 10:
        assert lines_of(out, "v")[-1].endswith(" 0")
        solution = tmp_path / "solution"
        solution.write_text(out)
        assert check([str(file), str(solution)]) == 10
    else:
        assert not lines_of(out, "v")


def test_quiet_prints_the_answer_only() -> None:
    _, out, _ = turbosat("-q", QUEENS)
    assert {line[0] for line in out.splitlines()} == {"s", "v"}


def test_no_witness_prints_no_model() -> None:
    assert turbosat("-q", "-n", QUEENS) == (10, "s SATISFIABLE\n", "")


def test_verbose_prints_events_as_comments() -> None:
    _, out, _ = turbosat("-v", "-n", QUEENS)
    assert any("started kissat" in line for line in lines_of(out, "c"))
    assert any("parsed" in line for line in lines_of(out, "c"))


@pytest.mark.parametrize("flag", ["--sat", "--unsat", "--deterministic", "--engine=cdcl", "--seed=7"])
@pytest.mark.parametrize(("file", "code"), [(QUEENS, 10), (PIGEONS, 20)])
def test_options_keep_the_answer(flag: str, file: Path, code: int) -> None:
    assert turbosat("-q", "-n", flag, file)[0] == code


@pytest.mark.parametrize("form", [(), ("--no-binary",)])
def test_proof_is_accepted_by_the_checker(form: tuple[str, ...], tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    assert turbosat(*form, PIGEONS, proof)[0] == 20
    assert check([str(PIGEONS), str(proof)]) == 0
    assert proof.read_bytes().startswith(b"a") != bool(form)


def test_proof_of_a_file_kissat_cannot_read(tmp_path: Path) -> None:
    formula, proof = tmp_path / "f.cnf", tmp_path / "proof"
    formula.write_text("p cnf 9 3\nx1 2 3 4 5 6 7 8 9 0\nx1 2 3 4 5 6 7 8 -9 0\n1 2 0\n")
    assert turbosat(formula, proof)[0] == 20
    assert check([str(formula), str(proof)]) == 0


def test_proof_of_an_empty_clause(tmp_path: Path) -> None:
    formula, proof = tmp_path / "f.cnf", tmp_path / "proof"
    formula.write_text("p cnf 1 2\n1 0\n0\n")
    assert turbosat(formula, proof)[0] == 20
    assert check([str(formula), str(proof)]) == 0


def test_competition_entry_point(tmp_path: Path) -> None:
    command = ["sh", str(ROOT / "bin" / "run.sh"), str(PIGEONS), str(tmp_path)]
    environment = {**os.environ, "PYTHON": sys.executable}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
    assert (run.returncode, run.stderr) == (20, "")
    assert check([str(PIGEONS), str(tmp_path / "proof.out")]) == 0


def zst(data: bytes) -> bytes:
    zstandard = pytest.importorskip("zstandard")
    compressed: bytes = zstandard.compress(data)
    return compressed


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zst], ids=["gz", "bz2", "xz", "zst"]
)
def test_compression_is_recognised_by_content(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file, proof = tmp_path / "formula", tmp_path / "proof"
    file.write_bytes(pack(PIGEONS.read_bytes()))
    assert turbosat(file, proof)[0] == 20
    assert check([str(PIGEONS), str(proof)]) == 0


@pytest.mark.parametrize("arguments", [("-q", "-n"), ("-q", "-n", "-")])
def test_standard_input(arguments: tuple[str, ...]) -> None:
    with open(QUEENS, "rb") as file:
        assert finish(start(*arguments, stdin=file.fileno())) == (10, "s SATISFIABLE\n", "")


def test_named_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(QUEENS.read_bytes()))
    writer.start()
    assert turbosat("-q", "-n", pipe)[0] == 10
    writer.join()


def test_file_name_that_looks_like_an_option(tmp_path: Path) -> None:
    (tmp_path / "-n").write_bytes(PIGEONS.read_bytes())
    command = [sys.executable, "-m", "turbosat", "-q", "--", "-n"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert (run.returncode, run.stdout, run.stderr) == (20, "s UNSATISFIABLE\n", "")


def test_json_statistics(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert turbosat("-q", "-n", "--seed", "5", "--json", path, QUEENS)[0] == 10
    data = json.loads(path.read_text())
    assert data["status"] == "SATISFIABLE"
    assert data["winner"] == data["lanes"][0]["lane"]
    assert data["options"]["seed"] == data["lanes"][0]["seed"] == 5
    assert data["variables"] == 256
    assert 0 < data["parse_seconds"] < data["wall_seconds"]
    assert data["lanes"][0]["counts"]["conflicts"] >= 0


def test_relaxed_parsing_finds_a_model_of_all_variables(tmp_path: Path) -> None:
    # Kissat's own models end at the header's last variable.
    file = tmp_path / "f.cnf"
    file.write_text("p cnf 1 1\n1 2 0\n-1 0\n-2 3 0\n")
    code, out, _ = turbosat("-q", "--relaxed", file)
    assert code == 10
    assert out.splitlines()[1].startswith("v -1 2 3 0")


def test_closed_output_is_no_traceback() -> None:
    process = start(QUEENS)
    assert process.stdout is not None
    process.stdout.close()
    with process:
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_version_and_doctor_and_help() -> None:
    from turbosat import __version__

    assert turbosat("--version") == (0, f"{__version__}\n", "")
    code, out, err = turbosat("--doctor")
    assert (code, err) == (0, "")
    assert "ok      kissat: 4.0.4" in out
    assert "ok      cadical: 3.0.0" in out
    code, out, _ = turbosat("--help")
    assert code == 0
    assert "--time" in out
    assert "--no-witness" in out


def test_doctor_says_why_kissat_is_missing() -> None:
    command = [sys.executable, "-m", "turbosat", "--doctor"]
    environment = {**os.environ, "TURBOSAT_KISSAT": "/nowhere/kissat"}
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 1
    assert "MISSING kissat: TURBOSAT_KISSAT=/nowhere/kissat is not an executable file" in run.stdout


def test_live_view_on_a_terminal_only(hard: Path) -> None:
    import pty

    keyboard, screen = pty.openpty()
    command = [sys.executable, "-m", "turbosat", "--time", "2.5", str(hard)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=screen, text=True) as process:
        out, _ = process.communicate(timeout=20)
    os.close(screen)
    shown = b""
    try:
        while data := os.read(keyboard, 4096):
            shown += data
    except OSError:  # the other end is closed
        pass
    os.close(keyboard)
    assert b"s left" in shown
    assert b"kissat" in shown
    wiped = shown.rindex(b"\x1b[2K")  # the last of the lines that the view took
    assert not re.search(rb"[a-z0-9]{2}", re.sub(rb"\x1b\[[?0-9;]*[a-zA-Z]", b"", shown[wiped:]))
    assert "s left" not in out
    assert "\x1b" not in out
