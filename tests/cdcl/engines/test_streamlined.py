"""Kissat under guesses: models of the formula come out, and nothing else."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.families import endless, pigeonhole
from tests.turbosat.strategies import formulas
from turbosat import Formula, Status
from turbosat.cdcl.engines import streamlined as module
from turbosat.cdcl.engines.engine import Answer, Budget, Engine
from turbosat.cdcl.engines.kissat import Kissat
from turbosat.cdcl.engines.streamlined import Guess, Streamlined
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.cdcl.lanes.race import Race
from turbosat.deadline import Deadline, Expired
from turbosat.errors import Cause, UsageError
from turbosat.formula.clauses import Clauses
from turbosat.result import Reason


def kissat() -> Engine:
    return Kissat()


def equal(*pairs: tuple[int, int]) -> Clauses:
    """Return the equivalences of literals, two clauses each."""
    return Clauses.of(
        *([one, -other] if first else [-one, other] for one, other in pairs for first in (1, 0))
    )


def answered(formula: Formula, guesses: list[Clauses]) -> tuple[Answer, Streamlined]:
    engine = Streamlined(guesses, kissat)
    try:
        engine.start(formula)
        engine.advance(Budget())
        answer = engine.poll(None)
        assert answer is not None
        assert engine.over == (answer.status is Status.UNKNOWN)
    finally:
        engine.stop()
    return answer, engine


@settings(max_examples=30, deadline=None)
@given(formulas(xors=False), st.data())
def test_only_models_are_answers(formula: Formula, data: st.DataObject) -> None:
    names = st.integers(1, max(1, formula.variables))
    literals = names.flatmap(lambda name: st.sampled_from([name, -name]))
    pairs = st.lists(st.tuples(literals, literals), min_size=1, max_size=4)
    guesses = [equal(*each) for each in data.draw(st.lists(pairs, max_size=3))]
    if not formula.variables:
        guesses = []
    answer, engine = answered(formula, guesses)
    assert answer.status in (Status.SATISFIABLE, Status.UNKNOWN)
    assert answer.core == ()
    if answer.status is Status.SATISFIABLE:
        assert answer.values is not None
        assert formula.satisfied(answer.values)
    else:
        assert engine.refuted >= len(guesses)


def test_a_refuted_guess_is_tried_by_halves() -> None:
    formula = Formula.from_clauses([[1, 2], [-1, -2], [3, 4], [5, 6]])
    wrong = equal((3, 4), (1, 2))  # the second cannot be, the first can
    answer, engine = answered(formula, [equal((1, 2)), wrong])
    assert answer.status is Status.SATISFIABLE
    assert answer.values is not None
    assert answer.values[2] == answer.values[3]
    assert engine.figures == {"guesses": 3, "refuted": 2}


@pytest.mark.parametrize("pairs", range(1, 9))
def test_halves_keep_equivalences_whole(pairs: int) -> None:
    whole = Guess(equal(*((each, each + 1) for each in range(1, pairs + 1))))
    half = whole.half()
    assert (len(half.clauses), half.halved) == (2 * ((pairs + 1) // 2), 1)
    assert np.array_equal(half.clauses.literals, whole.clauses.literals[: half.clauses.literals.size])


def test_a_formula_without_models_is_not_refuted() -> None:
    answer, engine = answered(Formula.from_clauses([[1], [-1], [2, 3]]), [equal((2, 3)), equal((2, -3))])
    assert answer.status is Status.UNKNOWN
    assert engine.over


def test_guesses_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST", 0.02)
    monkeypatch.setattr(module, "PATIENCE", 2)
    formula = Formula.from_clauses(endless()[1])
    engine = Streamlined([equal((1, 2)), equal((3, 4))], kissat, nice=(1, 3))
    began = time.monotonic()
    try:
        engine.start(formula)
        engine.advance(Budget())
        while (answer := engine.poll(0.05)) is None:
            assert engine.pid is not None
            assert time.monotonic() - began < 60
        assert answer.status is Status.UNKNOWN
        assert engine.over
        assert engine.figures["guesses"] == 2 + 2 + 2
        assert engine.spent.seconds > 0.0
    finally:
        engine.stop()


class Endless(Kissat):
    """Kissat on what it does not settle, with CPU seconds that are said to be these."""

    said = 0.0

    @property
    def progress(self) -> dict[str, float]:
        return {"seconds": self.said}


def test_a_guess_gives_way_when_it_is_no_longer_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each begins with the right of way in the first round, and none in the second."""
    ranks, made = list[int](), list[Endless]()
    monkeypatch.setattr(module, "set_rank", lambda pid, nice: ranks.append(nice))
    monkeypatch.setattr(module, "PATIENCE", 10**6)

    def build() -> Engine:
        made.append(Endless())
        return made[-1]

    engine = Streamlined([equal((1, 2)), equal((3, 4))], build, nice=(1, 3))
    try:
        engine.start(Formula.from_clauses(endless()[1]))
        engine.advance(Budget())
        for number, later in enumerate((0, 0, 1, 1), 1):
            assert len(made) == number
            begun = [3] if later else [1]
            for seconds, wanted in ((0.9 * module.FRESH, begun), (module.FRESH, [3] if later else [1, 3])):
                made[-1].said = seconds
                assert engine.poll() is None
                assert ranks == wanted
            ranks.clear()
            made[-1].said = module.FIRST * 2**later
            assert engine.poll() is None
    finally:
        engine.stop()


def test_its_order_of_calls() -> None:
    engine = Streamlined([], kissat)
    with pytest.raises(UsageError):
        engine.advance(Budget())
    with pytest.raises(UsageError):
        engine.poll()
    with pytest.raises(UsageError):
        engine.start("file.cnf")
    engine.start(Formula.from_clauses([[1]]))
    engine.advance(Budget())
    assert engine.poll() == Answer(Status.UNKNOWN)
    assert engine.over
    with pytest.raises(UsageError):
        engine.fileno()
    engine.stop()


def test_a_guess_that_memory_is_missing_for_ends_its_lane_only() -> None:
    hard = Formula.from_clauses(pigeonhole(12, 11)[1])
    refuted = Clauses.of([1], [-1])
    with Deadline(60) as deadline, Race(deadline, lambda event: None) as race:
        first = race.add(Entrant("kissat"), Kissat(), hard)
        engine = Streamlined([refuted, equal((3, 4))], kissat)
        lane = race.add(Entrant("kissat-folded", guesses=True), engine, hard)

        def short() -> None:
            raise Expired(Reason.MEMORY)

        engine.check = short
        while lane.state == "running":
            assert race.wait(0.05) is None
        assert (lane.state, lane.cause, first.state) == ("stopped", Cause.MEMORY, "running")
