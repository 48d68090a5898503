"""Exhaustive sweep on a CUDA device, with the interface of turbosat.gpu.sweep.cpu.Sweep.

Soundness is as there: every word is evaluated whole, and a warp leaves one early only when each of its
candidates has failed a check. A launch counts only when every warp of it has said that it is done and each
survivor found room; else it is repeated in smaller parts, or an error, never a refutation.

The kernels are tested in a machine of numpy against the reference, and assembled for every kind of device; on
a device neither they nor their speed have been tried.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.support.program import Program
from turbosat.errors import DeviceError, UnsupportedError
from turbosat.gpu.sweep.luts import Translation
from turbosat.gpu.sweep.network import build
from turbosat.gpu.sweep.ptx import NUMBER_PLACES, WARP_PLACES, WORD_PLACES, straight_line
from turbosat.gpu.sweep.ptx_rows import interpreter

MOST_INPUTS: Final = 48
BLOCK: Final = 128  # threads of straight-line code: many registers a thread allow no more
LONGEST: Final = 16_000  # instructions of straight-line code: assembling more takes many seconds
MOST_LIVE: Final = 768  # words alive at the same time there: three times the registers
THREAD_WORK: Final = 4096  # instructions that a thread should have, to be worth its start
MOST_WORDS: Final = 64  # that a thread does one after the other
ROOM: Final = 1 << 16  # words with survivors that a launch may find
SLICE: Final = 0.04  # seconds a launch should take: limits are looked at in between
GROWTH: Final = 8  # times the words of the launch before, at most
WARP: Final = 32


@dataclass(frozen=True, slots=True)
class Work:
    """What to assemble; `code`, uint32 (instructions, 4), and `shared` bytes a block for the interpreter."""

    text: str
    block: int  # threads
    code: NDArray[np.uint32] | None = None
    shared: int = 0


@dataclass(frozen=True, slots=True)
class Launch:
    """Blocks that do `words` words a thread, from number `first` on, none beyond `last`."""

    grid: int
    high: int
    first: int
    last: int
    words: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a launch: warps that are done, survivors counted, and those that found room.

    `found` is uint32 (survivors, 3): the word's number, its bits, and the turn.
    """

    spoken: int
    survivors: int
    found: NDArray[np.uint32]
    seconds: float


class Device(Protocol):
    """What runs kernels."""

    most_shared: int  # bytes a block
    width: int  # blocks to begin with

    def prepare(self, work: Work, room: int, check: Callable[[], None]) -> None:
        """Assemble a kernel, and make room for survivors; `check` is called meanwhile and may raise."""

    def run(self, launch: Launch) -> Outcome:
        """Run a launch to its end; DeviceError if it broke."""

    def close(self) -> None:
        """Give everything back."""


class CudaSweep:
    """The enumeration of all assignments of a program's inputs, on a device.

    UnsupportedError for a program that does not fit on it, DeviceError where it breaks. `check` is called
    while the sweep is prepared, and may raise. Code of up to `longest` instructions is straight-line, with
    loops over as many inputs as are best, or over `turns`.
    """

    device = "cuda"

    def __init__(
        self,
        program: Program,
        device: Device,
        seed: int = 0,
        *,
        check: Callable[[], None] = lambda: None,
        longest: int = LONGEST,
        turns: int | None = None,
        room: int = ROOM,
    ) -> None:
        inputs = program.inputs.size
        if inputs > MOST_INPUTS:
            raise UnsupportedError(f"a sweep takes at most {MOST_INPUTS} inputs, the program has {inputs}")
        self.program, self._device = program, device
        translation = Translation(build(program, check), WARP_PLACES, seed, check)
        if turns is None:
            luts = translation.nested() if translation.computed <= longest else translation.luts()
        else:
            luts = translation.luts(turns)
        if luts.computed <= longest and luts.live() <= MOST_LIVE:
            work = Work(straight_line(luts, BLOCK), BLOCK)
        else:
            luts = translation.luts() if luts.turns else luts
            rows = interpreter(luts, check)
            if rows.shared > device.most_shared:
                raise UnsupportedError(
                    f"{rows.rows} words at a time do not fit into the device's shared memory"
                )
            work = Work(rows.text, WARP, rows.code, rows.shared)
        self._room = max(room, work.block << luts.turns)  # one word a thread of one block always fits
        device.prepare(work, self._room, check)
        self.instructions = luts.computed
        self._order, self._turns = luts.order, luts.turns
        bits = max(inputs - self._turns - WORD_PLACES, 0)
        self._words = 1 << bits  # to do
        self._piece = 1 << min(bits, NUMBER_PLACES)  # numbered words: one value of the high places
        self._block, self._warps = work.block, work.block // WARP
        shared_out = self._words // (work.block * device.width)
        depth = min(MOST_WORDS, THREAD_WORK // max(1, luts.computed << luts.turns), shared_out)
        self._depth = 1 << int(math.log2(max(1, depth)))  # words a thread
        self._grid = device.width
        self._next = 0  # the first word that is not done
        self._found: list[NDArray[np.uint64]] = []

    @property
    def done(self) -> bool:
        """Whether every assignment has been looked at; survivors may still wait in `candidates`."""
        return self._next == self._words

    @property
    def progress(self) -> float:
        """The share of assignments looked at."""
        return self._next / self._words

    def advance(self, seconds: float) -> float:
        """Run for about `seconds` of time, or until survivors must be taken; return the share done."""
        deadline = time.monotonic() + seconds
        while not self.done and not self._found:
            self._run(min(SLICE, max(deadline - time.monotonic(), SLICE / 10)))
            if time.monotonic() >= deadline:
                break
        return self.progress

    def _run(self, seconds: float) -> None:
        """Do the next launch; note its survivors if it is complete, else let the next one be smaller."""
        high, first = divmod(self._next, self._piece)
        unit = self._block * self._depth
        grid = max(1, min(self._grid, (self._piece - first) // unit))
        launch = Launch(grid, high, first, self._piece - 1, self._depth)
        outcome = self._device.run(launch)
        if outcome.survivors > self._room:
            self._shrink(grid)
            return
        if outcome.spoken != grid * self._warps:
            raise DeviceError(f"{outcome.spoken} of {grid * self._warps} warps have come to their end")
        number = outcome.found[:, 0].astype(np.uint64) | np.uint64(high << NUMBER_PLACES)
        turn = outcome.found[:, 2].astype(np.uint64)
        bits = outcome.found[:, 1, None] >> np.arange(1 << WORD_PLACES, dtype=np.uint32) & np.uint32(1)
        row, place = np.nonzero(bits)
        if row.size:
            word = number[row] << np.uint64(WORD_PLACES) | place.astype(np.uint64)
            # Sorted, so that what is found first depends neither on the order of warps nor on the pace.
            self._found.append(np.sort(word << np.uint64(self._turns) | turn[row]))
        self._next += min(grid * unit, self._piece - first)
        paced = int(grid * seconds / max(outcome.seconds, 1e-6))
        self._grid = max(1, min(paced, GROWTH * grid))

    def _shrink(self, grid: int) -> None:
        """Let the next launch find fewer survivors; one word a thread of one block has room."""
        if grid > 1:
            self._grid = grid // 2
        else:
            self._depth = max(1, self._depth // 2)

    def candidates(self) -> NDArray[np.bool_]:
        """Take the survivors found since the last call: values of the inputs, bool (survivors, inputs)."""
        places = np.concatenate([*self._found, np.zeros(0, np.uint64)])
        self._found.clear()
        values = self.program.bits(places)
        result = np.zeros_like(values)
        result[:, self._order] = values
        return result

    def close(self) -> None:
        """Give the device back."""
        self._device.close()
