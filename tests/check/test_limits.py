"""Limits and signals hold whatever blocks, and leave nothing behind."""

import gzip
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.check.command import Run, run, running
from tests.check.solver import proof_of
from tests.families import dimacs, pigeonhole
from tests.processes import descendants, gone
from turbosat.check import UsageError, check

SQUARE = b"p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"
LATE = 60.0  # seconds that a machine, however busy, does not take to end a run at its limit
TIMEOUT = Run(3, "s TIMEOUT\n", "")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "cnf").write_bytes(SQUARE)
    (tmp_path / "proof").write_bytes(b"2 0\n0\n")
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


@contextmanager
def in_time(limit: float = 1.0) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert limit <= time.monotonic() - begun < LATE


@pytest.mark.parametrize("arguments", [("fifo", "proof"), ("cnf", "fifo"), ("cnf", "fifo", "-m")])
def test_a_fifo_without_a_writer(files: Path, arguments: tuple[str, ...]) -> None:
    with in_time():
        assert run("-q", "--time", "1", *arguments, folder=files) == TIMEOUT


@pytest.mark.parametrize("arguments", [("-", "proof"), ("cnf", "-"), ("/dev/stdin", "proof")])
def test_an_idle_pipe(files: Path, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    try:
        with in_time():
            assert run("-q", "--time", "1", *arguments, folder=files, stdin=reading) == TIMEOUT
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("arguments", [("-", "proof"), ("cnf", "-"), ("cnf", "/dev/tty")])
def test_an_idle_terminal(files: Path, arguments: tuple[str, ...]) -> None:
    ours, theirs = pty.openpty()
    adopt = [
        sys.executable,
        "-c",
        "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "os.execv(sys.executable, [sys.executable, '-m', 'turbosat.check.cli', *sys.argv[1:]])",
    ]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        with in_time():
            done = subprocess.run(
                [*adopt, "-q", "--time", "1", *arguments],
                cwd=files, env=environment, stdin=theirs, capture_output=True, timeout=300,
            )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (3, b"s TIMEOUT\n", b"")
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    "arguments", [("bomb", "proof"), pytest.param(("cnf", "bomb"), marks=pytest.mark.slow)]
)
def test_a_file_that_is_large_only_when_decompressed(files: Path, arguments: tuple[str, ...]) -> None:
    with gzip.open(files / "bomb", "wb", 1) as file:
        for _ in range(400):
            file.write(b"\n" * (1 << 22))
    with in_time():
        assert run("-q", "--time", "1", *arguments, folder=files) == TIMEOUT


def test_a_limit_within_the_check(files: Path, tmp_path: Path) -> None:
    variables, clauses = pigeonhole(10, 9)
    (files / "php.drat").write_bytes(proof_of(tmp_path, variables, clauses))
    (files / "php.cnf").write_text(dimacs(variables, clauses))
    assert run("php.cnf", "php.drat", "-q", "--time", "0.001", folder=files) == TIMEOUT
    code, out, _ = run("php.cnf", "php.drat", "--time", "0.01", "--json", "-", folder=files)
    assert code == 3
    assert "\nc " in out
    assert '\ns TIMEOUT\n{\n  "outcome": "timeout",\n' in out


def test_a_limit_that_is_no_number(files: Path) -> None:
    code, out, err = run("--time", "nan", "cnf", "proof", folder=files)
    assert (code, out, err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("limit", ["inf", "1e10", "1e300", "1e400", "Infinity"])
def test_limits_without_end(files: Path, limit: str) -> None:
    assert run("-q", "--time", limit, "cnf", "proof", folder=files) == (0, "s VERIFIED\n", "")


@pytest.mark.parametrize("output", ["--core", "--json"])
def test_an_output_that_nobody_reads(files: Path, output: str) -> None:
    """The verdict is out before that is waited for."""
    with in_time(0):
        done = run("-q", "--time", "5", "cnf", "proof", output, "fifo", folder=files)
    if done.code == 3:  # the kernels had to be compiled first
        assert done == TIMEOUT or output == "--json"
        return
    assert done == (0, "s VERIFIED\n", "turbosat-check: out of time, not everything is written\n")


@pytest.mark.parametrize("arguments", [("cnf", "proof"), ("cnf", "none")])
@pytest.mark.parametrize("limit", [True, False])
def test_full_pipes_that_nobody_reads(files: Path, arguments: tuple[str, ...], limit: bool) -> None:
    """Neither the verdict nor an error can be written, and the process ends all the same."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(1 << 12))
    os.set_blocking(writing, True)
    options = ("--time", "3") if limit else ()
    try:
        with running("-q", *options, *arguments, folder=files, stdout=writing, stderr=writing) as process:
            if limit:
                assert process.wait(LATE) in (0, 2, 3)
            else:
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(1)
                process.terminate()
                assert process.wait(LATE) == 143
    finally:
        os.close(reading)
        os.close(writing)


def test_an_output_that_is_read_late(files: Path) -> None:
    with running("-q", "cnf", "proof", "--core", "fifo", folder=files, stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"s VERIFIED\n"
        assert (files / "fifo").read_bytes() == b"2 0\n0\n"
        process.communicate(timeout=300)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [(signal.SIGINT, 130, b"interrupted"), (signal.SIGTERM, 143, b"terminated")],
)
@pytest.mark.parametrize("arguments", [("fifo", "proof"), ("cnf", "fifo")])
def test_signals(
    files: Path, arguments: tuple[str, ...], number: signal.Signals, code: int, message: bytes
) -> None:
    with running(*arguments, folder=files, stdout=-1, stderr=-1) as process:
        below = waiting(process.pid)
        process.send_signal(number)
        out, err = process.communicate(timeout=LATE)
    assert (process.returncode, out, err) == (code, b"", b"turbosat-check: " + message + b"\n")
    assert gone(below)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_once_there_is_a_verdict(files: Path, number: signal.Signals) -> None:
    with running("-q", "cnf", "proof", "--json", "fifo", folder=files, stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"s VERIFIED\n"
        process.send_signal(number)
        process.communicate(timeout=LATE)
    assert process.returncode == 128 + number


def test_ignored_signals_stay_ignored(files: Path) -> None:
    with running("-q", "fifo", "proof", folder=files, prefix="trap '' INT;", stdout=-1, stderr=-1) as process:
        waiting(process.pid)
        process.send_signal(signal.SIGINT)
        (files / "fifo").write_bytes(SQUARE)
        out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err) == (0, b"s VERIFIED\n", b"")


def test_a_killed_program_leaves_nothing_behind(files: Path) -> None:
    with running("fifo", "proof", folder=files) as process:
        below = waiting(process.pid)
        process.kill()
    assert gone(below)


def test_a_killed_check_is_no_verdict(files: Path) -> None:
    with running("fifo", "proof", folder=files, stdout=-1, stderr=-1) as process:
        for child in waiting(process.pid):
            os.kill(child, signal.SIGKILL)
        out, err = process.communicate(timeout=LATE)
    assert (process.returncode, out) == (4, b"")
    assert err == b"turbosat-check: the check was killed; perhaps there is too little memory\n"


def test_ignored_children_do_not_matter(files: Path) -> None:
    done = run("-q", "cnf", "proof", folder=files, prefix="trap '' CHLD;")
    assert done == (0, "s VERIFIED\n", "")


def test_from_python(files: Path) -> None:
    for cnf, proof in ((files / "fifo", files / "proof"), (files / "cnf", files / "fifo")):
        begun = time.monotonic()
        assert check(cnf, proof, seconds=0.3).verdict.outcome == "timeout"
        assert 0.3 <= time.monotonic() - begun < LATE
    for seconds in (-1, float("nan")):
        with pytest.raises(UsageError):
            check(SQUARE, b"2 0\n0\n", seconds=seconds)
    assert check(SQUARE, b"2 0\n0\n", seconds=10**400).verdict.verified


def test_a_fifo_whose_writer_comes_late(files: Path) -> None:
    """Until there is a writer, and while it only thinks, nothing has ended."""

    def write() -> None:
        with open(files / "fifo", "wb", buffering=0) as file:
            for byte in SQUARE:
                file.write(bytes([byte]))

    writer = threading.Timer(0.3, write)
    writer.start()
    try:
        assert check(files / "fifo", b"2 0\n0\n").verdict.verified
    finally:
        writer.join()


def waiting(pid: int) -> set[int]:
    """Wait until a check waits for its input; return the process in which it does."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        for child in descendants(pid):
            try:
                files = [os.readlink(f"/proc/{child}/fd/{n}") for n in os.listdir(f"/proc/{child}/fd")]
            except OSError:
                continue
            if any(file.endswith("/fifo") for file in files):
                return {child}
        time.sleep(0.05)
    raise AssertionError("it does not wait")
