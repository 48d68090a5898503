"""What a sweep's device holds comes back, whatever happens; the driver has none behind it."""

import threading

import numpy as np
import pytest

from tests.gpu.cuda.counted_driver import TAKING, CountedDriver
from turbosat.errors import DeviceError
from turbosat.gpu.cuda.context import Context
from turbosat.gpu.sweep.cuda import Launch, Work
from turbosat.gpu.sweep.cuda_device import CudaDevice

WORK = Work("text", 32, np.zeros((4, 4), np.uint32), 1 << 16)
LAUNCH = Launch(grid=1, high=0, first=0, last=31, words=1)


def nothing() -> None:
    pass


def prepared_and_run(device: CudaDevice) -> None:
    device.prepare(WORK, 100, nothing)
    device.run(LAUNCH)


def test_all_is_given_back() -> None:
    driver = CountedDriver()
    device = CudaDevice(Context(driver))
    prepared_and_run(device)
    assert driver.held == dict(zip(TAKING, (1, 3, 1, 2), strict=True))
    device.close()
    assert not any(driver.held.values())


@pytest.mark.parametrize(
    ("refused", "allowed"),
    [("cuModuleLoadDataEx", 0), ("cuModuleGetFunction", 0), ("cuFuncSetAttribute", 0)]
    + [("cuMemAlloc_v2", allowed) for allowed in range(3)]
    + [("cuMemcpyHtoD_v2", 0), ("cuLaunchKernel", 0), ("cuEventSynchronize", 0)],
)
def test_what_is_refused_halfway_leaves_nothing(refused: str, allowed: int) -> None:
    driver = CountedDriver(refused, allowed)
    device = CudaDevice(Context(driver))
    with pytest.raises(DeviceError, match=refused):
        prepared_and_run(device)
    device.close()
    assert not any(driver.held.values())


def test_a_broken_device_is_closed_without_a_word() -> None:
    driver = CountedDriver()
    device = CudaDevice(Context(driver))
    device.prepare(WORK, 100, nothing)
    driver.broken = True
    with pytest.raises(DeviceError):
        device.run(LAUNCH)
    device.close()


def test_an_assembly_is_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is checked meanwhile may end it; what still assembles keeps the device."""
    driver, go_on = CountedDriver(), threading.Event()
    device = CudaDevice(Context(driver))
    monkeypatch.setattr(device._context, "use", go_on.wait)

    def over() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        device.prepare(WORK, 100, over)
    device.close()
    assert driver.held["cuDevicePrimaryCtxRetain"] == 1
    go_on.set()
    assert device._assembly is not None
    device._assembly.join()
