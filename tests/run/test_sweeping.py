"""The sweeping lane's place in a run: the lane on the merged formula, and what is handed on."""

import random
from collections.abc import Iterable

import numpy as np
import pytest

from tests.lanes.test_sweeping import Netlist
from turbosat import Event, Formula, solve
from turbosat.cdcl.lanes.courses import Course
from turbosat.cdcl.lanes.mix import KINDS, Entrant
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.deadline import Deadline
from turbosat.events import ignore
from turbosat.formula.clauses import Clauses
from turbosat.lanes.sweeping import Sweeping
from turbosat.options import Options, resolve
from turbosat.run.sweeping import SweepingStage

MERGED = Formula.from_clauses([[1, 2]], 2)


class Told(Race):
    """A race that notes what it is to share, and the events."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.shared: list[list[tuple[int, ...]]] = []
        super().__init__(Deadline(), self.events.append)

    def share(self, clauses: Clauses, lanes: Iterable[Lane] | None = None) -> None:
        self.shared.append(sorted(Formula(clauses.literals, clauses.offsets, 4)))


def stage(options: Options, race: Race | None = None) -> SweepingStage:
    """Return the stage of a run whose sweep has come to a merged formula."""
    deadline = Deadline()
    made = SweepingStage(race or Race(deadline, ignore), resolve(options), deadline)
    engine = Sweeping()
    engine.merged = MERGED
    made.lane = Lane(Entrant("sweeping"), engine, 0.0, Course())
    return made


def test_only_what_is_new_is_handed_on() -> None:
    race = Told()
    made = stage({}, race)
    engine = made.engine
    assert engine is not None
    formula = Formula.from_clauses([[1, 2, 3, 4]], 4)
    for codes in ([0, 2, 4, 6], [0, 0, 4, 6], [0, 0, 4, 6], [0, 0, 1, -2]):
        engine.representatives = np.array(codes, np.int32)
        made.share()
        made.share()
    assert race.shared == [[(-2, 1), (2, -1)], [(-4,), (-3, -1), (3, 1)]]
    assert [event.kind for event in race.events] == ["sweeping"] * 2
    known = {tuple(clause) for clause in made.strengthened(formula)}
    assert known == {(1, 2, 3, 4), (-2, 1), (2, -1), (-3, -1), (3, 1), (-4,)}


def majorities(inputs: int, pairs: int, seed: int) -> Formula:
    """Return pairs of equal gates, and random clauses of their inputs that take long."""
    dice, net = random.Random(seed), Netlist(inputs)
    for _ in range(pairs):
        a, b, c = (x * dice.choice((1, -1)) for x in dice.sample(range(1, inputs + 1), 3))
        net.majority(a, b, c)
        net.conjoin(-net.conjoin(a, b), -net.conjoin(c, -net.conjoin(-a, -b)))
    for _ in range(43 * inputs // 10):
        net.clauses.append([x * dice.choice((1, -1)) for x in dice.sample(range(1, inputs + 1), 3)])
    return Formula.from_clauses(net.clauses, net.variables)


def test_the_lane_on_the_merged_formula_has_the_limits_of_the_others() -> None:
    made = stage({"conflicts": 100, "decisions": 7, "seed": 3})
    found = made.merged_lane()
    assert found is not None
    spec, formula = found
    assert formula is MERGED
    assert (spec.seed, spec.conflicts, spec.decisions) == (3, 100, 7)
    assert {"--conflicts=100", "--decisions=7"} <= set(spec.arguments())
    assert made.merged_lane() is None  # one is enough


@pytest.mark.parametrize(
    ("mix", "expected"), [(None, True), ("cadical,cadical-guided", False), ("cadical,kissat-sat", True)]
)
def test_a_mix_without_kissat_has_no_lane_on_the_merged_formula(mix: str | None, expected: bool) -> None:
    assert (stage({"mix": mix}).merged_lane() is not None) == expected


def test_the_lane_on_the_merged_formula_is_started_again_on_that() -> None:
    made = stage({})
    found = made.merged_lane()
    assert found is not None
    assert made.source(found[0]) is MERGED
    assert made.source(KINDS["kissat"]) is None


@pytest.mark.slow
def test_one_worker_has_no_lane_on_the_merged_formula_beside() -> None:
    formula = majorities(330, 150, 5)
    result = solve(formula, time_limit=15, workers=1, pool=False, gradient=False, algebra=False)
    assert {lane["lane"] for lane in result.statistics["lanes"]} == {"kissat", "sweeping"}
    assert result.statistics["sweeping"]["equivalences"] >= 100
