"""What an actor does, without Ray: requests in, reports out, one engine after the other."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from tests.cdcl.engines.engines import array, formula, hopeless, seconds_hard
from tests.families import pigeonhole
from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.lanes.mix import KINDS
from turbosat.cdcl.pool.worker import Note, Worker, build
from turbosat.core.library import library
from turbosat.formula.formula import Formula

FREE = {"conflicts": None, "seconds": None, "rounds": None}
NOTHING: tuple[np.ndarray[Any, Any], ...] = ()


@pytest.fixture
def small() -> Iterator[Worker]:
    worker = Worker(formula([[1, 2], [-1, 3], [-2, 3]], 3))
    yield worker
    worker.close()


def begin(kind: str, *arrays: np.ndarray[Any, Any], **more: Any) -> Note:
    return "begin", {"recipe": {**KINDS[kind].recipe(), **more}, "memory": None}, arrays


def advance(number: int, *guess: int, **budget: int | None) -> Note:
    return "advance", {"number": number, "budget": {**FREE, **budget}}, (array(*guess),)


def until(worker: Worker, kind: str, requests: Sequence[Note], steps: int = 300) -> Note:
    """Step until there is a report of a kind."""
    for _ in range(steps):
        for report in worker.step(requests, 0.1):
            if report[0] == kind:
                return report
        requests = []
    raise AssertionError(f"no {kind}")


@pytest.mark.parametrize("kind", ["kissat", "cadical"])
def test_a_slice_is_answered(small: Worker, kind: str) -> None:
    _, data, arrays = until(small, "answer", [begin(kind), advance(7)])
    assert (data["number"], data["status"]) == (7, 10)
    values = arrays[0].view(np.bool_)
    assert values.shape == (3,)
    assert formula([[1, 2], [-1, 3], [-2, 3]], 3).satisfied(values)


def test_guesses_and_cores(small: Worker) -> None:
    _, data, (_, literals, offsets) = until(small, "answer", [begin("cadical"), advance(1, 1, -3)])
    assert data["status"] == 20
    restriction, core = np.split(literals, offsets[1:-1])
    assert restriction.tolist() == [1, -3]
    assert set(core.tolist()) == {1, -3}
    assert until(small, "answer", [advance(2)])[1]["status"] == 10


def test_more_clauses_from_the_beginning(small: Worker) -> None:
    offsets = np.array([0, 1], np.int64)
    assert until(small, "answer", [begin("kissat", array(-3), offsets), advance(1)])[1]["status"] == 20


def test_phases_units_and_clauses_reach_the_engine(small: Worker) -> None:
    hints = np.array([False, True, True])
    requests: list[Note] = [
        begin("cadical"),
        ("phases", {}, (hints.view(np.int8),)),
        ("units", {}, (array(-1),)),
        advance(1),
    ]
    _, data, arrays = until(small, "answer", requests)
    assert (data["status"], arrays[0].tolist()) == (10, [0, 1, 1])
    refuting: Note = "clauses", {}, (array(-2), np.array([0, 1], np.int64))
    assert until(small, "answer", [refuting, advance(2)])[1]["status"] == 20


def test_progress_and_learned_clauses() -> None:
    worker = Worker(seconds_hard())
    kinds = set()
    requests: list[Note] = [begin("cadical", export=6), advance(1)]
    while "answer" not in kinds:
        kinds |= {report[0] for report in worker.step(requests, 0.1)}
        requests = []
    worker.close()
    assert kinds == {"progress", "learned", "answer"}


def test_what_lanes_learn_is_collected_as_it_is_here() -> None:
    """A trace that is read instead ends their searches."""
    engine = build(KINDS["cadical"].recipe() | {"export": 6})
    assert isinstance(engine, Cadical)
    assert engine._library == library().path
    quiet = build(KINDS["cadical"].recipe())
    assert isinstance(quiet, Cadical)
    assert quiet._library is None


def test_guidance_of_a_gradient_lane() -> None:
    variables, clauses = pigeonhole(9, 8)
    worker = Worker(formula(clauses, variables))
    recipe = {
        "engine": "gradient",
        "settings": {"seed": 3, "workers": 1, "device": "cpu", "optimizer": "auto"},
    }
    first: Note = "begin", {"recipe": recipe, "memory": None}, NOTHING
    _, data, arrays = until(worker, "guidance", [first, advance(1)])
    assert data["false"] >= 1
    assert arrays[0].shape == (72,)
    worker.close()


def test_another_engine_takes_the_place(small: Worker) -> None:
    small.step([begin("cadical"), advance(1)], 0.0)
    _, data, _ = until(small, "answer", [begin("kissat"), advance(1)])
    assert data["status"] == 10
    assert small.step([("end", {}, NOTHING)], 0.0) == []
    assert small.step([], 0.0) == []


def test_errors_are_reported_and_not_the_end(small: Worker) -> None:
    wrong = {**KINDS["cadical"].recipe(), "options": {"nonsense": 1}}
    (report,) = small.step([("begin", {"recipe": wrong, "memory": None}, NOTHING), advance(1)], 0.0)
    assert report[0] == "failed"
    assert "nonsense" in report[1]["why"]
    assert small.step([advance(2)], 0.0) == []
    assert until(small, "answer", [begin("cadical"), advance(3)])[1]["status"] == 10


def test_a_killed_child_is_reported() -> None:
    import os
    import signal

    worker = Worker(hopeless())
    pid = until(worker, "progress", [begin("kissat"), advance(1)])[1]["pid"]
    os.kill(pid, signal.SIGKILL)
    report = until(worker, "failed", [])
    assert "killed by signal 9" in report[1]["why"]


def test_an_engine_that_gives_up_is_over() -> None:
    worker = Worker(Formula.from_clauses([[1], [-1, 2], [-2]]))
    recipe = {"engine": "gradient", "settings": {"device": "cpu"}}
    _, data, _ = until(worker, "answer", [("begin", {"recipe": recipe, "memory": None}, NOTHING), advance(1)])
    worker.close()
    assert (data["status"], data["over"]) == (0, True)
