"""Cores, memory and the age of this process, against what the kernel says elsewhere."""

import os
import resource
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.processes import allowance
from turbosat import cgroups, system
from turbosat.deadline import Deadline, Expired
from turbosat.result import Reason


def test_cores_follow_the_affinity_mask() -> None:
    allowed = os.sched_getaffinity(0)
    code = "from turbosat.system import available_cores; print(available_cores())"
    command = ["taskset", "-c", str(min(allowed)), sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"
    assert 1 <= system.available_cores() <= len(allowed)


@pytest.mark.parametrize(("quota", "cores"), [(0.5, 1), (1.5, 2), (0.1, 1), (None, 8)])
def test_cores_follow_the_cgroup(quota: float | None, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "cpu_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert system.available_cores() == cores


def test_memory_of_the_tree_sees_children() -> None:
    before = system.tree_memory(os.getpid())
    code = "data = b'x' * 100_000_000; print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert child.pid in system.children(os.getpid())
        assert system.tree_memory(os.getpid()) - before > 90_000_000
        child.communicate("\n")
    assert system.memory(child.pid) == 0


def test_memory_of_this_process_is_plausible() -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert 10_000_000 < system.memory(os.getpid()) <= peak + 1_000_000


def age_seen_by(command: list[str]) -> float:
    code = "import time; from turbosat.system import process_start as s; print(time.monotonic() - s())"
    return float(subprocess.run([*command, code], capture_output=True, text=True, check=True).stdout)


def test_a_process_that_gives_way_further_is_left_as_it_is() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        for asked in (own + 2, own, own + 1):
            system.give_way(child.pid, asked)
            assert os.getpriority(os.PRIO_PROCESS, child.pid) == min(own + 2, 19)
    finally:
        child.kill()
        child.communicate()
    system.give_way(child.pid, own + 2)  # it is gone


def test_process_start_includes_the_start_of_the_interpreter() -> None:
    began = time.monotonic()
    age = age_seen_by([sys.executable, "-c"])
    took = time.monotonic() - began
    assert age <= took + 0.02
    assert age >= 0.01 or took > system.LONGEST_STARTUP


def test_process_start_is_not_that_of_a_shell_before() -> None:
    # The shell becomes the interpreter: the same process, started a second before.
    shell = f'sleep 1; exec {sys.executable} -c "$0"'
    assert age_seen_by(["sh", "-c", shell]) < allowance(0.7)


def test_deadline_counts_from_its_start() -> None:
    with Deadline(100, start=time.monotonic() - 99) as deadline:
        deadline.check()
        assert 0 < (deadline.remaining() or 0) <= 1
        time.sleep(1.01)
        assert deadline.remaining() == 0
        with pytest.raises(Expired) as caught:
            deadline.check()
        assert caught.value.reason is Reason.TIME


def test_deadline_sees_memory_grow() -> None:
    with Deadline(memory=50_000_000) as deadline:
        deadline.check()
        data = np.ones(10_000_000)  # 80 MB
        time.sleep(0.06)
        assert deadline.expired() is Reason.MEMORY
        assert deadline.peak > data.nbytes


def test_first_cancellation_counts_and_wakes_a_wait() -> None:
    with Deadline(0) as deadline:
        assert deadline.expired() is Reason.TIME
        deadline.cancel()
        deadline.cancel(Reason.MEMORY)
        assert deadline.expired() is Reason.INTERRUPTED
        assert os.read(deadline.fileno(), 10) == b"!!"
    deadline.cancel()  # after close: harmless
