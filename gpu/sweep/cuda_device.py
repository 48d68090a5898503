"""The sweep's kernels on a CUDA device: assembled by its driver, launched one after the other."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import numpy as np

from turbosat.errors import DeviceError
from turbosat.gpu.cuda.context import Argument, Buffer, Context, Function, Module, open_context
from turbosat.gpu.cuda.driver import Attribute
from turbosat.gpu.sweep.cuda import Launch, Outcome, Work
from turbosat.gpu.sweep.ptx import ENTRY, FOUND, SPOKEN, STATE, SURVIVORS

LOOK: Final = 0.05  # seconds between two looks at whether an assembly may go on


class CudaDevice:
    """A device with at most one kernel at a time; see turbosat.gpu.sweep.cuda.Device."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.most_shared = context.attribute(Attribute.MOST_SHARED_PER_BLOCK)
        self.width = context.attribute(Attribute.MULTIPROCESSORS)
        self._buffers: list[Buffer] = []
        self._module: Module | None = None
        self._function: Function | None = None
        self._work: Work | None = None
        self._assembly: threading.Thread | None = None
        self._start, self._end = context.event(), context.event()

    def prepare(self, work: Work, room: int, check: Callable[[], None]) -> None:
        """Assemble a kernel, and make room for survivors; `check` is called meanwhile and may raise."""
        self._work, self._module = work, self._assembled(work.text, check)
        self._function = self._module.function(ENTRY)
        if work.shared:
            self._function.allow_shared(work.shared)
        sizes = [STATE, room * FOUND] + ([] if work.code is None else [work.code.nbytes])
        for size in sizes:
            self._buffers.append(self._context.buffer(size))
        if work.code is not None:
            self._buffers[2].write(work.code)

    def _assembled(self, text: str, check: Callable[[], None]) -> Module:
        """Assemble in a thread: it takes seconds, and nothing can end it but the end of the process."""
        made: list[Module | DeviceError] = []

        def assemble() -> None:
            try:
                self._context.use()
                made.append(self._context.module(text))
            except DeviceError as error:
                made.append(error)

        self._assembly = threading.Thread(target=assemble, daemon=True)
        self._assembly.start()
        while self._assembly.is_alive():
            self._assembly.join(LOOK)
            check()
        (result,) = made
        if isinstance(result, DeviceError):
            raise result
        return result

    def run(self, launch: Launch) -> Outcome:
        """Run a launch to its end; DeviceError if it broke."""
        function, work = self._function, self._work
        assert function is not None
        assert work is not None
        state, found, *code = self._buffers
        room = found.size // FOUND
        state.fill(0)
        numbers = (room, launch.high, launch.first, launch.last, launch.words)
        arguments: list[Argument] = [state, found, *map(np.uint32, numbers), *code]
        self._start.record()
        function.launch(launch.grid, work.block, arguments, shared=work.shared)
        self._end.record()
        self._end.wait()
        told = state.read(np.uint32, STATE // 4)
        survivors = int(told[SURVIVORS // 4])
        count = min(survivors, room)
        rows = found.read(np.uint32, FOUND // 4 * count) if count else np.zeros(0, np.uint32)
        seconds = self._end.milliseconds_since(self._start) / 1000
        return Outcome(int(told[SPOKEN // 4]), survivors, rows.reshape(-1, FOUND // 4), seconds)

    def close(self) -> None:
        """Give the device back, with all that lies on it; while it assembles only the process's end can."""
        if self._assembly is not None and self._assembly.is_alive():
            return
        with suppress(DeviceError):  # one that broke takes nothing back
            for buffer in self._buffers:
                buffer.free()
            for event in (self._start, self._end):
                event.free()
            if self._module is not None:
                self._module.unload()
        self._context.close()


def open_device() -> CudaDevice | None:
    """Return a device, None where there is none; turbosat.gpu.cuda.context.unusable says why."""
    context = open_context()
    if context is None:
        return None
    try:
        return CudaDevice(context)
    except DeviceError:
        context.close()
        raise
