"""Input that does not come: limits and signals end the wait for it."""

import os
import pty
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, finish, start
from turbosat import Deadline, Reason, Status, solve

QUEENS = (ROOT / "examples" / "queens-16.cnf").read_bytes()
LONG = 60  # seconds: far more than a run takes that ends by itself


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """Return a named pipe without a writer."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture(params=["no writer", "idle writer", "idle terminal", "begun"])
def silent(request: pytest.FixtureRequest, fifo: Path) -> Iterator[Path]:
    """Return a path of what never brings a formula."""
    if request.param == "no writer":
        yield fifo
    elif request.param == "idle terminal":
        ends = pty.openpty()
        yield Path(os.ttyname(ends[1]))
        for end in ends:
            os.close(end)
    else:
        writer = os.open(fifo, os.O_RDWR)
        os.write(writer, b"p cnf 3 2\n1 2 0\n" if request.param == "begun" else b"")
        yield fifo
        os.close(writer)


def test_time_limit_ends_the_wait(silent: Path) -> None:
    code, out, err = finish(start("--time", "0.5", silent), LONG)
    assert (code, err) == (0, "")
    assert "c no answer: time" in out
    assert out.endswith("s UNKNOWN\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_wait(number: signal.Signals, silent: Path) -> None:
    process = start(silent)
    assert process.stdout is not None
    assert [process.stdout.readline()[:9] for _ in range(2)] == ["c turbosa", "c reading"]
    process.send_signal(number)
    code, out, err = finish(process, LONG)
    assert (code, err) == (0, "")
    assert "c no answer: interrupted" in out


@pytest.mark.parametrize("number", [None, signal.SIGTERM])
def test_idle_standard_input(number: signal.Signals | None) -> None:
    read, write = os.pipe()
    process = start(*(["--time", "0.5"] if number is None else []), "-", stdin=read)
    os.close(read)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("c turbosat")
    if number is not None:
        process.send_signal(number)
    code, out, err = finish(process, LONG)
    os.close(write)
    assert (code, err) == (0, "")
    assert f"c no answer: {'time' if number is None else 'interrupted'}" in out


def test_api_keeps_its_limit(silent: Path) -> None:
    result = solve(silent, time_limit=0.3)
    assert (result.status, result.reason) == (Status.UNKNOWN, Reason.TIME)


def test_api_hears_another_thread(silent: Path) -> None:
    with Deadline() as deadline:
        timer = threading.Timer(0.2, deadline.cancel)
        timer.start()
        result = solve(silent, deadline=deadline)
        timer.join()
    assert (result.status, result.reason) == (Status.UNKNOWN, Reason.INTERRUPTED)


def feed(descriptor: int, *pieces: bytes) -> threading.Thread:
    """Write pieces to a pipe in a thread, each when the one before was taken or soon after, and close it."""

    def write() -> None:
        with open(descriptor, "wb", buffering=0) as pipe:
            for piece in pieces:
                pipe.write(piece)
                threading.Event().wait(0.2)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


@pytest.mark.parametrize("blocking", [True, False])
def test_standard_input_in_pieces(blocking: bool) -> None:
    read, write = os.pipe()
    os.set_blocking(read, blocking)  # one that does not block has nothing at first: that is not its end
    process = start("-q", "-n", "-", stdin=read)
    os.close(read)
    writer = feed(write, QUEENS[:10], QUEENS[10:3000], QUEENS[3000:])
    assert finish(process, LONG) == (10, "s SATISFIABLE\n", "")
    writer.join()


def test_named_pipe_whose_writer_comes_late(fifo: Path) -> None:
    process = start("-q", "-n", fifo)
    writer = threading.Thread(target=lambda: fifo.write_bytes(QUEENS))
    writer.start()
    assert finish(process, LONG) == (10, "s SATISFIABLE\n", "")
    writer.join()


def test_named_pipe_that_is_closed_at_once(fifo: Path) -> None:
    process = start("-q", fifo)
    os.close(os.open(fifo, os.O_WRONLY))
    code, _, err = finish(process, LONG)
    assert (code, err.count("\n")) == (1, 1)
    assert "found an empty file" in err


def test_stream_of_a_program_is_read_as_it_comes() -> None:
    from turbosat.formula import files

    read, write = os.pipe()
    writer = feed(write, QUEENS[:5000], QUEENS[5000:])
    with open(read, "rb") as stream:
        assert files.read(stream) == files.parse(QUEENS)
    writer.join()
