"""One run under real limits: solvers that misbehave in every way, run by the real runner."""

import asyncio
import lzma
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.report.nasty import command
from tests.processes import LATE, allowance, descendants, eventually, gone
from turbosat.benchmarks.run.competition import HEAD, TAIL
from turbosat.benchmarks.run.limits import Limits
from turbosat.benchmarks.run.runner import Outcome, Request
from turbosat.benchmarks.run.worker import Lost, Worker

MB = 1 << 20
GRACE = 0.4
STARTED = 2.0  # seconds after which a solver does what it is here for


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker("turbosat.benchmarks.run.runner", os.sched_getaffinity(0))
    yield worker
    worker.kill()
    assert gone(descendants(os.getpid()))


class Runs:
    """Runs solvers one after the other in one runner."""

    def __init__(self, worker: Worker, folder: Path) -> None:
        self.worker = worker
        self.folder = folder

    def __call__(
        self,
        *names: str,
        wall: float = 60.0,
        cpu: float = 1000.0,
        memory: int = 1000 * MB,
        file: int = 1 << 40,
        grace: float = GRACE,
        arguments: tuple[str, ...] = (),
    ) -> Outcome:
        return self.all(
            [[*command(name), *arguments] for name in names], Limits(wall, cpu, memory, file, grace)
        )

    def all(self, commands: list[list[str]], limits: Limits) -> Outcome:
        folder = self.folder
        request = asdict(Request(commands, limits, 1 << 16, str(folder / "model"), str(folder / "log")))

        async def ask() -> dict[str, Any]:
            try:
                answer = await self.worker.ask(request)
                assert not descendants(self.worker.pid)  # nothing is left when the answer comes
            finally:
                await self.worker.close()
            return answer

        return Outcome(**asyncio.run(ask()))

    def log(self, kind: str = "out") -> bytes:
        path = self.folder / f"log.{kind}.xz"
        return lzma.decompress(path.read_bytes()) if path.exists() else b""


@pytest.fixture
def runs(worker: Worker, tmp_path: Path) -> Runs:
    return Runs(worker, tmp_path)


@pytest.mark.parametrize(
    ("name", "status", "claim", "code", "words"),
    [
        ("unsat", "ok", "unsat", 20, ""),
        ("sat", "ok", "sat", 10, ""),
        ("partial", "ok", "sat", 10, ""),
        ("gives-up", "ok", "unknown", 0, "gave up"),
        ("silent", "ok", "unknown", 0, "gave up"),
        ("no-model", "error", "sat", 10, "complete model"),
        ("half-model", "error", "sat", 10, "complete model"),
        ("two-models", "error", "sat", 10, "closing 0"),
        ("two-answers", "wrong", "sat", 10, "two s lines"),
        ("twice", "wrong", "unsat", 20, "two s lines"),
        ("mumbles", "error", "unknown", 10, "MAYBE"),
        ("code-0", "error", "unsat", 0, "exit code is 0"),
        ("code-10", "wrong", "unsat", 10, "exit code 10 says sat"),
        ("code-only", "error", "unknown", 20, "no s line"),
        ("code-3", "error", "unknown", 3, "exit code 3"),
        ("dies", "error", "sat", -11, "signal 11"),
        ("dies-late", "error", "unsat", -6, "signal 6"),
        ("floods-first", "ok", "unsat", 20, ""),
    ],
)
def test_answers(runs: Runs, name: str, status: str, claim: str, code: int, words: str) -> None:
    outcome = runs(name)
    assert (outcome.ended, outcome.status, outcome.claim, outcome.exit) == ("exit", status, claim, code)
    assert words in outcome.reason
    assert bool(words) == bool(outcome.reason)
    assert outcome.left == 0
    assert 0 < outcome.cpu < 10
    assert 1 * MB < outcome.rss < 60 * MB


def test_daemons_are_found_and_killed(runs: Runs) -> None:
    outcome = runs("forks")
    assert (outcome.ended, outcome.claim, outcome.left) == ("exit", "unsat", 2)
    assert outcome.wall < allowance(5)


def test_what_forks_for_ever_is_ended(runs: Runs) -> None:
    outcome = runs("forks-on", wall=STARTED)
    assert outcome.ended == "timeout"
    assert outcome.left >= 5


@pytest.mark.parametrize("name", ["deaf", "stopped", "floods", "floods-a-line", "floods-values"])
def test_wall_time(runs: Runs, name: str) -> None:
    outcome = runs(name, wall=STARTED)
    assert (outcome.ended, outcome.reason) == ("timeout", "wall time")
    assert outcome.wall >= (STARTED if name != "deaf" else STARTED + GRACE)
    assert outcome.wall < STARTED + GRACE + allowance(1.5)
    assert outcome.exit == (-9 if name == "deaf" else -15)


def test_term_comes_first_and_answers_after_the_limit_do_not_count(runs: Runs) -> None:
    outcome = runs("late", wall=STARTED, grace=LATE)
    assert (outcome.ended, outcome.exit) == ("timeout", 20)
    assert outcome.wall < STARTED + LATE


def test_a_polite_solver_ends_within_the_grace(runs: Runs) -> None:
    outcome = runs("polite", wall=0.3)
    assert (outcome.ended, outcome.claim, outcome.exit) == ("timeout", "unknown", 0)


@pytest.mark.parametrize("name", ["hungry", "hungry-children"])
def test_memory_of_the_whole_tree(runs: Runs, name: str) -> None:
    outcome = runs(name, memory=100 * MB)
    assert (outcome.ended, outcome.reason) == ("memout", "memory")
    assert 100 * MB < outcome.rss < 400 * MB
    assert outcome.wall < allowance(10)


def test_shared_pages_count_once(runs: Runs) -> None:
    outcome = runs("shares", memory=150 * MB)  # five processes with the same 60 MB
    assert (outcome.ended, outcome.claim) == ("exit", "unsat")
    assert 60 * MB < outcome.rss <= 150 * MB


def test_cpu_time_of_the_whole_tree(runs: Runs) -> None:
    outcome = runs("burns", cpu=0.5)
    assert (outcome.ended, outcome.reason) == ("timeout", "CPU time")
    assert 0.5 < outcome.cpu < 2


def test_cpu_time_of_what_nobody_reaps(runs: Runs) -> None:
    assert runs("burns-unreaped").cpu > 0.35


def test_files_are_bounded(runs: Runs, tmp_path: Path) -> None:
    path = tmp_path / "large"
    outcome = runs("writes", file=10 * MB, arguments=("formula", str(path)))
    assert outcome.status == "error"
    assert path.stat().st_size <= 10 * MB


def test_a_flood_is_cut(runs: Runs) -> None:
    pid = runs.worker.pid
    outcome = runs("floods-first")
    assert outcome.claim == "unsat"
    log = runs.log()
    assert len(log) < HEAD + TAIL + 100
    assert b"bytes cut here\n" in log
    assert log.startswith(b"c flood")
    assert log.endswith(b"s UNSATISFIABLE\n")
    assert gone({pid})


def test_floods_do_not_fill_the_runner(worker: Worker, tmp_path: Path) -> None:
    async def ask() -> int:
        limits = Limits(1.0, 1000.0, 1000 * MB, 1 << 40, GRACE)
        paths = str(tmp_path / "model"), str(tmp_path / "log")
        await worker.ask(asdict(Request([command("floods")], limits, 1 << 16, *paths)))
        status = Path(f"/proc/{worker.pid}/status").read_text()
        await worker.close()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    assert asyncio.run(ask()) < 200 * MB


def test_logs_hold_what_was_printed(runs: Runs) -> None:
    runs("partial")
    assert runs.log() == b"c hello\ns SATISFIABLE\nv -1\nv 2 0\nc bye\n"
    assert runs.log("err") == b""
    assert (runs.folder / "model").read_bytes() == b"v -1\nv 2 0\n"


def test_what_cannot_be_started_is_an_error(runs: Runs) -> None:
    limits = Limits(5.0, 5.0, 100 * MB, 1 << 40, GRACE)
    outcome = runs.all([["/no/such/program", "x"]], limits)
    assert (outcome.ended, outcome.status, outcome.exit) == ("exit", "error", 127)
    assert "cannot start" in outcome.reason


def test_the_first_definitive_answer_of_a_portfolio_wins(runs: Runs) -> None:
    outcome = runs("deaf", "silent", "slower", "burns", wall=60)
    assert (outcome.ended, outcome.claim, outcome.member, outcome.left) == ("exit", "unsat", 2, 1)
    assert outcome.wall < allowance(5)
    assert outcome.cpu > 0.12  # of the two that burned meanwhile
    assert b"member 3\n" in runs.log()


def test_a_portfolio_without_an_answer_tells_of_the_error(runs: Runs) -> None:
    outcome = runs("silent", "code-3")
    assert (outcome.status, outcome.member, outcome.exit) == ("error", 1, 3)


def test_a_portfolio_shares_its_limits(runs: Runs) -> None:
    assert runs("deaf", "silent", wall=0.3).ended == "timeout"
    assert runs.folder.exists()


def test_a_portfolios_memory_is_added_up(runs: Runs) -> None:
    outcome = runs("hungry-children", "shares", memory=150 * MB)
    assert outcome.ended == "memout"


def test_a_runner_that_is_killed_is_noticed_and_its_solver_dies(runs: Runs) -> None:
    with pytest.raises(Lost):
        runs("kills-runner-once", arguments=(str(runs.folder / "file"),))
    assert gone(descendants(os.getpid()))


def test_a_runner_ends_everything_when_the_harness_goes(worker: Worker, tmp_path: Path) -> None:
    limits = Limits(1000.0, 1000.0, 1000 * MB, 1 << 40, GRACE)
    request = Request([command("forks-on")], limits, 1 << 16, str(tmp_path / "m"), str(tmp_path / "log"))

    async def leave() -> set[int]:
        asking = asyncio.ensure_future(worker.ask(asdict(request)))
        # Those that fork come and go faster than anybody can count them: more than the solver itself.
        assert await asyncio.to_thread(eventually, lambda: len(descendants(worker.pid)) >= 2, 5 * LATE)
        asking.cancel()
        begun = time.monotonic()
        below = {worker.pid, *descendants(worker.pid)}
        await worker.close()
        assert time.monotonic() - begun < allowance(5)
        return below

    assert gone(asyncio.run(leave()))
