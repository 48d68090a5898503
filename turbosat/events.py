"""What happens in a run, as events: to the log, to JSON, to a live view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from turbosat.records import field, record

LONGEST_TIMELINE = 10_000  # events


@record(frozen=True)
class Event:
    """Something that happened `seconds` after the start of the run.

    `kind`: note, parsed, memory, algebra, adders, counting, sweeping, symmetry, folding, tours, pool,
    started, device, progress, improved, guided, shared, core, trail, answered, failed, stopped, checked;
    of a Solver: escalated.
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


class Timeline:
    """A sink that keeps all events but progress, for JSON, and hands every one on."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._kept: list[Event] = []

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if event.kind != "progress" and len(self._kept) < LONGEST_TIMELINE:
            self._kept.append(event)
        self._sink(event)

    def data(self) -> list[dict[str, Any]]:
        """Return the events kept, as plain data."""
        return [
            {"seconds": round(each.seconds, 3), "kind": each.kind, "lane": each.lane, **each.data}
            for each in self._kept
        ]
