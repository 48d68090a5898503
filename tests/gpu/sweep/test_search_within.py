import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysat.card import EncType

from tests.encodings.support.support_cases import random_formula, slow_recover
from tests.gpu.cuda.noise import parity_with_noise
from tests.gpu.sweep.test_sweep import circuit
from turbosat.core import sweep as kernels
from turbosat.core.sweep import WIDTH
from turbosat.encodings.support.compilation import compile_program
from turbosat.encodings.support.program import Program
from turbosat.gpu.sweep.network import Network, build
from turbosat.gpu.sweep.search import WALKERS, KernelSearch, _Population, gather, rebase

LANES = 64 * WIDTH


def make(seed: int, inputs: int = 8) -> tuple[Program, _Population]:
    formula = circuit(seed, inputs, 15, 6) if seed % 2 else random_formula(np.random.default_rng(seed))
    program = compile_program(formula, slow_recover(formula))
    assert program is not None
    return program, _Population(build(program), seed)


def inputs_of(population: _Population) -> NDArray[np.bool_]:
    rows = population.lanes.rows[population._tracked + 1].view(np.uint8)
    return np.unpackbits(rows, axis=1, bitorder="little").T.astype(np.bool_)  # (lanes, inputs)


def false_of(network: Network, inputs: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count false checks of lanes (lanes, inputs)."""
    words = np.ascontiguousarray(np.packbits(inputs.T, axis=1, bitorder="little")).view(np.uint64)
    values = network.words(words.reshape(network.inputs, WIDTH), network.live())
    false = np.zeros(LANES, np.int64)
    for a, b in network.checks:
        bad = np.full(WIDTH, 2**64 - 1, np.uint64)
        for code in (a, b):
            bad &= values[code >> 1] ^ np.uint64((2**64 - 1) * (code & 1))
        false += np.unpackbits(bad.view(np.uint8), bitorder="little")
    return false


def verify(program: Program, population: _Population) -> None:
    """Nodes belong to the inputs, counts to the nodes."""
    inputs = inputs_of(population)
    false = false_of(build(program), inputs)
    assert np.array_equal(population._false(), false)
    assert np.array_equal(false == 0, program.values(inputs)[1] == 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_counts_belong_to_the_lanes_whatever_is_done(seed: int) -> None:
    program, population = make(seed)
    if not program.inputs.size:
        return
    lanes = population.lanes
    random = np.random.default_rng(seed)
    population._scatter(0)
    verify(program, population)
    lanes.prefer[:] = random.random(lanes.prefer.size) < 0.5
    rebase(lanes, random.permutation(lanes.prefer.size).astype(np.int32))
    before = inputs_of(population)
    gather(lanes, population._weights())
    verify(program, population)
    after = inputs_of(population)
    assert np.array_equal(before[-64 * WALKERS :], after[-64 * WALKERS :])
    false = population._false()
    kernels.scan(lanes, np.arange(program.inputs.size, dtype=np.int32))
    verify(program, population)
    greedy = np.arange(LANES) < LANES - 64 * WALKERS
    assert (population._false()[greedy] <= false[greedy]).all()
    # One by one along the basis: the lane at the preferred values, then its neighbours.
    basis = lanes.basis[lanes.basis >= 0]
    gather(lanes, np.minimum(np.arange(LANES), 1))
    bits = np.unpackbits(lanes.rows[basis + 1].view(np.uint8), axis=1, bitorder="little").astype(np.bool_)
    wrong = bits ^ lanes.prefer[basis].astype(np.bool_)[:, None]  # (basis, lanes)
    assert not wrong[:, 0].any()
    count = lanes.columns.shape[0]
    sums = wrong[:, 1 : count + 1].sum(axis=0)
    assert np.array_equal(sums, (lanes.basis >= 0).astype(np.int64))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_bases_are_dual(seed: int) -> None:
    program, population = make(seed)
    lanes = population.lanes
    order = np.random.default_rng(seed).permutation(lanes.prefer.size).astype(np.int32)
    rebase(lanes, order)
    assert lanes.basis.size == program.inputs.size
    assert (lanes.basis >= 0).all()  # the inputs are among the nodes
    for direction in range(lanes.basis.size):
        flips = [
            node
            for node in lanes.basis.tolist()
            if int(lanes.columns[direction, node >> 6]) >> (node & 63) & 1
        ]
        assert flips == [int(lanes.basis[direction])]


def test_moves_are_taken_by_metropolis_rule() -> None:
    program = compile_program(parity_with_noise(12, 24, 2, 1))
    assert program is not None
    network = build(program)
    population = _Population(network, 5)
    lanes = population.lanes
    direction = 3  # of the first basis: input 3 alone
    taken = np.zeros((9, WIDTH))
    offered = np.zeros((9, WIDTH))
    for _ in range(100):
        population._scatter(0)
        before = inputs_of(population)
        after = before.copy()
        after[:, direction] ^= True
        more = np.clip(false_of(network, after) - false_of(network, before), -4, 4) + 4
        kernels.scan(lanes, np.array([direction], np.int32))
        moved = inputs_of(population)[:, direction] != before[:, direction]
        for lane in range(LANES):
            offered[more[lane], lane >> 6] += 1
            taken[more[lane], lane >> 6] += moved[lane]
    chances = lanes.chances / 2**kernels.PRECISION
    for change in range(-4, 5):
        expected = np.where(chances > 0, chances ** max(change, 0), (change < 0) + 0.5 * (change == 0))
        expected *= change < 4
        tries = offered[change + 4]
        error = 5 * np.sqrt(tries * expected * (1 - expected)) + 3 * (expected % 1 > 0) + 1e-9
        assert tries.sum() > 0
        assert (np.abs(taken[change + 4] - tries * expected) <= error).all()


def test_slices_change_nothing() -> None:
    program = compile_program(parity_with_noise(30, 45, 12, 7), limit=60)
    assert program is not None
    whole, cut = (KernelSearch(program, 3) for _ in range(2))
    whole.advance(0.4)
    population = cut.populations[0]
    while population._rounds < whole.populations[0]._rounds and not population.found:
        cut.advance(1e-5)
    while population._order.size > whole.populations[0]._order.size and not population.found:
        cut.advance(1e-9)
    assert population._rounds == whole.populations[0]._rounds
    assert population.moves == whole.populations[0].moves
    assert cut.fewest == whole.fewest
    assert np.array_equal(cut.best, whole.best)
    assert np.array_equal(cut.candidates(), whole.candidates())


@pytest.mark.parametrize("encoding", [EncType.seqcounter, EncType.totalizer, EncType.mtotalizer])
@pytest.mark.parametrize(("secret", "samples", "wrong"), [(36, 72, 6), (50, 100, 8)])
def test_parity_with_noise_is_found(encoding: int, secret: int, samples: int, wrong: int) -> None:
    formula = parity_with_noise(secret, samples, wrong, 11, encoding)
    program = compile_program(formula, limit=samples)
    assert program is not None
    assert program.inputs.size == secret
    search = KernelSearch(program, seed=2, workers=2)
    found = np.zeros((0, secret), np.bool_)
    for _ in range(400):
        search.advance(0.05)
        found = search.candidates()
        if found.size:
            break
    search.close()
    assert found.size
    values, false = program.values(found)
    assert not false.any()
    assert all(formula.satisfied(row) for row in values)
    assert search.fewest == 0
    assert program.values(search.best[None])[1].tolist() == [0]
