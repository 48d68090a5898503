import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.closure_cases import all_models, random_formula, slow_recover
from turbosat.encodings.closure import compile_program
from turbosat.encodings.program import Program
from turbosat.formula import Formula


def everything(program: Program) -> np.ndarray:
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
