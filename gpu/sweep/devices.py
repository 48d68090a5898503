"""The devices a sweep can run on, and the choice between them."""

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.support.compilation import SWEPT_INPUTS
from turbosat.encodings.support.program import Program
from turbosat.errors import DeviceError, UnsupportedError, UsageError

KNOWN: Final = "auto, cuda, cpu"
WORTH: Final = 1 << 39  # assignments times instructions: a core does less in seconds, before CUDA is ready
DEVICE_INPUTS: Final = 44  # at most, on a device: its pace says whether that ends in time


class AnySweep(Protocol):
    """The enumeration of all assignments of a program's inputs, in slices of bounded time."""

    program: Program
    device: str

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


def most_inputs(device: str) -> int:
    """Return how many inputs a program to be swept may have: on a CUDA device more than on CPU cores."""
    return DEVICE_INPUTS if device != "cpu" and cuda() else SWEPT_INPUTS


def cuda() -> bool:
    """Whether there is a CUDA device."""
    from turbosat.gpu.cuda.context import unusable

    return unusable() is None


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
        raise UsageError(f"a sweep runs on no device {device!r}; known: {KNOWN}")
    comment = None
    if device == "cuda" or (device == "auto" and program.kinds.size << program.inputs.size > WORTH):
        sweep, reason = _on_cuda(program, seed, check)
        if sweep is not None:
            return sweep, None
        if device == "cuda":
            raise UnsupportedError(f"device cuda cannot be used: {reason}; known: {KNOWN}")
        comment = f"no cuda: {reason}"
    from turbosat.gpu.sweep.cpu import Sweep

    return Sweep(program, seed, workers, check=check), comment


def _on_cuda(program: Program, seed: int, check: Callable[[], None]) -> tuple[AnySweep | None, str | None]:
    """Return a sweep on a CUDA device, or None and why there is none."""
    from turbosat.gpu.cuda.context import unusable

    reason = unusable()
    if reason is not None:
        return None, reason
    from turbosat.gpu.sweep.cuda import CudaSweep
    from turbosat.gpu.sweep.cuda_device import open_device

    try:
        device = open_device()
        if device is None:
            return None, unusable()
        try:
            return CudaSweep(program, device, seed, check=check), None
        except BaseException:
            device.close()
            raise
    except (DeviceError, UnsupportedError) as error:
        return None, str(error)
