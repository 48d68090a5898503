"""The symmetry lane's place in a run: when it starts, and the lane with breaking clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbosat.cdcl.lanes.mix import Entrant, kissat_wanted, on_another_formula
from turbosat.options import Options

if TYPE_CHECKING:
    from turbosat.cdcl.lanes.mix import LaneSpec
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.deadline import Deadline
    from turbosat.formula.formula import Formula
    from turbosat.lanes.symmetry import SymmetrySearch
    from turbosat.proof.file import ProofFile

# What its child needs, loaded before it is copied. numpy.unique loads masked arrays.
SYMMETRY = "numpy.ma", "turbosat.lanes.symmetry_worker"
HALF = 5  # how far the lane gives way: it has as much of a core as the second of those that are on it
BROKEN = "kissat-symmetry"  # the lane on the formula with breaking clauses, one more than those of the mix


class SymmetryStage:
    """The search for symmetries beside the first lanes, and a lane of Kissat that need not repeat itself.

    Breaking clauses keep satisfiability, not equivalence: that lane tells others nothing. Its models are
    models of the formula, and when it has none, nor has the formula: without assumptions, and without a
    proof.
    """

    def __init__(
        self, race: Race, options: Options, deadline: Deadline, proof: ProofFile | None = None
    ) -> None:
        self.lane: Lane | None = None
        self.begun = False
        self._promising: bool | None = None
        self._race, self._options, self._deadline, self._proof = race, options, deadline, proof
        self._source: Formula | None = None  # of the lane on the formula with breaking clauses

    def promising(self, formula: Formula) -> bool:
        """Whether it is to be started: the formula may have symmetries, and a lane could use them."""
        if self._promising is None:
            options = self._options
            wanted = options["symmetry"] and options["engine"] == "auto" and kissat_wanted(options["mix"])
            if wanted and self._proof is None:
                from turbosat.lanes.symmetry import promising

                self._promising = promising(formula, self._race.check)
            else:
                self._promising = False
        return self._promising

    def modules(self, formula: Formula) -> tuple[str, ...]:
        """Return what is to be loaded before `begin`."""
        return SYMMETRY if self.promising(formula) else ()

    def begin(self, formula: Formula, nice: int) -> None:
        """Start the search, once, if there is a prospect. `nice`: how far it gives way."""
        begun, self.begun = self.begun, True
        if begun or not self.promising(formula):
            return
        from turbosat.lanes.symmetry import SymmetrySearch

        engine = SymmetrySearch(memory_limit=self._deadline.memory)
        self.lane = self._race.add(Entrant("symmetry", self._options["seed"], nice=nice), engine, formula)

    @property
    def engine(self) -> SymmetrySearch | None:
        """The engine, None before it was started."""
        return self.lane.engine if self.lane is not None else None  # type: ignore[return-value]

    @property
    def figures(self) -> dict[str, Any]:
        """What it found, empty until then."""
        return {} if self.engine is None else self.engine.figures

    @property
    def waiting(self) -> bool:
        """Whether there are clauses that no lane was started with yet."""
        return self._source is None and self.engine is not None and self.engine.breaking is not None

    def broken_lane(self, formula: Formula) -> tuple[LaneSpec, Formula]:
        """Return a lane and what it searches, where one is waited for.

        `formula` may be strengthened by what follows from the formula that was searched for symmetries.
        """
        engine = self.engine
        assert engine is not None
        assert engine.breaking is not None
        from turbosat.formula.formula import Formula

        self._race.tell("symmetry", **engine.figures)
        wider = Formula(formula.literals, formula.offsets, formula.variables + engine.auxiliary)
        self._source = wider.with_clauses(engine.breaking.literals, engine.breaking.offsets)
        return on_another_formula(BROKEN, HALF, self._options), self._source

    def source(self, spec: Entrant) -> Formula | None:
        """Return the formula that a lane had from here, None for lanes that had none."""
        return self._source if spec.name == BROKEN else None
