"""A device for sweeps whose kernels are run by the machine of numpy."""

from collections.abc import Callable

import numpy as np

from tests.gpu.sweep.ptx_machine import Memory, launch
from turbosat.gpu.sweep.cuda import Launch, Outcome, Work
from turbosat.gpu.sweep.ptx import FOUND, STATE


class MachineDevice:
    """As turbosat.gpu.sweep.cuda_device.CudaDevice, with `together` blocks running at the same time."""

    def __init__(self, width: int = 2, together: int = 64, most_shared: int = 1 << 17) -> None:
        self.width, self.together, self.most_shared = width, together, most_shared
        self.launches: list[Launch] = []
        self.closed = False

    def prepare(self, work: Work, room: int, check: Callable[[], None]) -> None:
        check()
        self.work, self.room = work, room

    def run(self, todo: Launch) -> Outcome:
        self.launches.append(todo)
        memory = Memory()
        state = memory.add(np.zeros(STATE, np.uint8))
        found = memory.add(np.full(self.room * FOUND, 0xA5, np.uint8))
        arguments = [state, found, self.room, todo.high, todo.first, todo.last, todo.words]
        if self.work.code is not None:
            arguments.append(memory.add(self.work.code))
        launch(
            self.work.text,
            memory,
            todo.grid,
            self.work.block,
            arguments,
            shared=self.work.shared,
            together=self.together,
            seed=len(self.launches),
        )
        survivors, spoken = memory.buffers[state].view(np.uint32).tolist()
        rows = memory.buffers[found].view(np.uint32).reshape(-1, FOUND // 4)[: min(survivors, self.room)]
        return Outcome(spoken, survivors, rows, 0.01)

    def close(self) -> None:
        self.closed = True
