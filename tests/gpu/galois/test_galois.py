import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tests.gpu.galois.parity_cases import random_mix
from tests.turbosat.strategies import formulas
from turbosat.errors import UsageError
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.gpu.galois.search import GaloisSearch
from turbosat.gpu.registry import backends
from turbosat.gpu.search import GradientSearch


def solve(search: GradientSearch, slices: int = 60) -> np.ndarray | None:
    for _ in range(slices):
        if search.solution is not None:
            break
        search.advance(0.05)
    return search.solution


def parities_of(formula: Formula) -> Xors:
    """Return the x lines of a formula as recovered XORs."""
    rows = itertools.pairwise(formula.xors.offsets)
    return Xors.from_rows([formula.xors.literals[a:b].tolist() for a, b in rows if b > a])


@given(formulas())
@settings(max_examples=60, deadline=None)
def test_small_formulas(formula: Formula) -> None:
    every = np.array(list(itertools.product([False, True], repeat=formula.variables)), np.bool_)
    good = formula.satisfied(every.reshape(1 << formula.variables, formula.variables))
    search = GaloisSearch(formula, device="cpu")
    if np.any(good):
        model = solve(search)
        assert model is not None
        assert formula.satisfied(model)
        assert not search.contradiction
    else:
        search.advance(0.001)
        assert search.solution is None


@pytest.mark.parametrize(
    ("clauses", "xors", "widths"), [(0, 30, (3, 5)), (150, 0, (3,)), (90, 15, (2, 3, 9))]
)
def test_planted(clauses: int, xors: int, widths: tuple[int, ...]) -> None:
    formula = random_mix(1, 60, clauses, xors, widths=widths, planted=True)
    search = GaloisSearch(formula, device="cpu", seed=3)
    model = solve(search)
    assert model is not None
    assert formula.satisfied(model)
    figures = search.statistics()
    assert figures["best"] == 0
    assert figures["flips"] > 0
    assert figures["device"] == "cpu"
    assert figures["mode"] == "clauses"
    assert figures["xors"] == search.matrix.xors
    assert sum(figures["shares"].values()) == pytest.approx(1.0)
    search.close()


def test_recovered_parities_replace_their_clauses() -> None:
    formula = random_mix(2, 50, 60, 20, widths=(3, 4), planted=True)
    spelled = formula.expanded()
    assert spelled.variables == formula.variables
    search = GaloisSearch(spelled, parities_of(formula), device="cpu")
    native = GaloisSearch(formula, device="cpu")
    assert search.matrix.clauses == native.matrix.clauses
    assert search.matrix.xors == native.matrix.xors > 0
    model = solve(search)
    assert model is not None
    assert spelled.satisfied(model)


def test_settled_by_propagation() -> None:
    empty = GaloisSearch(Formula.from_clauses([], 3), device="cpu")
    assert empty.solution is not None
    assert empty.solution.tolist() == [False] * 3
    chain = Formula.from_clauses([[1]], 3, [[1, 2], [2, 3]])
    search = GaloisSearch(chain, device="cpu")
    assert search.solution is not None
    assert search.solution.tolist() == [True, False, True]
    assert search.advance(0.0).best == 0
    search.freeze(np.array([-3], np.int32))
    assert search.contradiction
    assert search.solution is None
    search.freeze(np.zeros(0, np.int32))
    assert search.solution is not None
    assert GaloisSearch(Formula.from_clauses([], 2, [[1, 2], [1, -2]]), device="cpu").contradiction
    assert GaloisSearch(Formula.from_clauses([[]], 2, [[1, 2]]), device="cpu").contradiction


def test_same_seed_same_answer_whatever_the_workers_and_the_slices() -> None:
    formula = random_mix(5, 160, 520, 24, planted=True)
    answers = []
    for workers, seconds in ((1, 10.0), (1, 0.0), (3, 0.0)):
        search = GaloisSearch(formula, lanes=1100, seed=1, workers=workers, device="cpu")
        while search.solution is None:
            search.advance(seconds)
        answers.append(search.solution.tolist())
        search.close()
    assert answers[0] == answers[1] == answers[2]


def test_warm_start_from_a_model_needs_no_flips() -> None:
    formula = random_mix(6, 60, 180, 10, planted=True)
    model = solve(GaloisSearch(formula, device="cpu"))
    assert model is not None
    again = GaloisSearch(formula, start=model, device="cpu")
    again.advance(0.0)
    assert again.progress().flips == 0
    assert again.solution is not None
    assert again.solution.tolist() == model.tolist()


def test_frozen_literals_and_added_constraints_bind() -> None:
    formula = random_mix(7, 60, 150, 8, planted=True)
    search = GaloisSearch(formula, device="cpu", seed=8)
    model = solve(search)
    assert model is not None
    literals = (np.where(model, 1, -1) * np.arange(1, 61)).astype(np.int32)
    search.freeze(literals[:20])
    found = solve(search)
    assert found is not None
    assert (found[:20] == model[:20]).all()
    search.freeze(np.zeros(0, np.int32))
    odd = bool(model[:30].sum() % 2)
    search.add(Formula.from_clauses([(-literals).tolist()], 60, [[-1 if odd else 1, *range(2, 31)]]))
    other = solve(search)
    assert other is not None
    assert formula.satisfied(other)
    assert bool(other[:30].sum() % 2) != odd
    search.add(Formula.from_clauses([], 60, [[1 if odd else -1, *range(2, 31)]]))
    assert search.contradiction


def test_guidance_is_consistent() -> None:
    formula = random_mix(8, 30, 60, 40, widths=(3, 4))  # more XORs than variables
    search = GaloisSearch(formula, device="cpu")
    if search.contradiction:
        pytest.fail("this formula should be left to search")
    search.advance(0.2)
    assert search.solution is None
    hints = search.guidance()
    assert hints.false == formula.false_clauses(hints.phases).size + formula.false_xors(hints.phases).size > 0
    literals = hints.partial(30)
    assert len({abs(literal) for literal in literals.tolist()}) == literals.size == search.matrix.variables
    assert (hints.phases[np.abs(literals) - 1] == (literals > 0)).all()
    assert search.progress().best == hints.false


def test_check_is_asked_between_slices() -> None:
    class Enough(Exception):
        pass

    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Enough

    search = GaloisSearch(random_mix(8, 30, 60, 40), device="cpu", check=check)
    with pytest.raises(Enough):
        search.advance(60.0)
    search.advance(0.0)  # can go on


def test_devices() -> None:
    with pytest.raises(UsageError, match="no device 'abacus'"):
        GaloisSearch(Formula.from_clauses([[1, 2]]), device="abacus")
    assert [backend.name for backend in backends("galois")] == ["cuda", "cpu"]
    search = GaloisSearch(Formula.from_clauses([[1, 2]]))
    assert search.device == "cuda" or search.comment is not None


@pytest.mark.parametrize("name", ["tseitin/tseitin-n80-d3-sat1.cnf", "rand-kxor/cnfgen-kxor-3-60.cnf"])
def test_corpus_files_of_parities(corpus: Path, name: str) -> None:
    formula = Formula.from_file(corpus / name)
    sets = {tuple(sorted(map(abs, clause))): clause for clause in formula}
    # A clause forbids what makes it false: there the XOR of its variables is that of its negative signs.
    odd = {row: sum(literal < 0 for literal in clause) % 2 == 0 for row, clause in sets.items()}
    recovered = Xors.from_rows([[row[0] if odd[row] else -row[0], *row[1:]] for row in sets])
    search = GaloisSearch(formula, recovered, device="cpu")
    assert search.matrix.clauses == 0
    model = solve(search, slices=200)
    assert model is not None
    assert formula.satisfied(model)
