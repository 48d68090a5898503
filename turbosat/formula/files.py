"""Formulas read from DIMACS files and written to them."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from turbosat.dimacs import reader, writer
from turbosat.dimacs.blocks import CHUNK
from turbosat.dimacs.reader import Strictness
from turbosat.dimacs.waiting import Wait, for_ever
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.validation import Readable


def read(
    source: str | os.PathLike[str] | Readable,
    *,
    strictness: Strictness | str = Strictness.NORMAL,
    check: Callable[[], None] | None = None,
    wait: Wait = for_ever,
    note: Callable[[str], None] | None = None,
    chunk: int = CHUNK,
) -> Formula:
    """Read a formula: see turbosat.dimacs.reader.read."""
    content = reader.read(source, strictness=strictness, check=check, wait=wait, note=note, chunk=chunk)
    return Formula.from_content(content, check)


def parse(
    data: bytes | bytearray | memoryview,
    name: str = "<string>",
    *,
    strictness: Strictness | str = Strictness.NORMAL,
    check: Callable[[], None] | None = None,
    chunk: int = CHUNK,
) -> Formula:
    """Parse the bytes of a DIMACS file, plain or compressed; as `read`, `name` is used in messages."""
    content = reader.parse(data, name, strictness=strictness, check=check, chunk=chunk)
    return Formula.from_content(content, check)


def write(
    formula: Formula,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    comments: Iterable[str] = (),
    check: Callable[[], None] | None = None,
) -> None:
    """Write DIMACS to a path or a binary file, after comment lines; OSError if that fails.

    XORs become x lines and count as clauses in the header. `check` is called now and then, and may raise.
    """
    if isinstance(target, (str, bytes, os.PathLike)):
        with open(target, "wb") as file:
            write(formula, file, comments=comments, check=check)
        return
    for block in _blocks(formula, comments):
        if check is not None:
            check()
        target.write(block)


def dumps(formula: Formula) -> bytes:
    """Return the DIMACS text of a formula, as `write` writes it."""
    return b"".join(_blocks(formula, ()))


def _blocks(formula: Formula, comments: Iterable[str]) -> Iterator[bytes]:
    yield writer.header(formula.variables, formula.clauses + len(formula.xors), comments)
    yield from writer.rows(formula.literals, formula.offsets)
    yield from xor_lines(formula.xors, filler=bool(formula.variables))


def xor_lines(xors: Xors, *, filler: bool) -> Iterator[bytes]:
    """Yield x lines; a row of no variables and parity 0 needs `filler`, some variable, or is left out."""
    yield from writer.rows(*xors.written(filler=filler), b"x")
