"""DIMACS files read, with the verdicts of Kissat."""

import enum
import io
import os
from collections.abc import Callable, Iterator
from typing import Final

from turbosat.dimacs.blocks import CHUNK, DIMACS, Source, opened_blocks, plain
from turbosat.dimacs.parser import Content, Parser
from turbosat.dimacs.waiting import Wait, for_ever
from turbosat.errors import InputError, UsageError

_SAMPLE: Final = 1 << 16  # bytes that tell whether a file is DIMACS


class Strictness(enum.StrEnum):
    """How a file is parsed, as by Kissat without an option, with --strict and with --relaxed."""

    RELAXED = "relaxed"  # the counts of the header do not matter, nor does what follows a line with %
    NORMAL = "normal"
    STRICT = "strict"  # no empty lines before the header, single blanks in it, a newline at the end


def read(
    source: Source,
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
    with opened_blocks(source, DIMACS, wait, chunk) as (name, blocks):
        return _read(blocks, name, strictness, check, chunk, note)


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
    return _read(plain(stream, name, chunk, DIMACS), name, strictness, check, chunk)


def looks_like_dimacs(path: str | os.PathLike[str]) -> bool:
    """Tell whether a regular file, plain or compressed, begins like DIMACS: comments, then the header.

    False for files that are missing, unreadable or empty.
    """
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            sample = b""
            for block in plain(file, os.fsdecode(path), _SAMPLE, DIMACS):
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
    blocks: Iterator[bytes],
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
    for block in blocks:
        for start in range(0, len(block), chunk):
            parser.feed(block[start : start + chunk])
        if parser.done:
            break
    content = parser.finish()
    if note is not None and parser.note:
        note(parser.note)
    return content


def _nothing() -> None:
    """Check nothing."""
