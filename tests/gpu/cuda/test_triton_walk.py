import numpy as np
import pytest
import torch

from tests.gpu.matrices import random_matrix
from turbosat.gpu import draws
from turbosat.gpu.cuda.device_rows import upload
from turbosat.gpu.cuda.walk_bank import WalkBank
from turbosat.gpu.gradient import reference
from turbosat.gpu.rules import Rule, Walk, thresholds

# (variables, clauses, lengths, lanes): few variables and many clauses, a clause of 60, clauses of length 1.
SHAPES = [
    pytest.param(5, 123, (2, 3, 4, 5), 37, marks=pytest.mark.slow),
    (67, 31, (9, 2, 60, 1, 5, 4, 8, 3, 7, 6), 160),
    (3, 2, (3, 2), 1),
]
RULES = (Walk(2.3), Walk(2.06, 0.9), Walk(1.1))


@pytest.mark.parametrize(("variables", "clauses", "lengths", "lanes"), SHAPES)
def test_rounds_equal_the_reference(
    poison: None, device: str, variables: int, clauses: int, lengths: tuple[int, ...], lanes: int
) -> None:
    rows = upload(random_matrix(1, variables, clauses, lengths), torch.device(device))
    matrix = rows.rows.matrix
    slots = -(-lanes // 32) * 32
    bank = WalkBank(rows, slots, 2**33 + 5, steps=4)
    random = np.random.default_rng(2)
    values = random.random((matrix.variables, slots)) < 0.5
    values[:, lanes:] = False
    table = np.zeros((8, slots // 32), np.int32)
    for word in range(slots // 32):
        bank.follow(np.arange(32 * word, 32 * word + 32), RULES[word % 3])
        table[:, word] = thresholds(RULES[word % 3], odd=bool(word % 2))
    bank.put(np.arange(lanes), values[:, :lanes])
    moves = (np.arange(slots) < lanes) & (np.arange(slots) % 5 != 3)
    keys = draws.step_keys(2**33 + 5, 0, 8)
    flips = 0
    best = (reference.counts(matrix, values) == 0).sum(axis=0)
    for number in range(2):
        lows = (reference.counts(matrix, values) == 0).sum(axis=0)
        bank.begin(moves)
        bank.round()
        for step in range(4):
            key = keys[4 * number + step, draws.FLIP : draws.FLIP + 1]
            after = reference.walk_step(matrix, values, table, moves, key)
            flips += int((after ^ values).sum())
            values = after
        now = (reference.counts(matrix, values) == 0).sum(axis=0)
        best, lows = np.minimum(best, now), np.minimum(lows, now)
        assert np.array_equal(bank.get(np.arange(slots), best=False), values)
        false, fewest, least = bank.figures()
        assert np.array_equal(false, now)
        assert np.array_equal(fewest, best)
        assert np.array_equal(least, lows)
        kept = bank.get(np.arange(slots), best=True)
        assert np.array_equal((reference.counts(matrix, kept) == 0).sum(axis=0), best)
        flips -= int(bank.flips(moves).sum())
        assert flips == 0
    assert not bank.flips(moves)[~moves].any()


def test_put_touches_nothing_else(device: str) -> None:
    rows = upload(random_matrix(3, 20, 60, (3,)), torch.device(device))
    bank = WalkBank(rows, 96, 1, steps=4)
    random = np.random.default_rng(4)
    everything = random.random((rows.variables, 96)) < 0.5
    bank.put(np.arange(96), everything)
    some = np.array([95, 0, 31, 32, 63, 40])
    everything[:, some] = random.random((rows.variables, 6)) < 0.5
    bank.put(some, everything[:, some])
    assert np.array_equal(bank.get(np.arange(96), best=False), everything)
    assert np.array_equal(bank.get(some, best=True), everything[:, some])


def test_best_values_move_along(device: str) -> None:
    rows = upload(random_matrix(5, 20, 60, (3,), planted=True), torch.device(device))
    bank = WalkBank(rows, 32, 1, steps=4)
    false = reference.counts(rows.rows.matrix, np.eye(rows.variables, 2, dtype=np.bool_)) == 0
    best = false.sum(axis=0)
    order = np.argsort(
        best
    )  # the first gets the better values as its best, the second is better than its best
    values = np.eye(rows.variables, 2, dtype=np.bool_)[:, order]
    bank.put(np.array([7, 8]), values[:, ::-1].copy(), values, best[order])
    _, fewest, _ = bank.figures()
    assert fewest[[7, 8]].tolist() == [best.min(), best.min()]
    kept = bank.get(np.array([7, 8]), best=True)
    assert np.array_equal(kept[:, 0], values[:, 0])


def test_a_rule_of_another_kind_is_refused(device: str) -> None:
    from turbosat.gpu.rules import Weighted

    rows = upload(random_matrix(5, 5, 9, (3,)), torch.device(device))
    rule: Rule = Weighted()
    with pytest.raises(AssertionError):
        WalkBank(rows, 32, 1, steps=4).follow(np.array([0]), rule)
