"""A bank of walking lanes on a device: 32 lanes a word, one rule a word, run in rounds of STEPS steps.

    word w, bit b  =  slot 32·w + b
    round  =  keys, STEPS × (status, flip), status, count, keep the best

A matrix with XORs has a second status: one word for each XOR, where a clause has two.

A lane that has satisfied all clauses has no variable left to flip, so it stays where it is without a test.
False clauses are counted at the end of a round, not in every step: the best values are the best of those.
"""

import numpy as np
import torch
import triton
from numpy.typing import NDArray

from turbosat.gpu import draws
from turbosat.gpu.cuda import triton_common as triton_random
from turbosat.gpu.cuda import triton_walk
from turbosat.gpu.cuda import triton_walk as triton_galois
from turbosat.gpu.cuda.device_rows import OPTIONS, DeviceRows, tile
from turbosat.gpu.cuda.graph import Round
from turbosat.gpu.rules import BREAKS, STEPS, UNKNOWN, Rule, Walk, thresholds

TILE = 512  # words a program holds, four a thread: a 16-byte load each and about 100 registers


class WalkBank:
    """Lanes under rules of the kind Walk."""

    kind = Walk

    def __init__(self, rows: DeviceRows, slots: int, seed: int, steps: int = STEPS) -> None:
        self.rows = rows
        self.steps = steps
        self.slots = slots
        self.words = words = slots // 32
        self._seed = draws.halves(seed)
        self._values = self._new(rows.variables, words)
        self._best_values = self._new(rows.variables, words)
        self._status = torch.empty((rows.clauses, 2, words), dtype=torch.int32, device=rows.device)
        xors = 0 if rows.xors is None else len(rows.xors.parities)
        self._parity = torch.empty((xors, words), dtype=torch.int32, device=rows.device)
        self._thresholds = self._new(BREAKS, words)
        self._active = self._new(words)
        self._clock = self._new(1)
        self._keys = self._new(steps, len(draws.STREAMS))
        self._flips = self._new(words).long()
        self._false = self._new(32, words)
        self._best = self._new(32, words)
        self._least = self._new(32, words)  # of the false clauses counted since begin
        self._bits = torch.arange(32, dtype=torch.int32, device=rows.device)[:, None]
        self._stale = True  # lanes were set and their false clauses not yet counted
        self._round = Round(self._steps, rows.device)
        self._clock.zero_()
        self._best.fill_(UNKNOWN)

    def _new(self, *shape: int) -> torch.Tensor:
        return torch.zeros(shape, dtype=torch.int32, device=self.rows.device)

    @staticmethod
    def bytes_per_slot(variables: int, clauses: int, xors: int = 0) -> int:
        """Return the device memory of a lane: bits by clause, XOR and variable, and two while copying."""
        return -(-(2 * clauses + xors + 4 * variables) // 8) + 16

    @property
    def step_effort(self) -> int:
        """What a step costs a lane: entries are visited three times, 32 lanes at once."""
        return max(1, 3 * self.rows.rows.matrix.entries // 32)

    @property
    def step_bytes(self) -> int:
        """The least that a step must move: each entry read once by `status`, twice by `flip`, and the rows.

        Of an XOR `flip` reads one word. Indices of rows are read by every program of a column of tiles,
        mostly from the cache: not counted.
        """
        matrix = self.rows.rows.matrix
        moved = 3 * matrix.literals.size + 2 * matrix.clauses + 2 * matrix.variables
        if self.rows.xors is not None:
            moved += 2 * len(self.rows.xors.variables) + len(self.rows.xors.parities)
        return 4 * self.words * moved

    def follow(self, slots: NDArray[np.int64], rule: Rule) -> None:
        """Give the words of slots a rule."""
        assert isinstance(rule, Walk)
        words = np.unique(slots >> 5)
        table = np.stack([thresholds(rule, odd=bool(word & 1)) for word in words.tolist()], axis=1)
        self._thresholds[:, self._at(words)] = torch.from_numpy(table).to(self.rows.device)

    def put(
        self,
        slots: NDArray[np.int64],
        values: NDArray[np.bool_],
        best_values: NDArray[np.bool_] | None = None,
        best: NDArray[np.int64] | None = None,
    ) -> None:
        """Start slots (k,) on values bool (variables, k), with best values seen before if they move here."""
        self._write(self._values, slots, values)
        at = self._at(slots)
        if best_values is None or best is None:
            self._best[at & 31, at >> 5] = UNKNOWN
        else:
            self._write(self._best_values, slots, best_values)
            self._best[at & 31, at >> 5] = torch.from_numpy(best).to(self.rows.device).int()
        self._stale = True

    def _at(self, slots: NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(slots).to(self.rows.device)

    def _write(self, target: torch.Tensor, slots: NDArray[np.int64], values: NDArray[np.bool_]) -> None:
        """Set the bits of slots (k,) in words (variables, words) to values (variables, k)."""
        words, place = np.unique(slots >> 5, return_inverse=True)
        word, to = self._at(words), self._at(place.astype(np.int64))
        bit = self._at(slots & 31).int()
        fresh = torch.zeros((target.shape[0], words.size), dtype=torch.int32, device=target.device)
        fresh.index_add_(1, to, torch.from_numpy(values).to(target.device).int() << bit)
        mask = torch.zeros(words.size, dtype=torch.int32, device=target.device)
        mask.index_add_(0, to, torch.ones_like(bit) << bit)
        target[:, word] = target[:, word] & ~mask | fresh

    def get(self, slots: NDArray[np.int64], *, best: bool) -> NDArray[np.bool_]:
        """Return the present or best values of slots (k,), bool (variables, k)."""
        if best and self._stale:
            self._measure()
        source = self._best_values if best else self._values
        at = self._at(slots)
        bits: NDArray[np.bool_] = (source[:, at >> 5] >> (at & 31).int() & 1).bool().cpu().numpy()
        return bits

    def begin(self, moves: NDArray[np.bool_]) -> None:
        """Let the slots that `moves` (slots,) marks run, and no other; counts of flips start anew."""
        if self._stale:
            self._measure()
        packed = np.packbits(moves.reshape(self.words, 32), axis=1, bitorder="little").view("<i4")[:, 0]
        self._active.copy_(torch.from_numpy(packed.astype(np.int32)))
        self._flips.zero_()
        self._least.copy_(self._false)

    def round(self) -> None:
        """Enqueue a round."""
        self._round()

    def flips(self, moves: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the flips of each slot since begin(moves): its word's, divided among those that ran."""
        ran = moves.reshape(self.words, 32)
        share, rest = np.divmod(self._flips.cpu().numpy(), np.maximum(ran.sum(1), 1))  # (words,)
        extra = np.cumsum(ran, axis=1) <= rest[:, None]
        flips: NDArray[np.int64] = ((share[:, None] + extra) * ran).ravel()
        return flips

    def figures(self) -> NDArray[np.int64]:
        """Return false clauses of each slot now, at its best, at least since begin, int64 (3, slots)."""
        if self._stale:
            self._measure()
        counts = torch.stack([self._false, self._best, self._least])  # (3, 32, words)
        figures: NDArray[np.int64] = counts.transpose(1, 2).reshape(3, -1).long().cpu().numpy()
        return figures

    def _steps(self) -> None:
        """Enqueue a round."""
        device = self.rows
        triton_random.step_keys_kernel[(1,)](
            self._keys, self._clock, *self._seed, STEPS=self.steps, STREAMS=len(draws.STREAMS), **OPTIONS
        )
        self._clock.add_(self.steps)
        shape = tile(self.words, 128, TILE)
        columns = triton.cdiv(self.words, shape[1])
        sizes = {"ROWS": shape[0], "BLOCK": shape[1], **OPTIONS}
        xors = device.xors
        for step in range(self.steps):
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
                device.starts if xors is None else xors.starts,
                device.occurrences if xors is None else xors.occurrences,
                self._parity,
                step,
                device.variables,
                self.words,
                XORS=xors is not None,
                **sizes,
            )
        self._measure_pass()

    def _status_pass(self) -> None:
        device, xors = self.rows, self.rows.xors
        rows, block = tile(self.words, 128, TILE)
        columns = triton.cdiv(self.words, block)
        sizes = {"ROWS": rows, "BLOCK": block, **OPTIONS}
        if device.clauses:
            triton_walk.walk_status_kernel[triton.cdiv(device.clauses, rows), columns](
                self._values,
                self._status,
                device.offsets,
                device.literals,
                device.clauses,
                self.words,
                **sizes,
            )
        if xors is not None:
            triton_galois.parity_status_kernel[triton.cdiv(len(self._parity), rows), columns](
                self._values,
                self._parity,
                xors.offsets,
                xors.variables,
                xors.parities,
                len(self._parity),
                self.words,
                **sizes,
            )

    def _measure_pass(self) -> None:
        """Enqueue the count of false clauses and the copy of values that are better than any before."""
        self._status_pass()
        self._false.zero_()
        rows, block = tile(self.words, 128, TILE)
        columns = triton.cdiv(self.words, block)
        sizes = {"ROWS": rows, "BLOCK": block, **OPTIONS}
        for status, stride in ((self._status, 2), (self._parity, 1)):
            constraints = len(status)
            if constraints:
                triton_walk.walk_count_kernel[triton.cdiv(constraints, 7 * rows), columns](
                    status, self._false, constraints, self.words, STRIDE=stride, **sizes
                )
        better = (self._false < self._best).int()  # (32, words)
        mask = (better << self._bits).sum(0, dtype=torch.int32)  # distinct bits: the sum is their union
        self._best_values.bitwise_xor_((self._best_values ^ self._values) & mask)
        torch.minimum(self._best, self._false, out=self._best)
        torch.minimum(self._least, self._false, out=self._least)

    def _measure(self) -> None:
        self._measure_pass()
        self._stale = False
