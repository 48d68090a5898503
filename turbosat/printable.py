"""Text that others chose, file names above all, as it may be shown on a terminal."""

from __future__ import annotations

import os


def printable(text: str | bytes | os.PathLike[str]) -> str:
    r"""Return text with all that is not printable escaped: control characters, line ends, undecodable bytes.

    >>> print(printable("a\x1b[2J\n" + os.fsdecode(b"\xff")), printable("é b.cnf"))
    a\x1b[2J\n\xff é b.cnf
    """
    text = os.fsdecode(text)
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a name that it cannot decode
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
