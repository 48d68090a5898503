"""Ctrl-C in the middle of a start: no child is left whom nobody knows."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.cdcl.engines.engines import ENGINES, hopeless
from tests.processes import LATE, ROOT, gone
from turbosat.cdcl.engines.engine import Budget, Engine
from turbosat.cdcl.process.interrupts import undisturbed


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Send Ctrl-C when a child has been forked, before anybody has heard of it; collect the children."""
    started: list[int] = []
    fork = subprocess._fork_exec  # type: ignore[attr-defined]

    def then_interrupt(*arguments: Any) -> int:
        pid = int(fork(*arguments))
        started.append(pid)
        signal.raise_signal(signal.SIGINT)
        return pid

    monkeypatch.setattr(subprocess, "_fork_exec", then_interrupt)
    return started


@pytest.mark.parametrize("build", ENGINES)
def test_a_child_is_known_before_anybody_is_interrupted(
    build: Callable[[], Engine], interrupted: list[int]
) -> None:
    engine = build()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(engine)
        assert interrupted == [engine.pid]
    finally:
        engine.stop()
    assert gone(set(interrupted))


def run(engine: Engine) -> None:
    engine.start(hopeless())
    engine.advance(Budget())


def test_handlers_run_once_and_after_the_block() -> None:
    seen: list[str] = []

    def note(number: int, _frame: FrameType | None) -> None:
        seen.append(signal.Signals(number).name)

    before = {each: signal.signal(each, note) for each in (signal.SIGUSR1, signal.SIGUSR2)}
    try:
        with undisturbed():
            with undisturbed():
                signal.raise_signal(signal.SIGUSR1)
            signal.raise_signal(signal.SIGUSR2)
            seen.append("block")
        signal.raise_signal(signal.SIGUSR1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert seen == ["block", "SIGUSR1", "SIGUSR2", "SIGUSR1"]


def test_an_error_and_an_interrupt_are_both_told() -> None:
    def fail() -> None:
        with undisturbed():
            signal.raise_signal(signal.SIGINT)
            raise ValueError

    with pytest.raises(KeyboardInterrupt) as caught:
        fail()
    assert isinstance(caught.value.__context__, ValueError)


def test_other_threads_are_never_interrupted() -> None:
    entered: list[bool] = []

    def work() -> None:
        with undisturbed():
            entered.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [True]


# SIGALRM stands for Ctrl-C: the kernel sends it at a moment chosen to microseconds.
PROGRAM = """
import random, signal, sys, time
import turbosat.run.algebra, turbosat.run.descent, turbosat.lanes.gradient  # interrupted, they stay broken
from turbosat import solve
from turbosat.system import children
import os

signal.signal(signal.SIGALRM, signal.default_int_handler)
tries, pool, longest, path = int(sys.argv[1]), sys.argv[2] == "pool", float(sys.argv[3]), sys.argv[4]
solve(path, workers=2, time_limit=3, pool=pool, pool_after=0.0)
dice = random.Random(os.getpid())
for _ in range(tries):
    try:
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(0.0, longest))
        solve(path, workers=2, pool=pool, pool_after=0.0)
    except KeyboardInterrupt:
        pass
    end = time.monotonic() + float(sys.argv[5])
    while left := children(os.getpid()):
        if time.monotonic() > end:
            sys.exit(f"left: {[open(f'/proc/{pid}/cmdline').read() for pid in left]}")
        time.sleep(0.01)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("tries", "pool", "longest"), [(600, "none", 0.3), (200, "pool", 4.0)])
def test_interrupted_starts_leave_no_child(tries: int, pool: str, longest: float, hard: Path) -> None:
    words = [str(tries), pool, str(longest), str(hard), str(LATE)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=tries * (longest + LATE),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
def test_an_interrupted_command_leaves_no_child(hard: Path) -> None:
    command = [sys.executable, "-m", "turbosat", "-q", "-j", "2", "--pool-after=0", str(hard)]
    for number in range(200):
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            time.sleep(0.01 * number)
            os.killpg(process.pid, signal.SIGINT)
            process.wait(LATE * 5)
            assert gone(members(process.pid))


def members(session: int) -> set[int]:
    """Return the processes of a session."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.add(int(folder.name))
    return found
