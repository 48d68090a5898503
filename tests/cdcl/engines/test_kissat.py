"""What is Kissat's own: finding it, options, limits, proofs, its output."""

import os
import signal
import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.cdcl.engines.engines import LONG, array, formula, hopeless, seconds_hard, solve, wait
from tests.processes import allowance
from turbosat import solve as run_solver
from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.engines.kissat import Kissat
from turbosat.cdcl.engines.kissat_output import COLUMNS, Output
from turbosat.cdcl.engines.polarity import flip, flip_signs, restricted
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.cdcl.lanes.race import Race
from turbosat.cdcl.process import binaries
from turbosat.cdcl.process.binaries import OVERRIDE, find_kissat
from turbosat.deadline import Deadline
from turbosat.errors import Cause, EngineError, UnsupportedError
from turbosat.events import ignore
from turbosat.proof.file import ProofFile
from turbosat.result import Status

UNSAT = [[1, 2], [1, -2], [-1, 3], [-1, -3]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--nonsense",), "invalid long option '--nonsense'"),
        (("--seed=x",), "--seed=x"),
        (("--sat", "--unsat"), "multiple configurations"),
    ],
)
def test_bad_options_are_errors_in_kissats_words(options: tuple[str, ...], words: str) -> None:
    with pytest.raises(EngineError, match=words):
        solve(lambda: Kissat(options), formula([[1]]))


def test_a_total_limit_ends_the_engine_with_unknown() -> None:
    with Kissat(("--conflicts=50",)) as engine:
        engine.start(hopeless())
        for _ in range(2):
            answer = wait(engine)
            assert answer.status is Status.UNKNOWN
            assert engine.pid is None
            assert 50 <= answer.counts["conflicts"] < 60


def test_the_safety_net_of_seconds() -> None:
    with Kissat(time_limit=0.0) as engine:
        engine.start(hopeless())
        begun = time.monotonic()
        answer = wait(engine)
        assert answer.status is Status.UNKNOWN
        assert 0.9 < time.monotonic() - begun < allowance(3)
        assert 0 < answer.counts["seconds"] < 3


@pytest.mark.parametrize("as_path", [False, True])
def test_proofs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_path: bool) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    proof = tmp_path / "proof.cnf"  # the name of a formula: callers know better
    source: Path = tmp_path / "f.cnf"
    source.write_text("p cnf 3 4\n" + "".join(" ".join(map(str, [*c, 0])) + "\n" for c in UNSAT))
    for binary in (False, True):
        file = ProofFile(str(proof), binary=binary)
        with Kissat(proof=file) as engine, Deadline(LONG) as deadline:
            engine.start(source if as_path else formula(UNSAT))
            assert wait(engine).status is Status.UNSATISFIABLE
            assert file.finish(deadline) == ""
        assert binary or proof.read_text().splitlines()[-1] == "0"
    assert proof.read_bytes().endswith(b"a\0")
    assert list(spool.iterdir()) == []


@pytest.mark.parametrize("seconds", [2.0**31 - 2, 1e10, 1e300, float("inf")])
def test_more_seconds_than_kissat_can_count(seconds: float) -> None:
    assert solve(lambda: Kissat(time_limit=seconds), formula([[1]])).status is Status.SATISFIABLE


def test_a_formula_is_named_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a proof Kissat wants a name for what it reads, wherever; it is gone once the file is open."""
    spool = Path("/dev/shm")
    if not os.access(spool, os.W_OK):
        pytest.skip("there is no other place than the usual one")
    monkeypatch.setattr("tempfile.tempdir", "/proc")
    before = set(spool.iterdir())
    with Kissat(proof=ProofFile(str(tmp_path / "p"))) as engine:
        engine.start(formula(UNSAT))
        assert wait(engine).status is Status.UNSATISFIABLE
    assert not {path for path in set(spool.iterdir()) - before if path.suffix == ".cnf"}


def test_a_file_that_has_lost_its_name_is_ours_to_read(tmp_path: Path) -> None:
    path = tmp_path / "f.cnf"
    path.write_text("p cnf 1 2\n1 0\n-1 0\n")
    with open(path, "rb") as file:
        path.unlink()
        name = Path(f"/dev/fd/{file.fileno()}")
        assert solve(Kissat, name).status is Status.UNSATISFIABLE
        with pytest.raises(EngineError) as caught:
            solve(lambda: Kissat(proof=ProofFile(str(tmp_path / "p"))), name)
        assert caught.value.cause is Cause.REJECTED  # so that it is begun again on the parsed formula
        assert run_solver(str(name), proof=str(tmp_path / "p")).status is Status.UNSATISFIABLE


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("echo 'c exit 20'; kill -KILL $$", Status.UNSATISFIABLE),
        ("echo 'c exit 20'; exit 0", Status.UNSATISFIABLE),
        ("exit 0", None),
        ("echo 'c exit 10'; exit 0", None),
    ],
)
def test_what_it_said_to_the_end_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, status: Status | None
) -> None:
    """Exit codes are lost where the program around us ignores its children."""
    program = tmp_path / "kissat"
    program.write_text(f"#!/bin/sh\necho 's UNSATISFIABLE'\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv(OVERRIDE, str(program))
    if status is None:
        with pytest.raises(EngineError):
            solve(Kissat, formula([[1]]))
    else:
        assert solve(Kissat, formula([[1]])).status is status


def test_a_proof_goes_with_nothing_that_changes_the_formula(tmp_path: Path) -> None:
    with Kissat(proof=ProofFile(str(tmp_path / "p"))) as engine:
        engine.start(formula(UNSAT))
        with pytest.raises(UnsupportedError, match="proof"):
            engine.set_phases(np.ones(3, np.bool_))
        with pytest.raises(UnsupportedError, match="proof"):
            engine.add_units(array(1))


def test_a_path_that_looks_like_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("--sat").write_text("p cnf 1 1\n1 0\n")
    with Kissat() as engine:
        engine.start(Path("--sat"))
        assert wait(engine).status is Status.SATISFIABLE


def test_one_look_is_enough_for_an_answer_that_is_there() -> None:
    with Kissat() as engine:
        engine.start(formula([[1], [-1, 2]]))
        engine.advance(Budget())
        assert engine.pid is not None
        os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)
        answer = engine.poll(0.0)
    assert answer is not None
    assert answer.status is Status.SATISFIABLE


def test_a_look_ends_where_the_output_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kissat"
    program.write_text("#!/bin/sh\nexec yes 'c and so on'\n")
    program.chmod(0o755)
    monkeypatch.setenv(OVERRIDE, os.fspath(program))
    with Kissat() as engine:
        engine.start(formula([[1]]))
        engine.advance(Budget())
        assert engine.pid is not None
        rescue = threading.Timer(30, os.kill, (engine.pid, signal.SIGKILL))  # then it raises EngineError
        rescue.start()
        try:
            assert all(engine.poll(0.1) is None for _ in range(3))
        finally:
            rescue.cancel()


def test_reports_and_statistics() -> None:
    with Kissat() as engine:
        engine.start(seconds_hard())
        answer = wait(engine, Budget(seconds=0.5))
        assert answer.status is Status.UNKNOWN
        assert set(engine.progress) == set(COLUMNS)
        assert 0 < engine.progress["conflicts"] == answer.counts["conflicts"]
        answer = wait(engine)
        assert {"conflicts", "decisions", "propagations", "restarts", "seconds"} <= set(answer.counts)


def test_output_in_any_pieces() -> None:
    text = (
        b"c parsed 'p cnf 4 2' header\nc\n"
        b"c -  0.04  3 20 0 1 24 2 1000 612 1.5 15 10 6 14 38%   0 1278 300 99%\n"
        b"s SATISFIABLE\nv 1 -2\nv -4 0\n"
        b"c conflicts:  7  0.00 per second\nc process-time:  24s  24.04 seconds\n"
    )
    for size in (1, 7, 1000):
        output = Output()
        for start in range(0, len(text), size):
            output.feed(text[start : start + size])
        assert output.status == "SATISFIABLE"
        assert output.values().tolist() == [True, False, True, False]
        assert output.counts == {"conflicts": 7.0, "process_time": 24.04}
        assert output.progress["conflicts"] == 1000
        assert output.progress["remaining"] == 99


def test_flipping_twice_is_nothing() -> None:
    signs = flip_signs(3, np.array([True, False]))
    assert signs.tolist() == [1, -1, 1]
    assert flip(array(1, -2, 3, 2), signs).tolist() == [1, 2, 3, -2]
    assert flip(flip(array(1, -2, 3, 2), signs), signs).tolist() == [1, -2, 3, 2]
    flipped = restricted(formula([[1, 2]], 3), array(-2, 3), signs)
    assert list(flipped) == [(1, -2), (2,), (3,)]


def test_where_kissat_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OVERRIDE, raising=False)
    program = tmp_path / "kissat"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(binaries, "_wheel_folders", list)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_kissat() == str(program)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(EngineError, match="pip install passagemath-kissat"):
        find_kissat()
    monkeypatch.setenv(OVERRIDE, str(program))
    assert find_kissat() == str(program)
    monkeypatch.setenv(OVERRIDE, str(tmp_path / "nothing"))
    with pytest.raises(EngineError, match=OVERRIDE):
        find_kissat()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 10", "no answer"),
        ("exit 1", "exit code 1"),
        ("echo 's UNSATISFIABLE'; exit 10", "printed 'UNSATISFIABLE'"),
        ("kill -SEGV $$", "killed by signal 11"),
    ],
)
def test_a_broken_kissat_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    program = tmp_path / "kissat"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(OVERRIDE, str(program))
    with pytest.raises(EngineError, match=words):
        solve(Kissat, formula([[1]]))


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("memory.cnf", None, Cause.OTHER),
        ("out-of-memory parse error.cnf", None, Cause.OTHER),
        ("f.cnf:1: parse error: x", None, Cause.OTHER),
        ("killed by signal 9", "p cnf 1 1\n2 0\n", Cause.REJECTED),
        ("xor.cnf", "p cnf 2 1\nx1 2 0\n", Cause.REJECTED),
    ],
)
def test_why_it_broke_does_not_depend_on_names(
    tmp_path: Path, name: str, content: str | None, cause: Cause
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(EngineError) as caught:
        solve(Kissat, path)
    assert caught.value.cause is cause


def test_a_file_called_memory_is_no_want_of_memory(tmp_path: Path) -> None:
    with Deadline() as deadline, Race(deadline, ignore) as race:
        lane = race.add(Entrant("memory", 0), Kissat(), tmp_path / "memory.cnf")
        while lane.state == "running":
            race.glance(0.1)
        with pytest.raises(EngineError, match=r"memory\.cnf"):
            race.none_left([lane])


@pytest.mark.parametrize(
    ("complaint", "cause", "words"),
    [
        (b"kissat: fatal error: out-of-memory allocating 8 bytes\n", Cause.MEMORY, "out of memory alloc"),
        (b"kissat: error: f.cnf:7: parse error: expected digit\n", Cause.REJECTED, "expected digit"),
        (b"kissat: error: other.cnf:7: parse error: expected digit\n", None, "other.cnf"),
        (b"kissat: error: can not read 'out-of-memory'\n", None, "can not read"),
    ],
)
def test_causes_of_complaints(complaint: bytes, cause: Cause | None, words: str) -> None:
    output = Output("f.cnf")
    output.feed(complaint)
    assert output.cause is cause
    assert words in output.error
