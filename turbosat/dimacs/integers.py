"""Decimal integers in ASCII text to numpy arrays, eight digits in a few operations."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

PADDING: Final = 8  # bytes that must follow the text: whole words are loaded
_WORD: Final = 8  # digits handled at a time
_LONGEST: Final = 16  # digits handled by whole arrays; longer tokens are leading zeros or too large
TOO_LARGE: Final = 2**31 - 1  # stands for every integer beyond int32

# Neighbouring digits become pairs, pairs quadruples, quadruples the number.
_STEPS: Final = tuple(
    (np.uint64(mask), np.uint64(factor), np.uint64(shift))
    for mask, factor, shift in (
        (0x0F0F0F0F0F0F0F0F, 1 + (10 << 8), 8),
        (0x00FF00FF00FF00FF, 1 + (100 << 16), 16),
        (0x0000FFFF0000FFFF, 1 + (10000 << 32), 32),
    )
)


def tokenise(
    data: bytes | NDArray[np.uint8], size: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]] | None:
    """Read the integers of `data[:size]`, blanks, tabs and newlines between them.

    Return values int32 (tokens,), TOO_LARGE or its negative where they do not fit, and their places int64
    (tokens,). None if there is anything but -?[0-9]+ between white space, or if a 0 follows a minus sign.
    PADDING bytes of any content must follow, the last token need not be followed by white space.
    """
    text = np.frombuffer(data, dtype=np.uint8, count=size)
    if not size:
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    minus = text == 0x2D
    digit = text - np.uint8(0x30) < 10
    word = minus | digit
    white = (text == 0x20) | (text == 0x0A) | (text == 0x09)
    if not (word | white).all() or (minus[:-1] & (text[1:] == 0x30)).any():
        return None
    edge = np.empty(size + 1, dtype=np.bool_)
    edge[0], edge[-1] = word[0], word[-1]
    np.not_equal(word[1:], word[:-1], out=edge[1:-1])
    edges = np.flatnonzero(edge)
    starts = edges[0::2]  # (tokens,)
    negative = minus[starts]
    places = starts + negative
    lengths = edges[1::2] - places
    if not starts.size:
        return np.zeros(0, np.int32), starts
    if lengths.min() < 1 or np.count_nonzero(minus) != np.count_nonzero(negative):
        return None
    longest = int(lengths.max())
    if longest <= _WORD:
        values = _numbers(data, size, places, lengths).astype(np.int32)
    else:
        values = _long_numbers(data, size, places, lengths)
    sign = negative.astype(np.int32)
    return (values ^ -sign) + sign, starts


def _numbers(
    data: bytes | NDArray[np.uint8], size: int, places: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Read integers of at most eight digits from their places."""
    # Every byte of the text starts a little-endian word of eight; V8 allows them unaligned.
    windows: NDArray[np.void] = np.ndarray((size,), "V8", data, 0, (1,))
    value: NDArray[np.uint64] = windows.take(places).view("<u8").astype(np.uint64, copy=False)  # (tokens,)
    # The first digit is the lowest byte: shifting puts zeros before it and drops what follows the last one.
    value <<= ((_WORD - lengths) << 3).view(np.uint64)
    for mask, factor, shift in _STEPS:
        value &= mask
        value *= factor
        value >>= shift
    return value


def _long_numbers(
    data: bytes | NDArray[np.uint8], size: int, places: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Read integers of any number of digits, cut to TOO_LARGE."""
    heads = np.clip(lengths - _WORD, 0, _WORD)  # digits before the last eight
    values = _numbers(data, size, places + heads, np.minimum(lengths, _WORD))
    head = np.flatnonzero(heads)
    values[head] += _numbers(data, size, places[head], heads[head]) * np.uint64(10**_WORD)
    result = np.minimum(values, np.uint64(TOO_LARGE)).astype(np.int32)
    for i in np.flatnonzero(lengths > _LONGEST).tolist():
        digits = bytes(data[places[i] : places[i] + lengths[i]]).lstrip(b"0")
        result[i] = TOO_LARGE if len(digits) > _LONGEST else min(int(digits or b"0"), TOO_LARGE)
    return result
