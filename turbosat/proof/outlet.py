"""Where what was asked for goes: a file, a pipe, a device, a descriptor of this process.

What cannot be written, and what would destroy something, is found out before the search; nothing is emptied
and no reader of a pipe sees a beginning or an end before there is something for it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

from turbosat.dimacs.compression import HEAD, sniff
from turbosat.errors import UsageError
from turbosat.proof.flag import Flag, beside

Wait = Callable[[int, int], None]  # until a descriptor is ready for an event of poll

STANDARD_OUTPUT = 1
STREAMS = {STANDARD_OUTPUT: "the standard output", 2: "the standard error"}
LINKS = 40  # followed at most, as by the kernel
SMALL = 4096  # bytes that a pipe which poll calls writable takes without blocking
LARGE = 1 << 20
SAMPLE = 1 << 16  # bytes in which the header of a formula would be
WRITING = os.O_WRONLY | os.O_CREAT | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
EXCLUSIVE = stat.S_IFREG, stat.S_IFIFO, stat.S_IFBLK  # what two cannot write to at once


class Outlet:
    """A place that something is written to; `what` is how messages call it.

    A path is opened at once, a named pipe when there is something for it, and then in a thread: that waits
    for a reader. "-", /dev/stdout, /dev/fd/N and the like mean descriptors that this process was given, which
    are written on where they stand. Raises UsageError where that cannot be.
    """

    def __init__(self, path: str, what: str) -> None:
        self.path, self.what = path, what
        self.delivered = 0  # bytes
        self.opened: Flag | None = None  # of a named pipe: whether there is a reader
        self.number: int | None = None  # the descriptor that was meant
        self._file = -1
        self._opener: threading.Thread | None = None
        self._trouble: OSError | None = None
        self._created = False
        self._used = False
        self._piece = LARGE
        self._last = b""  # the last byte that was written
        try:
            self.number = STANDARD_OUTPUT if path == "-" else own_descriptor(path)
            self.status = self._place()
        except IsADirectoryError:
            raise UsageError(f"{path}: {what} must be a file, not a directory") from None
        except (OSError, ValueError, OverflowError) as error:
            raise UsageError(self.failure(error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def replaceable(self) -> bool:
        """Whether what was written can be taken back: in a file of that name, not in a pipe."""
        return self.number is None and stat.S_ISREG(self.status.st_mode)

    def failure(self, error: Exception) -> str:
        """Say in one line that it cannot be written."""
        why = getattr(error, "strerror", None) or str(error)
        return f"{self.path}: cannot write {self.what}: {why}"

    def restart(self) -> None:
        """Begin, and take back what was written, where that can be. Raises OSError."""
        self._used = True
        if self.replaceable:
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            self.delivered = 0

    def begin(self) -> None:
        """Look for the reader of a named pipe. Raises OSError where there can be no thread."""
        if self.opened is not None and self._opener is None:
            self._opener = beside(self._open)

    def put(self, data: bytes, wait: Wait) -> None:
        """Write all of it; `wait` may raise to stop in between. Raises OSError."""
        if self.opened is not None and self._file < 0:
            wait(self.opened.fileno(), select.POLLIN)
            if self._trouble is not None:
                raise self._trouble
        rest = memoryview(data)
        while rest:
            wait(self._file, select.POLLOUT)
            with suppress(BlockingIOError):
                count = os.write(self._file, rest[: self._piece])
                self.delivered += count
                self._last = bytes(rest[count - 1 : count]) or self._last
                rest = rest[count:]

    def end_line(self, patience: float) -> None:
        """End a line that was begun, if there is room for that within so many seconds."""
        if self._file >= 0 and self._last not in (b"", b"\n"):
            waiter = select.poll()
            waiter.register(self._file, select.POLLOUT)
            with suppress(OSError):  # its reader is gone, or there is no room
                if waiter.poll(patience * 1000):
                    os.write(self._file, b"\n")
                    self._last = b"\n"

    def close(self) -> None:
        """Give it up; a file made in vain goes. Raises OSError where what was written is lost."""
        if self._opener is not None:
            self._unblock(self._opener)
        if self._file >= 0:
            file, self._file = self._file, -1
            os.close(file)
        if self._created and not self._used:
            self._created = False
            with suppress(OSError):
                if os.path.samestat(os.lstat(self.path), self.status):
                    os.unlink(self.path)

    def _place(self) -> os.stat_result:
        if self.number is not None:
            self._file = _another(self.number)
            if os.get_blocking(self._file) and not stat.S_ISREG(os.fstat(self._file).st_mode):
                self._piece = SMALL
            return os.fstat(self._file)
        try:
            self._file = os.open(self.path, WRITING | os.O_EXCL, 0o666)
            self._created = True
        except FileExistsError:
            with suppress(FileNotFoundError):  # a link to nothing yet
                status = os.stat(self.path)
                if stat.S_ISFIFO(status.st_mode):
                    if not os.access(self.path, os.W_OK):
                        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None
                    self.opened = Flag()
                    return status
            self._file = os.open(self.path, WRITING, 0o666)
        return os.fstat(self._file)

    def _open(self) -> None:
        assert self.opened is not None
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
            os.set_blocking(file, False)
            self._file = file
        except OSError as error:
            self._trouble = error
        self.opened.hoist()

    def _unblock(self, opener: threading.Thread) -> None:
        """End the thread that waits for a reader, by being one."""
        assert self.opened is not None
        if not self.opened.up:
            with suppress(OSError):  # somebody removed the pipe
                reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                wait = select.poll()
                wait.register(self.opened, select.POLLIN)
                wait.poll(1000)
                os.close(reader)
        if self.opened.up:
            opener.join()
            self.opened.close()
        self._opener = None


def own_descriptor(path: str) -> int | None:
    """Return which descriptor of this process a path like /dev/stdout or /proc/self/fd/9 means, if any."""
    folders = {os.path.realpath(each) for each in ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd")}
    for _ in range(LINKS):
        folder, name = os.path.split(path)
        if name.isascii() and name.isdigit() and os.path.realpath(folder) in folders:
            return int(name)
        try:
            path = os.path.join(folder, os.readlink(path))
        except OSError:
            break
    return None


def is_standard_output(path: str) -> bool:
    """Whether what is written to a path comes out among what is printed."""
    if path == "-":
        return True
    try:
        return os.path.samestat(os.stat(path), os.fstat(STANDARD_OUTPUT))
    except (OSError, ValueError):
        return False


def guard(outlets: Sequence[Outlet], source: object, *, force: bool, named: str = "the formula") -> None:
    """Raise UsageError where one would destroy what is read, `source` if that is a path, or another one.

    `named` is how messages call that. What looks like a formula is overwritten by `force` only.
    """
    taken = [(_read_from(source), "")] if isinstance(source, str) else []
    for number, name in STREAMS.items():
        with suppress(OSError):
            status = os.fstat(number)
            if stat.S_ISREG(status.st_mode):
                taken.append((_identity(status), name))
    for outlet in outlets:
        own = _identity(outlet.status)
        for other, name in taken:
            if own is None or own != other or (outlet.number is not None and name in STREAMS.values()):
                continue
            if name:
                raise UsageError(f"{outlet.path}: {outlet.what} and {name} would go to the same file")
            raise UsageError(f"{outlet.path}: {outlet.what} would overwrite {named}")
        if outlet.replaceable and not force and _like_a_formula(outlet.path):
            raise UsageError(f"{outlet.path}: looks like a formula; --force overwrites it with {outlet.what}")
        taken.append((own, outlet.what))


def _another(number: int) -> int:
    """Return another descriptor for what one of this process writes to, one that never blocks if possible."""
    if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "it is not open for writing")
    mode = os.fstat(number).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        # The flag that makes it not block would be shared with whoever gave us the descriptor.
        with suppress(OSError):
            return os.open(f"/dev/fd/{number}", WRITING & ~os.O_CREAT)
    return os.dup(number)


def _read_from(source: str) -> tuple[int, int] | None:
    try:
        return _identity(os.fstat(0) if source == "-" else os.stat(source))
    except (OSError, ValueError):
        return None


def _identity(status: os.stat_result) -> tuple[int, int] | None:
    """Return what tells a file from all others, None where several may share it: terminals, /dev/null."""
    return (status.st_dev, status.st_ino) if stat.S_IFMT(status.st_mode) in EXCLUSIVE else None


def _like_a_formula(path: str) -> bool:
    with open(path, "rb") as file:
        head = file.read(SAMPLE)
    if b"cnf" not in head and sniff(head[:HEAD]) is None:  # the parser takes a moment to import
        return False
    from turbosat.dimacs.reader import looks_like_dimacs

    return looks_like_dimacs(path)
