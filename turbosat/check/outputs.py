"""Where results go: standard output and files, none of which may be an input or another output."""

import errno
import os
import stat
import sys
from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress

from turbosat.check.errors import InputError, UsageError, printable

STDIN, STDOUT, STDERR = range(3)
Named = tuple[str, str]  # what messages call a file, and its path


def occupy_standard_descriptors() -> None:
    """Put something that fails in the place of closed descriptors, before a file that is opened takes it."""
    for number, flags in ((STDIN, os.O_WRONLY), (STDOUT, os.O_RDONLY), (STDERR, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, flags)  # takes the lowest free number


def say(lines: Iterable[str]) -> None:
    """Write lines to standard output; OSError where that fails."""
    write_all(STDOUT, b"".join(map(_encoded, lines)))


def complain(line: str) -> None:
    """Write a line to standard error, if there is any way to."""
    with suppress(OSError):
        write_all(STDERR, _encoded(line))


def _encoded(line: str) -> bytes:
    """Return a line in the encoding of this locale; file names in it do nothing to a terminal."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return printable(line).encode(encoding, "backslashreplace") + b"\n"


def write_all(file: int, data: bytes) -> None:
    """Write all of it to a descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def guard(inputs: Sequence[Named], outputs: Sequence[Named]) -> set[Hashable]:
    """Raise UsageError where an output is an input or another output; return what may not be overwritten."""
    kept: dict[Hashable, str] = {}
    for what, path in inputs:
        kept[_identity(path) if path != "-" else _number(os.fstat(STDIN))] = what
    standard = _number(os.fstat(STDOUT))
    if standard is not None and standard in kept:
        raise UsageError(f"standard output and {kept[standard]} are the same file")
    kept[standard] = "standard output"
    kept.setdefault(_number(os.fstat(STDERR)), "standard error")
    kept.pop(None, None)
    protected = set(kept)
    for what, path in outputs:
        identity = _identity(path) if path != "-" else None
        if identity in kept:
            raise UsageError(f"{what} and {kept[identity]} are the same file")
        if identity is not None:
            kept[identity] = what
    return protected


def _identity(path: str) -> Hashable | None:
    """Return what tells a file from others by whatever name; None for what is no file, such as a terminal."""
    try:
        return _number(os.stat(path))
    except FileNotFoundError:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return None  # whoever opens it will say why


def _number(about: os.stat_result) -> Hashable | None:
    return (about.st_dev, about.st_ino) if stat.S_ISREG(about.st_mode) else None


def require_writable(paths: Iterable[str]) -> None:
    """Raise InputError for files that cannot be written, before time is spent; leave them as they are."""
    for path in paths:
        try:
            _try(path)
        except OSError as error:
            raise InputError(printable(path) or "''", "", error.strerror or "cannot be written") from error
        except ValueError as error:  # a path with a NUL character
            raise InputError(printable(path), "", "not a path") from error


def _try(path: str) -> None:
    if not path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        folder = os.path.dirname(os.path.realpath(path))
        os.stat(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISREG(mode):  # the reader of a FIFO would take a trial for the writer
        os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))


def write(path: str, pieces: Iterable[bytes], protected: set[Hashable]) -> None:
    """Write pieces to a file, or to standard output for -; OSError where that fails."""
    if path == "-":
        for piece in pieces:
            write_all(STDOUT, piece)
        return
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        about = os.fstat(file)
        if _number(about) in protected:  # it has become one since it was looked at
            raise FileExistsError(errno.EEXIST, "it is an input by now")
        if stat.S_ISREG(about.st_mode):
            os.ftruncate(file, 0)
            protected.add(_number(about))
        for piece in pieces:
            write_all(file, piece)
    finally:
        os.close(file)
