"""The gradient lane's place in a run: when it starts, how much of a core it gets, where its guidance goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbosat.cdcl.diversify import Entrant
from turbosat.options import Options
from turbosat.scheduler import Descent

if TYPE_CHECKING:
    from turbosat.board import Board
    from turbosat.cdcl.course import Course
    from turbosat.cdcl.race import Lane, Race
    from turbosat.deadline import Deadline
    from turbosat.formula import Formula
    from turbosat.gpu.guidance import Guidance

NICE = 5  # in the way of lane 0 as little as may be, before the lanes that give way to all
LARGEST = 50_000_000  # literals of a formula that is worth the memory of a population


class DescentStage:
    """Gradient lanes of a run: one here, and one on each GPU of a cluster."""

    def __init__(self, race: Race, options: Options, deadline: Deadline, board: Board) -> None:
        self.lane: Lane | None = None  # the one here
        self.lanes: list[Lane] = []
        self._begun = False
        self._race, self._options, self._deadline, self._board = race, options, deadline, board
        self._seen: dict[str, Guidance] = {}
        self._best: int | None = None  # false clauses, of the lane here
        self._improved = 0.0  # seconds of search it had had then

    @property
    def wanted(self) -> bool:
        """Whether the options ask for one."""
        return self._options["gradient"] and self._options["engine"] == "auto"

    def begin(self, formula: Formula, cores: int, course: Course | None = None) -> None:
        """Start the lane here, once; under a course, its slices are begun by the caller."""
        if self._begun:
            return
        self._begun = True
        if not self.wanted or formula.literals.size > LARGEST:
            return
        from turbosat.gradient_lane import Gradient, Settings

        settings = Settings(
            seed=self._options["seed"],
            lanes=self._options["lanes"],
            device=self._options["device"],
            optimizer=self._options["optimizer"],
        )
        # On a single core it may have its trial at lane 0's cost: it is over in a second or two.
        entrant = Entrant("gradient", settings.seed, nice=NICE if cores > 1 else 0)
        engine = Gradient(settings, memory_limit=self._deadline.memory)
        self.join(self._race.add(entrant, engine, formula, course, paced=course is not None))
        self.lane = self.lanes[0]

    def join(self, lane: Lane) -> None:
        """Take a gradient lane that runs elsewhere in, too."""
        self.lanes.append(lane)

    def view(self) -> Descent | None:
        """Return how the lane here is doing, for the scheduler; None where there is none, or no more."""
        if not self._begun and self.wanted:
            return Descent(0.0, 0.0, 0)
        if self.lane is None or self.lane.state != "running":
            return None
        figures = self.lane.engine.figures
        seconds = figures.get("seconds", 0.0)
        best = figures.get("best", 0)
        if self._best is None or best < self._best:
            self._best, self._improved = best, seconds
        accelerated = figures.get("device", "cpu") != "cpu"
        return Descent(seconds, seconds - self._improved, best, accelerated)

    def set_share(self, share: float) -> None:
        """Give the lane here a part of its core."""
        if self.lane is not None and self.lane.state == "running":
            self.lane.engine.set_share(share)

    def listen(self) -> None:
        """Put what the lanes know on the board; the best assignment of one is where others begin, too."""
        for lane in self.lanes:
            guidance = lane.engine.guidance
            name = lane.spec.name
            if lane.state != "running" or guidance is None or guidance is self._seen.get(name):
                continue
            self._seen[name] = guidance
            if not self._board.put(guidance):
                continue
            self._race.tell("improved", lane, false=guidance.false)
            for other in self.lanes:
                if other is not lane and other.state == "running":
                    other.engine.set_phases(guidance.phases)
