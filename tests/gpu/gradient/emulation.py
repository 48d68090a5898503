"""A bank whose teams are the device's kernel, compiled for CUDA's threads as coroutines on a core."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from turbosat.core import gradient as kernels
from turbosat.core.declare import constants
from turbosat.core.gradient import SHAPE
from turbosat.core.toolchain import compiler
from turbosat.gpu.gradient.team_banks import FOLDER, CoreBank
from turbosat.gpu.gradient.teams import Form, Reading

ENDLESS = 2**60


def build(folder: Path, width: int, architecture: int) -> ctypes.CDLL:
    """Compile the kernel for teams of a width, as for an architecture."""
    (folder / "gradient.h").write_text("\n".join(["#include <stdint.h>", *constants(kernels)]))
    library, source = folder / f"teams-{width}.so", folder / "emulated.cpp"
    source.write_text('#include "cuda_on_a_core.h"\n')
    words = [
        *compiler(["-shared", "-fPIC"], ""),
        "-x",
        "c++",
        "-std=gnu++17",
        "-O1",
        "-shared",
        "-fPIC",
        "-w",
    ]
    words += [f"-DW={width}", f"-D__CUDA_ARCH__={architecture}", "-fno-strict-aliasing", f"-I{folder}"]
    words += [f"-I{FOLDER}", f"-I{Path(__file__).parent}", str(source), "-o", str(library)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    if "cc1plus" in run.stderr:
        pytest.skip("the compiler has no C++")
    assert run.returncode == 0, run.stderr
    return ctypes.CDLL(str(library))


class EmulatedBank(CoreBank):
    """Lanes whose teams are coroutines."""

    def __init__(self, library: ctypes.CDLL, reading: Reading, form: Form, *, order: int = 0) -> None:
        super().__init__(reading, form)
        self._library, self._order, self.ticks = library, order, ENDLESS

    def run(self, rule: NDArray[np.uint32], orders: NDArray[np.uint32], heads: NDArray[np.uint32]) -> None:
        """Run a slice of lanes, one after the other."""
        problem = self._problem
        arrays = [problem.offsets, problem.literals, problem.starts, problem.occurrences, problem.others]
        arrays += [problem.shape, rule, np.ascontiguousarray(orders)]
        assert problem.shape.size == SHAPE
        pointers = (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))
        self._library.launch(
            pointers,
            ctypes.c_void_p(heads.ctypes.data),
            ctypes.c_void_p(self._states.ctypes.data),
            len(orders),
            self.form.kind,
            self.form.inside,
            ctypes.c_uint64(self.ticks),
            self._order,
        )
