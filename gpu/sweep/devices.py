"""The devices a sweep can run on, and the choice between them."""

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.support.program import Program
from turbosat.errors import UnsupportedError, UsageError

KNOWN: Final = "auto, cuda, cpu"
FEW_INPUTS: Final = 30  # a core sweeps so many in seconds, before CUDA would be ready


class AnySweep(Protocol):
    """The enumeration of all assignments of a program's inputs, in slices of bounded time."""

    program: Program

    @property
    def done(self) -> bool:
        """Whether every assignment has been looked at; survivors may still wait in `candidates`."""

    @property
    def progress(self) -> float:
        """The share of assignments looked at."""

    def advance(self, seconds: float) -> float:
        """Run for about `seconds` of time, or until survivors must be taken; return the share done."""

    def candidates(self) -> NDArray[np.bool_]:
        """Take the survivors found since the last call: values of the inputs, bool (survivors, inputs)."""

    def close(self) -> None:
        """Give threads and device memory back."""


def create_sweep(
    device: str,
    program: Program,
    seed: int = 0,
    workers: int = 1,
    check: Callable[[], None] = lambda: None,
) -> tuple[AnySweep, str | None]:
    """Build a sweep on a device and, where "auto" passed over CUDA for a reason of its own, a comment.

    `check` is called while the sweep is prepared and may raise. An explicit device that cannot be used raises
    UnsupportedError, an unknown one UsageError.
    """
    if device not in KNOWN.split(", "):
        raise UsageError(f"unknown device {device!r}; known: {KNOWN}")
    reason = None
    if device == "cuda" or (device == "auto" and program.inputs.size > FEW_INPUTS):
        from turbosat.gpu.cuda import limits as cuda_limits

        reason = cuda_limits.driver_missing()  # before torch is imported
        if reason is None:
            from turbosat.gpu.sweep import cuda as kernel_cuda

            reason = kernel_cuda.missing(program)
            if reason is None:
                return kernel_cuda.CudaSweep(program, seed, workers, check=check), None
        if device == "cuda":
            raise UnsupportedError(f"device cuda cannot be used: {reason}; known: {KNOWN}")
        reason = f"no cuda: {reason}"
    from turbosat.gpu.sweep.cpu import Sweep

    return Sweep(program, seed, workers, check=check), reason
