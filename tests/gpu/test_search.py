import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tests.families import pigeonhole, random_ksat
from tests.turbosat.strategies import formulas
from turbosat.errors import UnsupportedError, UsageError
from turbosat.formula.formula import Formula
from turbosat.gpu.registry import backends, choose
from turbosat.gpu.search import GradientSearch


def random_formula(variables: int, clauses: int, seed: int = 0) -> Formula:
    count, rows = random_ksat(variables, clauses, 3, seed)
    return Formula.from_clauses(rows, count)


def solve(search: GradientSearch, slices: int = 40) -> np.ndarray | None:
    for _ in range(slices):
        if search.solution is not None:
            break
        search.advance(0.05)
    return search.solution


@given(formulas())
@settings(max_examples=60, deadline=None)
def test_small_formulas(formula: Formula) -> None:
    every = np.array(list(itertools.product([False, True], repeat=formula.variables)), np.bool_)
    good = formula.satisfied(every.reshape(1 << formula.variables, formula.variables))
    search = GradientSearch(formula, device="cpu")
    if np.any(good):
        model = solve(search)
        assert model is not None
        assert formula.satisfied(model)
    else:
        search.advance(0.001)
        assert search.solution is None


@pytest.fixture
def reduced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches reduce what they search before their first round, however little that is worth."""
    monkeypatch.setattr("turbosat.gpu.search.EFFORT", 0)
    monkeypatch.setattr("turbosat.gpu.search.EFFORT_PER_LITERAL", 0)
    monkeypatch.setattr("turbosat.gpu.search.WORTH", 1.0)


@pytest.mark.usefixtures("reduced_at_once")
@pytest.mark.parametrize("seed", range(4))
def test_a_search_goes_on_in_what_a_reduction_leaves(seed: int) -> None:
    formula = random_formula(150, 570, seed)
    answers = []
    for rounds in (1, 3):
        search = GradientSearch(formula, seed=seed, device="cpu")
        for _ in range(60):
            search.advance_rounds(rounds)
            if search.solution is not None:
                break
            hints = search.guidance()
            if hints.ranked.size:
                assert hints.false == formula.false_clauses(hints.phases).size
        assert search.solution is not None
        assert search.matrix.variables < 150
        assert formula.satisfied(search.solution)
        answers.append(search.solution.tolist())
    assert answers[0] == answers[1]


@pytest.mark.usefixtures("reduced_at_once")
def test_a_reduced_search_heeds_what_is_frozen_and_added() -> None:
    formula = random_formula(120, 440, seed=1)
    search = GradientSearch(formula, seed=1, device="cpu")
    search.advance(0.0)
    assert search.matrix.variables < 120
    gone = np.setdiff1d(np.arange(120), search.matrix.names)[:5]
    model = solve(search)
    assert model is not None
    kept = np.append(gone[:2], search.matrix.names[:2])
    search.add(Formula.from_clauses([[int(v) + 1 if model[v] else -int(v) - 1] for v in kept], 120))
    other = solve(search)
    assert other is not None
    assert formula.satisfied(other)
    assert (other[kept] == model[kept]).all()
    search.freeze(np.where(model[gone], gone + 1, -gone - 1).astype(np.int32))
    found = solve(search)
    assert found is not None
    assert formula.satisfied(found)
    assert (found[gone] == model[gone]).all()


@pytest.mark.usefixtures("reduced_at_once")
def test_a_reduction_that_refutes_ends_the_search() -> None:
    variables, rows = pigeonhole(4, 3)
    search = GradientSearch(Formula.from_clauses(rows, variables), device="cpu")
    search.advance(10.0)
    assert search.contradiction
    assert search.solution is None


def test_solves_and_says_how() -> None:
    search = GradientSearch(random_formula(300, 1200), seed=3, device="cpu")
    assert solve(search) is not None
    figures = search.statistics()
    assert figures["best"] == 0
    assert figures["flips"] > 0
    assert figures["device"] == "cpu"
    assert sum(figures["shares"].values()) == pytest.approx(1.0)
    search.close()


def test_same_seed_same_answer_whatever_the_workers_and_the_slices() -> None:
    formula = random_formula(200, 830, seed=5)
    answers = []
    for workers, seconds in ((1, 10.0), (1, 0.0), (3, 0.0)):
        search = GradientSearch(formula, lanes=6, seed=1, workers=workers, device="cpu")
        while search.solution is None:
            search.advance(seconds)
        answers.append(search.solution.tolist())
        search.close()
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("optimizer", ["walk", "weighted"])
def test_one_rule_alone(optimizer: str) -> None:
    search = GradientSearch(random_formula(100, 380), optimizer=optimizer, device="cpu")  # type: ignore[arg-type]
    assert solve(search) is not None
    assert all(name.startswith(optimizer) for name in search.progress().shares)


def test_the_papers_optimiser_runs_behind_the_same_door() -> None:
    search = GradientSearch(random_formula(30, 60), optimizer="ste", lanes=8)
    assert solve(search) is not None
    assert search.statistics()["device"] in {"cpu", "cuda"}


def test_warm_start_from_a_model_needs_no_flips() -> None:
    formula = random_formula(150, 540, seed=2)
    model = solve(GradientSearch(formula, device="cpu"))
    assert model is not None
    again = GradientSearch(formula, start=model, device="cpu")
    again.advance(0.0)
    assert again.progress().flips == 0
    assert again.solution is not None
    assert again.solution.tolist() == model.tolist()


def test_frozen_literals_hold_until_they_are_thawed() -> None:
    formula = random_formula(120, 420, seed=4)
    model = solve(GradientSearch(formula, device="cpu"))
    assert model is not None
    literals = np.where(model, 1, -1) * np.arange(1, 121)
    search = GradientSearch(formula, device="cpu", seed=8)
    search.advance(0.0)
    search.freeze(literals[:40].astype(np.int32))
    found = solve(search)
    assert found is not None
    assert (found[:40] == model[:40]).all()
    search.freeze(np.array([1, -1], np.int32))
    assert search.contradiction
    search.freeze(np.zeros(0, np.int32))
    assert not search.contradiction
    assert solve(search) is not None


def test_added_clauses_bind() -> None:
    formula = random_formula(80, 250, seed=6)
    search = GradientSearch(formula, device="cpu")
    model = solve(search)
    assert model is not None
    against = np.where(model, -1, 1) * np.arange(1, 81)
    extra = Formula.from_clauses([against.tolist(), against[:40].tolist(), [int(against[0])]], 80)
    search.add(extra)
    other = solve(search)
    assert other is not None
    assert formula.satisfied(other)
    assert extra.satisfied(other)
    search.add(Formula.from_clauses([[-int(against[0])]], 80))
    assert search.contradiction


def test_check_is_asked_between_slices() -> None:
    class Enough(Exception):
        pass

    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Enough

    variables, rows = pigeonhole(9, 8)
    search = GradientSearch(Formula.from_clauses(rows, variables), device="cpu", check=check)
    with pytest.raises(Enough):
        search.advance(60.0)
    search.advance(0.0)  # can go on


def test_restarts_happen_and_elites_differ() -> None:
    variables, rows = pigeonhole(8, 7)
    search = GradientSearch(Formula.from_clauses(rows, variables), device="cpu")
    for _ in range(100):
        search.advance(0.05)
        if search.statistics()["restarts"] > 2:
            break
    assert search.statistics()["restarts"] > 2
    assert search.statistics()["elites"] == sorted(search.statistics()["elites"])
    assert search.progress().best == 1


def test_guidance_is_consistent() -> None:
    variables, rows = pigeonhole(6, 5)
    formula = Formula.from_clauses([*rows, [variables + 1]], variables + 2)
    search = GradientSearch(formula, device="cpu")
    assert search.guidance().partial(5).size == 0
    search.advance_rounds(2)
    hints = search.guidance()
    assert hints.false == formula.false_clauses(hints.phases).size
    assert hints.phases[variables]  # implied
    literals = hints.partial(variables)
    assert len({abs(literal) for literal in literals.tolist()}) == literals.size == variables
    assert (hints.phases[np.abs(literals) - 1] == (literals > 0)).all()
    assert (np.diff(hints.confidence) <= 0).all()
    assert hints.partial(3).tolist() == literals[:3].tolist()
    assert ((hints.confidence >= 0) & (hints.confidence <= 1)).all()


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_cubes_cover_every_assignment_once(depth: int) -> None:
    search = GradientSearch(Formula.from_clauses(pigeonhole(5, 4)[1]), device="cpu")
    search.advance_rounds(1)  # in more, a reduction refutes it
    hints = search.guidance()
    cubes = hints.cubes(depth)
    assert cubes.shape == (1 << depth, depth)
    assert len({tuple(cube) for cube in cubes.tolist()}) == 1 << depth
    assert all(set(np.abs(cube)) == set(hints.splits[:depth].tolist()) for cube in cubes)
    assert (hints.phases[np.abs(cubes[0]) - 1] == (cubes[0] > 0)).all()


def test_devices() -> None:
    matrix = GradientSearch(random_formula(10, 30), device="cpu").matrix
    assert choose("cpu", matrix)[0].name == "cpu"
    assert {backend.name for backend in backends()} >= {"cpu", "cuda"}
    with pytest.raises(UsageError, match="known: auto, cuda, cpu, teams"):
        choose("abacus", matrix)
    chosen, comment = choose("auto", matrix)
    assert chosen.name == "cuda" or comment is not None
    if chosen.name == "cpu":
        for name in ("cuda", "teams"):
            with pytest.raises(UnsupportedError, match=f"device {name} cannot be used"):
                choose(name, matrix)


SOLVED_AT_ONCE = [
    "social-golfer/golfer-6-5-3.cnf",
    "colouring/queen9_9-k10.cnf",
    "vdw/vdw-5-5-n170.cnf",
    "random57/unif-k5-r21.12-v120-s2.cnf",
    "random3/unif-k3-r4.26-v300-s1.cnf",
]


@pytest.mark.parametrize("name", SOLVED_AT_ONCE)
def test_corpus_files_that_take_a_moment(corpus: Path, name: str) -> None:
    formula = Formula.from_file(corpus / name)
    model = solve(GradientSearch(formula, device="cpu"), slices=200)
    assert model is not None
    assert formula.satisfied(model)


@pytest.mark.slow
def test_a_million_variables(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    flat = random.integers(1, 10**6, (3_600_000, 3)).astype(np.int32)
    flat *= random.choice(np.array([-1, 1], np.int32), flat.shape)
    formula = Formula(flat.ravel(), np.arange(0, flat.size + 1, 3, dtype=np.int64), 10**6)
    search = GradientSearch(formula, device="cpu")
    search.advance(60.0)
    assert search.solution is not None
    assert formula.satisfied(search.solution)


def test_elites_are_what_they_are_said_to_be() -> None:
    """Whenever it is asked, also when lanes have just begun again."""
    search = GradientSearch(random_formula(60, 600), lanes=6, seed=2, device="cpu")
    controller = search._controller
    assert controller is not None
    while controller.restarts < 12:
        search.advance(0.0)
        search.guidance()
        for values, false in zip(controller.elites.values, controller.elites.false, strict=True):
            assert np.count_nonzero(search.matrix.counts(values) == 0) == false
    search.close()
