"""Lane 0 has a core for itself where there are several; under a quota a run keeps to as many as it grants.

Nobody else is touched, and nothing is kept anywhere for good.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests import groups
from tests.processes import ROOT, descendants
from turbosat.cdcl.process import confinement
from turbosat.cdcl.process.confinement import Confinement
from turbosat.errors import EngineError

ALL = os.sched_getaffinity(0)
pytestmark = pytest.mark.skipif(len(ALL) < 2, reason="there is one core only")


@pytest.fixture(autouse=True)
def free() -> Iterator[None]:
    """Let what follows have all cores."""
    yield
    os.sched_setaffinity(0, ALL)


@pytest.fixture
def sleepers() -> Iterator[list[int]]:
    """Start four processes that do nothing."""
    processes = [subprocess.Popen(["sleep", "60"]) for _ in range(4)]
    yield [process.pid for process in processes]
    for process in processes:
        process.kill()
        process.wait()


def cores(pids: list[int]) -> set[int]:
    """Return the cores that all these processes may use, which must be the same for each."""
    sets = {frozenset(os.sched_getaffinity(pid)) for pid in pids}
    assert len(sets) == 1
    return set(sets.pop())


def test_all_lanes_are_confined_again_and_again(sleepers: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "cpu_quota", lambda: 0.7)
    first, *others, late = sleepers
    held = Confinement()
    assert held.adjust(first, [], driver=True) is None  # it may be wherever it likes
    assert cores([first]) == ALL
    wait = held.adjust(first, others, driver=True)
    assert wait is not None
    assert 0 < wait <= confinement.PERIOD
    assert len(cores([first, *others])) == 1
    held.adjust(first, [*others, late], driver=True)  # one more lane
    kept = cores(sleepers)
    assert len(kept) == 1
    assert os.sched_getaffinity(0) == kept
    held._until = time.monotonic()  # the period is over
    wait = held.adjust(first, [*others, late], driver=True)
    assert cores(sleepers) == ALL
    assert wait is not None
    time.sleep(wait)
    held.adjust(first, [*others, late], driver=True)
    assert len(cores(sleepers)) == 1
    held.adjust(first, [], driver=True)  # it is alone again
    assert cores([first, os.getpid()]) == ALL


@pytest.mark.parametrize("quota", [None, len(ALL), len(ALL) - 0.5, 1000.0])
def test_on_one_core_without_a_tight_quota_nothing_is_done(
    quota: float | None, sleepers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "cpu_quota", lambda: quota)
    assert Confinement(several=False).adjust(sleepers[0], sleepers[1:]) is None
    assert cores(sleepers) == ALL


@pytest.mark.parametrize("quota", [None, 1000.0])
def test_lane_0_has_a_core_for_itself(
    quota: float | None, sleepers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "cpu_quota", lambda: quota)
    first, *guests, late = sleepers
    held = Confinement()
    held.adjust(first, [], driver=True)
    with held.guest():  # before it has been adjusted to any
        begun = os.sched_getaffinity(0)
    assert os.sched_getaffinity(0) == ALL
    assert len(begun) == len(ALL) - 1
    held.adjust(first, guests, driver=True)
    own = cores([first])
    assert len(own) == 1
    assert cores([*guests, os.getpid()]) == begun == ALL - own
    held.adjust(first, [*guests, late], driver=True)
    assert cores([*guests, late]) == ALL - own
    held._until = time.monotonic()
    wait = held.adjust(first, [*guests, late], driver=True)
    assert cores(sleepers) == ALL
    assert wait is not None
    time.sleep(wait)
    held.adjust(late, [first, *guests], driver=True)  # lane 0 was started again
    held._until = time.monotonic()
    held.adjust(late, [first, *guests], driver=True)
    time.sleep(confinement.BLINK)
    held.adjust(late, [first, *guests], driver=True)
    assert len(cores([late])) == 1
    assert cores([first, *guests]) == ALL - cores([late])
    assert os.sched_getaffinity(0) == ALL - cores([late])
    held.release()
    assert os.sched_getaffinity(0) == ALL
    held.adjust(late, [], driver=True)
    assert cores([late]) == ALL


def test_a_thread_that_does_not_wait_is_kept_nowhere(
    sleepers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "cpu_quota", lambda: 0.5)
    held = Confinement()
    held.adjust(sleepers[0], sleepers[1:])
    assert len(cores(sleepers)) == 1
    assert os.sched_getaffinity(0) == ALL


def test_a_thread_has_the_cores_that_it_had(sleepers: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "cpu_quota", lambda: 0.5)
    found = {max(ALL)}
    held = Confinement()
    held.adjust(sleepers[0], sleepers[1:], driver=True)
    held.adjust(sleepers[0], [], driver=True)
    os.sched_setaffinity(0, found)  # by the user, since the run began
    held.adjust(sleepers[0], sleepers[1:], driver=True)
    assert os.sched_getaffinity(0) == cores(sleepers)
    held.release()
    assert os.sched_getaffinity(0) == found
    held.release()  # once is enough
    assert os.sched_getaffinity(0) == found


def test_a_thread_has_its_cores_again_whatever_happens(
    sleepers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "cpu_quota", lambda: None)
    held, core = Confinement(), min(ALL)
    held.adjust(sleepers[0], sleepers[1:])

    def start(error: BaseException) -> None:
        with held.guest():
            assert os.sched_getaffinity(0) == cores(sleepers[1:])
            raise error

    os.sched_setaffinity(0, {core})  # by the user, since the run began
    try:
        for error in (EngineError("broken"), KeyboardInterrupt()):
            with pytest.raises(type(error)):
                start(error)
            assert os.sched_getaffinity(0) == {core}
    finally:
        os.sched_setaffinity(0, ALL)


def test_without_lane_0_guests_may_be_anywhere(sleepers: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "cpu_quota", lambda: None)
    held = Confinement()
    held.adjust(sleepers[0], sleepers[1:])
    held._until = time.monotonic()
    held.adjust(None, sleepers[1:])
    assert cores(sleepers[1:]) == ALL
    with held.guest():
        assert os.sched_getaffinity(0) == ALL


def test_a_process_that_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "cpu_quota", lambda: 1.0)
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert Confinement().adjust(gone.pid, [os.getppid() + 10**7]) is not None


def test_a_run_under_a_real_quota(hard: Path) -> None:
    with groups.group("cpu", groups.quota(1)) as folder:
        command = [sys.executable, "-m", "turbosat", "-j", "2", "--no-pool", "--time", "60", str(hard)]
        process = subprocess.Popen(groups.joined(folder, command), cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 50
            while True:
                assert time.monotonic() < end, "the lanes were not confined"
                time.sleep(0.05)
                lanes = descendants(process.pid)
                with suppress(ProcessLookupError):
                    sets = {frozenset(os.sched_getaffinity(pid)) for pid in lanes}
                    confined = len(lanes) >= 3 and len(sets) == 1 and len(*sets) == 1
                    if confined and {frozenset(os.sched_getaffinity(process.pid))} == sets:
                        break
        finally:
            process.terminate()
            process.wait()
