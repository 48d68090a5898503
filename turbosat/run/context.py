"""What all parts of a run share: its options and limits, the lanes it may start, and the check of answers."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from turbosat.cdcl.lanes.mix import LaneSpec, mix, named
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.cdcl.process.confinement import Confinement
from turbosat.deadline import Deadline, Expired
from turbosat.errors import EngineError, OutputError, SoundnessError, UsageError
from turbosat.events import Event, Sink, Timeline
from turbosat.options import Options, worker_count
from turbosat.records import replace
from turbosat.result import Reason, Result, Status, Winner

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.engines.engine import Answer, Engine
    from turbosat.dimacs.plain import Plain
    from turbosat.formula.formula import Formula
    from turbosat.formula.xors import Xors
    from turbosat.proof.file import ProofFile
    from turbosat.proof.outlet import Outlet


class Context:
    """One formula's search: what it may use, and what it has found out. `race` is open during the search."""

    race: Race

    def __init__(
        self,
        options: Options,
        deadline: Deadline,
        sink: Sink,
        assumptions: NDArray[np.int32] | None = None,
        phases: NDArray[np.bool_] | None = None,
    ) -> None:
        self.options = options
        self.deadline = deadline
        self.sink = Timeline(sink)
        self.assumptions = assumptions
        self.cores = worker_count(options)
        self.confinement = Confinement(several=self.cores > 1)
        self.phases = phases  # values that a descent may begin from, (variables,)
        self.statistics: dict[str, Any] = {}
        self.proof: ProofFile | None = None
        self.certificate: Outlet | None = None
        self.kissat_only = False
        self.unwritten: list[str] = []  # what could not be written, besides the proof, and why
        self.unproved = ""  # why there is no proof

    def mix(self) -> Iterator[LaneSpec]:
        """Return the CDCL lanes in the order of their start. Raises UsageError for unknown names."""
        conflicts, decisions = self.options["conflicts"], self.options["decisions"]
        lanes = self._unlimited()
        if decisions is not None and self.options["mix"] is None:
            lanes = (lane for lane in lanes if lane.engine == "kissat")  # CaDiCaL counts none
        return (replace(lane, conflicts=conflicts, decisions=decisions) for lane in lanes)

    @property
    def limited(self) -> bool:
        """Whether the CDCL lanes have limits besides time and memory."""
        return self.options["conflicts"] is not None or self.options["decisions"] is not None

    def _unlimited(self) -> Iterator[LaneSpec]:
        seed, names = self.options["seed"], self.options["mix"]
        if names is None:
            every = mix(seed=seed, mode=self.options["mode"], proof=self.options["proof"] is not None)
            return (spec for spec in every if spec.engine == "kissat" or not self.kissat_only)
        lanes = named(names, seed=seed)
        if self.options["proof"] is not None and not lanes[0].proves:
            raise UsageError("with a proof, the first lane of the mix must be one of Kissat's: it writes it")
        other = next((lane.name for lane in lanes if lane.engine != "kissat"), None)
        if self.options["decisions"] is not None and other is not None:
            raise UsageError(f"--decisions limits Kissat's lanes, not {other}, which --mix names")
        return iter(lanes)

    def build(self, spec: LaneSpec, *, first: bool = False) -> Engine:
        """Return the engine of a lane here; `first`: it reads the file itself."""
        library = None
        if spec.collects:
            from turbosat.core.library import built

            library = built()  # nobody hears an answer while a checkout builds its core
        return spec.build(
            proof=self.proof if spec.proves else None,
            parsing=self.options["parsing"] if first else "normal",
            seconds=self.deadline.remaining(),
            memory=self.deadline.memory,
            steady=self.options["deterministic"],
            library=library,
        )

    def judge(self, formula: Formula, lane: Lane, answer: Answer) -> Result | None:
        """Check an answer; None when it is one this lane may not give."""
        import numpy as np

        winner = _winner(lane)
        if answer.status is Status.UNSATISFIABLE:
            if lane.spec.guesses:
                return None
            if self.proof is not None and not lane.spec.proves and answer.proof is None:
                return None
            core = None
            if self.assumptions is not None:
                core = np.asarray(answer.core, np.int32)
            elif answer.core:  # what refutes a guess refutes no formula
                return None
            if self.proof is not None and answer.proof is not None:
                self.race.stop()  # the lane that was writing there
                self._write_proof(self.proof, answer.proof)
            return self.refuted(Result(Status.UNSATISFIABLE, core=core, winner=winner), answer.conflict)
        began = self.deadline.elapsed()
        values = answer.values
        if values is not None:
            values = values[: formula.variables]  # what a lane searched may have had more
        model = checked_model(formula, values, self.assumptions, lane.spec.name, self._in_time)
        self.statistics["check_seconds"] = round(self.deadline.elapsed() - began, 4)
        self.tell("checked", lane, status=str(answer.status))
        return Result(Status.SATISFIABLE, model=model, winner=winner)

    def judge_small(self, formula: Plain, lane: Lane, answer: Answer) -> Result | None:
        """Check the answer of lane 0 on a small formula, under no assumptions and without a proof.

        None where that takes numpy.
        """
        if answer.status is Status.UNSATISFIABLE:
            return None if lane.spec.guesses else Result(answer.status, winner=_winner(lane))
        if not isinstance(answer.found, array):
            return None
        began = self.deadline.elapsed()
        if len(answer.found) != formula.variables:
            raise SoundnessError(f"{lane.spec.name} claims SATISFIABLE without a complete model")
        if not formula.satisfied(answer.found):
            raise SoundnessError(f"{lane.spec.name} claims SATISFIABLE but its model falsifies a clause")
        self.statistics["check_seconds"] = round(self.deadline.elapsed() - began, 4)
        self.tell("checked", lane, status=str(answer.status))
        return Result(answer.status, cast("NDArray[np.int32]", answer.found), winner=_winner(lane))

    def _in_time(self) -> None:
        """Raise Expired when the run must end, but not for want of memory: the answer is all but there."""
        reason = self.deadline.expired()
        if reason not in (None, Reason.MEMORY):
            raise Expired(reason)

    def refuted(self, result: Result, conflict: Xors | None) -> Result:
        """Write the certificate of a refutation by XORs, if there is one and it was asked for."""
        if conflict is not None:
            if not conflict.contradictory:
                raise SoundnessError("the XORs that should refute the formula do not sum to 0 = 1")
            if self.certificate is not None:
                from turbosat.proof.delivery import deliver
                from turbosat.proof.parity import certificate

                trouble = deliver(self.certificate, certificate(conflict), self.deadline)
                self.unwritten += [trouble] if trouble else []
        return result

    def require_prover(self, *, algebra: bool) -> None:
        """Raise EngineError when a proof was asked for and nobody is left who may write it.

        `algebra`: whether that lane may still.
        """
        if self.proof is None or algebra or any(lane.spec.proves for lane in self.race.running()):
            return
        self.proof.check()  # a lane that ended because nobody takes its proof has not failed
        lost = next((lane for lane in self.race.lanes if lane.spec.proves and lane.state == "failed"), None)
        if lost is not None:
            raise EngineError(f"{lost.spec.name}: {lost.error}; nobody else can write the proof")

    def _write_proof(self, target: ProofFile, proof: memoryview) -> None:
        """Begin to write a proof that is the answer's; what hinders that does not take the answer back."""
        try:
            target.write(proof)
        except OutputError as error:
            self.unproved = str(error)

    def tell(self, kind: str, lane: Lane | None = None, **data: Any) -> None:
        """Report an event, of a lane or of the run itself."""
        self.sink(Event(kind, self.deadline.elapsed(), lane.spec.name if lane else "", data))


def _winner(lane: Lane) -> Winner:
    options = lane.spec.arguments()
    if (device := lane.engine.figures.get("device")) is not None:
        options = f"--device={device}", *options
    return Winner(lane.spec.name, lane.engine.name, lane.spec.seed, options)


def checked_model(
    formula: Formula,
    values: NDArray[np.bool_] | None,
    assumptions: NDArray[np.int32] | None,
    lane: str,
    check: Callable[[], None] = lambda: None,
) -> NDArray[np.int32]:
    """Return the model as signed literals, (variables,), checked against every clause as it was read.

    Raises SoundnessError when it is no model: that is a bug, and never an answer. `check` may raise to stop.
    """
    import numpy as np

    if values is None or values.shape != (formula.variables,):
        raise SoundnessError(f"{lane} claims SATISFIABLE without a complete model")
    if not formula.satisfied(values, check):
        false = formula.false_clauses(values)
        kind, index = ("clause", false[0]) if len(false) else ("XOR", formula.false_xors(values)[0])
        where = f"{kind} {int(index) + 1}"
        raise SoundnessError(f"{lane} claims SATISFIABLE but its model falsifies {where}")
    model = np.arange(1, formula.variables + 1, dtype=np.int32)
    np.negative(model, out=model, where=~values)
    if assumptions is not None and (model[np.abs(assumptions) - 1] != assumptions).any():
        raise SoundnessError(f"{lane} claims SATISFIABLE but its model breaks an assumption")
    return model
