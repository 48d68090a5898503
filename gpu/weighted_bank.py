"""A bank of lanes in weighted descent on a device: a byte a variable, weights for every GROUP lanes.

    round  =  keys, STEPS × (count, margin, pick, stuck, take, give, flip, settle), count, flip, settle

The best values are exact: every step counts. Where GROUP is above 1, lanes that lie side by side share their
weights, which takes most of the memory traffic away; the weights put on the first lane of a group hold.
"""

from dataclasses import astuple

import numpy as np
import torch
import triton
from numpy.typing import NDArray

from turbosat.gpu import draws, triton_random, triton_weighted
from turbosat.gpu.cuda_graph import Round
from turbosat.gpu.device_rows import OPTIONS, DeviceRows, tile
from turbosat.gpu.rules import WEIGHT_ONE, Rule, Weighted
from turbosat.gpu.sync import STEPS, UNKNOWN

TILE = 2048  # places a program holds, 16 a thread: a 16-byte load of values each
MARGIN_TILE = 512  # four a thread: a 16-byte load of weights each, so that neighbours read side by side
LIST = 128  # entries a program takes at a time, one a thread: each goes its own way through memory
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
        self._marks = self._zeros(torch.int8, variables, slots)
        self._margins = self._empty(wide, variables, slots)
        self._state = self._empty(torch.int8, clauses, slots)
        self._weights = torch.full_like(self._empty(torch.int32, clauses, self.groups), WEIGHT_ONE)
        self._requests = self._zeros(torch.int32, clauses, self.groups)
        self._entries = self._empty(torch.int32, clauses * slots)
        self._picks = self._empty(torch.int32, clauses * slots)  # and the amounts, once picks are done with
        self._givers = self._empty(torch.int32, clauses * slots)
        self._length = self._zeros(torch.int32, 1)
        self._rules = self._zeros(torch.int32, 6, slots)
        self._active = self._zeros(torch.int8, slots)
        self._moved = self._zeros(torch.int32, slots)
        self._false = self._zeros(torch.int32, slots)
        self._now = self._zeros(torch.int32, slots)
        self._best = self._zeros(torch.int32, slots)
        self._least = self._zeros(torch.int32, slots)  # of the false clauses counted since begin
        self._flips = self._zeros(torch.int64, slots)
        self._clock = self._zeros(torch.int32, 1)
        self._keys = self._empty(torch.int32, steps, len(draws.STREAMS))
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
        return 11 * variables + 21 * clauses + 64

    @property
    def step_effort(self) -> int:
        """What a step costs a lane: entries are visited twice, their weights once."""
        return 3 * self.rows.rows.matrix.entries

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
            self._measure()
        source = self._best_values if best else self._values
        values: NDArray[np.bool_] = source[:, self._at(slots)].bool().cpu().numpy()
        return values

    def get_weights(self, slots: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the weights of slots (k,), int32 (clauses, k)."""
        weights: NDArray[np.int32] = self._weights[:, self._at(slots // self.group)].cpu().numpy()
        return weights

    def begin(self, moves: NDArray[np.bool_]) -> None:
        """Let the slots that `moves` (slots,) marks run, and no other; counts of flips start anew."""
        if self._stale:
            self._measure()
        self._active.copy_(torch.from_numpy(moves.astype(np.int8)))
        self._flips.zero_()
        self._least.copy_(self._now)

    def round(self) -> None:
        """Enqueue a round."""
        self._round()

    def flips(self, moves: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the flips of each slot since begin(moves)."""
        count: NDArray[np.int64] = self._flips.cpu().numpy()
        return count.copy()

    def figures(self) -> NDArray[np.int64]:
        """Return false clauses of each slot now, at its best, at least since begin, int64 (3, slots)."""
        if self._stale:
            self._measure()
        figures: NDArray[np.int64] = torch.stack([self._now, self._best, self._least]).long().cpu().numpy()
        return figures

    def _at(self, slots: NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(slots).to(self.rows.device)

    def _steps(self) -> None:
        """Enqueue the kernels of a round."""
        triton_random.step_keys_kernel[(1,)](
            self._keys, self._clock, *self._seed, STEPS=self.steps, STREAMS=len(draws.STREAMS), **OPTIONS
        )
        self._clock.add_(self.steps)
        for step in range(self.steps):
            self._count_pass()
            self._margin_pass()
            self._entry_passes(step)
            self._flip_pass()
        self._measure_pass()

    def _measure_pass(self) -> None:
        self._count_pass()
        self._flip_pass()  # nothing is marked: keeps the best values

    def _measure(self) -> None:
        self._measure_pass()
        self._stale = False

    def _count_pass(self) -> None:
        device = self.rows
        rows, block = tile(self.slots, 256, TILE)
        grid = triton.cdiv(device.clauses, rows), triton.cdiv(self.slots, block)
        triton_weighted.weighted_count_kernel[grid](
            self._values,
            self._state,
            device.offsets,
            device.literals,
            self._active,
            self._false,
            self._entries,
            self._length,
            device.clauses,
            self.slots,
            ROWS=rows,
            BLOCK=block,
            **OPTIONS,
        )

    def _margin_pass(self) -> None:
        device = self.rows
        rows, block = tile(self.slots, 256, MARGIN_TILE)
        grid = triton.cdiv(device.variables, rows), triton.cdiv(self.slots, block)
        triton_weighted.weighted_margin_kernel[grid](
            self._values,
            self._state,
            self._weights,
            self._margins,
            device.starts,
            device.occurrences,
            device.variables,
            self.slots,
            self.groups,
            GROUP=self.group,
            ROWS=rows,
            BLOCK=block,
            **OPTIONS,
        )

    def _entry_passes(self, step: int) -> None:
        device, groups = self.rows, self.groups
        # The list is no longer than all clauses of all lanes; small populations need few programs.
        grid = (min(PROGRAMS, triton.cdiv(device.clauses * self.slots, LIST)),)
        triton_weighted.weighted_pick_kernel[grid](
            self._margins,
            device.offsets,
            device.literals,
            self._entries,
            self._length,
            self._picks,
            self._marks,
            self._moved,
            self._clock,
            self._keys,
            step,
            self.slots,
            BLOCK=LIST,
            **OPTIONS,
        )
        triton_weighted.weighted_stuck_kernel[grid](
            self._state,
            self._weights,
            device.offsets,
            device.literals,
            device.starts,
            device.occurrences,
            self._rules,
            self._entries,
            self._length,
            self._picks,
            self._givers,
            self._marks,
            self._moved,
            self._requests,
            self._clock,
            self._keys,
            step,
            device.clauses,
            self.slots,
            groups,
            GROUP=self.group,
            BLOCK=LIST,
            **OPTIONS,
        )
        lists = self._entries, self._length, self._givers, self._picks, self._requests, self.slots, groups
        sizes = {"GROUP": self.group, "BLOCK": LIST, **OPTIONS}
        triton_weighted.weighted_take_kernel[grid](self._weights, self._rules, *lists, **sizes)
        triton_weighted.weighted_give_kernel[grid](self._weights, *lists, **sizes)

    def _flip_pass(self) -> None:
        variables = self.rows.variables
        rows, block = tile(self.slots, 256, TILE)
        triton_weighted.weighted_flip_kernel[triton.cdiv(variables, rows), triton.cdiv(self.slots, block)](
            self._values,
            self._best_values,
            self._marks,
            self._false,
            self._best,
            self._flips,
            variables,
            self.slots,
            ROWS=rows,
            BLOCK=block,
            **OPTIONS,
        )
        triton_weighted.weighted_settle_kernel[(triton.cdiv(self.slots, 1024),)](
            self._false,
            self._best,
            self._least,
            self._now,
            self._length,
            self.slots,
            BLOCK=1024,
            **OPTIONS,
        )
