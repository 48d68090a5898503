"""Equations modulo a prime, against all multipliers there are."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.test_linear import drawn, packed
from turbosat.encodings import modular
from turbosat.encodings.cardinalities import Cardinalities
from turbosat.encodings.exclusion import Effort, Exhausted

PLENTY = 10**8


def sums(equations: Cardinalities, prime: int, multipliers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the left sides (n, variables) and the right sides (n,) with multipliers (n, rows)."""
    matrix = np.zeros((len(equations), equations.bound), np.int64)
    right = equations.least.copy()
    for row in range(len(equations)):
        for code in equations.codes[equations.offsets[row] : equations.offsets[row + 1]].tolist():
            matrix[row, code >> 1] = -1 if code & 1 else 1
            right[row] -= code & 1
    return multipliers @ matrix % prime, multipliers @ right % prime


@given(st.integers(0, 10**9), st.integers(2, 6), st.sampled_from(modular.PRIMES))
@settings(max_examples=300, deadline=None)
def test_a_sum_is_found_if_there_is_one(seed: int, variables: int, prime: int) -> None:
    equations = packed(drawn(seed, variables)[:5], exact=True)
    every = np.array(list(product(range(prime), repeat=len(equations))))
    left, right = sums(equations, prime, every)
    wanted = (~left.any(axis=1) & (right != 0)).any()
    found = modular.refuting(equations, prime, Effort(PLENTY))
    assert (found is not None) == wanted
    if found is not None:
        left, right = sums(equations, prime, found[None])
        assert not left.any()
        assert right.all()


def test_rows_that_are_no_equations_refute_nothing() -> None:
    rows = [([0, 2, 4], 1), ([0, 2, 4], 2)]
    assert modular.contradictory(packed(rows, exact=True), 3, np.array([1, 2]))
    assert not modular.contradictory(packed(rows, exact=False), 3, np.array([1, 2]))
    assert not modular.contradictory(packed(rows, exact=True), 3, np.array([1, 1]))


def test_effort_and_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    equations = packed(drawn(3, 7), exact=True)
    with pytest.raises(Exhausted):
        modular.refuting(equations, 3, Effort(2))
    monkeypatch.setattr(modular, "LARGEST", 5)
    assert modular.refuting(equations, 3, Effort(PLENTY)) is None
