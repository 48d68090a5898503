import ctypes
import struct
import subprocess
import sys

import numpy as np
import pytest

from tests.gpu.cuda.counted_driver import CountedDriver
from turbosat.errors import Cause, DeviceError
from turbosat.gpu.cuda import driver
from turbosat.gpu.cuda.context import Context, open_context, pack, unusable

PTX = """
.version 7.0
.target sm_75
.address_size 64
.visible .entry add_one(.param .u64 values, .param .u32 count)
{
    .reg .pred %p;
    .reg .b32 %r<5>;
    .reg .b64 %d<3>;
    mov.u32 %r0, %ctaid.x;
    mov.u32 %r1, %ntid.x;
    mov.u32 %r2, %tid.x;
    mad.lo.u32 %r3, %r0, %r1, %r2;
    ld.param.u32 %r4, [count];
    setp.ge.u32 %p, %r3, %r4;
    @%p bra END;
    ld.param.u64 %d0, [values];
    mul.wide.u32 %d1, %r3, 4;
    add.u64 %d2, %d0, %d1;
    ld.global.u32 %r0, [%d2];
    add.u32 %r0, %r0, 1;
    st.global.u32 [%d2], %r0;
END:
    ret;
}
"""


def opened() -> Context:
    context = open_context()
    if context is None:
        pytest.skip(f"no GPU: {unusable()}")
    return context


def test_arguments_keep_their_width() -> None:
    arguments: list[np.generic] = [np.uint32(7), np.int64(-2), np.float32(0.5), np.uint8(255), np.True_]
    packed = pack(arguments)
    read = [bytes(value) for value in packed.values]
    assert read == [struct.pack("<I", 7), struct.pack("<q", -2), struct.pack("<f", 0.5), b"\xff", b"\x01"]
    for pointer, argument in zip(packed.pointers, arguments, strict=True):
        assert pointer is not None
        assert ctypes.string_at(pointer, argument.nbytes) == argument.tobytes()


def test_arguments_of_unknown_width_are_refused() -> None:
    with pytest.raises(TypeError, match="argument 1 must be a Buffer or a numpy scalar, not int"):
        pack([np.uint32(1), 3])  # type: ignore[list-item]


def test_without_a_device_there_is_a_reason_and_no_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert open_context() is None
    assert unusable() == "CUDA_VISIBLE_DEVICES hides all devices"


def test_a_library_that_is_not_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with signs of a driver but without its library, as containers are now and then."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(driver, "driver_missing", lambda: None)
    monkeypatch.setattr(driver, "NAMES", ("libcuda-absent.so.1",))
    driver._load.cache_clear()
    assert open_context() is None
    assert unusable() == "libcuda-absent.so.1 cannot be loaded"
    driver._load.cache_clear()


def test_a_library_without_the_functions_is_a_reason() -> None:
    with pytest.raises(DeviceError, match="too old: it has no cuInit") as caught:
        driver.Driver(ctypes.CDLL(None))
    assert caught.value.cause is Cause.OTHER
    assert caught.value.code is None


def test_a_device_is_let_go_of_once() -> None:
    driver = CountedDriver()
    first, second = Context(driver), Context(driver)
    first.close()
    first.close()
    assert driver.held["cuDevicePrimaryCtxRetain"] == 1
    second.close()
    assert driver.held["cuDevicePrimaryCtxRetain"] == 0


def test_no_torch_is_loaded() -> None:
    code = (
        "import sys; from turbosat.gpu.cuda.context import open_context; open_context();"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_kernels_run() -> None:
    context = opened()
    function = context.module(PTX).function("add_one")
    values = np.arange(1000, dtype=np.uint32)
    buffer, start, end = context.buffer(values.nbytes), context.event(), context.event()
    buffer.write(values)
    start.record()
    function.launch(8, 128, [buffer, np.uint32(900)])
    end.record()
    end.wait()
    assert end.milliseconds_since(start) >= 0
    expected = values + (values < 900)
    assert np.array_equal(buffer.read(np.uint32, values.size), expected)
    with pytest.raises(ValueError, match="of a buffer of 4000"):
        buffer.read(np.uint32, 2, offset=3996)
    context.close()


def test_what_the_assembler_refuses_is_told() -> None:
    context = opened()
    with pytest.raises(DeviceError, match=r"(?s)cuModuleLoadDataEx failed.*nonsense"):
        context.module(PTX.replace("ret;", "nonsense;"))
    with pytest.raises(DeviceError, match="cuModuleGetFunction failed"):
        context.module(PTX).function("absent")
    with pytest.raises(DeviceError) as caught:
        context.buffer(1 << 60)
    assert caught.value.cause is Cause.MEMORY
    context.close()
