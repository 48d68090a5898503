"""Is it chance: bootstrap intervals, the exact signed-rank test and the exact sign test."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
EXACT = 200  # beyond so many differences the normal law stands in for the exact one
FLOOR = 0.001  # seconds: what is shorter is taken as this where times are divided
_CHUNK = 1 << 21  # values drawn at once


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its bootstrap interval, `low <= value <= high`; NaN where there is no data."""

    value: float
    low: float
    high: float


NOTHING = Estimate(math.nan, math.nan, math.nan)


def bootstrap(
    statistic: Callable[..., Any],
    *columns: Floats,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Estimate:
    """Return statistic(*columns) with its percentile interval over resampled rows.

    Each column has shape (rows,); `statistic` takes columns of shape (..., rows) and reduces the last axis.
    Rows are sorted first, so their order changes nothing. The interval is widened to hold the value itself.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    rows = len(columns[0])
    if not rows:
        return NOTHING
    order = np.lexsort(columns[::-1])
    data = [column[order] for column in columns]
    value = float(statistic(*data))
    dice = np.random.default_rng(seed)
    step = max(1, _CHUNK // rows)
    found: list[Floats] = []
    for start in range(0, resamples, step):
        drawn = dice.integers(rows, size=(min(step, resamples - start), rows))  # (resamples, rows)
        found.append(np.asarray(statistic(*(column[drawn] for column in data))))
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(found), [tail, 1 - tail])
    return Estimate(value, min(float(low), value), max(float(high), value))


@dataclass(frozen=True, slots=True)
class Speedup:
    """How much faster one solver is than another: ratios of seconds, above 1 where the first is faster.

    Over the `instances` that both solved: median and geometric mean with intervals, the extremes, and on how
    many the first was faster. `p` is the signed-rank test's.
    """

    instances: int
    median: Estimate
    geometric: Estimate
    least: float
    most: float
    faster: int
    p: float


def speedup(logs: Floats, seed: int = 0) -> Speedup:
    """Return the speed-up of log ratios, (instances,): log(seconds of the second / seconds of the first)."""
    if not len(logs):
        return Speedup(0, NOTHING, NOTHING, math.nan, math.nan, 0, 1.0)
    median = exponential(bootstrap(lambda each: np.median(each, axis=-1), logs, seed=seed))
    mean = exponential(bootstrap(lambda each: np.mean(each, axis=-1), logs, seed=seed))
    extremes = math.exp(logs.min()), math.exp(logs.max())
    return Speedup(len(logs), median, mean, *extremes, int((logs > 0).sum()), signed_rank(logs))


def exponential(logs: Estimate) -> Estimate:
    """Return an estimate of a logarithm as one of the value."""
    return Estimate(math.exp(logs.value), math.exp(logs.low), math.exp(logs.high))


def log_ratios(first: Floats, second: Floats) -> Floats:
    """Return log(second / first) of each instance that both solved: the mean over the seeds both solved with.

    Both are seconds, (instances, seeds), infinite where unsolved; the result is (solved by both,).
    """
    both = np.isfinite(first) & np.isfinite(second)  # (instances, seeds)
    logs = np.zeros(both.shape)
    logs[both] = np.log(np.maximum(second[both], FLOOR) / np.maximum(first[both], FLOOR))
    count = both.sum(axis=1)
    kept = count > 0
    return np.asarray(logs.sum(axis=1)[kept] / count[kept])


def cost_ratio(first: Floats, second: Floats, seed: int = 0) -> Estimate:
    """Return sum(second) / sum(first) of PAR-k costs, both (instances,)."""

    def ratio(a: Floats, b: Floats) -> Any:
        return np.maximum(b.sum(axis=-1), FLOOR) / np.maximum(a.sum(axis=-1), FLOOR)

    return bootstrap(ratio, first, second, seed=seed)


def signed_rank(differences: Floats) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test that differences, (n,), lie around 0.

    Zeros are dropped, ties get their middle rank. Exact up to 200 differences, ties included: the law of the
    sum of ranks with random signs is counted out; beyond, the normal law with the ties' variance.
    Source: Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1(6), 1945.
    """
    kept = differences[differences != 0]
    if not len(kept):
        return 1.0
    _, place, count = np.unique(np.abs(kept), return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks = (2 * last - count + 1)[place]  # twice the middle rank: an integer
    total, positive = int(ranks.sum()), int(ranks[kept > 0].sum())
    less = min(positive, total - positive)
    if len(kept) > EXACT:
        deviation = math.sqrt(float((ranks.astype(np.float64) ** 2).sum())) / 2
        return min(1.0, math.erfc(max(0.0, total / 2 - less - 1) / deviation / math.sqrt(2)))
    law = np.zeros(total + 1)  # probability of each sum of the ranks with a positive sign
    law[0] = 1
    for rank in ranks.tolist():
        law[rank:] = (law[rank:] + law[: total + 1 - rank]) / 2
        law[:rank] /= 2
    return min(1.0, 2 * float(law[: less + 1].sum()))


def sign_test(gained: int, lost: int) -> float:
    """Return the two-sided p that gains and losses come from fair coins (McNemar's exact test)."""
    trials = gained + lost
    ways: int = sum(math.comb(trials, each) for each in range(min(gained, lost) + 1))
    return float(min(1.0, 2 * ways / 2**trials))
