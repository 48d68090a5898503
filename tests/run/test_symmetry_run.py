"""The symmetry lane's place in a run: what its lane may say, and when there is none."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical153

from tests.encodings.symmetries.test_symmetry import symmetric
from tests.families import dimacs, pigeonhole
from tests.lanes.tasks import answered
from tests.processes import turbosat
from turbosat import Event, Formula, Status, solve
from turbosat.benchmarks import families
from turbosat.cdcl.lanes.courses import Course
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.deadline import Deadline
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.interchange import reduced
from turbosat.encodings.symmetries.lex_leaders import break_symmetries
from turbosat.events import ignore
from turbosat.lanes.symmetry import SymmetrySearch
from turbosat.options import Options, resolve
from turbosat.run import scheduler
from turbosat.run.context import Context
from turbosat.run.pipeline import Run
from turbosat.run.symmetry import BROKEN, SymmetryStage


def stage(formula: Formula, options: Options, deadline: Deadline) -> SymmetryStage:
    """Return the stage of a run that knows the symmetries of a formula."""
    made = SymmetryStage(Race(deadline, ignore), resolve(options), deadline)
    engine = SymmetrySearch()
    symmetry = Symmetry(formula)
    generators, _ = symmetry.generators(10**7) if symmetry.coloured() else ([], True)
    smaller = reduced(generators, symmetry.variables)
    breaking = break_symmetries(symmetry, smaller, formula.variables)
    engine.breaking, engine.auxiliary = breaking.clauses, breaking.auxiliary
    made.lane = Lane(Entrant("symmetry"), engine, 0.0, Course())
    return made


@settings(max_examples=40, deadline=None)
@given(symmetric(9), st.integers(0, 5))
def test_the_lane_says_what_the_formula_alone_says(formula: Formula, seed: int) -> None:
    with Deadline(600) as deadline:
        made = stage(formula, {"seed": seed}, deadline)
        assert made.waiting
        spec, source = made.broken_lane(formula)
        assert (spec.name, spec.seed, spec.export, spec.proves) == (BROKEN, seed, 0, False)
        assert not made.waiting
        assert made.source(spec) is source
        run = Context(resolve({}), deadline, ignore)
        engine = run.build(spec)
        result = run.judge(formula, Lane(spec, engine, 0.0, Course()), answered(engine, source))
    assert result is not None
    with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
        assert result.status == (Status.SATISFIABLE if solver.solve() else Status.UNSATISFIABLE)
    if result.status is Status.SATISFIABLE:
        assert result.model is not None
        assert result.model.size == formula.variables


def test_the_lane_has_the_limits_of_the_others() -> None:
    with Deadline(600) as deadline:
        formula = Formula.from_clauses(pigeonhole(4, 3)[1])
        spec, _ = stage(formula, {"conflicts": 100, "decisions": 7}, deadline).broken_lane(formula)
    assert (spec.conflicts, spec.decisions) == (100, 7)


@pytest.fixture(scope="module")
def pigeons() -> Formula:
    """Return thirteen holes: hours for Kissat alone, and a moment for counting."""
    return Formula.from_clauses(pigeonhole(14, 13)[1])


def test_a_run_ends_by_symmetries(pigeons: Formula) -> None:
    events: list[Event] = []
    result = solve(pigeons, workers=2, counting=False, on_event=events.append)
    assert result.status is Status.UNSATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == BROKEN
    assert result.statistics["symmetry"]["largest"] == [14, 13]
    assert [event.data["matrices"] for event in events if event.kind == "symmetry"] == [2]


def test_the_lane_takes_no_place_of_the_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stable mode settles in a second must not wait until there may be a lane more than cores."""
    monkeypatch.setattr(scheduler, "BESIDE", (math.inf, math.inf))
    formula = families.generate("van-der-waerden", lengths="3,3,3,3", n=76).formula
    wanted = {BROKEN, "kissat-stable"}
    options: Options = {"workers": 2, "gradient": False, "counting": False, "algebra": False}
    with Deadline(600) as deadline:

        def heard(event: Event) -> None:
            wanted.difference_update([event.lane] if event.kind == "started" else [])
            if not wanted:
                deadline.cancel()

        result = Run(formula, resolve(options), deadline, heard).run()
    assert not wanted
    assert result.status is Status.UNKNOWN


@pytest.mark.parametrize(
    "options",
    [{"symmetry": False}, {"engine": "cdcl"}, {"mix": "cadical,cadical-unsat"}, {"deterministic": True}],
)
def test_there_is_no_such_lane(pigeons: Formula, options: Options) -> None:
    given_: Options = {"time_limit": 3.0, "pool": False, "counting": False, **options}
    result = solve(pigeons, **given_)
    assert result.status is Status.UNKNOWN
    assert "symmetry" not in result.statistics
    assert {lane["lane"] for lane in result.statistics["lanes"]}.isdisjoint({"symmetry", BROKEN})


def test_nor_under_assumptions(pigeons: Formula) -> None:
    result = solve(pigeons, assumptions=[1], time_limit=3.0, pool=False)
    assert result.status is Status.UNKNOWN
    assert {lane["lane"] for lane in result.statistics["lanes"]}.isdisjoint({"symmetry", BROKEN})


@pytest.fixture
def file(pigeons: Formula, tmp_path: Path) -> Path:
    path = tmp_path / "pigeons.cnf"
    path.write_text(dimacs(pigeons.variables, [list(each) for each in pigeons]))
    return path


def test_nor_with_a_proof(file: Path, tmp_path: Path) -> None:
    code, out, _ = turbosat("--time", "3", "--no-pool", file, tmp_path / "proof")
    assert (code, "symmetries" in out) == (0, False)


def test_the_command_line_tells_of_symmetries(file: Path) -> None:
    code, out, _ = turbosat("-j", "2", "--no-counting", file)
    assert code == 20
    (line,) = [line for line in out.splitlines() if "symmetries" in line]
    assert "25 symmetries move 182 variables: 2 matrices, the largest 14 rows of 13" in line
