"""Limits and signals outside the search: starting lanes, writing clauses, printing models."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.families import dimacs, pigeonhole
from tests.processes import ROOT, descendants, finish, gone, start


def wait_for_children(pid: int, at_least: int) -> set[int]:
    end = time.monotonic() + 60
    while len(found := descendants(pid)) < at_least:
        assert time.monotonic() < end, "the lanes did not start"
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("options", [("--engine", "cdcl", "--no-pool"), ("--deterministic",)])
def test_limit_ends_the_start_of_many_lanes(options: tuple[str, ...], hard: Path) -> None:
    began = time.monotonic()
    code, out, err = finish(start("-j", "1000", *options, "--time", "2", hard))
    assert time.monotonic() - began < 20  # starting all of them takes minutes
    assert (code, err) == (0, "")
    assert "c no answer: time" in out


def test_signal_ends_the_start_of_many_lanes(hard: Path) -> None:
    process = start("-j", "1000", "--engine", "cdcl", "--no-pool", hard)
    children = wait_for_children(process.pid, 8)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    code, out, err = finish(process)
    assert time.monotonic() - began < 20
    assert (code, err) == (0, "")
    assert "c no answer: interrupted" in out
    assert gone(children)


def test_answer_does_not_wait_for_the_start_of_many_lanes(tmp_path: Path) -> None:
    # Lane 0 gives its answer while hundreds of others are still to be started.
    path = tmp_path / "pigeons-9.cnf"
    path.write_text(dimacs(*pigeonhole(9, 8)))
    began = time.monotonic()
    code, out, _ = finish(start("-j", "1000", "--engine", "cdcl", "--no-pool", path))
    assert (code, out.splitlines()[-1]) == (20, "s UNSATISFIABLE")
    assert time.monotonic() - began < 60


def test_limit_ends_the_writing_of_xors_as_clauses(tmp_path: Path) -> None:
    # Five million literals of XORs: 200 million of clauses, for each lane.
    path = tmp_path / "xors.cnf"
    row = "x1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 0\n"
    path.write_text("p cnf 25 200000\n" + row * 200_000)
    began = time.monotonic()
    code, out, err = finish(start("--no-algebra", "--no-gradient", "--time", "6", path))
    assert time.monotonic() - began < 20
    assert (code, err) == (0, "")
    assert out.endswith("s UNKNOWN\n")


def test_memory_of_a_large_model(tmp_path: Path) -> None:
    path = tmp_path / "wide.cnf"
    path.write_text("p cnf 6000000 1\n1 2 0\n")
    # From a small process: a child's peak is at least the memory of the one that it was forked from.
    code = f"""
import os, subprocess, sys
command = [sys.executable, "-m", "turbosat", "-q", "-j1", "--engine", "cdcl", {str(path)!r}]
process = subprocess.Popen(command, stdout=subprocess.PIPE)
lines = sum(1 for _ in process.stdout)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), lines, usage.ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    returned, lines, peak = map(int, done.stdout.split())
    assert returned == 10
    assert lines > 500_000
    assert peak < 250_000  # kilobytes; as Python integers it would take 600,000
