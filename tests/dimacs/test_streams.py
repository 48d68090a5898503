"""Standard streams that are closed, full, given up, stuck or oddly encoded: no answer is lost to them."""

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.processes import ROOT, finish, start
from turbosat.check.cli import main as check

QUEENS = ROOT / "examples" / "queens-16.cnf"
PIGEONS = ROOT / "examples" / "pigeons-8.cnf"
LONG = 60  # seconds: far more than a run takes that ends by itself


def redirected(redirection: str, *arguments: str | Path, **environment: str) -> tuple[int, bytes, str]:
    """Run `turbosat ARGUMENTS` with a shell's redirection; return exit code, stdout, stderr."""
    command = ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "turbosat"]
    run = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
        timeout=LONG,
    )
    return run.returncode, run.stdout, run.stderr.decode(errors="replace")


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-", "<&- 2>&-"])
def test_closed_streams_change_nothing_else(closed: str) -> None:
    code, out, err = redirected(closed, "-q", "-n", QUEENS)
    assert (code, err) == (10, "")
    assert out == (b"" if " >&-" in f" {closed}" else b"s SATISFIABLE\n")


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", ">&-"])
def test_nothing_is_written_where_a_closed_stream_was(closed: str, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    assert redirected(closed, "-v", PIGEONS, proof)[0] == 20
    assert check([str(PIGEONS), str(proof)]) == 0
    assert proof.read_bytes().startswith(b"a")


def test_descriptors_0_to_2_are_never_free() -> None:
    code = (
        "import os, sys\n"
        "from turbosat.cli.streams import secure\n"
        "secure()\n"
        "assert os.open('/dev/null', os.O_RDONLY) == 3\n"
        "print('é'); print('é', file=sys.stderr)\n"
        "assert sys.stdin is None\n"
        "try:\n    os.read(0, 1)\nexcept OSError:\n    sys.exit(7)\n"
    )
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 7


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_closed_standard_input_cannot_be_read(arguments: tuple[str, ...]) -> None:
    code, out, err = redirected("<&-", *arguments)
    assert code == 1
    assert err == "turbosat: error: <stdin>: expected a DIMACS file, found no standard input\n"
    assert b"s " not in out


@pytest.mark.parametrize(("file", "answer"), [(QUEENS, 10), (PIGEONS, 20)])
@pytest.mark.parametrize("options", [(), ("-q",), ("-v",)])
def test_full_disk_behind_standard_output(file: Path, answer: int, options: tuple[str, ...]) -> None:
    code, _, err = redirected(">/dev/full", *options, file)
    assert code == answer
    assert err == "turbosat: error: standard output: cannot write to it: No space left on device\n"


@pytest.mark.parametrize("option", ["--help", "--version", "--doctor"])
def test_full_disk_behind_what_is_no_answer(option: str) -> None:
    code, _, err = redirected(">/dev/full", option)
    assert (code, err) == (1, "turbosat: error: No space left on device\n")


def test_full_disk_behind_standard_error(tmp_path: Path) -> None:
    assert redirected("2>/dev/full", tmp_path / "none.cnf")[0] == 1


def test_run_ends_when_nobody_reads_its_comments(hard: Path) -> None:
    process = start("-v", hard)
    assert process.stdout is not None
    process.stdout.close()
    with process:
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(LONG) == 0


def waiting(pipe: int) -> int:
    """Return how many bytes wait in a pipe."""
    count: int = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0\0\0\0"))[0]
    return count


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """Return a formula whose model is larger than a pipe."""
    path = tmp_path / "wide.cnf"
    path.write_text("p cnf 200000 1\n1 -200000 0\n")
    return path


def test_answer_that_nobody_takes_is_given_up_at_the_limit(wide: Path) -> None:
    process = start("-q", "--time", "5", wide)
    assert process.stdout is not None
    assert process.wait(LONG) == 10
    assert process.stdout.readline() == "s SATISFIABLE\n"
    assert process.stderr is not None
    message = "turbosat: error: standard output: cannot write to it: nobody reads it\n"
    assert process.stderr.read() == message
    with process:
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_a_write_that_nobody_takes(number: signal.Signals, wide: Path) -> None:
    process = start("-q", wide)
    assert process.stdout is not None
    end = time.monotonic() + LONG
    while waiting(process.stdout.fileno()) < 60_000:
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(LONG) == 10
    with process:
        pass


def test_late_reader_gets_the_whole_answer(wide: Path) -> None:
    process = start("-q", wide)
    assert process.stdout is not None
    end = time.monotonic() + LONG
    while waiting(process.stdout.fileno()) < 60_000:
        assert time.monotonic() < end
        time.sleep(0.02)
    code, out, err = finish(process)
    assert (code, err) == (10, "")
    literals = [int(word) for line in out.splitlines()[1:] for word in line[2:].split(" ")]
    assert [abs(literal) for literal in literals] == [*range(1, 200_001), 0]


def test_output_that_does_not_block_is_waited_for(wide: Path) -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    command = [sys.executable, "-m", "turbosat", "-q", str(wide)]
    with subprocess.Popen(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE) as process:
        os.close(write)
        with open(read, "rb") as pipe:
            out = pipe.read()
        assert process.wait(LONG) == 10
    assert out.endswith(b" 0\n")
    assert len(out.split()) > 200_000


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "utf-16"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX"},
    ],
    ids=lambda each: "_".join(each.values()),
)
def test_odd_encodings_of_the_streams(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode("é€".encode() + b"\xff.cnf")
    file.write_bytes(QUEENS.read_bytes())
    code, out, err = redirected("", "-n", file, **environment)
    assert (code, err) == (10, "")
    assert out.startswith(b"c turbosat ")
    assert out.endswith(b"\ns SATISFIABLE\n")
    code, _, err = redirected("", tmp_path / os.fsdecode("ö".encode() + b"\xff"), **environment)
    assert (code, err.count("\n")) == (1, 1)
    assert "no such file" in err


def test_terminal_that_takes_nothing_holds_up_nothing(hard: Path) -> None:
    import pty

    keyboard, screen = pty.openpty()  # nobody reads what is shown there
    command = [sys.executable, "-m", "turbosat", "--time", "6", str(hard)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=screen, text=True) as process:
        os.write(screen, b"x" * 3000)
        fcntl.ioctl(screen, termios.TCXONC, termios.TCOOFF)  # as Ctrl-S does
        out, _ = process.communicate(timeout=LONG)
    os.close(screen)
    os.close(keyboard)
    assert process.returncode == 0
    assert out.endswith("s UNKNOWN\n")
