"""A bank of lanes in weighted descent on a device: a byte a variable, weights for every GROUP lanes.

    begin  =  count, margin
    round  =  keys, STEPS × (keep, settle, pick, stuck, take, give, touch, update, flip, filter), keep, settle

The best values are exact: every step keeps them. Where GROUP is above 1, lanes that lie side by side share
their weights, which saves memory; the weights put on the first lane of a group hold.
"""

from dataclasses import astuple

import numpy as np
import torch
import triton
from numpy.typing import NDArray

from turbosat.gpu import draws
from turbosat.gpu.cuda import triton_common as triton_random
from turbosat.gpu.cuda import triton_update, triton_weighted
from turbosat.gpu.cuda.device_rows import OPTIONS, DeviceRows, tile
from turbosat.gpu.cuda.graph import Round
from turbosat.gpu.rules import STEPS, UNKNOWN, WEIGHT_ONE, Rule, Weighted

TILE = 512  # places a program holds, four a thread: a 16-byte load of counts or weights each
BYTES_TILE = 2048  # 16 a thread: a 16-byte load of values each
LIST = 128  # entries a program takes at a time, one a thread: each goes its own way through memory
TOUCH = (8, 16)  # flips, and clauses of each, that a program takes at a time
PROGRAMS = 1056  # that share the list: eight for each of the 132 processors of a Hopper chip


class WeightedBank:
    """Lanes under rules of the kind Weighted."""

    kind = Weighted

    def __init__(self, rows: DeviceRows, slots: int, seed: int, group: int = 1, steps: int = STEPS) -> None:
        self.rows = rows
        self.steps = steps
        self.slots = slots
        self.group = group
        self.groups = slots // group
        self._seed = draws.halves(seed)
        variables, clauses = rows.variables, rows.clauses
        # Weights are moved, never made, so a margin is at most their sum.
        wide = torch.int64 if clauses >= 2**31 // (2 * WEIGHT_ONE) else torch.int32
        self._values = self._zeros(torch.int8, variables, slots)
        self._best_values = self._zeros(torch.int8, variables, slots)
        self._marks = self._zeros(torch.int32, variables, slots)
        self._margins = self._empty(wide, variables, slots)
        self._counts = self._empty(torch.int32, clauses, slots)
        self._sums = self._empty(torch.int32, clauses, slots)
        self._changes = self._zeros(torch.int32, clauses, slots)
        self._shifts = self._zeros(torch.int32, clauses, slots)
        self._weights = torch.full_like(self._empty(torch.int32, clauses, self.groups), WEIGHT_ONE)
        self._requests = self._zeros(torch.int32, clauses, self.groups)
        # Lists, each with its length: the false clauses of this step and of the next, flips, touched clauses.
        self._entries = [self._empty(torch.int32, clauses * slots) for _ in range(2)]
        self._lengths = [self._zeros(torch.int32, 1) for _ in range(2)]
        self._flips = self._empty(torch.int32, variables * slots), self._zeros(torch.int32, 1)
        self._touched = self._empty(torch.int32, clauses * slots), self._zeros(torch.int32, 1)
        self._picks = self._empty(torch.int32, clauses * slots)  # and the amounts, once picks are done with
        self._givers = self._empty(torch.int32, clauses * slots)
        self._rules = self._zeros(torch.int32, 6, slots)
        self._active = self._zeros(torch.int8, slots)
        self._moved = self._zeros(torch.int32, slots)
        self._false = self._zeros(torch.int32, slots)
        self._best = self._zeros(torch.int32, slots)
        self._least = self._zeros(torch.int32, slots)  # of the false clauses counted since begin
        self._tally = self._zeros(torch.int64, slots)
        self._clock = self._zeros(torch.int32, 1)
        self._keys = self._empty(torch.int32, steps, len(draws.STREAMS))
        self._recount()
        self._stale = True  # lanes were set and their false clauses not yet counted
        self._round = Round(self._steps, rows.device)
        self._clock.zero_()
        self._best.fill_(UNKNOWN)

    def _zeros(self, dtype: torch.dtype, *shape: int) -> torch.Tensor:
        return torch.zeros(shape, dtype=dtype, device=self.rows.device)

    def _empty(self, dtype: torch.dtype, *shape: int) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype, device=self.rows.device)

    @staticmethod
    def bytes_per_slot(variables: int, clauses: int) -> int:
        """Return the device memory of a lane with weights of its own."""
        return 14 * variables + 44 * clauses + 64

    @property
    def step_effort(self) -> int:
        """What a step visits in a lane: as much as a walk's step, and the clauses of a few flips.

        That is no measure of time: its ten launches took seven times as long as a walk's step on random 3-SAT
        of 10,000 variables. Only searches that must repeat go by it; the others go by the seconds told.
        """
        entries = self.rows.rows.matrix.entries
        return max(1, 3 * entries // 32 + 8 * entries // max(1, self.rows.variables))

    def follow(self, slots: NDArray[np.int64], rule: Rule) -> None:
        """Give slots a rule."""
        assert isinstance(rule, Weighted)
        constants = torch.tensor(astuple(rule), dtype=torch.int32, device=self.rows.device)
        self._rules[:, self._at(slots)] = constants[:, None]

    def put(
        self,
        slots: NDArray[np.int64],
        values: NDArray[np.bool_],
        best_values: NDArray[np.bool_] | None = None,
        best: NDArray[np.int64] | None = None,
    ) -> None:
        """Start slots (k,) on values bool (variables, k), with best values seen before if they move here."""
        at = self._at(slots)
        self._values[:, at] = torch.from_numpy(values).to(self.rows.device).to(torch.int8)
        if best_values is None or best is None:
            self._best[at] = UNKNOWN
        else:
            self._best_values[:, at] = torch.from_numpy(best_values).to(self.rows.device).to(torch.int8)
            self._best[at] = torch.from_numpy(best).to(self.rows.device).int()
        self._stale = True

    def put_weights(self, slots: NDArray[np.int64], weights: NDArray[np.int32] | None) -> None:
        """Set the weights of slots (k,) to int32 (clauses, k), or all to WEIGHT_ONE."""
        first = slots % self.group == 0
        at = self._at(slots[first] // self.group)
        if weights is None:
            self._weights[:, at] = WEIGHT_ONE
        else:
            columns = np.ascontiguousarray(weights[:, first])
            self._weights[:, at] = torch.from_numpy(columns).to(self.rows.device)

    def get(self, slots: NDArray[np.int64], *, best: bool) -> NDArray[np.bool_]:
        """Return the present or best values of slots (k,), bool (variables, k)."""
        if best and self._stale:
            self._recount()
        source = self._best_values if best else self._values
        values: NDArray[np.bool_] = source[:, self._at(slots)].bool().cpu().numpy()
        return values

    def get_weights(self, slots: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the weights of slots (k,), int32 (clauses, k)."""
        weights: NDArray[np.int32] = self._weights[:, self._at(slots // self.group)].cpu().numpy()
        return weights

    def begin(self, moves: NDArray[np.bool_]) -> None:
        """Let the slots that `moves` (slots,) marks run, and no other; counts of flips start anew."""
        self._active.copy_(torch.from_numpy(moves.astype(np.int8)))
        self._recount()
        self._least.copy_(self._false)
        self._tally.zero_()

    def round(self) -> None:
        """Enqueue a round."""
        self._round()

    def flips(self, moves: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the flips of each slot since begin(moves)."""
        count: NDArray[np.int64] = self._tally.cpu().numpy()
        return count.copy()

    def figures(self) -> NDArray[np.int64]:
        """Return false clauses of each slot now, at its best, at least since begin, int64 (3, slots)."""
        if self._stale:
            self._recount()
        figures: NDArray[np.int64] = torch.stack([self._false, self._best, self._least]).long().cpu().numpy()
        return figures

    def _at(self, slots: NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(slots).to(self.rows.device)

    def _recount(self) -> None:
        """Enqueue the counts, margins and entries of the present values, and keep the best."""
        device = self.rows
        rows, block = tile(self.slots, 256, TILE)
        columns = triton.cdiv(self.slots, block)
        sizes = {"ROWS": rows, "BLOCK": block, **OPTIONS}
        self._false.zero_()
        self._lengths[0].zero_()
        triton_weighted.weighted_count_kernel[triton.cdiv(device.clauses, rows), columns](
            self._values,
            self._counts,
            self._sums,
            device.offsets,
            device.literals,
            self._active,
            self._false,
            self._entries[0],
            self._lengths[0],
            device.clauses,
            self.slots,
            **sizes,
        )
        triton_weighted.weighted_margin_kernel[triton.cdiv(device.variables, rows), columns](
            self._values,
            self._counts,
            self._weights,
            self._margins,
            device.starts,
            device.occurrences,
            device.variables,
            self.slots,
            self.groups,
            GROUP=self.group,
            **sizes,
        )
        self._settle(1)
        self._stale = False

    def _steps(self) -> None:
        """Enqueue the kernels of a round. An even number of steps leaves the entries in the first list."""
        triton_random.step_keys_kernel[(1,)](
            self._keys, self._clock, *self._seed, STEPS=self.steps, STREAMS=len(draws.STREAMS), **OPTIONS
        )
        self._clock.add_(self.steps)
        for step in range(self.steps):
            now, then = step % 2, 1 - step % 2
            self._settle(then)
            self._decide(step, self._entries[now], self._lengths[now])
            self._apply(now, then)
        self._settle(1)

    def _settle(self, then: int) -> None:
        """Enqueue what opens a step: keep the best values, note the counts, empty the lists to fill."""
        rows, block = tile(self.slots, 256, BYTES_TILE)
        grid = triton.cdiv(self.rows.variables, rows), triton.cdiv(self.slots, block)
        triton_update.weighted_keep_kernel[grid](
            self._values,
            self._best_values,
            self._false,
            self._best,
            self.rows.variables,
            self.slots,
            ROWS=rows,
            BLOCK=block,
            **OPTIONS,
        )
        triton_update.weighted_settle_kernel[(triton.cdiv(self.slots, 1024),)](
            self._false,
            self._best,
            self._least,
            self._lengths[then],
            self._flips[1],
            self._touched[1],
            self.slots,
            BLOCK=1024,
            **OPTIONS,
        )

    def _grid(self, longest: int) -> tuple[int]:
        """Return the programs for a list; small populations need few."""
        return (min(PROGRAMS, triton.cdiv(longest, LIST)),)

    def _decide(self, step: int, entries: torch.Tensor, length: torch.Tensor) -> None:
        """Enqueue the choice of flips, and the transfer of weight."""
        device, groups = self.rows, self.groups
        grid = self._grid(device.clauses * self.slots)
        triton_weighted.weighted_pick_kernel[grid](
            self._margins,
            device.offsets,
            device.literals,
            entries,
            length,
            self._picks,
            self._marks,
            *self._flips,
            self._moved,
            self._clock,
            self._keys,
            step,
            self.slots,
            BLOCK=LIST,
            **OPTIONS,
        )
        sizes = {"GROUP": self.group, "BLOCK": LIST, **OPTIONS}
        triton_weighted.weighted_stuck_kernel[grid](
            self._counts,
            self._weights,
            device.offsets,
            device.literals,
            device.starts,
            device.occurrences,
            self._rules,
            entries,
            length,
            self._picks,
            self._givers,
            self._marks,
            *self._flips,
            self._moved,
            self._requests,
            self._clock,
            self._keys,
            step,
            device.clauses,
            self.slots,
            groups,
            **sizes,
        )
        lists = entries, length, self._givers, self._picks, self._requests, self.slots, groups
        triton_weighted.weighted_take_kernel[grid](self._weights, self._rules, *lists, **sizes)
        triton_weighted.weighted_give_kernel[grid](
            self._weights,
            self._counts,
            self._sums,
            self._margins,
            device.offsets,
            device.literals,
            *lists,
            **sizes,
        )

    def _apply(self, now: int, then: int) -> None:
        """Enqueue the flips and what follows from them."""
        device, slots = self.rows, self.slots
        changes = self._changes, self._shifts, *self._touched
        triton_update.weighted_touch_kernel[self._grid(device.variables * slots)](
            self._values,
            device.starts,
            device.occurrences,
            *self._flips,
            *changes,
            slots,
            ROWS=TOUCH[0],
            BLOCK=TOUCH[1],
            **OPTIONS,
        )
        triton_update.weighted_update_kernel[self._grid(device.clauses * slots)](
            self._weights,
            self._counts,
            self._sums,
            self._margins,
            device.offsets,
            device.literals,
            *changes,
            self._entries[then],
            self._lengths[then],
            self._false,
            slots,
            self.groups,
            GROUP=self.group,
            BLOCK=LIST,
            **OPTIONS,
        )
        triton_update.weighted_flip_kernel[self._grid(device.variables * slots)](
            self._values, *self._flips, self._tally, slots, BLOCK=LIST, **OPTIONS
        )
        triton_update.weighted_filter_kernel[self._grid(device.clauses * slots)](
            self._counts,
            self._entries[now],
            self._lengths[now],
            self._entries[then],
            self._lengths[then],
            BLOCK=LIST,
            **OPTIONS,
        )
