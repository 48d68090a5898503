"""What is killed under a pool, and what is left of it: nothing."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cdcl.engines import LONG, array, hopeless
from tests.cdcl.pools import lane, ready
from tests.processes import ROOT, descendants, gone, processes
from turbosat import Deadline
from turbosat.cdcl.diversify import KINDS
from turbosat.cdcl.engine import Budget
from turbosat.cdcl.pool import Pool
from turbosat.cdcl.race import Race
from turbosat.errors import EngineError
from turbosat.result import Status


def folders() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("turbosat-*")}


@pytest.fixture
def tidy() -> Iterator[None]:
    """Fail a test that leaves a process or a folder behind, or writes into the home folder."""
    before, folders_before = descendants(os.getpid()), folders()
    token = Path.home() / ".ray" / "auth_token"
    there = token.exists()
    yield
    assert token.exists() == there
    assert gone(descendants(os.getpid()) - before)
    assert folders() <= folders_before


def killed(pool: Pool, *words: str) -> None:
    """Kill what is below a pool's keeper, itself included, and has these words in its command."""
    keeper = pool._child.pid
    assert keeper is not None
    end = time.monotonic() + 20
    while True:
        table = {pid: command for pid, (_, command) in processes().items()}
        below = {keeper, *descendants(keeper)} & set(table)
        found = [pid for pid in below if all(word in table[pid] for word in words)]
        if found:
            break
        assert time.monotonic() < end, "there is nothing to kill"
        time.sleep(0.05)
    for pid in found:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.usefixtures("tidy")
def test_a_killed_actor_is_replaced_and_the_lane_goes_on() -> None:
    pool = ready(hopeless(), 1)
    try:
        with lane(pool, "cadical") as engine:
            engine.start(hopeless())
            engine.assume(array(7))
            engine.advance(Budget(conflicts=60_000))
            assert engine.poll(1.0) is None
            killed(pool, "ray::LaneActor")
            answer = engine.poll(LONG)
            assert answer is not None
            assert (answer.status, answer.restriction) == (Status.UNKNOWN, (7,))
            assert answer.counts["conflicts"] >= 60_000
            assert engine.replaced == 1
    finally:
        pool.stop()


@pytest.mark.usefixtures("tidy")
def test_a_killed_kissat_is_an_error_with_words() -> None:
    pool = ready(hopeless(), 1)
    try:
        with lane(pool, "kissat") as engine:
            engine.start(hopeless())
            engine.advance(Budget())
            assert engine.poll(0.5) is None
            killed(pool, "/dev/stdin", "kissat")
            with pytest.raises(EngineError, match="killed by signal 9"):
                engine.poll(LONG)
        with lane(pool, "kissat") as engine:  # the actor is as good as before
            engine.start(hopeless())
            engine.advance(Budget())
            assert engine.poll(0.5) is None
    finally:
        pool.stop()


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize(
    "victim", ["raylet/raylet", "gcs_server", "turbosat.cdcl.pool_process", "cdcl.keeper"]
)
def test_a_pool_that_breaks_says_so_and_leaves_nothing(victim: str) -> None:
    pool = ready(hopeless(), 1)
    try:
        with lane(pool, "cadical") as engine:
            engine.start(hopeless())
            engine.advance(Budget())
            assert engine.poll(0.5) is None
            killed(pool, victim)
            begun = time.monotonic()
            with pytest.raises(EngineError):
                engine.poll(LONG)
            assert time.monotonic() - begun < 15
    finally:
        pool.stop()


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize("delay", [0.0, 0.3, 1.0, None])
def test_stopped_at_any_moment_it_leaves_nothing(delay: float | None) -> None:
    pool = Pool(hopeless(), 2) if delay is not None else ready(hopeless())
    if delay is None:
        for kind in ("kissat", "cadical"):
            engine = lane(pool, kind)
            engine.start(hopeless())
            engine.advance(Budget())
        time.sleep(1.0)
    else:
        time.sleep(delay)
    below = descendants(os.getpid())
    begun = time.monotonic()
    pool.stop()
    assert gone(below & set(processes()), within=0.5) or not below
    assert time.monotonic() - begun < 0.5
    with pytest.raises(EngineError, match="it was stopped"):
        pool.pump()


OWNER = """
import sys, time
from turbosat.cdcl.diversify import KINDS
from turbosat.cdcl.engine import Budget
from turbosat.cdcl.pool import Pool
from tests.cdcl.engines import hopeless
pool = Pool(hopeless(), 1)
while pool.about is None:
    pool.wait(0.1)
    pool.pump()
spec = KINDS["kissat"]
engine = pool.engine(spec.recipe(), spec.abilities, spec.engine, cpu=1.0)
engine.start(hopeless())
engine.advance(Budget())
engine.poll(1.0)
print("running", flush=True)
time.sleep(60)
"""


@pytest.mark.usefixtures("tidy")
def test_nothing_outlives_a_killed_owner() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "running\n"
        below = descendants(owner.pid)
        assert any("kissat" in processes()[pid][1] for pid in below)
        owner.kill()
    assert gone(below, within=2.0)
    end = time.monotonic() + 2
    while folders() and time.monotonic() < end:
        time.sleep(0.05)


@pytest.mark.usefixtures("tidy")
def test_all_lanes_of_a_broken_pool_fail_in_a_race() -> None:
    pool = ready(hopeless())
    with Deadline(30) as deadline, Race(deadline, lambda _: None) as race:
        race.watch(pool)
        lanes = [
            race.add(KINDS[kind], lane(pool, kind), hopeless(), place="pool")
            for kind in ("kissat", "cadical")
        ]
        assert race.wait(0.5) is None
        pool.stop("it was given up")
        race.forget(pool)
        while race.running():
            assert race.wait(0.5) is None
        late = race.add(KINDS["kissat-sat"], lane(pool, "kissat-sat"), hopeless(), place="pool")
    assert [(each.state, each.error) for each in (*lanes, late)] == [("failed", "it was given up")] * 3


@pytest.mark.usefixtures("tidy")
def test_a_pool_that_cannot_be_started_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(EngineError, match="needs a Python interpreter"):
        Pool(hopeless(), 1)
