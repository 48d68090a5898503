import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.support.support_cases import random_formula, slow_recover
from turbosat.encodings.support.compilation import compile_program
from turbosat.encodings.support.program import CHECK, CHECK_XOR, Program
from turbosat.errors import UnsupportedError
from turbosat.formula.formula import Formula
from turbosat.gpu.sweep.cpu import Sweep
from turbosat.gpu.sweep.network import build


def circuit(seed: int, inputs: int, gates: int, clauses: int) -> Formula:
    """A random circuit over `inputs` variables, and clauses over everything; gates like near neighbours."""
    random = np.random.default_rng(seed)
    result: list[list[int]] = []
    for y in range(inputs + 1, inputs + gates + 1):
        a, b = (random.choice(y - 1, 2, replace=False) + 1) * random.choice([-1, 1], 2)
        kind = random.integers(0, 3)
        if kind == 0:
            result += [[-y, a], [-y, b], [y, -a, -b]]
        elif kind == 1:
            result += [[-y, a, b], [-y, -a, -b], [y, -a, b], [y, a, -b]]
        else:
            result += [[y, -a, -b]]
    for _ in range(clauses):
        size = min(int(random.integers(1, 4)) + 1, inputs + gates)
        chosen = random.choice(inputs + gates, size, replace=False) + 1
        result.append((chosen * random.choice([-1, 1], size)).tolist())
    return Formula.from_clauses(result, inputs + gates)


def checks_only(variables: int, checks: list[list[int]], sums: list[list[int]]) -> Program:
    """A program whose variables are all inputs: clauses and XORs that must hold."""
    none = np.zeros(0, np.int32)
    rows = checks + sums
    count = len(rows)
    return Program(
        variables=variables,
        inputs=np.arange(1, variables + 1, dtype=np.int32),
        fixed=none,
        kinds=np.repeat([CHECK, CHECK_XOR], [len(checks), len(sums)]).astype(np.uint8),
        targets=np.zeros(count, np.int32),
        terms=np.arange(count + 1),
        offsets=np.append(0, np.cumsum([len(row) for row in rows])).astype(np.int64),
        literals=np.array([literal for row in rows for literal in row], np.int32),
        uncovered=none,
        open_clauses=0,
    )


def one_clause(variables: int) -> Program:
    """A program that only checks that not all of its inputs are false."""
    return checks_only(variables, [list(range(1, variables + 1))], [])


def survivors(program: Program) -> set[int]:
    numbers = np.arange(1 << program.inputs.size, dtype=np.uint64)
    return set(np.flatnonzero(program.values(program.bits(numbers))[1] == 0).tolist())


def swept(
    program: Program, seed: int = 0, workers: int = 1, seconds: float = 1.0, chunks: int = 2
) -> list[int]:
    sweep = Sweep(program, seed, workers, chunks=chunks)
    found: list[int] = []
    progress = 0.0
    while not sweep.done:
        after = sweep.advance(seconds)
        assert progress <= after <= 1
        progress = after
        rows = sweep.candidates()
        found += (rows @ (1 << np.arange(program.inputs.size))).tolist()
    sweep.close()
    assert progress == 1
    assert sweep.advance(seconds) == 1
    assert not sweep.candidates().size
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 17), st.integers(0, 30), st.integers(0, 8))
def test_sweeps_find_what_the_reference_finds(seed: int, inputs: int, gates: int, clauses: int) -> None:
    formula = circuit(
        seed, inputs, gates if inputs > 1 else 0, min(clauses, inputs + gates - 1) if inputs > 3 else 0
    )
    program = compile_program(formula)
    assert program is not None
    found = swept(program, seed % 3, 1 + seed % 2, chunks=1 + seed % 5)
    assert len(found) == len(set(found))
    assert set(found) == survivors(program)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(10, 16), st.integers(1, 40))
def test_checks_of_all_levels(seed: int, inputs: int, count: int) -> None:
    """Checks over neighbours: many depend on slow inputs only, and cut whole ranges of blocks."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        size = int(random.integers(1, 6))
        first = int(random.integers(1, inputs - size + 2))
        rows.append((np.arange(first, first + size) * random.choice([-1, 1], size)).tolist())
    sums = int(random.integers(0, 3))
    program = checks_only(inputs, rows[sums:], rows[:sums])
    found = swept(program, seed % 3, 1 + seed % 2, chunks=1 + seed % 5)
    assert len(found) == len(set(found))
    assert set(found) == survivors(program)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_mixed_formulas(seed: int) -> None:
    formula = random_formula(np.random.default_rng(seed))
    program = compile_program(formula, slow_recover(formula))
    assert program is not None
    assert sorted(swept(program, seed % 5)) == sorted(survivors(program))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(0, 30), st.integers(0, 5))
def test_networks_equal_the_reference(seed: int, inputs: int, gates: int, clauses: int) -> None:
    program = compile_program(circuit(seed, inputs, gates, min(clauses, inputs + gates - 1)))
    assert program is not None
    network = build(program)
    candidates = program.bits(np.arange(64, dtype=np.uint64))
    words = np.ascontiguousarray(np.packbits(candidates.T, axis=1, bitorder="little")).view(
        np.uint64
    )  # (inputs, 1)
    values = network.words(words, network.live())[:, 0].tolist()
    both = (1 << 64) - 1
    bad = 0
    for a, b in network.checks:
        bad |= (values[a >> 1] ^ (both if a & 1 else 0)) & (values[b >> 1] ^ (both if b & 1 else 0))
    false = program.values(candidates)[1] > 0
    assert [bad >> i & 1 for i in range(64)] == false.tolist()


def test_slices_change_nothing() -> None:
    program = compile_program(circuit(3, 18, 40, 3))
    assert program is not None
    assert program.inputs.size == 18
    assert swept(program, seconds=1e-4) == swept(program)


def test_many_survivors_wait_to_be_taken() -> None:
    program = one_clause(19)
    sweep = Sweep(program)
    before = sweep.advance(0.05)
    assert sweep.advance(10.0) == before < 1  # nothing was taken
    found = swept(program)
    assert set(found) == survivors(program)


def test_too_many_inputs_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="48"):
        Sweep(one_clause(49))
