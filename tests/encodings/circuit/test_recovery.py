import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.circuit.graphs import (
    cover,
    every_assignment,
    one_sided_circuit,
    random_circuit,
    random_graph,
    values_of,
)
from tests.turbosat import brute
from tests.turbosat.strategies import formulas
from turbosat.core.circuits.definitions import SUPPORT
from turbosat.encodings.circuit import recovery
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.encodings.circuit.recovery import Circuit, recover_circuit
from turbosat.encodings.circuit.tseitin import encode
from turbosat.formula.formula import Formula

relaxed = settings(max_examples=150, deadline=None)  # the first call loads the kernels


def assert_faithful(formula: Formula, circuit: Circuit) -> None:
    """Models are leaves under which constraints hold, extended by the graph; others may differ."""
    rows = [clause for i, clause in enumerate(formula) if i in set(circuit.constraints.tolist())]
    left = Formula.from_clauses(
        rows, formula.variables, [list(v) if p else [-v[0], *v[1:]] for v, p in formula.xors if v]
    )
    impossible = any(not v and p for v, p in formula.xors)
    extended = {}
    for leaves in every_assignment(circuit.aig.inputs):
        values = circuit.values(np.array(values_of(circuit.aig, leaves)))
        if not impossible and brute.holds(left, values.tolist()):
            extended[leaves] = tuple(values.tolist())
    models = brute.models(formula)
    assert set(extended.values()) <= models
    bound = ~circuit.free
    for model in models:
        values = np.array(model)
        of_graph = np.array(extended[tuple(values[circuit.leaves - 1].tolist())])
        assert (of_graph[bound] == values[bound]).all()


@relaxed
@given(formulas())
def test_models_are_those_of_the_graph_under_its_constraints(formula: Formula) -> None:
    assert_faithful(formula, recover_circuit(formula))


@relaxed
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 7))
def test_circuits_of_any_gates_keep_their_models(seed: int, inputs: int, gates: int) -> None:
    formula = random_circuit(random.Random(seed), inputs, gates, constraints=seed % 3)
    assert_faithful(formula, recover_circuit(formula))


@relaxed
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 10))
def test_circuits_with_clauses_of_one_side_keep_models(seed: int, inputs: int, gates: int) -> None:
    formula = one_sided_circuit(random.Random(seed), inputs, gates)
    assert_faithful(formula, recover_circuit(formula))


@pytest.mark.parametrize("composed", [False, True])
@pytest.mark.parametrize("seed", [0, 2, 3])  # another is all of 14 variables
def test_outputs_that_differ_come_back_of_one_side(seed: int, composed: bool) -> None:
    dice, builder = random.Random(seed), AigBuilder()
    inputs = builder.add_inputs(20)
    names = builder.copy(random_graph(dice, 20, 400), inputs)
    pairs = [[int(names[dice.randrange(21, 421)]) for _ in range(2)] for _ in range(12)]
    differences = [builder.xor(a, b) for a, b in pairs]
    differ = builder.or_all([literal for literal in differences if literal > 1])
    aig = builder.build(outputs=[differ], trim=True)
    formula = encode(aig, aig.outputs, polarity=True, composed=composed).formula(aig.outputs)
    circuit = recover_circuit(formula)
    assert circuit.free.any()
    assert circuit.constraints.size <= 2
    assert circuit.aig.inputs <= 20


@pytest.mark.parametrize("seed", range(3))
def test_functions_of_eight_inputs_come_back(seed: int) -> None:
    dice = random.Random(seed)
    lines = [line.bit_count() > 4 + (line >> seed & 1) for line in range(1 << SUPPORT)]
    formula = Formula.from_clauses(cover(dice, list(range(1, SUPPORT + 1)), lines, SUPPORT + 1), SUPPORT + 1)
    circuit = recover_circuit(formula)
    assert circuit.defined == 1
    assert not circuit.constraints.size
    assert_faithful(formula, circuit)


def test_a_conjunction_with_clauses_twice_comes_back() -> None:
    wide = range(1, SUPPORT + 2)
    own = SUPPORT + 2
    clauses = [[-own, x] for x in wide] + [[-own, 1], [own, *(-x for x in wide), -1]]
    circuit = recover_circuit(Formula.from_clauses(clauses, own))
    assert circuit.defined == 1
    assert not circuit.constraints.size


@pytest.mark.parametrize("sign", [1, -1])
def test_wide_gates_of_one_side_come_back(sign: int) -> None:
    wide = range(1, SUPPORT + 2)
    own, root = SUPPORT + 2, SUPPORT + 3
    uses = [[-root, own], [root], [-1, -2, -3]]
    for clauses in ([[-own, x] for x in wide], [[-own, *wide]]):
        rows = [[sign * x for x in clause] for clause in [*clauses, *uses]]
        formula = Formula.from_clauses(rows, root)
        circuit = recover_circuit(formula)
        assert circuit.definitions.sided[own - 1]
        assert_faithful(formula, circuit)


@pytest.mark.parametrize("seed", range(8))
def test_a_circuit_comes_back_whole(seed: int) -> None:
    formula = random_circuit(random.Random(seed), 12, 300, constraints=3)
    circuit = recover_circuit(formula)
    assert circuit.aig.inputs <= 24
    assert circuit.defined >= 288
    assert circuit.leaves.size == circuit.aig.inputs


def test_what_is_no_circuit_is_left_alone() -> None:
    dice = random.Random(1)
    clauses = [[v * dice.choice([1, -1]) for v in dice.sample(range(1, 201), 3)] for _ in range(850)]
    circuit = recover_circuit(Formula.from_clauses(clauses, 200))
    assert circuit.defined < 20


def test_large_circuits_take_more_room() -> None:
    dice = random.Random(2)
    wide = 9000
    clauses = [(-(wide + 1), x) for x in range(1, wide + 1)] + [(wide + 1, *range(-wide, 0))]
    dice.shuffle(clauses)
    circuit = recover_circuit(Formula.from_clauses(clauses, wide + 1))
    assert circuit.defined == 1
    assert len(circuit.aig.ands) == wide - 1


def test_units_on_leaves_are_constants() -> None:
    circuit = recover_circuit(Formula.from_clauses([(1,), (-3, 1), (-3, 2), (3, -1, -2)], 3))
    assert circuit.literals.tolist() == [1, 2, 2]


def test_check_can_stop_it() -> None:
    def stop() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        recover_circuit(random_circuit(random.Random(3), 5, 50), stop)


def test_a_conjunction_wider_than_a_call_may_take_becomes_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "EFFORT", 1 << 8)
    width, calls = 500, 0

    def check() -> None:
        nonlocal calls
        calls += 1
        assert calls < 10_000

    every = range(1, width + 1)
    clauses = [[width + 1, *(-x for x in every)], *([-width - 1, x] for x in every)]
    circuit = recover_circuit(Formula.from_clauses(clauses, width + 1), check)
    assert len(circuit.aig.ands) == width - 1
