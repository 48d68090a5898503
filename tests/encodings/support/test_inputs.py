"""Programs compiled with recovered XORs and without: the same models, from as few inputs as either has."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.support.support_cases import all_models, random_formula, xor_clauses
from turbosat.benchmarks import families
from turbosat.benchmarks.families.circuit import Circuit
from turbosat.encodings.gf2.elimination import eliminate
from turbosat.encodings.support.compilation import ENOUGH, compile_program, compile_recovered
from turbosat.encodings.support.program import CHECK_XOR, XOR, Program
from turbosat.encodings.xor.recovery import GATES, recover
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors


def recovered_program(formula: Formula, limit: int = 34, uncovered: float = 1.0) -> Program | None:
    recovered = recover(formula)
    elimination = eliminate(recovered.xors, formula.variables)
    return compile_recovered(formula, recovered, elimination, limit=limit, uncovered=uncovered)


def with_xors(formula: Formula) -> Program | None:
    """Compile with all XORs that stand for clauses, and nothing else."""
    recovered = recover(formula)
    rows = np.flatnonzero(recovered.sources != GATES)
    bounds = recovered.xors.offsets
    literals = [recovered.xors.literals[bounds[row] : bounds[row + 1]].tolist() for row in rows]
    return compile_program(formula, Xors.from_rows(literals))


def models_of(formula: Formula, program: Program) -> set[tuple[bool, ...]]:
    """The assignments that pass all checks of a program that covers everything."""
    assert not program.uncovered.size
    candidates = program.bits(np.arange(1 << program.inputs.size, dtype=np.uint64))
    values, false = program.values(candidates)
    assert np.all(formula.satisfied(values[false == 0]))
    return {tuple(row) for row in values[false == 0].tolist()}


def random_circuit(random: np.random.Generator) -> Formula:
    """A small circuit with some of its outputs asserted, its variables in any order."""
    circuit = Circuit()
    literals = circuit.word(int(random.integers(2, 6)))
    for _ in range(int(random.integers(2, 9))):
        a, b, c = (int(random.choice(literals)) ^ int(random.integers(2)) for _ in range(3))
        kind = int(random.integers(4))
        gate = circuit.xor(a, b), circuit.conjunction(a, b), circuit.mux(c, a, b), circuit.majority(a, b, c)
        literals.append(gate[kind])
    outputs = [literal for literal in literals[-2:] if literal > 1]
    formula, _ = circuit.encode(outputs[: int(random.integers(0, 3))])
    return shuffled(formula, random)


def shuffled(formula: Formula, random: np.random.Generator) -> Formula:
    """Give the variables other numbers."""
    names = (random.permutation(formula.variables) + 1).astype(np.int32)
    renamed = np.sign(formula.literals) * names[np.abs(formula.literals) - 1]
    return Formula(renamed.astype(np.int32), formula.offsets, formula.variables)


def formulas(random: np.random.Generator) -> Iterator[Formula]:
    yield random_circuit(random)
    yield random_formula(random)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_both_ways_have_the_same_models(seed: int) -> None:
    for formula in formulas(np.random.default_rng(seed)):
        if formula.variables > 14:
            continue
        models = all_models(formula)
        expected = {tuple(row) for row in models.tolist()}
        programs = [with_xors(formula), compile_program(formula), recovered_program(formula)]
        sizes = []
        for program in programs:
            assert program is not None
            found = models_of(formula, program)
            sizes.append(program.inputs.size)
            assert found <= expected
            # No model is lost: what the inputs of one are passes, too.
            candidates = program.bits(np.arange(1 << program.inputs.size, dtype=np.uint64))
            passing = {tuple(row) for row in candidates[program.values(candidates)[1] == 0].tolist()}
            assert {tuple(row) for row in models[:, program.inputs - 1].tolist()} <= passing
        assert sizes[2] <= max(ENOUGH, min(sizes[:2]))


@pytest.mark.parametrize("order", range(3))
@pytest.mark.parametrize(("left", "right"), [("array", "wallace"), ("wallace", "wallace")])
def test_a_miter_is_decided_by_the_inputs_of_its_circuits(left: str, right: str, order: int) -> None:
    """They feed conjunctions only: no XOR has one of them."""
    formula = families.generate("miter", width=5, left=left, right=right).formula
    if order:
        formula = shuffled(formula, np.random.default_rng(order))
    program = recovered_program(formula)
    assert program is not None
    assert program.inputs.size == 10
    assert (program.kinds == XOR).any()  # shorter than three conjunctions each
    assert not models_of(formula, program)


def test_a_fault_is_found_among_the_inputs() -> None:
    formula = families.generate("miter", width=4, fault=True).formula
    program = recovered_program(formula)
    assert program is not None
    assert program.inputs.size == 8
    assert models_of(formula, program)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_xors_that_leave_fewer_inputs_are_used(seed: int) -> None:
    """Random equations of which no variable is the last: only their sums define variables."""
    random = np.random.default_rng(seed)
    rows = [(random.choice(16, 4, replace=False) + 1).tolist() for _ in range(12)]
    some = [(random.choice(16, 3, replace=False) + 1) * random.choice([-1, 1], 3) for _ in range(6)]
    clauses = [clause for row in rows for clause in xor_clauses(row)] + [clause.tolist() for clause in some]
    formula = Formula.from_clauses(clauses, 16)
    recovered = recover(formula)
    elimination = eliminate(recovered.xors, 16)
    if elimination.contradiction is not None:
        return
    program = compile_recovered(formula, recovered, elimination)
    assert program is not None
    assert program.inputs.size <= 16 - elimination.pivots.size
    assert np.isin(program.kinds, [XOR, CHECK_XOR]).any()
    assert models_of(formula, program) <= {tuple(row) for row in all_models(formula).tolist()}


def test_variables_left_out_are_limited() -> None:
    """Two equations, and clauses over many other variables."""
    random = np.random.default_rng(1)
    clauses = [(random.choice(30, 3, replace=False) + 4) * random.choice([-1, 1], 3) for _ in range(130)]
    formula = Formula.from_clauses([*xor_clauses([1, 2, 3]), *(clause.tolist() for clause in clauses)], 33)
    program = recovered_program(formula, limit=8)
    assert program is not None
    assert program.uncovered.size > 4
    assert recovered_program(formula, limit=8, uncovered=0.1) is None
    whole = recovered_program(formula, uncovered=0.1)
    assert whole is not None
    assert whole.uncovered.size <= 3
