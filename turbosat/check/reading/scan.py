"""Decode DIMACS and DRAT text and binary DRAT into flat arrays."""

from typing import NamedTuple

import numpy as np

from turbosat.check.border import Bytes, Ints, Longs
from turbosat.check.clock import Clock
from turbosat.check.kernels import (
    CURSOR,
    FRESH,
    ITEMS,
    LITERALS,
    MORE,
    POSITION,
    START,
    Scan,
    scan_binary,
    scan_text,
)
from turbosat.check.reading.source import Data

SLICE = 1 << 21  # bytes between two looks at the clock


class Items(NamedTuple):
    """Clauses, xors or proof steps, flat: item i is literals[ends[i-1]:ends[i]]."""

    literals: Ints  # (L,) as in DIMACS
    ends: Longs  # (N,)
    kinds: Bytes  # (N,) CLAUSE, DELETION or XOR
    places: Longs  # (N,) where the item begins, in bytes


class Scanner:
    """Runs a decoder over a file in slices and holds what it has read."""

    def __init__(self, data: Data, clock: Clock, *, proof: bool, binary: bool) -> None:
        self.data = data
        self.clock = clock
        self.proof = proof
        self.binary = binary
        # Bounds: an item ends in a 0, a literal takes a byte (two in text). Pages never written are free.
        items = data.count(b"\0" if binary else b"0") + 1
        literals = (len(data) if binary else len(data) // 2) + 1
        self.scan = Scan(
            data=np.frombuffer(data, np.uint8),
            literals=np.empty(literals, np.int32),
            ends=np.empty(items, np.int64),
            kinds=np.empty(items, np.uint8),
            places=np.empty(items, np.int64),
            cursor=np.zeros(CURSOR, np.int64),
        )
        self.skip(0)

    @property
    def position(self) -> int:
        """Where the decoder stands, in bytes."""
        return int(self.scan.cursor[POSITION])

    def skip(self, position: int) -> None:
        """Go on from another position, the start of a line."""
        self.scan.cursor[[POSITION, FRESH, START]] = position, 1, -1

    def run(self, headed: bool = True) -> int:
        """Decode until the end, a header or an error; return why the decoder stopped."""
        code = MORE
        while code == MORE:
            self.clock.tick("reading", self.position / (len(self.data) + 1))
            if self.binary:
                code = scan_binary(self.scan, SLICE)
            else:
                code = scan_text(self.scan, self.proof, headed, SLICE)
        return code

    def result(self) -> Items:
        """Return the items read."""
        literals, items = int(self.scan.cursor[LITERALS]), int(self.scan.cursor[ITEMS])
        return Items(
            self.scan.literals[:literals], self.scan.ends[:items],
            self.scan.kinds[:items], self.scan.places[:items],
        )  # fmt: skip
