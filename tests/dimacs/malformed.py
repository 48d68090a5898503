"""Malformed DIMACS files and what must be said about them: data for the tests of the parser and the CLI."""

import bz2
import gzip
import lzma

from tests.dimacs.malformed_body import GOOD, IN_BODY
from tests.dimacs.malformed_header import HEAD, IN_HEADER, Malformed

__all__ = ["MALFORMED", "Malformed"]

# zstd of GOOD, with a checksum: the standard library has it from Python 3.14 only.
_ZSTD = bytes.fromhex("28b52ffd2417b900007020636e66203320320a31202d3220300a32203320300ae60d4ff6")

_COMPRESSED = (
    Malformed(
        "gzip_truncated",
        gzip.compress(GOOD, mtime=0)[:-9],
        "{file}: expected more gzip data, found the end of the file: it is truncated",
    ),
    Malformed(
        "gzip_corrupt",
        gzip.compress(GOOD, mtime=0)[:-8] + bytes(8),
        "{file}: expected intact gzip data, found corrupt data",
    ),
    Malformed(
        "gzip_magic_only",
        b"\x1f\x8b",
        "{file}: expected more gzip data, found the end of the file: it is truncated",
    ),
    Malformed(
        "gzip_trailing",
        gzip.compress(GOOD, mtime=0) + b"garbage after",
        "{file}: expected the end of the gzip data, found more bytes: b'garbag'",
    ),
    Malformed(
        "bzip2_truncated",
        bz2.compress(GOOD)[:-4],
        "{file}: expected more bzip2 data, found the end of the file: it is truncated",
    ),
    Malformed(
        "bzip2_corrupt",
        bz2.compress(GOOD)[:20] + b"\xff" * 20,
        "{file}: expected intact bzip2 data, found corrupt data",
    ),
    Malformed(
        "xz_truncated",
        lzma.compress(GOOD)[:-4],
        "{file}: expected more xz data, found the end of the file: it is truncated",
    ),
    Malformed(
        "xz_corrupt",
        lzma.compress(GOOD)[:24] + b"\xff" * 30,
        "{file}: expected intact xz data, found corrupt data",
    ),
    Malformed(
        "lzma_truncated",
        lzma.compress(GOOD, format=lzma.FORMAT_ALONE)[:-6],
        "{file}: expected more lzma data, found the end of the file: it is truncated",
    ),
    Malformed(
        "zstd_truncated",
        _ZSTD[:-4],
        "{file}: expected more zstd data, found the end of the file: it is truncated",
    ),
    Malformed(
        "zstd_corrupt", _ZSTD[:-4] + b"\1\2\3\4", "{file}: expected intact zstd data, found corrupt data"
    ),
    Malformed(
        "7z",
        b"7z\xbc\xaf\x27\x1c" + bytes(26),
        "{file}: expected a plain file or one of gzip, bzip2, xz, lzma, zstd, found 7z: unpack it first",
    ),
    Malformed(
        "gzip_of_error",
        gzip.compress(HEAD + b"1 -2 0\n2 -0 0\n", mtime=0),
        "{file}:3: expected a nonzero digit after '-', found '0'",
    ),
)

_LONG = (
    Malformed(
        "error_after_a_million_literals",
        b"p cnf 9 1\n" + b"1 -2 3 -4 5 -6 7 8 " * 125_000 + b"-9 -0 0\n",
        "{file}:2: expected a nonzero digit after '-', found '0'",
    ),
    Malformed(
        "error_after_a_million_lines",
        b"p cnf 9 1000000\n" + b"c text\n1 0\n" * 500_000 + b"1 10 0\n",
        "{file}:1000002: expected variables up to 9 as in the header (or --relaxed), found 10",
    ),
)

MALFORMED: tuple[Malformed, ...] = (*IN_HEADER, *IN_BODY, *_COMPRESSED, *_LONG)
