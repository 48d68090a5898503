"""Bytes of a file, of standard input or of memory, decompressed when their first bytes say so."""

import bz2
import gzip
import lzma
import sys
import zlib
from os import PathLike, fspath
from pathlib import Path

from turbosat.check.errors import InputError

Source = str | PathLike[str] | bytes


def _unzstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.decompress(data)
    import zstandard

    parts = []
    while data:  # a file may hold several frames
        frame = zstandard.ZstdDecompressor().decompressobj()
        parts.append(frame.decompress(data))
        if not frame.eof:
            raise EOFError("the last frame is cut short")
        data = frame.unused_data
    return b"".join(parts)


FORMATS = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ\x00": ("xz", lzma.decompress),
    b"\x5d\x00\x00": ("lzma", lzma.decompress),
    b"\x28\xb5\x2f\xfd": ("zstd", _unzstd),
}


def name_of(source: Source, kind: str) -> str:
    """Return what messages call a source: its path, <stdin>, or <kind> for bytes."""
    if isinstance(source, bytes):
        return f"<{kind}>"
    return "<stdin>" if fspath(source) == "-" else fspath(source)


def read(source: Source, kind: str) -> bytes:
    """Return the decompressed bytes of a source."""
    name = name_of(source, kind)
    if isinstance(source, bytes):
        data = source
    else:
        try:
            data = sys.stdin.buffer.read() if fspath(source) == "-" else Path(source).read_bytes()
        except OSError as error:
            raise InputError(name, "", error.strerror or "cannot be read") from error
        except ValueError as error:  # a path with a NUL character
            raise InputError(repr(name), "", "not a path") from error
    for magic, (title, decompress) in FORMATS.items():
        if data.startswith(magic):
            try:
                return decompress(data)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
                raise InputError(name, "", f"damaged {title} data: {error}") from error
            except Exception as error:
                # zstandard's error class is known only once it is imported.
                if type(error).__name__ != "ZstdError":
                    raise
                raise InputError(name, "", f"damaged {title} data: {error}") from error
    return data


def line_at(data: bytes, position: int) -> int:
    """Return the number of the line that holds a byte, from 1."""
    return data.count(b"\n", 0, position) + 1


def word_at(data: bytes, position: int) -> str:
    """Return the word at a byte, shortened, for messages."""
    words = data[position : position + 64].split(None, 1)
    if not words:
        return "the end of the file"
    word = words[0].decode("ascii", "backslashreplace")
    return repr(word if len(word) <= 24 else word[:21] + "...")
