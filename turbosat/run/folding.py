"""The folding lane's place in a run: when it starts, and the lane that searches under its guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbosat.cdcl.lanes.mix import Entrant, kissat_wanted, on_another_formula
from turbosat.cdcl.process.fork import load_next
from turbosat.records import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from turbosat.cdcl.engines.engine import Engine
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.formula.clauses import Clauses
    from turbosat.formula.formula import Formula
    from turbosat.lanes.symmetry import FoldSearch
    from turbosat.run.context import Context
    from turbosat.run.scheduler import Plan

FOLDING = "numpy.ma", "turbosat.lanes.folding_worker"  # what the child needs, loaded before it is copied
# Seconds of the run before which the search is not worth its time: descent has had its chance; and the same
# where that comes to nothing.
AFTER, HOPELESS_AFTER = 2.0, 1.0
# The same where clauses have indicators, unless groups are likely to move: few formulas have any, and a
# descent settles these only where groups move.
HIDDEN_AFTER = 0.5
# How far the lane gives way while each guess is fresh: what holds is soon seen to; and later, when it has
# about half of the core that other lanes are on. The search is over in a moment.
NICE, HALF = 1, 6
FOLDED = "kissat-folded"  # the lane on the formula with equivalences that are guessed
SMALLEST, LARGEST = 1_000, 2_000_000  # literals of a formula that is looked at


class FoldingStage:
    """The search for folds beside the lanes, and a lane of Kissat that looks for models in which they hold.

    A fold is a guess: that lane may find models, and nothing else that it finds out is told to anybody.
    """

    def __init__(
        self,
        run: Context,
        race: Race,
        room: Callable[[Plan], bool],
        strengthened: Callable[[Formula], Formula],
        grouped: Callable[[Formula], bool],
    ) -> None:
        """`room` says whether there may be a lane more; `strengthened` adds what is known to follow.

        `grouped` says whether groups are likely to move in a descent.
        """
        self._run, self._race, self._room, self._strengthened = run, race, room, strengthened
        self._grouped = grouped
        self.lane: Lane | None = None  # the search
        self.folded: Lane | None = None  # the lane under its guesses
        self._promising: bool | None = None
        self._hidden: bool | None = None  # whether clauses have indicators, and groups are not likely to move

    def promising(self, formula: Formula) -> bool:
        """Whether folds are to be sought: not with a proof, nor under assumptions or limits."""
        if self._promising is None:
            options, run = self._run.options, self._run
            wanted = options["folding"] and options["engine"] == "auto" and kissat_wanted(options["mix"])
            plain = run.proof is None and run.assumptions is None and not run.limited
            literals = formula.literals.size
            fits = max(SMALLEST, formula.variables) <= literals <= LARGEST and not len(formula.xors)
            self._promising = bool(wanted and plain and fits)
        return self._promising

    def step(self, plan: Plan, formula: Formula) -> bool:
        """Start the search, or the lane, where it is time; False while modules are being loaded."""
        if not self._room(plan):
            return True
        if self.lane is None:
            if self._due(plan, formula):
                if load_next(FOLDING):
                    return False
                from turbosat.lanes.symmetry import FoldSearch

                options, memory = self._run.options, self._run.deadline.memory
                engine = FoldSearch(options["seed"], memory_limit=memory)
                self.lane = self._race.add(Entrant("folding", options["seed"], nice=0), engine, formula)
        elif self.folded is None and self._found is not None and self._found.folds:
            self._begin(self._found.folds, self._strengthened(formula))
        return True

    def _due(self, plan: Plan, formula: Formula) -> bool:
        """Whether the search is to start."""
        passed = self._run.deadline.elapsed()
        if passed < HIDDEN_AFTER or not self.promising(formula):
            return False
        if passed >= (HOPELESS_AFTER if plan.hopeless else AFTER):
            return True
        if self._hidden is None:
            from turbosat.lanes.symmetry import hiding

            self._hidden = not self._grouped(formula) and hiding(formula)
        return self._hidden

    def _begin(self, folds: list[Clauses], formula: Formula) -> None:
        from turbosat.cdcl.engines.streamlined import Streamlined

        spec = on_another_formula(FOLDED, NICE, self._run.options, kind="kissat-stable")
        spec = replace(spec, guesses=True)

        def build() -> Engine:
            return self._run.build(spec)

        self._race.tell("folding", **self.figures)
        self.folded = self._race.add(spec, Streamlined(folds, build, nice=(NICE, HALF)), formula)

    @property
    def _found(self) -> FoldSearch | None:
        return self.lane.engine if self.lane is not None else None  # type: ignore[return-value]

    @property
    def lanes(self) -> list[Lane]:
        """Its lanes: others begin as if there were none."""
        return [lane for lane in (self.lane, self.folded) if lane is not None]

    @property
    def figures(self) -> dict[str, Any]:
        """What was found, and what became of it; empty until then."""
        found = {} if self._found is None else self._found.figures
        return {**found, **({} if self.folded is None else self.folded.engine.figures)}
