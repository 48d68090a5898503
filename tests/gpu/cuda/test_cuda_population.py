import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

from tests.gpu.matrices import random_matrix
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.backend import Report
from turbosat.gpu.cuda import limits as cuda_limits
from turbosat.gpu.cuda import population as cuda
from turbosat.gpu.cuda import walk_bank, weighted_bank
from turbosat.gpu.cuda.population import CudaPopulation
from turbosat.gpu.rules import WEIGHT_ONE, Walk, Weighted

ALL = np.arange(37)
NEVER = np.full(400, 2**62)


@pytest.fixture(autouse=True)
def few_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighted_bank, "PROGRAMS", 2)


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return random_matrix(1, 20, 75, (3,), planted=True)


def start(matrix: Matrix, seed: int = 0) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.random.default_rng(seed).random((ALL.size, matrix.variables)) < 0.5


def check(population: CudaPopulation, report: Report) -> None:
    """Compare a report with the values it is about."""
    for lane in range(population.lanes):
        at = np.array([lane])
        now = population.matrix.counts(population.values(at)[0]) == 0
        best = population.matrix.counts(population.best_values(at)[0]) == 0
        assert now.sum() == report.false[lane]
        assert report.best[lane] in (-1, best.sum())
        assert report.effort[lane] == 0 or report.best[lane] >= 0


def test_solves_by_walking_and_by_descent(matrix: Matrix, device: str, poison: None) -> None:
    population = CudaPopulation(matrix, 37, 5, device=device, steps=4)
    assert population.lockstep == 37
    assert not population.values(ALL).any()
    for rule in Walk(2.3), Weighted():
        population.assign(ALL, rule)
        population.restart(ALL, start(matrix))
        for _ in range(40):
            report = population.advance(np.ones(37, np.int64), NEVER[: population.lanes])
            assert report.effort.max() > 0
            check(population, report)
            if report.solved >= 0:
                break
        assert report.solved >= 0
        assert matrix.counts(population.best_values(np.array([report.solved]))[0]).min() > 0
        assert report.flips.max() > 0
        # A lane that has a model stays on it and costs nothing more.
        solved = report.best == 0
        again = population.advance(np.where(solved, 1, 0), NEVER[: population.lanes])
        assert not again.effort.any()
        assert np.array_equal(again.best, report.best)
    population.close()


def test_lanes_without_effort_stay(matrix: Matrix, device: str) -> None:
    population = CudaPopulation(matrix, 37, 5, device=device, steps=4)
    population.assign(ALL[:6], Weighted())
    values = start(matrix)
    population.restart(ALL, values)
    effort = np.where(ALL % 3 == 0, 1, 0)
    report = population.advance(effort, NEVER[: population.lanes])
    still = ALL[(ALL % 3 != 0) | (report.effort == 0)]
    assert np.array_equal(population.values(still), values[still])
    assert not report.flips[still].any()
    check(population, report)


def test_courses_repeat(matrix: Matrix, device: str) -> None:
    courses = []
    for seed in 5, 5, 6:
        population = CudaPopulation(matrix, 37, seed, workers=seed, device=device, steps=4)
        population.restart(ALL, start(matrix))
        population.advance(np.ones(37, np.int64), NEVER[: population.lanes])
        courses.append(population.values(ALL))
    assert np.array_equal(courses[0], courses[1])
    assert not np.array_equal(courses[0], courses[2])


def test_a_change_of_rule_keeps_all_but_the_rule(matrix: Matrix, device: str) -> None:
    population = CudaPopulation(matrix, 37, 5, device=device, steps=4)
    values = start(matrix)
    weights = np.random.default_rng(3).integers(1, 5000, (37, matrix.clauses)).astype(np.int32)
    population.assign(ALL[10:20], Weighted())
    population.restart(ALL, values, weights)
    before = population.advance(np.zeros(37, np.int64), NEVER[: population.lanes])
    for lanes, rule in (
        (ALL[:5], Weighted(sideways=0)),
        (ALL[3:15], Walk(2.06, 0.9)),
        (ALL[::2], Weighted()),
        (ALL, Walk(3.0)),
        (ALL[30:], Walk(3.5)),
        (ALL[::-1].copy(), Weighted()),
    ):
        population.assign(lanes, rule)
        assert np.array_equal(population.values(ALL), values)
        assert np.array_equal(population.best_values(ALL), values)
        assert np.array_equal(population.weights(ALL), weights)
        after = population.advance(np.zeros(37, np.int64), NEVER[: population.lanes])
        assert np.array_equal(after.best, before.best)
        check(population, after)
    some = ALL[5:9]
    assert np.array_equal(population.values(some[::-1].copy()), values[some[::-1]])
    population.restart(some, ~values[some])
    assert np.array_equal(population.values(ALL)[some], ~values[some])
    assert (population.weights(some) == WEIGHT_ONE).all()
    assert np.array_equal(population.weights(ALL[:5]), weights[:5])
    assert np.array_equal(population.margins(2), matrix.margins(values[2], weights[2]))


def test_out_of_memory_halves_the_population(
    matrix: Matrix, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = walk_bank.WalkBank

    def scarce(rows: Any, slots: int, seed: int, steps: int) -> walk_bank.WalkBank:
        if slots > 128:
            raise torch.cuda.OutOfMemoryError("full")
        return kind(rows, slots, seed, steps)

    monkeypatch.setattr(walk_bank, "WalkBank", scarce)
    population = CudaPopulation(matrix, 400, 5, device=device, steps=4)
    assert population.lanes == 100

    def none(*_: Any) -> weighted_bank.WeightedBank:
        raise torch.cuda.OutOfMemoryError("full")

    monkeypatch.setattr(weighted_bank, "WeightedBank", none)
    population.assign(np.arange(50), Weighted())  # stay with the rule they have
    assert population.advance(np.ones(100, np.int64), NEVER[:100]).flips.any()
    monkeypatch.setattr(walk_bank, "WalkBank", none)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        CudaPopulation(matrix, 400, 5, device=device, steps=4)


def test_missing_without_a_driver_does_not_import_torch() -> None:
    code = (
        "import sys, types\n"
        "from turbosat.gpu.cuda import limits as cuda_limits, population as cuda\n"
        "cuda_limits.driver_missing = lambda: 'no NVIDIA driver'\n"
        "assert cuda.missing(types.SimpleNamespace()) == 'no NVIDIA driver'\n"
        "assert not {'torch', 'triton'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_missing_names_the_reason(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES" in str(cuda.missing(matrix))
    monkeypatch.setattr(cuda_limits, "driver_missing", lambda: None)
    monkeypatch.setattr(cuda_limits, "LONGEST_ROW", 2)
    assert "more than 2" in str(cuda.missing(matrix))
    monkeypatch.setattr(cuda_limits, "LONGEST_ROW", 2**15)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cuda.missing(matrix) == "torch sees no CUDA device"
    assert cuda.missing(random_matrix(1, 1, 1, (1,))) == "no clauses are left to search"


def test_lanes_fit_the_cache_and_the_memory() -> None:
    fits = cuda_limits.suitable_lanes
    # Random 3-SAT of 10^4 variables on a device with 50 MB of cache and 128 GB of memory.
    assert fits(50 * 2**20, 2**37, 15516, 992064) == 1440
    assert fits(50 * 2**20, 2**37, 100, 800) == 15392
    assert fits(50 * 2**20, 2**37, 10**6, 10**8) == 224
    assert fits(50 * 2**20, 2**24, 2**12, 2**13) == 960
    assert fits(50 * 2**20, 2**24, 2**20, 2**23) == 32
