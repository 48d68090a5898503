"""The exceptions of turbosat, one tree, and text as messages may show it.

TurbosatError
├── UsageError         a call or an option that makes no sense
├── InputError         a file that cannot be read or parsed: FILE:LINE: what was expected, what was found
├── UnsupportedError   an engine was asked for an ability it does not declare
├── EngineError        an engine that could not be started or that broke
│   └── DeviceError    a CUDA device, or its driver
├── OutputError        what was asked for cannot be written; it carries the answer if there is one
└── SoundnessError     an engine's answer failed its check: a bug, never an answer

Outcomes (satisfiable, out of time, interrupted) are values, see turbosat.result.
"""

from __future__ import annotations

import os
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from turbosat.result import Result


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


class TurbosatError(Exception):
    """Base of everything turbosat raises on purpose. As text it is one line that can be shown anywhere."""

    def __str__(self) -> str:
        return printable(super().__str__())


class UsageError(TurbosatError, ValueError):
    """A call or an option that makes no sense."""


class InputError(TurbosatError, ValueError):
    """A file that cannot be read or parsed."""

    def __init__(self, name: str, line: int | None, message: str) -> None:
        self.name = name
        self.line = line
        self.message = message
        super().__init__(name, line, message)

    def __str__(self) -> str:
        place = self.name if self.line is None else f"{self.name}:{self.line}"
        return printable(f"{place}: {self.message}")


class UnsupportedError(TurbosatError, NotImplementedError):
    """An engine was asked for an ability it does not declare."""


class Cause(Enum):
    """Why an engine broke or was given up: what a run decides by. Messages are for people only."""

    REJECTED = "rejected"  # it does not accept the formula it was given
    MEMORY = "memory"
    KILLED = "killed"  # somebody ended its process
    UNSTARTED = "unstarted"  # there was no room for its process just then
    OTHER = "other"


class EngineError(TurbosatError):
    """An engine that could not be started or that broke."""

    def __init__(self, message: str, cause: Cause = Cause.OTHER) -> None:
        self.cause = cause
        super().__init__(message)


class DeviceError(EngineError):
    """A CUDA device, or its driver, that refused or broke; `code` is CUDA's number, if there is one."""

    def __init__(self, message: str, cause: Cause = Cause.OTHER, code: int | None = None) -> None:
        self.code = code
        super().__init__(message, cause)


class OutputError(TurbosatError):
    """A proof or certificate that was asked for and cannot be written.

    `result` is the answer all the same, None where there is none; `proof`: it is the proof that is missing.
    """

    def __init__(self, message: str, result: Result | None = None, *, proof: bool = True) -> None:
        self.result = result
        self.proof = proof
        super().__init__(message)


class SoundnessError(TurbosatError):
    """An engine's answer failed its check: a bug in an engine or in turbosat, never an answer.

    `decided`: the verdicts on other properties, each checked, where several were asked about.
    """

    def __init__(self, message: str, decided: Sequence[Any] = ()) -> None:
        self.decided = decided
        super().__init__(message)
