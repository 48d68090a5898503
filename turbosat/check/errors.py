"""The exceptions of the checker, apart from the solver's on purpose.

CheckError
├── CoreError      there are no kernels that belong to this checker
├── UsageError     options that make no sense together
└── InputError     a file that cannot be read or parsed: FILE:LINE: message
"""


class CheckError(Exception):
    """Base of everything the checker raises on purpose; a wrong answer is a verdict, not an exception."""


class CoreError(CheckError, RuntimeError):
    """There are no kernels that belong to this checker: nothing can be checked."""


class UsageError(CheckError, ValueError):
    """Options that make no sense together."""


class InputError(CheckError, ValueError):
    """A file that cannot be read or parsed; `place` is a line number, a byte of a binary file, or nothing."""

    def __init__(self, name: str, place: str, message: str) -> None:
        self.name = name
        self.place = place
        self.message = message
        super().__init__(name, place, message)

    def __str__(self) -> str:
        return ":".join(part for part in (self.name, self.place) if part) + ": " + self.message


def printable(text: str) -> str:
    r"""Return a text with everything that is no visible character written as an escape.

    >>> printable("a\x1b[2J\ns VERIFIED\udcff é")
    'a\\x1b[2J\\ns VERIFIED\\udcff é'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
