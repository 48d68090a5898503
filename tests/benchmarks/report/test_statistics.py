"""Bootstrap and tests against enumeration by the definition."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turbosat.benchmarks.report.statistics import (
    EXACT,
    FLOOR,
    Floats,
    bootstrap,
    cost_ratio,
    log_ratios,
    sign_test,
    signed_rank,
    speedup,
)

values = st.lists(st.floats(-5, 5).map(lambda value: round(value, 1)), max_size=30).map(np.array)
costs = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=30)


def slow_signed_rank(differences: list[float]) -> float:
    """Try all signs."""
    kept = [each for each in differences if each]
    sizes = sorted(map(abs, kept))
    rank = {size: np.mean([place + 1 for place, own in enumerate(sizes) if own == size]) for size in sizes}
    ranks = [float(rank[abs(each)]) for each in kept]
    seen = sum(own for own, each in zip(ranks, kept, strict=True) if each > 0)
    middle = sum(ranks) / 2
    signs = list(itertools.product((0, 1), repeat=len(ranks)))
    far = sum(
        abs(sum(itertools.compress(ranks, sign)) - middle) >= abs(seen - middle) - 1e-9 for sign in signs
    )
    return far / len(signs)


@given(st.lists(st.integers(-4, 4).map(float), max_size=10))
def test_signed_rank_counts_all_signs(differences: list[float]) -> None:
    assert signed_rank(np.array(differences)) == pytest.approx(slow_signed_rank(differences))


def test_signed_rank_of_wilcoxons_own_tables() -> None:
    # 10 differences all of a sign: 2 / 2^10
    assert signed_rank(np.arange(1.0, 11)) == pytest.approx(2 / 1024)
    assert signed_rank(np.array([])) == 1
    assert signed_rank(np.zeros(5)) == 1


def test_the_normal_law_takes_over_smoothly() -> None:
    dice = np.random.default_rng(5)
    for shift in (0.0, 0.1, 0.2):
        data = dice.normal(shift, 1, EXACT + 1)
        assert signed_rank(data) == pytest.approx(signed_rank(data[:-1]), rel=0.35, abs=0.02)


@given(values)
def test_signed_rank_knows_no_direction(data: Floats) -> None:
    assert signed_rank(data) == pytest.approx(signed_rank(-data))
    assert 0 < signed_rank(data) <= 1


@given(st.integers(0, 12), st.integers(0, 12))
def test_sign_test_counts_coins(gained: int, lost: int) -> None:
    trials, middle = gained + lost, (gained + lost) / 2
    far = sum(
        math.comb(trials, each) for each in range(trials + 1) if abs(each - middle) >= abs(gained - middle)
    )
    assert sign_test(gained, lost) == pytest.approx(far / 2**trials)


@settings(max_examples=50)
@given(values, st.permutations(range(30)))
def test_speedup_holds_its_own_values_in_any_order(logs: Floats, order: list[int]) -> None:
    got = speedup(logs)
    assert got.instances == len(logs)
    if not len(logs):
        assert math.isnan(got.median.value)
        return
    assert got.median.value == pytest.approx(math.exp(float(np.median(logs))))
    assert got.geometric.value == pytest.approx(float(np.prod(np.exp(logs))) ** (1 / len(logs)))
    assert got.most == pytest.approx(float(np.exp(logs).max()))
    assert got.least == pytest.approx(float(np.exp(logs).min()))
    for each in (got.median, got.geometric):
        assert got.least * (1 - 1e-9) <= each.low <= each.value <= each.high <= got.most * (1 + 1e-9)
    assert speedup(logs[[place for place in order if place < len(logs)]]) == got


@settings(max_examples=50)
@given(costs)
def test_cost_ratio_holds_its_value_and_turns_round(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array(pairs).T
    got = cost_ratio(first, second)
    expected = max(second.sum(), FLOOR) / max(first.sum(), FLOOR)
    assert got.value == pytest.approx(expected)
    assert got.low <= got.value <= got.high
    assert cost_ratio(first[::-1], second[::-1]) == got
    assert cost_ratio(second, first).value == pytest.approx(1 / expected)


def test_an_interval_covers_what_it_should() -> None:
    dice, covered = np.random.default_rng(1), 0
    for trial in range(200):
        got = bootstrap(lambda each: each.mean(axis=-1), dice.normal(3, 1, 40), seed=trial, resamples=500)
        covered += got.low <= 3 <= got.high
    assert 178 <= covered <= 198  # 95 % of 200, less a little: the percentile interval is a bit short


def test_the_seed_decides_the_interval() -> None:
    data = np.random.default_rng(0).normal(size=20)
    first, again, other = (bootstrap(lambda each: each.mean(axis=-1), data, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.value == other.value
    assert first != other


def test_many_rows_are_drawn_in_parts() -> None:
    data = np.random.default_rng(0).normal(size=5000)
    got = bootstrap(lambda each: each.mean(axis=-1), data, resamples=1000)
    error = data.std() / math.sqrt(5000)
    assert got.low == pytest.approx(data.mean() - 1.96 * error, abs=0.2 * error)
    assert got.high == pytest.approx(data.mean() + 1.96 * error, abs=0.2 * error)


def test_ratios_are_over_what_both_solved() -> None:
    inf = math.inf
    first = np.array([[1.0, 2.0], [inf, 4.0], [inf, inf], [1.0, inf], [0.0, 0.0]])
    second = np.array([[2.0, 8.0], [1.0, 2.0], [1.0, 1.0], [inf, 1.0], [0.0, 0.1]])
    logs = [math.log(2 * 4) / 2, math.log(0.5), math.log(0.1 / FLOOR) / 2]
    assert log_ratios(first, second) == pytest.approx(logs)
