"""Exhaustive sweep on a CUDA device, with the interface of turbosat.gpu.sweep.cpu.Sweep.

Its results are tested against the reference with Triton's interpreter; its speed has not been measured.
"""

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from turbosat.core.sweep import CHECK, LINEAR, TEST
from turbosat.encodings.support.program import Program
from turbosat.errors import UnsupportedError
from turbosat.gpu.cuda.device_rows import OPTIONS
from turbosat.gpu.cuda.limits import driver_missing
from turbosat.gpu.sweep.network import Network, build
from turbosat.gpu.sweep.schedule import SAMPLE, Schedule, Step, assign_rows, input_order, operands

WORD_BITS: Final = 5
MOST_INPUTS: Final = 48
BLOCK: Final = 256  # words of a thread block
SCRATCH: Final = 1 << 28  # bytes that the rows of all thread blocks of a launch may take
PATTERNS: Final = (0xAAAAAAAA, 0xCCCCCCCC, 0xF0F0F0F0, 0xFF00FF00, 0xFFFF0000)


def missing(program: Program) -> str | None:
    """Return why this device cannot sweep a program, None if it can."""
    if program.inputs.size > MOST_INPUTS:
        return f"the program has more than {MOST_INPUTS} inputs"
    reason = driver_missing()
    if reason is None and importlib.util.find_spec("triton") is None:
        reason = "triton is not installed"
    if reason is None and not torch.cuda.is_available():
        reason = "torch sees no CUDA device"
    return reason


@dataclass(frozen=True, slots=True)
class FlatTape:
    """Instructions without levels, as turbosat.gpu.sweep.triton takes them."""

    code: NDArray[np.int32]  # (length, 4)
    masks: NDArray[np.int64]  # (length,)
    patterns: NDArray[np.int32]  # (length,)
    rows: int
    order: list[int]  # (inputs,), the input at each place


def flatten(
    network: Network, block: int, seed: int = 0, check: Callable[[], None] = lambda: None
) -> FlatTape:
    """Order the instructions for thread blocks of `block` words."""
    random = np.random.default_rng(seed)
    nodes = network.live()
    order = input_order(network.supports(), nodes, network.inputs)
    by_place = network.supports(order)
    places = {n: by_place[n] for n in nodes}
    words = random.integers(0, 2**64, size=(network.inputs, SAMPLE), dtype=np.uint64)
    low = WORD_BITS + (block - 1).bit_length()
    (steps,) = Schedule(network, places, network.words(words, nodes), low, 1, check).steps()
    linear = [n for n in nodes if network.kinds[n] == LINEAR]
    rows = {n: row for row, n in enumerate([0, *linear])}
    used = assign_rows(network, [steps], rows, len(rows))
    head: list[Step] = [(LINEAR, n, 0) for n in [0, *linear]]
    code, masks, patterns = [], [], []
    for step in head + steps:
        mask = places.get(step[1], 0) if step[0] == LINEAR else 0
        pattern = 0
        for i, bits in enumerate(PATTERNS):
            pattern ^= bits * (mask >> i & 1)
        a, b = operands(network, step) if step[0] not in (LINEAR, TEST) else (0, 0)
        target = 0 if step[0] in (CHECK, TEST) else rows[step[1]]
        code.append((step[0], target, 2 * rows[a >> 1] + (a & 1), 2 * rows[b >> 1] + (b & 1)))
        masks.append(mask >> WORD_BITS)
        patterns.append(pattern)
    return FlatTape(
        np.array(code, np.int32),
        np.array(masks, np.int64),
        np.array(patterns, np.uint32).view(np.int32),
        used,
        order,
    )


class CudaSweep:
    """The enumeration of all assignments of a program's inputs, on a CUDA device.

    Soundness is as for turbosat.gpu.sweep.cpu: every word is evaluated whole, and a thread block leaves
    early only when each of its candidates has failed a check. `workers` is ignored.
    """

    def __init__(
        self,
        program: Program,
        seed: int = 0,
        workers: int = 1,
        *,
        check: Callable[[], None] = lambda: None,
        device: str = "cuda",
        block: int = BLOCK,
        scratch: int = SCRATCH,
    ) -> None:
        if program.inputs.size > MOST_INPUTS:
            raise UnsupportedError(
                f"a sweep takes at most {MOST_INPUTS} inputs, the program has {program.inputs.size}"
            )
        self.program = program
        self._block = block
        self._tape = flatten(build(program, check), block, seed, check)
        self._words = 1 << max(program.inputs.size - WORD_BITS, 0)
        rows = self._tape.rows
        self._launch = min(self._words, max(1, scratch // (4 * rows * block)) * block)  # words
        blocks = -(-self._launch // block)
        self._device = torch.device(device)
        self._code = torch.from_numpy(self._tape.code).to(self._device)
        self._masks = torch.from_numpy(self._tape.masks).to(self._device)
        self._patterns = torch.from_numpy(self._tape.patterns).to(self._device)
        self._rows = torch.empty(blocks * rows * block, dtype=torch.int32, device=self._device)
        self._alive = torch.empty(self._launch, dtype=torch.int32, device=self._device)
        self._first = torch.zeros(1, dtype=torch.int64, device=self._device)
        self._next = 0  # the first word not looked at
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
            self._run()
            if time.monotonic() >= deadline:
                break
        return self.progress

    def _run(self) -> None:
        from turbosat.gpu.sweep.triton import closure_sweep_kernel

        words = min(self._launch, self._words - self._next)
        bits = min(32, 1 << self.program.inputs.size)
        self._first.fill_(self._next)
        closure_sweep_kernel[(-(-words // self._block),)](
            self._code,
            self._masks,
            self._patterns,
            self._rows,
            self._alive,
            self._first,
            self._tape.code.shape[0],
            self._tape.rows,
            words,
            -1 if bits == 32 else (1 << bits) - 1,
            BLOCK=self._block,
            **OPTIONS,
        )
        alive = self._alive[:words]
        which = alive.nonzero()[:, 0]
        if which.numel():
            number = which.cpu().numpy().astype(np.uint64) + np.uint64(self._next)
            word = alive[which].cpu().numpy().view(np.uint32)
            bit = word[:, None] >> np.arange(32, dtype=np.uint32) & np.uint32(1)  # (found, 32)
            row, place = np.nonzero(bit)
            self._found.append(number[row] << np.uint64(WORD_BITS) | place.astype(np.uint64))
        self._next += words

    def candidates(self) -> NDArray[np.bool_]:
        """Take the survivors found since the last call: values of the inputs, bool (survivors, inputs)."""
        places = np.concatenate([*self._found, np.zeros(0, np.uint64)])
        self._found.clear()
        values = self.program.bits(places)
        result = np.zeros_like(values)
        result[:, self._tape.order] = values
        return result

    def close(self) -> None:
        """Give the device memory back."""
        self._rows = self._alive = torch.empty(0)
