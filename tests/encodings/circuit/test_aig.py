"""What is no and-inverter graph cannot be made one: kernels follow its literals without another look."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.encodings.circuit.circuit_cases import graphs, ints
from turbosat.encodings.circuit.aig import Aig
from turbosat.errors import UsageError

PLAIN = Aig(
    inputs=1,
    ands=np.array([[4, 2], [6, 5]], np.int32),
    next_state=ints([8]),
    reset=ints([4]),
    outputs=ints([9]),
    bad=ints([6]),
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": -1}, "inputs"),
        ({"inputs": 2**31}, "variables"),
        ({"ands": np.zeros((2, 3), np.int32)}, r"expected an array \(gates, 2\) for ands, found the shape"),
        ({"ands": [[4, 2], [6, 5]]}, r"expected an array \(gates, 2\) for ands, found \[\[4"),
        ({"ands": PLAIN.ands.astype(np.int64)}, "contiguous array of int32 for ands, found int64"),
        ({"ands": PLAIN.ands[:, ::-1]}, "contiguous array of int32 for ands, found one that is not"),
        (
            {"ands": ints([6, 2, 6, 5]).reshape(2, 2)},
            r"from 0 to 5 for ands\[0\], which is variable 3, found",
        ),
        ({"ands": ints([4, 2, 6, 400]).reshape(2, 2)}, r"from 0 to 7 for ands\[1\], .* found \[6, 400\]"),
        ({"ands": ints([4, -2, 6, 5]).reshape(2, 2)}, r"ands\[0\].* found \[4, -2\]"),
        ({"next_state": ints([10])}, r"a literal from 0 to 9 for next_state\[0\], found 10"),
        ({"outputs": ints([9, 1, -1])}, r"outputs\[2\], found -1"),
        ({"bad": np.zeros((1, 1), np.int32)}, r"an array \(literals,\) for bad, found the shape \(1, 1\)"),
        ({"constraints": ints([10])}, r"constraints\[0\]"),
        ({"fairness": ints([10])}, r"fairness\[0\]"),
        ({"justice": (ints([2]), ints([3, 10]))}, r"justice\[1\]\[1\], found 10"),
        ({"reset": ints([])}, "a reset for each latch, found 0 for 1"),
        ({"reset": ints([2])}, r"own literal 4 for reset\[0\], found 2"),
    ],
)
def test_what_is_no_graph(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(PLAIN, **changes)


@given(graphs(), st.data())
def test_one_operand_too_large(aig: Aig, data: st.DataObject) -> None:
    assert replace(aig).variables == aig.variables
    if len(aig.ands):
        gate, side = data.draw(st.integers(0, len(aig.ands) - 1)), data.draw(st.integers(0, 1))
        ands = aig.ands.copy()
        ands[gate, side] = data.draw(
            st.integers(2 * (aig.first_and + gate), 2**31 - 1) | st.integers(-99, -1)
        )
        with pytest.raises(UsageError, match=rf"ands\[{gate}\]"):
            replace(aig, ands=ands)
