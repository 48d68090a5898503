"""Models and numbers as text: the same as Python's own, in pieces of bounded size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from turbosat.dimacs.plain import WIDTH
from turbosat.dimacs.writer import decimal, gap, value_lines

NUMBERS = st.lists(st.integers(-(2**31) + 1, 2**31 - 1) | st.integers(-10_001, 10_001), min_size=1)


def model(variables: int) -> NDArray[np.int32]:
    numbers = np.arange(1, variables + 1, dtype=np.int32)
    return np.where(np.random.default_rng(variables).random(variables) < 0.5, numbers, -numbers)


@pytest.mark.parametrize("variables", [0, 1, 9, 10, 15, 16, 255, 9_999, 10_000, 99_999, 1_234_567])
def test_value_lines(variables: int) -> None:
    literals = model(variables)
    blocks = list(value_lines(literals))
    assert all(len(block) < 1 << 20 for block in blocks)
    lines = b"".join(blocks).decode().splitlines(keepends=True)
    assert all(line.startswith("v ") and line.endswith("\n") and len(line) <= WIDTH + 1 for line in lines)
    found = [int(word) for line in lines for word in line[2:-1].split(" ")]
    assert found == [*literals.tolist(), 0]


@given(NUMBERS, st.sampled_from([b" ", b"\n", b"\nx", b"\nv ", b""]))
def test_decimal(numbers: list[int], before: bytes) -> None:
    text = decimal(np.array(numbers, np.int32), np.repeat(gap(before), len(numbers)))
    assert text == b"".join(before + str(number).encode() for number in numbers)


@pytest.mark.parametrize("digits", range(1, 11))
def test_decimal_at_the_ends_of_every_length(digits: int) -> None:
    ends = [min(10**digits - 1, 2**31 - 1), 10 ** (digits - 1)]
    numbers = [*ends, *(-each for each in ends), 0]
    text = decimal(np.array(numbers, np.int32), np.repeat(gap(b" "), 5))
    assert text.decode().split() == [str(number) for number in numbers]


def test_no_numbers() -> None:
    assert decimal(np.zeros(0, np.int32), np.zeros(0, np.uint32)) == b""
