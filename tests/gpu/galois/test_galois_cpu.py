import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.gpu.galois.parity_cases import random_mix, random_parities
from turbosat.core.galois import LANES, WIDTH
from turbosat.encodings.matrix import encode
from turbosat.encodings.parity_matrix import ParityMatrix, encode_parities
from turbosat.gpu import draws
from turbosat.gpu.galois import cpu as galois_cpu
from turbosat.gpu.galois.cpu import GaloisPopulation
from turbosat.gpu.gradient import reference
from turbosat.gpu.rules import WEIGHT_ONE, Walk, Weighted, thresholds

NEVER = np.iinfo(np.int64).max
RULES = (Walk(2.3), Walk(2.06, 0.9), Walk(1.1))
matrices = st.builds(
    random_parities,
    st.integers(0, 2**32 - 1),
    st.integers(4, 30),
    st.integers(0, 90),
    st.integers(0, 30),
    lengths=st.sampled_from([(3,), (2, 3, 7), (2, 2, 13)]),
    widths=st.sampled_from([(3,), (2, 4), (2, 9, 20)]),
)


def false(matrix: ParityMatrix, values: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the false constraints of each lane of values (lanes, variables)."""
    return np.asarray((reference.counts(matrix, values.T) == 0).sum(axis=0))


@given(matrices, st.integers(0, 2**40), st.integers(1, LANES + 40))
@settings(max_examples=25, deadline=None)
def test_steps_equal_the_reference(matrix: ParityMatrix, seed: int, lanes: int) -> None:
    if not matrix.constraints:
        return
    crowd = GaloisPopulation(matrix, lanes, seed)
    random, every = np.random.default_rng(seed), np.arange(lanes)
    values = random.random((lanes, matrix.variables)) < 0.5
    blocks = -(-lanes // LANES)
    table = np.stack(
        [thresholds(RULES[word % 3], odd=bool(word & 1)) for word in range(blocks * WIDTH)], axis=1
    )
    for word in range(-(-lanes // 32)):
        crowd.assign(every[word * 32 : word * 32 + 32], RULES[word % 3])
    crowd.restart(every, values)
    best, flips = false(matrix, values), np.zeros(lanes, np.int64)
    effort = np.where(every % 5 == 3, 0, 1)
    padded = np.zeros((matrix.variables, blocks * LANES), np.bool_)
    padded[:, :lanes] = values.T
    for key in draws.step_keys(seed, 0, 6):
        # A step costs one unit at least: one unit is one step. Solved lanes get no more.
        effort[best == 0] = 0
        moves = np.zeros(blocks * LANES, np.bool_)
        moves[:lanes] = effort > 0
        report = crowd.advance(effort, np.full(lanes, NEVER))
        if not moves.reshape(blocks, LANES).any(axis=1).all():
            break  # the clock of a block stands still
        after = reference.walk_step(matrix, padded, table, moves, key[draws.FLIP : draws.FLIP + 1])
        flips += (after ^ padded).sum(axis=0)[:lanes]
        padded = after
        values = padded[:, :lanes].T
        now = false(matrix, values)
        best = np.minimum(best, now)
        assert np.array_equal(crowd.values(every), values)
        assert np.array_equal(report.false, now)
        assert np.array_equal(report.flips, flips)
        assert np.array_equal(report.best[moves[:lanes]], best[moves[:lanes]])
        assert np.array_equal(report.effort > 0, moves[:lanes])
        kept = crowd.best_values(every)
        assert np.array_equal(false(matrix, kept), best)


def test_a_block_rests_while_a_lane_with_effort_is_solved() -> None:
    matrix = random_parities(3, 20, 20, 5, planted=True)
    crowd = GaloisPopulation(matrix, 64, 1)
    random, every = np.random.default_rng(1), np.arange(64)
    crowd.restart(every, random.random((64, matrix.variables)) < 0.5)
    report = crowd.advance(np.full(64, 10**6), np.full(64, NEVER))
    assert report.solved >= 0
    values = crowd.values(every)
    assert not crowd.advance(np.full(64, 10**6), np.full(64, NEVER)).effort.any()
    assert np.array_equal(crowd.values(every), values)
    left = np.where(report.best == 0, 0, 10**6)
    assert crowd.advance(left, np.full(64, NEVER)).effort.any()
    solved = np.flatnonzero(report.best == 0)
    assert np.array_equal(crowd.values(solved), values[solved])


@pytest.mark.parametrize("cuts", [1, 7])
def test_lanes_end_at_their_flips(cuts: int) -> None:
    matrix = random_parities(4, 40, 120, 60)  # most likely without a model
    crowd = GaloisPopulation(matrix, 100, 2)
    every = np.arange(100)
    crowd.restart(every, np.random.default_rng(1).random((100, matrix.variables)) < 0.5)
    until = np.where(every == 33, 500, NEVER)
    for _ in range(cuts):
        report = crowd.advance(np.full(100, 700_000 // cuts), until)
        assert report.best.min() > 0
        if report.flips[33] >= 500:
            break
    assert 500 <= report.flips[33] < 500 + matrix.variables
    assert (report.effort < 700_000).all()
    again = crowd.advance(np.full(100, 50), until)
    assert again.effort[33] == 0
    assert again.flips[33] == report.flips[33]
    assert (again.effort[every != 33] >= 50).all()


def test_a_course_is_the_same_however_it_is_cut_and_threaded() -> None:
    matrix = random_parities(5, 60, 200, 30)
    ends = []
    for workers, cuts in ((1, 1), (3, 1), (1, 13), (2, 40)):
        crowd = GaloisPopulation(matrix, 2 * LANES + 5, 9, workers)
        every = np.arange(crowd.lanes)
        crowd.restart(every, np.random.default_rng(1).random((every.size, matrix.variables)) < 0.5)
        left = np.full(every.size, 400)
        while (left > 0).any():
            report = crowd.advance(np.clip(left, 0, -(-400 // cuts)), np.full(every.size, NEVER))
            left -= report.effort
        ends.append((crowd.values(every), crowd.best_values(every), report.flips, report.best))
        crowd.close()
    assert ends[0][2].max() > 0
    for end in ends[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(ends[0], end, strict=True))


def test_restarts_and_reads_touch_nothing_else() -> None:
    matrix = random_parities(6, 30, 80, 20)
    crowd = GaloisPopulation(matrix, LANES + 70, 3)
    random, every = np.random.default_rng(4), np.arange(LANES + 70)
    everything = random.random((every.size, matrix.variables)) < 0.5
    crowd.restart(every, everything)
    some = np.array([LANES + 69, 0, 31, 32, 63, LANES, LANES - 1])
    everything[some] = random.random((some.size, matrix.variables)) < 0.5
    crowd.restart(some, everything[some])
    assert np.array_equal(crowd.values(every), everything)
    assert np.array_equal(crowd.best_values(some[::-1].copy()), everything[some[::-1]])
    report = crowd.advance(np.zeros(every.size, np.int64), np.full(every.size, NEVER))
    assert np.array_equal(report.false, false(matrix, everything))
    assert set(report.best.tolist()) <= {-1, 0}
    assert not report.flips.any()
    crowd.advance(np.where(every % 2 == 0, 100, 0), np.full(every.size, NEVER))
    assert np.array_equal(crowd.values(every[1::2]), everything[1::2])
    before = crowd.advance(np.zeros(every.size, np.int64), np.full(every.size, NEVER))
    crowd.restart(some, everything[some])
    after = crowd.advance(np.zeros(every.size, np.int64), np.full(every.size, NEVER))
    others = np.setdiff1d(every, some)
    assert np.array_equal(before.best[others], after.best[others])
    assert np.array_equal(before.flips[others], after.flips[others])
    assert not after.flips[some].any()


def test_poisoned_blocks_are_set_up_from_scratch() -> None:
    matrix = random_parities(7, 30, 80, 20)
    crowds = [GaloisPopulation(matrix, 40, 5) for _ in range(2)]
    for name in ("false", "alone", "flipped", "false_list", "listed", "wanted", "changed", "now", "least"):
        getattr(crowds[1]._blocks[0], name).view(np.uint8)[:] = 0x5D if name != "listed" else 1
    for crowd in crowds:
        values = np.random.default_rng(1).random((40, matrix.variables)) < 0.5
        crowd.restart(np.arange(40), values)
        crowd.advance(np.full(40, 500), np.full(40, NEVER))
    assert np.array_equal(crowds[0].values(np.arange(40)), crowds[1].values(np.arange(40)))
    assert np.array_equal(crowds[0].best_values(np.arange(40)), crowds[1].best_values(np.arange(40)))


def test_margins_and_rules() -> None:
    matrix = random_parities(8, 30, 80, 20)
    crowd = GaloisPopulation(matrix, 3, 5)
    assert np.array_equal(crowd.margins(1), matrix.margins(np.zeros(matrix.variables, np.bool_)) * WEIGHT_ONE)
    with pytest.raises(AssertionError):
        crowd.assign(np.array([0]), Weighted())


def test_what_does_not_suit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    formula = random_mix(9, 10, 20, 0)
    assert galois_cpu.missing(encode(formula)) is not None
    matrix = encode_parities(formula)
    assert galois_cpu.missing(matrix) is None
    assert GaloisPopulation.suitable_lanes(matrix, [Walk(2.3)] * 4, 2) == 2 * LANES
    monkeypatch.setattr(galois_cpu, "LARGEST", matrix.entries - 1)
    assert "more than" in str(galois_cpu.missing(matrix))
