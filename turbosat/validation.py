"""What a caller hands over, as plain Python values or a UsageError that names it.

The scalars of numpy are the numbers, truth values and words that they hold; a truth value is no number.
Nothing here imports numpy: who has such a scalar has imported it.
"""

from __future__ import annotations

import math
import os
import sys
from typing import Any, Final, Protocol, TypeGuard

from turbosat.errors import UsageError

MAX_VARIABLE: Final = 2**29 - 1  # the largest that Kissat takes into its solver
LONGEST = 80  # characters of a value in a message


class Readable(Protocol):
    """A stream, binary or text."""

    def read(self, size: int, /) -> bytes | str:
        """Return at most so many bytes or characters, nothing at the end."""


def shown(value: object) -> str:
    """Return a value as a message shows it: short, on one line, whatever its own `repr` does."""
    try:
        text = repr(value)
    except Exception:  # such as an integer of more digits than Python prints
        text = f"a value of type {type(value).__name__}"
    text = "".join(mark if mark.isprintable() else f"\\x{ord(mark):02x}" for mark in text[: LONGEST + 1])
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def kind(value: object) -> str:
    """Return the type of a value as a message calls it."""
    return type(value).__name__


def plain(value: Any) -> Any:
    """Return what a scalar of numpy holds, and all else as it is."""
    numpy = sys.modules.get("numpy")
    if not isinstance(value, getattr(numpy, "generic", ())):
        return value
    assert numpy is not None
    if isinstance(value, numpy.floating):
        return float(value)
    if isinstance(value, numpy.integer) and not isinstance(value, numpy.timedelta64):
        return int(value)
    return value.item() if isinstance(value, numpy.bool_ | numpy.str_) else value


def integer(value: object, what: str, low: float | None = None, high: float | None = None) -> int:
    """Return an integer within its bounds, both inclusive."""
    given = plain(value)
    if not isinstance(given, int) or isinstance(given, bool):
        raise UsageError(f"{what} must be int, not {shown(value)}")
    _require_bounds(given, what, low, high)
    return int(given)


def number(value: object, what: str, low: float | None = None, high: float | None = None) -> float:
    """Return a number within its bounds, both inclusive; an integer beyond every float is infinite."""
    given = plain(value)
    if not isinstance(given, int | float) or isinstance(given, bool):
        raise UsageError(f"{what} must be float, not {shown(value)}")
    try:
        result = float(given)
    except OverflowError:
        result = math.inf if given > 0 else -math.inf
    _require_bounds(result, what, low, high)
    return result


def truth(value: object, what: str) -> bool:
    """Return a truth value."""
    given = plain(value)
    if not isinstance(given, bool):
        raise UsageError(f"{what} must be bool, not {shown(value)}")
    return given


def word(value: object, what: str) -> str:
    """Return a text, or a path as one; no path and no word of ours holds a NUL."""
    given = os.fsdecode(value) if isinstance(value, os.PathLike) else plain(value)
    if not isinstance(given, str):
        raise UsageError(f"{what} must be str, not {shown(value)}")
    if "\0" in given:
        raise UsageError(f"{what} must not hold a NUL, as {shown(given)} does")
    return str.__str__(given)  # of an enumeration, the text that it stands for


def is_stream(value: object) -> TypeGuard[Readable]:
    """Whether a value can be read; what it reads is checked when it comes."""
    return callable(getattr(value, "read", None))


def _require_bounds(value: float, what: str, low: float | None, high: float | None) -> None:
    if value != value or (low is not None and value < low) or (high is not None and value > high):
        bounds = "a number" if low is None else f"at least {low}" if high is None else f"from {low} to {high}"
        raise UsageError(f"{what} must be {bounds}, not {shown(value)}")
