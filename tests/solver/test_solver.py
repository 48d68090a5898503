"""Solver against every assignment, and against CaDiCaL 1.9.5 in python-sat."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.formula import CNF, CNFPlus
from pysat.solvers import Cadical195

from tests.families import random_ksat
from tests.solver.truth import models, satisfiable
from tests.turbosat.strategies import rows
from turbosat import Formula, Solver, UnsupportedError, UsageError
from turbosat.cli.doctor import diagnose
from turbosat.solver import native
from turbosat.solver.unsupported import Unsupported

VARIABLES = 5
LITERALS = st.integers(1, VARIABLES).flatmap(lambda variable: st.sampled_from([variable, -variable]))
CLAUSES = rows(VARIABLES)
ASSUMED = st.lists(LITERALS, max_size=4)


@pytest.fixture(params=["native", "sliced"])
def sliced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways to CaDiCaL."""
    if request.param == "sliced":
        monkeypatch.setattr(native, "methods", lambda: None)
    return bool(request.param == "sliced")


def check(solver: Solver, clauses: list[list[int]], assumed: list[int], answer: bool | None) -> None:
    """Fail unless an answer is the truth, with a model or a core."""
    assert answer is satisfiable(clauses, VARIABLES, assumed)
    assert solver.get_status() is answer
    model, core = solver.get_model(), solver.get_core()
    if answer:
        assert core is None
        assert model is not None
        assert [abs(literal) for literal in model] == list(range(1, solver.nof_vars() + 1))
        true = set(model)
        assert all(true & set(clause) for clause in clauses)
        assert true >= set(assumed)
    else:
        assert model is None
        assert (core is None) == (not assumed)
        assert set(core or []) <= set(assumed)
        assert not satisfiable(clauses, VARIABLES, core or [])


def test_the_methods_are_found_here() -> None:
    assert native.methods() is not None
    assert "interrupted" in native.describe()
    assert f"ok      solver: {native.describe()}" in diagnose()[0]


def test_the_doctor_says_where_they_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_CALLED", {0: "3addEii"})
    native.methods.cache_clear()
    try:
        assert native.methods() is None
        assert "no      solver: CaDiCaL is called in slices" in diagnose()[0]
        with Solver([[1, 2], [-1, 2]]) as solver:
            assert solver.solve([-2]) is False
    finally:
        native.methods.cache_clear()


@given(st.lists(st.tuples(CLAUSES, ASSUMED), min_size=1, max_size=5))
@settings(deadline=None)
def test_answers_are_true_however_clauses_and_questions_come(
    steps: list[tuple[list[list[int]], list[int]]],
) -> None:
    with Solver(escalate_after=None) as solver:
        clauses: list[list[int]] = []
        for more, assumed in steps:
            for clause in more:
                solver.add_clause(clause)
            clauses += more
            check(solver, clauses, assumed, solver.solve(assumed))


@pytest.mark.usefixtures("sliced")
def test_both_ways_agree_with_python_sat() -> None:
    dice = random.Random(0)
    for seed in range(20):
        variables, clauses = random_ksat(60, 240, seed=seed)
        with Solver(clauses[:200]) as solver, Cadical195(clauses[:200]) as other:
            for clause in clauses[200:]:
                assumed = [dice.choice((-1, 1)) * v for v in dice.sample(range(1, variables + 1), 4)]
                assert solver.solve(assumed) is other.solve(assumed)
                core = solver.get_core()
                if core is not None:
                    assert set(core) <= set(assumed)
                    assert other.solve(core) is False
                solver.add_clause(clause)
                other.add_clause(clause)


@given(CLAUSES, ASSUMED, st.lists(st.integers(1, VARIABLES), unique=True))
@settings(deadline=None)
def test_models_come_each_once_and_leave_the_formula_as_it_was(
    clauses: list[list[int]], assumed: list[int], projection: list[int]
) -> None:
    with Solver(clauses) as solver:
        known = max((abs(literal) for clause in [*clauses, assumed] for literal in clause), default=0)
        wanted = [variable for variable in projection if variable <= known]
        solver.solve(assumed)
        found = list(solver.enum_models(assumed, wanted))
        truth = models(clauses, known, assumed)
        if wanted:
            expected = {tuple(model[variable - 1] for variable in wanted) for model in truth}
        else:
            expected = set(map(tuple, truth))
        assert len(found) == len(set(map(tuple, found)))
        assert set(map(tuple, found)) == expected
        assert solver.nof_clauses() == len(clauses)
        assert solver.nof_vars() == known
        check(solver, clauses, [], solver.solve())


@given(CLAUSES, ASSUMED)
@settings(deadline=None)
def test_a_minimised_core_has_nothing_to_spare(clauses: list[list[int]], assumed: list[int]) -> None:
    with Solver(clauses) as solver:
        if solver.solve(assumed):
            with pytest.raises(UsageError, match="no core"):
                solver.minimize_core()
            return
        core = solver.minimize_core()
        assert solver.get_core() in (core, None)
        assert set(core) <= set(assumed)
        assert not satisfiable(clauses, VARIABLES, core)
        for literal in core:
            assert satisfiable(clauses, VARIABLES, [each for each in core if each != literal])


@given(CLAUSES, ASSUMED)
@settings(deadline=None)
def test_the_backbone_is_what_all_models_share(clauses: list[list[int]], assumed: list[int]) -> None:
    with Solver(clauses) as solver:
        found = solver.backbone(assumed)
        known = solver.nof_vars()
        truth = models(clauses, known, assumed)
        shared = set[int]() if not truth else set.intersection(*map(set, truth))
        assert found == sorted(shared, key=abs)
        assert solver.get_status() is bool(truth) or truth
        check(solver, clauses, [], solver.solve())


@given(CLAUSES, ASSUMED, st.booleans())
@settings(deadline=None)
def test_propagation_sets_what_must_hold(clauses: list[list[int]], assumed: list[int], asked: bool) -> None:
    with Solver(clauses) as solver:
        if asked:
            solver.solve(assumed)
        fine, literals = solver.propagate(assumed)
        truth = models(clauses, VARIABLES, assumed)
        if truth:
            assert fine
            assert set(literals) >= set(assumed)
            assert all(set(literals) <= set(model) for model in truth)
        check(solver, clauses, assumed, solver.solve(assumed))


@given(
    CLAUSES,
    st.lists(LITERALS, max_size=6).flatmap(
        lambda literals: st.tuples(
            st.just(literals),
            st.integers(-3, 8),
            st.none() | st.lists(st.integers(-3, 4), min_size=len(literals), max_size=len(literals)),
        )
    ),
)
@settings(deadline=None)
def test_at_most_means_at_most(
    clauses: list[list[int]], constraint: tuple[list[int], int, list[int] | None]
) -> None:
    literals, bound, weights = constraint
    with Solver(clauses) as solver:
        solver.add_atmost(literals, bound, weights or [])
        solver.add_clause([VARIABLES, -VARIABLES])  # numbers go on where the user was
        known = solver.nof_vars()
        found = set(map(tuple, solver.enum_models()))

        def holds(model: list[int]) -> bool:
            each = weights or [1] * len(literals)
            return sum(w for w, literal in zip(each, literals, strict=True) if literal in model) <= bound

        assert found == {tuple(model) for model in models(clauses, known) if holds(model)}


@given(CLAUSES, st.lists(LITERALS, max_size=9), st.booleans())
@settings(deadline=None)
def test_xors_mean_xors(clauses: list[list[int]], literals: list[int], value: bool) -> None:
    with Solver(clauses) as solver:
        solver.add_xor_clause(literals, value)
        known = solver.nof_vars()
        found = set(map(tuple, solver.enum_models()))
        assert found == {
            tuple(model)
            for model in models(clauses, known)
            if sum(literal in model for literal in literals) % 2 == value
        }


def sources(clauses: list[list[int]]) -> Iterator[Any]:
    formula = Formula.from_clauses(clauses)
    flat = [literal for clause in clauses for literal in [*clause, 0]]
    yield from (formula, clauses, map(tuple, clauses), CNF(from_clauses=clauses))
    yield from (np.array(flat, np.int64), np.array(flat, np.int8), (formula.literals, formula.offsets))
    if clauses and len({*map(len, clauses)}) == 1 and clauses[0]:
        yield np.array(clauses)


@given(CLAUSES)
@settings(deadline=None)
def test_a_formula_may_come_in_any_shape(clauses: list[list[int]]) -> None:
    truth = None
    for source in sources(clauses):
        with Solver(source) as solver:
            found = (solver.solve(), solver.nof_vars(), solver.nof_clauses())
            truth = truth or found
            assert found == truth
            with solver.copy() as other:
                assert (other.solve(), other.nof_vars(), other.nof_clauses()) == truth


def test_rows_of_equal_length() -> None:
    with Solver(np.array([[1, 2], [-1, 2]])) as solver:
        assert solver.solve([-2]) is False


def test_cardinalities_of_python_sat_are_taken() -> None:
    formula = CNFPlus()
    formula.append([1, 2, 3])
    formula.append([[1, 2, 3], 1], is_atmost=True)
    with Solver(formula) as solver:
        assert len(list(solver.enum_models())) == 3


def test_xors_of_a_formula_are_taken() -> None:
    formula = Formula.from_clauses([[1]], 4, [[1, 2, -3]])
    with Solver(formula) as solver:
        assert {tuple(model) for model in solver.enum_models()} == {
            (1, b, c, d) for b in (2, -2) for c in (3, -3) for d in (4, -4) if (b > 0) == (c > 0)
        } or len(list(solver.enum_models())) == 4


@pytest.mark.parametrize("wrong", [[0], [True], ["1"], [1.0], [2**29], [None], 7, "12", [[1]], {1: 2}])
def test_what_is_no_literal_reaches_nothing(wrong: Any) -> None:
    with Solver([[1, 2]]) as solver:
        for call in (
            solver.add_clause,
            solver.solve,
            solver.set_phases,
            solver.propagate,
            solver.enum_models,
        ):
            with pytest.raises(UsageError):
                call(wrong)
        assert solver.nof_clauses() == 1
        assert solver.solve() is True


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([1, 2]),
        np.array([1.0, 0]),
        np.array([2**31, 0]),
        np.array([[0, 1]]),
        np.zeros((1, 1, 1), np.int32),
        (np.array([1, 2]), np.array([0, 3])),
        (np.array([1, 0]), np.array([0, 2])),
        "p cnf 1 1",
        {1: 2},
    ],
)
def test_what_is_no_formula_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError):
        Solver(wrong)


def test_what_needs_another_engine_is_one_clear_error() -> None:
    with Solver() as solver:
        refused = 0
        for name in vars(Unsupported):
            if name.startswith("_") or name in ("sync_vars", "sync_vpool", "start_mode", "attach_vpool"):
                continue
            one = ("connect_propagator", "prop_budget", "observe", "ignore", "is_decision")
            arguments = [1] if name in one else []
            with pytest.raises(UnsupportedError, match=r"turbosat\.Solver has no"):
                getattr(solver, name)(*arguments)
            refused += 1
        assert refused == 14


def test_phases_are_followed() -> None:
    with Solver([[1, 2, 3, 4]]) as solver:
        solver.set_phases([-1, 2, -3, 4])
        assert solver.solve() is True
        assert solver.get_model() == [-1, 2, -3, 4]


def test_a_proof_refutes() -> None:
    with Solver([[1, 2], [-1, 2], [1, -2], [-1, -2]], with_proof=True) as solver:
        assert solver.solve() is False
        proof = solver.get_proof()
        assert proof is not None
        assert proof[-1].split() == ["0"]


def test_the_options_are_checked() -> None:
    wrongs: list[dict[str, Any]] = [{"time_limit": -1}, {"workers": 0}, {"proof": "x"}, {"nothing": 1}]
    for wrong in [*wrongs, {"escalate_after": -1}]:
        with pytest.raises(UsageError):
            Solver(**wrong)
    with Solver() as solver, pytest.raises(UsageError, match="unknown option"):
        solver.configure({"factor": 1})


def test_a_deleted_solver_says_so() -> None:
    solver = Solver([[1]])
    solver.delete()
    solver.delete()
    with pytest.raises(UsageError, match="deleted"):
        solver.solve()
