"""The kernels of encodings/circuit beside their slow twins, call by call, with budgets of all sizes."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.circuit.circuit_cases import built, graphs
from tests.twins import circuit as slow_circuit
from tests.twins.compare import twinned
from turbosat.core.circuits import circuit
from turbosat.encodings.circuit import aiger, aiger_parser, builder, cone, gates, simulation, tseitin
from turbosat.encodings.circuit.aig import Aig
from turbosat.errors import InputError

relaxed = settings(max_examples=25, deadline=None)
efforts = st.sampled_from([10**6, 30, 5, 1])


@contextlib.contextmanager
def compared(effort: int) -> Iterator[None]:
    """Compare all kernels with their twins while they run on budgets of `effort`."""
    with twinned(
        (circuit, slow_circuit),
        BLOCK=((builder, cone, gates), effort),
        EFFORT=((aiger_parser,), effort),
        WORK=((simulation,), effort),
        _SMALLEST=((builder,), 4),
    ):
        yield


@relaxed
@given(graphs() | built(), efforts)
def test_building_beside_its_twins(aig: Aig, effort: int) -> None:
    with compared(effort):
        made = builder.AigBuilder()
        leaves = made.add_inputs(aig.inputs + aig.latches)
        literals = made.copy(aig, leaves[: aig.inputs], leaves[aig.inputs :])
        dice = np.random.default_rng(aig.variables)
        signs = dice.integers(0, 2, (8, 2), np.int32)
        made.and_pairs(np.bitwise_xor(dice.choice(literals, (8, 2)), signs))
        made.build(outputs=aig.outputs[:0], trim=True)


@relaxed
@given(graphs(), efforts, st.integers(1, 3))
def test_simulation_and_cones_beside_their_twins(aig: Aig, effort: int, words: int) -> None:
    dice = np.random.default_rng(effort)
    with compared(effort):
        simulation.simulate(aig, dice.integers(0, 2**63, (aig.first_and - 1, words)).astype(np.uint64))
        cone.influence(aig, aig.outputs)


@relaxed
@given(graphs() | built(), efforts, st.booleans())
def test_encoding_beside_its_twins(aig: Aig, effort: int, polarity: bool) -> None:
    with compared(effort):
        tseitin.encode(aig, aig.outputs, polarity=polarity)


@relaxed
@given(st.integers(0, 30), st.integers(0, 2**32), efforts, st.booleans())
def test_order_beside_its_twin(count: int, seed: int, effort: int, cyclic: bool) -> None:
    dice = np.random.default_rng(seed)
    places = np.argsort(dice.permutation(count))
    lines = []
    for gate in range(count):
        below = np.append(0, 1 + np.flatnonzero((places < places[gate]) | cyclic))
        lines.append([gate + 1, *dice.choice(below, 2)])
    rows = "".join(f"{2 * gate} {2 * a} {2 * b}\n" for gate, a, b in lines)
    with compared(effort), contextlib.suppress(InputError) if cyclic else contextlib.nullcontext():
        aiger.parse(f"aag {count} 0 0 0 {count}\n{rows}".encode())


def test_a_long_cycle_is_found() -> None:
    count = 50_000
    rows = "".join(f"{2 * gate} {2 * (gate % count + 1)} 1\n" for gate in range(1, count + 1))
    with pytest.raises(InputError, match="without a cycle"):
        aiger.parse(f"aag {count} 0 0 0 {count}\n{rows}".encode())
