import numpy as np
import pytest
import torch

from tests.gpu.matrices import random_matrix
from turbosat.gpu import draws
from turbosat.gpu.cuda import weighted_bank
from turbosat.gpu.cuda.device_rows import upload
from turbosat.gpu.cuda.weighted_bank import WeightedBank
from turbosat.gpu.gradient import reference
from turbosat.gpu.rules import WEIGHT_MAX, WEIGHT_ONE, Weighted

# (variables, clauses, lengths, lanes, lanes that share weights, whether margins are int64)
SHAPES = [
    pytest.param(5, 123, (2, 3, 4, 5), 21, 1, False, marks=pytest.mark.slow),
    (67, 150, (2, 2, 60, 2, 9, 2, 3, 2, 2, 2), 12, 4, False),
    (9, 60, (2, 3), 8, 2, True),
]
RULES = (Weighted(), Weighted(current=90, base=0, first=300, first_base=400, sideways=400, random=200))


@pytest.mark.parametrize(("variables", "clauses", "lengths", "lanes", "group", "wide"), SHAPES)
def test_rounds_equal_the_reference(
    poison: None,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    variables: int,
    clauses: int,
    lengths: tuple[int, ...],
    lanes: int,
    group: int,
    wide: bool,
) -> None:
    monkeypatch.setattr(weighted_bank, "PROGRAMS", 2)  # that take more than one block of the list each
    monkeypatch.setattr(weighted_bank, "LIST", 256)
    rows = upload(random_matrix(1, variables, clauses, lengths), torch.device(device))
    matrix = rows.rows.matrix
    if wide:  # as if there were millions of clauses
        monkeypatch.setattr(weighted_bank, "WEIGHT_ONE", 2**30)
    bank = WeightedBank(rows, lanes, 2**33 + 5, group, steps=2)
    assert bank._margins.dtype == (torch.int64 if wide else torch.int32)
    random = np.random.default_rng(2)
    values = random.random((matrix.variables, lanes)) < 0.5
    weights = random.integers(0, 3 * WEIGHT_ONE, (matrix.clauses, lanes)).astype(np.int32)
    weights[0] = WEIGHT_MAX
    everyone = np.arange(lanes)
    rules = [RULES[i % 2] for i in range(lanes)]
    for i in range(2):
        bank.follow(everyone[i::2], RULES[i])
    bank.put(everyone, values)
    bank.put_weights(everyone, weights)
    moves = everyone % 5 != 3
    state = reference.WeightedLanes(values.copy(), weights[:, ::group].copy())
    keys = draws.step_keys(2**33 + 5, 0, 8)
    best = (reference.counts(matrix, values) == 0).sum(axis=0)
    for number in range(2):
        lows = (reference.counts(matrix, state.values) == 0).sum(axis=0)
        bank.begin(moves)
        bank.round()
        bank.round()
        flips = np.zeros(lanes, np.int64)
        for step in range(4):
            before = state.values.copy()
            reference.weighted_step(matrix, state, rules, moves, keys[4 * number + step])
            flips += (before ^ state.values).sum(axis=0)
            now = (reference.counts(matrix, state.values) == 0).sum(axis=0)
            best, lows = np.minimum(best, now), np.minimum(lows, now)
        assert np.array_equal(bank.get(everyone, best=False), state.values)
        assert np.array_equal(bank.get_weights(everyone), state.weights.repeat(group, axis=1))
        assert np.array_equal(bank.flips(moves), flips)
        false, fewest, least = bank.figures()
        assert np.array_equal(false, (reference.counts(matrix, state.values) == 0).sum(axis=0))
        assert np.array_equal(fewest, best)
        assert np.array_equal(least, lows)
        margins = reference.margins(matrix, state.values, state.weights.repeat(group, axis=1))
        assert np.array_equal(bank._margins.cpu().numpy(), margins)
        kept = bank.get(everyone, best=True)
        assert np.array_equal((reference.counts(matrix, kept) == 0).sum(axis=0), best)
    assert (state.weights != weights[:, ::group]).any()


def test_margins_equal_the_matrix(poison: None, device: str) -> None:
    rows = upload(random_matrix(3, 30, 90, (2, 3, 9)), torch.device(device))
    bank = WeightedBank(rows, 40, 1, steps=2)
    random = np.random.default_rng(4)
    values = random.random((rows.variables, 40)) < 0.5
    weights = random.integers(0, 2**18, (rows.clauses, 40)).astype(np.int32)
    bank.put(np.arange(40), values)
    bank.put_weights(np.arange(40), weights)
    bank.begin(np.ones(40, np.bool_))
    expected = reference.margins(rows.rows.matrix, values, weights)
    assert np.array_equal(bank._margins.cpu().numpy(), expected)


def test_shared_weights_are_those_of_the_first_lane(device: str) -> None:
    rows = upload(random_matrix(5, 9, 20, (3,)), torch.device(device))
    bank = WeightedBank(rows, 8, 1, group=4, steps=2)
    weights = np.arange(8, dtype=np.int32)[None].repeat(rows.clauses, axis=0) + 100
    bank.put_weights(np.arange(1, 8), weights[:, 1:])
    assert bank.get_weights(np.arange(8))[0].tolist() == [WEIGHT_ONE] * 4 + [104] * 4
    bank.put_weights(np.arange(8), None)
    assert (bank.get_weights(np.arange(8)) == WEIGHT_ONE).all()
