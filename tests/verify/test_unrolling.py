"""Frames of circuits beside simulation, and clauses of cones beside their slow twin and truth tables."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Solver

from tests.encodings.circuit.circuit_cases import built, graphs
from tests.twins import circuit as slow
from tests.twins.compare import twinned
from turbosat.core.circuits import circuit as kernels
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.encodings.circuit.simulation import initial_values, run, simulate, values
from turbosat.verify import unrolling
from turbosat.verify.unrolling import Encoder, Unrolling, signed

relaxed = settings(max_examples=40, deadline=None)


@relaxed
@given(graphs() | built(), st.sampled_from([10**6, 30, 5, 1]), st.data())
def test_clauses_beside_their_twin(aig: Aig, effort: int, data: st.DataObject) -> None:
    with twinned((kernels, slow), EFFORT=((unrolling,), effort), ROOM=((unrolling,), kernels.LARGEST)):
        graph = AigBuilder()
        leaves = graph.add_inputs(aig.inputs + aig.latches)
        literals = graph.copy(aig, leaves[: aig.inputs], leaves[aig.inputs :])
        encoder = Encoder(graph)
        for _ in range(3):
            encoder.define(literals[data.draw(st.lists(st.integers(0, aig.variables)))])


@relaxed
@given(built(), st.integers(0, 2**32))
def test_clauses_mean_the_gates(aig: Aig, seed: int) -> None:
    graph = AigBuilder()
    inputs = graph.add_inputs(aig.inputs)
    literals = graph.copy(aig, inputs)
    roots = literals[aig.outputs >> 1] ^ (aig.outputs & 1)
    roots = roots[roots > 1]
    encoder = Encoder(graph)
    clauses = encoder.define(roots[:1]).tolist() + encoder.define(roots).tolist()
    assert encoder.knows(roots).all()
    rows = [
        [*map(int, part.split())] for part in " ".join(map(str, clauses)).replace(" 0", "\n").splitlines()
    ]
    leaves = np.random.default_rng(seed).integers(0, 1 << 64, (aig.inputs, 1), np.uint64)
    expected = values(simulate(aig, leaves), aig.outputs)[:, 0]
    mine = literals[aig.outputs >> 1] ^ (aig.outputs & 1)
    with Solver("cadical195", bootstrap_with=[row for row in rows if row]) as solver:
        for pattern in range(4):
            bits = (leaves[:, 0] >> np.uint64(pattern) & np.uint64(1)).tolist()
            units = [int(signed(inputs)[i]) * (1 if bit else -1) for i, bit in enumerate(bits)]
            for literal, word in zip(mine.tolist(), expected.tolist(), strict=True):
                if literal > 1:
                    own = int(signed(np.array([literal]))[0])
                    true = bool(word >> pattern & 1)
                    assert solver.solve([*units, own if true else -own])
                    assert not solver.solve([*units, -own if true else own])


@relaxed
@given(graphs(), st.integers(0, 2**32), st.integers(1, 4))
def test_frames_are_those_of_a_run(aig: Aig, seed: int, frames: int) -> None:
    """What the unrolled graph computes, simulated, is what the circuit does over time."""
    dice = np.random.default_rng(seed)
    unrolled = Unrolling(aig, aig.bad)
    targets, constraints = [], []
    for _ in range(frames):
        unrolled.step()
        targets.append(unrolled.now(aig.bad))
        constraints.append(unrolled.now(aig.constraints))
    every = np.concatenate([*targets, *constraints, np.zeros(0, np.int32)])
    graph = unrolled.graph.build(outputs=every)
    leaves = dice.integers(0, 2, graph.inputs).astype(np.bool_)
    simulated = simulate(graph, leaves.astype(np.uint64)[:, None])
    # Variables of the builder are numbered as they came: inputs among gates.
    numbers = np.flatnonzero(unrolled.graph.ands[1:, 0] < 0) + 1
    known = np.zeros(1 + unrolled.graph.variables, np.bool_)
    known[numbers] = leaves
    witness = unrolled.witness(known, frames)
    assert (witness.latches == initial_values(aig, witness.latches)).all()
    expected = run(aig, witness.inputs, witness.latches)
    flat = np.concatenate([expected.bad.ravel(), expected.constraints.ravel()])
    graph_outputs = values(simulated, graph.outputs)[:, 0] & np.uint64(1)
    assert (graph_outputs == flat).all()
