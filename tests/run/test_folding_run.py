"""The folding lane's place in a run: only its models count, and when there is none."""

from itertools import pairwise

import pytest

from tests.encodings.symmetries.test_folding import discrepancy
from tests.encodings.symmetries.test_hidden import costas
from tests.families import pigeonhole
from turbosat import Event, Formula, Status, solve
from turbosat.cdcl.engines.engine import Answer
from turbosat.cdcl.lanes.courses import Course
from turbosat.cdcl.lanes.mix import on_another_formula
from turbosat.cdcl.lanes.race import Lane
from turbosat.deadline import Deadline
from turbosat.events import ignore
from turbosat.options import Options, resolve
from turbosat.records import replace
from turbosat.result import Reason
from turbosat.run import folding as module
from turbosat.run import scheduler
from turbosat.run.context import Context
from turbosat.run.folding import FOLDED

ALONE: Options = {"workers": 2, "pool": False, "gradient": False, "time_limit": 120.0}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search for folds begin with the other lanes."""
    monkeypatch.setattr(module, "AFTER", 0.0)


def walk(frames: int, bits: int = 8) -> Formula:
    """Return a counter that has counted to `frames` - 1 in its last frame: its only model repeats nothing."""
    names = [[frame * bits + bit + 1 for bit in range(bits)] for frame in range(frames)]
    carries = frames * bits
    clauses: list[list[int]] = [[-name] for name in names[0]]
    for now, then in pairwise(names):
        carry = 0
        for bit, (one, other) in enumerate(zip(now, then, strict=True)):
            if not bit:
                clauses += [[one, other], [-one, -other]]
                carry = one
                continue
            clauses += [
                [-other, one, carry],
                [-other, -one, -carry],
                [other, -one, carry],
                [other, one, -carry],
            ]
            carries += 1
            clauses += [[-carries, one], [-carries, carry], [carries, -one, -carry]]
            carry = carries
    clauses += [[name if frames - 1 >> bit & 1 else -name] for bit, name in enumerate(names[-1])]
    return Formula.from_clauses(clauses, carries)


def test_what_a_guess_refutes_is_no_answer() -> None:
    with Deadline(60) as deadline:
        run = Context(resolve({}), deadline, ignore)
        formula = Formula.from_clauses([[1, 2]])
        plain = on_another_formula(FOLDED, 4, run.options)
        for guesses in (True, False):
            spec = replace(plain, guesses=guesses)
            lane = Lane(spec, run.build(spec), 0.0, Course())
            result = run.judge(formula, lane, Answer(Status.UNSATISFIABLE))
            assert (result is None) == guesses


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("formula", [walk(40), discrepancy(60), discrepancy(12, 1)], ids=["walk", "2", "1"])
def test_a_run_says_what_the_formula_says(formula: Formula) -> None:
    result = solve(formula, **ALONE)
    known = Status.UNSATISFIABLE if formula.variables == discrepancy(12, 1).variables else Status.SATISFIABLE
    assert result.status is known


@pytest.mark.usefixtures("at_once")
def test_folds_are_told_and_searched() -> None:
    events: list[Event] = []
    result = solve(discrepancy(700), on_event=events.append, **ALONE)
    assert result.status is Status.SATISFIABLE
    if any(lane["lane"] == FOLDED for lane in result.statistics["lanes"]):
        (told,) = [event.data for event in events if event.kind == "folding"]
        assert told["folds"] == result.statistics["folding"]["folds"]
        assert result.statistics["folding"]["guesses"] >= 1
    assert "folding" in {lane["lane"] for lane in result.statistics["lanes"]}


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "options",
    [
        {"folding": False},
        {"engine": "cdcl"},
        {"mix": "cadical,cadical-unsat"},
        {"deterministic": True},
        {"assumptions": [1]},
        {"conflicts": 10**6},
    ],
)
def test_there_is_no_such_lane(options: Options) -> None:
    formula = Formula.from_clauses(pigeonhole(14, 13)[1])
    rest: Options = {"pool": False, "counting": False, "symmetry": False}
    result = solve(formula, time_limit=2.0, **{**rest, **options})  # type: ignore[arg-type]
    assert result.status is Status.UNKNOWN
    assert {lane["lane"] for lane in result.statistics["lanes"]}.isdisjoint({"folding", FOLDED})


@pytest.mark.parametrize("hopeless", [True, False])
def test_where_a_descent_comes_to_nothing_folds_are_sought_sooner(
    monkeypatch: pytest.MonkeyPatch, hopeless: bool
) -> None:
    """As soon as the search for folds has begun, if it does, the run is over."""
    monkeypatch.setattr(module, "AFTER", 1e9)
    monkeypatch.setattr(module, "HIDDEN_AFTER", 0.0)
    monkeypatch.setattr(module, "HOPELESS_AFTER", 0.0)
    monkeypatch.setattr(scheduler, "hopeless", lambda *_: hopeless)
    formula = Formula.from_clauses(pigeonhole(14, 13)[1])
    rest: Options = {"pool": False, "counting": False, "symmetry": False, "workers": 2}
    with Deadline(120.0 if hopeless else 2.0) as deadline:

        def told(event: Event) -> None:
            if (event.kind, event.lane) == ("started", "folding"):
                deadline.cancel()

        result = solve(formula, deadline=deadline, on_event=told, **rest)
    assert result.status is Status.UNKNOWN
    assert result.reason is (Reason.INTERRUPTED if hopeless else Reason.TIME)


def test_what_hides_symmetries_is_folded_before_descent_had_its_chance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AFTER", 1e9)
    monkeypatch.setattr(module, "HIDDEN_AFTER", 0.0)
    result = solve(costas(17, 5), **ALONE)
    assert result.status is Status.SATISFIABLE
    assert "folding" in {lane["lane"] for lane in result.statistics["lanes"]}
    # Lane 0 may have an answer before the search has: both diagonals, half a turn and a quarter.
    assert result.statistics.get("folding", {}).get("hidden", 4) == 4
