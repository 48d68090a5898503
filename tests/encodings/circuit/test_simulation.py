"""Simulation against evaluation gate by gate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.circuit.circuit_cases import evaluated, graphs, value
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.cone import cone, influence
from turbosat.encodings.circuit.simulation import initial_values, run, simulate, values
from turbosat.errors import UsageError

relaxed = settings(max_examples=40, deadline=None)


@relaxed
@given(graphs(), st.integers(0, 2**32), st.sampled_from([0, 1, 2, 5]))
def test_all_patterns_at_once(aig: Aig, seed: int, words: int) -> None:
    dice = np.random.default_rng(seed)
    leaves = dice.integers(0, 2**64, (aig.first_and - 1, words), np.uint64, endpoint=False)
    simulated = simulate(aig, leaves)
    assert simulated.shape == (1 + aig.variables, words)
    negated = values(simulated, 2 * np.arange(1 + aig.variables, dtype=np.int32) + 1)
    assert (negated == ~simulated).all()
    for word in range(words):
        for bit in (0, 17, 63):
            row = [bool(int(leaf) >> bit & 1) for leaf in leaves[:, word]]
            assert evaluated(aig, row) == [bool(int(x) >> bit & 1) for x in simulated[:, word]]


@relaxed
@given(graphs(), st.integers(0, 2**32), st.integers(0, 5), st.booleans())
def test_a_run_over_time(aig: Aig, seed: int, frames: int, told: bool) -> None:
    dice = np.random.default_rng(seed)
    stimuli = dice.integers(0, 2, (frames, aig.inputs)).astype(bool)
    state = initial_values(aig, dice.integers(0, 2, aig.latches).astype(bool))
    assert (state == (aig.reset == 1))[aig.reset < 2].all()
    found = run(aig, stimuli, state if told else None)
    latches = state.tolist() if told else [reset == 1 for reset in aig.reset.tolist()]
    assert found.latches[0].tolist() == latches
    for frame in range(frames):
        now = evaluated(aig, [*stimuli[frame].tolist(), *latches])
        parts = ((aig.outputs, found.outputs), (aig.bad, found.bad), (aig.constraints, found.constraints))
        rest = ((aig.fairness, found.fairness), *zip(aig.justice, found.justice, strict=True))
        for literals, seen in (*parts, *rest):
            assert seen[frame].tolist() == [value(now, x) for x in literals.tolist()]
        latches = [value(now, x) for x in aig.next_state.tolist()]
        assert found.latches[frame + 1].tolist() == latches


@relaxed
@given(graphs(), st.data())
def test_cones(aig: Aig, data: st.DataObject) -> None:
    roots = np.array(data.draw(st.lists(st.integers(0, 2 * aig.variables + 1), max_size=3)), np.int32)

    def reached(over_time: bool) -> set[int]:
        found: set[int] = set()
        left = [int(root) >> 1 for root in roots]
        while left:
            variable = left.pop()
            if variable in found:
                continue
            found.add(variable)
            if variable >= aig.first_and:
                left += (aig.ands[variable - aig.first_and] >> 1).tolist()
            elif over_time and variable > aig.inputs:
                left.append(int(aig.next_state[variable - aig.inputs - 1]) >> 1)
        return found

    assert set(np.flatnonzero(cone(aig.ands, aig.first_and, roots)).tolist()) == reached(False)
    assert set(np.flatnonzero(influence(aig, roots)).tolist()) == reached(True)


def test_other_shapes_are_misuse() -> None:
    aig = Aig(2, np.array([[4, 2]], np.int32))
    with pytest.raises(UsageError, match="values of 2 leaves"):
        simulate(aig, np.zeros((1, 1), np.uint64))
    with pytest.raises(UsageError, match="values of 2 inputs in each frame"):
        run(aig, np.zeros((3, 1), np.bool_))
    with pytest.raises(UsageError, match="values of 0 latches"):
        run(aig, np.zeros((3, 2), np.bool_), np.zeros(1, np.bool_))
