"""Every kernel assembled for every kind of device, by NVIDIA's own assembler, without a GPU."""

import re
import subprocess
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pytest

from tests.gpu.sweep.test_sweep import checks_only, one_clause
from turbosat.encodings.support.compilation import compile_program
from turbosat.encodings.support.program import Program
from turbosat.formula import files as formulas
from turbosat.gpu.sweep.cuda import BLOCK, LONGEST
from turbosat.gpu.sweep.luts import Translation
from turbosat.gpu.sweep.network import build
from turbosat.gpu.sweep.ptx import WARP_PLACES, straight_line
from turbosat.gpu.sweep.ptx_rows import interpreter

TARGETS = "sm_75", "sm_80", "sm_90", "sm_100", "sm_120"
SPILLS = 512  # bytes a thread: words that outer loops keep, so that more threads find room
MOST_REGISTERS = 65536 // BLOCK  # that a block of so many threads can have


def assembler() -> str:
    """Return ptxas, of the version that the package for development pins: others know other devices."""
    try:
        found = [path for path in files("nvidia-cuda-nvcc") or [] if path.name == "ptxas"]
    except PackageNotFoundError:
        found = []
    if not found:
        pytest.skip("no ptxas: it is in the package nvidia-cuda-nvcc")
    return str(found[0].locate())


def assembled(text: str, target: str, folder: Path) -> tuple[int, int]:
    """Return the registers of a thread, and the bytes that are spilled."""
    source = folder / "kernel.ptx"
    source.write_text(text)
    command = [assembler(), "-v", f"-arch={target}", str(source), "-o", str(folder / "kernel.cubin")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "warning" not in run.stderr
    (registers,) = map(int, re.findall(r"Used (\d+) registers", run.stderr))
    (spilled,) = map(int, re.findall(r"(\d+) bytes spill stores", run.stderr))
    return registers, spilled


def random_program(seed: int) -> Program:
    """Checks of all lengths over 40 inputs, XORs among them: high places, and all kinds of instructions."""
    random = np.random.default_rng(seed)
    rows = [
        (random.choice(40, size, replace=False) + 1) * random.choice([-1, 1], size)
        for size in random.integers(1, 9, size=60).tolist()
    ]
    lists = [row.tolist() for row in rows]
    return checks_only(40, lists[8:], lists[:8])


@pytest.mark.parametrize("target", TARGETS)
def test_kernels_are_assembled(tmp_path: Path, target: str) -> None:
    for program in (one_clause(1), one_clause(48), random_program(0)):
        translation = Translation(build(program), WARP_PLACES)
        plain = translation.luts()
        texts = [straight_line(luts, BLOCK) for luts in (plain, translation.nested())]
        for text in (*texts, interpreter(plain).text):
            registers, spilled = assembled(text, target, tmp_path)
            assert registers <= MOST_REGISTERS
            assert spilled <= SPILLS


CIRCUITS = {
    "cec/c6288-resyn2.cnf": False,
    "satcomp/smulo016.cnf": False,
    "sc/04ded94454830d4ea960327e8b91f5a3-mdp-28-14-sat.cnf": False,
    "cec/sin-resyn2.cnf": True,
}


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("name", "spills"), CIRCUITS.items())
def test_circuits_are_assembled(corpus: Path, tmp_path: Path, name: str, spills: bool, target: str) -> None:
    program = compile_program(formulas.read(corpus / name))
    assert program is not None
    translation = Translation(build(program), WARP_PLACES)
    assert translation.computed <= LONGEST
    registers, spilled = assembled(straight_line(translation.nested(), BLOCK), target, tmp_path)
    assert registers <= 255
    assert spilled <= SPILLS or spills
    assert assembled(interpreter(translation.luts()).text, target, tmp_path)[1] == 0
