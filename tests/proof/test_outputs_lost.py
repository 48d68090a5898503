"""What a run should write beside its answer and cannot: the answer comes, the user is told, limits hold."""

import gzip
import json
import os
import resource
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cdcl.process.test_process import descriptors
from tests.families import dimacs, random_ksat
from tests.processes import ROOT, descendants, processes
from tests.proof.outputs import LONG, SAT, XORS, begin, end, proves, read_all, run
from turbosat import OutputError, Status, solve
from turbosat.check import check_certificate
from turbosat.proof.outlet import Outlet


def test_whoever_waits_for_a_proof_learns_that_there_is_none(out: Path) -> None:
    pipe, sat = out / "pipe", out / "sat.cnf"
    os.mkfifo(pipe)
    sat.write_text(SAT)
    process = begin("-q", "-n", sat, pipe, cwd=out)
    data: list[bytes] = []
    reader = read_all(pipe, data)
    assert end(process) == (10, b"s SATISFIABLE\n", b"")
    reader.join(LONG)
    assert len(data) == 1


@pytest.mark.parametrize("option", ["", "--json", "--certificate"])
def test_limits_hold_where_nobody_reads(option: str, formula: Path, out: Path) -> None:
    pipe = out / "pipe"
    os.mkfifo(pipe)
    words = (option, pipe, formula) if option else (formula, pipe)
    began = time.monotonic()
    code, said, complained = run("-q", "--time", "2", *words, cwd=out)
    assert time.monotonic() - began < 10
    if option == "--certificate":  # there is nothing to write
        assert (code, said, complained) == (20, b"s UNSATISFIABLE\n", b"")
        return
    assert said in (b"s UNSATISFIABLE\n", b"s UNKNOWN\n")
    if said == b"s UNSATISFIABLE\n":
        assert code == (20 if option else 1)
        assert b": it was not read in time\n" in complained
    assert complained.count(b"\n") <= 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_a_run_that_nobody_reads(
    number: signal.Signals, formula: Path, hard: Path, out: Path
) -> None:
    pipe = out / "pipe"
    os.mkfifo(pipe)
    for file, word, code, answer in (
        (hard, b" parsed ", 0, b"s UNKNOWN"),
        (formula, b" answered ", 1, b"s UNSATISFIABLE"),
    ):
        process = begin("-v", "-j1", "--no-pool", file, pipe, cwd=out)
        assert process.stdout is not None
        while word not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        returned, said, _ = end(process)
        assert (returned, said.splitlines()[-1]) == (code, answer)


@pytest.mark.usefixtures("no_children_left")
def test_nothing_stays_behind_of_a_pipe_that_nobody_reads(formula: Path, out: Path) -> None:
    pipe = out / "pipe"
    os.mkfifo(pipe)

    def once() -> None:
        with suppress(OutputError):  # it is out of time otherwise
            solve(formula, proof=str(pipe), time_limit=1, workers=1, gradient=False, algebra=False)

    once()
    threads, files = set(threading.enumerate()), descriptors()
    once()
    assert set(threading.enumerate()) <= threads
    assert descriptors().keys() <= files.keys()


@pytest.mark.parametrize("name", ["/dev/full", "small"])
def test_an_answer_whose_proof_has_no_room_is_an_error(name: str, formula: Path, out: Path) -> None:
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))) if name == "small" else None
    code, said, complained = run("-q", formula, name, cwd=out, preexec_fn=limit)
    assert (code, said, complained.count(b"\n")) == (1, b"s UNSATISFIABLE\n", 1)
    assert b": cannot write the proof: " in complained


@pytest.mark.parametrize("engine", ["auto", "cdcl"])
def test_a_search_whose_proof_has_no_room_ends(engine: str, hard: Path, out: Path) -> None:
    code, said, complained = run("-q", f"--engine={engine}", hard, "/dev/full", cwd=out)
    assert (code, said) == (1, b"")
    assert complained == b"turbosat: error: /dev/full: cannot write the proof: No space left on device\n"


def test_a_search_whose_proof_nobody_reads_any_more_ends(hard: Path, out: Path) -> None:
    source, target = os.pipe()
    process = begin("-q", hard, f"/dev/fd/{target}", cwd=out, pass_fds=[target])
    os.close(target)
    os.close(source)
    code, said, complained = end(process)
    assert (code, said) == (1, b"")
    assert complained.endswith(b": cannot write the proof: Broken pipe\n")
    assert complained.count(b"\n") == 1


@pytest.mark.parametrize("option", ["--json", "--certificate"])
@pytest.mark.parametrize("name", ["/dev/full", pytest.param("pipe", marks=pytest.mark.slow)])
def test_an_answer_outlives_what_cannot_be_written(option: str, name: str, out: Path) -> None:
    (out / "x.cnf").write_text(XORS)
    if name == "pipe":
        os.mkfifo(out / "pipe")
        descriptor = os.open(out / "pipe", os.O_RDWR)  # it has been full for ever
        os.set_blocking(descriptor, False)
        with suppress(BlockingIOError):
            while os.write(descriptor, bytes(1 << 16)):
                pass
    words = ("-q", "--engine=galois", "--time=8", option, name, "x.cnf")
    code, said, complained = run(*words, cwd=out)
    assert (code, said, complained.count(b"\n")) == (20, b"s UNSATISFIABLE\n", 1)
    assert complained.startswith(b"turbosat: error: %s: cannot write the " % name.encode())


def test_all_that_cannot_be_written_is_one_line(out: Path) -> None:
    (out / "x.cnf").write_text(XORS)
    words = ("-q", "--engine=galois", "--json=/dev/full", "--certificate=/dev/full", "x.cnf")
    code, said, complained = run(*words, cwd=out)
    assert (code, said, complained.count(b"\n")) == (20, b"s UNSATISFIABLE\n", 1)
    assert complained.count(b"/dev/full: cannot write the ") == 2


def test_python_is_told_with_the_answer(out: Path) -> None:
    (out / "x.cnf").write_text(XORS)
    for more in ({"engine": "galois", "certificate": "/dev/full"}, {"proof": "/dev/full"}):
        with pytest.raises(OutputError, match="/dev/full: cannot write the ") as caught:
            solve(out / "x.cnf", **more)  # type: ignore[arg-type]
        assert caught.value.proof == ("proof" in more)
        assert caught.value.result is not None
        assert caught.value.result.status is Status.UNSATISFIABLE
        assert caught.value.result.statistics["status"] == "UNSATISFIABLE"


def test_outputs_on_the_standard_output(out: Path) -> None:
    (out / "x.cnf").write_text(XORS)
    code, said, _ = run("-q", "--engine=galois", "--json=-", "x.cnf", cwd=out)
    first, _, rest = said.partition(b"\n")
    assert (code, first, json.loads(rest)["status"]) == (20, b"s UNSATISFIABLE", "UNSATISFIABLE")
    code, said, _ = run("-q", "--engine=galois", "--certificate=/dev/stderr", "x.cnf", cwd=out)[0:3]
    assert os.listdir(out) == ["x.cnf"]
    assert (
        check_certificate(
            out / "x.cnf",
            run("--engine=galois", "--certificate=-", "-q", "x.cnf", cwd=out)[1].replace(
                b"s UNSATISFIABLE\n", b""
            ),
        ).outcome
        == "verified"
    )


def test_an_answer_is_on_a_line_of_its_own_where_a_proof_ends_in_the_middle(hard: Path, out: Path) -> None:
    process = begin("--time", "2", hard, "-", cwd=out)
    assert process.stdout is not None
    said = b""
    while data := os.read(process.stdout.fileno(), 3001):
        said += data
        time.sleep(0.01)  # so slowly that the proof is cut within a line
    assert end(process)[0] == 0
    assert said.endswith(b"\ns UNKNOWN\n")
    assert len(said) > 1 << 14


def test_only_a_line_that_was_begun_is_ended() -> None:
    source, target = os.pipe()
    os.set_blocking(target, False)
    with suppress(BlockingIOError):
        while True:
            os.write(target, bytes(1 << 12))
    with Outlet(f"/dev/fd/{target}", "the proof") as outlet:
        outlet.end_line(60.0)
        outlet._last = b"0"
        outlet.end_line(0.01)  # there is no room
        os.read(source, 1 << 20)
        for text, expected in ((b"1 2 0\n-1", b"1 2 0\n-1\n"), (b"1 2 0\n", b"1 2 0\n"), (b"", b"1")):
            outlet.put(text, lambda *_: None)
            outlet.end_line(60.0)
            if not text:
                os.write(target, b"1")
            assert os.read(source, 1 << 20) == expected
        os.close(source)
        outlet._last = b"0"
        outlet.end_line(60.0)  # nobody reads
    os.close(target)


@pytest.fixture(scope="module")
def seconds_hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an unsatisfiable file whose proof is long before it ends, some seconds later."""
    path = tmp_path_factory.mktemp("hard") / "random.cnf"
    path.write_text(dimacs(*random_ksat(220, 950, seed=0)))
    return path


def kill_kissat(process: "subprocess.Popen[bytes]") -> bool:
    """Kill the lane that proves; return whether there was one."""
    table = processes()
    pids = [pid for pid in descendants(process.pid) if "kissat --seed=0" in table.get(pid, (0, ""))[1]]
    for pid in pids[:1]:
        os.kill(pid, signal.SIGKILL)
    return bool(pids)


def test_a_proof_is_begun_anew_where_that_can_be(seconds_hard: Path, out: Path) -> None:
    proof = out / "proof.gz"
    process = begin("-j2", "-v", seconds_hard, proof, cwd=out)
    assert process.stdout is not None
    while b"parsed" not in process.stdout.readline():
        pass
    assert kill_kissat(process)
    code, said, _ = end(process)
    assert (code, said.splitlines()[-1]) == (20, b"s UNSATISFIABLE")
    assert b"killed by signal 9" in said
    assert proves(seconds_hard, gzip.decompress(proof.read_bytes()))


def test_a_proof_that_cannot_be_begun_anew_ends_the_run(hard: Path, out: Path) -> None:
    pipe = out / "pipe"
    os.mkfifo(pipe)
    process = begin("-q", "-j2", hard, pipe, cwd=out)
    with open(pipe, "rb") as reader:
        assert reader.read(1)
        assert kill_kissat(process)
        reader.read()
    code, said, complained = end(process)
    assert (code, said, complained.count(b"\n")) == (1, b"", 1)
    assert b"the proof is incomplete" in complained


@pytest.mark.parametrize("flags", [(), ("--deterministic",)])
def test_nobody_left_to_prove_is_an_error(flags: tuple[str, ...], hard: Path, out: Path) -> None:
    kissat = out / "kissat"
    kissat.write_text("#!/bin/sh\nkill -SEGV $$\n")
    kissat.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TURBOSAT_KISSAT": str(kissat)}
    code, said, complained = run("-q", *flags, hard, "proof", cwd=out, env=environment)
    assert (code, said, complained.count(b"\n")) == (1, b"", 1)
    assert b"killed by signal 11" in complained
    assert b"nobody else can write the proof" in complained
