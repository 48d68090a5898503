import numpy as np
import pytest

from tests.encodings.support.support_cases import random_formula, slow_recover
from tests.gpu.sweep.test_sweep import circuit, one_clause, survivors
from turbosat.encodings.support.compilation import compile_program
from turbosat.encodings.support.program import Program
from turbosat.errors import UnsupportedError
from turbosat.gpu.sweep.cpu import Sweep
from turbosat.gpu.sweep.cuda import CudaSweep


def swept(sweep: CudaSweep | Sweep) -> list[int]:
    found: list[int] = []
    while not sweep.done:
        sweep.advance(0.01)
        rows = sweep.candidates()
        found += (rows @ (1 << np.arange(rows.shape[1]))).tolist()
    assert sweep.progress == 1
    sweep.close()
    return sorted(found)


def compare(program: Program, device: str, block: int, scratch: int = 1 << 20) -> None:
    found = swept(CudaSweep(program, device=device, block=block, scratch=scratch))
    assert found == sorted(survivors(program)) == swept(Sweep(program))


@pytest.mark.parametrize("seed", range(6))
def test_circuits(poison: None, device: str, seed: int) -> None:
    program = compile_program(circuit(seed, 10 + seed % 3, 12, 3))
    assert program is not None
    compare(program, device, 16 << seed % 2)


@pytest.mark.parametrize("seed", range(25))
def test_mixed_formulas(poison: None, device: str, seed: int) -> None:
    formula = random_formula(np.random.default_rng(seed))
    program = compile_program(formula, slow_recover(formula))
    assert program is not None
    compare(program, device, 16)


def test_launches_cut_the_space(poison: None, device: str) -> None:
    program = compile_program(circuit(8, 13, 20, 4))
    assert program is not None
    assert program.inputs.size >= 11
    compare(program, device, 16, scratch=1)  # one thread block a launch


def test_too_many_inputs_are_refused(device: str) -> None:
    with pytest.raises(UnsupportedError, match="48"):
        CudaSweep(one_clause(49), device=device)
