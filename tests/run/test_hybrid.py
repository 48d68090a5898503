"""The hybrid run: who wins, what is killed under it, what it tells, what it leaves."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.families import dimacs, pigeonhole, random_ksat
from tests.processes import (
    allowance,
    descendants,
    eventually,
    finish,
    folders,
    gone,
    hold,
    processes,
    start,
    swept,
    turbosat,
)
from turbosat import Deadline, Event, Formula, Reason, Status, solve
from turbosat.benchmarks.families import generate
from turbosat.cdcl.engines.kissat import Kissat
from turbosat.cdcl.lanes.courses import Course
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.errors import Cause
from turbosat.events import ignore
from turbosat.options import resolve
from turbosat.run.hybrid import Hybrid
from turbosat.run.pipeline import Run

pytestmark = pytest.mark.usefixtures("no_children_left")


@pytest.fixture
def tidy() -> Iterator[None]:
    """Fail a test that leaves a folder in the place for temporary ones."""
    before = folders()
    yield
    assert swept(before)


@pytest.fixture(scope="module")
def seconds_hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an unsatisfiable file that takes a lane some seconds."""
    path = tmp_path_factory.mktemp("hard") / "random.cnf"
    path.write_text(dimacs(*random_ksat(280, 1232, seed=0)))
    return path


@pytest.fixture(scope="module")
def longer_hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an unsatisfiable file that takes a lane ten seconds and more."""
    path = tmp_path_factory.mktemp("hard") / "random.cnf"
    path.write_text(dimacs(*random_ksat(300, 1320, seed=1)))
    return path


def planted(variables: int, clauses: int, seed: int) -> Formula:
    """Return a formula of random clauses of 3 that a hidden assignment satisfies."""
    rng = np.random.default_rng(seed)
    model = rng.random(variables) < 0.5
    rows: list[list[int]] = []
    while len(rows) < clauses:
        row = (rng.permutation(variables)[:3] + 1) * rng.choice([-1, 1], 3)
        if any(model[abs(x) - 1] == (x > 0) for x in row):
            rows.append(row.tolist())
    return Formula.from_clauses(rows, variables)


class Killer:
    """Kills the first processes below this one that match, once a moment has come."""

    def __init__(self, *words: str, when: Callable[[Event], bool], alone: bool = False) -> None:
        """`alone`: until then, the engines that this process has started itself stand still."""
        self.events: list[Event] = []
        self.killed = 0
        self._words, self._when, self._alone = words, when, alone

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if self.killed:
            return
        if self._alone:
            hold(signal.SIGSTOP)
        if not self._when(event):
            return
        table = processes()
        for pid in descendants(os.getpid()):
            if pid in table and all(word in table[pid][1] for word in self._words):
                os.kill(pid, signal.SIGKILL)
                self.killed += 1
        if self._alone and self.killed:
            hold(signal.SIGCONT)

    def kinds(self, lane: str) -> list[str]:
        return [event.kind for event in self.events if event.lane == lane and event.kind != "progress"]


def test_descent_finds_models_that_others_look_for() -> None:
    variables, clauses = random_ksat(5000, 20500)
    source = Formula.from_clauses(clauses, variables)
    result = solve(source, workers=2, time_limit=600)
    assert result.status is Status.SATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == "gradient"
    assert result.model is not None
    assert source.satisfied(result.model > 0)
    assert result.statistics["gradient"]["best"] == 0


def test_every_part_can_be_left_out(seconds_hard: Path) -> None:
    flags = {
        "gradient": False,
        "algebra": False,
        "counting": False,
        "sweeping": False,
        "symmetry": False,
        "folding": False,
        "tours": False,
        "guidance": False,
        "sharing": False,
        "pool": False,
    }
    result = solve(seconds_hard, workers=2, time_limit=3, pool_after=0.0, **flags)  # type: ignore[arg-type]
    names = {"kissat", "kissat-stable", "cadical-guided", "cadical"}
    assert {lane["lane"] for lane in result.statistics["lanes"]} <= names
    assert not {"gradient", "algebra", "counting", "exchange", "pool"} & set(result.statistics)
    assert all(lane["guided_by"] == "" for lane in result.statistics["lanes"])


@pytest.mark.parametrize(
    "victim",
    [
        pytest.param("kissat", marks=pytest.mark.slow),
        "cadical_worker",
        pytest.param("gradient_worker", marks=pytest.mark.slow),
    ],
)
def test_a_killed_child_is_started_again_or_done_without(victim: str, seconds_hard: Path) -> None:
    killer = Killer(victim, when=lambda event: event.seconds > 1)
    mix = "kissat,cadical-guided" if victim == "cadical_worker" else None  # else it would begin later
    result = solve(seconds_hard, workers=2, time_limit=600, on_event=killer, pool=False, mix=mix)
    assert result.status is Status.UNSATISFIABLE
    assert killer.killed >= 1
    if victim != "gradient_worker":
        lane = {"kissat": "kissat", "cadical_worker": "cadical-guided"}[victim]
        own = [event for event in killer.events if event.lane == lane]
        ends = [event for event in own if event.kind in ("started", "failed")]
        assert [event.kind for event in ends[:3]] == ["started", "failed", "started"], ends


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize(
    "victim",
    [
        pytest.param("ray::LaneActor", marks=pytest.mark.slow),
        pytest.param("raylet/raylet", marks=pytest.mark.slow),
        pytest.param("cdcl.pool.server", marks=pytest.mark.slow),
    ],
)
def test_the_answer_is_right_whatever_dies_of_the_pool(victim: str, longer_hard: Path) -> None:
    remote: list[str] = []

    def when(event: Event) -> bool:
        if event.kind == "started" and event.data["place"] == "pool":
            remote.append(event.lane)
        return bool(remote) and event.kind == "progress"

    killer = Killer(victim, when=when, alone=True)
    mix = "kissat,cadical,cadical,kissat-sat"  # three here, one in the pool
    result = solve(longer_hard, workers=2, time_limit=600, on_event=killer, pool_after=0.0, mix=mix)
    assert result.status is Status.UNSATISFIABLE
    assert killer.killed >= 1


@pytest.mark.slow
def test_lane_0_has_a_core_and_its_rank_again_when_it_is_started_again(tmp_path: Path) -> None:
    """Kissat reads no XORs: it is started a second time, on what we read."""
    variables, clauses = random_ksat(300, 1320, seed=1)
    path = tmp_path / "xors.cnf"
    path.write_text(dimacs(variables, clauses).replace("1320\n", "1321\n", 1) + "x 1 2 3 0\n")
    ranks: list[tuple[int, int]] = []
    every = len(os.sched_getaffinity(0))

    def look(event: Event) -> None:
        if event.lane == "kissat" and event.kind == "progress":
            table = processes()
            pids = [pid for pid in descendants(os.getpid()) if "kissat" in table.get(pid, (0, ""))[1]]
            for pid in pids[:1]:
                ranks.append((os.getpriority(os.PRIO_PROCESS, pid), len(os.sched_getaffinity(pid))))

    own = os.getpriority(os.PRIO_PROCESS, 0)
    result = solve(str(path), time_limit=8, pool=False, algebra=False, mix="kissat,cadical", on_event=look)
    assert [each["lane"] for each in result.statistics["lanes"]].count("kissat") == 2
    assert {rank for rank, _ in ranks} == {own}
    assert {cores for _, cores in ranks} <= {1, every}  # all of them for a moment, now and then


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, "ready"),
        (signal.SIGTERM, "coming"),
        pytest.param(signal.SIGKILL, "ready", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, "coming", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, "ready", marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, "coming", marks=pytest.mark.slow),
    ],
)
def test_signals_end_a_run_with_a_pool(
    number: signal.Signals, moment: str, hard: Path, tmp_path: Path
) -> None:
    process = start("-j", "2", "-v", "--pool-after=0", "--time=600", hard)
    assert process.stdout is not None
    for line in process.stdout:
        if f"pool state={moment}" in line:
            break
    if moment == "ready":
        for line in process.stdout:
            if "place=pool" in line:
                break
    assert eventually(lambda: len(descendants(process.pid)) >= 5)
    children = descendants(process.pid)
    began = time.monotonic()
    process.send_signal(number)
    code, out, err = finish(process)
    if number == signal.SIGKILL:
        assert gone(children)
        return
    assert time.monotonic() - began <= allowance(0.7)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "s UNKNOWN"
    assert gone(children, within=allowance(0.5))


@pytest.mark.usefixtures("tidy")
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_what_is_sent_to_the_whole_group_leaves_nothing_of_a_pool(number: signal.Signals, hard: Path) -> None:
    process = start("-j", "2", "-v", "--pool-after=0", "--time=600", hard, session=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "place=pool" in line:
            break
    children = descendants(process.pid)
    os.killpg(process.pid, number)
    finish(process)
    assert gone(children)


@pytest.mark.usefixtures("tidy")
def test_the_time_limit_is_kept_with_a_pool(hard: Path) -> None:
    began = time.monotonic()
    code, out, err = finish(start("-j", "2", "--pool-after=0", "--time", "6", hard))
    assert 6 <= time.monotonic() - began <= 6 + allowance(0.5)
    assert (code, err) == (0, "")
    assert "c no answer: time" in out


def test_the_timeline_tells_who_won_and_why(tmp_path: Path, seconds_hard: Path) -> None:
    path = tmp_path / "run.json"
    mix = ("--mix", "kissat,cadical-guided,cadical")
    code, _, _ = turbosat("-q", "-n", "-j", "2", "--no-pool", *mix, "--json", path, seconds_hard)
    assert code == 20
    data = json.loads(path.read_text())
    timeline = data["timeline"]
    assert [each["seconds"] for each in timeline] == sorted(each["seconds"] for each in timeline)
    started = [each["lane"] for each in timeline if each["kind"] == "started"]
    assert started[0] == "kissat"
    assert set(started) >= {"kissat", "gradient", "cadical-guided"}
    guided = [each for each in timeline if each["kind"] == "guided"]
    assert guided[0]["lane"] == "cadical-guided"
    assert guided[0]["what"].startswith("phases of ")
    answered = [each["lane"] for each in timeline if each["kind"] == "answered"]
    assert answered == [data["winner"]]
    lanes = {lane["lane"]: lane for lane in data["lanes"]}
    assert data["winner_guided_by"] == lanes[data["winner"]]["guided_by"]
    assert lanes["cadical-guided"]["guided_by"].startswith("phases of ")


@pytest.mark.parametrize(
    ("kind", "parameters", "first", "later"),
    [
        ("frb", {"variables": 50}, "gradient", {"tours", "sweeping", "algebra", "counting", "symmetry"}),
        ("qwh", {"order": 60, "holes": 0.45}, "gradient", {"tours", "sweeping", "algebra", "counting"}),
        ("sha1", {"rounds": 30}, "algebra", {"gradient", "kissat-stable"}),
    ],
)
def test_what_is_likely_to_be_over_at_once_begins_first(
    kind: str, parameters: dict[str, object], first: str, later: set[str]
) -> None:
    """A descent where groups move, whatever looks like gates; else algebra and sweeping."""
    formula = generate(kind, seed=1, **parameters).formula
    result = solve(formula, workers=2, time_limit=2.0, pool=False)
    timeline = result.statistics["timeline"]
    started = [each["lane"] for each in timeline if each["kind"] == "started"]
    assert started[0] == "kissat"
    assert first in started
    assert not set(started[: started.index(first)]) & later


def test_an_answer_ends_a_long_look_at_the_formula(
    monkeypatch: pytest.MonkeyPatch, seconds_hard: Path
) -> None:
    looks = 0

    def endless(formula: Formula, check: Callable[[], None]) -> bool:
        nonlocal looks
        while True:
            looks += 1
            check()
            time.sleep(0.001)

    monkeypatch.setattr("turbosat.encodings.circuit.promise.promising", endless)
    result = solve(seconds_hard, workers=2, pool=False, gradient=False, time_limit=120)
    assert result.status is Status.UNSATISFIABLE
    assert looks


def test_lanes_by_name() -> None:
    _, clauses = pigeonhole(8, 7)
    result = solve(clauses, mix="cadical-unsat, cadical", gradient=False, pool=False, workers=2)
    assert result.status is Status.UNSATISFIABLE
    assert [lane["lane"] for lane in result.statistics["lanes"]][:1] == ["cadical-unsat"]
    assert {lane["engine"] for lane in result.statistics["lanes"]} <= {"cadical", "algebra", "counting"}
    code, _, err = turbosat("--mix", "kissat,nonsense", "examples/pigeons-8.cnf")
    assert (code, err.count("\n")) == (1, 1)
    assert "unknown lane 'nonsense'; known: kissat, " in err


def test_a_mix_for_a_proof_begins_with_who_writes_it(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    code, _, err = turbosat("--mix", "cadical,kissat", "examples/pigeons-8.cnf", proof)
    assert (code, err.count("\n"), proof.exists()) == (1, 1, False)
    assert "the first lane of the mix must be one of Kissat's" in err


@pytest.mark.slow
def test_a_lane_that_proves_is_the_only_one_to_refute(tmp_path: Path, seconds_hard: Path) -> None:
    from turbosat.check import check

    proof = tmp_path / "proof"
    result = solve(seconds_hard, proof=str(proof), workers=2, time_limit=600)
    assert result.status is Status.UNSATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == "kissat"
    assert check(str(seconds_hard), str(proof)).verdict.outcome == "verified"


def test_assumptions_hold_in_every_lane() -> None:
    source = planted(300, 1150, 3)
    base = solve(source, workers=2).model
    assert base is not None
    wanted = base[:40].tolist()
    result = solve(source, assumptions=wanted, workers=2, time_limit=600)
    assert result.model is not None
    assert result.model[:40].tolist() == wanted


def test_no_memory_for_a_pool_is_no_pool(tmp_path: Path, hard: Path) -> None:
    path = tmp_path / "run.json"
    words = ("-j", "2", "--memory", "900", "--time", "2.5", "--pool-after=0", "--json", path)
    code, _, err = turbosat(*words, hard)
    assert (code, err) == (0, "")
    data = json.loads(path.read_text())
    assert data["reason"] == "time"
    assert "pool" not in {each["kind"] for each in data["timeline"]}


@pytest.mark.slow
def test_a_deadline_that_is_cancelled_by_the_pool_coming_up(hard: Path) -> None:
    with Deadline(600) as deadline:
        result = solve(
            hard,
            workers=2,
            pool_after=0.0,
            deadline=deadline,
            on_event=lambda event: deadline.cancel() if event.data.get("state") == "ready" else None,
        )
    assert result.reason is Reason.INTERRUPTED
    assert result.statistics["pool"]["places"] == 1


@pytest.mark.parametrize(("cause", "reached"), [(None, True), (Cause.MEMORY, False)])
def test_a_lane_given_up_for_want_of_memory_has_reached_no_limit(cause: Cause | None, reached: bool) -> None:
    options = resolve({"conflicts": 1000})
    with Deadline() as deadline, Race(deadline, ignore) as race:
        run = Run(Formula.from_clauses([[1]]), options, deadline, ignore)
        lane = Lane(Entrant("kissat"), Kissat(), 0.0, Course(), state="stopped", cause=cause)
        race.lanes.append(lane)
        assert Hybrid(run, race)._roster.spent == reached
