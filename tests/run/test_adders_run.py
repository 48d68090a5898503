"""Sums built again in a run: the lane that searches them, what it says, and when there is none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical153

from tests.encodings.adders.adder_formulas import word_sums
from tests.lanes.tasks import answered
from turbosat import Event, Formula, Status, solve
from turbosat.benchmarks import families
from turbosat.cdcl.engines.engine import Answer
from turbosat.cdcl.lanes.courses import Course
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.deadline import Deadline
from turbosat.encodings.adders import rebuilding
from turbosat.events import ignore
from turbosat.lanes.algebra import Algebra
from turbosat.options import Options, resolve
from turbosat.proof.file import ProofFile
from turbosat.run.algebra import REBUILT, AlgebraStage
from turbosat.run.context import Context


def stage(formula: Formula, deadline: Deadline, **options: object) -> AlgebraStage:
    """Return the stage of a run that has built the sums of a formula again, if it has."""
    made = AlgebraStage(Race(deadline, ignore), resolve(Options(**options)), deadline)  # type: ignore[typeddict-item]
    engine = Algebra()
    engine.rebuilt = rebuilding.rebuild(formula)
    engine.sums = {"sums": 1, "adders": 1, "variables": 1, "seconds": 0.0}
    made.lane = Lane(Entrant("algebra"), engine, 0.0, Course())
    return made


@settings(max_examples=30, deadline=None)
@given(word_sums(), st.integers(0, 5))
def test_the_lane_says_what_the_formula_says(case: tuple[Formula, int], seed: int) -> None:
    formula, _ = case
    with pytest.MonkeyPatch.context() as patch, Deadline(600) as deadline:
        patch.setattr(rebuilding, "CROWDED", (0.0, 1e9))
        patch.setattr(rebuilding, "WORTH", 0.0)
        made = stage(formula, deadline, seed=seed)
        lane = made.rebuilt_lane()
        if lane is None:
            return
        spec, source = lane
        assert (spec.name, spec.seed, spec.export, spec.proves) == (REBUILT, seed, 0, False)
        assert made.rebuilt_lane() is None
        assert made.source(spec) is source
        assert made.source(Entrant("kissat")) is None
        run = Context(resolve({}), deadline, ignore)
        engine = run.build(spec)
        answer = made.completed(spec, answered(engine, source), formula.variables)
        result = run.judge(formula, Lane(spec, engine, 0.0, Course()), answer)
    assert result is not None
    with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
        assert result.status == (Status.SATISFIABLE if solver.solve() else Status.UNSATISFIABLE)


def test_the_child_tells_sums_after_facts() -> None:
    formula = families.generate("sha1", seed=1, rounds=18).formula
    engine = Algebra(rebuild=True, sweep=False)
    assert engine.rebuilding
    answer = answered(engine, formula)
    assert answer.status is Status.UNKNOWN
    assert engine.rebuilt is not None
    assert engine.sums["sums"] == engine.rebuilt.sums >= 10
    assert not engine.rebuilding
    assert engine.clauses is not None
    expected = rebuilding.rebuild(formula)
    assert expected is not None
    assert (engine.rebuilt.steps == expected.steps).all()
    assert (engine.rebuilt.formula.literals == expected.formula.literals).all()


def test_answers_of_others_are_left_as_they_are() -> None:
    formula = families.generate("sha1", seed=1, rounds=18).formula
    with Deadline(600) as deadline:
        made = stage(formula, deadline)
        answer = Answer(Status.SATISFIABLE, np.zeros(formula.variables, np.bool_))
        assert made.completed(Entrant("kissat"), answer, formula.variables) is answer
        unsatisfiable = Answer(Status.UNSATISFIABLE)
        assert made.completed(Entrant(REBUILT), unsatisfiable, formula.variables) is unsatisfiable


@pytest.fixture(scope="module")
def hashed() -> Formula:
    """Return a formula that nobody settles in a moment."""
    return families.generate("md5", seed=1, rounds=32).formula


def test_a_run_starts_the_lane(hashed: Formula) -> None:
    lanes = set()
    with Deadline(600) as deadline:

        def heard(event: Event) -> None:
            lanes.update([event.lane] if event.kind == "started" else [])
            if event.lane == REBUILT:
                deadline.cancel()

        result = solve(hashed, workers=2, deadline=deadline, on_event=heard)
    assert REBUILT in lanes
    assert result.statistics["adders"]["sums"] > 20


def test_a_formula_without_sums_is_said_to_have_none() -> None:
    engine = Algebra(rebuild=True, sweep=False)
    answered(engine, families.generate("parity", seed=1).formula)
    assert (engine.rebuilding, engine.rebuilt, engine.sums) == (False, None, {})


def asked(formula: Formula, options: Options, *, sweep: bool = True, proof: ProofFile | None = None) -> bool:
    """Whether the algebra lane of a run is to build sums again."""
    with Deadline(600) as deadline, Race(deadline, ignore) as race:
        made = AlgebraStage(race, resolve(options), deadline, proof)
        made.begin(formula, sweep=sweep)
        return made.engine is not None and made.engine.rebuilding


@pytest.mark.parametrize(
    "options",
    [{"adders": False}, {"algebra": False}, {"mix": "cadical,cadical-unsat"}, {"deterministic": True}],
)
def test_there_is_no_such_lane(hashed: Formula, options: Options) -> None:
    assert asked(hashed, {})
    assert not asked(hashed, options)


def test_nor_under_assumptions(hashed: Formula) -> None:
    assert not asked(hashed, {}, sweep=False)


def test_nor_with_a_proof(hashed: Formula, tmp_path: Path) -> None:
    assert not asked(hashed, {}, proof=ProofFile(str(tmp_path / "proof")))


def test_a_model_that_is_too_short_is_left_to_the_judge() -> None:
    formula = families.generate("sha1", seed=1, rounds=18).formula
    with Deadline(600) as deadline:
        made = stage(formula, deadline)
        answer = Answer(Status.SATISFIABLE, np.zeros(10, np.bool_))
        assert made.completed(Entrant(REBUILT), answer, formula.variables) is answer
