"""AIGER files, read and written: and-inverter graphs, ASCII and binary (AIGER 1.9).

The format: A. Biere, K. Heljanko, S. Wieringa, "AIGER 1.9 And Beyond", FMV report 11/2, Linz 2011.
"""

import io
import os
from collections.abc import Callable, Iterator
from typing import Protocol

from turbosat.dimacs.blocks import CHUNK, Source, opened_blocks, plain
from turbosat.dimacs.compression import by_suffix, compressed
from turbosat.dimacs.waiting import Wait, for_ever
from turbosat.encodings.circuit import aiger_parser
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.aiger_writer import written
from turbosat.errors import OutputError, UsageError

_WHAT = "an AIGER file"


class Writable(Protocol):
    """A binary stream."""

    def write(self, data: bytes, /) -> object:
        """Write all of it."""


def read(
    source: Source,
    *,
    check: Callable[[], None] = lambda: None,
    wait: Wait = for_ever,
) -> Aig:
    """Read an AIGER file, plain or compressed as its content says; "-" is the standard input.

    ASCII files may number in any order; the graph is numbered anew then, inputs, latches and the other
    sections in their order. `check` is called every few milliseconds and may raise to stop, as may `wait`,
    which is called with a descriptor and returns when there is something to read. InputError says FILE:LINE,
    or the byte in what is no text, and what is wrong.
    """
    with opened_blocks(source, _WHAT, wait) as (name, blocks):
        return _read(blocks, name, check)


def parse(
    data: bytes | bytearray | memoryview,
    name: str = "<string>",
    check: Callable[[], None] = lambda: None,
) -> Aig:
    """Parse the bytes of an AIGER file, plain or compressed; as `read`, `name` is used in messages."""
    try:
        stream = io.BytesIO(data)
    except TypeError:
        raise UsageError(f"expected bytes, found {type(data).__name__}") from None
    return _read(plain(stream, name, CHUNK, _WHAT), name, check)


def _read(blocks: Iterator[bytes], name: str, check: Callable[[], None]) -> Aig:
    parts: list[bytes] = []
    header = None
    for block in blocks:
        check()
        parts.append(block)
        if header is None:  # what is no AIGER file may have no end
            parts = [b"".join(parts)]
            header = aiger_parser.parse_header(parts[0], name, whole=False)
    return aiger_parser.parse(b"".join(parts), name, check)


def write(
    aig: Aig,
    file: str | os.PathLike[str] | Writable,
    *,
    binary: bool,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Write a graph to a stream or a path, compressed as the path's suffix says.

    OutputError where it cannot be written.
    """
    pieces = written(aig, binary=binary)
    if not isinstance(file, (str, bytes, os.PathLike)):
        _put(pieces, file, check)
        return
    path = os.fsdecode(file)
    kind = by_suffix(path)
    try:
        with open(path, "wb") as stream:
            _put(pieces if kind is None else compressed(pieces, kind), stream, check)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}", proof=False) from None


def _put(pieces: Iterator[bytes], stream: Writable, check: Callable[[], None]) -> None:
    for piece in pieces:
        check()
        stream.write(piece)
