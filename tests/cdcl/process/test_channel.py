"""Messages of any size arrive whole, in order, without a reader on the other side."""

import errno
import os
import socket
from array import array
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.processes import no_more_descriptors
from turbosat.cdcl.process import channel
from turbosat.cdcl.process.channel import Channel, anonymous_file, serve
from turbosat.errors import Cause


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Channel, Channel]]:
    monkeypatch.setattr(channel, "_kept", channel._Kept())  # without the arrays that other tests have sent
    one, two = map(Channel, socket.socketpair())
    yield one, two
    one.close()
    two.close()


def test_arrays_of_all_sizes(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    sent = [array("b", [1, 0, -1]), array("i"), array("i", [-(2**31), 7]), array("q", range(100_000))]
    one.send("first", {"a": 1.5})
    one.send("second", {}, [memoryview(each) for each in sent])
    one.send("third", {"b": "ü" * 10_000}, [memoryview(array("b"))])
    messages = [two.receive(1.0) for _ in range(3)]
    assert [message.kind for message in messages if message] == ["first", "second", "third"]
    assert messages[0] is not None
    assert messages[0].data == {"a": 1.5}
    assert messages[1] is not None
    assert [list(view) for view in messages[1].arrays] == [list(each) for each in sent]
    assert messages[2] is not None
    assert [list(view) for view in messages[2].arrays] == [[]]
    assert two.receive(0.0) is None


def test_sending_never_waits_for_the_reader(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    big = memoryview(array("q", bytes(8_000_000)))
    for _ in range(20):
        one.send("big", {}, [big])
    for _ in range(20):
        message = two.receive(1.0)
        assert message is not None
        assert message.arrays[0].nbytes == 8_000_000


def test_the_end_of_the_other_side(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    one.send("last")
    one.close()
    assert two.receive(1.0) is not None
    with pytest.raises(EOFError):
        two.receive(None)
    with pytest.raises(OSError, match=r"[Pp]ipe"):
        two.send("anybody?")


def test_an_anonymous_file_has_no_name() -> None:
    file = anonymous_file()
    try:
        assert os.write(file, b"x") == 1
        assert os.fstat(file).st_nlink == 0
    finally:
        os.close(file)


def test_hints_are_sent_while_there_is_room(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    sent = 0
    while one.roomy():
        one.send("hint", {"number": sent})
        sent += 1
        assert sent < 10_000
    one.send("advance", {})  # there is room for what may not be lost
    kinds = [message.kind for message in iter(lambda: two.receive(0.0), None) if message is not None]
    assert kinds == ["hint"] * sent + ["advance"]
    assert one.roomy()
    two.close()
    assert one.roomy()
    with pytest.raises(OSError, match="Broken pipe"):
        one.send("hint", {})


def fixed(size: int) -> NDArray[np.int32]:
    numbers = np.arange(size, dtype=np.int32)
    numbers.setflags(write=False)
    return numbers


def view(numbers: NDArray[np.int32]) -> memoryview:
    return memoryview(numbers)  # type: ignore[arg-type]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_large_arrays_that_cannot_change_are_written_once(
    ends: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = ends
    written: list[int] = []
    write = channel.write_all

    def counted(file: int, data: memoryview) -> None:
        written.append(data.nbytes)
        write(file, data)

    monkeypatch.setattr(channel, "write_all", counted)
    before = open_files()
    numbers, few = fixed(channel.LARGE), array("i", [7])
    views = [memoryview(few), view(numbers), memoryview(array("q", [1, 2])), view(numbers)]
    for _ in range(3):
        one.send("load", {}, views)
        message = two.receive(1.0)
        assert message is not None
        assert [each.format for each in message.arrays] == ["i", "i", "q", "i"]
        assert message.arrays[0].tolist() == [7]
        assert message.arrays[2].tolist() == [1, 2]
        assert np.array_equal(np.asarray(message.arrays[1]), numbers)
        assert np.array_equal(np.asarray(message.arrays[3]), numbers)
        del message
    assert written.count(numbers.nbytes) == 1
    assert open_files() == before + 1
    for _ in range(2 * channel.LATEST):
        one.send("others", {}, [view(fixed(channel.LARGE))])
        assert two.receive(1.0)
        assert open_files() <= before + channel.LATEST
    one.close()
    assert open_files() > before - 1
    two.close()
    assert open_files() == before - 2


def test_arrays_that_may_change_are_sent_as_they_are_now(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    numbers = np.zeros(channel.LARGE, np.int32)
    part = fixed(2 * channel.LARGE)[3:-5]  # of an array, whose file would hold more
    for value in range(3):
        numbers[:] = value
        one.send("load", {}, [view(numbers), view(part)])
        message = two.receive(1.0)
        assert message is not None
        assert set(np.unique(np.asarray(message.arrays[0]))) == {value}
        assert np.array_equal(np.asarray(message.arrays[1]), part)


def test_parts_of_a_large_array_are_told_apart(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    values, half = fixed(channel.LARGE), channel.LARGE // 2
    parts = [view(values)[:half], view(values), view(values)[half:]]
    one.send("parts", {}, parts)
    message = two.receive(1.0)
    assert message is not None
    assert [view.tobytes() for view in message.arrays] == [part.tobytes() for part in parts]


def test_a_copy_of_the_process_writes_its_own(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    numbers = fixed(channel.LARGE)
    one.send("first", {}, [view(numbers)])
    pid = os.fork()
    if not pid:
        code = 1
        try:
            for descriptor in map(int, os.listdir("/proc/self/fd")):
                if descriptor > 2 and descriptor != one.fileno():
                    with suppress(OSError):
                        os.close(descriptor)
            one.send("second", {}, [view(numbers)])
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    for _ in range(2):
        message = two.receive(1.0)
        assert message is not None
        assert np.array_equal(np.asarray(message.arrays[0]), numbers)


def test_arrays_for_which_no_descriptor_is_left_are_an_error(ends: tuple[Channel, Channel]) -> None:
    """Those of the next message must not be taken for them."""
    one, two = ends
    one.send("first", {}, [memoryview(array("i", [1, 2, 3]))])
    one.send("second", {}, [memoryview(array("i", [7, 8, 9]))])
    with no_more_descriptors(), pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        two.receive(1.0)


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_arrays_without_room_are_a_want_of_memory(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def body(channel: Channel) -> None:
        raise error

    monkeypatch.setattr("os._exit", lambda code: None)
    near, far = socket.socketpair()
    with near:
        serve(far.detach(), body)
        message = Channel(near).receive(1.0)
    assert message is not None
    assert message.data == {"message": "out of memory", "cause": Cause.MEMORY.value}
