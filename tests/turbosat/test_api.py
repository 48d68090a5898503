"""solve(): against brute force and PySAT, over all kinds of sources, under assumptions."""

import doctest
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.formula import CNF
from pysat.solvers import Cadical195

import turbosat
from tests.processes import ROOT
from turbosat import Formula, InputError, Result, SoundnessError, Status, UsageError, solve
from turbosat.run.context import checked_model

pytestmark = pytest.mark.usefixtures("no_children_left")

CLAUSES = st.lists(st.lists(st.integers(-6, 6).filter(bool), max_size=4), max_size=24)


def satisfiable(clauses: list[list[int]]) -> bool:
    with Cadical195(bootstrap_with=[clause for clause in clauses if clause]) as solver:
        return all(clauses) and bool(solver.solve())


def check_answer(result: Result, clauses: list[list[int]]) -> None:
    if satisfiable(clauses):
        assert result.status is Status.SATISFIABLE
        assert result.model is not None
        model = set(result.model.tolist())
        assert len(model) == len(result.model)
        assert all(model.intersection(clause) for clause in clauses)
    else:
        assert (result.status, result.model) == (Status.UNSATISFIABLE, None)


@settings(max_examples=40, deadline=None)
@given(CLAUSES)
def test_answers_agree_with_pysat(clauses: list[list[int]]) -> None:
    check_answer(solve(clauses, workers=2), clauses)


@settings(max_examples=15, deadline=None)
@given(CLAUSES)
def test_answers_for_a_file_agree_with_pysat(clauses: list[list[int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.cnf"
        CNF(from_clauses=clauses or [[1, -1]]).to_file(str(path))
        check_answer(solve(path), clauses or [[1, -1]])


@settings(max_examples=25, deadline=None)
@given(CLAUSES, st.lists(st.integers(-6, 6).filter(bool), max_size=5))
def test_cores_are_assumptions_that_cannot_hold(clauses: list[list[int]], assumptions: list[int]) -> None:
    formula = Formula.from_clauses(clauses, variables=6)
    result = solve(formula, assumptions=assumptions)
    units = [[literal] for literal in assumptions]
    if satisfiable([*clauses, *units]):
        check_answer(result, [*clauses, *units])
    else:
        assert result.status is Status.UNSATISFIABLE
        assert result.core is not None
        core = result.core.tolist()
        assert set(core) <= set(assumptions)
        assert not satisfiable([*clauses, *([literal] for literal in core)])


@pytest.mark.parametrize(
    "source",
    [
        [[1, 2], [-1], [-2, 3]],
        Formula.from_clauses([[1, 2], [-1], [-2, 3]]),
        CNF(from_clauses=[[1, 2], [-1], [-2, 3]]),
        ((1, 2), (-1,), (-2, 3)),
    ],
    ids=["lists", "Formula", "pysat", "tuples"],
)
def test_every_kind_of_source(source: object) -> None:
    result = solve(source)
    assert result.model is not None
    assert result.model.tolist() == [-1, 2, 3]
    assert result.model.dtype == np.int32


def test_formula_without_clauses() -> None:
    assert solve([]).status is Status.SATISFIABLE
    assert solve(Formula.from_clauses([], variables=3)).model is not None


def test_xors_are_solved_and_checked() -> None:
    result = solve(ROOT / "examples" / "lights-out.cnf")
    formula = Formula.from_file(ROOT / "examples" / "lights-out.cnf")
    assert result.model is not None
    assert formula.satisfied(result.model > 0)


def test_bad_input_and_misuse_raise() -> None:
    with pytest.raises(InputError):
        solve("/nowhere/f.cnf")
    with pytest.raises(UsageError):
        solve([[1, 0]])
    with pytest.raises(UsageError):
        solve([[1]], assumptions=[2])
    with pytest.raises(UsageError):
        solve([[1]], assumptions=[-1], proof="proof")
    with pytest.raises(TypeError):
        bool(solve([[1]]))


def test_wrong_model_is_never_an_answer() -> None:
    formula = Formula.from_clauses([[1], [2, 3]])
    right = np.array([True, False, True])
    assert checked_model(formula, right, None, "lane").tolist() == [1, -2, 3]
    with pytest.raises(SoundnessError, match="lane claims SATISFIABLE but its model falsifies clause 2"):
        checked_model(formula, np.array([True, False, False]), None, "lane")
    with pytest.raises(SoundnessError, match="without a complete model"):
        checked_model(formula, right[:2], None, "lane")
    with pytest.raises(SoundnessError, match="breaks an assumption"):
        checked_model(formula, right, np.array([2], np.int32), "lane")


def test_lane_that_lies_is_a_soundness_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    liar = tmp_path / "kissat"
    liar.write_text("#!/bin/sh\necho 's SATISFIABLE'\necho 'v -1 -2 -3 0'\nexit 10\n")
    liar.chmod(0o755)
    monkeypatch.setenv("TURBOSAT_KISSAT", os.fspath(liar))
    with pytest.raises(SoundnessError, match="kissat claims SATISFIABLE"):
        solve([[1, 2, 3]], workers=1)


def test_deterministic_runs_are_the_same() -> None:
    models = [solve(ROOT / "examples" / "queens-16.cnf", deterministic=True, seed=3).model for _ in range(3)]
    assert all((model == models[0]).all() for model in models if model is not None)


def test_public_names_are_what_is_exported() -> None:
    visible = {name for name in dir(turbosat) if not name.startswith("_")}
    assert set(turbosat.__all__) == visible | {"__version__"}
    for name in turbosat.__all__:
        assert getattr(turbosat, name) is not None


def test_examples_in_docstrings() -> None:
    from turbosat import api
    from turbosat.cli import main as cli

    for module in (api, cli):
        assert doctest.testmod(module).failed == 0
