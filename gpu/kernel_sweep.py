"""Exhaustive sweep: every assignment of a program's inputs, 64 a word, in slices of bounded time.

Soundness. Each of the 2**k assignments belongs to exactly one block, word and bit, and is skipped only if a
check of the program is false for it: within a block by the row of candidates still alive; across blocks where
all candidates of a block fail checks that depend on slow inputs only, and so fail in all blocks that share
these inputs. A false check means that no model extends the inputs (turbosat.encodings.closure), and any model
of the formula extends some assignment of the inputs. So if the sweep is done without survivors, or each
survivor was refuted by an unbounded complete search under its assumptions, the formula is unsatisfiable.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.program import Program
from turbosat.errors import UnsupportedError
from turbosat.gpu.kernel_network import build
from turbosat.gpu.kernel_tape import BLOCK_BITS, Layout, lay_out
from turbosat.gpu.kernels_sweep import BLOCK, COUNTERS, END, FOUND, LEVEL, WIDTH, sweep

MOST_INPUTS: Final = 48  # beyond this a sweep takes years
FOUND_ROOM: Final = 64 * WIDTH  # words with survivors a worker notes before it waits for them to be taken
CHUNKS: Final = 256  # parts of the space that workers take in turn
SLICE: Final = 2_000_000  # instructions of a call, about 20 ms


@dataclass(slots=True)
class _Worker:
    """The rows and counters of one thread."""

    layout: Layout
    rows: NDArray[np.uint64]  # (rows, WIDTH)
    signs: NDArray[np.uint64]  # (2 + 2 · linear,)
    counters: NDArray[np.int64]  # (COUNTERS,)
    block: NDArray[np.int64]  # (FOUND_ROOM,)
    word: NDArray[np.int32]
    bits: NDArray[np.uint64]

    def run(self, budget: int) -> int:
        """Run about `budget` instructions."""
        spent: int = sweep(
            self.layout.tape,
            self.rows,
            self.rows.ctypes.data,
            self.layout.alive,
            self.signs,
            self.counters,
            self.block,
            self.word,
            self.bits,
            budget,
        )
        return spent


class Sweep:
    """The enumeration of all assignments of a program's inputs, on CPU cores.

    `advance` runs for a while, `candidates` takes the survivors found so far, which must be settled by the
    caller; the sweep waits when many are not taken. `seed` shifts the place where it begins; what is found
    does not depend on `workers` or on time, only its order does. `check` is called while the tape is made.
    """

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
        self._finished = 0  # blocks of chunks that are done
        self._workers = [self._worker() for _ in range(max(1, min(workers, self._bounds.size - 1)))]
        self._threads = ThreadPoolExecutor(len(self._workers)) if len(self._workers) > 1 else None
        self._rate = 1e8  # instructions a second, corrected as the sweep runs

    def _worker(self) -> _Worker:
        layout = self.layout
        rows = np.zeros((layout.rows, WIDTH), np.uint64)
        rows[: layout.patterns.shape[0]] = layout.patterns
        rows[-1] = _counted(layout.inputs)
        signs = np.zeros(2 + 2 * layout.tape.high.size, np.uint64)
        signs[1] = 2**64 - 1
        worker = _Worker(
            layout,
            rows,
            signs,
            np.zeros(COUNTERS, np.int64),
            np.zeros(FOUND_ROOM, np.int64),
            np.zeros(FOUND_ROOM, np.int32),
            np.zeros(FOUND_ROOM, np.uint64),
        )
        self._take(worker)
        return worker

    def _take(self, worker: _Worker) -> bool:
        """Give a worker the next chunk; False if there is none."""
        if self._next + 1 >= self._bounds.size:
            return False
        worker.counters[BLOCK], worker.counters[END] = self._bounds[self._next : self._next + 2]
        worker.counters[LEVEL] = self.layout.levels
        self._next += 1
        return True

    @property
    def done(self) -> bool:
        """Whether every assignment has been looked at; survivors may still wait in `candidates`."""
        return self._next + 1 >= self._bounds.size and all(
            worker.counters[BLOCK] == worker.counters[END] for worker in self._workers
        )

    @property
    def progress(self) -> float:
        """The share of assignments looked at."""
        open_blocks = sum(int(w.counters[END] - w.counters[BLOCK]) for w in self._workers)
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
            for worker in self._workers:
                if worker.counters[BLOCK] == worker.counters[END]:
                    self._take(worker)
            if self._threads is None:
                spent = self._workers[0].run(budget)
            else:
                budgets = [budget] * len(self._workers)
                spent = max(self._threads.map(_Worker.run, self._workers, budgets))
            if spent >= budget:
                self._rate = spent / max(time.monotonic() - began, 1e-6)
        return self.progress

    def _full(self) -> bool:
        return any(worker.counters[FOUND] + WIDTH > FOUND_ROOM for worker in self._workers)

    def candidates(self) -> NDArray[np.bool_]:
        """Take the survivors found since the last call: values of the inputs, bool (survivors, inputs)."""
        numbers = []
        for worker in self._workers:
            found = int(worker.counters[FOUND])
            block = worker.block[:found].astype(np.uint64) << np.uint64(BLOCK_BITS)
            base = block | worker.word[:found].astype(np.uint64) << np.uint64(6)
            bits = worker.bits[:found, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)  # (found, 64)
            word, bit = np.nonzero(bits)
            numbers.append(base[word] | bit.astype(np.uint64))
            worker.counters[FOUND] = 0
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
