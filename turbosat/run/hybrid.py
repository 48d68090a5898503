"""The hybrid search: lanes here and in the pool, gradient descent, algebra, and what flows between them.

    lane 0 ─ Kissat on the file, at once, unguided
    lanes  ─ here, after a head start; then in the pool      ◄── phases, partial assignments, cubes ── best
    guidance descent ─ a population here, and on GPUs of a cluster     ──► best guidance
    algebra ─ what follows from XORs, few inputs swept        ──► clauses for every lane, and sums built again
    counting ─ cardinality constraints that sum to 0 >= 1     ──► clauses for every lane
    sweeping ─ equal gates of the formula's circuit           ──► clauses for every lane, and a merged formula
    symmetry ─ permutations that keep the clauses             ──► clauses that break them, for one lane
    folding  ─ parts of the formula that look like others     ──► guesses, for one lane that is after models
    tours  ─ cycles through all vertices of a graph           ──► models

Each turn of the loop waits for news, moves what has come, judges answers, and does what the scheduler says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from turbosat.cdcl.lanes.following import BestGuidance
from turbosat.cdcl.lanes.sharing import ClauseSharing
from turbosat.cdcl.process.fork import load_next, permitted
from turbosat.cdcl.process.interrupts import undisturbed
from turbosat.errors import Cause
from turbosat.records import replace
from turbosat.result import Reason, Result, Status
from turbosat.run.algebra import AlgebraStage
from turbosat.run.descent import DescentStage
from turbosat.run.folding import FoldingStage
from turbosat.run.pool import PoolStage
from turbosat.run.roster import Roster, counted
from turbosat.run.scheduler import (
    FACTS,
    FIRST,
    SECOND,
    Plan,
    Scheduler,
    View,
    head_start,
    lane_memory,
    pool_start,
)
from turbosat.run.sweeping import SweepingStage
from turbosat.run.symmetry import SymmetryStage
from turbosat.run.tours import ToursStage
from turbosat.system import tree_memory

if TYPE_CHECKING:
    from turbosat.cdcl.engines.engine import Answer
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.formula.formula import Formula
    from turbosat.run.context import Context

MEGABYTE = 1 << 20
# How far lanes give way that are mostly over in a moment, and the same beside a descent that may be, too.
BRIEF = 0, 3
# What its child needs, loaded before it is copied.
DESCENT = "turbosat.gpu.search", "turbosat.lanes.gradient_worker", "turbosat.gpu.gradient.cpu"


class Answered(Exception):  # news on its way to the loop, not an error
    """A lane has answered while a formula was looked at for what could be started beside it."""

    def __init__(self, found: tuple[Lane, Answer]) -> None:
        super().__init__()
        self.found = found


class Hybrid:
    """One search of a run."""

    def __init__(self, run: Context, race: Race) -> None:
        """Take over what is in the race already: lane 0, and lanes beside it in the order of the mix."""
        options, deadline = run.options, run.deadline
        self.statistics: dict[str, Any] = {}
        self._run, self._race, self._options, self._deadline = run, race, options, deadline
        self._assuming = run.assumptions is not None
        self._cores = run.cores
        self._head_start = head_start(self._cores)
        self._began: float | None = None  # seconds of the run when lanes were first started beside lane 0
        self._best_guidance = BestGuidance()
        self._stage = AlgebraStage(race, options, deadline, run.proof)
        self._sweeping = SweepingStage(race, options, deadline, run.proof)
        self._symmetry = SymmetryStage(race, options, deadline, run.proof)
        self._tours = ToursStage(race, options, deadline, run.proof)
        self._descent = DescentStage(race, options, deadline, self._best_guidance, run.phases)
        self._folding = FoldingStage(run, race, self._room_beside, self._strengthened, self._descent.grouped)
        self._pool = PoolStage(race, options, deadline)
        self._roster = Roster(run, race, self._pool, self._best_guidance)
        self._clause_sharing = ClauseSharing(race, sharing=options["sharing"])
        self._distant = options["ray_address"] is not None
        pooled = options["pool"] and (self._distant or self._cores > 1)
        after = 0.0 if self._distant else pool_start(options["pool_after"], self._cores)
        self._scheduler = Scheduler(after if pooled else None)
        self._confinement = run.confinement
        race.guest = self._confinement.guest
        race.check = self._look_up
        self._news = False  # whether what was said has been read in the middle of something else
        self._memory: int | None = None  # bytes there were for lanes when the search began, if known
        self._need = 0  # bytes that one takes, 0 before stock was taken
        self._grouped = False  # whether groups are likely to move
        self._unfilled = False  # whether lanes that there is room for are still to be started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the pool, which is no lane, and take stock."""
        with undisturbed():
            self._pool.stop()
        self.statistics.update(self._stage.statistics())
        figures = {"gradient": self._descent.figures, "sweeping": self._sweeping.figures}
        figures |= {"symmetry": self._symmetry.figures, "tours": self._tours.figures}
        figures |= {"folding": self._folding.figures, "pool": self._pool.about}
        figures |= {"exchange": self._clause_sharing.statistics() or {}}
        self.statistics.update({name: each for name, each in figures.items() if each})

    def search(self, formula: Formula) -> Result:
        """Search until an answer, or until nobody is left. Raises Expired, EngineError, SoundnessError."""
        if self._roster.first is None:
            self._roster.start(formula)
        self._confine()
        while True:
            self._revive(formula)
            if self._roster.spent and not self._searching():
                return self._nobody()
            if self._stage.begun:
                self._run.require_prover(algebra=self._stage.refuting or self._sweeping.running)
            result = self._judged(formula, self._race.glance())
            if result is None:
                self._revive(formula)
                if not self._need and not self._alone():
                    self._take_stock(formula)
                plan = self._scheduler.decide(self._view())
                found = self._applied(formula)
                if found is None:
                    coming = plan.pool and self._pool.state == "coming"
                    if not (self._searching() or self._unfilled or coming):
                        self._deadline.check()  # Ctrl-C in a terminal ends the lanes, too
                        return self._nobody()
                    found = self._race.wait(self._patience())
                result = self._judged(formula, found)
            if result is not None:
                return result

    def _look_up(self) -> None:
        """Raise Answered where a lane has an answer, Expired at the deadline; other news is read, too."""
        self._deadline.check()
        if self._race.heard():
            self._news = True
            found = self._race.glance()
            if found is not None:
                raise Answered(found)

    def _heard(self) -> bool:
        """Whether anybody has said something, or had while a formula was looked at."""
        news, self._news = self._news, False
        return news or self._race.heard()

    def _nobody(self) -> Result:
        """Return the result where no lane is left that could answer."""
        reason = self._race.none_left(self._roster.lanes)
        if self._run.limited and reason is Reason.GAVE_UP:
            reason = Reason.LIMIT
        return Result(Status.UNKNOWN, reason=reason)

    def _searching(self) -> bool:
        """Whether anybody searches who will end: under limits descent alone would go on for ever."""
        if self._run.limited:
            # A refutation by XORs is about to be told; while there may be facts, more lanes are to follow.
            waiting = self._stage.refuting and not (self._stage.working and self._roster.spent)
            return waiting or self._roster.searching
        return bool(self._race.running())

    def _judged(self, formula: Formula, found: tuple[Lane, Answer] | None) -> Result | None:
        """Return the result if an answer is one; else move what has come."""
        self._stage.share()  # what the algebra found is told even if it is the answer
        self._sweeping.share()
        self._tours.share()
        result = None
        if found is not None:
            self._confinement.release()  # lane 0's core may be idle now
            lane, answer = found
            answer = self._stage.completed(lane.spec, answer, formula.variables)
            result = self._run.judge(formula, lane, answer)
        if result is not None:
            return result
        self._descent.listen()
        if self._options["guidance"]:
            self._descent.follow()
        self._clause_sharing.move()
        self._pool.look()
        return None

    def _take_stock(self, formula: Formula) -> None:
        """Find out what memory there is for lanes, those that have taken some of it among them."""
        self._need = lane_memory(formula.literals.size, formula.xors.literals.size)
        left = self._deadline.left()
        if left is None:
            return
        left += sum(tree_memory(lane.engine.pid) for lane in self._roster.here if lane.engine.pid is not None)
        if self._descent.wanted:
            if left < 2 * self._need:
                self._descent.decline()
            else:
                left -= self._need
        self._memory = left
        lanes = max(1, left // self._need)
        if lanes < self._cores:
            self._race.tell("memory", megabytes=left // MEGABYTE, lanes=lanes)

    def _waited(self) -> float:
        """Return the seconds since lane 0 started."""
        assert self._roster.first is not None
        return self._deadline.elapsed() - self._roster.first.started

    def _beside(self) -> float:
        """Return the seconds since lanes were first started beside lane 0."""
        return 0.0 if self._began is None else self._deadline.elapsed() - self._began

    def _alone(self) -> bool:
        """Whether lane 0 has its head start: not once it has ended, for others are to make up for it then."""
        assert self._roster.first is not None
        return self._roster.first.state == "running" and self._waited() < self._head_start

    def _patience(self) -> float | None:
        """Return how long to wait for news at most.

        Lane 0's head start ends, more lanes are to start, cores change.
        """
        soon = self._confine()
        if self._alone():
            return max(0.0, self._head_start - self._waited())
        if self._unfilled:
            return 0.0
        turns = [moment - self._beside() for moment in (FIRST, SECOND)]
        return min([left for left in (soon, *turns) if left is not None and left > 0.0], default=None)

    def _confine(self) -> float | None:
        """Keep every process to its cores; return in how many seconds that is due again, None for never.

        And this thread, which wakes for every word of every lane: on lane 0's core that would be lane 0's
        loss. Not while it has much to do itself, and not in a process of somebody else's, where threads that
        begin meanwhile would be kept there, too.
        """
        assert self._roster.first is not None
        first, driver = self._roster.first.engine.pid, permitted() and self._beside() >= SECOND
        return self._confinement.adjust(first, self._race.processes(), driver=driver)

    def _view(self) -> View:
        about, apart = self._pool.about, (*self._roster.lanes, *self._folding.lanes)
        return View(
            seconds=self._waited() if self._alone() else max(self._waited(), self._head_start),
            cores=self._cores,
            descent=self._descent.view(),
            pool=self._pool.state,
            places=about.get("places", 0),
            shared=min(counted(self._roster.here), about.get("own", 0)),
            memory=self._memory,
            need=max(1, self._need),
            distant=self._distant,
            beside=self._beside(),
            first=self._stage.running + self._sweeping.running,
            left=self._stage.left,
            deserted=not self._searching(),
            grouped=self._grouped,
            second=len(self._race.running()) - sum(lane.state == "running" for lane in apart),
        )

    def _applied(self, formula: Formula) -> tuple[Lane, Answer] | None:
        """Do what the scheduler says; return the answer that came meanwhile, if one did."""
        try:
            self._apply(formula)
        except Answered as answered:
            return answered.found
        return None

    def _apply(self, formula: Formula) -> None:
        """Do what the scheduler says, as far as nobody has something to say: an answer may be there."""
        if self._alone():
            return
        if self._began is None:
            self._began = self._deadline.elapsed()
        self._unfilled = True
        self._grouped = self._cores > 1 and not self._assuming and self._descent.grouped(formula)
        plan = self._scheduler.decide(self._view())
        for step in (
            self._begin_grouped,
            self._begin_first,
            self._begin_symmetry,
            self._begin_descent,
            self._use_pool,
            self._use_other,
            self._use_broken,
            self._folding.step,
        ):
            before = self._state()
            if not step(plan, formula) or self._heard():
                return
            if self._state() != before:
                plan = self._scheduler.decide(self._view())
        plan = self._scheduler.decide(self._view())  # a step may have taken long
        self._descent.set_share(plan.share)
        self._unfilled = (self._free_here(plan) or self._free_remote(plan)) and not self._fill(
            plan, self._strengthened(formula)
        )

    def _state(self) -> tuple[int, bool, str]:
        """Return what a step may have changed that the scheduler looks at."""
        return len(self._race.lanes), self._descent.begun, self._pool.state

    def _begin_grouped(self, plan: Plan, formula: Formula) -> bool:
        """Start the descent before all others, where groups are likely to move."""
        return not self._grouped or self._begin_descent(plan, formula)

    def _begin_first(self, plan: Plan, formula: Formula) -> bool:
        """Start tours, sweeping, algebra and counting, all before any of them takes a core."""
        stages = () if self._assuming else (self._tours, self._sweeping)
        modules = [name for stage in stages for name in stage.modules(formula)]
        modules += self._stage.modules(formula, sweep=not self._assuming, late=self._grouped)
        if modules and load_next(modules):
            return False
        nice = BRIEF[self._grouped]
        with self._race.together():
            for stage in stages:
                stage.begin(formula, nice)
            self._stage.begin(formula, sweep=not self._assuming, late=self._grouped, nice=nice)
        if plan.spare:
            self._stage.begin_late(formula, self._waited())
        return True

    def _begin_symmetry(self, plan: Plan, formula: Formula) -> bool:
        if not self._assuming and plan.here > 1 and (modules := self._symmetry.modules(formula)):
            if not self._symmetry.begun and load_next(modules):
                return False
            self._symmetry.begin(formula, 1 + BRIEF[self._grouped or self._stage.running])
        return True

    def _begin_descent(self, plan: Plan, formula: Formula) -> bool:
        if plan.descend and not self._descent.begun:
            if self._descent.wanted and load_next(DESCENT):
                return False
            beside = self._grouped or self._stage.running or self._sweeping.running
            self._descent.begin(formula, self._cores, beside=beside)
        return True

    def _use_pool(self, plan: Plan, formula: Formula) -> bool:
        """Start the pool when it is time, and what descends there."""
        if plan.pool:
            with self._confinement.guest():
                self._pool.begin(formula, plan.places)
        if any(lane.cause is Cause.MEMORY for lane in self._roster.remote):
            self._pool.give_up("memory limit")
        if self._pool.state == "ready":
            self._descent.spread(self._pool, formula)
        return True

    def _use_other(self, plan: Plan, formula: Formula) -> bool:
        """Start a lane on the formula with sums built again, or equal gates merged, once there is one."""
        if self._room_beside(plan):
            other = self._stage.rebuilt_lane() or self._sweeping.merged_lane()
            if other is not None:
                self._roster.add(*other)
        return True

    def _use_broken(self, plan: Plan, formula: Formula) -> bool:
        """Start a lane on the formula with its symmetries broken, once they are known."""
        if self._symmetry.waiting and self._room_beside(plan):
            self._roster.add(*self._symmetry.broken_lane(self._strengthened(formula)), beside=True)
        return True

    def _strengthened(self, formula: Formula) -> Formula:
        """Return the formula with what follows from its XORs, its circuit, and what lanes have learned."""
        strong = self._stage.strengthened(self._sweeping.strengthened(formula))
        return strong if self._run.proof is not None else self._clause_sharing.strengthened(strong)

    def _room_beside(self, plan: Plan) -> bool:
        """Whether there may be a lane besides those that are planned: not where one is all there may be."""
        left = self._deadline.left()
        return plan.here > 1 and not self._roster.spent and (left is None or left > self._need)

    def _fill(self, plan: Plan, source: Formula) -> bool:
        """Start lanes where there is room for them, and tell whether there is none left.

        It stops where anybody has something to say: an answer does not wait for hundreds.
        """
        while (here := self._free_here(plan)) or self._free_remote(plan):
            self._deadline.check()
            if here:
                self._roster.start(source)
            else:
                self._roster.host(source)
            if self._race.heard():
                return False
        return True

    def _free_here(self, plan: Plan) -> bool:
        waits = plan.awaited and self._roster.first is not None and self._roster.first.state == "running"
        room = not self._roster.short and counted(self._roster.here) < plan.here
        return room and not waits and self._startable(plan)

    def _free_remote(self, plan: Plan) -> bool:
        ready = self._pool.state == "ready"
        return ready and counted(self._roster.remote) < plan.remote and self._startable(plan)

    def _startable(self, plan: Plan) -> bool:
        """Whether another lane may start now: Kissat waits for facts that it could not be told later."""
        spec = self._roster.pending
        assert self._roster.first is not None
        if spec is None or self._roster.spent or (not plan.search and self._roster.first.state == "running"):
            return False
        return spec.engine != "kissat" or not self._stage.working or self._waited() >= FACTS

    def _revive(self, formula: Formula) -> None:
        """Start lanes again that were lost."""

        def source(lane: Lane) -> Formula:
            if lane is self._roster.first:
                return formula
            sources = (stage.source(lane.spec) for stage in (self._stage, self._sweeping, self._symmetry))
            own = next((source for source in sources if source is not None), None)
            return self._strengthened(formula) if own is None else own

        def refuge() -> int:
            return self._scheduler.decide(replace(self._view(), pool="broken")).here

        self._roster.revive(source, refuge)
