import numpy as np
import pytest
import torch

from tests.gpu.galois.parity_cases import random_mix, random_parities
from turbosat.encodings.parity_matrix import encode_parities
from turbosat.gpu import draws
from turbosat.gpu.cuda.device_rows import upload
from turbosat.gpu.cuda.population import CudaGaloisPopulation
from turbosat.gpu.cuda.rows import arrange
from turbosat.gpu.cuda.walk_bank import WalkBank
from turbosat.gpu.gradient import reference
from turbosat.gpu.rules import Walk, Weighted, thresholds

# (variables, clauses, xors, lengths, widths, lanes): many clauses, a long XOR, XORs alone, clauses alone.
SHAPES = [
    (9, 83, 30, (2, 3, 5), (2, 3, 4), 37),
    (67, 31, 40, (9, 2, 5), (60, 2, 7), 160),
    (30, 0, 33, (3,), (3, 5), 33),
    (20, 60, 0, (3,), (3,), 1),
]
RULES = (Walk(2.3), Walk(2.06, 0.9), Walk(6.0, propose=0.8))


@pytest.mark.parametrize("shape", [SHAPES[0], pytest.param(SHAPES[1], marks=pytest.mark.slow), *SHAPES[2:]])
def test_rounds_equal_the_reference(
    poison: None, device: str, shape: tuple[int, int, int, tuple[int, ...], tuple[int, ...], int]
) -> None:
    variables, clauses, xors, lengths, widths, lanes = shape
    parities = random_parities(1, variables, clauses, xors, lengths=lengths, widths=widths)
    rows = upload(parities, torch.device(device))
    matrix = rows.rows.matrix
    slots = -(-lanes // 32) * 32
    bank = WalkBank(rows, slots, 2**33 + 5, steps=4)
    values = np.random.default_rng(2).random((matrix.variables, slots)) < 0.5
    table = np.zeros((8, slots // 32), np.int32)
    for word in range(slots // 32):
        bank.follow(np.arange(32 * word, 32 * word + 32), RULES[word % 3])
        table[:, word] = thresholds(RULES[word % 3], odd=bool(word % 2))
    bank.put(np.arange(slots), values)
    moves = (np.arange(slots) < lanes) & (np.arange(slots) % 5 != 3)
    keys = draws.step_keys(2**33 + 5, 0, 8)
    best, flips = (reference.counts(matrix, values) == 0).sum(axis=0), 0
    for number in range(2):
        bank.begin(moves)
        bank.round()
        for step in range(4):
            key = keys[4 * number + step, draws.FLIP : draws.FLIP + 1]
            after = reference.walk_step(matrix, values, table, moves, key)
            flips += int((after ^ values).sum())
            values = after
        now = (reference.counts(matrix, values) == 0).sum(axis=0)
        best = np.minimum(best, now)
        assert np.array_equal(bank.get(np.arange(slots), best=False), values)
        false, fewest, _ = bank.figures()
        assert np.array_equal(false, now)
        assert np.array_equal(fewest, best)
        kept = bank.get(np.arange(slots), best=True)
        assert np.array_equal((reference.counts(matrix, kept) == 0).sum(axis=0), best)
        flips -= int(bank.flips(moves).sum())
        assert flips == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_are_the_same_constraints(
    shape: tuple[int, int, int, tuple[int, ...], tuple[int, ...], int],
) -> None:
    variables, clauses, xors, lengths, widths, lanes = shape
    matrix = random_parities(3, variables, clauses, xors, lengths=lengths, widths=widths)
    rows = arrange(matrix)
    values = np.random.default_rng(2).random((lanes, matrix.variables)) < 0.5
    columns = rows.to_rows(values)
    assert np.array_equal(
        reference.counts(rows.matrix, columns).sum(axis=0), reference.counts(matrix, values.T).sum(axis=0)
    )
    assert np.array_equal(
        reference.makes(rows.matrix, columns), reference.makes(matrix, values.T)[rows.variable_at]
    )
    assert np.array_equal(
        reference.breaks(rows.matrix, columns), reference.breaks(matrix, values.T)[rows.variable_at]
    )


@pytest.mark.slow
def test_a_population_solves(device: str, poison: None) -> None:
    formula = random_mix(4, 24, 40, 12, widths=(3, 5), planted=True)
    matrix = encode_parities(formula)
    lanes = np.arange(40)
    population = CudaGaloisPopulation(matrix, 40, 5, device=device, steps=4)
    population.assign(lanes[:10], Walk(3.0, propose=0.8))
    population.restart(lanes, np.random.default_rng(1).random((40, matrix.variables)) < 0.5)
    for _ in range(60):
        report = population.advance(np.ones(40, np.int64), np.full(40, 2**62))
        for lane in (0, 39):
            false = matrix.counts(population.values(np.array([lane]))[0]) == 0
            assert false.sum() == report.false[lane]
        if report.solved >= 0:
            break
    assert report.solved >= 0
    assert formula.satisfied(matrix.extend(population.best_values(np.array([report.solved]))[0]))
    assert population.margins(0).shape == (matrix.variables,)
    with pytest.raises(AssertionError):
        population.assign(lanes, Weighted())
    population.close()
