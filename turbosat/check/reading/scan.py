"""The byte decoders of DIMACS and DRAT text and of binary DRAT, compiled."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from turbosat.check.base.clock import Clock
from turbosat.check.jit import kernel
from turbosat.check.reading.source import Data

END, MORE, HEADER, NO_HEADER, BAD, HUGE, UNFINISHED = range(7)  # why a decoder stopped
CLAUSE, DELETION, XOR = range(3)  # kinds of items
LARGEST = 2**30 - 1  # of variables; a literal's code, 2v or 2v+1, fits in int32
SLICE = 1 << 26  # bytes between two looks at the clock

Int = int | np.int64
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


class Items(NamedTuple):
    """Clauses, xors or proof steps, flat: item i is literals[ends[i-1]:ends[i]]."""

    literals: Ints  # (L,) as in DIMACS
    ends: Longs  # (N,)
    kinds: Bytes  # (N,) CLAUSE, DELETION or XOR
    places: Longs  # (N,) where the item begins, in bytes


@kernel
def scan_text(
    data: Bytes, limit: int, proof: bool, headed: bool,
    literals: Ints, ends: Longs, kinds: Bytes, places: Longs, cursor: Longs,
) -> int:  # fmt: skip
    """Decode text from cursor = (position, literals, items, at a line's start?) and advance the cursor.

    Stops between items once past `limit`, at a header, and at whatever is wrong.
    """
    n = len(data)
    i, m, k, fresh = cursor[0], cursor[1], cursor[2], cursor[3]
    kept = m
    start: Int = np.int64(-1)  # of the open item
    kind = 0
    code = END
    while i < n:
        b = data[i]
        if b == 10:
            fresh = 1
            i += 1
            continue
        if b == 32 or 9 <= b <= 13:
            i += 1
            continue
        if fresh == 1:
            if b == 99:  # c
                while i < n and data[i] != 10:
                    i += 1
                continue
            if not proof and b == 37 and start < 0:  # the % that ends files of SATLIB
                i = n
                break
            if not proof and b == 112:  # p
                code = HEADER if start < 0 else BAD
                break
        if start < 0:
            if i >= limit:
                code = MORE
                break
            if not headed:
                code = NO_HEADER
                break
            start = i
            kind = 0
            fresh = 0
            if proof and b == 100:  # d
                kind = 1
                i += 1
                if i < n and data[i] > 32:
                    i -= 1
                    code = BAD
                    break
                continue
            if not proof and b == 120:  # x
                kind = 2
                i += 1
                continue
        fresh = 0
        j = i
        if b == 45:
            j += 1
        digits = j
        value = np.int64(0)
        while j < n and 48 <= data[j] <= 57:
            if value <= LARGEST:
                value = value * 10 + (data[j] - 48)
            j += 1
        if j == digits or (j < n and data[j] > 32) or (value == 0 and b == 45):
            code = BAD
            break
        if value > LARGEST:
            code = HUGE
            break
        if value == 0:
            places[k] = start
            ends[k] = m
            kinds[k] = kind
            k += 1
            kept = m
            start = -1
        else:
            literals[m] = -value if b == 45 else value
            m += 1
        i = j
    if code == END and start >= 0:
        code = UNFINISHED
        i = start
    cursor[0], cursor[1], cursor[2], cursor[3] = i, kept, k, fresh
    return code


@kernel
def scan_binary(
    data: Bytes, limit: int, literals: Ints, ends: Longs, kinds: Bytes, places: Longs, cursor: Longs
) -> int:
    """Decode binary DRAT from cursor = (position, literals, items, -) and advance the cursor."""
    n = len(data)
    i, m, k = cursor[0], cursor[1], cursor[2]
    code = END
    while i < n:
        start = i
        if i >= limit:
            code = MORE
            break
        b = data[i]
        if b != 97 and b != 100:
            code = BAD
            break
        i += 1
        kept = m
        code = UNFINISHED
        while i < n:
            value = np.int64(0)
            shift = 0
            c = np.int64(128)
            first = i
            while i < n and c >= 128 and shift < 42:
                c = np.int64(data[i])
                value |= (c & 127) << shift
                shift += 7
                i += 1
            if c >= 128:
                if shift >= 42:
                    code = HUGE
                    start = first
                break
            if value == 0:
                code = END
                break
            if value == 1 or value >> 1 > LARGEST:
                code = BAD if value == 1 else HUGE
                start = first
                break
            literals[m] = -(value >> 1) if value & 1 else value >> 1
            m += 1
        if code != END:
            m = kept
            i = start
            break
        places[k] = start
        ends[k] = m
        kinds[k] = 1 if b == 100 else 0
        k += 1
    cursor[0], cursor[1], cursor[2] = i, m, k
    return code


class Scanner:
    """Runs a decoder over a file in slices and holds what it has read."""

    def __init__(self, data: Data, clock: Clock, *, proof: bool, binary: bool) -> None:
        self.data = np.frombuffer(data, np.uint8)  # (B,)
        self.data.flags.writeable = False  # one type for kernels, whatever holds the bytes
        self.clock = clock
        self.proof = proof
        self.binary = binary
        # Bounds: an item ends in a 0, a literal takes a byte (two in text). Pages never written are free.
        items = data.count(b"\0" if binary else b"0") + 1
        literals = (len(data) if binary else len(data) // 2) + 1
        self.items = Items(
            np.empty(literals, np.int32), np.empty(items, np.int64),
            np.empty(items, np.uint8), np.empty(items, np.int64),
        )  # fmt: skip
        self.cursor = np.array([0, 0, 0, 1], np.int64)

    @property
    def position(self) -> int:
        """Where the decoder stands, in bytes."""
        return int(self.cursor[0])

    def skip(self, position: int) -> None:
        """Go on from another position, the start of a line."""
        self.cursor[0] = position
        self.cursor[3] = 1

    def run(self, headed: bool = True) -> int:
        """Decode until the end, a header or an error; return why the decoder stopped."""
        while True:
            self.clock.tick("reading", self.position / (len(self.data) + 1))
            limit = self.position + SLICE
            if self.binary:
                code = scan_binary(self.data, limit, *self.items, self.cursor)
            else:
                code = scan_text(self.data, limit, self.proof, headed, *self.items, self.cursor)
            if code != MORE:
                return code

    def result(self) -> Items:
        """Return the items read."""
        literals, items = int(self.cursor[1]), int(self.cursor[2])
        flat, ends, kinds, places = self.items
        return Items(flat[:literals], ends[:items], kinds[:items], places[:items])
