"""The sweeping lane's place in a run: when it starts, and what becomes of what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbosat.cdcl.lanes.mix import Entrant, kissat_wanted, on_another_formula
from turbosat.options import Options

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.lanes.mix import LaneSpec
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.deadline import Deadline
    from turbosat.formula.formula import Formula
    from turbosat.lanes.sweeping import Sweeping
    from turbosat.proof.file import ProofFile

# What its child needs, loaded before it is copied. numpy.unique loads masked arrays.
SWEEPING = "numpy.ma", "turbosat.lanes.sweeping_worker"
NICE = 1  # how far it gives way
MERGED = "kissat-merged"  # the lane on the merged formula


class SweepingStage:
    """The sweep of the formula's circuit beside the first lanes."""

    def __init__(
        self, race: Race, options: Options, deadline: Deadline, proof: ProofFile | None = None
    ) -> None:
        self.lane: Lane | None = None
        self.begun = False
        self._promising: bool | None = None
        self._race, self._options, self._deadline, self._proof = race, options, deadline, proof
        self._shared: NDArray[np.int32] | None = None  # what was last handed on, (variables,)
        self._strengthened: Formula | None = None
        self._merged = False  # whether there is a lane on the merged formula

    def promising(self, formula: Formula) -> bool:
        """Whether it is to be started: the formula has gates worth looking for."""
        if self._promising is None:
            wanted = self._options["sweeping"] and self._options["engine"] == "auto"
            if wanted and (self._proof is None or self._proof.replaceable):
                from turbosat.encodings.circuit.promise import promising

                self._promising = promising(formula, self._race.check)
            else:
                self._promising = False
        return self._promising

    def modules(self, formula: Formula) -> tuple[str, ...]:
        """Return what is to be loaded before `begin`."""
        return SWEEPING if self.promising(formula) else ()

    def begin(self, formula: Formula, nice: int) -> None:
        """Start the lane, once, if the formula has gates worth looking for. `nice`: how far it gives way."""
        begun, self.begun = self.begun, True
        if begun:
            return
        if not self.promising(formula):
            return
        from turbosat.lanes.sweeping import Sweeping

        engine = Sweeping(
            proof=self._proof is not None,
            binary_proof=self._proof is not None and self._proof.binary,
            seed=self._options["seed"],
            memory_limit=self._deadline.memory,
        )
        self.lane = self._race.add(Entrant("sweeping", self._options["seed"], nice=nice), engine, formula)

    @property
    def engine(self) -> Sweeping | None:
        """The engine, None before it was started."""
        return self.lane.engine if self.lane is not None else None  # type: ignore[return-value]

    @property
    def figures(self) -> dict[str, Any]:
        """What it found, empty until its first pass is over."""
        return {} if self.engine is None else self.engine.figures

    @property
    def running(self) -> bool:
        """Whether it may still answer."""
        return self.lane is not None and self.lane.state == "running"

    def share(self) -> None:
        """Hand what has newly turned out to be equal to the lanes that can take clauses."""
        engine = self.engine
        if engine is None or engine.representatives is None or engine.representatives is self._shared:
            return
        import numpy as np

        from turbosat.cdcl.sweeping.facts import facts, own_codes

        codes = engine.representatives
        own = own_codes(codes.size)
        last, self._shared = own if self._shared is None else self._shared, codes
        changed = codes != last
        if changed.any():
            self._strengthened = None
            self._race.share(facts(np.where(changed, codes, own)))
            self._race.tell("sweeping", **engine.figures)

    def merged_lane(self) -> tuple[LaneSpec, Formula] | None:
        """Return a lane and the merged formula for it, once, when there is one and the mix has Kissat."""
        engine, options = self.engine, self._options
        if engine is None or engine.merged is None or self._merged:
            return None
        if not kissat_wanted(options["mix"]):
            return None
        self._merged = True
        return on_another_formula(MERGED, NICE, options), engine.merged

    def source(self, spec: Entrant) -> Formula | None:
        """Return the formula that a lane had from here, None for lanes that had none."""
        return self.engine.merged if spec.name == MERGED and self.engine is not None else None

    def strengthened(self, formula: Formula) -> Formula:
        """Return the formula with clauses behind its own that say what is equal, as far as that is known."""
        if self._shared is None or self._proof is not None:
            return formula  # the proof of a strengthened formula would prove nothing
        if self._strengthened is None:
            from turbosat.cdcl.sweeping.facts import facts

            known = facts(self._shared)
            self._strengthened = formula.with_clauses(known.literals, known.offsets)
        return self._strengthened
