"""A contradiction between XORs as a certificate, which turbosat-check verifies."""

from turbosat.formula.files import xor_lines
from turbosat.formula.xors import Xors

_TITLE = b"c each of these XORs is implied, and their sum is 0 = 1\n"


def certificate(xors: Xors) -> bytes:
    """Return XORs whose sum is 0 = 1 as x lines."""
    return b"".join([_TITLE, *xor_lines(xors, filler=False)])
