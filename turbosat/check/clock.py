"""The time limit and the progress line, asked between slices of kernel work."""

import time
from collections.abc import Callable

from turbosat.check.errors import UsageError

Progress = Callable[[str], None]


class OutOfTime(Exception):  # an outcome on its way to a verdict, not an error
    """The deadline passed; caught where the verdict is made."""


class Clock:
    """Measures a check, stops it at its deadline, and passes on how far it is."""

    def __init__(self, seconds: float | None = None, progress: Progress | None = None) -> None:
        if seconds is not None and not seconds >= 0:
            raise UsageError(f"expected a number of seconds, found {seconds!r}")
        self.begun = time.monotonic()
        self.limit = seconds
        self.progress = progress
        self.shown = self.begun

    def elapsed(self) -> float:
        """Return the seconds since the check began."""
        return time.monotonic() - self.begun

    def tick(self, doing: str, done: float = 0.0) -> None:
        """Raise OutOfTime after the deadline; report `doing` and the fraction done about twice a second."""
        now = time.monotonic()
        if self.limit is not None and now - self.begun > self.limit:
            raise OutOfTime
        if self.progress is not None and now - self.shown > 0.5:
            self.shown = now
            self.progress(f"{doing} {100 * done:.0f}% after {now - self.begun:.1f} s")
