"""The gradient lane's place in a run: when it starts, how much of a core it gets, where its guidance goes."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.engine import Ability, Budget
from turbosat.cdcl.lanes.courses import Course, Slice
from turbosat.cdcl.lanes.following import BestGuidance
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.options import Options
from turbosat.result import Result, Status
from turbosat.run.scheduler import EARLIEST, Descent, trend
from turbosat.system import give_way

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.deadline import Deadline
    from turbosat.formula.formula import Formula
    from turbosat.gpu.guidance import Guidance
    from turbosat.lanes.gradient import Settings
    from turbosat.run.context import Context
    from turbosat.run.pool import PoolStage

LANE = "gradient"
# Before lanes that give way to all, as long as its trial lasts; and beside algebra or sweeping, unless groups
# move: a quasigroup has XORs of two literals, too, and these rarely settle it.
NICE = 1, 5
TRAIL_INTERVAL = 5.0  # seconds between two trails asked for
LARGEST = 50_000_000  # literals, or variables, of a formula that is worth the memory of a population
LARGEST_GROUPED = 4_000_000  # the same where one may be over in a moment
REDUCED = 0.9  # of the literals, below which the formula is another: learned clauses add a few


class DescentStage:
    """Gradient lanes of a run: on a core here, on a GPU here, and on each GPU of a cluster."""

    def __init__(
        self,
        race: Race,
        options: Options,
        deadline: Deadline,
        best_guidance: BestGuidance,
        phases: NDArray[np.bool_] | None = None,
    ) -> None:
        self.lane: Lane | None = None  # the first one here, on cores unless a device was asked for
        self.lanes: list[Lane] = []  # all
        self.begun = False
        self._spread = 0  # GPUs of the pool that have a lane
        self._race, self._options, self._deadline, self._best_guidance = (
            race,
            options,
            deadline,
            best_guidance,
        )
        self._phases = phases  # (variables,)
        self._beside = False  # others may be over sooner
        self._grouped: bool | None = None  # whether groups are likely to move
        self._seen: dict[str, Guidance] = {}
        self._devices: dict[str, str] = {}  # by lane, once they are told
        self._mark: int | None = None  # false clauses of the lane here, each time it is half of what it was
        self._halved = 0.0  # seconds of search it had had then
        # From where its trend is told: seconds, false clauses and literals, at the halving before last, or at
        # first, or when the formula was reduced.
        self._earlier = 0.0, 0, 0
        self._trails: dict[str, NDArray[np.int32]] = {}  # the last of each CDCL lane
        self._asked = 0.0  # when the last was asked for
        self._followed = 0  # version of the guidance that it was along

    @property
    def wanted(self) -> bool:
        """Whether the options ask for one."""
        engine = self._options["engine"]
        return engine == "gradient" or (engine == "auto" and self._options["gradient"])

    def grouped(self, formula: Formula) -> bool:
        """Whether one is to be started and groups are likely to move: it may be over in a moment then."""
        if self._grouped is None:
            options = self._options
            able = options["device"] in ("auto", "cpu") and options["optimizer"] in ("auto", "weighted")
            size = max(formula.literals.size, formula.variables)
            if able and self.wanted and not self.begun and size <= LARGEST_GROUPED:
                from turbosat.lanes.gradient import grouped

                self._grouped = grouped(formula, self._race.check)
            else:
                self._grouped = False
        return self._grouped

    @property
    def figures(self) -> dict[str, Any]:
        """Statistics of the lane that came nearest to a model, with its name; empty where there is none."""
        known = [(lane.spec.name, lane.engine.figures) for lane in self.lanes if lane.engine.figures]
        if not known:
            return {}
        name, figures = min(known, key=lambda each: each[1]["best"])
        return {"lane": name, **figures}

    def begin(
        self,
        formula: Formula,
        cores: int,
        course: Course | None = None,
        workers: int = 1,
        *,
        paced: bool = False,
        beside: bool = False,
    ) -> None:
        """Start the lanes here, once; under a course there is one, `paced`: the caller begins its slices.

        `beside`: others may be over sooner. What has gates or XORs is rarely solved by descent, unless groups
        move in it: it gives way further as soon as it says that none do.

        Beside a GPU a core descends, too: its lanes run deeper, those of the device in greater numbers, and
        each kind solves what the other does not.
        """
        if self.begun:
            return
        self.begun = True
        size = max(formula.literals.size, formula.variables)
        large = self._options["engine"] == "auto" and size > LARGEST
        if large or not self.wanted:
            return
        from turbosat.gpu.cuda.limits import driver_missing

        both = self._options["device"] == "auto" and course is None and driver_missing() is None
        device = "cpu" if both else self._options["device"]
        # On a single core it may have its trial at lane 0's cost: it is over in a second or two.
        nice, self._beside = (NICE[False], beside) if cores > 1 else (0, False)
        settings = replace(self._settings(), device=device, workers=workers)
        self.lane = self._add(LANE, settings, nice, formula, course, paced=paced)
        if both:
            self._add(f"{LANE}-gpu", replace(settings, device="auto"), nice, formula)

    def decline(self) -> None:
        """Start no lane here."""
        self.begun = True

    def _add(
        self,
        name: str,
        settings: Settings,
        nice: int,
        formula: Formula,
        course: Course | None = None,
        *,
        paced: bool = False,
    ) -> Lane:
        from turbosat.gpu.cuda.limits import driver_missing
        from turbosat.lanes.gradient import Gradient

        entrant = Entrant(name, settings.seed, nice=nice, words=(f"--optimizer={settings.optimizer}",))
        cpu = settings.device == "cpu" or driver_missing() is not None
        memory = self._deadline.memory if cpu else None  # CUDA takes address space without end
        engine = Gradient(settings, memory_limit=memory, phases=self._phases)
        self.lanes.append(self._race.add(entrant, engine, formula, course, paced=paced))
        return self.lanes[-1]

    def spread(self, pool: PoolStage, formula: Formula) -> None:
        """Start a lane on each GPU of the pool, once; `listen` ends those that cannot use it."""
        useful = self.lanes and self._options["device"] != "cpu"
        for number in range(self._spread, pool.about.get("gpus", 0) if useful else 0):
            self._deadline.check()
            self._spread += 1
            settings = replace(self._settings(), seed=self._options["seed"] + number + 1, device="auto")
            entrant = Entrant(f"{LANE}-{number + 2}", settings.seed)
            lane = self._race.add(entrant, pool.descent(asdict(settings)), formula, place="pool")
            self.lanes.append(lane)

    def _settings(self) -> Settings:
        from turbosat.lanes.gradient import Settings

        return Settings(
            seed=self._options["seed"],
            lanes=self._options["lanes"],
            device=self._options["device"],
            optimizer=self._options["optimizer"],
        )

    def view(self) -> Descent | None:
        """Return how the lane here is doing, for the scheduler; None where there is none, or no more."""
        if not self.begun and self.wanted:
            return Descent(0.0, 0.0, 0, yields=not self._grouped)
        if self.lane is None or self.lane.state != "running":
            return None
        figures = self.lane.engine.figures
        if not figures:  # it is still starting
            device, yields = self._options["device"], self._beside and not self._grouped
            return Descent(0.0, 0.0, 0, accelerated=device not in ("auto", "cpu"), yields=yields)
        seconds, best = figures["core_seconds"], figures["best"]
        entries = figures["entries"]
        if self._mark is None or 2 * best <= self._mark:
            if self._mark is not None and self._halved > self._earlier[0]:
                self._earlier = self._halved, self._mark, self._earlier[2]
            self._mark, self._halved = best, seconds
        if self._earlier[0] < EARLIEST or entries < REDUCED * self._earlier[2]:
            self._earlier = seconds, best, entries
        accelerated = figures["device"] != "cpu"
        yields = self._beside and not figures["grouped"]
        expected, lasted = figures["expected_seconds"], figures["seconds"]
        return Descent(
            seconds,
            seconds - self._halved,
            best,
            entries,
            accelerated,
            math.inf if expected is None else expected * (seconds / lasted if lasted else 1.0),
            yields,
            trend(self._earlier[:2], (seconds, best)),
        )

    def set_share(self, share: float) -> None:
        """Give the lane here a part of its core."""
        if self.lane is not None:
            self._race.ask(self.lane, partial(self.lane.engine.set_share, share))

    def follow(self) -> None:
        """Let lanes begin where a CDCL lane gets to along the best assignment, with all it has learned."""
        for lane in self._race.running():
            trail, name = lane.engine.trail, lane.spec.name
            if (
                trail is not None
                and trail is not self._trails.get(name)
                and self._best_guidance.guidance is not None
            ):
                self._trails[name] = trail
                values = self._best_guidance.guidance.phases.copy()
                values[abs(trail) - 1] = trail > 0
                self._suggest(values)
                self._race.tell("trail", lane, literals=trail.size)
        if self._best_guidance.version == self._followed or time.monotonic() - self._asked < TRAIL_INTERVAL:
            return
        for lane in self._race.running():
            if (
                Ability.TRAIL in lane.engine.abilities
                and lane.guided
                and self._best_guidance.guidance is not None
            ):
                self._asked, self._followed = time.monotonic(), self._best_guidance.version
                self._race.ask(lane, partial(lane.engine.follow, self._best_guidance.guidance.ranked))
                return

    def _suggest(self, values: NDArray[np.bool_], source: Lane | None = None) -> None:
        """Let all lanes but the source begin from these values, among others."""
        for lane in self.lanes:
            if lane is not source:
                self._race.ask(lane, partial(lane.engine.set_phases, values))

    def listen(self) -> None:
        """Keep the best of what the lanes know; the best assignment of one is where others begin, too."""
        for lane in self.lanes:
            device = lane.engine.figures.get("device")
            if device is not None and lane.spec.name not in self._devices:
                self._devices[lane.spec.name] = device
                if self._beside and not lane.engine.figures["grouped"] and lane.place == "here":
                    self._give_way(lane)
                why = lane.engine.figures.get("comment")
                self._race.tell("device", lane, device=device, **({} if why is None else {"why": why}))
                if device == "cpu" and lane is not self.lane:
                    self._race.drop(lane, f"no device: {why}")
            guidance = lane.engine.guidance
            name = lane.spec.name
            if lane.state != "running" or guidance is None or guidance is self._seen.get(name):
                continue
            self._seen[name] = guidance
            if not self._best_guidance.put(guidance):
                continue
            self._race.tell("improved", lane, false=guidance.false)
            self._suggest(guidance.phases, lane)

    def _give_way(self, lane: Lane) -> None:
        if lane.engine.pid is not None:
            give_way(lane.engine.pid, NICE[True])


class Rounds(Course):
    """Slices by effort, not by time: guidance is gathered between rounds only."""

    def next(self) -> Slice:
        """Return the next slice."""
        return Slice(Budget(rounds=1))


def descend_alone(run: Context, race: Race, formula: Formula) -> Result:
    """Search by descent only, on all cores or a device, until a model or a limit.

    Where unit propagation refutes the formula it gives up: that is left to CDCL. Raises UnsupportedError for
    a device that cannot be had.
    """
    cores = run.cores
    stage = DescentStage(race, run.options, run.deadline, BestGuidance(), run.phases)
    stage.begin(formula, cores, Rounds() if run.options["deterministic"] else None, workers=cores)
    try:
        while race.running():
            found = race.wait()
            stage.listen()
            if found is not None:
                result = run.judge(formula, *found)
                assert result is not None  # it claims models only
                return result
        return Result(Status.UNKNOWN, reason=race.none_left(race.lanes))
    finally:
        run.statistics["gradient"] = stage.figures
