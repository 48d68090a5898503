"""A bank of walking lanes on a device: 32 lanes a word, one rule a word, run in rounds of STEPS steps.

    word w, bit b  =  slot 32·w + b
    round  =  keys, STEPS × (status, flip), status, count, keep the best

A lane that has satisfied all clauses has no variable left to flip, so it stays where it is without a test.
False clauses are counted at the end of a round, not in every step: the best values are the best of those.
"""

import numpy as np
import torch
import triton
from numpy.typing import NDArray

from turbosat.gpu import draws, triton_random, triton_walk
from turbosat.gpu.cuda_graph import Round
from turbosat.gpu.device_rows import OPTIONS, DeviceRows, tile
from turbosat.gpu.rules import Walk
from turbosat.gpu.sync import BREAKS, thresholds

STEPS = 16
TILE = 512  # words a program holds, four a thread: a 16-byte load each and about 100 registers
UNKNOWN = 2**31 - 1  # false clauses of values that were not counted


class WalkBank:
    """Lanes under rules of the kind Walk."""

    kind = Walk

    def __init__(self, rows: DeviceRows, slots: int, seed: int) -> None:
        self.rows = rows
        self.slots = slots
        self.words = words = slots // 32
        self._seed = [int(np.uint32(part).view(np.int32)) for part in (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF)]
        self._values = self._new(rows.variables, words)
        self._best_values = self._new(rows.variables, words)
        self._status = self._new(rows.clauses, 2, words)
        self._thresholds = self._new(BREAKS, words)
        self._active = self._new(words)
        self._clock = self._new(1)
        self._keys = self._new(STEPS, len(draws.STREAMS))
        self._flips = self._new(words).long()
        self._false = self._new(32, words)
        self._best = self._new(32, words)
        self._bits = torch.arange(32, dtype=torch.int32, device=rows.device)[:, None]
        self._stale = True  # lanes were set and their false clauses not yet counted
        self._round = Round(self._steps, rows.device)
        self._clock.zero_()
        self._best.fill_(UNKNOWN)

    def _new(self, *shape: int) -> torch.Tensor:
        return torch.zeros(shape, dtype=torch.int32, device=self.rows.device)

    @staticmethod
    def bytes_per_slot(variables: int, clauses: int) -> int:
        """Return the device memory of a lane: two bits a clause, two a variable, and two while copying."""
        return -(-(2 * clauses + 4 * variables) // 8) + 16

    @property
    def step_effort(self) -> int:
        """What a step costs a lane: entries are visited three times, 32 lanes at once."""
        return max(1, 3 * self.rows.rows.matrix.entries // 32)

    def follow(self, slots: NDArray[np.int64], rule: Walk) -> None:
        """Give the words of slots a rule."""
        word = torch.from_numpy(np.unique(slots >> 5)).to(self.rows.device)
        self._thresholds[:, word] = torch.from_numpy(thresholds(rule)).to(self.rows.device)[:, None]

    def put(self, slots: NDArray[np.int64], values: NDArray[np.bool_]) -> None:
        """Start slots (k,) on values bool (variables, k)."""
        device = self.rows.device
        words, place = np.unique(slots >> 5, return_inverse=True)
        at = torch.from_numpy(words).to(device)
        bit = torch.from_numpy((slots & 31).astype(np.int32)).to(device)
        to = torch.from_numpy(place.astype(np.int64)).to(device)
        fresh = torch.zeros((self.rows.variables, words.size), dtype=torch.int32, device=device)
        fresh.index_add_(1, to, torch.from_numpy(values).to(device).int() << bit)
        mask = torch.zeros(words.size, dtype=torch.int32, device=device)
        mask.index_add_(0, to, torch.ones_like(bit) << bit)
        self._values[:, at] = self._values[:, at] & ~mask | fresh
        self._best[bit.long(), at[to]] = UNKNOWN
        self._stale = True

    def get(self, slots: NDArray[np.int64], *, best: bool) -> NDArray[np.bool_]:
        """Return the present or best values of slots (k,), bool (variables, k)."""
        if best and self._stale:
            self._measure()
        source = self._best_values if best else self._values
        at = torch.from_numpy(slots).to(self.rows.device)
        bits: NDArray[np.bool_] = (source[:, at >> 5] >> (at & 31).int() & 1).bool().cpu().numpy()
        return bits

    def run(self, rounds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Run slot i for rounds[i], int64 (slots,); return the flips of each slot.

        Flips are counted by word and divided among its lanes that ran.
        """
        if self._stale:
            self._measure()
        flips = np.zeros(self.slots, np.int64)
        done = 0
        for limit in np.unique(rounds[rounds > 0]).tolist():
            moves = (rounds >= limit).reshape(self.words, 32)
            packed = np.packbits(moves, axis=1, bitorder="little").view("<u4")[:, 0].astype(np.uint32)
            self._active.copy_(torch.from_numpy(packed.view(np.int32)))
            self._flips.zero_()
            for _ in range(limit - done):
                self._round()
            done = limit
            count = self._flips.cpu().numpy()  # (words,)
            shared, rest = np.divmod(count, np.maximum(moves.sum(1), 1))
            rank = np.cumsum(moves, axis=1) - 1
            flips += ((shared[:, None] + (rank < rest[:, None])) * moves).ravel()
        return flips

    def figures(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the false clauses of each slot now and at its best, int64 (slots,)."""
        if self._stale:
            self._measure()
        both = torch.stack([self._false, self._best]).transpose(1, 2).reshape(2, -1).long().cpu().numpy()
        return both[0], both[1]

    def _steps(self) -> None:
        """Enqueue a round."""
        device = self.rows
        triton_random.step_keys_kernel[(1,)](
            self._keys, self._clock, *self._seed, STEPS=STEPS, STREAMS=len(draws.STREAMS), **OPTIONS
        )
        self._clock.add_(STEPS)
        shape = tile(self.words, 128, TILE)
        columns = triton.cdiv(self.words, shape[1])
        sizes = {"ROWS": shape[0], "BLOCK": shape[1], **OPTIONS}
        for step in range(STEPS):
            self._status_pass()
            triton_walk.walk_flip_kernel[triton.cdiv(device.variables, shape[0]), columns](
                self._values,
                self._status,
                device.starts,
                device.occurrences,
                self._thresholds,
                self._active,
                self._keys,
                self._flips,
                step,
                device.variables,
                self.words,
                **sizes,
            )
        self._measure_pass()

    def _status_pass(self) -> None:
        device = self.rows
        rows, block = tile(self.words, 128, TILE)
        triton_walk.walk_status_kernel[triton.cdiv(device.clauses, rows), triton.cdiv(self.words, block)](
            self._values,
            self._status,
            device.offsets,
            device.literals,
            device.clauses,
            self.words,
            ROWS=rows,
            BLOCK=block,
            **OPTIONS,
        )

    def _measure_pass(self) -> None:
        """Enqueue the count of false clauses and the copy of values that are better than any before."""
        self._status_pass()
        self._false.zero_()
        rows, block = tile(self.words, 128, TILE)
        grid = triton.cdiv(self.rows.clauses, 7 * rows), triton.cdiv(self.words, block)
        triton_walk.walk_count_kernel[grid](
            self._status, self._false, self.rows.clauses, self.words, ROWS=rows, BLOCK=block, **OPTIONS
        )
        better = (self._false < self._best).int()  # (32, words)
        mask = (better << self._bits).sum(0, dtype=torch.int32)  # distinct bits: the sum is their union
        self._best_values.bitwise_xor_((self._best_values ^ self._values) & mask)
        torch.minimum(self._best, self._false, out=self._best)

    def _measure(self) -> None:
        self._measure_pass()
        self._stale = False
