from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical153

from tests.encodings.support.support_cases import all_models, random_formula, slow_recover
from tests.gpu.sweep.test_sweep import one_clause
from turbosat.encodings.gf2.elimination import eliminate
from turbosat.encodings.support.compilation import compile_program, compile_recovered
from turbosat.encodings.support.program import Program
from turbosat.encodings.xor.recovery import recover
from turbosat.errors import UnsupportedError, UsageError
from turbosat.formula import files
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.gpu.sweep.candidates import Complete, Completion, Settler, decide
from turbosat.gpu.sweep.cpu import Sweep
from turbosat.gpu.sweep.devices import create_sweep


def cadical(formula: Formula) -> tuple[Complete, list[int]]:
    """A completion by CaDiCaL, and the lengths of what it was asked."""
    expanded = formula.expanded()
    solver = Cadical153(bootstrap_with=[list(clause) for clause in expanded])
    calls: list[int] = []

    def complete(assumptions: np.ndarray) -> Completion:
        calls.append(assumptions.size)
        literals = assumptions.tolist()
        if not solver.solve(literals):
            return Completion(core=np.array(solver.get_core() or [], np.int32))
        values = np.zeros(expanded.variables, np.bool_)
        model = np.array(solver.get_model())
        values[np.abs(model) - 1] = model > 0
        return Completion(values=values[: formula.variables])

    return complete, calls


def cut(formula: Formula, seed: int) -> Program | None:
    """A program that leaves variables uncovered, if one exists."""
    program = compile_program(formula, slow_recover(formula))
    assert program is not None
    return compile_program(formula, slow_recover(formula), limit=program.inputs.size - 1)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_decisions_agree_with_all_models(seed: int) -> None:
    random = np.random.default_rng(seed)
    formula = random_formula(random)
    while formula.variables > 14:
        formula = random_formula(random)
    models = all_models(formula)
    for program in (compile_program(formula, slow_recover(formula)), cut(formula, seed)):
        if program is None:
            continue
        complete, calls = cadical(formula)
        settler = Settler(formula, program, complete)
        verdict = decide(Sweep(program, seed % 3), settler)
        assert verdict.unsatisfiable == (models.shape[0] == 0)
        assert (verdict.values is None) == verdict.unsatisfiable
        assert verdict.values is None or formula.satisfied(verdict.values)
        assert bool(calls) <= bool(program.uncovered.size)
        for core in settler.cores:
            assert not (models[:, np.abs(core) - 1] == (core > 0)).all(axis=1).any()


def parity_and_pigeons(holes: int) -> Formula:
    """XORs over eight variables, and pigeons that only CDCL can place: they do not follow from the XORs."""
    random = np.random.default_rng(1)
    lines = [(np.sort(random.choice(8, 3, replace=False)) + 1).tolist() for _ in range(3)]
    pigeons = 8 + np.arange(1, (holes + 1) * holes + 1).reshape(holes + 1, holes)
    clauses = [row.tolist() for row in pigeons]
    for hole in range(holes):
        for i in range(holes + 1):
            clauses += [[-int(pigeons[i, hole]), -int(pigeons[j, hole])] for j in range(i)]
    clauses = [[*clause, 1, 2] if i == 0 else clause for i, clause in enumerate(clauses)]
    plain = Formula.from_clauses(clauses)
    return Formula(plain.literals, plain.offsets, plain.variables, Xors.from_rows(lines))


def test_cores_refute_many_candidates_at_once() -> None:
    formula = parity_and_pigeons(4)
    program = compile_program(formula, limit=6)
    assert program is not None
    assert program.uncovered.size
    complete, calls = cadical(formula)
    verdict = decide(Sweep(program), Settler(formula, program, complete))
    assert verdict.values is not None
    closed = formula.with_clauses(np.array([-1, -2], np.int32), np.array([0, 1, 2]))
    program = compile_program(closed, limit=6)
    assert program is not None
    complete, calls = cadical(closed)
    settler = Settler(closed, program, complete)
    assert decide(Sweep(program), settler).unsatisfiable
    assert settler.refuted > len(calls) == len(settler.cores)


class Paused(Exception):
    """A look at the limits that ended a decision for now."""


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_a_decision_that_goes_on_has_lost_no_candidate(seed: int) -> None:
    random = np.random.default_rng(seed)
    formula = random_formula(random)
    while formula.variables > 14:
        formula = random_formula(random)
    satisfiable = bool(all_models(formula).shape[0])
    for program in (compile_program(formula, slow_recover(formula)), cut(formula, seed)):
        if program is None:
            continue

        def check() -> None:
            if random.random() < 0.5:
                raise Paused

        settler, sweep = Settler(formula, program, cadical(formula)[0]), Sweep(program)
        while True:
            with suppress(Paused):
                verdict = decide(sweep, settler, check)
                break
        assert verdict.unsatisfiable != satisfiable
        assert verdict.values is None or formula.satisfied(verdict.values)


def test_devices_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    small, large = one_clause(12), one_clause(40)
    for device, program, comment in (("auto", small, None), ("cpu", large, None), ("auto", large, "no cuda")):
        sweep, said = create_sweep(device, program)
        assert isinstance(sweep, Sweep)
        assert (said is None) == (comment is None)
        assert (said or "").startswith(comment or "")
    with pytest.raises(UnsupportedError, match="cuda cannot be used"):
        create_sweep("cuda", small)
    with pytest.raises(UsageError, match="tpu"):
        create_sweep("tpu", small)


def test_giving_up_is_no_refutation() -> None:
    formula = parity_and_pigeons(3)
    program = compile_program(formula, limit=6)
    assert program is not None
    for complete in (None, lambda assumptions: Completion()):
        settler = Settler(formula, program, complete)
        verdict = decide(Sweep(program), settler)
        assert verdict.values is None
        assert not verdict.unsatisfiable
        assert settler.undecided > 0


def test_a_wrong_core_is_refused() -> None:
    formula = parity_and_pigeons(3)
    program = compile_program(formula, limit=6)
    assert program is not None
    wrong = np.array([program.uncovered[0]], np.int32)
    with pytest.raises(AssertionError, match="assumed"):
        decide(Sweep(program), Settler(formula, program, lambda assumptions: Completion(core=wrong)))


FILES = {
    "parity/mdp-24-48-6-s2.cnf": True,
    "parity/mdp-28-56-7-s3.cnf": True,
    "sc/04ded94454830d4ea960327e8b91f5a3-mdp-28-14-sat.cnf": True,
    "sc-crafted/mdp-28-12-unsat.cnf": False,
    "sc-crafted/mdp-28-11-unsat.cnf": False,
}


@pytest.mark.parametrize(("name", "satisfiable"), FILES.items())
def test_parity_with_noise(corpus: Path, name: str, satisfiable: bool) -> None:
    formula = files.read(corpus / name)
    recovered = recover(formula)
    program = compile_recovered(formula, recovered, eliminate(recovered.xors, formula.variables))
    assert program is not None
    assert program.inputs.size == (24 if "-24-" in name else 28)
    assert not program.uncovered.size
    verdict = decide(Sweep(program, workers=2), Settler(formula, program))
    assert (verdict.values is not None) == satisfiable
    assert verdict.unsatisfiable == (not satisfiable)
