"""The algebra and the counting lane's place in a run: when they start, what becomes of what they find."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.lanes.mix import Entrant, kissat_wanted, on_another_formula
from turbosat.options import Options
from turbosat.records import replace
from turbosat.result import Status

if TYPE_CHECKING:
    from turbosat.cdcl.engines.engine import Answer
    from turbosat.cdcl.lanes.mix import LaneSpec
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.deadline import Deadline
    from turbosat.formula.formula import Formula
    from turbosat.lanes.algebra import Algebra, Counting
    from turbosat.proof.file import ProofFile

# What their children need, loaded before they are copied. numpy.unique loads masked arrays.
ALGEBRA = "numpy.ma", "turbosat.lanes.algebra_worker"
COUNTING = "numpy.ma", "turbosat.lanes.counting_worker"
LONGEST = 10.0  # seconds that recovery and elimination may take
SHARE = 0.05  # of the time limit that they may take
LATE = 1.0  # seconds after which a formula is tried, too, that has no XORs, it seems
LATE_NICE = 6  # how far it gives way then
LARGEST = 10_000_000  # literals of such a formula
REBUILT = "kissat-sums"  # the lane on the formula with its sums built again
REBUILT_NICE = 5  # how far it gives way: as the lane of the mix whose place it takes


class AlgebraStage:
    """Recovery and elimination beside the first lanes."""

    def __init__(
        self, race: Race, options: Options, deadline: Deadline, proof: ProofFile | None = None
    ) -> None:
        self.lane: Lane | None = None
        self._race, self._options, self._deadline, self._proof = race, options, deadline, proof
        self.begun = False
        self._counting: Lane | None = None
        self._promising: bool | None = None
        self._evident: bool | None = None  # whether XORs are there as clauses, not only as gates
        self._countable: bool | None = None
        self._shared = self._counted = False  # whether what they found has been handed on
        self._late = False  # it may still be started
        self._strengthened: tuple[Formula, Formula] | None = None  # of which, and itself
        self._rebuilt = False  # whether there is a lane on the formula with its sums built again

    @property
    def _allowed(self) -> bool:
        """Whether the options ask for it, and it is no hindrance to a proof."""
        wanted = self._options["algebra"] and self._options["engine"] == "auto"
        return wanted and (self._proof is None or self._proof.replaceable)

    def promising(self, formula: Formula) -> bool:
        """Whether it is to be started at once: the formula has XORs worth looking for."""
        if self._promising is None:
            from turbosat.encodings.xor.promise import promising

            self._promising = self._allowed and promising(formula, self._race.check)
        return self._promising

    def _at_once(self, formula: Formula, late: bool) -> bool:
        """Whether it is to be started at once, `late` for others that are likelier to settle the formula."""
        if not late or not self.promising(formula):
            return self.promising(formula)
        if self._evident is None:
            from turbosat.encodings.xor.promise import promising

            self._evident = promising(formula, self._race.check, gates=False)
        return self._evident

    def countable(self, formula: Formula) -> bool:
        """Whether counting is to be started: the formula may have cardinality constraints.

        Not with a proof: none says how they sum up.
        """
        if self._countable is None:
            options = self._options
            wanted = options["counting"] and options["engine"] == "auto" and not options["deterministic"]
            if wanted and self._proof is None:
                from turbosat.lanes.algebra import countable

                self._countable = countable(formula, self._race.check)
            else:
                self._countable = False
        return self._countable

    def modules(self, formula: Formula, *, sweep: bool, late: bool = False) -> tuple[str, ...]:
        """Return what is to be loaded before `begin`."""
        counting = COUNTING if sweep and self.countable(formula) else ()
        return (*counting, *(ALGEBRA if self._at_once(formula, late) else ()))

    def begin(self, formula: Formula, *, sweep: bool, late: bool = False, nice: int = 0) -> None:
        """Start the lanes, once, if the formula has XORs, or cardinality constraints, worth looking for.

        `sweep`: they may do more than what assumptions leave right, search in the solution space and refute.
        `late`: others are likelier to settle it, unless clauses of XORs are there: what else looks like XORs
        is of two literals then. `nice`: how far they give way.
        """
        begun, self.begun = self.begun, True
        if begun:
            return
        if sweep and self.countable(formula):
            from turbosat.lanes.algebra import Counting

            entrant = Entrant("counting", self._options["seed"], nice=nice)
            self._counting = self._race.add(entrant, Counting(memory_limit=self._deadline.memory), formula)
        if not self._allowed:
            return
        if self._at_once(formula, late):
            self._start(formula, sweep=sweep, nice=nice)
        elif sweep and formula.literals.size <= LARGEST and not self._options["deterministic"]:
            self._late = True

    def begin_late(self, formula: Formula, waited: float) -> None:
        """Start the lane after a while where it did not begin at once: few inputs may decide the formula.

        `waited` are the seconds since lane 0 began. It is to be called while the core of the descent is free
        for other work, and the lane gives way from its start: most such formulas are not decided so.
        """
        if self._late and waited >= LATE:
            self._late = False
            self._start(formula, sweep=True, nice=LATE_NICE)

    def _start(self, formula: Formula, *, sweep: bool, nice: int) -> None:
        from turbosat.lanes.algebra import Algebra

        engine = Algebra(
            seconds=self._seconds(),
            sweep=sweep,
            rebuild=sweep and self._rebuilding,
            proof=self._proof is not None,
            binary_proof=self._proof is not None and self._proof.binary,
            seed=self._options["seed"],
            remaining=self._deadline.remaining(),
            timed=not self._options["deterministic"],
            device="cpu" if self._options["device"] == "cpu" else "auto",
            memory_limit=self._deadline.memory,
        )
        self.lane = self._race.add(Entrant("algebra", self._options["seed"], nice=nice), engine, formula)

    @property
    def _rebuilding(self) -> bool:
        """Whether a lane could use sums built again: not under assumptions, nor with a proof."""
        options = self._options
        plain = self._proof is None and not options["deterministic"]
        return plain and options["adders"] and kissat_wanted(options["mix"])

    def _seconds(self) -> float | None:
        """Return how long recovery and elimination may take."""
        if self._options["deterministic"]:
            return None
        limit = self._deadline.seconds
        return LONGEST if limit is None else min(LONGEST, SHARE * limit)

    @property
    def engine(self) -> Algebra | None:
        """The engine, None before it was started."""
        return self.lane.engine if self.lane is not None else None  # type: ignore[return-value]

    @property
    def running(self) -> bool:
        """Whether it may still answer."""
        return self.lane is not None and self.lane.state == "running"

    @property
    def left(self) -> float:
        """CPU seconds in which its search should be over, infinite where nobody knows."""
        return self.lane.engine.progress.get("left", math.inf) if self.lane and self.running else math.inf

    @property
    def working(self) -> bool:
        """Whether it may still find facts, or sums to be built again."""
        rebuilding = self.engine is not None and self.engine.rebuilding
        return self.running and (rebuilding or not self._shared)

    @property
    def refuting(self) -> bool:
        """Whether it may still write a proof."""
        return self.running and (self.working or bool(self.figures.get("contradiction")))

    @property
    def figures(self) -> dict[str, Any]:
        """What it found, empty until then."""
        return {} if self.engine is None else self.engine.figures

    def statistics(self) -> dict[str, Any]:
        """Return the figures of lanes that have found something."""
        counting = None if self._counting is None else self._counting.engine.figures
        every = {"algebra": self.figures, "counting": counting}
        every["adders"] = None if self.engine is None else self.engine.sums
        return {name: figures for name, figures in every.items() if figures}

    def share(self) -> None:
        """Hand what follows from the XORs, or from counting, to the lanes that can take clauses.

        Where XORs contradict each other, only the proof may still be missing: no lane is needed but the one
        that could prove it, too.
        """
        counting: Counting | None = None if self._counting is None else self._counting.engine  # type: ignore[assignment]
        if counting is not None and counting.clauses is not None and not self._counted:
            self._counted = True
            self._race.share(counting.clauses)
            self._race.tell("counting", **counting.figures)
        engine = self.engine
        if engine is None or engine.clauses is None or self._shared:
            return
        self._shared = True
        self._race.share(engine.clauses)
        figures = engine.figures
        self._race.tell("algebra", **figures)
        for lane in self._race.running():
            if figures["contradiction"] and lane is not self.lane and not lane.spec.proves:
                self._race.drop(lane, "the XORs contradict each other")

    def strengthened(self, formula: Formula) -> Formula:
        """Return the formula with what follows from its XORs, as far as that is known."""
        if self.engine is None or self.engine.clauses is None or self._proof is not None:
            return formula  # the proof of a strengthened formula would prove nothing
        if self._strengthened is None or self._strengthened[0] is not formula:
            more = self.engine.clauses
            self._strengthened = formula, formula.with_clauses(more.literals, more.offsets)
        return self._strengthened[1]

    def rebuilt_lane(self) -> tuple[LaneSpec, Formula] | None:
        """Return a lane and the formula with its sums built again for it, once, when there is one."""
        engine = self.engine
        if engine is None or engine.rebuilt is None or self._rebuilt:
            return None
        self._rebuilt = True
        self._race.tell("adders", **engine.sums)
        spec = on_another_formula(REBUILT, REBUILT_NICE, self._options, kind="kissat-stable")
        return spec, engine.rebuilt.formula

    def source(self, spec: Entrant) -> Formula | None:
        """Return the formula that a lane had from here, None for lanes that had none."""
        rebuilt = None if self.engine is None else self.engine.rebuilt
        return rebuilt.formula if rebuilt is not None and spec.name == REBUILT else None

    def completed(self, spec: Entrant, answer: Answer, variables: int) -> Answer:
        """Return an answer in which a model has values for what the sums built again do without."""
        rebuilt = None if self.engine is None else self.engine.rebuilt
        if spec.name != REBUILT or rebuilt is None or answer.status is not Status.SATISFIABLE:
            return answer
        values = answer.values
        if values is None or values.size < variables:
            return answer  # whoever judges it says what is wrong
        return replace(answer, found=rebuilt.completed(values, variables))
