"""A population on a CUDA device: banks of bit-packed walking lanes and of byte lanes in weighted descent.

    lane ──► (bank, slot)        a lane moves to another bank or word when its rule changes
    advance ──► rounds of steps, each bank replaying its graph; one look at the device every few rounds

Importing this module imports neither torch nor Triton, so that a machine without a GPU is told so at once.
Triton's interpreter runs the same kernels on the CPU (device="cpu" and TRITON_INTERPRET=1): for tests.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix
from turbosat.gpu.backend import Population, Report
from turbosat.gpu.cuda import limits as cuda_limits
from turbosat.gpu.cuda.limits import SPARE
from turbosat.gpu.cuda.limits import missing as missing
from turbosat.gpu.cuda.slots import Slots
from turbosat.gpu.rules import STEPS, UNKNOWN, WEIGHT_ONE, Rule, Walk, Weighted

if TYPE_CHECKING:
    from turbosat.gpu.cuda.walk_bank import WalkBank
    from turbosat.gpu.cuda.weighted_bank import WeightedBank

LOOK = 8  # rounds between looks at the device: a look waits for it
FEWEST_LANES = 32


@dataclass(frozen=True, slots=True)
class _Place:
    """A bank and its slots."""

    bank: "WalkBank | WeightedBank"
    slots: Slots


def _weighted(place: _Place) -> "WeightedBank | None":
    """Return the bank of a place if its lanes have weights."""
    return place.bank if place.bank.kind is Weighted else None


class CudaPopulation(Population):
    """Lanes on one CUDA device. `lanes` may come out smaller than asked for where memory does not suffice."""

    def __init__(
        self,
        matrix: Matrix,
        lanes: int,
        seed: int,
        workers: int = 1,
        *,
        device: str = "cuda",
        group: int = 1,
        steps: int = STEPS,
    ) -> None:
        import torch

        from turbosat.gpu.cuda.device_rows import upload

        super().__init__(matrix, lanes, seed, workers)
        self._device = torch.device(device)
        self._group = group
        self._steps = steps
        self._rows = upload(matrix, self._device)
        self._places: list[_Place] = []
        while True:
            try:
                self._add(Walk, self.lanes)
                break
            except torch.cuda.OutOfMemoryError:
                torch.cuda.empty_cache()
                if self.lanes <= FEWEST_LANES:
                    raise
                self.lanes //= 2
        self.lockstep = self.lanes
        self.shifting = True
        self._home = np.full(self.lanes, -1, np.int64)  # index into _places
        self._slot = np.zeros(self.lanes, np.int64)
        self._flips = np.zeros(self.lanes, np.int64)
        self._ran = np.zeros(self.lanes, np.bool_)  # since the restart
        self._next_rule: dict[int, Rule] = {}  # noted, to be done together
        self._next_start: dict[int, tuple[NDArray[np.bool_], NDArray[np.int32] | None]] = {}
        # Weights of lanes that walk for now, int32 (clauses,) in the matrix's order.
        self._kept: dict[int, NDArray[np.int32]] = {}
        nothing = np.zeros((matrix.variables, self.lanes), np.bool_)
        self._settle(np.arange(self.lanes), Walk(2.3), nothing)

    @staticmethod
    def suitable_lanes(matrix: Matrix, rules: Sequence[Rule], workers: int) -> int:
        """Return how many lanes fit this machine's device: its cache if they walk, its memory too."""
        import torch

        from turbosat.gpu.cuda.walk_bank import WalkBank
        from turbosat.gpu.cuda.weighted_bank import WeightedBank

        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        free, _ = torch.cuda.mem_get_info()
        cache = getattr(properties, "L2_cache_size", 0) or 2**25
        lanes = cuda_limits.suitable_lanes(
            cache,
            free,
            WalkBank.bytes_per_slot(matrix.variables, matrix.clauses, matrix.constraints - matrix.clauses),
            WeightedBank.bytes_per_slot(matrix.variables, matrix.clauses),
        )
        return max(lanes, len(rules))

    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes follow a rule; those that no memory is left for keep the rule they have."""
        for lane in lanes.tolist():
            self._next_rule[lane] = rule

    def restart(
        self, lanes: NDArray[np.int64], values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> None:
        """Put lanes on values; weights of a lane that walks are kept for when it descends."""
        for i, lane in enumerate(lanes.tolist()):
            self._next_start[lane] = values[i].copy(), None if weights is None else weights[i].copy()
        self._flips[lanes] = 0
        self._ran[lanes] = False

    def advance(self, effort: NDArray[np.int64], until: NDArray[np.int64]) -> Report:
        """Run lanes for whole rounds, at most to the look at which one is first seen to be solved.

        Whether a lane has made its flips is looked at between calls only.
        """
        self._flush()
        now, best = self._figures()
        least = now.copy()
        spent, seconds = np.zeros(self.lanes, np.int64), np.zeros(self.lanes)
        solved = False
        moves = (effort > 0) & (best > 0) & (self._flips < until)
        for home, place in enumerate(self._places):
            lanes = np.flatnonzero((self._home == home) & moves)
            if solved or not lanes.size:
                continue
            cost = place.bank.steps * place.bank.step_effort
            begin = time.perf_counter()
            done, flips, lows = self._run(place, lanes, -(-effort[lanes] // cost))
            # The last look has waited for the device. Lanes that made more of the bank's rounds pay for them.
            seconds[lanes] = (time.perf_counter() - begin) * done / max(1, done.sum())
            spent[lanes] = done * cost
            self._flips[lanes] += flips
            least[lanes] = lows
            solved = bool((lows == 0).any())
        now, best = self._figures()
        self._ran |= spent > 0
        best[~self._ran & (best > 0)] = -1
        flipped = self._flips.copy()
        return Report(false=now, best=best, least=least, flips=flipped, effort=spent, seconds=seconds)

    def values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the present values of lanes."""
        return self._collect(lanes, lambda bank, slots: bank.get(slots, best=False))

    def best_values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the values with the fewest false clauses; walking lanes are counted once a round."""
        return self._collect(lanes, lambda bank, slots: bank.get(slots, best=True))

    def weights(self, lanes: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the clause weights of lanes; of one that walks, those it had when it last descended."""
        self._flush()
        result = np.full((lanes.size, self.matrix.constraints), WEIGHT_ONE, np.int32)
        for i, lane in enumerate(lanes.tolist()):
            if lane in self._kept:
                result[i] = self._kept[lane]
        for place, at, slots in self._groups(lanes):
            bank = _weighted(place)
            if bank is not None:
                result[at] = self._rows.rows.weights_from_rows(bank.get_weights(slots))
        return result

    def close(self) -> None:
        """Give the device memory back."""
        self._places.clear()
        if self._device.type == "cuda":
            import torch

            torch.cuda.empty_cache()

    def _flush(self) -> None:
        """Do what assign and restart noted: callers restart lane by lane, the device likes them together."""
        by_rule: dict[Rule, list[int]] = {}
        for lane, rule in self._next_rule.items():
            by_rule.setdefault(rule, []).append(lane)
        self._next_rule.clear()
        for rule, lanes in by_rule.items():
            self._assign(np.array(lanes), rule)
        if self._next_start:
            lanes_now = np.array(list(self._next_start))
            starts = list(self._next_start.values())
            self._next_start.clear()
            self._restart(lanes_now, np.stack([values for values, _ in starts]), [w for _, w in starts])

    def _assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes follow a rule, where there is memory for it."""
        for place, at, _ in self._groups(lanes):
            here = lanes[at]
            if place.bank.kind is type(rule):
                same = place.slots.rename(here, rule)
                if same.size:
                    place.bank.follow(same, rule)
                here = np.setdiff1d(here, place.slots.lanes(same))
            if here.size:
                self._move(place, here, rule)

    def _restart(
        self, lanes: NDArray[np.int64], values: NDArray[np.bool_], weights: list[NDArray[np.int32] | None]
    ) -> None:
        rows = self._rows.rows
        columns = rows.to_rows(values)
        for lane, given in zip(lanes.tolist(), weights, strict=True):
            self._kept.pop(lane, None)
            if given is not None:
                self._kept[lane] = given
        for place, at, slots in self._groups(lanes):
            place.bank.put(slots, columns[:, at])
            self._put_kept(place, lanes[at], slots)

    def _run(
        self, place: _Place, lanes: NDArray[np.int64], rounds: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Run lanes of one bank; return rounds done, flips and fewest false clauses of each."""
        bank, slots = place.bank, self._slot[lanes]
        done = np.zeros(lanes.size, np.int64)
        flips = np.zeros(lanes.size, np.int64)
        lows = np.full(lanes.size, UNKNOWN, np.int64)
        for limit in np.unique(rounds).tolist():
            runs = rounds >= limit
            moves = np.zeros(bank.slots, np.bool_)
            moves[slots[runs]] = True
            bank.begin(moves)
            while done.max() < limit and lows.min() > 0:
                for _ in range(min(LOOK, limit - int(done.max()))):
                    bank.round()
                    done[runs] += 1
                lows[runs] = np.minimum(lows[runs], bank.figures()[2][slots[runs]])
            flips += bank.flips(moves)[slots]
            if lows.min() == 0:
                break
        return done, flips, lows

    def _figures(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        now = np.zeros(self.lanes, np.int64)
        best = np.zeros(self.lanes, np.int64)
        for place, at, slots in self._groups(np.arange(self.lanes)):
            now[at], best[at] = place.bank.figures()[:2, slots]
        return now, best

    def _groups(self, lanes: NDArray[np.int64]) -> list[tuple[_Place, NDArray[np.int64], NDArray[np.int64]]]:
        """Return, for each bank that holds some of lanes, their positions in `lanes` and their slots."""
        result = []
        for home in np.unique(self._home[lanes]).tolist():
            at = np.flatnonzero(self._home[lanes] == home)
            result.append((self._places[home], at, self._slot[lanes[at]]))
        return result

    def _collect(
        self,
        lanes: NDArray[np.int64],
        read: "Callable[[WalkBank | WeightedBank, NDArray[np.int64]], NDArray[np.bool_]]",
    ) -> NDArray[np.bool_]:
        self._flush()
        columns = np.zeros((self.matrix.variables, lanes.size), np.bool_)
        for place, at, slots in self._groups(lanes):
            columns[:, at] = read(place.bank, slots)
        return self._rows.rows.from_rows(columns)

    def _move(self, place: _Place, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Take lanes from a bank to where a rule can be followed."""
        slots = self._slot[lanes].copy()
        values = place.bank.get(slots, best=False)
        best_values = place.bank.get(slots, best=True)
        best = place.bank.figures()[1][slots]
        weighted = _weighted(place)
        if weighted is not None:
            kept = self._rows.rows.weights_from_rows(weighted.get_weights(slots))
            self._kept.update(zip(lanes.tolist(), kept, strict=True))
        moved = self._settle(lanes, rule, values, best_values, best)
        place.slots.free(slots[:moved])

    def _settle(
        self,
        lanes: NDArray[np.int64],
        rule: Rule,
        values: NDArray[np.bool_],
        best_values: NDArray[np.bool_] | None = None,
        best: NDArray[np.int64] | None = None,
    ) -> int:
        """Place lanes under a rule with values (variables, k) in row order; return how many found room."""
        done = 0
        while done < lanes.size:
            for home, place in enumerate(self._places):
                if place.bank.kind is not type(rule):
                    continue
                slots = place.slots.take(lanes[done:], rule)
                if not slots.size:
                    continue
                here = slice(done, done + slots.size)
                done += slots.size
                self._home[lanes[here]], self._slot[lanes[here]] = home, slots
                place.bank.follow(slots, rule)
                if best is None or best_values is None:
                    place.bank.put(slots, values[:, here])
                else:
                    place.bank.put(slots, values[:, here], best_values[:, here], best[here])
                self._put_kept(place, lanes[here], slots)
            if done < lanes.size and not self._grow(type(rule), lanes.size - done):
                break
        return done

    def _put_kept(self, place: _Place, lanes: NDArray[np.int64], slots: NDArray[np.int64]) -> None:
        """Give lanes that come into weighted descent the weights they had."""
        bank = _weighted(place)
        if bank is None:
            return
        bank.put_weights(slots, None)
        for lane, slot in zip(lanes.tolist(), slots.tolist(), strict=True):
            weights = self._kept.pop(lane, None)
            if weights is not None:
                bank.put_weights(np.array([slot]), self._rows.rows.weights_to_rows(weights[None]))

    def _grow(self, kind: type[Rule], lanes: int) -> bool:
        """Add a bank for lanes, or for half as many until it fits; False if none fits."""
        import torch

        while lanes >= 1:
            try:
                self._add(kind, lanes)
                return True
            except torch.cuda.OutOfMemoryError:
                torch.cuda.empty_cache()
                lanes //= 2
        return False

    def _add(self, kind: type[Rule], lanes: int) -> None:
        from turbosat.gpu.cuda.walk_bank import WalkBank
        from turbosat.gpu.cuda.weighted_bank import WeightedBank

        seed = self.seed + len(self._places)  # banks draw apart
        # Room to spare: words that follow different rules are rarely full.
        lanes += lanes // SPARE
        unit = 32 if lanes <= 256 else 512  # rows that start on 64 bytes are read 16 bytes at a time
        slots = -(-lanes // unit) * unit
        if kind is Walk:
            self._places.append(_Place(WalkBank(self._rows, slots, seed, self._steps), Slots(slots, 32)))
            return
        # Pairs of a clause or variable and a lane are int32.
        slots = min(slots, max(32, 2**30 // max(self.matrix.clauses, self.matrix.variables) // 32 * 32))
        self._places.append(
            _Place(WeightedBank(self._rows, slots, seed, self._group, self._steps), Slots(slots, 1))
        )


class CudaGaloisPopulation(CudaPopulation):
    """Lanes under rules of the kind Walk; the matrix may be a ParityMatrix."""

    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes follow a rule of the kind Walk: weighted descent does not read XORs."""
        assert isinstance(rule, Walk)
        super().assign(lanes, rule)
