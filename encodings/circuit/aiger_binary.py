"""Binary AIGER's gates: differences of literals, seven bits a byte, the low ones first."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.circuit.aig import Literals
from turbosat.encodings.circuit.aiger_lines import Lines
from turbosat.encodings.propagation import blocks

BLOCK: Final = 1 << 16  # gates decoded or encoded at a time
_LONGEST: Final = 5  # bytes of a difference


def decoded(lines: Lines, count: int, first: int) -> Literals:
    """Decode so many gates, the first of which is variable `first`: operands (gates, 2), larger first.

    InputError names the byte. What follows the gates is told by bytes, too.
    """
    lines.counting = False
    left = len(lines.data) - lines.position
    if left < 2 * count:
        lines.position = len(lines.data)
        raise lines.error(f"expected {count} AND gates of two bytes or more, found the end of the file")
    ands = np.empty((count, 2), np.int32)
    for low, high in blocks(count, BLOCK, lines.check):
        differences, places = _differences(lines, 2 * (high - low), count)
        deltas = differences.reshape(-1, 2)
        own = 2 * np.arange(first + low, first + high)
        larger = own - deltas[:, 0]
        smaller = larger - deltas[:, 1]
        wrong = (deltas[:, 0] == 0) | (smaller < 0)
        if wrong.any():
            i = int(np.argmax(wrong))
            lines.position = int(places[2 * i])
            what = f"{deltas[i, 0]} and {deltas[i, 1]}"
            raise lines.error(f"expected operands below the gate {own[i]}, found the differences {what}")
        ands[low:high, 0], ands[low:high, 1] = larger, smaller
    return ands


def _differences(lines: Lines, count: int, gates: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Decode so many differences, and go behind them; also return the bytes where they begin."""
    room = min(len(lines.data) - lines.position, _LONGEST * count)
    data = np.frombuffer(lines.data, np.uint8, room, lines.position)
    ends = np.flatnonzero(data < 0x80)[:count]
    starts = np.append(0, ends[:-1] + 1)[: ends.size]
    lengths = ends - starts + 1
    long = lengths > _LONGEST
    if long.any():
        lines.position += int(starts[np.argmax(long)])
        raise lines.error(f"expected a difference of at most {_LONGEST} bytes, found more")
    if ends.size < count:
        lines.position += room
        raise lines.error(f"expected {gates} AND gates, found the end of the file")
    values = np.zeros(count, np.int64)
    for k in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > k)
        values[longer] |= (data[starts[longer] + k] & 0x7F).astype(np.int64) << 7 * k
    places = lines.position + starts
    lines.position += int(ends[-1]) + 1 if count else 0
    return values, places


def encoded(ands: Literals, first: int) -> Iterator[bytes]:
    """Encode gates (gates, 2), larger operand first; the first one is variable `first`."""
    for low, high in blocks(len(ands), BLOCK):
        own = 2 * np.arange(first + low, first + high)
        larger, smaller = ands[low:high, 0].astype(np.int64), ands[low:high, 1]
        deltas = np.stack([own - larger, larger - smaller], axis=1).ravel()
        lengths = np.ones(deltas.size, np.int64)
        for k in range(1, _LONGEST):
            lengths += deltas >> 7 * k > 0
        ends = np.cumsum(lengths)
        text = np.empty(int(ends[-1]), np.uint8)
        for k in range(int(lengths.max())):
            longer = np.flatnonzero(lengths > k)
            more = (lengths[longer] > k + 1).astype(np.int64) << 7
            text[ends[longer] - lengths[longer] + k] = deltas[longer] >> 7 * k & 0x7F | more
        yield text.tobytes()
