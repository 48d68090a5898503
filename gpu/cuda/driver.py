"""NVIDIA's driver by ctypes: libcuda is found, its functions are declared, its answers become exceptions.

It needs neither torch nor a CUDA toolkit: the driver assembles PTX itself. What the functions do and what the
numbers mean is in the CUDA Driver API Reference; turbosat.gpu.cuda.context is how they are used here.
"""

import ctypes
import functools
import os
from enum import IntEnum
from typing import Any, Final

from turbosat.errors import Cause, DeviceError
from turbosat.gpu.cuda.limits import driver_missing

NAMES: Final = ("libcuda.so.1", "libcuda.so")  # the second one where only the first has no link: WSL
OUT_OF_MEMORY: Final = 2

_POINTER, _SIZE, _INT, _UINT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_uint
_OUT, _ADDRESS = ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint64
_FUNCTIONS: Final[dict[str, tuple[Any, ...]]] = {
    "cuInit": (_UINT,),
    "cuDriverGetVersion": (ctypes.POINTER(_INT),),
    "cuDeviceGetCount": (ctypes.POINTER(_INT),),
    "cuDeviceGet": (ctypes.POINTER(_INT), _INT),
    "cuDeviceGetName": (ctypes.c_char_p, _INT, _INT),
    "cuDeviceGetAttribute": (ctypes.POINTER(_INT), _INT, _INT),
    "cuDevicePrimaryCtxRetain": (_OUT, _INT),
    "cuDevicePrimaryCtxRelease_v2": (_INT,),
    "cuCtxSetCurrent": (_POINTER,),
    "cuCtxSynchronize": (),
    "cuMemGetInfo_v2": (ctypes.POINTER(_SIZE), ctypes.POINTER(_SIZE)),
    "cuMemAlloc_v2": (ctypes.POINTER(_ADDRESS), _SIZE),
    "cuMemFree_v2": (_ADDRESS,),
    "cuMemcpyHtoD_v2": (_ADDRESS, _POINTER, _SIZE),
    "cuMemcpyDtoH_v2": (_POINTER, _ADDRESS, _SIZE),
    "cuMemsetD8Async": (_ADDRESS, ctypes.c_ubyte, _SIZE, _POINTER),
    "cuModuleLoadDataEx": (_OUT, _POINTER, _UINT, ctypes.POINTER(_INT), _OUT),
    "cuModuleUnload": (_POINTER,),
    "cuModuleGetFunction": (_OUT, _POINTER, ctypes.c_char_p),
    "cuFuncSetAttribute": (_POINTER, _INT, _INT),
    "cuLaunchKernel": (_POINTER, *(_UINT,) * 7, _POINTER, _OUT, _OUT),
    "cuEventCreate": (_OUT, _UINT),
    "cuEventRecord": (_POINTER, _POINTER),
    "cuEventSynchronize": (_POINTER,),
    "cuEventElapsedTime": (ctypes.POINTER(ctypes.c_float), _POINTER, _POINTER),
    "cuEventDestroy_v2": (_POINTER,),
    "cuGetErrorName": (_INT, ctypes.POINTER(ctypes.c_char_p)),
    "cuGetErrorString": (_INT, ctypes.POINTER(ctypes.c_char_p)),
}


class Attribute(IntEnum):
    """What can be asked about a device (CUdevice_attribute)."""

    THREADS_PER_BLOCK = 1
    SHARED_PER_BLOCK = 8  # bytes, without asking for more
    CLOCK = 13  # kHz
    MULTIPROCESSORS = 16
    L2_CACHE = 38  # bytes
    THREADS_PER_MULTIPROCESSOR = 39
    MAJOR = 75  # of the compute capability
    MINOR = 76
    SHARED_PER_MULTIPROCESSOR = 81  # bytes
    REGISTERS_PER_MULTIPROCESSOR = 82  # of 32 bits
    MOST_SHARED_PER_BLOCK = 97  # bytes, for functions that ask for it


class FunctionAttribute(IntEnum):
    """What can be set of a function (CUfunction_attribute)."""

    DYNAMIC_SHARED = 8  # bytes that a launch may give


class Driver:
    """The functions of a loaded libcuda; `call` calls one and raises DeviceError where it fails."""

    def __init__(self, handle: ctypes.CDLL) -> None:
        self._functions = {}
        for name, types in _FUNCTIONS.items():
            try:
                function = handle[name]
            except AttributeError:
                raise DeviceError(f"NVIDIA's driver is too old: it has no {name}") from None
            function.restype, function.argtypes = _INT, types
            self._functions[name] = function
        self.call("cuInit", 0)

    def call(self, name: str, *arguments: object) -> None:
        """Call a function; DeviceError unless it succeeds."""
        code = self._functions[name](*arguments)
        if code:
            raise self._error(name, code)

    def _error(self, name: str, code: int) -> DeviceError:
        """Return what to raise for a function's answer."""
        words = []
        for lookup in ("cuGetErrorName", "cuGetErrorString"):
            text = ctypes.c_char_p()
            if not self._functions[lookup](code, ctypes.byref(text)) and text.value:
                words.append(text.value.decode(errors="replace"))
        message = ": ".join([f"{name} failed", *(words or [f"error {code}"])])
        return DeviceError(message, Cause.MEMORY if code == OUT_OF_MEMORY else Cause.OTHER, code)

    def devices(self) -> int:
        """Return how many devices there are."""
        count = _INT()
        self.call("cuDeviceGetCount", ctypes.byref(count))
        return count.value

    @property
    def version(self) -> tuple[int, int]:
        """The newest CUDA that the driver knows: it takes PTX of this version and older."""
        number = _INT()
        self.call("cuDriverGetVersion", ctypes.byref(number))
        return number.value // 1000, number.value % 1000 // 10


def load() -> tuple[Driver | None, str | None]:
    """Return the driver, or None and why it cannot be used: no device, none that this process may see.

    It takes microseconds where there is no device, and some 0.1 s for the first call where there is one. A
    driver that is there and breaks is a reason, too.
    """
    reason = driver_missing()
    return (None, reason) if reason is not None else _load(os.getpid())


@functools.cache
def _load(process: int) -> tuple[Driver | None, str | None]:
    """Load it once in a process: what was loaded before a fork is of no use after it."""
    for name in NAMES:
        try:
            handle = ctypes.CDLL(name)
        except OSError:
            continue
        try:
            driver = Driver(handle)
            return (driver, None) if driver.devices() else (None, "no CUDA device")
        except DeviceError as error:
            return None, str(error)
    return None, f"{NAMES[0]} cannot be loaded"
