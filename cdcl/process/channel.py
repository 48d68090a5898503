"""Messages between an engine and its worker: small headers on a socket, arrays in anonymous files.

Arrays travel as descriptors, so that a message is always short: sending does not block, however large the
formula and however long the other side is busy, unless some hundred messages wait for it. What may be lost is
sent only while there is room.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import select
import socket
import struct
import sys
import tempfile
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from turbosat.cdcl.process.child import readable
from turbosat.errors import Cause, EngineError

LENGTH = struct.Struct("<I")
ALIGNMENT = 8  # bytes; every array starts at a multiple of it
Code = Literal["b", "i", "l", "q"]  # of the elements, as memoryview spells them
SMALL = 1 << 16  # bytes read at once


@dataclass(frozen=True, slots=True)
class Message:
    """What one side tells the other; `arrays` are read-only views of int8, int32 or int64."""

    kind: str
    data: dict[str, Any]
    arrays: tuple[memoryview, ...] = ()


class Channel:
    """One end of a connected stream socket."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._bytes = bytearray()
        self._files: deque[int] = deque()

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def roomy(self) -> bool:
        """Whether most of the socket's buffer is free, so that a message can be sent without waiting."""
        waiter = select.poll()
        waiter.register(self._socket, select.POLLOUT)
        return bool(waiter.poll(0))  # and where the other side is gone: sending says so

    def send(self, kind: str, data: dict[str, Any] | None = None, arrays: Sequence[memoryview] = ()) -> None:
        """Send a message; what is long goes into `arrays`: beyond some 100 KB, `data` waits for a reader.

        Raises OSError when the other side is gone.
        """
        shapes = [(each.format, each.nbytes) for each in arrays]
        body = json.dumps([kind, data or {}, shapes]).encode()
        frame = LENGTH.pack(len(body)) + body
        if not arrays:
            self._socket.sendall(frame)
            return
        file = anonymous_file()
        try:
            for each in arrays:
                write_all(file, each)
                write_all(file, memoryview(bytes(-each.nbytes % ALIGNMENT)))
            sent = socket.send_fds(self._socket, [frame], [file])
            self._socket.sendall(frame[sent:])
        finally:
            os.close(file)

    def receive(self, timeout: float | None) -> Message | None:
        """Return the next message, or None if there is none within `timeout` seconds.

        Raises EOFError when the other side is gone, OSError where no descriptor is left for arrays.
        """
        while (message := self._next()) is None:
            if not readable(self._socket.fileno(), timeout):
                return None
            try:
                data, files, flags, _ = socket.recv_fds(self._socket, SMALL, 8)
            except ConnectionResetError:
                data, files, flags = b"", [], 0
            except BlockingIOError:
                continue
            self._files += files
            if flags & socket.MSG_CTRUNC:  # its arrays are lost, and others must not be taken for them
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            if not data:
                raise EOFError
            self._bytes += data
        return message

    def close(self) -> None:
        """Close the socket and what came through it and was never looked at."""
        self._socket.close()
        while self._files:
            os.close(self._files.popleft())

    def _next(self) -> Message | None:
        """Return the first message of those already read."""
        if len(self._bytes) < LENGTH.size:
            return None
        end = LENGTH.size + LENGTH.unpack_from(self._bytes)[0]
        if len(self._bytes) < end:
            return None
        kind, data, shapes = json.loads(self._bytes[LENGTH.size : end])
        del self._bytes[:end]
        return Message(kind, data, _mapped(self._files.popleft(), shapes) if shapes else ())


def anonymous_file() -> int:
    """Return a file without a name: in memory where the system has that, else removed at once."""
    if sys.platform == "linux":
        return os.memfd_create("turbosat")
    file, name = tempfile.mkstemp(prefix="turbosat-")
    os.unlink(name)
    return file


def write_all(file: int, data: memoryview) -> None:
    """Write a whole array to a file; the system takes 2 GB at a time at most."""
    if data.nbytes:
        rest = data.cast("B")
        while rest:
            rest = rest[os.write(file, rest) :]


def _mapped(file: int, shapes: Sequence[tuple[Code, int]]) -> tuple[memoryview, ...]:
    """Return the arrays of an anonymous file, and close it: the views keep its memory."""
    try:
        size = os.fstat(file).st_size
        whole = memoryview(mmap.mmap(file, size, prot=mmap.PROT_READ)) if size else memoryview(b"")
    finally:
        os.close(file)
    arrays = []
    start = 0
    for code, length in shapes:
        arrays.append(whole[start : start + length].cast(code) if length else memoryview(array(code)))
        start += length + -length % ALIGNMENT
    return tuple(arrays)


def serve(descriptor: int, body: Callable[[Channel], None]) -> None:
    """Run `body` on the channel behind a descriptor; ends the process whatever happens."""
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        body(channel)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # nobody is left to tell
    except MemoryError:
        _complain(channel, "out of memory", Cause.MEMORY)
    except EngineError as error:
        _complain(channel, str(error), error.cause)
    except Exception as error:
        _complain(channel, f"{type(error).__name__}: {error}", Cause.OTHER)
    os._exit(0)  # giving back memory piece by piece can take seconds and helps nobody


def _complain(channel: Channel, message: str, cause: Cause) -> None:
    with suppress(OSError):
        channel.send("error", {"message": message, "cause": cause.value})
