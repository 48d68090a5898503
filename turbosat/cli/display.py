"""What a user of the command line sees: comments and the answer, a live view on a terminal."""

from __future__ import annotations

import errno
import sys
from array import array
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

from turbosat.cli.streams import Output, Stuck, reason
from turbosat.dimacs import plain
from turbosat.errors import Cause
from turbosat.result import Reason

if TYPE_CHECKING:
    from turbosat.cli.streams import Watch
    from turbosat.deadline import Deadline
    from turbosat.events import Event
    from turbosat.options import Display
    from turbosat.result import Result


class Show:
    """Comments and the answer on stdout, a live view on a terminal's stderr."""

    def __init__(
        self, display: Display, deadline: Deadline, watch: Watch = nullcontext, *, alone: bool = True
    ) -> None:
        """`alone`: nobody else writes to the standard output."""
        self.output = Output(sys.stdout, watch)
        self._display = display
        self._quiet = display["quiet"] or not alone
        self._deadline = deadline
        self._watch = watch
        self._view = None
        if sys.stderr.isatty() and not self._quiet and not display["verbose"]:
            from turbosat.cli.live import View

            self._view = View(deadline, colour=display["colour"])

    def comment(self, text: str) -> None:
        """Print a comment. Where nobody reads any more, the run is over."""
        if not self._quiet:
            self.close()
            self.output.line(f"c {text}")
            if isinstance(self.output.failure, BrokenPipeError):
                self._deadline.cancel(Reason.INTERRUPTED)

    def event(self, event: Event) -> None:
        """Show an event of the run."""
        if self._display["verbose"]:
            self.comment(str(event))
        elif event.kind == "parsed":
            data = event.data
            sizes = f"{data['variables']} variables and {data['clauses']} clauses"
            self.comment(f"parsed {sizes} in {data['took']:.2f} s")
        elif event.kind == "note":
            self.comment(event.data["what"])
        elif event.kind == "algebra" and event.data["xors"]:
            self.comment(_algebra_line(event.data))
        elif event.kind == "adders":
            self.comment(_adders_line(event.data))
        elif event.kind == "counting":
            self.comment(_counting_line(event.data))
        elif event.kind == "sweeping":
            self.comment(_sweeping_line(event.data))
        elif event.kind == "symmetry":
            self.comment(_symmetry_line(event.data))
        elif event.kind == "folding":
            self.comment(_folding_line(event.data))
        elif event.kind == "tours":
            self.comment(_tours_line(event.data))
        elif event.kind in ("device", "started") and "device" in event.data:
            why = f" ({event.data['why']})" if "why" in event.data else ""
            self.comment(f"{event.lane} search on {event.data['device']}{why}")
        elif event.kind == "failed" and event.data["cause"] != Cause.REJECTED.value:
            self.comment(f"{event.lane} failed: {event.data['why']}")
        self._draw(event)

    def close(self) -> None:
        """Wipe the live view."""
        if self._view is not None:
            with suppress(OSError, Stuck), self._watch():
                self._view.pause()

    def result(self, result: Result) -> None:
        """Print the answer as the SAT Competition asks."""
        if result.winner is not None:
            winner = result.winner
            options = "".join(f" {option}" for option in winner.options)
            self.comment(f"answered by {winner.lane} ({winner.engine}, seed {winner.seed}{options})")
        if result.reason is not None:
            self.comment(f"no answer: {result.reason}")
        self.comment(f"{result.statistics['wall_seconds']:.2f} seconds")
        if self._display["statistics"]:
            for line in _statistics_lines(result.statistics):
                self.comment(line)
        for block in _answer(result, witness=not self._display["no_witness"]):
            self.output.write(block)

    def complaint(self) -> str:
        """Say what could not be printed, or nothing: who closed the pipe knows."""
        failure = self.output.failure
        if failure is None or getattr(failure, "errno", None) == errno.EPIPE:
            return ""
        return f"standard output: cannot write to it: {reason(failure)}"

    def _draw(self, event: Event) -> None:
        if self._view is not None:
            try:
                with self._watch():
                    self._view.event(event)
            except (OSError, Stuck):  # a terminal that is gone, or stopped
                self._view = None


def _answer(result: Result, *, witness: bool) -> Iterator[bytes]:
    yield f"s {result.status}\n".encode()
    if result.model is not None and witness:
        if isinstance(result.model, array):
            yield from plain.value_lines(result.model)
        else:
            from turbosat.dimacs.writer import value_lines

            yield from value_lines(result.model)


def _statistics_lines(statistics: dict[str, Any]) -> Iterator[str]:
    """Say what a run counted: of all of it, and of each lane."""
    whole = {name: value for name, value in statistics.items() if name not in ("lanes", "timeline")}
    yield from _figures(whole, "")
    for lane in statistics["lanes"]:
        yield from _figures({**lane, **lane["counts"], "lane": None, "counts": None}, f"{lane['lane']} ")


def _figures(data: dict[str, Any], before: str) -> Iterator[str]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _figures(value, f"{before}{name} ")
        elif value not in (None, "", []):
            text = " ".join(map(str, value)) if isinstance(value, list) else value
            yield f"{before}{name}: {text}"


def _algebra_line(data: dict[str, Any]) -> str:
    """Say in one line what recovery and elimination found."""
    seconds = data["recover_seconds"] + data["eliminate_seconds"]
    found = f"{data['xors']} XORs over {data['variables']} variables"
    if data["contradiction"]:
        outcome = "they contradict each other"
    else:
        derived = f"{data['units']} units, {data['equivalences']} equivalences, {data['short']} short XORs"
        outcome = f"rank {data['rank']}, {derived} derived"
    return f"{found}: {outcome}; {seconds:.2f} s"


def _adders_line(data: dict[str, Any]) -> str:
    """Say in one line which sums were built again."""
    return f"{data['adders']} adders add up to {data['sums']} sums, built again; {data['seconds']:.2f} s"


def _counting_line(data: dict[str, Any]) -> str:
    """Say in one line how many cardinality constraints there are, and whether they contradict each other."""
    found = f"{data['constraints']} cardinality constraints, {data['equations']} of them equations"
    how = data["refuted_by"]
    outcome = f"{data['used']} contradict each other by {how}" if how else f"{data['units']} units derived"
    return f"{found}: {outcome}; {data['seconds']:.2f} s"


def _sweeping_line(data: dict[str, Any]) -> str:
    """Say in one line what a pass of the sweep found."""
    found = f"{data['equivalences']} equivalences and {data['units']} units"
    return f"circuit of {data['gates']} gates, {data['inputs']} inputs: {found}, {data['undecided']} open"


def _symmetry_line(data: dict[str, Any]) -> str:
    """Say in one line which symmetries there are."""
    rows, columns = data["largest"]
    matrix = f", the largest {rows} rows of {columns}" if data["matrices"] else ""
    found = f"{data['generators']} symmetries move {data['moved']} variables"
    return (
        f"{found}: {data['matrices']} matrices{matrix}; {data['breaking']} clauses, {data['seconds']:.2f} s"
    )


def _folding_line(data: dict[str, Any]) -> str:
    """Say in one line which folds there are."""
    folds, seconds = data["folds"], data["seconds"]
    return (
        f"{len(folds)} folds, the largest by {max(folds)} of {data['variables']} variables; {seconds:.2f} s"
    )


def _tours_line(data: dict[str, Any]) -> str:
    """Say in one line what the graph is in which a cycle was looked for."""
    found = f"circuit through {data['vertices']} vertices along {data['arcs']} arcs"
    return f"{found}: {data['refused']} cycles refused; {data['seconds']:.2f} s"
