"""The outlook: what visits near a solution promise."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from turbosat.gpu.bandit import LEVELS, NEAR, PROMISES, SEEN, Outlook

SLICE = 0.008  # seconds
lows = st.lists(st.integers(0, 12), min_size=1, max_size=200)


def told(*rows: list[int]) -> Outlook:
    """Return what configurations promise whose slices came to these numbers of false clauses."""
    outlook = Outlook(len(rows))
    for configuration, row in enumerate(rows):
        for low in row:
            outlook.learn(np.array([configuration]), np.array([low]), SLICE)
    return outlook


@settings(deadline=None)
@given(st.floats(0.1, 0.8), st.floats(0.2, 0.9), st.integers(0, 99))
def test_levels_of_one_ratio(rate: float, ratio: float, seed: int) -> None:
    """Visits by Poisson's law, rarer by one ratio from level to level: the next level but one is foretold."""
    random, slices = np.random.default_rng(seed), 20_000
    rates = rate * ratio ** (LEVELS - 1 - np.arange(LEVELS))  # events a slice of at most 0, 1, ... false
    met = np.maximum.accumulate(random.random((slices, 1)) < -np.expm1(-rates), axis=1)
    met[:, 0] = False  # no solution came
    low = np.where(met.any(axis=1), met.argmax(axis=1), LEVELS)
    outlook = Outlook(1)
    outlook.learn(np.zeros(slices, np.int64), low, slices * SLICE)
    found, true = outlook.expected / PROMISES, SLICE / rates[0]
    # The error of a ratio of counts, of the lowest level and the one above.
    seen = max(1.0, slices * -np.expm1(-rates[1]))
    assert true * math.exp(-8 / seen**0.5) <= found <= true * math.exp(8 / seen**0.5)


@given(lows, lows)
def test_what_is_far_promises_nothing(some: list[int], others: list[int]) -> None:
    outlook = told(some, others)
    near = any(sum(low <= NEAR for low in row) >= SEEN for row in (some, others))
    assert math.isfinite(outlook.expected) == near
    assert outlook.expected > 0


@given(lows)
def test_configurations_add_up(row: list[int]) -> None:
    """Two that take turns and do the same promise what one does."""
    both = Outlook(2)
    for low in row:
        both.learn(np.array([0, 1]), np.array([low, low]), 2 * SLICE)
    one = told(row).expected
    assert both.expected == one or math.isclose(both.expected, one)
