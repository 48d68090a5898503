"""The bytes of a file that is read, in blocks: from a path or a stream, waited for, decompressed."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Final

from turbosat.dimacs.compression import HEAD, decompressed, sniff
from turbosat.dimacs.waiting import Wait, for_ever, opened, patient
from turbosat.errors import InputError, UsageError
from turbosat.validation import Readable, is_stream, kind, shown

CHUNK: Final = 1 << 17  # bytes: the arrays made of them stay in the second-level cache
DIMACS: Final = "a DIMACS file"  # what messages expect

Source = str | os.PathLike[str] | Readable


@contextlib.contextmanager
def opened_blocks(
    source: Source, what: str, wait: Wait = for_ever, chunk: int = CHUNK
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Open a file, "-" for the standard input: what messages call it, and its content, decompressed.

    `what` says what is expected in it. `wait` is called with a descriptor, and returns when there is
    something to read. InputError for what cannot be read.
    """
    if not isinstance(source, (str, bytes, os.PathLike)):
        if not is_stream(source):
            raise UsageError(f"expected a path or a stream, found {shown(source)} ({kind(source)})")
        name = getattr(source, "name", None)
        name = name if isinstance(name, str) else "<stream>"
        yield name, plain(patient(source, wait), name, chunk, what)
        return
    path = os.fsdecode(source)
    if path == "-":
        yield "<stdin>", plain(patient(_standard_input(what), wait), "<stdin>", chunk, what)
        return
    try:
        file = opened(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error, what) from None
    with file:
        yield path, plain(patient(file, wait), path, chunk, what)


def plain(source: Readable, name: str, chunk: int, what: str) -> Iterator[bytes]:
    """Yield the content of a stream, decompressed."""
    blocks = _as_they_are(source, name, chunk, what)
    head = b""
    while len(head) < HEAD and (block := next(blocks, b"")):
        head += block
    compression = sniff(head)
    if compression is None:
        if head:
            yield head
        yield from blocks
    else:
        yield from decompressed(_chain(head, blocks), compression, name)


def _as_they_are(source: Readable, name: str, chunk: int, what: str) -> Iterator[bytes]:
    while True:
        try:
            block = source.read(chunk)
        except (OSError, ValueError) as error:
            raise _unreadable(name, error, what) from None
        if isinstance(block, str):
            block = block.encode(errors="replace")  # the formats are ASCII; comments may hold what they like
        if not isinstance(block, bytes | bytearray | memoryview):
            raise UsageError(f"expected bytes or text from {name}, found {shown(block)} ({kind(block)})")
        if not block:
            return
        yield bytes(block)


def _standard_input(what: str) -> Readable:
    """Return what a program has put in the place of the standard input, too."""
    if sys.stdin is None:
        raise InputError("<stdin>", None, f"expected {what}, found no standard input")
    stream: Readable = getattr(sys.stdin, "buffer", sys.stdin)
    return stream


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _unreadable(name: str, error: Exception, what: str) -> InputError:
    known: dict[type[Exception], str] = {
        FileNotFoundError: "no such file",
        IsADirectoryError: "a directory",
        PermissionError: "one without permission to read it",
    }
    found = known.get(type(error)) or getattr(error, "strerror", None) or str(error)
    return InputError(name, None, f"expected {what}, found {found}")
