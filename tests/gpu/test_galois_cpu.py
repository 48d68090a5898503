import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.gpu.parity_cases import random_parities
from turbosat.encodings.parity_matrix import ParityMatrix
from turbosat.gpu import draws, reference
from turbosat.gpu.galois_cpu import GaloisPopulation
from turbosat.gpu.rules import Walk
from turbosat.gpu.simd import LANES, WIDTH
from turbosat.gpu.sync import thresholds

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
        # A step costs one unit at least: one unit is one step. Solved lanes rest with their block.
        moves = np.zeros(blocks * LANES, np.bool_)
        moves[:lanes] = (effort > 0) & (best > 0)
        rests = ~moves.reshape(blocks, LANES).any(axis=1)
        report = crowd.advance(effort, np.full(lanes, NEVER))
        if rests.any():
            break  # its clock stands still
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
