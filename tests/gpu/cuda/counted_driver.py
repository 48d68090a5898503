"""A driver without a device: it counts what is given out and what comes back, and can break."""

from itertools import count
from typing import Any

from turbosat.errors import Cause, DeviceError
from turbosat.gpu.cuda.driver import OUT_OF_MEMORY, Driver

TAKING = {  # what gives something out, and what takes it back
    "cuDevicePrimaryCtxRetain": "cuDevicePrimaryCtxRelease_v2",
    "cuMemAlloc_v2": "cuMemFree_v2",
    "cuModuleLoadDataEx": "cuModuleUnload",
    "cuEventCreate": "cuEventDestroy_v2",
}
ATTRIBUTE, MEMORY = 1 << 10, 1 << 30  # every attribute, and the bytes of memory


class CountedDriver(Driver):
    """Every call succeeds until one is `refused` or it is `broken`; `held` counts what is not given back."""

    def __init__(self, refused: str = "", allowed: int = 0) -> None:
        self.refused, self.allowed, self.broken = refused, allowed, False
        self.held = dict.fromkeys(TAKING, 0)
        self._numbers = count(4096)

    def call(self, name: str, *arguments: object) -> None:
        """Count a call; the one that is refused succeeds `allowed` times."""
        if name == self.refused:
            self.allowed -= 1
        if self.broken or (name == self.refused and self.allowed < 0):
            raise DeviceError(f"{name} failed", Cause.MEMORY, OUT_OF_MEMORY)
        out: Any = arguments[0] if arguments else None
        if name in TAKING:
            self.held[name] += 1
            out._obj.value = next(self._numbers)
        elif name == "cuDeviceGetAttribute":
            out._obj.value = ATTRIBUTE
        elif name == "cuMemGetInfo_v2":
            for each in arguments:
                each._obj.value = MEMORY  # type: ignore[attr-defined]
        for taking, back in TAKING.items():
            self.held[taking] -= name == back

    @property
    def version(self) -> tuple[int, int]:
        """The newest CUDA that it knows."""
        return 13, 0
