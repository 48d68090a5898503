from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysat.card import CardEnc, EncType

from tests.encodings.support.support_cases import all_models, random_formula, slow_recover, xor_clauses
from turbosat.encodings.gf2.elimination import eliminate
from turbosat.encodings.support.compilation import compile_program, compile_recovered
from turbosat.encodings.support.program import CHECK, CHECK_XOR, Program
from turbosat.encodings.xor.recovery import recover
from turbosat.formula import files
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors


def everything(program: Program) -> NDArray[np.bool_]:
    return program.bits(np.arange(1 << program.inputs.size, dtype=np.uint64))


def verify(formula: Formula, program: Program) -> None:
    """Compare with all models: no model is lost, and what passes is one or extends to one as promised."""
    models = all_models(formula)
    candidates = everything(program)
    values, false = program.values(candidates)
    covered = np.setdiff1d(np.arange(1, formula.variables + 1), program.uncovered) - 1
    inputs = {tuple(row) for row in models[:, program.inputs - 1].tolist()}
    extended = {tuple(row) for row in models[:, covered].tolist()}
    for i, candidate in enumerate(candidates.tolist()):
        possible = tuple(candidate) in inputs
        if false[i]:
            assert not possible
        elif not program.uncovered.size:
            assert possible
            assert formula.satisfied(values[i])
        else:
            assert possible == (tuple(values[i, covered].tolist()) in extended)
    assert all((models[:, abs(literal) - 1] == (literal > 0)).all() for literal in program.fixed.tolist())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_programs_lose_no_model_and_find_no_false_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    formula = random_formula(random)
    while formula.variables > 15:
        formula = random_formula(random)
    program = compile_program(formula, slow_recover(formula) if seed % 4 else None)
    assert program is not None
    assert not program.uncovered.size  # extra inputs are few here
    assert program.open_clauses == 0
    verify(formula, program)
    if len(formula.xors) + len(slow_recover(formula)):
        fewer = compile_program(formula, slow_recover(formula), limit=program.inputs.size - 1)
        if fewer is not None:
            verify(formula, fewer)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_with_recovery_and_elimination(seed: int) -> None:
    random = np.random.default_rng(seed)
    formula = random_formula(random)
    while formula.variables > 14:
        formula = random_formula(random)
    recovered = recover(formula)
    elimination = eliminate(recovered.xors, formula.variables)
    for found in (elimination, None):
        program = compile_recovered(formula, recovered, found)
        assert program is not None
        assert not program.uncovered.size
        verify(formula, program)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 10))
def test_random_clauses(seed: int, variables: int) -> None:
    """Few gates here: what is known is one-sided, in both polarities, over other one-sided variables."""
    random = np.random.default_rng(seed)
    clauses = []
    for _ in range(int(random.integers(1, 4 * variables))):
        size = int(random.integers(1, min(4, variables) + 1))
        chosen = random.choice(variables, size, replace=False) + 1
        clauses.append((chosen * random.choice([-1, 1], size)).tolist())
    formula = Formula.from_clauses(clauses, variables)
    program = compile_program(formula, limit=variables)
    assert program is not None
    assert not program.uncovered.size
    verify(formula, program)


def kinds(program: Program) -> list[int]:
    return [int(np.count_nonzero(program.kinds == kind)) for kind in range(4)]


def compiled(clauses: list[list[int]]) -> Program:
    formula = Formula.from_clauses(clauses)
    program = compile_program(formula, slow_recover(formula))
    assert program is not None
    if formula.variables <= 12:
        verify(formula, program)
    return program


GATES = {
    "and": [[4, -1, -2, -3], [-4, 1], [-4, 2], [-4, 3]],
    "or": [[-4, 1, 2, -3], [4, -1], [4, -2], [4, 3]],
    "if-then-else": [[-1, -2, 4], [-1, 2, -4], [1, -3, 4], [1, 3, -4]],
    "majority": [[-1, -2, 4], [-1, -3, 4], [-2, -3, 4], [1, 2, -4], [1, 3, -4], [2, 3, -4]],
    "parity": xor_clauses([1, 2, 3, 4]),
    "wide and": [[13, *(-i for i in range(1, 13))], *([-13, i] for i in range(1, 13))],
}


@pytest.mark.parametrize("name", GATES)
def test_gates_need_no_checks(name: str) -> None:
    gate = GATES[name]
    last = max(abs(literal) for clause in gate for literal in clause)
    # Each variable differs from another one, so that nothing is one-sided.
    clauses = gate + [clause for v in range(1, last + 1) for clause in xor_clauses([v, v + last])]
    program = compiled(clauses)
    assert program.inputs.size == last - 1
    assert kinds(program) == ([0, last + 1, 0, 0] if name == "parity" else [1, last, 0, 0])


def test_overlapping_definitions_are_checked() -> None:
    """Variable 4 is forced always, but both ways where 1, 2 and 3 are true."""
    clauses = [[-1, 4], [1, -4], [-2, -3, -4]]
    binds = [[s * v, o * 5, t * 6] for v in (1, 2, 3, 4) for s in (1, -1) for o in (1, -1) for t in (1, -1)]
    program = compiled(clauses + binds)
    assert kinds(program)[CHECK] >= 1


def test_sums_of_xors_define_variables() -> None:
    """No XOR has only one unknown variable, but the sum of the first two has."""
    lines = [[1, 3, 4, 5], [2, 3, 4, 5, 6], [-1, -4, 6, 7]]
    clauses = [[s * 1, o * 2] for s in (1, -1) for o in (1, -1)]
    plain = Formula.from_clauses([clauses[0]], 7)
    formula = Formula(plain.literals, plain.offsets, 7, Xors.from_rows(lines))
    program = compile_program(formula)
    assert program is not None
    assert program.inputs.size == 4
    assert kinds(program) == [0, 3, 1, 0]
    verify(formula, program)


@pytest.mark.parametrize("name", ["seqcounter", "totalizer", "sortnetwrk", "cardnetwrk"])
@pytest.mark.parametrize("upper", [True, False])
def test_counters_are_closed(name: str, upper: bool) -> None:
    literals = list(range(1, 9))
    make = CardEnc.atmost if upper else CardEnc.atleast
    encoded = make(literals, 3, encoding=getattr(EncType, name))
    # Each literal is equal to another one, so that none is one-sided itself.
    equal = [[s * v, -s * (v + 8)] for v in literals for s in (1, -1)]
    clauses = [[(abs(l) + 8) * (1 if l > 0 else -1) if abs(l) > 8 else l for l in c] for c in encoded.clauses]
    formula = Formula.from_clauses(clauses + equal)
    program = compile_program(formula, slow_recover(formula))
    assert program is not None
    assert program.inputs.size == 8
    assert not program.uncovered.size
    candidates = everything(program)
    values, false = program.values(candidates)
    total = values[:, :8].sum(axis=1)
    assert np.array_equal(false == 0, total <= 3 if upper else total >= 3)
    assert np.all(formula.satisfied(values[false == 0]))


def test_what_the_xors_imply_is_not_checked() -> None:
    lines = [[1, 2, 3], [3, 4, 5], [1, 2, -4, 5]]  # the third is the sum of the others
    plain = Formula.from_clauses([], 5)
    formula = Formula(plain.literals, plain.offsets, 5, Xors.from_rows(lines))
    program = compile_program(formula)
    assert program is not None
    assert program.checks == 0
    assert program.inputs.size == 3
    verify(formula, program)
    wrong = Formula(plain.literals, plain.offsets, 5, Xors.from_rows([*lines[:2], [1, 2, 4, 5]]))
    program = compile_program(wrong)
    assert program is not None
    assert kinds(program)[CHECK_XOR] == 1
    verify(wrong, program)


def test_contradictions_and_empty_formulas() -> None:
    none: list[int] = []
    for clauses in ([[1], [-1]], [none], [[1, 2], [1, -2], [-1, 2], [-1, -2], [3]], [[1], [2], [-1, -2]]):
        formula = Formula.from_clauses(clauses)
        program = compile_program(formula)
        assert program is not None
        assert (program.values(everything(program))[1] > 0).all()
    for variables in (0, 3):
        program = compile_program(Formula.from_clauses([], variables))
        assert program is not None
        assert program.inputs.size == program.checks == 0
        assert program.values(everything(program))[1].tolist() == [0]


def test_the_limit_is_kept() -> None:
    random = np.random.default_rng(1)
    clauses = [(random.choice(40, 3, replace=False) + 1) * random.choice([-1, 1], 3) for _ in range(180)]
    formula = Formula.from_clauses([clause.tolist() for clause in clauses], 40)
    program = compile_program(formula, limit=40)
    assert program is not None
    assert program.inputs.size > 5
    assert compile_program(formula, limit=5) is None


def test_check_may_stop_it() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compile_program(Formula.from_clauses([[1, 2], [-1, -2]]), check=stop)


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("parity/mdp-24-48-6-s2.cnf", 24),
        ("sc-crafted/mdp-28-12-unsat.cnf", 28),
        ("factoring/semiprime-40-s3.cnf", 20),
        ("satcomp/gss-13-s100.cnf.xz", 13),
    ],
)
def test_inputs_of_real_files(corpus: Path, name: str, inputs: int) -> None:
    formula = files.read(corpus / name)
    recovered = recover(formula)
    program = compile_recovered(formula, recovered, eliminate(recovered.xors, formula.variables))
    assert program is not None
    assert program.inputs.size <= inputs
    assert not program.uncovered.size
