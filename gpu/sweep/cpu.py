"""Exhaustive sweep: every assignment of a program's inputs, 64 a word, in slices of bounded time.

Soundness. Each of the 2**k assignments belongs to exactly one block, word and bit, and is skipped only if a
check of the program is false for it: within a block by the row of candidates still alive; across blocks where
all candidates of a block fail checks that depend on slow inputs only, and so fail in all blocks that share
these inputs. A false check means that no model extends the inputs (turbosat.encodings.support), and any model
of the formula extends some assignment of the inputs. So if the sweep is done without survivors, or each
survivor was refuted by an unbounded complete search under its assumptions, the formula is unsatisfiable.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.sweep import BLOCK, COUNTERS, END, FOUND, LEVEL, WIDTH, Sweeper, sweep
from turbosat.encodings.support.program import Program
from turbosat.errors import UnsupportedError
from turbosat.gpu.sweep.network import build
from turbosat.gpu.sweep.tape import BLOCK_BITS, lay_out

MOST_INPUTS: Final = 48  # beyond this a sweep takes years
FOUND_ROOM: Final = 64 * WIDTH  # words with survivors a worker notes before it waits for them to be taken
CHUNKS: Final = 256  # parts of the space that workers take in turn
SLICE: Final = 2_000_000  # instructions of a call, about 20 ms


class Sweep:
    """The enumeration of all assignments of a program's inputs, on CPU cores.

    `advance` runs for a while, `candidates` takes the survivors found so far, which must be settled by the
    caller; the sweep waits when many are not taken. `seed` shifts the place where it begins; what is found
    does not depend on `workers` or on time, only its order does. `check` is called while the tape is made.
    """

    device = "cpu"

    def __init__(
        self,
        program: Program,
        seed: int = 0,
        workers: int = 1,
        *,
        check: Callable[[], None] = lambda: None,
        chunks: int = CHUNKS,
    ) -> None:
        if program.inputs.size > MOST_INPUTS:
            raise UnsupportedError(
                f"a sweep takes at most {MOST_INPUTS} inputs, the program has {program.inputs.size}"
            )
        self.program = program
        network = build(program, check)
        self.layout = lay_out(network, seed, check)
        blocks = self.layout.blocks
        self._bounds = np.linspace(0, blocks, min(chunks, blocks) + 1).astype(np.int64)
        self._next = 0
        self._sweepers = [self._sweeper() for _ in range(max(1, min(workers, self._bounds.size - 1)))]
        self._threads = ThreadPoolExecutor(len(self._sweepers)) if len(self._sweepers) > 1 else None
        self._rate = 1e8  # instructions a second, corrected as the sweep runs

    def _sweeper(self) -> Sweeper:
        """Return what one thread works on, with a first chunk to do."""
        layout = self.layout
        rows = np.zeros((layout.rows, WIDTH), np.uint64)
        rows[: layout.patterns.shape[0]] = layout.patterns
        rows[-1] = _counted(layout.inputs)
        signs = np.zeros(2 + 2 * layout.tape.high.size, np.uint64)
        signs[1] = 2**64 - 1
        sweeper = Sweeper(
            rows=rows,
            signs=signs,
            counters=np.zeros(COUNTERS, np.int64),
            found_block=np.zeros(FOUND_ROOM, np.int64),
            found_word=np.zeros(FOUND_ROOM, np.int32),
            found_bits=np.zeros(FOUND_ROOM, np.uint64),
        )
        self._take(sweeper)
        return sweeper

    def _take(self, sweeper: Sweeper) -> None:
        """Give a sweeper the next chunk, if there is one."""
        if self._next + 1 >= self._bounds.size:
            return
        sweeper.counters[BLOCK], sweeper.counters[END] = self._bounds[self._next : self._next + 2]
        sweeper.counters[LEVEL] = self.layout.levels
        self._next += 1

    def _run(self, sweeper: Sweeper, budget: int) -> int:
        """Run about `budget` instructions."""
        return sweep(self.layout.tape, sweeper, self.layout.alive, budget)

    @property
    def done(self) -> bool:
        """Whether every assignment has been looked at; survivors may still wait in `candidates`."""
        return self._next + 1 >= self._bounds.size and all(
            each.counters[BLOCK] == each.counters[END] for each in self._sweepers
        )

    @property
    def progress(self) -> float:
        """The share of assignments looked at."""
        open_blocks = sum(int(each.counters[END] - each.counters[BLOCK]) for each in self._sweepers)
        return (int(self._bounds[self._next]) - open_blocks) / int(self._bounds[-1])

    def advance(self, seconds: float) -> float:
        """Run for about `seconds` of time, or until survivors must be taken; return the share done."""
        deadline = time.monotonic() + seconds
        while not self.done and not self._full():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            budget = max(1000, int(min(SLICE, left * self._rate)))
            began = time.monotonic()
            for sweeper in self._sweepers:
                if sweeper.counters[BLOCK] == sweeper.counters[END]:
                    self._take(sweeper)
            if self._threads is None:
                spent = self._run(self._sweepers[0], budget)
            else:
                budgets = [budget] * len(self._sweepers)
                spent = max(self._threads.map(self._run, self._sweepers, budgets))
            if spent >= budget:
                self._rate = spent / max(time.monotonic() - began, 1e-6)
        return self.progress

    def _full(self) -> bool:
        return any(each.counters[FOUND] + WIDTH > FOUND_ROOM for each in self._sweepers)

    def candidates(self) -> NDArray[np.bool_]:
        """Take the survivors found since the last call: values of the inputs, bool (survivors, inputs)."""
        numbers = []
        for sweeper in self._sweepers:
            found = int(sweeper.counters[FOUND])
            block = sweeper.found_block[:found].astype(np.uint64) << np.uint64(BLOCK_BITS)
            base = block | sweeper.found_word[:found].astype(np.uint64) << np.uint64(6)
            bits = sweeper.found_bits[:found, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)
            word, bit = np.nonzero(bits)
            numbers.append(base[word] | bit.astype(np.uint64))
            sweeper.counters[FOUND] = 0
        places = np.concatenate(numbers) ^ np.uint64(self.layout.offset)
        values = self.program.bits(places)  # by place
        result = np.zeros_like(values)
        result[:, self.layout.order] = values
        return result

    def close(self) -> None:
        """End the threads."""
        if self._threads is not None:
            self._threads.shutdown()


def _counted(inputs: int) -> NDArray[np.uint64]:
    """Return the candidates of a block that count, (WIDTH,): all, unless there are fewer than one block."""
    if inputs >= BLOCK_BITS:
        return np.full(WIDTH, 2**64 - 1, np.uint64)
    result = np.zeros(WIDTH, np.uint64)
    result[: max(1, (1 << inputs) // 64)] = 2**64 - 1 if inputs >= 6 else (1 << (1 << inputs)) - 1
    return result
