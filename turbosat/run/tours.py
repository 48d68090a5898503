"""The tours lane's place in a run: when it starts, and what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbosat.cdcl.lanes.mix import Entrant
from turbosat.options import Options

if TYPE_CHECKING:
    from turbosat.cdcl.lanes.race import Lane, Race
    from turbosat.deadline import Deadline
    from turbosat.formula.formula import Formula
    from turbosat.lanes.tours import ToursSearch
    from turbosat.proof.file import ProofFile

# What its child needs, loaded before it is copied. numpy.unique loads masked arrays.
TOURS = "numpy.ma", "turbosat.lanes.tours_worker"
LATE = 3.0  # seconds of the run before which no lane looks at a large formula: most have no circuit


class ToursStage:
    """The search for a cycle through all vertices of a graph beside the first lanes.

    It may find a model, and refutes nothing: with a proof there is none, nor under assumptions.
    """

    def __init__(
        self, race: Race, options: Options, deadline: Deadline, proof: ProofFile | None = None
    ) -> None:
        self.lane: Lane | None = None
        self._race, self._options, self._deadline, self._proof = race, options, deadline, proof
        self._begun = self._told = False
        self._promising: bool | None = None

    def promising(self, formula: Formula) -> bool:
        """Whether it is to be started: the formula may have a circuit."""
        if self._promising is None:
            options = self._options
            wanted = options["tours"] and options["engine"] == "auto" and not options["deterministic"]
            if wanted and self._proof is None:
                from turbosat.lanes.tours import promising

                self._promising = promising(formula, self._race.check)
            else:
                self._promising = False
        return self._promising

    def modules(self, formula: Formula) -> tuple[str, ...]:
        """Return what is to be loaded before `begin`."""
        return TOURS if self._due(formula) else ()

    def _due(self, formula: Formula) -> bool:
        if not self.promising(formula):
            return False
        from turbosat.lanes.tours import LARGE

        return formula.literals.size <= LARGE or self._deadline.elapsed() >= LATE

    def begin(self, formula: Formula, nice: int) -> None:
        """Start the search, once, if there is a prospect. `nice`: how far it gives way."""
        if self._begun or not self._due(formula):
            return
        from turbosat.lanes.tours import ToursSearch

        self._begun = True
        entrant = Entrant("tours", self._options["seed"], nice=nice)
        self.lane = self._race.add(entrant, ToursSearch(memory_limit=self._deadline.memory), formula)

    @property
    def figures(self) -> dict[str, Any]:
        """What it found, empty until then."""
        engine: ToursSearch | None = None if self.lane is None else self.lane.engine  # type: ignore[assignment]
        return {} if engine is None else engine.figures

    def share(self) -> None:
        """Tell what it found, once."""
        if self.figures and not self._told:
            self._told = True
            self._race.tell("tours", **self.figures)
