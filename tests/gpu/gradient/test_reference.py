import numpy as np
import pytest

from tests.gpu.matrices import random_matrix
from turbosat.gpu import draws
from turbosat.gpu.cuda.rows import arrange
from turbosat.gpu.gradient import reference
from turbosat.gpu.rules import BITS, BREAKS, WEIGHT_ONE, Walk, Weighted, thresholds

SHAPES = [(5, 40, (2, 3, 4, 5)), (67, 30, (9, 2, 60, 1, 5))]


def test_draws_are_even_and_differ() -> None:
    keys = draws.step_keys(2**40 + 3, 5, 16)
    assert np.unique(keys).size == keys.size
    assert np.array_equal(keys[4:], draws.step_keys(2**40 + 3, 9, 12))
    assert not np.isin(keys, draws.step_keys(3, 5, 16)).any()
    base = draws.bases(keys[0, :1], np.arange(20000))
    for number in range(BITS):
        word = draws.draw(base, number)
        ones = (word[:, None] >> np.arange(32, dtype=np.uint32) & np.uint32(1)).mean(axis=0)
        assert np.abs(ones - 0.5).max() < 0.02  # more than five standard deviations


@pytest.mark.parametrize(("variables", "clauses", "lengths"), SHAPES)
def test_rows_are_the_same_formula(variables: int, clauses: int, lengths: tuple[int, ...]) -> None:
    matrix = random_matrix(1, variables, clauses, lengths)
    rows = arrange(matrix)
    values = np.random.default_rng(2).random((6, matrix.variables)) < 0.5
    columns = rows.to_rows(values)
    assert np.array_equal(rows.from_rows(columns), values)
    counts = reference.counts(rows.matrix, columns)
    weights = np.random.default_rng(3).integers(0, 99, (6, matrix.clauses)).astype(np.int32)
    assert np.array_equal(rows.weights_from_rows(rows.weights_to_rows(weights)), weights)
    margins = reference.margins(rows.matrix, columns, rows.weights_to_rows(weights))
    for i in range(6):
        assert np.array_equal(counts[:, i], matrix.counts(values[i])[rows.clause_at])
        assert np.array_equal(margins[:, i], matrix.margins(values[i], weights[i])[rows.variable_at])
    assert (np.diff(rows.matrix.offsets, 2) <= 0).all()
    for literal in range(2 * matrix.variables):  # the transpose is that of the rows
        found = rows.matrix.occurrences[rows.matrix.starts[literal] : rows.matrix.starts[literal + 1]]
        clause_of = np.repeat(np.arange(matrix.clauses), np.diff(rows.matrix.offsets))
        assert sorted(found.tolist()) == clause_of[rows.matrix.literals == literal].tolist()


@pytest.mark.parametrize(("variables", "clauses", "lengths"), SHAPES)
def test_breaks_and_margins_by_flipping(variables: int, clauses: int, lengths: tuple[int, ...]) -> None:
    matrix = random_matrix(4, variables, clauses, lengths)
    values = np.random.default_rng(5).random((matrix.variables, 3)) < 0.5
    weights = np.random.default_rng(6).integers(0, 99, (matrix.clauses, 3)).astype(np.int32)
    before = reference.counts(matrix, values) == 0
    makes, breaks = reference.makes(matrix, values), reference.breaks(matrix, values)
    margins = reference.margins(matrix, values, weights)
    for v in range(matrix.variables):
        flipped = values.copy()
        flipped[v] ^= True
        after = reference.counts(matrix, flipped) == 0
        assert np.array_equal(breaks[v], (after & ~before).sum(axis=0))
        assert np.array_equal(makes[v], (before & ~after).sum(axis=0))
        assert np.array_equal(margins[v], (weights * before).sum(axis=0) - (weights * after).sum(axis=0))


@pytest.mark.parametrize("rule", [Walk(2.3), Walk(2.06, 0.9)])
def test_walk_flips_with_the_probabilities_of_the_rule(rule: Walk) -> None:
    matrix = random_matrix(7, 12, 60, (3,))
    lanes = 32 * 1250
    column = np.random.default_rng(8).random((matrix.variables, 1)) < 0.5
    table = thresholds(rule)[:, None].repeat(lanes // 32, axis=1)
    values = column.repeat(lanes, axis=1)
    key = draws.step_keys(9, 0, 1)[0, draws.FLIP : draws.FLIP + 1]
    flipped = reference.walk_step(matrix, values, table, np.ones(lanes, np.bool_), key) ^ values
    made, broken = reference.makes(matrix, column)[:, 0], reference.breaks(matrix, column)[:, 0]
    false = reference.counts(matrix, column)[:, 0] == 0
    wanted = np.zeros(matrix.variables, np.bool_)
    wanted[matrix.literals[false.repeat(np.diff(matrix.offsets))] >> 1] = True
    assert wanted.any()
    assert not flipped[~wanted].any()
    assert np.array_equal(made > 0, wanted)
    loss = np.clip(1 - (made - broken), 0, BREAKS - 1)
    weight = rule.table()[loss[wanted]] / rule.table()[0]
    chance = np.maximum(rule.propose * weight, 2.0**-BITS)
    error = (flipped[wanted].mean(axis=1) - rule.propose * weight) / np.sqrt(chance / lanes)
    # Five standard deviations, and half a unit of the resolution.
    assert (np.abs(error) < 5 + 2.0 ** -(BITS + 1) / np.sqrt(chance / lanes)).all()
    # Variables flip apart from each other.
    both = np.atleast_2d(np.corrcoef(flipped[wanted]))
    assert np.abs(both - np.eye(len(both))).max() < 5 / np.sqrt(lanes)


def test_weighted_step_moves_weight_and_keeps_its_sum() -> None:
    matrix = random_matrix(10, 9, 70, (2, 3, 8))
    lanes = 12
    random = np.random.default_rng(11)
    rules = [Weighted(sideways=200, random=100)] * lanes
    state = reference.WeightedLanes(
        random.random((matrix.variables, lanes)) < 0.5, np.full((matrix.clauses, 6), WEIGHT_ONE, np.int32)
    )
    active = np.arange(lanes) < 10
    parked = state.values[:, 10:].copy()
    for keys in draws.step_keys(12, 0, 60):
        before = state.weights.copy()
        true = reference.counts(matrix, state.values) > 0
        rising = reference.margins(matrix, state.values, before.repeat(2, axis=1)) > 0
        reference.weighted_step(matrix, state, rules, active, keys)
        assert (state.weights >= 0).all()
        assert (state.weights.sum(axis=0) == matrix.clauses * WEIGHT_ONE).all()
        climbing = rising.any(axis=0).reshape(6, 2)
        assert (state.weights == before)[:, climbing.all(axis=1)].all()
        gained = state.weights > before
        assert not (gained & true.reshape(-1, 6, 2).all(axis=2)).any()
    assert np.array_equal(state.values[:, 10:], parked)
    assert (state.weights[:, 5] == WEIGHT_ONE).all()
    assert (state.weights[:, :5] != WEIGHT_ONE).any(axis=0).all()
