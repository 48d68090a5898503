"""Messages between an engine and its worker: small headers on a socket, arrays in anonymous files.

Arrays travel as descriptors, so that a message is always short: sending does not block, however large the
formula and however long the other side is busy, unless some hundred messages wait for it. What may be lost is
sent only while there is room. A large array that nobody can change, as those of a formula, is written once,
however many children it is sent to: they share its file.
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
import threading
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
LARGE = 1 << 20  # bytes of an array from which on it is written once
LATEST = 4  # such arrays whose files are kept: those of two formulas
MOST = 16  # files of a message


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
        self._open = True
        _kept.opened()

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
        files: list[int] = []
        try:
            shapes, common = [], []
            for each in arrays:
                file = _kept.file(each)
                shapes.append((each.format, each.nbytes, file is not None))
                if file is None:
                    common.append(each)
                else:
                    files.append(file)
            if arrays:
                files.insert(0, _filled(common))
            body = json.dumps([kind, data or {}, shapes]).encode()
            frame = LENGTH.pack(len(body)) + body
            sent = socket.send_fds(self._socket, [frame], files) if files else 0
            self._socket.sendall(frame[sent:])
        finally:
            for file in files:
                os.close(file)

    def receive(self, timeout: float | None) -> Message | None:
        """Return the next message, or None if there is none within `timeout` seconds.

        Raises EOFError when the other side is gone, OSError where no descriptor is left for arrays.
        """
        while (message := self._next()) is None:
            if not readable(self._socket.fileno(), timeout):
                return None
            try:
                data, files, flags, _ = socket.recv_fds(self._socket, SMALL, MOST)
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
        if self._open:
            self._open = False
            _kept.closed()
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
        return Message(kind, data, self._arrays(shapes) if shapes else ())

    def _arrays(self, shapes: Sequence[tuple[Code, int, bool]]) -> tuple[memoryview, ...]:
        """Return the arrays of the next message: those without a file of their own lie in the first."""
        common, start, arrays = _mapped(self._files.popleft()), 0, []
        for code, length, own in shapes:
            whole = _mapped(self._files.popleft()) if own else common
            first = 0 if own else start
            arrays.append(whole[first : first + length].cast(code) if length else memoryview(array(code)))
            start += 0 if own else length + -length % ALIGNMENT
        return tuple(arrays)


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


def _filled(arrays: Sequence[memoryview]) -> int:
    """Return an anonymous file that holds these arrays one after the other."""
    file = anonymous_file()
    try:
        for each in arrays:
            write_all(file, each)
            write_all(file, memoryview(bytes(-each.nbytes % ALIGNMENT)))
    except BaseException:
        os.close(file)
        raise
    return file


class _Kept:
    """The files of the large arrays sent last, while any channel is open: another may be sent the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels = 0
        self._files: dict[int, tuple[int, Any, int]] = {}  # by identity: who wrote it, the array, the file

    def opened(self) -> None:
        """Count a channel."""
        with self._lock:
            self._channels += 1

    def closed(self) -> None:
        """Count it no longer; the last one takes all files along."""
        with self._lock:
            self._channels -= 1
            while self._files and not self._channels:
                self._drop(next(iter(self._files)))

    def file(self, view: memoryview) -> int | None:
        """Return the file of a large array that cannot change, to be closed; None for any other array."""
        source: Any = view.obj
        if view.nbytes < LARGE or not view.readonly or getattr(source, "base", source) is not None:
            return None  # an array of numpy's that has its memory for itself has no base
        if view.nbytes != source.nbytes:
            return None  # a part, which has the same source as the whole
        with self._lock:
            if self._files.get(id(source), (0,))[0] != os.getpid():  # a copy of this process has no files
                while len(self._files) >= LATEST:
                    self._drop(next(iter(self._files)))
                self._files[id(source)] = os.getpid(), source, _filled([view])
            return os.dup(self._files[id(source)][2])

    def _drop(self, key: int) -> None:
        process, _, file = self._files.pop(key)
        if process == os.getpid():
            os.close(file)


_kept = _Kept()


def _mapped(file: int) -> memoryview:
    """Return the content of an anonymous file, and close it: the view keeps its memory."""
    try:
        size = os.fstat(file).st_size
        return memoryview(mmap.mmap(file, size, prot=mmap.PROT_READ)) if size else memoryview(b"")
    finally:
        os.close(file)


def serve(descriptor: int, body: Callable[[Channel], None]) -> None:
    """Run `body` on the channel behind a descriptor; ends the process whatever happens."""
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        body(channel)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # nobody is left to tell
    except EngineError as error:
        _complain(channel, str(error), error.cause)
    except Exception as error:
        unmapped = isinstance(error, OSError) and error.errno == errno.ENOMEM
        if unmapped or isinstance(error, MemoryError):
            _complain(channel, "out of memory", Cause.MEMORY)
        else:
            _complain(channel, f"{type(error).__name__}: {error}", Cause.OTHER)
    os._exit(0)  # giving back memory piece by piece can take seconds and helps nobody


def _complain(channel: Channel, message: str, cause: Cause) -> None:
    with suppress(OSError):
        channel.send("error", {"message": message, "cause": cause.value})
