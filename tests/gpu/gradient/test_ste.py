import numpy as np
import pytest
from numpy.typing import NDArray

from tests.gpu.matrices import random_matrix
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.gradient import ste
from turbosat.gpu.gradient.ste import StePopulation
from turbosat.gpu.rules import Walk

EVERYONE = np.arange(24)
NEVER = np.full(24, 2**62)


@pytest.fixture
def matrix() -> Matrix:
    return random_matrix(1, 20, 50, (3,), planted=True)


def start(matrix: Matrix, seed: int = 0) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random((24, matrix.variables)) < 0.5


@pytest.mark.parametrize("method", ["adam", "sgd"])
def test_solves_an_easy_formula(matrix: Matrix, method: str) -> None:
    population = StePopulation(matrix, 24, 1, method=method, rate=0.03 if method == "adam" else 1.0)
    population.restart(EVERYONE, start(matrix))
    report = population.advance(np.full(24, 200 * 4 * matrix.entries), NEVER)
    assert report.solved >= 0
    model = population.best_values(np.array([report.solved]))[0]
    assert matrix.counts(model).min() > 0
    assert report.flips.max() > 0


def test_reports_what_its_values_say(matrix: Matrix) -> None:
    population = StePopulation(matrix, 24, 1)
    values = start(matrix)
    population.restart(EVERYONE, values)
    assert np.array_equal(population.values(EVERYONE), values)
    effort = np.where(EVERYONE % 2, 3 * 4 * matrix.entries, 0)
    report = population.advance(effort, NEVER)
    even = EVERYONE[::2]
    assert np.array_equal(population.values(even), values[even])
    assert not report.effort[even].any()
    assert not report.flips[even].any()
    for lane in EVERYONE:
        at = np.array([lane])
        assert (matrix.counts(population.values(at)[0]) == 0).sum() == report.false[lane]
        assert (matrix.counts(population.best_values(at)[0]) == 0).sum() == report.best[lane] or lane % 2 == 0
    assert (report.best <= report.least).all()
    assert (report.least <= report.false).all()
    assert (report.best[even] <= 0).all()


def test_keeps_weights_and_takes_any_rule(matrix: Matrix) -> None:
    population = StePopulation(matrix, 24, 1)
    population.assign(EVERYONE, Walk(2.3))
    weights = np.full((1, matrix.clauses), 77, np.int32)
    population.restart(np.array([3]), start(matrix)[:1], weights)
    assert population.weights(np.array([3, 4]))[:, 0].tolist() == [77, 1024]
    assert StePopulation.suitable_lanes(matrix, [Walk(2.3)] * 4, 1) == 256
    assert ste.missing(matrix) is None
