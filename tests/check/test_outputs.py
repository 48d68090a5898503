"""Where the command writes: never over what it reads, and never at the cost of the verdict."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.check.command import Run, run, running

SQUARE = b"p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"
PROOF = b"2 0\n0\n"
HEADER = b"p cnf 2 5\n" + SQUARE.split(b"\n", 1)[1]  # whose clauses are not as many as promised: a note


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "cnf").write_bytes(SQUARE)
    (tmp_path / "proof").write_bytes(PROOF)
    (tmp_path / "folder").mkdir()
    (tmp_path / "symbolic").symlink_to("cnf")
    (tmp_path / "hard").hardlink_to(tmp_path / "proof")
    (tmp_path / "dangling").symlink_to("new")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        (("--core", "cnf"), "--core", "CNF"),
        (("--json", "proof"), "--json", "ANSWER"),
        (("--json", "folder/../cnf"), "--json", "CNF"),
        (("--core", "symbolic"), "--core", "CNF"),
        (("--json", "hard"), "--json", "ANSWER"),
        (("--core", "new", "--json", "new"), "--json", "--core"),
        (("--core", "new", "--json", "./folder/../new"), "--json", "--core"),
        (("--core", "new", "--json", "dangling"), "--json", "--core"),
    ],
)
def test_nothing_is_overwritten(files: Path, options: tuple[str, ...], first: str, second: str) -> None:
    message = f"turbosat-check: {first} and {second} are the same file (see --help)\n"
    assert run("cnf", "proof", *options, folder=files) == (2, "", message)
    assert ((files / "cnf").read_bytes(), (files / "proof").read_bytes()) == (SQUARE, PROOF)
    assert not (files / "new").exists()


def test_redirected_files_are_not_overwritten(files: Path) -> None:
    with open(files / "cnf", "rb") as cnf:
        code, _, err = run("-", "proof", "--json", "cnf", folder=files, stdin=cnf)
    assert (code, err) == (2, "turbosat-check: --json and CNF are the same file (see --help)\n")
    with open(files / "proof", "ab") as output:
        code, _, err = run("cnf", "proof", folder=files, stdout=output)
    assert (code, err) == (2, "turbosat-check: standard output and ANSWER are the same file (see --help)\n")
    with open(files / "out", "wb") as output:
        code, _, err = run("cnf", "proof", "--core", "out", folder=files, stdout=output)
    assert (code, err) == (2, "turbosat-check: --core and standard output are the same file (see --help)\n")
    with open(files / "out", "wb") as output:
        code, _, err = run("cnf", "proof", "--json", "/dev/stderr", folder=files, stderr=output)
        assert code == 2
    message = "turbosat-check: --json and standard error are the same file (see --help)\n"
    assert (files / "out").read_text() == message
    with open(files / "out", "wb") as output:
        assert run("cnf", "proof", "--json", "-", folder=files, stdout=output, stderr=output).code == 0
    assert ((files / "cnf").read_bytes(), (files / "proof").read_bytes()) == (SQUARE, PROOF)


def test_a_file_that_becomes_an_input_is_not_overwritten(files: Path) -> None:
    """The formula comes through a pipe; while it is waited for, the output becomes a link to the proof."""
    with running("-", "proof", "--json", "new", folder=files, stdin=-1, stdout=-1, stderr=-1) as process:
        assert process.stdin is not None
        process.stdin.write(SQUARE[:10])
        process.stdin.flush()
        (files / "new").symlink_to("proof")
        out, err = process.communicate(SQUARE[10:], timeout=300)
    if process.returncode == 0:  # else it was looked at after the change, and refused at once
        assert out.endswith(b"s VERIFIED\n")
        assert err == b"turbosat-check: new: it is an input by now\n"
    assert (files / "proof").read_bytes() == PROOF


def test_files_are_replaced_as_a_whole(files: Path) -> None:
    (files / "core").write_text("something longer than the core is\n")
    assert run("cnf", "proof", "--core", "core", folder=files).code == 0
    assert (files / "core").read_bytes() == PROOF


def test_a_file_that_cannot_be_written_is_an_error_at_once(files: Path) -> None:
    os.mkfifo(files / "fifo")  # which nobody writes to: the formula would be waited for
    for place, why in (("none/x", "No such file or directory"), ("cnf/x", "Not a directory")):
        assert run("fifo", "proof", "--core", place, folder=files) == (2, "", f"{place}: {why}\n")


def test_full_disks(files: Path) -> None:
    full = "No space left on device\n"
    done = run("-q", "cnf", "proof", "--json", "/dev/full", "--core", "/dev/full", folder=files)
    assert done == (0, "s VERIFIED\n", f"turbosat-check: /dev/full: {full}" * 2)
    with open("/dev/full", "wb") as output:
        done = run("cnf", "proof", folder=files, stdout=output)
        assert done == (0, "", f"turbosat-check: standard output: {full}")
        assert run("cnf", "proof", folder=files, stdout=output, stderr=output).code == 0


def test_limits_on_the_size_of_files(files: Path) -> None:
    done = run("-q", "cnf", "proof", "--json", "new", folder=files, prefix="trap '' XFSZ; ulimit -f 0;")
    assert done == (0, "s VERIFIED\n", "turbosat-check: new: File too large\n")


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("2>&-", Run(0, "s VERIFIED\n", "")),
        ("<&-", Run(0, "s VERIFIED\n", "")),
        (">&-", Run(0, "", "turbosat-check: standard output: Bad file descriptor\n")),
        ("<&- >&- 2>&-", Run(0, "", "")),
    ],
)
def test_closed_descriptors(files: Path, closed: str, expected: Run) -> None:
    options = ("cnf", "proof", "-q", "--core", "core", "--json", "record")
    assert run(*options, folder=files, prefix=f"exec {closed};") == expected
    assert (files / "core").read_bytes() == PROOF
    assert (files / "record").read_text().startswith("{\n")


def test_closed_standard_input_is_no_formula(files: Path) -> None:
    done = run("-", "proof", folder=files, prefix="exec <&-;")
    assert done == (2, "", "<stdin>: Bad file descriptor\n")


def test_a_reader_that_has_gone(files: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run("cnf", "proof", folder=files, stdout=writing) == (0, "", "")
    finally:
        os.close(writing)


NAMES = [
    b"\xff\xfe.cnf",
    b"a\nb\ts VERIFIED",
    b"\x1b[2J\x1b]0;x\x07",
    "\u202e\u00e9\u4e2d".encode(),
    b"' $(x);|",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C.UTF-8"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_any_name(files: Path, name: bytes, environment: dict[str, str]) -> None:
    """Names are shown, in notes and errors, without what moves a cursor or begins a line."""
    folder = bytes(files)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(HEADER)
    code, out, err = run(name, "proof", "--json", name + b".json", folder=files, env=environment)
    lines = out.splitlines()
    assert (code, err, lines[-1], out.count("VERIFIED\n")) == (0, "", "s VERIFIED", 1)
    assert lines[0].endswith(": the header promises 5 clauses, the file has 4")
    assert all(character.isprintable() or character == "\n" for character in out)
    assert os.path.exists(os.path.join(folder, name + b".json"))
    code, out, err = run(name + b".not", "proof", folder=files, env=environment)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert all(character.isprintable() or character == "\n" for character in err)
    code, out, err = run("cnf", "proof", b"--" + name, folder=files, env=environment)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_help_where_it_cannot_be_written(files: Path) -> None:
    with open("/dev/full", "wb") as output:
        done = run("--help", folder=files, stdout=output)
    assert done.err == "turbosat-check: standard output: No space left on device\n"
    assert run("--help", folder=files, stdout=subprocess.PIPE).out.startswith("usage: turbosat-check")
