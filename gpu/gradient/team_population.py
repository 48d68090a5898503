"""Lanes that each run on their own on a CUDA device: deep ones, where synchronous lanes are many.

    lane ──► (kind of its rule, slot in the bank of that kind)
    advance ──► one launch for each rule, as long as SLICE at most; each is charged the seconds that it took

How fast this is on a device has not been measured: it runs where it is asked for, never by itself.
"""

import time
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from turbosat.core.gradient import (
    HEAD,
    HEAD_BEST,
    HEAD_EFFORT,
    HEAD_FALSE,
    HEAD_FLIPS,
    HEAD_FRESH,
    HEAD_LEAST,
    HEAD_RANDOM,
    HEAD_UNSAVED,
    TEAM_FULL,
    TEAM_UNIT,
    WEIGHT_ONE,
    WEIGHTED,
)
from turbosat.encodings.matrix import Matrix
from turbosat.errors import DeviceError
from turbosat.gpu.backend import Population, Report
from turbosat.gpu.cuda import context as cuda_context
from turbosat.gpu.cuda import nvrtc
from turbosat.gpu.gradient.team_banks import Bank, CoreBank, CudaBank, room_of, values_at, weights_at
from turbosat.gpu.gradient.teams import UNIT, Form, Reading, constants, kind_of, plan, unsuitable
from turbosat.gpu.rules import Rule, Walk

UNCOUNTED = 2**32 - 1  # false clauses of a lane that did not run yet
MOST = 2**31 - 1  # effort and flips that an order can name


def missing(matrix: Matrix) -> str | None:
    """Return why teams cannot run on a matrix here, None if they can."""
    reason = cuda_context.unusable() or unsuitable(matrix)
    return reason or nvrtc.missing(cuda_context.newest()[0])


class TeamPopulation(Population):
    """Lanes run by teams of threads. With device="cpu" teams are loops on a core: for tests."""

    def __init__(
        self,
        matrix: Matrix,
        lanes: int,
        seed: int,
        workers: int = 1,
        *,
        device: str = "cuda",
        width: int | None = None,
        crowd: int | None = None,
    ) -> None:
        """`width` threads a lane and at most `crowd` lanes a multiprocessor; None: see plan."""
        super().__init__(matrix, lanes, seed, workers)
        self.lockstep = lanes
        self.timed = device == "cuda"
        self._width, self._crowd = width, crowd
        self._context = cuda_context.open_context() if self.timed else None
        if self.timed and self._context is None:
            raise DeviceError(cuda_context.unusable() or "no device")
        self._reading = Reading(matrix)
        self._banks: dict[int, Bank] = {}  # by kind
        self._members: dict[int, list[int]] = {}  # by kind: the lane in each slot
        self._slots: dict[tuple[int, int], int] = {}  # by kind and lane
        self._kinds = np.full(lanes, -1, np.int64)  # of the state that a lane is in, -1 before it has one
        self._rules: list[Rule] = [Walk(2.3)] * lanes
        self._heads = np.zeros((lanes, HEAD), np.uint32)
        for lane in range(lanes):
            seeded = np.random.SeedSequence([seed, lane]).generate_state(1, np.uint64) | np.uint64(
                1
            )  # never 0
            self._heads[lane, HEAD_RANDOM : HEAD_RANDOM + 2] = seeded.view(np.uint32)
        self._flips = np.zeros(lanes, np.int64)
        self._given: dict[int, NDArray[np.int32]] = {}  # weights of lanes that have no state with weights
        nothing = np.zeros(matrix.variables, np.bool_)
        self._starts: dict[int, NDArray[np.bool_]] = dict.fromkeys(range(lanes), nothing)
        self._heads[:, HEAD_BEST] = UNCOUNTED

    @staticmethod
    def suitable_lanes(matrix: Matrix, rules: Sequence[Rule], workers: int) -> int:
        """Return as many lanes as run at a time, of each kind."""
        context = cuda_context.open_context()
        if context is None:
            raise DeviceError(cuda_context.unusable() or "no device")
        room = room_of(context)
        context.close()
        kinds = {kind_of(matrix, rule) for rule in rules}
        return max(len(rules), sum(plan(matrix, kind, room).lanes for kind in kinds))

    def allot(self, rules: Sequence[Rule]) -> NDArray[np.int64]:
        """Return the rule of each lane, (lanes,), in proportion to how many of its kind run at a time."""
        if self._context is None or self.lanes < len(rules):
            return super().allot(rules)
        kinds = np.array([kind_of(self.matrix, rule) for rule in rules])
        room = room_of(self._context)
        places = np.array(
            [
                plan(self.matrix, int(kind), room, width=self._width, crowd=self._crowd).lanes
                / np.count_nonzero(kinds == kind)
                for kind in kinds
            ]
        )
        spare = self.lanes - len(rules)  # besides one for each
        bounds = np.rint(np.cumsum(places) / places.sum() * spare).astype(np.int64)
        return np.repeat(np.arange(len(rules)), 1 + np.diff(bounds, prepend=0))

    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes follow a rule; one of another kind keeps another state, which is made when they run."""
        for lane in lanes.tolist():
            self._rules[lane] = rule

    def restart(
        self, lanes: NDArray[np.int64], values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> None:
        """Put lanes on values; what is kept is computed when they run."""
        for row, lane in enumerate(lanes.tolist()):
            self._starts[lane] = values[row].copy()
            self._given.pop(lane, None)
            if weights is not None:
                self._given[lane] = weights[row].copy()
            self._kinds[lane] = -1
        self._heads[lanes, HEAD_BEST] = UNCOUNTED
        self._flips[lanes] = 0

    def advance(self, effort: NDArray[np.int64], until: NDArray[np.int64]) -> Report:
        """Run lanes by their efforts, on a device not longer than SLICE for each rule."""
        self._settle()
        heads = self._heads
        spent, seconds = np.zeros(self.lanes, np.int64), np.zeros(self.lanes)
        moves = (effort > 0) & (heads[:, HEAD_BEST] > 0) & (self._flips < until)
        heads[:, HEAD_LEAST] = self.matrix.clauses
        groups: dict[tuple[int, Rule], list[int]] = {}
        for lane in np.flatnonzero(moves).tolist():
            groups.setdefault((int(self._kinds[lane]), self._rules[lane]), []).append(lane)
        for (kind, rule), group in groups.items():
            lanes, begin = np.array(group), time.perf_counter()
            self._run(kind, rule, lanes, effort[lanes], until[lanes])
            seconds[lanes] = (time.perf_counter() - begin) / lanes.size
            self._flips[lanes] += heads[lanes, HEAD_FLIPS]
            spent[lanes] = heads[lanes, HEAD_EFFORT]
        best = heads[:, HEAD_BEST].astype(np.int64)
        best[best == UNCOUNTED] = -1
        return Report(
            false=heads[:, HEAD_FALSE].astype(np.int64),
            best=best,
            least=heads[:, HEAD_LEAST].astype(np.int64),
            flips=self._flips.copy(),
            effort=spent,
            seconds=seconds if self.timed else None,
        )

    def values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the present values of lanes."""
        return self._collect(lanes, best=False)

    def best_values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the values with the fewest false clauses since the restart."""
        return self._collect(lanes, best=True)

    def weights(self, lanes: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the clause weights of lanes; of one that walks, those it had when it last descended."""
        self._settle()
        result = np.full((lanes.size, self.matrix.clauses), WEIGHT_ONE, np.int32)
        for row, lane in enumerate(lanes.tolist()):
            if self._kinds[lane] == WEIGHTED:
                result[row] = self._weights_of(lane)
            elif lane in self._given:
                result[row] = self._given[lane]
        return result

    def close(self) -> None:
        """Give the device back."""
        with suppress(DeviceError):  # one that broke takes nothing back
            for bank in self._banks.values():
                if isinstance(bank, CudaBank):
                    bank.free()
        self._banks.clear()
        if self._context is not None:
            self._context.close()

    def _run(
        self,
        kind: int,
        rule: Rule,
        lanes: NDArray[np.int64],
        effort: NDArray[np.int64],
        until: NDArray[np.int64],
    ) -> None:
        members = np.array(self._members[kind])
        slots = [self._slots[kind, lane] for lane in lanes.tolist()]
        flips = until - self._flips[lanes]
        orders = np.stack([slots, np.minimum(effort, MOST), np.minimum(flips, MOST)], axis=1)
        heads = self._heads[members]
        self._banks[kind].run(constants(self.matrix, rule), orders.astype(np.uint32), heads)
        self._heads[lanes] = heads[slots]

    def _collect(self, lanes: NDArray[np.int64], *, best: bool) -> NDArray[np.bool_]:
        self._settle()
        rows = [self._values_of(lane, best=best) for lane in lanes.tolist()]
        return np.stack([self._unpacked(row) for row in rows])

    def _values_of(self, lane: int, *, best: bool) -> NDArray[np.uint32]:
        """Return packed values, (groups,). Before a lane ran they are its best, too."""
        kind = int(self._kinds[lane])
        bank = self._banks[kind]
        counted = self._heads[lane, HEAD_BEST] != UNCOUNTED
        return bank.read(self._slots[kind, lane], *values_at(bank.form, best=best and bool(counted)))

    def _weights_of(self, lane: int) -> NDArray[np.int32]:
        bank = self._banks[WEIGHTED]
        words = bank.read(self._slots[WEIGHTED, lane], *weights_at(bank.form))
        return words.view(np.uint16)[: self.matrix.clauses].astype(np.int32) * UNIT

    def _packed(self, values: NDArray[np.bool_]) -> NDArray[np.uint32]:
        padded = np.zeros((self.matrix.variables // 32 + 1) * 32, np.bool_)
        padded[: values.size] = values
        return np.packbits(padded, bitorder="little").view(np.uint32)

    def _unpacked(self, words: NDArray[np.uint32]) -> NDArray[np.bool_]:
        bits = np.unpackbits(words.view(np.uint8), bitorder="little", count=self.matrix.variables)
        return bits.view(np.bool_)

    def _settle(self) -> None:
        """Bring lanes into the states that their rules need, with the values they are to have."""
        wanted = [kind_of(self.matrix, rule) for rule in self._rules]
        moving = [lane for lane, kind in enumerate(wanted) if self._kinds[lane] != kind]
        for kind in sorted({wanted[lane] for lane in moving}):
            lanes = [lane for lane in moving if wanted[lane] == kind]
            members = self._members.setdefault(kind, [])
            for lane in lanes:
                if (kind, lane) not in self._slots:
                    self._slots[kind, lane] = len(members)
                    members.append(lane)
            if kind not in self._banks:
                self._banks[kind] = self._opened(kind)
            bank = self._banks[kind]
            bank.grow(len(members))
            for lane in lanes:
                self._move(lane, kind, bank)

    def _opened(self, kind: int) -> Bank:
        if self._context is None:
            return CoreBank(self._reading, Form.of(self.matrix, kind), self._width or 32)
        room = room_of(self._context)
        chosen = plan(self.matrix, kind, room, width=self._width, crowd=self._crowd)
        return CudaBank(self._reading, self._context, chosen)

    def _move(self, lane: int, kind: int, bank: Bank) -> None:
        slot = self._slots[kind, lane]
        start = self._starts.pop(lane, None)
        if start is None:  # from another state
            values, best = (self._values_of(lane, best=best) for best in (False, True))
            if self._kinds[lane] == WEIGHTED:
                self._given[lane] = self._weights_of(lane)
            bank.write(slot, values_at(bank.form, best=True)[0], best)
        else:
            values = self._packed(start)
        bank.write(slot, values_at(bank.form, best=False)[0], values)
        if kind == WEIGHTED:
            given = self._given.pop(lane, None)
            weights = np.full(2 * weights_at(bank.form)[1], TEAM_UNIT, np.uint16)
            if given is not None:
                weights[: given.size] = np.minimum(given // UNIT, TEAM_FULL)
            bank.write(slot, weights_at(bank.form)[0], weights.view(np.uint32))
        self._kinds[lane] = kind
        self._heads[lane, HEAD_FRESH] = 1
        self._heads[lane, HEAD_UNSAVED] = 0
