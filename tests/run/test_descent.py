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
