"""The finite-field population on CPU cores: blocks of bit-packed lanes, XORs read as they are.

lane  =  block · LANES + 32 · word + bit        blocks run in threads, the lanes of a block in step
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from turbosat.core.galois import (
    ACTIVE,
    BITS,
    BREAKS,
    COUNTERS,
    LANES,
    LEFT_PLANES,
    MASKS,
    NEXT,
    OVER,
    PHASE,
    SOLVED,
    SPENT,
    WIDTH,
    Block,
    ParityProblem,
    judge_block,
    run_block,
    tally_block,
)
from turbosat.encodings.matrix import Matrix
from turbosat.encodings.parity_matrix import ParityMatrix
from turbosat.gpu import draws
from turbosat.gpu.backend import Population, Report
from turbosat.gpu.rules import WEIGHT_ONE, Rule, Walk, thresholds

STEPS = 256  # for which keys are made at once
LARGEST = 2**18  # places of a matrix: a step takes up to 0.3 µs for each
PATIENCE = 2**22  # visits of a call: 10 ms
JUDGED = 2**14  # constraints that a call judges
CROWD = 2**25  # values of all lanes together that are drawn before the search begins, in half a second
FEWEST_LANES = 64
_LONGEST = 2**LEFT_PLANES - 1


def missing(matrix: Matrix) -> str | None:
    """Return why this device cannot be used, None if it can."""
    if not isinstance(matrix, ParityMatrix):
        return "it reads parity matrices only"
    if matrix.entries > LARGEST:
        return f"{matrix.entries} places in clauses and XORs, more than {LARGEST}"
    return None


class GaloisPopulation(Population):
    """Lanes under rules of the kind Walk, each lane its own; best values and counts are exact every step."""

    matrix: ParityMatrix

    def __init__(self, matrix: Matrix, lanes: int, seed: int, workers: int = 1) -> None:
        assert isinstance(matrix, ParityMatrix)
        super().__init__(matrix, lanes, seed, workers)
        self.lockstep = LANES
        self.shifting = True
        self._problem = ParityProblem(
            offsets=matrix.offsets,
            literals=matrix.literals,
            starts=matrix.starts,
            occurrences=matrix.occurrences,
            xor_offsets=matrix.xor_offsets,
            xor_variables=matrix.xor_variables,
            parities=matrix.parities,
            xor_starts=matrix.xor_starts,
            xor_occurrences=matrix.xor_occurrences,
        )
        blocks = -(-lanes // LANES)
        self._blocks = [_empty(matrix) for _ in range(blocks)]
        self._clock = np.zeros(blocks, np.int64)  # (blocks,), steps taken
        self._stale = np.ones(blocks, np.bool_)  # (blocks,), values were set and not counted
        self._table = np.zeros((BREAKS, blocks * LANES), np.int64)  # probabilities in 2^-BITS
        self._rules: list[Rule | None] = [None] * lanes
        self._follow = np.ones(blocks, np.bool_)  # (blocks,), the block does not know its table
        self._flips = np.zeros(blocks * LANES, np.int64)
        self._ran = np.zeros(blocks * LANES, np.bool_)  # since the restart
        self._threads = ThreadPoolExecutor(workers) if workers > 1 else None
        every = np.arange(lanes)
        self.assign(every, Walk(2.3))
        self.restart(every, np.zeros((lanes, matrix.variables), np.bool_))

    @staticmethod
    def suitable_lanes(matrix: Matrix, rules: Sequence[Rule], workers: int) -> int:
        """Return the lanes of one block for each worker, or as many as can be set up soon."""
        return max(FEWEST_LANES, min(LANES * workers, CROWD // matrix.variables))

    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes follow a rule of the kind Walk."""
        assert isinstance(rule, Walk)
        moved = np.array([lane for lane in lanes.tolist() if self._rules[lane] != rule], np.int64)
        for odd in (False, True):  # as on other devices: words take turns between two probabilities
            some = moved[(moved >> 5 & 1) == odd]
            self._table[:, some] = thresholds(rule, odd)[:, None]
        for lane in moved.tolist():
            self._rules[lane] = rule
        self._follow[moved // LANES] = True

    def restart(
        self, lanes: NDArray[np.int64], values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> None:
        """Put lanes on values; there are no weights."""
        for row, lane in enumerate(lanes.tolist()):
            block, word, bit = self._place(lane)
            column = block.values[:, word]
            column &= ~np.uint32(1 << bit)
            column |= values[row].astype(np.uint32) << np.uint32(bit)
            block.best[:, word] |= np.uint32(1 << bit)  # more than any number of false constraints
        self._flips[lanes] = 0
        self._ran[lanes] = False
        self._stale[lanes // LANES] = True

    def advance(self, effort: NDArray[np.int64], until: NDArray[np.int64]) -> Report:
        """Run the blocks that hold lanes with effort, each in one thread.

        A block stops early, or does not begin, when a lane of it that has effort is solved or made its flips.
        """
        blocks = len(self._blocks)
        spent = np.zeros(blocks * LANES, np.int64)
        wanted = np.zeros_like(spent)
        wanted[: self.lanes] = effort
        limit = np.zeros_like(spent)
        limit[: self.lanes] = until

        def work(index: int) -> None:
            part = slice(index * LANES, (index + 1) * LANES)
            self._run(index, wanted[part], limit[part], spent[part])

        if self._threads is None:
            for index in range(blocks):
                work(index)
        else:
            list(self._threads.map(work, range(blocks)))
        self._ran |= spent > 0
        best = self._numbers([block.best for block in self._blocks])
        best[~self._ran & (best > 0)] = -1
        return Report(
            false=self._numbers([block.now for block in self._blocks])[: self.lanes],
            best=best[: self.lanes],
            least=self._numbers([block.least for block in self._blocks])[: self.lanes],
            flips=self._flips[: self.lanes].copy(),
            effort=spent[: self.lanes],
        )

    def values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the present values of lanes."""
        return self._read(lanes, best=False)

    def best_values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the values with the fewest false constraints since the restart."""
        for index in np.unique(lanes // LANES).tolist():
            self._count(index)
        return self._read(lanes, best=True)

    def weights(self, lanes: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return WEIGHT_ONE for every constraint."""
        return np.full((lanes.size, self.matrix.constraints), WEIGHT_ONE, np.int32)

    def close(self) -> None:
        """End the threads."""
        if self._threads is not None:
            self._threads.shutdown()

    def _place(self, lane: int) -> tuple[Block, int, int]:
        return self._blocks[lane // LANES], lane % LANES >> 5, lane & 31

    def _read(self, lanes: NDArray[np.int64], *, best: bool) -> NDArray[np.bool_]:
        result = np.zeros((lanes.size, self.matrix.variables), np.bool_)
        for row, lane in enumerate(lanes.tolist()):
            block, word, bit = self._place(lane)
            words = block.best_values if best else block.values
            result[row] = words[:, word] >> np.uint32(bit) & np.uint32(1)
        return result

    def _numbers(self, planes: list[NDArray[np.uint32]]) -> NDArray[np.int64]:
        """Return the number of each lane of all blocks, int64 (lanes,)."""
        return np.concatenate([_numbers(each) for each in planes])

    def _count(self, index: int) -> None:
        if self._stale[index]:
            block, constraints = self._blocks[index], self.matrix.constraints
            for first in range(0, constraints, JUDGED):
                judge_block(self._problem, block, first, min(first + JUDGED, constraints))
            tally_block(block)
            self._stale[index] = False

    def _run(
        self, index: int, effort: NDArray[np.int64], until: NDArray[np.int64], spent: NDArray[np.int64]
    ) -> None:
        """Run a block, effort and until (LANES,); write what its lanes spent."""
        block = self._blocks[index]
        part = slice(index * LANES, (index + 1) * LANES)
        self._count(index)
        block.least[:] = block.now
        if self._follow[index]:
            table = self._table[:, part]
            bits = table[None] >> np.arange(BITS)[:, None, None] & 1  # (BITS, BREAKS, LANES)
            block.thresholds[:] = _packed(bits.reshape(BITS * BREAKS, LANES))
            self._follow[index] = False
        flips = self._flips[part]
        moves = (effort > 0) & (flips < until)
        ended = bool((_numbers(block.best)[moves] == 0).any())
        left = np.where(moves, until - flips - 1, 0)
        block.left[:] = _packed(left[None] >> np.arange(LEFT_PLANES)[:, None] & 1)
        block.masks[OVER] = 0
        while not ended:
            active = moves & (spent < effort)
            if not active.any():
                break
            block.masks[ACTIVE] = _packed(active[None])[0]
            keys = draws.step_keys(self.seed, int(self._clock[index]), STEPS)[:, draws.FLIP].copy()
            lowest = int((effort - spent)[active].min())
            first_word = index * WIDTH
            words = len(self._blocks) * WIDTH
            steps = run_block(self._problem, block, keys, first_word, words, lowest, PATIENCE)
            self._clock[index] += steps
            spent[active] += block.counters[SPENT]
            if block.counters[PHASE] != NEXT:  # the lanes that are active may not change within a step
                continue
            ended = bool(((block.masks[SOLVED] | block.masks[OVER]) & block.masks[ACTIVE]).any())
        flips += np.where(moves, (left - _numbers(block.left)) & _LONGEST, 0)


def _empty(matrix: ParityMatrix) -> Block:
    planes = int(matrix.constraints).bit_length() + 1

    def rows(count: int) -> NDArray[np.uint32]:
        """Return zeros (count, WIDTH) whose rows each fill cache lines of their own."""
        raw = np.zeros(count * WIDTH * 4 + 64, np.uint8)
        start = -raw.ctypes.data % 64
        return raw[start : start + count * WIDTH * 4].view(np.uint32).reshape(count, WIDTH)

    return Block(
        values=rows(matrix.variables),
        best_values=rows(matrix.variables),
        false=rows(matrix.constraints),
        alone=rows(matrix.clauses),
        flipped=rows(matrix.variables),
        false_list=np.zeros(matrix.constraints, np.int32),
        listed=np.zeros(matrix.constraints, np.bool_),
        seen=np.zeros(matrix.variables, np.int64),
        touched=np.zeros(matrix.clauses, np.int64),
        wanted=np.zeros(matrix.variables, np.int32),
        changed=np.zeros(matrix.variables, np.int32),
        thresholds=rows(BITS * BREAKS),
        now=rows(planes),
        best=rows(planes),
        least=rows(planes),
        left=rows(LEFT_PLANES),
        masks=rows(MASKS),
        counters=np.zeros(COUNTERS, np.int64),
    )


def _packed(bits: NDArray[np.integer] | NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Pack bits (rows, LANES) into words uint32 (rows, WIDTH)."""
    return np.packbits(bits.astype(np.bool_), axis=1, bitorder="little").view("<u4").astype(np.uint32)


def _numbers(planes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the numbers in bit planes (planes, WIDTH), int64 (LANES,)."""
    bits = np.unpackbits(planes.astype("<u4").view(np.uint8), axis=1, bitorder="little")  # (planes, LANES)
    return np.asarray((bits.astype(np.int64) << np.arange(len(bits))[:, None]).sum(axis=0))
