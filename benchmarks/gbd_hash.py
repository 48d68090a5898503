"""What a benchmark file says of itself: the hash by which the Global Benchmark Database knows it, its sizes.

The hash is the MD5 of the formula without comments and header, all numbers in canonical form with one blank
between them (Iser and Sinz, "A Problem Meta-Data Library for Research in SAT", POS 2018; `gbdhash` of gbdc).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from turbosat.benchmarks.store import Result
from turbosat.dimacs.compression import HEAD, decompressed, sniff
from turbosat.errors import InputError

BLOCK = 1 << 20  # bytes read at a time
_COMMENT = re.compile(rb"(?:(?<=\s)|\A)[cp][^\n]*")
_BLANKS = bytes.maketrans(b"\n\r\t\f\v", b"     ")
_DIGITS = bytes.maketrans(b"23456789", b"11111111")
# What is not canonical in a text of blanks and digits 0 and 1; neighbouring zeros would be miscounted.
_ODD = (b"  ", b" 00", b" 01", b"-0", b"+", b" 0 0")
_PERCENT = re.compile(rb"^[ \t]*%", re.MULTILINE)  # SATLIB's files end with such a line
HEADER = re.compile(rb"^p[ \t]+cnf[ \t]+(\d+)[ \t]+\d+", re.MULTILINE)
_STATUS = re.compile(rb"^c[ \t]+status[ \t:]+(\w+)", re.MULTILINE | re.IGNORECASE)
_FAMILY = re.compile(rb"^c[ \t]+family[ \t:]+(\S+)", re.MULTILINE | re.IGNORECASE)
STATUSES: dict[str, Result] = {
    **dict.fromkeys(("sat", "satisfiable", "10"), "sat"),
    **dict.fromkeys(("unsat", "unsatisfiable", "20"), "unsat"),
}


@dataclass(frozen=True, slots=True)
class Description:
    """The GBD hash, the header's variables, the clauses there are, and what comments tell ("" if nothing)."""

    hash: str
    variables: int
    clauses: int
    known: Result
    family: str


def known_status(word: str) -> Result:
    """Return what a word for a status means; unknown for everything else."""
    return STATUSES.get(word.strip().lower(), "unknown")


def content(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Yield the content of a file, decompressed where it is compressed. Raises InputError."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            head = file.read(max(BLOCK, HEAD))
            blocks = chain([head], iter(lambda: file.read(BLOCK), b""))
            kind = sniff(head)
            yield from blocks if kind is None else decompressed(blocks, kind, name)
    except OSError as error:
        raise InputError(name, None, f"cannot be read: {error.strerror}") from error


def gbd_hash(path: str | os.PathLike[str]) -> str:
    """Return the GBD hash of a file. Raises InputError when it cannot be read."""
    return describe(Path(path)).hash


def describe(path: Path) -> Description:
    """Read a file once and tell what it says of itself. Raises InputError when it cannot be read."""
    md5 = hashlib.md5(usedforsecurity=False)
    clauses = 0
    top = b""
    separator = b""
    last = b" 0"
    for text in _lines(path):
        if len(top) < BLOCK:
            top += text[: BLOCK - len(top)]
        percent = _PERCENT.search(text) if b"%" in text else None
        words, zeros = _canonical(text[: percent.start()] if percent else text)
        if words:
            md5.update(separator + words)
            clauses += zeros
            separator, last = b" ", words[-2:]
        if percent:
            break
    if last not in (b" 0", b"0"):  # the last clause may lack its 0
        md5.update(b" 0")
        clauses += 1
    header, status, family = HEADER.search(top), _STATUS.search(top), _FAMILY.search(top)
    return Description(
        md5.hexdigest(),
        int(header[1]) if header else 0,
        clauses,
        known_status(status[1].decode(errors="replace")) if status else "unknown",
        family[1].decode(errors="replace") if family else "",
    )


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the content in blocks of whole lines."""
    rest: list[bytes] = []
    for block in content(path):
        before, newline, after = block.rpartition(b"\n")
        if newline:
            yield b"".join([*rest, before, newline])
            rest = []
        rest.append(after)
    yield b"".join(rest)


def _canonical(text: bytes) -> tuple[bytes, int]:
    """Return the numbers of some whole lines with one blank between them, and how many are 0."""
    if b"c" in text or b"p" in text:
        text = _COMMENT.sub(b"", text)
    spaced = b" " + text.translate(_BLANKS).strip()
    shape = spaced.translate(_DIGITS)
    if not any(odd in shape for odd in _ODD):
        return spaced[1:], spaced.count(b" 0 ") + spaced.endswith(b" 0")
    words = [_canonical_word(word) for word in text.split()]
    return b" ".join(words), words.count(b"0")


def _canonical_word(word: bytes) -> bytes:
    try:
        return b"%d" % int(word)
    except ValueError:  # not DIMACS: the solvers will say so
        return word
