"""The tours lane's place in a run: it answers with models, and is left out where it must be."""

from pathlib import Path

import pytest

from tests.encodings.tour_formulas import tour_formula, two_way
from tests.families import dimacs
from tests.processes import turbosat
from turbosat import Event, Formula, Status, solve
from turbosat.lanes import tours as lane
from turbosat.options import Options
from turbosat.run import tours as stage


@pytest.fixture(scope="module")
def tour() -> Formula:
    """Return the formula of a graph that keeps Kissat busy for a while."""
    return tour_formula(900, two_way(900, 450, 7), "binary", 7).formula


def test_a_run_ends_by_a_cycle(tour: Formula) -> None:
    events: list[Event] = []
    result = solve(tour, workers=2, on_event=events.append, pool=False)
    assert result.status is Status.SATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == "tours"
    assert result.model is not None
    assert tour.satisfied(result.model > 0)
    assert result.statistics["tours"]["vertices"] <= 900
    assert [event.data["refused"] for event in events if event.kind == "tours"] == [0]


@pytest.mark.parametrize("options", [{"tours": False}, {"engine": "cdcl"}, {"deterministic": True}])
def test_there_is_no_such_lane(tour: Formula, options: Options) -> None:
    given: Options = {"time_limit": 2.0, "pool": False, **options}
    result = solve(tour, **given)
    assert "tours" not in {lane["lane"] for lane in result.statistics["lanes"]}


@pytest.mark.parametrize(("late", "looked"), [(0.0, True), (1e9, False)])
def test_large_formulas_are_looked_at_later(
    tour: Formula, late: float, looked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "LARGE", 0)
    monkeypatch.setattr(stage, "LATE", late)
    result = solve(tour, time_limit=2.0, pool=False)
    assert ("tours" in {each["lane"] for each in result.statistics["lanes"]}) == looked


def test_nor_under_assumptions(tour: Formula) -> None:
    result = solve(tour, assumptions=[1], time_limit=2.0, pool=False)
    assert "tours" not in {lane["lane"] for lane in result.statistics["lanes"]}


@pytest.fixture
def file(tour: Formula, tmp_path: Path) -> Path:
    path = tmp_path / "tour.cnf"
    path.write_text(dimacs(tour.variables, [list(each) for each in tour]))
    return path


def test_nor_with_a_proof(file: Path, tmp_path: Path) -> None:
    _, out, _ = turbosat("--time", "2", "--no-pool", file, tmp_path / "proof")
    assert "circuit through" not in out


def test_the_command_line_tells_of_tours(file: Path) -> None:
    code, out, _ = turbosat("-j", "2", file)
    assert code == 10
    (line,) = [line for line in out.splitlines() if "circuit through" in line]
    assert "0 cycles refused" in line
