"""What is killed under a pool, and what is left of it: nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cdcl.engines.engines import LONG, array, hopeless
from tests.cdcl.pool.pools import READY, come_up, lane, pump_on, ready
from tests.processes import ROOT, allowance, descendants, folders, gone, processes, swept
from turbosat import Deadline
from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.lanes.mix import KINDS
from turbosat.cdcl.lanes.race import Race
from turbosat.cdcl.pool.pool import Pool
from turbosat.errors import EngineError
from turbosat.result import Status

SLOW = pytest.mark.slow


@pytest.fixture
def tidy() -> Iterator[None]:
    """Fail a test that leaves a process or a folder behind, or writes into the home folder."""
    before, folders_before = descendants(os.getpid()), folders()
    token = Path.home() / ".ray" / "auth_token"
    there = token.exists()
    yield
    assert token.exists() == there
    assert gone(descendants(os.getpid()) - before)
    assert swept(folders_before)


def killed(pool: Pool, *words: str) -> None:
    """Kill what is below a pool's supervisor, itself included, and has these words in its command."""
    supervisor = pool._child.pid
    assert supervisor is not None
    end = time.monotonic() + LONG
    while True:
        table = {pid: command for pid, (_, command) in processes().items()}
        below = {supervisor, *descendants(supervisor)} & set(table)
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
            killed(pool, "bin/kissat")
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
    "victim",
    [
        "raylet/raylet",
        pytest.param("gcs_server", marks=SLOW),
        pytest.param("turbosat.cdcl.pool.server", marks=SLOW),
        pytest.param("cdcl.pool.supervisor", marks=SLOW),
    ],
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
            assert time.monotonic() - begun < allowance(15)
    finally:
        pool.stop()


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize(
    "delay",
    [pytest.param(0.0, marks=SLOW), 0.3, pytest.param(1.0, marks=SLOW), pytest.param(None, marks=SLOW)],
)
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
    assert time.monotonic() - begun < allowance(0.5)
    assert gone(below, within=allowance(0.5))
    with pytest.raises(EngineError, match="it was stopped"):
        pool.pump()


OWNER = """
import sys, time
from turbosat.cdcl.lanes.mix import KINDS
from turbosat.cdcl.engines.engine import Budget
from tests.cdcl.engines.engines import hopeless
from tests.cdcl.pool.pools import ready
from turbosat.cdcl.pool.remote import RemoteEngine
pool = ready(hopeless(), 1)
spec = KINDS["kissat"]
engine = RemoteEngine(pool, spec.recipe(), spec.abilities, spec.engine, cpu=1.0)
engine.start(hopeless())
engine.advance(Budget())
while not engine.progress:
    engine.poll(0.1)
print("running", flush=True)
time.sleep(600)
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
    assert gone(below)


@pytest.mark.usefixtures("tidy")
def test_a_supervisor_that_takes_long_to_clean_up_is_not_killed() -> None:
    pool = ready(hopeless(), 1)
    supervisor = pool._child.pid
    assert supervisor is not None
    below = {supervisor, *descendants(supervisor)}
    os.kill(supervisor, signal.SIGSTOP)  # it is as slow as can be
    try:
        killed(pool, "turbosat.cdcl.pool.server", "-P")
        with pytest.raises(EngineError):
            pump_on(pool)
        pool.stop()
        assert supervisor in processes()
    finally:
        os.kill(supervisor, signal.SIGCONT)
    assert gone(below)


def end_all(owner: "subprocess.Popen[str]") -> None:
    """Kill a process and all below it so that none sees the others die."""
    below = {owner.pid, *descendants(owner.pid)}
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
    owner.wait()
    assert gone(below)


@SLOW
@pytest.mark.usefixtures("tidy")
def test_what_a_killed_tree_leaves_is_removed_by_the_next() -> None:
    before = folders()
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "running\n"
        end_all(owner)
    (stale,) = folders() - before
    first, second = ready(hopeless(), 1), ready(hopeless(), 1)
    try:
        assert stale not in folders()
        assert len(folders() - before) == 2  # those in use stay
        for pool in (first, second):
            with lane(pool, "cadical") as engine:
                engine.start(hopeless())
                engine.advance(Budget())
                assert engine.poll(0.5) is None
    finally:
        first.stop()
        second.stop()


def unshared(namespaces: str, *commands: str) -> list[str]:
    """Return a command that runs others and then more in namespaces of its own; skip where there are none."""
    inner = " && ".join([*commands, 'exec "$@"'])
    start = ["unshare", *(["--map-root-user"] if os.geteuid() else []), namespaces, "sh", "-c", inner, "sh"]
    try:
        usable = subprocess.run([*start, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        usable = False
    if not usable:
        pytest.skip("no namespaces here")
    return start


COMING_UP = """
from tests.cdcl.engines.engines import hopeless
from tests.cdcl.pool.pools import come_up
from turbosat.cdcl.pool.pool import Pool
from turbosat.errors import EngineError
pool = Pool(hopeless(), 1)
try:
    come_up(pool)
    print("ready")
except EngineError as error:
    print(error)
pool.stop()
"""


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize(
    ("namespaces", "commands", "said"),
    [
        ("--net", (), "Ray needs the loopback interface, 127.0.0.1: Network is unreachable"),
        ("--mount", ("mount -t tmpfs -o ro none /dev/shm",), "ready"),
        pytest.param("--mount", ("mount -t tmpfs -o size=64k none /dev/shm",), "ready", marks=SLOW),
    ],
)
def test_a_poor_system_is_no_reason_to_wait(namespaces: str, commands: tuple[str, ...], said: str) -> None:
    command = [*unshared(namespaces, *commands), sys.executable, "-c", COMING_UP]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=READY, check=True)
    assert (done.stdout, done.stderr) == (f"{said}\n", "")
    if said != "ready":
        assert time.monotonic() - begun < allowance(5)


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize("victim", [pytest.param("raylet/raylet", marks=SLOW), "gcs_server"])
def test_what_dies_while_ray_comes_up_is_noticed(victim: str) -> None:
    pool = Pool(hopeless(), 1)
    try:
        killed(pool, victim)
        begun = time.monotonic()
        with pytest.raises(EngineError):
            come_up(pool)
        assert time.monotonic() - begun < allowance(5)
    finally:
        pool.stop()


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
