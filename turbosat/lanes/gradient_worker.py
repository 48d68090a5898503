"""The child side of the gradient lane: descend, tell what the elites know, take in what others learned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat.cdcl.process.channel import Channel, Message, serve
from turbosat.errors import UnsupportedError
from turbosat.formula.clauses import Clauses
from turbosat.formula.formula import Formula, unpack
from turbosat.gpu.search import GradientSearch

SLICE = 0.05  # seconds of search between two looks at the messages
NEWS_INTERVAL = 0.5  # seconds between two words on its progress
GUIDANCE_INTERVAL = 0.25  # seconds between two guidances, at least
GUIDANCE_COST = 20  # times what the last one took to make
REFRESH = 2.0  # seconds after which guidance is told again although the best did not improve
WORTH = 0.01  # of the variables that are units by now: the problem is smaller without them
ADDING_INTERVAL = 10.0  # seconds after which less will do
ADDING_COST = 20  # times what the last encoding took lie between two


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, lambda channel: Worker(channel).serve())


class Chore:
    """Something that is done again and again: what it took the last time, and what has passed since.

    Both by the clock and in CPU seconds: a rest is long by the clock only, and where others keep the core, by
    the clock it may have taken a hundred times as long as it does.
    """

    def __init__(self) -> None:
        self._ended = _clocks()
        self._took = 0.0, 0.0

    @property
    def waited(self) -> float:
        """Seconds by the clock since it was done."""
        return time.monotonic() - self._ended[0]

    def affordable(self, times: float) -> bool:
        """Whether so many times what it took have passed, by the clock or in CPU seconds."""
        clocks = zip(_clocks(), self._ended, self._took, strict=True)
        return any(now - ended >= times * took for now, ended, took in clocks)

    @contextmanager
    def done(self) -> Iterator[None]:
        """Do it."""
        begin = _clocks()
        yield
        self._ended = _clocks()
        self._took = self._ended[0] - begin[0], self._ended[1] - begin[1]


def _clocks() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


class Worker:
    """One search and what its engine asked of it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._formula: Formula | None = None
        self._settings: dict[str, Any] = {}
        self._frozen = np.zeros(0, np.int32)
        self._starts: list[NDArray[np.bool_]] = []
        self._imported: list[Clauses] = []
        self._search: GradientSearch | None = None
        self._share = 1.0  # of the time that it searches
        self._number = 0  # of the slice that is asked for, 0 for none
        self._rounds: int | None = None  # that the slice may still take
        self._told = time.monotonic()
        self._guiding, self._encoding = Chore(), Chore()
        self._best = -1  # false clauses when guidance was last told
        self._core_seconds = 0.0  # of the search, on a core or a device; what a busy core withholds is none

    def serve(self) -> None:
        """Search when there is a slice to search, listen always."""
        while True:
            self._listen()
            if self._number:
                self._go_on()

    def _listen(self) -> None:
        """Handle what was said; wait for a word where there is nothing else to do."""
        message = self._channel.receive(0.0 if self._number and self._share > 0 else None)
        while message is not None:
            self._handle(message)
            message = self._channel.receive(0.0)

    def _handle(self, message: Message) -> None:
        data, arrays = message.data, message.arrays
        match message.kind:
            case "load":
                self._formula = unpack(arrays, data["variables"])
                self._settings = data["settings"]
            case "units":
                self._frozen = np.concatenate([self._frozen, np.asarray(arrays[0])])
            case "phases":
                self._suggest(np.asarray(arrays[0]).view(np.bool_))
            case "clauses":
                self._imported.append(Clauses(*map(np.asarray, arrays)))
            case "share":
                self._share = data["share"]
            case "advance":
                self._number, self._rounds = data["number"], data["rounds"]
            case _:
                raise ValueError(f"unknown message {message.kind!r}")

    def _suggest(self, values: NDArray[np.bool_]) -> None:
        if self._search is None:
            self._starts.append(values)
        else:
            self._search.suggest(values)

    def _go_on(self) -> None:
        """Search for a moment and say what is to be said of it."""
        search = self._search or self._open()
        self._take_in(search)
        if search.solution is None and not search.contradiction:
            begin, before = self._clock(), self._core_seconds
            if self._rounds is None:
                search.advance(SLICE)
            else:
                search.advance_rounds(1)
                self._rounds -= 1
            self._core_seconds += self._clock() - begin
            self._report(search)
            if self._share < 1.0 and search.solution is None:
                self._rest((self._core_seconds - before) * (1.0 / max(self._share, 1e-3) - 1.0))
        if search.solution is not None or search.contradiction or self._rounds == 0:
            self._answer(search)

    def _clock(self) -> float:
        """Return seconds by the clock of what searches: CPU time where that is one thread of ours."""
        alone = self._search is not None and self._search.device == "cpu" and self._settings["workers"] == 1
        return time.process_time() if alone else time.monotonic()

    def _figures(self, search: GradientSearch) -> dict[str, Any]:
        return {**search.statistics(), "core_seconds": self._core_seconds}

    def _open(self) -> GradientSearch:
        assert self._formula is not None
        start = np.stack(self._starts) if self._starts else None
        try:
            with self._encoding.done():
                search = GradientSearch(self._formula, start=start, frozen=self._frozen, **self._settings)
        except UnsupportedError as error:
            self._channel.send("refused", {"message": str(error)})
            raise
        self._guiding = Chore()  # the first assignments are no guidance yet
        self._channel.send("progress", self._figures(search))
        self._search = search
        return search

    def _take_in(self, search: GradientSearch) -> None:
        """Add the clauses that others learned: many units at once, others now and then.

        Lanes go on from their values, but lose their weights, and the encoding takes time.
        """
        if not self._imported:
            return
        if self._rounds is None:
            units = sum(int((part.sizes == 1).sum()) for part in self._imported)
            if units < WORTH * search.matrix.variables and self._encoding.waited < ADDING_INTERVAL:
                return
            if not self._encoding.affordable(ADDING_COST):
                return
        with self._encoding.done():
            clauses = Clauses.join(self._imported)
            self._imported.clear()
            search.add(Formula(clauses.literals, clauses.offsets, search.formula.variables), implied=True)

    def _rest(self, seconds: float) -> None:
        """Leave the core to others for so long, or until the share is a larger one."""
        end, share = time.monotonic() + seconds, self._share
        while (left := end - time.monotonic()) > 0 and self._share <= share:
            message = self._channel.receive(left)
            if message is not None:
                self._handle(message)

    def _report(self, search: GradientSearch) -> None:
        now = time.monotonic()
        if now - self._told >= NEWS_INTERVAL:
            self._told = now
            self._channel.send("progress", self._figures(search))
        best = search.progress().best
        waited = self._guiding.waited
        due = waited >= GUIDANCE_INTERVAL and self._guiding.affordable(GUIDANCE_COST)
        if self._rounds == 0 or (due and (best < self._best or self._best < 0 or waited >= REFRESH)):
            self._guide(search)

    def _guide(self, search: GradientSearch) -> None:
        """Tell what the elites know, as far as it is about the formula's own variables."""
        with self._guiding.done():
            guidance = search.guidance().within(search.formula.variables)
            self._best = search.progress().best
            if guidance.ranked.size:
                data, arrays = guidance.packed()
                self._channel.send("guidance", data, [memoryview(each) for each in arrays])  # type: ignore[arg-type]

    def _answer(self, search: GradientSearch) -> None:
        values = search.solution
        data = {
            "number": self._number,
            "status": 0 if values is None else 10,
            "over": values is not None or search.contradiction,
            "statistics": self._figures(search),
        }
        self._number = 0
        self._channel.send("answer", data, [] if values is None else [memoryview(values.view(np.int8))])  # type: ignore[arg-type]
