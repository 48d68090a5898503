"""The live view of a run on a terminal: lanes, descent, what was shared, time left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from turbosat.deadline import Deadline
    from turbosat.events import Event

AFTER = 1.0  # seconds; a run that is over before has no view, and loads nothing for it
PACE = 0.2  # seconds between two pictures


@dataclass(slots=True)
class Row:
    """What is known of one lane. `rate` is in conflicts or flips a second, lately."""

    place: str = "here"
    state: str = "running"
    counts: dict[str, float] = field(default_factory=dict)
    rate: float = 0.0
    at: float = 0.0  # seconds of the run when the counts were taken
    shared: int = 0  # clauses handed to it
    guided: str = ""


class View:
    """A table that is drawn anew as events come. It takes no thread and no signal.

    `colour`: whether there is any, None where the terminal is to say.
    """

    def __init__(
        self, deadline: Deadline, console: Console | None = None, *, colour: bool | None = None
    ) -> None:
        self._deadline = deadline
        self._console = console
        self._colour = colour
        self._rows: dict[str, Row] = {}
        self._pool = ""
        self._live: Any = None
        self._drawn = 0.0

    def event(self, event: Event) -> None:
        """Take an event in, and draw if it is time."""
        self._take(event)
        now = time.monotonic()
        if event.seconds >= AFTER and now - self._drawn >= PACE:
            self._drawn = now
            self._draw()

    def pause(self) -> None:
        """Wipe the view off the terminal; the next event draws it again."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _take(self, event: Event) -> None:
        data = event.data
        if event.kind == "pool":
            self._pool = str(data["state"])
            if data["state"] == "ready":
                self._pool = f"{data['places']} places on {data['nodes']} nodes"
        if not event.lane:
            return
        row = self._rows.setdefault(event.lane, Row())
        match event.kind:
            case "started":
                self._rows[event.lane] = Row(place=data.get("place", "here"), at=event.seconds)
            case "progress":
                name = "flips" if "flips" in data else "conflicts"
                passed = event.seconds - row.at
                if name in data and passed > 0:
                    row.rate = (data[name] - row.counts.get(name, 0.0)) / passed
                row.counts, row.at = data, event.seconds
            case "frame":
                row.state = f"frame {data['frame']}"
            case "shared":
                row.shared += data["clauses"]
            case "guided":
                row.guided = str(data["what"])
            case "answered" | "failed" | "stopped":
                row.state = event.kind

    def _draw(self) -> None:
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            colourless = None if self._colour is None else not self._colour
            console = self._console or Console(stderr=True, no_color=colourless)
            self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
            self._live.start()
        self._live.update(self.picture(), refresh=True)

    def picture(self) -> RenderableType:
        """Return the table."""
        from rich import box
        from rich.table import Table

        left = self._deadline.remaining()
        title = f"{self._deadline.elapsed():.0f} s" + ("" if left is None else f", {left:.0f} s left")
        if self._pool:
            title += f"; pool: {self._pool}"
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for name in ("lane", "place", "state"):
            table.add_column(name)
        for name in ("conflicts", "a second", "false", "flips a second", "shared"):
            table.add_column(name, justify="right")
        table.add_column("guided by")
        for name, row in self._rows.items():
            flips = "flips" in row.counts
            table.add_row(
                name,
                row.place,
                _state(row),
                _count(row.counts.get("conflicts")),
                "" if flips or not row.rate else _count(row.rate),
                _count(row.counts.get("best")),
                _count(row.rate) if flips else "",
                _count(row.shared or None),
                row.guided,
            )
        return table


def _state(row: Row) -> str:
    """Return what a lane does: how much of all assignments it has tried, if it tries them all."""
    if row.state != "running" or "swept" not in row.counts:
        return row.state
    return f"{row.counts['swept']:.0%} of 2^{row.counts['inputs']:.0f}"


def _count(value: float | None) -> str:
    """Return a number as people like to read it.

    >>> _count(1234567), _count(999), _count(None)
    ('1.2 M', '999', '')
    """
    if value is None:
        return ""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e4)):
        if value >= size:
            return f"{value / {'G': 1e9, 'M': 1e6, 'k': 1e3}[unit]:.1f} {unit}"
    return f"{value:.0f}"
