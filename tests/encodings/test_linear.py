"""Sums of cardinality constraints, against sums in Python's own integers and against brute force."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cardinality import assignments
from turbosat.encodings import linear
from turbosat.encodings.cardinalities import Cardinalities

Row = tuple[list[int], int]


def packed(rows: list[Row], exact: bool = False) -> Cardinalities:
    """Return rows of rising codes with what they ask for."""
    offsets = np.append(0, np.cumsum([len(codes) for codes, _ in rows])).astype(np.int64)
    codes = np.array([code for codes, _ in rows for code in codes], np.int32)
    least = np.array([asked for _, asked in rows], np.int64)
    return Cardinalities(offsets, codes, least, np.full(len(rows), exact))


def drawn(seed: int, variables: int) -> list[Row]:
    dice = random.Random(seed)
    rows = []
    for _ in range(dice.randint(1, 10)):
        size = dice.randint(2, variables)
        names = sorted(dice.sample(range(variables), size))
        rows.append(([2 * name + dice.choice((0, 0, 1)) for name in names], dice.randint(1, size - 1)))
    return rows


def possible(rows: list[Row], variables: int) -> bool:
    """Say whether some assignment satisfies all rows."""
    values = assignments(variables)
    right = np.ones(len(values), np.bool_)
    for codes, least in rows:
        true = values[:, [code >> 1 for code in codes]] ^ np.array([bool(code & 1) for code in codes])
        right &= true.sum(axis=1) >= least
    return bool(right.any())


def too_much(rows: list[Row], multipliers: list[int], variables: int) -> bool:
    """Say whether the sum asks for more than variables can give, in Python's integers."""
    sums = [0] * variables
    right = 0
    for (codes, least), factor in zip(rows, multipliers, strict=True):
        right += factor * least
        for code in codes:
            sums[code >> 1] += -factor if code & 1 else factor
            right -= factor * (code & 1)
    return right > sum(max(0, each) for each in sums)


@given(st.integers(0, 10**9), st.integers(2, 7))
@settings(max_examples=300, deadline=None)
def test_only_what_has_no_solution_is_refuted(seed: int, variables: int) -> None:
    rows = drawn(seed, variables)
    found, _ = linear.refuting(packed(rows), variables, 60.0, 10**6)
    if found is not None:
        assert not possible(rows, variables)
        assert too_much(rows, found.tolist(), variables)
    elif packed(rows).tight and not possible(rows, variables):
        weights = np.random.default_rng(seed).integers(0, 4, (200, len(rows)))
        assert not any(too_much(rows, each, variables) for each in weights.tolist())


@given(st.integers(0, 10**9), st.integers(2, 6), st.integers(1, 1 << 50))
@settings(max_examples=200, deadline=None)
def test_sums_are_exact(seed: int, variables: int, largest: int) -> None:
    rows = drawn(seed, variables)
    dice = random.Random(seed)
    multipliers = [dice.randint(0, largest) for _ in rows]
    found = linear.contradictory(packed(rows), variables, np.array(multipliers))
    assert found == too_much(rows, multipliers, variables)


def pigeons(number: int, holes: int) -> list[Row]:
    rows = [([2 * (pigeon * holes + hole) for hole in range(holes)], 1) for pigeon in range(number)]
    return rows + [([2 * (p * holes + hole) + 1 for p in range(number)], number - 1) for hole in range(holes)]


def test_wrong_multipliers_refute_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = packed(pigeons(5, 5))
    for ray in (np.ones(10), np.full(10, np.nan), np.full(10, np.inf), np.zeros(10), np.full(10, 1e-300)):
        monkeypatch.setattr(linear, "_ray", lambda *_, ray=ray: (ray, 7))
        assert linear.refuting(rows, 25, 1.0, 100) == (None, 7)
    assert not linear.contradictory(packed(pigeons(5, 4)), 20, np.full(9, -1))
    assert not linear.contradictory(packed(pigeons(5, 4)), 20, np.full(9, 1 << 61))
    assert linear.contradictory(packed(pigeons(5, 4)), 20, np.ones(9, np.int64))


def test_a_half_everywhere_is_a_solution_unless_a_row_is_tight() -> None:
    for rows in (pigeons(4, 3), [([0, 2, 4, 6], 2)], [([0, 2, 4], 1), ([1, 3, 5], 1)]):
        assert packed(rows).tight == any(2 * asked > len(codes) for codes, asked in rows)


def test_few_iterations_are_not_exceeded() -> None:
    rows = packed([([2 * a, 2 * b], 1) for a, b in combinations(range(40), 2)] + pigeons(7, 6))
    found, few = linear.refuting(rows, 42, 60.0, 1)
    assert found is None
    assert few <= 1
    found, taken = linear.refuting(rows, 42, 60.0, 10**6)
    assert found is not None
    assert taken > 1
