"""The CDCL lanes of a run: which have started, which is next, and those that were lost, started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbosat.cdcl.lanes.mix import LaneSpec
from turbosat.cdcl.lanes.sharing import LONGEST
from turbosat.errors import Cause
from turbosat.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from turbosat.cdcl.lanes.courses import Course
    from turbosat.cdcl.lanes.cubes import Cover
    from turbosat.cdcl.lanes.following import BestGuidance
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.formula.formula import Formula
    from turbosat.run.context import Context
    from turbosat.run.pool import PoolStage

REVIVALS = 2  # times that a lane is started again whose process somebody ended


class Roster:
    """Lane 0, those of the mix here and in the pool, and those that are one more than the mix."""

    def __init__(self, run: Context, race: Race, pool: PoolStage, best_guidance: BestGuidance) -> None:
        """Take over what is in the race already: lane 0, and lanes beside it in the order of the mix."""
        self._run, self._race, self._pool, self._best_guidance = run, race, pool, best_guidance
        sharing = run.options["sharing"]
        self._specs = (replace(spec, export=LONGEST if sharing else 0) for spec in run.mix())
        self.here = list(race.lanes)
        self.remote: list[Lane] = []
        self._beside: list[Lane] = []
        self.first = self.here[0] if self.here else None
        for _ in self.here:
            next(self._specs)
        self.pending = next(self._specs, None)  # the next of the mix
        self._covers: list[Cover] = []
        self._revived: dict[str, int] = {}

    @property
    def lanes(self) -> list[Lane]:
        """All of them, those that have ended, too."""
        return [*self.here, *self._beside, *self.remote]

    @property
    def searching(self) -> bool:
        """Whether one of them runs."""
        return any(lane.state == "running" for lane in self.lanes)

    @property
    def spent(self) -> bool:
        """Whether a lane has reached its limit: the run ends with the others, then."""
        ended = (lane for lane in self.lanes if lane.state == "stopped")
        return self._run.limited and any(lane.cause is not Cause.MEMORY for lane in ended)

    @property
    def short(self) -> bool:
        """Whether a lane here was given up for want of memory: that makes room, for nobody else."""
        return any(lane.cause is Cause.MEMORY for lane in (*self.here, *self._beside))

    def start(self, source: Formula) -> None:
        """Start the next lane here."""
        lane = self.add(self._next(), source)
        self.first = self.first or lane

    def host(self, source: Formula) -> None:
        """Start the next lane in the pool."""
        spec = self._next()
        engine, course = self._pool.engine(spec), self._course(spec)
        self.remote.append(self._race.add(spec, engine, source, course, "pool"))

    def add(self, spec: LaneSpec, source: Formula, *, beside: bool = False) -> Lane:
        """Start a lane here, `beside` where it takes nobody's place."""
        lane = self._race.add(spec, self._run.build(spec), source, self._course(spec))
        (self._beside if beside else self.here).append(lane)
        return lane

    def revive(self, source: Callable[[Lane], Formula], refuge: Callable[[], int]) -> None:
        """Start lanes again that were lost: here, where we can see to them.

        `source` says what a lane searches, `refuge` how many there may be here when places in the pool
        are lost.
        """
        for lane in self.lanes:
            name = lane.spec.name
            if lane.state != "failed" or self._revived.get(name, 0) >= REVIVALS:
                continue
            if lane.place == "pool" and counted(self.here) >= refuge():
                continue
            refused = lane.cause is Cause.REJECTED  # XORs in the file, for one: we can read them
            abandoned = (
                lane.place == "pool" and self._pool.state == "broken" and lane.cause is not Cause.MEMORY
            )
            if refused or abandoned or lane.cause in (Cause.KILLED, Cause.UNSTARTED):
                self._run.deadline.check()
                self._revived[name] = self._revived.get(name, 0) + 1
                self._replace(lane, source(lane))

    def _replace(self, lane: Lane, formula: Formula) -> None:
        spec = lane.spec
        assert isinstance(spec, LaneSpec)
        lane.state = "replaced"
        first = lane is self.first
        fresh = self.add(replace(spec, nice=0) if first else spec, formula, beside=lane in self._beside)
        if first:
            self.first = fresh

    def _next(self) -> LaneSpec:
        spec, self.pending = self.pending, next(self._specs, None)
        assert spec is not None
        return spec

    def _course(self, spec: LaneSpec) -> Course | None:
        """Return what a lane follows."""
        guided_run = self._run.options["guidance"] and self._run.assumptions is None
        if spec.follows == "nothing" or not guided_run:
            return None
        from turbosat.cdcl.lanes import following as guided

        match spec.follows:
            case "cubes":
                return guided.Cubes(self._best_guidance, self._covers)
            case "probes":
                return guided.Probing(self._best_guidance)
        return (
            guided.Flipped(self._best_guidance)
            if spec.engine == "kissat"
            else guided.Phased(self._best_guidance)
        )


def counted(lanes: list[Lane]) -> int:
    """Return how many lanes there are or were: one that ended, for want of memory say, counts."""
    return sum(lane.state != "replaced" for lane in lanes)
