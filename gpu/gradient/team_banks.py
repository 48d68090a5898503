"""Where lanes of one kind are, and what runs them: a CUDA device, or its twin on a core.

Both run the same source: the device as kernels compiled for it, a core as part of the compiled core.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gradient as kernels
from turbosat.core.declare import constants
from turbosat.core.gradient import HEAD, PART_VALUES, PART_WEIGHTS
from turbosat.errors import DeviceError
from turbosat.gpu.cuda import nvrtc
from turbosat.gpu.cuda.context import Buffer, Context, Function
from turbosat.gpu.cuda.driver import Attribute
from turbosat.gpu.gradient.teams import Form, Plan, Reading, Room

SLICE: Final = 0.02  # seconds that a launch takes at most
CLOCK: Final = 1_500_000  # kHz, of a device that does not tell
FOLDER: Final = Path(__file__).parent
HEADERS: Final = ("team.h", "team_lane.h", "team_walk.h", "team_weighted.h", "team_run.h")
KERNEL: Final = "team.cu"
TYPES: Final = (  # NVRTC has no stdint.h
    "typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned int uint32_t;\n"
    "typedef int int32_t; typedef unsigned long long uint64_t;\n"
)
Words = NDArray[np.uint32]


class Bank(Protocol):
    """The states of lanes of one form, by slot."""

    form: Form

    def grow(self, slots: int) -> None:
        """Have room for so many."""

    def write(self, slot: int, start: int, words: Words) -> None:
        """Set words (k,) of a state, from one on."""

    def read(self, slot: int, start: int, count: int) -> Words:
        """Return words (count,) of a state, from one on."""

    def run(self, rule: Words, orders: Words, heads: Words) -> None:
        """Run a slice of lanes by orders (k, ORDER), which name slots; heads (slots, HEAD) are in and out."""


def values_at(form: Form, *, best: bool) -> tuple[int, int]:
    """Return where the present or the best values are in a state, and how many words they have."""
    return (0 if best else form.starts[PART_VALUES]), form.groups


def weights_at(form: Form) -> tuple[int, int]:
    """Return where the weights are in a state, and how many words they have, two in each."""
    return form.starts[PART_WEIGHTS], form.lengths[PART_WEIGHTS]


class CoreBank:
    """Lanes whose teams are loops on a core."""

    def __init__(self, reading: Reading, form: Form, width: int = 32) -> None:
        self.form = form
        self._problem = reading.problem(form)
        self._states = np.zeros((0, form.stride), np.uint32)
        self._run: Callable[..., int] = {
            1: kernels.team_run_1,
            8: kernels.team_run_8,
            32: kernels.team_run_32,
        }[width]

    def grow(self, slots: int) -> None:
        """Have room for so many."""
        if slots > len(self._states):
            more = np.zeros((slots - len(self._states), self.form.stride), np.uint32)
            self._states = np.concatenate([self._states, more])

    def write(self, slot: int, start: int, words: Words) -> None:
        """Set words of a state."""
        self._states[slot, start : start + words.size] = words

    def read(self, slot: int, start: int, count: int) -> Words:
        """Return words of a state."""
        return self._states[slot, start : start + count].copy()

    def run(self, rule: Words, orders: Words, heads: Words) -> None:
        """Run a slice of lanes, one after the other."""
        self._run(self._problem, rule, orders, heads, self._states, self.form.kind)


def room_of(context: Context) -> Room:
    """Return what a device has for teams."""
    return Room(
        context.attribute(Attribute.MULTIPROCESSORS),
        context.attribute(Attribute.SHARED_PER_MULTIPROCESSOR),
        context.attribute(Attribute.MOST_SHARED_PER_BLOCK),
        context.attribute(Attribute.L2_CACHE) or 2**22,
        context.memory()[1],
    )


@functools.cache
def compiled(
    capability: tuple[int, int], kind: int, width: int, inside: int, newest: int | None = None
) -> nvrtc.Code:
    """Return the kernel for a device of a compute capability, which a driver of CUDA `newest` can load.

    The log has what the assembler says of registers. DeviceError where there is no compiler.
    """
    compiler = nvrtc.find(newest)
    if compiler is None:
        raise DeviceError(nvrtc.missing(newest) or "")
    headers = {name: (FOLDER / name).read_text() for name in HEADERS}
    headers["gradient.h"] = TYPES + "\n".join(constants(kernels))
    defines = {"W": width, "KIND": kind, "INSIDE": inside}
    source = (FOLDER / KERNEL).read_text()
    return compiler.compile(source, headers, capability, defines, ("--ptxas-options=-v",))


class CudaBank:
    """Lanes whose teams are blocks of threads on a device."""

    def __init__(self, reading: Reading, context: Context, plan: Plan) -> None:
        self.form, self._plan, self._context = plan.form, plan, context
        problem = reading.problem(plan.form)
        arrays = (problem.offsets, problem.literals, problem.starts, problem.occurrences)
        self._arrays = [self._upload(array) for array in (*arrays, problem.others, problem.shape)]
        self._states, self._slots = context.buffer(0), 0
        self._heads, self._orders = context.buffer(0), context.buffer(0)
        self._solved = context.buffer(4)
        self._rules: dict[bytes, Buffer] = {}
        code = compiled(context.capability, self.form.kind, plan.width, self.form.inside, context.version[0])
        self._clock = 1e3 * (context.attribute(Attribute.CLOCK) or CLOCK)  # ticks a second
        self._module = context.module(code.image)
        self.function: Function = self._module.function("team_kernel")
        self.function.allow_shared(self.form.shared_bytes)

    def _upload(self, array: Words) -> Buffer:
        buffer = self._context.buffer(array.nbytes)
        buffer.write(array)
        return buffer

    def grow(self, slots: int) -> None:
        """Have room for so many."""
        if slots <= self._slots:
            return
        old, stride = self._states, self.form.stride
        kept = old.read(np.uint32, self._slots * stride)
        for buffer in (old, self._heads, self._orders):
            buffer.free()
        self._states = self._context.buffer(4 * slots * stride)
        self._states.fill(0)
        self._states.write(kept)
        self._heads = self._context.buffer(4 * slots * HEAD)
        self._orders = self._context.buffer(4 * slots * kernels.ORDER)
        self._slots = slots

    def write(self, slot: int, start: int, words: Words) -> None:
        """Set words of a state."""
        self._states.write(words, 4 * (slot * self.form.stride + start))

    def read(self, slot: int, start: int, count: int) -> Words:
        """Return words of a state."""
        return self._states.read(np.uint32, count, 4 * (slot * self.form.stride + start))

    def run(self, rule: Words, orders: Words, heads: Words) -> None:
        """Run a slice of lanes, as many at a time as there is room for; SLICE at most for all of them."""
        key = rule.tobytes()
        if key not in self._rules:
            self._rules[key] = self._upload(rule)
        self._orders.write(orders)
        self._heads.write(heads)
        self._solved.fill(0)
        turns = -(-len(orders) // self._plan.lanes)
        self.function.launch(
            len(orders),
            self._plan.width,
            [
                *(*self._arrays, self._rules[key], self._orders, self._heads, self._states, self._solved),
                np.uint64(SLICE / turns * self._clock),
            ],
            shared=self.form.shared_bytes,
        )
        heads[:] = self._heads.read(np.uint32, heads.size).reshape(heads.shape)

    def free(self) -> None:
        """Give the device memory back."""
        rules = self._rules.values()
        for buffer in (*self._arrays, *rules, self._states, self._heads, self._orders, self._solved):
            buffer.free()
        self._module.unload()
