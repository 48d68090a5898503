"""A CUDA device as seen by what launches kernels: modules, functions, buffers, events.

    context = open_context()                        # None where there is no device
    module = context.module(ptx)                    # or cubin; the driver assembles PTX
    function = module.function("name")
    buffer = context.buffer(4 * n)
    buffer.write(array)
    start, end = context.event(), context.event()
    start.record()
    function.launch(grid, block, [buffer, np.uint32(n)])
    end.record()
    end.wait()
    end.milliseconds_since(start)
    buffer.read(np.uint32, n)

Whatever CUDA refuses is a DeviceError. A context belongs to the thread that opened it until another one calls
`use`. A kernel that broke takes the context with it: all later calls fail, nothing is reported as done.
"""

import ctypes
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from turbosat.errors import DeviceError
from turbosat.gpu.cuda.driver import Attribute, Driver, FunctionAttribute, load

LOG: Final = 1 << 14  # bytes of what the assembler has to say
OLDEST: Final = (7, 5)  # compute capability: the oldest one that current toolkits know
BLOCKING: Final = 1  # waiting for an event does not take a core
ERROR_LOG, ERROR_LOG_SIZE = 5, 6  # options of cuModuleLoadDataEx


class Buffer:
    """Memory on the device: `size` bytes at `address`. Copies wait for kernels launched before them."""

    def __init__(self, driver: Driver, size: int) -> None:
        self._driver, self.size = driver, size
        address = ctypes.c_uint64()
        driver.call("cuMemAlloc_v2", ctypes.byref(address), max(1, size))
        self.address = address.value

    def write(self, values: ArrayLike, offset: int = 0) -> None:
        """Copy an array to the device, from byte `offset` on."""
        array = np.ascontiguousarray(values)
        self._within(offset, array.nbytes)
        self._driver.call("cuMemcpyHtoD_v2", self.address + offset, array.ctypes.data, array.nbytes)

    def read(self, dtype: DTypeLike, count: int, offset: int = 0) -> NDArray[Any]:
        """Return `count` elements (count,), from byte `offset` on."""
        array = np.empty(count, dtype)
        self._within(offset, array.nbytes)
        self._driver.call("cuMemcpyDtoH_v2", array.ctypes.data, self.address + offset, array.nbytes)
        return array

    def fill(self, byte: int) -> None:
        """Set all bytes, in order with kernels."""
        self._driver.call("cuMemsetD8Async", self.address, byte, max(1, self.size), None)

    def _within(self, offset: int, size: int) -> None:
        if offset < 0 or offset + size > self.size:
            raise ValueError(f"bytes {offset} to {offset + size} of a buffer of {self.size}")

    def free(self) -> None:
        """Give the memory back."""
        if self.address:
            self._driver.call("cuMemFree_v2", self.address)
            self.address = 0


class Event:
    """A mark in the order of launches."""

    def __init__(self, driver: Driver) -> None:
        self._driver, self.handle = driver, ctypes.c_void_p()
        driver.call("cuEventCreate", ctypes.byref(self.handle), BLOCKING)

    def record(self) -> None:
        """Put the mark behind all that was launched."""
        self._driver.call("cuEventRecord", self.handle, None)

    def wait(self) -> None:
        """Wait until the device has reached it."""
        self._driver.call("cuEventSynchronize", self.handle)

    def milliseconds_since(self, start: "Event") -> float:
        """Return the time between two marks that have been reached."""
        result = ctypes.c_float()
        self._driver.call("cuEventElapsedTime", ctypes.byref(result), start.handle, self.handle)
        return result.value

    def free(self) -> None:
        """Give it back."""
        self._driver.call("cuEventDestroy_v2", self.handle)


class Function:
    """A kernel."""

    def __init__(self, driver: Driver, module: ctypes.c_void_p, name: str) -> None:
        self._driver, self.handle = driver, ctypes.c_void_p()
        driver.call("cuModuleGetFunction", ctypes.byref(self.handle), module, name.encode())

    def allow_shared(self, size: int) -> None:
        """Let launches give so many bytes of shared memory: needed for more than 48 KiB."""
        self._driver.call("cuFuncSetAttribute", self.handle, FunctionAttribute.DYNAMIC_SHARED, size)

    def launch(
        self,
        grid: int | tuple[int, ...],
        block: int | tuple[int, ...],
        arguments: Sequence["Argument"],
        *,
        shared: int = 0,
    ) -> None:
        """Start the kernel and return at once; `pack` says what arguments may be."""
        packed = pack(arguments)
        self._driver.call(
            "cuLaunchKernel",
            self.handle,
            *_three(grid),
            *_three(block),
            shared,
            None,
            packed.pointers,
            None,
        )


class Module:
    """Kernels that are loaded."""

    def __init__(self, driver: Driver, image: str | bytes) -> None:
        self._driver, self._handle = driver, ctypes.c_void_p()
        data = image.encode() if isinstance(image, str) else image
        log = ctypes.create_string_buffer(LOG)
        chosen = {ERROR_LOG: ctypes.addressof(log), ERROR_LOG_SIZE: LOG}
        options, values = (ctypes.c_int * len(chosen))(*chosen), (ctypes.c_void_p * len(chosen))()
        for at, value in enumerate(chosen.values()):
            values[at] = value
        text = ctypes.create_string_buffer(data)  # PTX ends with a zero
        try:
            driver.call("cuModuleLoadDataEx", ctypes.byref(self._handle), text, len(chosen), options, values)
        except DeviceError as error:
            said = log.value.decode(errors="replace").strip()
            raise DeviceError(f"{error}: {said}" if said else str(error), error.cause, error.code) from None

    def function(self, name: str) -> Function:
        """Return a kernel; DeviceError if there is none of the name."""
        return Function(self._driver, self._handle, name)

    def unload(self) -> None:
        """Give its memory back; its functions must not be used any more."""
        self._driver.call("cuModuleUnload", self._handle)


class Context:
    """A device in use."""

    def __init__(self, driver: Driver, ordinal: int = 0) -> None:
        self._driver, self._handle, device = driver, ctypes.c_void_p(), ctypes.c_int()
        driver.call("cuDeviceGet", ctypes.byref(device), ordinal)
        self._device = device.value
        name = ctypes.create_string_buffer(256)
        driver.call("cuDeviceGetName", name, len(name), self._device)
        self.name = name.value.decode(errors="replace")
        self.capability = self.attribute(Attribute.MAJOR), self.attribute(Attribute.MINOR)
        driver.call("cuDevicePrimaryCtxRetain", ctypes.byref(self._handle), self._device)
        self.use()

    def use(self) -> None:
        """Make it the context of the calling thread."""
        self._driver.call("cuCtxSetCurrent", self._handle)

    def attribute(self, attribute: Attribute) -> int:
        """Return what the device is like."""
        value = ctypes.c_int()
        self._driver.call("cuDeviceGetAttribute", ctypes.byref(value), attribute, self._device)
        return value.value

    @property
    def version(self) -> tuple[int, int]:
        """The newest CUDA that the driver knows."""
        return self._driver.version

    def memory(self) -> tuple[int, int]:
        """Return the bytes that are free, and those that there are."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._driver.call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
        return free.value, total.value

    def module(self, image: str | bytes) -> Module:
        """Load PTX or cubin; PTX is assembled.

        That can take seconds and cannot be interrupted; another thread may do it, after `use`. DeviceError
        with what the assembler says.
        """
        return Module(self._driver, image)

    def buffer(self, size: int) -> Buffer:
        """Return `size` bytes of memory, with anything in them."""
        return Buffer(self._driver, size)

    def event(self) -> Event:
        """Return a new event."""
        return Event(self._driver)

    def wait(self) -> None:
        """Wait until all work of the context is done; DeviceError if a kernel broke."""
        self._driver.call("cuCtxSynchronize")

    def close(self) -> None:
        """Let go of the device, and of all that was made from this context; a broken one lets go as well."""
        if not self._handle:
            return  # it has: others may hold the device still
        self._handle = ctypes.c_void_p()
        with suppress(DeviceError):
            self._driver.call("cuDevicePrimaryCtxRelease_v2", self._device)


Argument = Buffer | np.generic  # numpy scalars say how wide they are


@dataclass(frozen=True, slots=True)
class Packed:
    """Arguments as cuLaunchKernel takes them: `pointers` to the `values`, which must stay alive till then."""

    values: list[ctypes.Array[ctypes.c_char]]
    pointers: "ctypes.Array[ctypes.c_void_p]"


def pack(arguments: Sequence[Argument]) -> Packed:
    """Lay out arguments: buffers become addresses, numpy scalars keep their width.

    TypeError for anything else: how wide a plain int is nobody knows.
    """
    values = []
    for at, argument in enumerate(arguments):
        if isinstance(argument, Buffer):
            argument = np.uint64(argument.address)
        if not isinstance(argument, np.bool_ | np.number):
            raise TypeError(
                f"argument {at} must be a Buffer or a numpy scalar, not {type(argument).__name__}"
            )
        values.append(ctypes.create_string_buffer(argument.tobytes(), argument.nbytes))
    pointers = (ctypes.c_void_p * max(1, len(values)))(*map(ctypes.addressof, values))
    return Packed(values, pointers)


def _three(size: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return a size in three dimensions."""
    given = (size,) if isinstance(size, int) else size
    return (*given, *(1,) * (3 - len(given)))


def open_context(ordinal: int = 0) -> Context | None:
    """Return a device ready for use, None where there is none; `unusable` says why."""
    return None if unusable(ordinal) is not None else Context(_driver(), ordinal)


def _driver() -> Driver:
    driver, reason = load()
    if driver is None:
        raise DeviceError(reason or "no driver")
    return driver


def newest() -> tuple[int, int]:
    """Return the newest CUDA that the driver knows; DeviceError where there is none."""
    return _driver().version


def unusable(ordinal: int = 0) -> str | None:
    """Return why a device cannot be used, None if it can."""
    driver, reason = load()
    if driver is None:
        return reason
    try:
        if ordinal >= driver.devices():
            return f"there is no device {ordinal}"
        device, parts = ctypes.c_int(), (ctypes.c_int(), ctypes.c_int())
        driver.call("cuDeviceGet", ctypes.byref(device), ordinal)
        for part, attribute in zip(parts, (Attribute.MAJOR, Attribute.MINOR), strict=True):
            driver.call("cuDeviceGetAttribute", ctypes.byref(part), attribute, device.value)
    except DeviceError as error:
        return str(error)
    if (parts[0].value, parts[1].value) < OLDEST:
        return f"the device is older than compute capability {OLDEST[0]}.{OLDEST[1]}"
    return None
