"""Memory: what counts as a run's, how many lanes there is room for, what becomes of lanes without it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests import groups
from tests.processes import ROOT
from turbosat import Deadline, Event, Formula, Reason, Status, solve, system
from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.engines.kissat import Kissat
from turbosat.cdcl.lanes import race

MB = 1 << 20
pytestmark = pytest.mark.usefixtures("no_children_left")


@pytest.fixture(scope="module")
def large() -> Formula:
    """Return a formula of a million literals that takes long."""
    generator = np.random.default_rng(1)
    count = 340_000
    variables = generator.integers(1, 80_001, (count, 3))
    signs = generator.choice((-1, 1), (count, 3))
    return Formula((variables * signs).astype(np.int32).ravel(), np.arange(0, 3 * count + 1, 3))


@pytest.fixture
def fat_child() -> Iterator[None]:
    """Let this program have a child of 200 MB that is none of turbosat's business."""
    code = "data = b'x' * 200_000_000; print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield
        child.communicate("\n")


def started(events: list[Event]) -> list[str]:
    return [event.lane for event in events if event.kind == "started"]


@pytest.mark.usefixtures("fat_child")
def test_what_else_a_program_has_is_not_the_runs(hard: Path) -> None:
    own = np.ones(20_000_000)  # 160 MB
    result = solve(hard, memory_limit=150, time_limit=2, engine="cdcl", pool=False, workers=1)
    assert result.reason is Reason.TIME
    assert own.all()


def test_what_a_program_takes_during_the_run_is(hard: Path) -> None:
    # In a process of its own: what earlier tests took could be given back meanwhile.
    code = f"""
import numpy as np
from turbosat import solve
taken = []
take = lambda _: None if taken else taken.append(np.ones(30_000_000))
options = dict(engine="cdcl", pool=False, workers=1)
print(solve({str(hard)!r}, memory_limit=150, time_limit=60, on_event=take, **options).reason)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "memory\n"


def test_the_text_of_the_formula_counts(large: Formula) -> None:
    with Kissat() as engine:
        engine.start(large)
        engine.advance(Budget())
        assert engine.pid is not None
        resident, text = system.memory(engine.pid), system._given(engine.pid)
        assert text > 6_000_000
        assert system.tree_memory(engine.pid) >= resident + text  # it only grows


def test_lanes_are_counted_by_the_deadline(large: Formula) -> None:
    with Deadline(memory=1 << 40) as deadline, race.Race(deadline, lambda _: None) as lanes:
        assert deadline.look() < 50 * MB
        from turbosat.cdcl.lanes.mix import KINDS

        spec = KINDS["kissat"]
        lane = lanes.add(spec, spec.build(), large)
        assert list(lanes.processes()) == [lane.engine.pid]
        while not lane.engine.progress:
            lanes.wait(0.1)
        assert deadline.look() > 20 * MB
        lanes.stop()
        assert deadline.look() < 100 * MB


def test_as_many_lanes_as_there_is_memory_for(large: Formula) -> None:
    events: list[Event] = []
    options = {"workers": 12, "pool": False, "engine": "cdcl", "time_limit": 4}
    solve(large, memory_limit=700, on_event=events.append, **options)  # type: ignore[arg-type]
    assert 2 <= len(started(events)) <= 4
    (told,) = (event.data for event in events if event.kind == "memory")
    assert told["lanes"] == len(started(events))


def test_no_descent_where_there_is_no_memory_for_it(large: Formula) -> None:
    events: list[Event] = []
    solve(large, memory_limit=220, time_limit=3, pool=False, on_event=events.append)
    assert "gradient" not in started(events)


def test_lanes_are_given_up_where_the_system_is_short(hard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shortness = iter([False] * 20)
    monkeypatch.setattr(Deadline, "short", lambda self: next(shortness, True))
    events: list[Event] = []
    options = {"workers": 3, "pool": False, "engine": "cdcl", "time_limit": 8}
    result = solve(hard, on_event=events.append, **options)  # type: ignore[arg-type]
    assert result.reason is Reason.TIME  # lane 0 goes on
    given_up = [event.lane for event in events if event.data.get("why") == "memory is short"]
    assert sorted(given_up) == sorted(set(started(events)) - {"kissat"})
    assert given_up == started(events)[:0:-1]  # the last comes first


def test_a_lane_killed_for_want_of_memory_is_not_started_again(
    hard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = iter([0])
    monkeypatch.setattr(race, "memory_kills", lambda: next(kills, 1))
    events: list[Event] = []

    def kill(event: Event) -> None:
        events.append(event)
        if event.kind == "progress" and event.seconds > 1:
            for pid in system.children(os.getpid()):
                os.kill(pid, 9)

    result = solve(hard, on_event=kill, workers=1, pool=False, engine="cdcl", time_limit=100)
    assert result.reason is Reason.MEMORY
    assert started(events) == ["kissat"]
    assert result.status is Status.UNKNOWN


def test_a_lane_dies_before_the_run_where_a_group_has_too_little(
    hard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    glutton = tmp_path / "kissat"
    glutton.write_text(f"#!{sys.executable}\ntaken = []\nwhile True:\n    taken.append(b'x' * 1_000_000)\n")
    glutton.chmod(0o755)
    monkeypatch.setenv("TURBOSAT_KISSAT", os.fspath(glutton))
    with groups.group("memory", groups.memory(200 * MB)) as folder:
        command = [sys.executable, "-m", "turbosat", "-v", "-n", "-j1", "--time", "60", "--no-pool"]
        code, out, err = groups.run(
            folder, [*command, "--mix", "kissat", "--engine", "cdcl", str(hard)], ROOT
        )
    assert (code, err) == (0, "")
    assert out.count("started kissat") == 1
    assert "killed by signal 9, for want of memory" in out
    assert "c no answer: memory" in out
    assert out.endswith("s UNKNOWN\n")


def test_a_limit_that_cannot_be_kept_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from turbosat.run import pipeline

    monkeypatch.setattr(pipeline, "measurable", lambda: False)
    events: list[Event] = []
    solve([[1]], memory_limit=100, on_event=events.append)
    solve([[1]], on_event=events.append)
    (note,) = (event for event in events if event.kind == "note")
    assert "the memory limit is not enforced on this system" in note.data["what"]
