"""The deterministic search: a schedule of conflicts and effort instead of time.

Lanes run side by side, in rounds. A CaDiCaL lane has a number of conflicts in each, a population a number of
its own rounds; they hand on what they know between two rounds only. Kissat cannot be held, but tells its
conflicts as it goes: a round lasts until it has had as many, too, and its answer counts in the round that its
conflicts belong to. Of several answers in a round, the first in a fixed order wins. So the same seed gives
the same answer and the same model, however fast each lane is.
"""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Any, Self

from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.lanes.courses import Course, Slice
from turbosat.cdcl.lanes.following import BestGuidance, Phased
from turbosat.result import Reason, Result, Status
from turbosat.run.algebra import AlgebraStage
from turbosat.run.descent import DescentStage

if TYPE_CHECKING:
    from turbosat.cdcl.engines.engine import Answer
    from turbosat.cdcl.lanes.mix import LaneSpec
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.formula.formula import Formula
    from turbosat.run.context import Context

LANES = 3  # CDCL lanes where the user names no number: the same on every machine
TRIAL = 10  # rounds in which the descent has the larger part
DESCENT = 4, 1  # rounds of the population in one of these, and in one later
CONFLICTS = 500, 6000  # of a CDCL lane, likewise


class Paced(Course):
    """The rounds of a population."""

    def __init__(self) -> None:
        self._rounds = 0

    def next(self) -> Slice:
        """Return the next slice."""
        self._rounds += 1
        return Slice(Budget(rounds=DESCENT[self._rounds > TRIAL]))


class Deterministic:
    """One deterministic search of a run."""

    def __init__(self, run: Context, race: Race) -> None:
        options, deadline = run.options, run.deadline
        self.statistics: dict[str, Any] = {}
        self._run, self._race, self._options = run, race, options
        self._best_guidance = BestGuidance()
        self._stage = AlgebraStage(race, options, deadline, run.proof)
        self._descent = DescentStage(race, options, deadline, self._best_guidance, run.phases)
        self._lanes: list[Lane] = []
        self._found: dict[str, tuple[Lane, Answer]] = {}  # by lane, what was answered and did not count yet

    def search(self, formula: Formula) -> Result:
        """Search until an answer, or until nobody is left. Raises Expired, EngineError, SoundnessError."""
        result = self._settle(formula)
        if result is not None:
            return result
        self._begin(formula)
        bound = 0
        for number in count(1):
            bound += CONFLICTS[number > TRIAL]
            self._round(bound)
            result = self._first_answer(formula, bound)
            if result is not None:
                return result
            limited = self._run.limited and not any(lane.state == "running" for lane in self._lanes)
            if (limited or not self._race.running()) and not self._found:
                reason = self._race.none_left(self._lanes)
                limited = limited and reason is Reason.GAVE_UP
                return Result(Status.UNKNOWN, reason=Reason.LIMIT if limited else reason)
            self._descent.listen()
        raise AssertionError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take stock."""
        if self._stage.figures:
            self.statistics["algebra"] = self._stage.figures
        if self._descent.figures:
            self.statistics["gradient"] = self._descent.figures

    def _settle(self, formula: Formula) -> Result | None:
        """Let the algebra lane end before any other starts."""
        self._stage.begin(formula, sweep=self._run.assumptions is None)
        while self._race.running():
            found = self._race.wait()
            self._stage.share()
            result = None if found is None else self._run.judge(formula, *found)
            if result is not None:
                return result
        return None

    def _begin(self, formula: Formula) -> None:
        options, source = self._options, self._stage.strengthened(formula)
        for spec in islice(self._run.mix(), options["workers"] or LANES):
            self._run.deadline.check()
            course = self._course(spec)
            engine = self._run.build(spec)
            self._lanes.append(self._race.add(spec, engine, source, course, paced=spec.engine == "cadical"))
        self._descent.begin(formula, 2, Paced(), paced=True)

    def _course(self, spec: LaneSpec) -> Course | None:
        if spec.engine == "kissat":
            return None
        guided = self._options["guidance"] and self._run.assumptions is None
        return Phased(self._best_guidance if guided and spec.follows == "phases" else BestGuidance())

    def _round(self, bound: int) -> None:
        """Let every lane have its part of a round that ends at so many conflicts."""
        paced = [lane for lane in self._race.running() if lane.paced]
        if self._descent.lane in paced:
            paced.remove(self._descent.lane)
            self._race.begin(self._descent.lane)
        while True:
            for lane in paced:
                if lane.resting and lane.counts.get("conflicts", 0.0) < bound:
                    self._race.begin(lane)
            if all(self._done(lane, bound) for lane in self._race.running()):
                return
            found = self._race.wait()
            self._run.require_prover(algebra=False)
            if found is not None:
                self._found[found[0].spec.name] = found

    def _done(self, lane: Lane, bound: int) -> bool:
        """Whether a lane that searches on has had its part of the round."""
        if lane.paced:
            return lane.resting and (lane is self._descent.lane or lane.counts.get("conflicts", 0.0) >= bound)
        return lane.engine.progress.get("conflicts", 0.0) >= bound

    def _first_answer(self, formula: Formula, bound: int) -> Result | None:
        """Return the result of the first lane, in a fixed order, whose answer comes in this round."""
        for lane in (self._descent.lane, *self._lanes):
            found = None if lane is None else self._found.get(lane.spec.name)
            if found is None or found[1].counts.get("conflicts", 0.0) > bound:
                continue
            del self._found[found[0].spec.name]
            result = self._run.judge(formula, *found)
            if result is not None:
                return result
        return None
