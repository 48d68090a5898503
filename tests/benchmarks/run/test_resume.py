"""turbosat-bench run interrupted, killed and resumed."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.benchmarks.bench import SMALL, Key, Words, bench, essence, nasty, start, table
from tests.processes import LATE, allowance, descendants, gone
from turbosat.benchmarks.store import Run
from turbosat.errors import InputError


@pytest.fixture
def one(tmp_path: Path) -> Path:
    path = tmp_path / "one.cnf"
    path.write_text(SMALL)
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_interruption_ends_everything_and_can_be_resumed(one: Path, tmp_path: Path, number: int) -> None:
    order: Words = (one, *nasty(tmp_path, "unsat", "deaf"), "-t", "3", "-o", tmp_path / "out")
    with start(*order) as process:
        while not any(b"deaf" in command(pid) for pid in descendants(process.pid)):
            time.sleep(0.02)
        below = descendants(process.pid)
        process.send_signal(number)
        begun = time.monotonic()
        out, err = process.communicate(timeout=10 * LATE)
        assert time.monotonic() - begun < allowance(2)
    assert (process.returncode, out) == (130, "")
    assert "interrupted after" in err
    assert err.count("\n") == 1
    assert gone(below)
    assert bench(*order)[0] == 0
    assert {run.status for run in table(tmp_path / "out").values()} == {"ok", "timeout"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interruption_before_the_first_run(one: Path, tmp_path: Path, number: int) -> None:
    with start(one, *nasty(tmp_path, "deaf"), "-t", "3", "-o", tmp_path / "out") as process:
        while not (below := descendants(process.pid)):
            pass
        process.send_signal(number)
        out, err = process.communicate(timeout=10 * LATE)
    assert (process.returncode, out) == (130, "")
    assert err == "turbosat-bench: interrupted after 0 of 0 runs; the same command goes on\n"
    assert gone(below)


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def disturbed(kills: int, tmp_path: Path) -> None:
    """Kill the harness at random moments, resume it each time, and compare with an undisturbed one."""
    suite = tmp_path / "suite"
    suite.mkdir()
    for number in range(6):
        (suite / f"{number}.cnf").write_text(f"p cnf {number + 2} 2\n1 2 0\n-1 0\n" + "1 2 0\n" * number)
    # "slow" and "forks" say what is wrong, and are found out by "sat", in whatever order they run.
    names = ("sat", "slow", "forks", "half-model", "dies")
    jobs = str(min(2, len(os.sched_getaffinity(0))))
    order: Words = (suite, *nasty(tmp_path, *names), "-t", "20", "--jobs", jobs)
    assert bench(*order, "-o", tmp_path / "quiet")[0] == 1
    expected = essence(table(tmp_path / "quiet"))
    assert len(expected) == 30
    dice = random.Random(kills)
    hits = rounds = 0
    while hits < kills:
        rounds += 1
        folder = tmp_path / f"loud-{rounds}"
        seen: dict[Key, Run] = {}
        done = False
        while not done:
            with start(*order, "-o", folder) as process:
                try:
                    process.wait(dice.uniform(0.1, 2.5) if hits < kills else 30 * LATE)
                    done = True
                except subprocess.TimeoutExpired:
                    below = descendants(process.pid)
                    process.kill()
                    hits += 1
                    assert gone(below)
                process.communicate()
            if done:
                assert process.returncode == 1
            if done or (folder / "lock").exists():
                runs = recorded(folder)
                for key, run in seen.items():  # nothing is lost, and nothing is run twice
                    assert (runs[key].started, runs[key].wall) == (run.started, run.wall)
                seen = runs
        assert essence(seen) == expected


def recorded(folder: Path) -> dict[Key, Run]:
    """Return the runs there; a harness killed at its very beginning has no tables yet."""
    try:
        return table(folder)
    except InputError:
        return {}


@pytest.mark.slow
def test_killed_and_resumed(tmp_path: Path) -> None:
    disturbed(3, tmp_path)


@pytest.mark.slow
def test_killed_twenty_times_and_resumed(tmp_path: Path) -> None:
    disturbed(20, tmp_path)
