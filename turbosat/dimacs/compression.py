"""Compressed files: input is recognised by its first bytes, output by its name; both go in pieces."""

import enum
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from turbosat.errors import InputError, UsageError

HEAD: Final = 6  # bytes that tell the formats apart
_PIECE: Final = 1 << 18  # at most this much output at a time, for compressors that can be held back
_ZSTD_INPUT: Final = 1 << 11  # zstandard cannot be held back: small input bounds its output


class Compression(enum.Enum):
    """Compression formats; the value is how messages call them."""

    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    LZMA = "lzma"
    ZSTD = "zstd"
    SEVEN_ZIP = "7z"  # recognised only


_MAGIC: Final = (
    (b"\x1f\x8b", Compression.GZIP),
    (b"BZh", Compression.BZIP2),
    (b"\xfd7zXZ\0", Compression.XZ),
    (b"\x5d\0\0", Compression.LZMA),
    (b"7z\xbc\xaf\x27\x1c", Compression.SEVEN_ZIP),
    (b"\x28\xb5\x2f\xfd", Compression.ZSTD),
    *((bytes([low, 0x2A, 0x4D, 0x18]), Compression.ZSTD) for low in range(0x50, 0x60)),  # skippable frames
)

_SUFFIXES: Final = {
    ".gz": Compression.GZIP,
    ".bz2": Compression.BZIP2,
    ".xz": Compression.XZ,
    ".lzma": Compression.LZMA,
    ".zst": Compression.ZSTD,
    ".7z": Compression.SEVEN_ZIP,
}
_FAST: Final = 1  # of xz: 6 would hold up who writes


def sniff(head: bytes) -> Compression | None:
    """Recognise a compression format by the first six bytes of a file, None for anything else."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def decompressed(blocks: Iterator[bytes], kind: Compression, name: str) -> Iterator[bytes]:
    """Decompress blocks of a file with one or more streams, piece by piece.

    InputError if the data are corrupt, truncated or followed by something else, and for 7z.
    """
    if kind is Compression.SEVEN_ZIP:
        known = ", ".join(each.value for each in Compression if each is not kind)
        raise InputError(name, None, f"expected a plain file or one of {known}, found 7z: unpack it first")
    new, errors = _decoder(kind)
    decoder, pending, more = new(), b"", True
    while True:
        while not decoder.eof:
            if not pending and more and _hungry(decoder):
                pending = next(blocks, b"")
                more = bool(pending)
            given, pending = (pending, b"") if kind is not Compression.ZSTD else _cut(pending, _ZSTD_INPUT)
            try:
                piece = _step(decoder, given)
            except errors as error:
                raise InputError(
                    name, None, f"expected intact {kind.value} data, found corrupt data"
                ) from error
            if piece:
                yield piece
            elif not more and not given and not decoder.eof:
                message = f"expected more {kind.value} data, found the end of the file: it is truncated"
                raise InputError(name, None, message)
        pending = decoder.unused_data + pending
        while True:
            if kind in (Compression.GZIP, Compression.XZ):
                pending = pending.lstrip(b"\0")  # padding between and after streams
            if len(pending) >= HEAD or not more:
                break
            block = next(blocks, b"")
            more = bool(block)
            pending += block
        if not pending:
            return
        if sniff(pending) is not kind or kind is Compression.LZMA:
            message = f"expected the end of the {kind.value} data, found more bytes: {pending[:HEAD]!r}"
            raise InputError(name, None, message)
        decoder = new()


def _cut(data: bytes, size: int) -> tuple[bytes, bytes]:
    return data[:size], data[size:]


def _hungry(decoder: Any) -> bool:
    """Tell whether a decoder can go on only with new input."""
    if hasattr(decoder, "needs_input"):
        return bool(decoder.needs_input)
    return not decoder.unconsumed_tail


def _step(decoder: Any, given: bytes) -> bytes:
    """Feed a decoder of any of the libraries and take out at most a piece."""
    if hasattr(decoder, "needs_input"):  # bz2, lzma and compression.zstd keep what they did not consume
        piece: bytes = decoder.decompress(given, _PIECE)
    elif decoder.__class__.__module__.startswith("zstandard"):  # consumes everything
        piece = decoder.decompress(given)
    else:  # zlib hands it back
        piece = decoder.decompress(decoder.unconsumed_tail + given, _PIECE)
    return piece


def _decoder(kind: Compression) -> tuple[Callable[[], Any], tuple[type[Exception], ...]]:
    """Import the library of a format; return the maker of decoders and the errors they raise."""
    if kind is Compression.GZIP:
        return lambda: zlib.decompressobj(zlib.MAX_WBITS | 16), (zlib.error,)
    if kind is Compression.BZIP2:
        import bz2

        return bz2.BZ2Decompressor, (OSError, ValueError)
    if kind is Compression.XZ or kind is Compression.LZMA:
        import lzma

        return lzma.LZMADecompressor, (lzma.LZMAError,)
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # Python 3.14
    except ImportError:
        import zstandard

        library = zstandard.ZstdDecompressor(max_window_size=2**31)
        return library.decompressobj, (zstandard.ZstdError,)
    options = {zstd.DecompressionParameter.window_log_max: 31}
    return lambda: zstd.ZstdDecompressor(options=options), (zstd.ZstdError,)


def by_suffix(path: str) -> Compression | None:
    """Return how a file of that name is to be compressed, None for not at all; UsageError for 7z."""
    kind = next((kind for suffix, kind in _SUFFIXES.items() if path.endswith(suffix)), None)
    if kind is Compression.SEVEN_ZIP:
        others = ", ".join(suffix for suffix, each in _SUFFIXES.items() if each is not kind)
        raise UsageError(f"{path}: 7z cannot be written; what can: {others}")
    return kind


def compressed(blocks: Iterator[bytes], kind: Compression) -> Iterator[bytes]:
    """Compress blocks, piece by piece; closing it closes them."""
    encoder = _encoder(kind)
    try:
        for block in blocks:
            piece = encoder.compress(block)
            if piece:
                yield piece
        yield encoder.flush()
    finally:
        blocks.close()  # type: ignore[attr-defined] # a generator


def _encoder(kind: Compression) -> Any:
    """Import the library of a format; return what compresses."""
    if kind is Compression.GZIP:
        return zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    if kind is Compression.BZIP2:
        import bz2

        return bz2.BZ2Compressor()
    if kind is Compression.XZ or kind is Compression.LZMA:
        import lzma

        form = lzma.FORMAT_XZ if kind is Compression.XZ else lzma.FORMAT_ALONE
        return lzma.LZMACompressor(form, preset=_FAST)
    try:
        from compression import zstd
    except ImportError:
        import zstandard

        return zstandard.ZstdCompressor().compressobj()
    return zstd.ZstdCompressor()
