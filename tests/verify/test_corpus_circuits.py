"""Circuits of the corpus: bounded checking beside another unrolling with Kissat; planted faults."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from turbosat.benchmarks.circuits import checked, unrolled
from turbosat.circuit import Answer, equivalent, read

BOUNDS = {
    "6s215rb0": 10,
    "6s351rb02": 20,
    "arbitrated_top_n3_w16_d32_e0": 8,
    "gen39": 30,
    "krebs.3.prop1-func-interl": 20,
    "marlann_compute_cp_fail2-p0": 20,
    "picorv32-pcregs-p2": 8,
    "vcegar_arrays_itc99_b12_p2": 20,
    "zipcpu-zipmmu-p09": 20,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_are_those_of_another_unrolling(name: str, corpus: Path) -> None:
    file, bound = str(corpus / "aiger" / "hwmcc" / f"{name}.aig"), BOUNDS[name]
    found = checked(file, bound, 120)
    assert found == unrolled(file, bound, 120)
    assert found != "unknown"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adder", "bar", "c6288", "ctrl", "int2float", "max", "router"])
def test_a_planted_fault_is_found(name: str, corpus: Path) -> None:
    aig = read(corpus / "aiger" / "combinational" / f"{name}.aig")
    assert equivalent(aig, aig).method == "structure"
    gates = aig.ands.copy()
    gates[len(gates) // 2, 0] ^= 1
    gates = np.ascontiguousarray(np.sort(gates, axis=1)[:, ::-1])
    found = equivalent(aig, replace(aig, ands=gates), time_limit=120)
    assert found.answer is Answer.FAILS
    assert found.differences
