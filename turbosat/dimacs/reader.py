"""DIMACS files read, with the verdicts of Kissat."""

import enum
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Final

from turbosat.dimacs.compression import HEAD, decompressed, sniff
from turbosat.dimacs.parser import Content, Parser
from turbosat.dimacs.waiting import Wait, for_ever, opened, patient
from turbosat.errors import InputError, UsageError
from turbosat.validation import Readable, is_stream, kind, shown

CHUNK: Final = 1 << 17  # bytes: the arrays made of them stay in the second-level cache
_SAMPLE: Final = 1 << 16  # bytes that tell whether a file is DIMACS


class Strictness(enum.StrEnum):
    """How a file is parsed, as by Kissat without an option, with --strict and with --relaxed."""

    RELAXED = "relaxed"  # the counts of the header do not matter, nor does what follows a line with %
    NORMAL = "normal"
    STRICT = "strict"  # no empty lines before the header, single blanks in it, a newline at the end


def read(
    source: str | os.PathLike[str] | Readable,
    *,
    strictness: Strictness | str = Strictness.NORMAL,
    check: Callable[[], None] | None = None,
    wait: Wait = for_ever,
    note: Callable[[str], None] | None = None,
    chunk: int = CHUNK,
) -> Content:
    """Read a DIMACS file, plain or compressed as its content says; "-" is the standard input.

    `check` is called between chunks and may raise to stop, as may `wait`, which is called with a descriptor
    and returns when there is something to read. `note` is told what a user should know of how the file was
    read. InputError says FILE:LINE and what is wrong.
    """
    if not isinstance(source, (str, bytes, os.PathLike)):
        if not is_stream(source):
            raise UsageError(f"expected a path or a stream, found {shown(source)} ({kind(source)})")
        name = getattr(source, "name", None)
        name = name if isinstance(name, str) else "<stream>"
        return _read(patient(source, wait), name, strictness, check, chunk, note)
    path = os.fsdecode(source)
    if path == "-":
        return _read(patient(_standard_input(), wait), "<stdin>", strictness, check, chunk, note)
    try:
        file = opened(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    with file:
        return _read(patient(file, wait), path, strictness, check, chunk, note)


def parse(
    data: bytes | bytearray | memoryview,
    name: str = "<string>",
    *,
    strictness: Strictness | str = Strictness.NORMAL,
    check: Callable[[], None] | None = None,
    chunk: int = CHUNK,
) -> Content:
    """Parse the bytes of a DIMACS file, plain or compressed; as `read`, `name` is used in messages."""
    try:
        stream = io.BytesIO(data)
    except TypeError:
        raise UsageError(f"expected bytes, found {type(data).__name__}") from None
    return _read(stream, name, strictness, check, chunk)


def looks_like_dimacs(path: str | os.PathLike[str]) -> bool:
    """Tell whether a regular file, plain or compressed, begins like DIMACS: comments, then the header.

    False for files that are missing, unreadable or empty.
    """
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            sample = b""
            for block in _blocks(file, os.fsdecode(path), _SAMPLE):
                sample += block
                if len(sample) >= _SAMPLE:
                    break
    except (OSError, ValueError, InputError):
        return False
    lines = [line.strip() for line in sample[:_SAMPLE].splitlines()]
    text = next(
        (line for line in lines if line and not line.startswith(b"c")), b"p cnf" if any(lines) else b""
    )
    return text.split()[:2] == [b"p", b"cnf"]


def _read(
    source: Readable,
    name: str,
    strictness: Strictness | str,
    check: Callable[[], None] | None,
    chunk: int,
    note: Callable[[str], None] | None = None,
) -> Content:
    try:
        mode = Strictness(strictness)
    except ValueError:
        known = ", ".join(Strictness)
        raise UsageError(f"expected a strictness of {known}, found {strictness!r:.80}") from None
    check = check or _nothing
    parser = Parser(
        name, strict=mode is Strictness.STRICT, relaxed=mode is Strictness.RELAXED, check=check, limit=chunk
    )
    for block in _blocks(source, name, chunk):
        for start in range(0, len(block), chunk):
            parser.feed(block[start : start + chunk])
        if parser.done:
            break
    content = parser.finish()
    if note is not None and parser.note:
        note(parser.note)
    return content


def _standard_input() -> Readable:
    """Return what a program has put in the place of the standard input, too."""
    if sys.stdin is None:
        raise InputError("<stdin>", None, "expected a DIMACS file, found no standard input")
    stream: Readable = getattr(sys.stdin, "buffer", sys.stdin)
    return stream


def _blocks(source: Readable, name: str, chunk: int) -> Iterator[bytes]:
    """Yield the content of a file, decompressed."""
    plain = _plain_blocks(source, name, chunk)
    head = b""
    while len(head) < HEAD and (block := next(plain, b"")):
        head += block
    kind = sniff(head)
    if kind is None:
        if head:
            yield head
        yield from plain
    else:
        yield from decompressed(_chain(head, plain), kind, name)


def _plain_blocks(source: Readable, name: str, chunk: int) -> Iterator[bytes]:
    while True:
        try:
            block = source.read(chunk)
        except (OSError, ValueError) as error:
            raise _unreadable(name, error) from None
        if isinstance(block, str):
            block = block.encode(errors="replace")  # DIMACS is ASCII; comments may hold what they like
        if not isinstance(block, bytes | bytearray | memoryview):
            raise UsageError(f"expected bytes or text from {name}, found {shown(block)} ({kind(block)})")
        if not block:
            return
        yield bytes(block)


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _unreadable(name: str, error: Exception) -> InputError:
    known: dict[type[Exception], str] = {
        FileNotFoundError: "no such file",
        IsADirectoryError: "a directory",
        PermissionError: "one without permission to read it",
    }
    what = known.get(type(error)) or getattr(error, "strerror", None) or str(error)
    return InputError(name, None, f"expected a DIMACS file, found {what}")


def _nothing() -> None:
    """Check nothing."""
