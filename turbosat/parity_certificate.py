"""Write a contradiction between XORs as a certificate, which turbosat-check verifies."""

import os
from pathlib import Path

from turbosat.dimacs_writer import xor_lines
from turbosat.xors import Xors

_TITLE = b"c each of these XORs is implied, and their sum is 0 = 1\n"


def write_certificate(path: str | os.PathLike[str], xors: Xors) -> None:
    """Write XORs whose sum is 0 = 1 as x lines; OSError if the file cannot be written."""
    Path(path).write_bytes(b"".join([_TITLE, *xor_lines(xors, filler=False)]))
