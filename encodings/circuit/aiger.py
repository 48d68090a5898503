"""AIGER files, read and written: and-inverter graphs, ASCII and binary (AIGER 1.9).

The format: A. Biere, K. Heljanko, S. Wieringa, "AIGER 1.9 And Beyond", FMV report 11/2, Linz 2011.
"""

import io
import os
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from turbosat.dimacs.blocks import CHUNK, Source, opened_blocks, plain
from turbosat.dimacs.compression import by_suffix, compressed
from turbosat.dimacs.waiting import Wait, for_ever
from turbosat.dimacs.writer import decimal, gap
from turbosat.encodings.circuit import aiger_parser
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.aiger_binary import encoded
from turbosat.encodings.circuit.aiger_lines import KINDS
from turbosat.encodings.propagation import blocks
from turbosat.errors import OutputError, UsageError

BLOCK: Final = 1 << 15  # lines formatted at a time
_WHAT: Final = "an AIGER file"


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
    with opened_blocks(source, _WHAT, wait) as (name, pieces):
        return _read(pieces, name, check)


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


def _read(pieces: Iterator[bytes], name: str, check: Callable[[], None]) -> Aig:
    parts: list[bytes] = []
    header = None
    for piece in pieces:
        check()
        parts.append(piece)
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


def written(aig: Aig, *, binary: bool) -> Iterator[bytes]:
    """Yield the text of a graph, ASCII or binary AIGER 1.9, in pieces of bounded size.

    B, C, J and F are in the header up to the last that is not 0. UsageError for symbols that are none.
    """
    sections = [len(aig.bad), len(aig.constraints), len(aig.justice), len(aig.fairness)]
    while sections and not sections[-1]:
        sections.pop()
    numbers = [aig.variables, aig.inputs, aig.latches, len(aig.outputs), len(aig.ands), *sections]
    tail = b"".join(_symbols(aig))  # first: it may raise
    yield b" ".join([b"aig" if binary else b"aag", *(str(number).encode() for number in numbers)]) + b"\n"
    if not binary:
        yield from _rows(aig.input_literals()[:, None])
    yield from _latches(aig, binary)
    sizes = np.array([len(each) for each in aig.justice], np.int32)
    for part in (aig.outputs, aig.bad, aig.constraints, sizes, *aig.justice, aig.fairness):
        yield from _rows(part[:, None])
    if binary:
        yield from encoded(aig.ands, aig.first_and)
    else:
        for low, high in blocks(len(aig.ands), BLOCK):
            own = 2 * np.arange(aig.first_and + low, aig.first_and + high, dtype=np.int32)
            yield from _rows(np.column_stack([own, aig.ands[low:high]]))
    yield tail


def _rows(table: NDArray[np.int32]) -> Iterator[bytes]:
    """Yield rows of numbers (rows, columns), a line each."""
    for low, high in blocks(len(table), BLOCK):
        part = table[low:high]
        gaps = np.full(part.shape, gap(b" "))
        gaps[:, 0] = gap(b"\n")
        gaps[0, 0] = gap(b"")
        yield decimal(part.ravel(), gaps.ravel()) + b"\n"


def _latches(aig: Aig, binary: bool) -> Iterator[bytes]:
    """Yield the latches' lines: a reset value of 0 is left out."""
    own = aig.latch_literals()
    for low, high in blocks(aig.latches, BLOCK):
        table = np.column_stack([own[low:high], aig.next_state[low:high], aig.reset[low:high]])
        gaps = np.full(table.shape, gap(b" "))
        gaps[:, 0] = gap(b"\n")
        kept = np.ones(table.shape, np.bool_)
        kept[:, 2] = table[:, 2] != 0
        if binary:
            kept[:, 0] = False
            gaps[:, 1] = gap(b"\n")
        text = decimal(table[kept], gaps[kept])
        yield text[1:] + b"\n"  # nothing stands before the first line


def _symbols(aig: Aig) -> Iterator[bytes]:
    """Yield the symbol table, kind by kind, and the comments."""
    counts = {
        "i": aig.inputs,
        "l": aig.latches,
        "o": len(aig.outputs),
        "b": len(aig.bad),
        "c": len(aig.constraints),
        "j": len(aig.justice),
        "f": len(aig.fairness),
    }
    order = {kind: place for place, kind in enumerate(KINDS.decode())}
    for (kind, place), name in sorted(
        aig.symbols.items(), key=lambda item: (order.get(item[0][0], -1), item[0][1])
    ):
        if not 0 <= place < counts.get(kind, 0) or b"\n" in name:
            raise UsageError(
                f"expected symbols of what there is, on one line, found {kind}{place} {name!r:.40}"
            )
        yield f"{kind}{place} ".encode() + name + b"\n"
    if aig.comments:
        at_once = aig.extended and not aig.comments[:1].isdigit()  # which would make it a symbol
        yield (b"c" if at_once else b"c\n") + aig.comments
