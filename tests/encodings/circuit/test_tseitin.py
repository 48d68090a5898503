"""Clauses against truth tables, and the gates recognised in graphs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical153

from tests.encodings.circuit.circuit_cases import assignments, built, evaluated, graphs, value
from turbosat.core.circuits.circuit import AND, BOTH, MUX
from turbosat.encodings.circuit.aig import FALSE, Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.encodings.circuit.gates import recognise
from turbosat.encodings.circuit.tseitin import Encoding, encode
from turbosat.errors import UsageError

relaxed = settings(max_examples=60, deadline=None)
combinational = built() | graphs(sequential=False)


def rows(encoding: Encoding) -> list[list[int]]:
    return [part.tolist() for part in np.split(encoding.literals, encoding.offsets[1:-1])][
        : encoding.offsets.size - 1
    ]


@relaxed
@given(combinational, st.booleans(), st.sampled_from([1, 10]))
def test_encoded_variables_have_the_values_of_the_graph(aig: Aig, composed: bool, first: int) -> None:
    encoding = encode(aig, aig.outputs, composed=composed, first=first)
    used = encoding.names[encoding.names > 0]
    assert used.tolist() == list(range(first, encoding.variables + 1))
    assert encoding.of(aig.outputs).all()
    with Cadical153(rows(encoding)) as solver:
        for row in assignments(aig.inputs):
            given = encoding.of(aig.input_literals()).tolist()
            assumed = [x if bit else -x for x, bit in zip(given, row, strict=True) if x]
            values = evaluated(aig, row)
            expected = [
                int(name) if bit else -int(name)
                for name, bit in zip(encoding.names, values, strict=True)
                if name
            ]
            for literal in expected:
                assert not solver.solve([*assumed, -literal])
            assert solver.solve(expected)


@relaxed
@given(combinational, st.booleans())
def test_asserted_roots_are_met_by_the_inputs_that_make_them_true(aig: Aig, composed: bool) -> None:
    encoding = encode(aig, aig.outputs, polarity=True, composed=composed)
    whole = encode(aig, aig.outputs, composed=composed)
    assert len(encoding.offsets) <= len(whole.offsets)
    assert encoding.variables == whole.variables
    given = encoding.of(aig.input_literals()).tolist()
    with Cadical153(rows(encoding)) as solver:
        for literal in encoding.of(aig.outputs).tolist():
            solver.add_clause([literal])
        for row in assignments(aig.inputs):
            values = evaluated(aig, row)
            assumed = [x if bit else -x for x, bit in zip(given, row, strict=True) if x]
            assert solver.solve(assumed) == all(value(values, root) for root in aig.outputs.tolist())


@relaxed
@given(combinational)
def test_formulas_of_roots(aig: Aig) -> None:
    true_somewhere = any(
        all(value(evaluated(aig, row), root) for root in aig.outputs.tolist())
        for row in assignments(aig.inputs)
    )
    for polarity in (False, True):
        formula = encode(aig, aig.outputs, polarity=polarity).formula(aig.outputs)
        with Cadical153([formula.clause(i) for i in range(len(formula))]) as solver:
            assert solver.solve() == true_somewhere


@relaxed
@given(combinational)
def test_recognised_gates_mean_what_they_stand_for(aig: Aig) -> None:
    found = recognise(aig, aig.outputs)
    needed = set(np.flatnonzero(found.needs).tolist())
    assert set(found.needs.tolist()) <= {0, BOTH}
    assert {int(root) >> 1 for root in aig.outputs} <= needed
    assert {v for v in needed if v >= aig.first_and} == set(found.outputs.tolist())
    assert (np.diff(found.outputs) > 0).all()
    xors = found.xors().tolist()
    for row in assignments(aig.inputs):
        values = evaluated(aig, row)
        for gate, (output, kind) in enumerate(zip(found.outputs, found.kinds, strict=True)):
            literals = found.inputs[found.offsets[gate] : found.offsets[gate + 1]].tolist()
            assert {literal >> 1 for literal in literals} <= needed
            inputs = [value(values, literal) for literal in literals]
            if kind == MUX:
                assert len(inputs) == 3
                assert values[output] == (inputs[1] if inputs[0] else inputs[2])
                assert xors[gate] == (literals[1] ^ 1 == literals[2])
            else:
                assert kind == AND
                assert values[output] == all(inputs)


def test_kinds_of_gates() -> None:
    builder = AigBuilder()
    a, b, c, d, e = builder.add_inputs(5).tolist()
    roots = [builder.xor(a, b), builder.mux(c, d, e), builder.and_all([a, c, d ^ 1, e])]
    aig = builder.build(outputs=roots)
    found = recognise(aig, aig.outputs)
    assert np.diff(found.offsets).tolist() == [3, 3, 4]
    assert found.kinds.tolist() == [MUX, MUX, AND]
    assert found.xors().tolist() == [True, False, False]
    encoding = encode(aig, aig.outputs)
    assert (encoding.variables, len(encoding.offsets) - 1) == (8, 13)
    asserted = encode(aig, aig.outputs, polarity=True)
    assert len(asserted.offsets) - 1 == 2 + 2 + 4
    assert recognise(aig, aig.outputs, composed=False).kinds.tolist() == [AND] * 9


def test_shared_gates_stay_gates() -> None:
    builder = AigBuilder()
    a, b, c = builder.add_inputs(3).tolist()
    ab = builder.and_(a, b)
    aig = builder.build(outputs=[builder.and_(ab, c), builder.and_(ab, c ^ 1), ab])
    assert encode(aig, aig.outputs[:1]).variables == 4
    assert encode(aig, aig.outputs[:2]).variables == 6
    assert encode(aig, aig.outputs[[0, 2]]).variables == 5


def test_constants_and_misuse() -> None:
    aig = Aig(1, np.array([[2, 0], [2, 1]], np.int32), outputs=np.array([4, 6, 1], np.int32))
    encoding = encode(aig, aig.outputs)
    assert encoding.of(np.array([FALSE], np.int32)).tolist() == [1]
    assert [-1] in rows(encoding)
    with pytest.raises(UsageError, match="literals that are encoded"):
        encode(aig, aig.outputs[:0]).formula(aig.outputs)
    with pytest.raises(UsageError, match="at most 536870911 variables"):
        encode(aig, aig.outputs, first=2**29 - 2)
    empty = encode(aig, aig.outputs[:0])
    assert (empty.variables, empty.literals.size, empty.offsets.tolist()) == (0, 0, [0])
