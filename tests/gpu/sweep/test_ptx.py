from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.encodings.support.support_cases import random_formula, slow_recover
from tests.gpu.sweep.machine_device import MachineDevice
from tests.gpu.sweep.test_sweep import checks_only, circuit, one_clause, survivors
from turbosat.core.sweep import CHECK
from turbosat.encodings.support.compilation import compile_program
from turbosat.encodings.support.program import Program
from turbosat.errors import DeviceError, UnsupportedError
from turbosat.formula import files
from turbosat.formula.formula import Formula
from turbosat.gpu.cuda.context import unusable
from turbosat.gpu.sweep.candidates import Settler, decide
from turbosat.gpu.sweep.cpu import Sweep
from turbosat.gpu.sweep.cuda import CudaSweep, Launch, Outcome
from turbosat.gpu.sweep.cuda_device import open_device
from turbosat.gpu.sweep.devices import AnySweep
from turbosat.gpu.sweep.luts import EVERY, LUT, Luts, Translation
from turbosat.gpu.sweep.network import Network, build
from turbosat.gpu.sweep.ptx import WARP_PLACES
from turbosat.gpu.sweep.ptx_rows import MOST_ROWS, interpreter

NEVER = -1  # instructions up to which code is straight-line: none
KINDS: dict[str, dict[str, Any]] = {
    "straight": {"longest": 1 << 20, "turns": 0},
    "looped": {"longest": 1 << 20, "turns": 3},
    "rows": {"longest": NEVER},
}


def compiled(formula: Formula) -> Program:
    program = compile_program(formula, slow_recover(formula))
    assert program is not None
    return program


def random_circuit(seed: int, inputs: int, gates: int, clauses: int) -> Program:
    """At most three inputs more than told: gates may be inputs, too."""
    most = inputs + gates - 1 if inputs > 3 else 0
    formula = circuit(seed, inputs, gates if inputs > 1 else 0, min(clauses, most))
    program = compile_program(formula, slow_recover(formula), limit=inputs + 3)
    assume(program is not None)
    assert program is not None
    return program


def swept(sweep: AnySweep) -> list[int]:
    found: list[int] = []
    progress = 0.0
    while not sweep.done:
        after = sweep.advance(0.01)
        assert progress <= after <= 1
        progress = after
        rows = sweep.candidates()
        found += (rows @ (1 << np.arange(rows.shape[1]))).tolist()
    assert sweep.progress == 1
    sweep.close()
    return found


def compare(program: Program, kind: str, **options: int) -> MachineDevice:
    device = MachineDevice(**options)
    found = swept(CudaSweep(program, device, **KINDS[kind]))
    assert device.closed
    assert len(found) == len(set(found))
    assert set(found) == survivors(program)
    return device


KERNELS = pytest.mark.parametrize("kind", KINDS)
EXAMPLES = 25  # of each test now; hundreds where there is time


@KERNELS
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 10), st.integers(0, 40), st.integers(0, 8))
def test_kernels_find_what_the_reference_finds(
    kind: str, seed: int, inputs: int, gates: int, clauses: int
) -> None:
    compare(random_circuit(seed, inputs, gates, clauses), kind)


@KERNELS
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32))
def test_mixed_formulas(kind: str, seed: int) -> None:
    compare(compiled(random_formula(np.random.default_rng(seed))), kind)


@pytest.mark.slow
@KERNELS
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 17), st.integers(0, 120), st.integers(0, 10))
def test_many_kernels(kind: str, seed: int, inputs: int, gates: int, clauses: int) -> None:
    program = random_circuit(seed, inputs, gates, clauses)
    device = MachineDevice(width=1 + seed % 5)
    assert sorted(swept(CudaSweep(program, device, **KINDS[kind]))) == sorted(swept(Sweep(program)))


@pytest.mark.slow
@KERNELS
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_many_mixed_formulas(kind: str, seed: int) -> None:
    compare(compiled(random_formula(np.random.default_rng(seed))), kind, together=1 + seed % 3)


def luts_of(program: Program) -> Luts:
    return Translation(build(program), WARP_PLACES).luts()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(0, 60), st.integers(1, 8))
def test_translations_equal_the_reference(seed: int, inputs: int, gates: int, clauses: int) -> None:
    """Candidate by candidate; and each instruction reads what was computed before."""
    program = random_circuit(seed, inputs, gates, clauses)
    luts = luts_of(program)
    count = program.inputs.size
    candidates = program.bits(np.arange(1 << count, dtype=np.uint64))
    values = {0: np.zeros(1 << count, np.bool_)}
    values |= {1 + place: candidates[:, i] for place, i in enumerate(luts.order)}
    false = np.zeros(1 << count, np.bool_)
    for kind, *rest in luts.code:
        if kind == LUT:
            node, table, *leaves = rest
            index = sum((values[leaf].astype(np.int64) << i for i, leaf in enumerate(leaves)), np.int64(0))
            assert node not in values
            values[node] = np.broadcast_to(table >> index & 1, 1 << count).astype(np.bool_)
        elif kind == CHECK:
            a, b = (values[code >> 1] ^ bool(code & 1) for code in rest)
            false |= a & b
    assert (false == (program.values(candidates)[1] > 0)).all()


def test_an_adder_is_two_instructions() -> None:
    """Both its functions of three words, where it was ten gates."""
    network = Network(3)
    a, b, c = (network.linear(1 << i) for i in range(3))
    either = network.both(a ^ 1, b ^ 1) ^ 1
    carry = network.both(network.both(a, b) ^ 1, network.both(either, c) ^ 1) ^ 1
    some = network.both(either ^ 1, c ^ 1) ^ 1
    every = network.both(network.both(a, b), c)
    network.forbid([network.both(network.both(some, carry ^ 1) ^ 1, every ^ 1) ^ 1, carry])
    assert sum(step[0] == LUT for step in Translation(network, WARP_PLACES).luts().code) == 2


def test_rows_are_used_again() -> None:
    network = Network(8)
    inputs = [network.linear(1 << i) for i in range(8)]
    for first in range(8):
        code = inputs[first]
        for other in range(40):
            code = network.both(code ^ other & 1, inputs[(first + other) % 8] ^ other >> 2 & 1) ^ 1
        network.forbid([code])
    luts = Translation(network, WARP_PLACES).luts()
    assert luts.live() <= interpreter(luts).rows < luts.computed


@KERNELS
def test_words_are_numbered_beyond_one_launch(kind: str) -> None:
    """High places come from outside: of 2^38 candidates the ones with few ones in them pass."""
    inputs = 39 + KINDS[kind].get("turns", 0)
    program = checks_only(inputs, [[-i] for i in range(1, inputs - 1)], [])
    device = MachineDevice(width=1 << 10)
    sweep = CudaSweep(program, device, **KINDS[kind])
    seen = []
    for word in (0, 1 << 32, 2 << 32, 3 << 32):
        sweep._next = word  # whole sweeps take too long here
        sweep._depth, sweep._grid = 1, 1
        sweep.advance(0)
        seen.append(sweep.candidates())
    found = np.concatenate(seen)
    assert {launch.high for launch in device.launches} == {0, 1, 2, 3}
    assert found.shape[0] == 4
    assert not found[:, : inputs - 2].any()
    assert len({tuple(row) for row in found[:, inputs - 2 :].tolist()}) == 4


@KERNELS
@pytest.mark.parametrize("together", [1, 64])
def test_survivors_without_room_are_found_again(kind: str, together: int) -> None:
    program = one_clause(13 + KINDS[kind].get("turns", 0))
    device = MachineDevice(width=16, together=together)
    sweep = CudaSweep(program, device, **KINDS[kind], room=1)
    found = swept(sweep)
    assert sorted(found) == sorted(survivors(program))
    assert len(device.launches) > len({launch.first for launch in device.launches}) > 0


class Dropping(MachineDevice):
    """A device that loses the end of every launch but the first."""

    def run(self, todo: Launch) -> Outcome:
        done = super().run(todo)
        lost = len(self.launches) > 1
        return Outcome(done.spoken - lost, done.survivors, done.found, done.seconds)


def test_a_launch_that_is_not_complete_is_an_error() -> None:
    sweep = CudaSweep(checks_only(20, [[-i] for i in range(1, 18)], []), Dropping(width=1))
    with pytest.raises(DeviceError, match="warps have come to their end"):
        swept(sweep)
    assert 0 < sweep.progress < 1
    assert not sweep.done


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="48"):
        CudaSweep(one_clause(49), MachineDevice())
    with pytest.raises(UnsupportedError, match="shared memory"):
        CudaSweep(one_clause(12), MachineDevice(most_shared=1024), longest=NEVER)


def test_on_a_device() -> None:
    """Where there is a GPU: both kernels, against the CPU's sweep."""
    for kind in KINDS:
        for program in (compiled(circuit(3, 18, 40, 3)), one_clause(19), checks_only(30, EXACT, [])):
            device = open_device()
            if device is None:
                pytest.skip(f"no GPU: {unusable()}")
            sweep = CudaSweep(program, device, **KINDS[kind])
            assert sorted(swept(sweep)) == sorted(swept(Sweep(program)))


EXACT = [[-i] for i in range(1, 29)]
EQUIVALENT = [
    "cec/c6288-resyn2.cnf",
    "cec/mulmiter-9-array-wallace-sw0.cnf",
    "cec/mulmiter-8-array-dadda-sw0.cnf",
    "cec/sin-resyn2.cnf",
]


@pytest.mark.slow
@KERNELS
@pytest.mark.parametrize("name", EQUIVALENT)
def test_equivalent_circuits(corpus: Path, name: str, kind: str) -> None:
    """With inputs fixed so that few are left; and with a gate's clause dropped there may be models."""
    formula = files.read(corpus / name)
    whole = compile_program(formula)
    assert whole is not None
    random = np.random.default_rng(len(name))
    kept = whole.inputs.size - 12
    fixed = random.choice(whole.inputs, kept, replace=False) * random.choice([-1, 1], kept)
    for dropped in (None, 0, 1):
        small = formula
        if dropped is not None:
            rows = list(map(list, formula))
            del rows[int(random.integers(len(rows)))]
            small = Formula.from_clauses(rows, formula.variables)
        small = small.with_clauses(fixed.astype(np.int32), np.arange(fixed.size + 1))
        program = compile_program(small)
        if program is None:  # what was dropped may have defined what others follow from
            assert dropped is not None
            continue
        assert 0 < program.inputs.size <= 16
        sweep = CudaSweep(program, MachineDevice(width=8), **KINDS[kind])
        assert sorted(swept(sweep)) == sorted(swept(Sweep(program)))
        if dropped is None:
            sweep = CudaSweep(program, MachineDevice(width=8), **KINDS[kind])
            assert decide(sweep, Settler(small, program)).unsatisfiable


def test_more_words_than_instructions_can_name_are_refused() -> None:
    nodes = range(2, 2 + MOST_ROWS)
    code: list[tuple[int, ...]] = [(LUT, node, 0xAA, 1) for node in nodes]
    code += [(CHECK, 2 * node, 2 * node) for node in nodes]
    with pytest.raises(UnsupportedError, match="words at a time"):
        interpreter(Luts(1, 0, [0], code))


def test_what_takes_long_can_be_ended() -> None:
    network = Network(16)
    for mask in range(1, 4 * EVERY):
        network.linear(mask)
    calls: list[int] = []
    nodes = list(range(1, len(network)))
    network.words(np.zeros((16, 1), np.uint64), nodes, lambda: calls.append(0))
    assert len(calls) == -(-len(nodes) // EVERY)
    calls.clear()
    steps: list[tuple[int, ...]] = [(LUT, 2 + at, 0xAA, 1) for at in range(3 * EVERY)]
    interpreter(Luts(1, 0, [0], [*steps, (CHECK, 2, 2 * len(steps))]), lambda: calls.append(0))
    assert len(calls) == 4
