"""The gradient lane's place in a run: how far it gives way."""

import itertools
import os
import time

import numpy as np
import pytest

from tests.families import random_ksat
from turbosat.cdcl.lanes.courses import Course
from turbosat.cdcl.lanes.following import BestGuidance
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.deadline import Deadline
from turbosat.events import ignore
from turbosat.formula.formula import Formula
from turbosat.lanes.sweeping import Sweeping
from turbosat.options import resolve
from turbosat.run.descent import NICE, DescentStage
from turbosat.run.scheduler import trend


def coloured(vertices: int, colours: int, edges: int) -> Formula:
    """Return a colouring, of more vertices that exclude each other than there are colours."""
    random, name = np.random.default_rng(1), np.arange(1, vertices * colours + 1).reshape(vertices, colours)
    pairs = list(itertools.combinations(range(colours + 1), 2))
    pairs += [tuple(random.choice(vertices, 2, replace=False)) for _ in range(edges)]
    clauses = name.tolist()
    for one, other in pairs:
        clauses += np.stack([-name[one], -name[other]], axis=1).tolist()
    return Formula.from_clauses(clauses)


def clauses_of_three() -> Formula:
    """Return clauses of three literals without a model."""
    variables, clauses = random_ksat(60, 900, seed=3)
    return Formula.from_clauses(clauses, variables)


@pytest.mark.parametrize(
    ("formula", "beside", "cores", "nice"),
    [
        (coloured(60, 4, 100), True, 2, NICE[False]),
        (coloured(60, 4, 100), False, 2, NICE[False]),
        (clauses_of_three(), True, 2, NICE[True]),
        (clauses_of_three(), False, 2, NICE[False]),
        (clauses_of_three(), True, 1, 0),
    ],
)
def test_it_gives_way_to_others_where_no_groups_move(
    formula: Formula, beside: bool, cores: int, nice: int
) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    deadline = Deadline(60)
    with Race(deadline, ignore) as race:
        first = Lane(Entrant("kissat"), Sweeping(), 0.0, Course(), state="stopped")
        race.lanes.append(first)  # which would give way to nobody
        stage = DescentStage(race, resolve({"device": "cpu"}), deadline, BestGuidance())
        stage.begin(formula, cores, beside=beside)
        assert stage.lane is not None
        end = time.monotonic() + 50
        while not stage.lane.engine.figures and time.monotonic() < end:
            race.wait(0.05)
            stage.listen()
        stage.listen()
        pid = stage.lane.engine.pid
        assert pid is not None
        assert os.getpriority(os.PRIO_PROCESS, pid) == max(own, nice)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"device": "cpu", "optimizer": "weighted"}, True),
        ({"optimizer": "walk"}, False),
        ({"optimizer": "ste"}, False),
        ({"device": "cuda"}, False),
        ({"device": "teams"}, False),
        ({"gradient": False}, False),
        ({"engine": "cdcl"}, False),
    ],
)
def test_groups_are_expected_where_a_descent_would_move_them(
    options: dict[str, object], expected: bool
) -> None:
    deadline = Deadline(60)
    with Race(deadline, ignore) as race:
        stages = [DescentStage(race, resolve(options), deadline, BestGuidance()) for _ in range(3)]
        assert stages[0].grouped(coloured(60, 4, 100)) == expected
        assert not stages[1].grouped(clauses_of_three())
        stages[2].decline()
        assert not stages[2].grouped(coloured(60, 4, 100))


def test_nobody_waits_for_a_descent_that_has_not_begun_or_gives_way() -> None:
    deadline, options = Deadline(60), resolve({"device": "cpu"})
    grouped, plain = coloured(60, 4, 100), clauses_of_three()
    with Race(deadline, ignore) as race:
        first = Lane(Entrant("kissat"), Sweeping(), 0.0, Course(), state="stopped")
        race.lanes.append(first)

        def yields(formula: Formula, *, beside: bool) -> list[bool]:
            """Say so before its start, before its first word, and then."""
            stage, found = DescentStage(race, options, deadline, BestGuidance()), []
            expected = stage.grouped(formula)
            view = stage.view()
            assert view is not None
            found.append(view.yields)
            stage.begin(formula, 2, beside=beside or expected)
            assert stage.lane is not None
            for ready in (True, False):
                end = time.monotonic() + 50
                while not (ready or stage.lane.engine.figures) and time.monotonic() < end:
                    race.wait(0.05)
                view = stage.view()
                assert view is not None
                found.append(view.yields)
            race.drop(stage.lane, "seen")
            return found

        assert yields(plain, beside=False) == [True, False, False]
        assert yields(plain, beside=True) == [True, True, True]
        assert yields(grouped, beside=False) == [False, False, False]


class Told(Sweeping):
    """An engine whose figures are said to be these."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, object] = {}

    @property
    def figures(self) -> dict[str, object]:
        return self.said


def test_a_trend_is_told_from_the_halving_before_last() -> None:
    with Deadline(60) as deadline:
        stage = DescentStage(Race(deadline, ignore), resolve({}), deadline, BestGuidance())
        engine = Told()
        stage.begun, stage.lane = True, Lane(Entrant("gradient"), engine, 0.0, Course())

        def said(seconds: float, best: int, entries: int = 1000) -> float:
            engine.said = {"core_seconds": seconds, "best": best, "entries": entries, "device": "cpu"}
            engine.said |= {"grouped": False, "expected_seconds": None, "seconds": seconds}
            view = stage.view()
            assert view is not None
            return view.trend

        assert said(0.05, 10_000) == 0.0  # it still falls freely
        assert said(0.2, 900) == said(0.4, 450) == 0.0  # it is too early to tell
        assert said(0.8, 400) == trend((0.2, 900), (0.8, 400)) > 0.0
        assert said(1.6, 200) == trend((0.4, 450), (1.6, 200))
        assert said(2.0, 100) == 0.0
        assert said(4.4, 90, 1010) == trend((1.6, 200), (4.4, 90))  # with clauses that were learned
        assert said(4.5, 89, 500) == 0.0  # of a formula that was reduced
        assert said(13.5, 80, 500) == trend((4.5, 89), (13.5, 80))
