"""Bytes of a file, of standard input or of memory, decompressed when their first bytes say so."""

import errno
import io
import os
import select
import stat
import sys
import zlib
from collections.abc import Iterator
from os import PathLike, fsdecode, fspath
from typing import Any

from turbosat.check.clock import Clock
from turbosat.check.errors import InputError, printable

Source = str | PathLike[str] | bytes
Data = bytes | bytearray  # what was read; nothing changes it

BLOCK = 1 << 20  # bytes between two looks at the clock
PATIENCE = 0.1  # seconds of waiting for input between two looks at the clock
ZSTD_BLOCK = 1 << 11  # of input: zstandard's output cannot be held back
FORMATS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x5d\x00\x00": "lzma",
    b"\x28\xb5\x2f\xfd": "zstd",
}


def name_of(source: Source, kind: str) -> str:
    """Return what messages call a source: its path, <stdin>, or <kind> for bytes."""
    if isinstance(source, bytes):
        return f"<{kind}>"
    return "<stdin>" if fspath(source) == "-" else printable(fsdecode(source)) or "''"


def read(source: Source, kind: str, clock: Clock) -> Data:
    """Return the decompressed bytes of a source."""
    name = name_of(source, kind)
    if isinstance(source, bytes):
        data: Data = source
    else:
        try:
            data = _joined(_blocks(fspath(source), clock))
        except OSError as error:
            raise InputError(name, "", error.strerror or "cannot be read") from error
        except ValueError as error:  # a path with a NUL character
            raise InputError(name, "", "not a path") from error
    for magic, title in FORMATS.items():
        if data.startswith(magic):
            return _decompressed(data, title, name, clock)
    return data


def _joined(blocks: Iterator[bytes]) -> Data:
    """Return blocks as one: a single one as it is, others without a second copy of them all."""
    first, second = next(blocks, b""), next(blocks, b"")
    if not second:
        return first
    data = bytearray(first)
    data += second
    for block in blocks:
        data += block
    return data


def _blocks(path: str, clock: Clock) -> Iterator[bytes]:
    """Read a file, or standard input for -, and look at the clock while there is nothing to read yet."""
    # Not to wait for the writer of a FIFO; until there is one, poll reports nothing.
    file = 0 if path == "-" else os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        about = os.fstat(file)
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        size = max(about.st_size + 1, 1 << 16) if stat.S_ISREG(about.st_mode) else 1 << 16
        waiting = select.poll()
        waiting.register(file, select.POLLIN)
        while True:
            clock.tick("reading")
            if waiting.poll(1000 * PATIENCE):
                try:
                    block = os.read(file, min(size, 16 * BLOCK))
                except BlockingIOError:  # another reader of the same terminal or pipe was quicker
                    continue
                if not block:
                    return
                yield block
    finally:
        if path != "-":
            os.close(file)


def _decompressed(data: Data, title: str, name: str, clock: Clock) -> Data:
    """Decompress in pieces: what is small here can be larger than the memory there."""

    def pieces() -> Iterator[bytes]:
        for piece in _unzstd(data) if title == "zstd" else _read(_opened(data, title)):
            clock.tick("decompressing")
            yield piece

    try:
        return _joined(pieces())
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(name, "", f"damaged {title} data: {error}") from error
    except Exception as error:
        # The classes of lzma's and zstandard's errors are known only once these are imported.
        if type(error).__name__ not in ("LZMAError", "ZstdError"):
            raise
        raise InputError(name, "", f"damaged {title} data: {error}") from error


def _opened(data: Data, title: str) -> io.BufferedIOBase:
    """Return the content of compressed data as a file; each format is imported where it is met."""
    file = io.BytesIO(data)
    if title == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=file)
    if title == "bzip2":
        import bz2

        return bz2.BZ2File(file)
    import lzma

    return lzma.LZMAFile(file)


def _read(file: io.BufferedIOBase) -> Iterator[bytes]:
    while piece := file.read(BLOCK):
        yield piece


def _unzstd(data: Data) -> Iterator[bytes]:
    new = _zstd_decoder()
    decoder, begun = new(), False
    for start in range(0, len(data), ZSTD_BLOCK):
        given = bytes(data[start : start + ZSTD_BLOCK])
        while given:  # a file may hold several frames
            if decoder.eof:
                decoder = new()
            begun = True
            yield decoder.decompress(given)
            given = decoder.unused_data if decoder.eof else b""
    if begun and not decoder.eof:
        raise EOFError("the last frame is cut short")


def _zstd_decoder() -> Any:
    """Return the maker of decoders of one frame."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdDecompressor
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj


def line_at(data: Data, position: int) -> int:
    """Return the number of the line that holds a byte, from 1."""
    return data.count(b"\n", 0, position) + 1


def word_at(data: Data, position: int) -> str:
    """Return the word at a byte, shortened, for messages."""
    words = bytes(data[position : position + 64]).split(None, 1)
    if not words:
        return "the end of the file"
    word = words[0].decode("ascii", "backslashreplace")
    return repr(word if len(word) <= 24 else word[:21] + "...")


def lines_of(data: Data, clock: Clock, doing: str) -> Iterator[tuple[int, bytes]]:
    """Yield the numbers and the bytes of all lines, and look at the clock now and then."""
    number, start, looked = 0, 0, 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        number += 1
        yield number, bytes(data[start:end])
        start = end + 1
        if start - looked > BLOCK:
            looked = start
            clock.tick(doing, start / len(data))
