"""Limits and signals, on a file that no lane settles: on time, and nothing left in the process table."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.families import dimacs, pigeonhole
from tests.processes import LATE, ROOT, allowance, descendants, eventually, finish, gone, processes, start
from turbosat import Deadline, Reason, Status, solve


def wait_for_children(pid: int, at_least: int) -> set[int]:
    assert eventually(lambda: len(descendants(pid)) >= at_least), "the lanes did not start"
    return descendants(pid)


def rank(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


@pytest.mark.parametrize("limit", [0.5, 2])
def test_time_limit_is_kept(limit: float, hard: Path) -> None:
    began = time.monotonic()
    code, out, err = finish(start("--time", str(limit), hard))
    assert time.monotonic() - began <= limit + allowance(0.5)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "s UNKNOWN"
    assert "c no answer: time" in out


def test_no_time_at_all(hard: Path) -> None:
    code, out, err = finish(start("--time", "0", hard))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "s UNKNOWN"


def test_time_limit_covers_parsing(tmp_path: Path) -> None:
    big = tmp_path / "big.cnf"
    clauses = "".join(f"{v} -{v + 1} {v + 2} 0\n" for v in range(1, 100_000))
    big.write_text("p cnf 100001 2999970\n" + clauses * 30)
    began = time.monotonic()
    code, out, _ = finish(start("--time", "0.3", big))
    assert time.monotonic() - began <= 0.3 + allowance(0.5)
    assert (code, out.splitlines()[-1]) == (0, "s UNKNOWN")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_signal_ends_every_child(number: signal.Signals, workers: int, hard: Path) -> None:
    process = start("-j", str(workers), hard)
    children = wait_for_children(process.pid, workers)
    began = time.monotonic()
    process.send_signal(number)
    code, out, err = finish(process)
    assert time.monotonic() - began <= allowance(0.5)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "s UNKNOWN"
    assert "c no answer: interrupted" in out
    assert gone(children, within=allowance(0.5))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_the_whole_group_as_from_a_terminal(number: signal.Signals, hard: Path) -> None:
    process = start("-j", "2", hard, session=True)
    children = wait_for_children(process.pid, 2)
    os.killpg(process.pid, number)
    code, out, err = finish(process)
    assert (code, err) == (0, "")
    assert out.splitlines()[-2:][1] == "s UNKNOWN"
    assert "c no answer: interrupted" in out
    assert gone(children, within=allowance(0.5))


@pytest.mark.parametrize("delay", [0.03, 0.06, 0.1, 0.15, 0.2, 0.3])
def test_signal_at_any_moment_of_the_start(delay: float, hard: Path) -> None:
    process = start(hard)
    time.sleep(delay)
    children = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    code, out, err = finish(process)
    assert gone(children)
    # Before Python has handed over, the signal ends the process as it would any.
    assert (code, err) == (0, "") or (code == -signal.SIGTERM and not children)
    assert "s SATISFIABLE" not in out


def test_ctrl_c_while_the_program_is_loaded_shows_no_traceback() -> None:
    code = """
import os, signal, sys
from turbosat.cli.main import main
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "turbosat.cli.program":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
main()
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (-signal.SIGINT, b"", b"")


def test_first_lane_has_the_right_of_way(hard: Path) -> None:
    stages = [f"--no-{name}" for name in ("algebra", "counting", "sweeping", "symmetry", "folding", "tours")]
    process = start("-j", "3", "--no-pool", *stages, hard)

    def ranks() -> list[int]:
        with suppress(ProcessLookupError):  # one that ends just now
            return sorted(map(rank, descendants(process.pid)))
        return []

    try:
        expected = [max(rank(0), nice) for nice in (0, 1, 5, 9)]  # three lanes and a descent
        assert eventually(lambda: ranks() == expected)
        assert "kissat" in processes()[min(descendants(process.pid), key=rank)][1]
    finally:
        process.terminate()
        finish(process)


def test_killed_parent_takes_its_children_along(hard: Path) -> None:
    process = start("-j", "2", hard)
    children = wait_for_children(process.pid, 2)
    process.kill()
    finish(process)
    assert gone(children)


def test_killed_lane_is_no_end(hard: Path) -> None:
    process = start("-j", "2", "--time", "8", "-v", hard)
    children = wait_for_children(process.pid, 2)
    kissat = next(pid for pid in children if "kissat" in processes()[pid][1])
    os.kill(kissat, signal.SIGKILL)
    code, out, _ = finish(process)
    assert code == 0
    assert "killed by signal 9" in out
    assert "c no answer: time" in out


def test_memory_limit_covers_the_children(tmp_path: Path) -> None:
    file = tmp_path / "pigeons.cnf"  # of which Kissat soon learns a lot
    file.write_text(dimacs(*pigeonhole(16, 15)))
    began = time.monotonic()
    code, out, err = finish(start("--memory", "45", "--time", "300", "--no-symmetry", "--no-counting", file))
    assert time.monotonic() - began < allowance(60)
    assert (code, err) == (0, "")
    assert "c no answer: memory" in out
    assert out.splitlines()[-1] == "s UNKNOWN"


@pytest.mark.usefixtures("no_children_left")
def test_deadline_of_the_api_can_be_cancelled_by_an_event(hard: Path) -> None:
    with Deadline(seconds=300) as deadline:
        result = solve(hard, deadline=deadline, on_event=lambda event: deadline.cancel())
    assert (result.status, result.reason) == (Status.UNKNOWN, Reason.INTERRUPTED)


@pytest.mark.usefixtures("no_children_left")
def test_exception_in_a_sink_leaves_no_child(hard: Path) -> None:
    def fail(event: object) -> None:
        raise KeyError("sink")

    with pytest.raises(KeyError):
        solve(hard, on_event=fail)


def test_keyboard_interrupt_in_a_user_program_leaves_no_child(hard: Path) -> None:
    code = f"import turbosat; turbosat.solve({str(hard)!r})"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    children = wait_for_children(process.pid, 2)
    process.send_signal(signal.SIGINT)
    with process:
        _, err = process.communicate(timeout=10 * LATE)
    assert "KeyboardInterrupt" in err
    assert gone(children)
