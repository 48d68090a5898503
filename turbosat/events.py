"""What happens in a run, as events: to the log, to JSON, to a live view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened `seconds` after the start of the run.

    `kind`: parsed, algebra, started, progress, answered, failed, stopped, checked.
    `lane`: the lane it happened in, "" for the run as a whole. `data`: plain values.
    """

    kind: str
    seconds: float
    lane: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        words = [f"{self.seconds:8.2f}", self.kind]
        if self.lane:
            words.append(self.lane)
        words += [f"{key}={_plain(value)}" for key, value in self.data.items()]
        return " ".join(words)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.2f}"
    return str(value)


Sink = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Drop an event: the sink of a run nobody watches."""
