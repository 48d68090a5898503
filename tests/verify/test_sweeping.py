"""Sweeping of circuits whose outputs should be false, against truth tables; what is left of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.circuit.circuit_cases import assignments, built, evaluated, value
from tests.lanes.test_sweeping import miter
from turbosat.cdcl.sweeping.facts import goals
from turbosat.cdcl.sweeping.sweep import Sweep
from turbosat.deadline import Deadline
from turbosat.encodings.circuit.aig import FALSE, Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.encodings.circuit.recovery import recover_circuit
from turbosat.events import Event
from turbosat.formula.formula import Formula
from turbosat.options import Options, resolve
from turbosat.verify import sweeping as module
from turbosat.verify.equivalence import settle
from turbosat.verify.sweeping import merged, sweeping


def possible(aig: Aig) -> bool:
    tables = [evaluated(aig, row) for row in assignments(aig.inputs)]
    return any(value(row, literal) for row in tables for literal in aig.outputs.tolist())


@settings(max_examples=40, deadline=None)
@given(built(), st.integers(0, 100))
def test_answers_are_those_of_truth_tables(aig: Aig, seed: int) -> None:
    events: list[Event] = []
    with Deadline() as deadline:
        outcome = sweeping(aig, deadline, events.append, resolve({"seed": seed}))
    if isinstance(outcome, Aig):
        assert possible(outcome) == possible(aig)
        return
    found, who = outcome
    assert who == "sweeping"
    assert (found is not None) == possible(aig)
    if found is not None:
        values = evaluated(aig, found.tolist())
        assert any(value(values, literal) for literal in aig.outputs.tolist())


@settings(max_examples=40, deadline=None)
@given(built())
def test_what_is_merged_computes_the_same(aig: Aig) -> None:
    sweep = Sweep(aig, [aig.outputs])
    sweep.simulate()
    sweep.run_pass(100)
    small = merged(aig, aig.outputs, sweep.literals)
    assert len(small.ands) <= len(aig.ands)
    for row in assignments(aig.inputs):
        ours, theirs = evaluated(aig, row), evaluated(small, row)
        pairs = zip(aig.outputs.tolist(), small.outputs.tolist(), strict=True)
        assert all(value(ours, a) == value(theirs, b) for a, b in pairs)


def test_what_it_leaves_open_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", -1.0)
    graph = AigBuilder()
    inputs = graph.add_inputs(40).tolist()
    rare = graph.and_all(literal ^ (place & 1) for place, literal in enumerate(inputs))
    aig = graph.build(outputs=[rare, FALSE])
    with Deadline() as deadline:
        outcome = sweeping(aig, deadline, lambda _: None, resolve({}))
    assert isinstance(outcome, Aig)
    assert (outcome.inputs, outcome.outputs.size, len(outcome.ands)) == (40, 1, 39)


def multipliers(bits: int) -> Aig:
    """Return a circuit whose only output says that two multipliers differ."""
    variables, clauses = miter(bits)
    formula = Formula.from_clauses(clauses, variables)
    circuit = recover_circuit(formula)
    return replace(circuit.aig, outputs=np.concatenate(goals(formula, circuit)))


def test_a_pass_ends_when_the_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.3)
    monkeypatch.setattr(module, "BUDGETS", (1 << 30,))
    aig = multipliers(16)
    with Deadline(60.0) as deadline:  # which this one pass would not keep to the end of
        outcome = sweeping(aig, deadline, lambda _: None, resolve({}))
    assert isinstance(outcome, Aig)
    assert len(outcome.ands) < len(aig.ands)


def test_what_is_deterministic_ends_by_conflicts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", -1.0)  # no clock is looked at
    monkeypatch.setattr(module, "MOST", 200)
    monkeypatch.setattr(module, "BUDGETS", (1 << 30,))
    aig, left = multipliers(12), []
    for _ in range(2):
        with Deadline(60.0) as deadline:
            outcome = sweeping(aig, deadline, lambda _: None, resolve({"deterministic": True}))
        assert isinstance(outcome, Aig)
        left.append(outcome.ands.tolist())
    assert left[0] == left[1]
    assert len(left[0]) < len(aig.ands)


@pytest.mark.parametrize("options", [Options(sweeping=False), Options(engine="cdcl")])
def test_it_can_be_left_out(options: Options) -> None:
    aig, events = multipliers(5), list[Event]()
    with Deadline() as deadline:
        assert settle(aig, deadline, events.append, resolve(options))[0] is None  # type: ignore[index]
    assert "sweep" not in {event.kind for event in events}
