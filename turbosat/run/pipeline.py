"""The run: lane 0 on the file at once, parse, race, check; one way in, one checked Result out."""

from __future__ import annotations

import os
import resource
import stat
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.engines.binaries import find_python
from turbosat.cdcl.lanes.mix import LaneSpec, mix, named
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.cdcl.process.child import MAXRSS
from turbosat.deadline import Deadline, Expired
from turbosat.dimacs.compression import HEAD, sniff
from turbosat.errors import EngineError, OutputError, SoundnessError, UsageError
from turbosat.events import Event, Sink, Timeline
from turbosat.options import Options
from turbosat.result import Reason, Result, Status, Winner
from turbosat.run.hybrid import Hybrid
from turbosat.system import measurable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from turbosat.cdcl.engines.engine import Answer, Engine
    from turbosat.formula.formula import Formula
    from turbosat.formula.xors import Xors
    from turbosat.proof.file import ProofFile
    from turbosat.proof.outlet import Outlet
    from turbosat.run.deterministic import Deterministic
    from turbosat.run.in_process import Claim
    from turbosat.validation import Readable


class Run:
    """One formula on its way to a checked Result; `beside` is what else is written to when it is over."""

    def __init__(
        self,
        source: Formula | str | Readable,
        options: Options,
        deadline: Deadline,
        sink: Sink,
        assumptions: NDArray[np.int32] | None = None,
        beside: Sequence[Outlet] = (),
    ) -> None:
        self.source = source
        self.options = options
        self.deadline = deadline
        self.sink = Timeline(sink)
        self.assumptions = assumptions
        self.statistics: dict[str, Any] = {}
        self.proof: ProofFile | None = None
        self._certificate: Outlet | None = None
        self._beside = beside
        self._unwritten: list[str] = []
        self._unproved = ""
        self._kissat_only = False

    def run(self) -> Result:
        """Search until an answer, a limit or the last lane's end; no child process outlives this call.

        Raises InputError for a formula that cannot be read, SoundnessError for an answer that fails
        its check, EngineError when every lane broke, OutputError when what was asked for cannot be written.
        """
        self._require_sense()
        self._warn()
        with ExitStack() as outlets, Race(self.deadline, self.sink, self.assumptions) as race:
            self._race = race
            self._open(outlets)
            try:
                result = self._search(race)
            except Expired as expired:
                result = Result(Status.UNKNOWN, reason=expired.reason)
            except MemoryError:
                result = Result(Status.UNKNOWN, reason=Reason.MEMORY)
            race.stop()
            unproved = self._finish_proof(result)
            result = replace(result, statistics=self._summary(race, result))
        if unproved or self._unwritten:
            message = "; ".join([*self._unwritten, *([unproved] if unproved else [])])
            raise OutputError(message, result, proof=bool(unproved))
        return result

    def _warn(self) -> None:
        """Say what cannot be had on this system, and go on without it."""
        if self.deadline.memory is not None and not measurable():
            self._tell("note", what=f"the memory limit is not enforced on this system, {sys.platform}")
        if self.options["engine"] in ("auto", "cdcl"):
            try:
                find_python("all else")
            except EngineError as error:
                self._kissat_only = True
                self.options = {**self.options, "gradient": False, "algebra": False, "pool": False}
                self._tell("note", what=f"Kissat's lanes only: {error}")

    def _search(self, race: Race) -> Result:
        if self.options["engine"] == "galois":
            return self._alone()
        if self.options["engine"] == "gradient":
            from turbosat.run.descent import descend_alone

            return descend_alone(self, race, self._load())
        search: Hybrid | Deterministic
        if self.options["deterministic"]:
            from turbosat.run.deterministic import Deterministic

            search = Deterministic(self, race)
        else:
            search = Hybrid(self, race)
        self.statistics = search.statistics
        with search:
            if isinstance(search, Hybrid) and self._plain():
                search.early(Path(str(self.source)))
            formula = self._load()
            if self.proof is None and formula.has_empty_clause:
                return self._refuted_as_read()
            return search.search(formula)

    def _alone(self) -> Result:
        """Search by the finite-field engine, in this process."""
        from turbosat.run.finite_field import search

        formula = self._load()
        claim = search(formula, self.assumptions, self.options, self.deadline, self.sink, self.statistics)
        return (
            Result(Status.UNKNOWN, reason=Reason.GAVE_UP) if claim is None else self._claimed(formula, claim)
        )

    def _claimed(self, formula: Formula, claim: Claim) -> Result:
        """Check what an engine in this process found."""
        if claim.status is Status.UNSATISFIABLE:
            import numpy as np

            core = None
            if self.assumptions is not None:
                core = np.empty(0, np.int32) if claim.core is None else claim.core
            return self._refuted(Result(claim.status, core=core, winner=claim.winner), claim.conflict)
        model = checked_model(formula, claim.values, self.assumptions, claim.winner.lane)
        return Result(Status.SATISFIABLE, model, winner=claim.winner)

    def _plain(self) -> bool:
        """Whether lane 0 can read the file itself."""
        if not isinstance(self.source, str) or self.assumptions is not None:
            return False
        # Kissat's models end at the header's last variable, relaxed or not.
        return self.options["parsing"] != "relaxed" and _plain_file(self.source)

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
            return (spec for spec in every if spec.engine == "kissat" or not self._kissat_only)
        lanes = named(names, seed=seed)
        if self.options["proof"] is not None and not lanes[0].proves:
            raise UsageError("with a proof, the first lane of the mix must be one of Kissat's: it writes it")
        other = next((lane.name for lane in lanes if lane.engine != "kissat"), None)
        if self.options["decisions"] is not None and other is not None:
            raise UsageError(f"--decisions limits Kissat's lanes, not {other}, which --mix names")
        return iter(lanes)

    def build(self, spec: LaneSpec, *, first: bool = False) -> Engine:
        """Return the engine of a lane here; `first`: it reads the file itself."""
        return spec.build(
            proof=self.proof if spec.proves else None,
            parsing=self.options["parsing"] if first else "normal",
            seconds=self.deadline.remaining(),
            memory=self.deadline.memory,
            steady=self.options["deterministic"],
        )

    def _load(self) -> Formula:
        """Return the formula, read if it is a file; UsageError for assumptions that are not its literals."""
        from turbosat.formula.formula import Formula

        formula = self.source if isinstance(self.source, Formula) else self._read(self.source)
        if self.assumptions is not None:
            _check_assumptions(self.assumptions, formula)
        return formula

    def _read(self, source: str | Readable) -> Formula:
        from turbosat.dimacs.waiting import until
        from turbosat.formula import files

        began = self.deadline.elapsed()
        formula = files.read(
            source,
            strictness=self.options["parsing"],
            check=self.deadline.check,
            wait=until(self.deadline),
            note=lambda text: self._tell("note", what=text),
        )
        spent = self.deadline.elapsed() - began
        self.statistics |= {
            "variables": formula.variables,
            "clauses": formula.clauses,
            "literals": len(formula.literals),
            "xors": len(formula.xors),
            "parse_seconds": round(spent, 4),
        }
        self._tell("parsed", variables=formula.variables, clauses=formula.clauses, took=round(spent, 4))
        return formula

    def _refuted_as_read(self) -> Result:
        """Return the answer to a formula with an empty clause, whatever is assumed."""
        import numpy as np

        core = None if self.assumptions is None else np.empty(0, np.int32)
        winner = Winner("parser", "parser", self.options["seed"])
        return Result(Status.UNSATISFIABLE, winner=winner, core=core)

    def judge(self, formula: Formula, lane: Lane, answer: Answer) -> Result | None:
        """Check an answer; None when it is one this lane may not give."""
        import numpy as np

        options = lane.spec.arguments()
        if (device := lane.engine.figures.get("device")) is not None:
            options = f"--device={device}", *options
        winner = Winner(lane.spec.name, lane.engine.name, lane.spec.seed, options)
        if answer.status is Status.UNSATISFIABLE:
            if self.proof is not None and not lane.spec.proves and answer.proof is None:
                return None
            core = None
            if self.assumptions is not None:
                core = np.asarray(answer.core, np.int32)
            elif answer.core:  # what refutes a guess refutes no formula
                return None
            if self.proof is not None and answer.proof is not None:
                self._race.stop()  # the lane that was writing there
                self._write_proof(self.proof, answer.proof)
            return self._refuted(Result(Status.UNSATISFIABLE, core=core, winner=winner), answer.conflict)
        began = self.deadline.elapsed()
        model = checked_model(formula, answer.values, self.assumptions, lane.spec.name, self._in_time)
        self.statistics["check_seconds"] = round(self.deadline.elapsed() - began, 4)
        self._tell("checked", lane, status=str(answer.status))
        return Result(Status.SATISFIABLE, model=model, winner=winner)

    def _in_time(self) -> None:
        """Raise Expired when the run must end, but not for want of memory: the answer is all but there."""
        reason = self.deadline.expired()
        if reason not in (None, Reason.MEMORY):
            raise Expired(reason)

    def _refuted(self, result: Result, conflict: Xors | None) -> Result:
        """Write the certificate of a refutation by XORs, if there is one and it was asked for."""
        if conflict is not None:
            if not conflict.contradictory:
                raise SoundnessError("the XORs that should refute the formula do not sum to 0 = 1")
            if self._certificate is not None:
                from turbosat.proof.certificate import certificate
                from turbosat.proof.delivery import deliver

                trouble = deliver(self._certificate, certificate(conflict), self.deadline)
                self._unwritten += [trouble] if trouble else []
        return result

    def require_prover(self, *, algebra: bool) -> None:
        """Raise EngineError when a proof was asked for and nobody is left who may write it.

        `algebra`: whether that lane may still.
        """
        if self.proof is None or algebra or any(lane.spec.proves for lane in self._race.running()):
            return
        lost = next((lane for lane in self._race.lanes if lane.spec.proves and lane.state == "failed"), None)
        if lost is not None:
            raise EngineError(f"{lost.spec.name}: {lost.error}; nobody else can write the proof")

    def _require_sense(self) -> None:
        """Refuse proofs that nobody could write, before anything is touched."""
        if self.options["proof"] is None:
            return
        if self.assumptions is not None:
            raise UsageError("a proof cannot be written for a search under assumptions")
        if self.options["engine"] in ("gradient", "galois"):
            raise UsageError(f"the {self.options['engine']} engine cannot write a proof")
        self.mix()

    def _open(self, outlets: ExitStack) -> None:
        """Find a way to whatever is to be written, or raise UsageError."""
        proof, certificate = self.options["proof"], self.options["certificate"]
        if proof is None and certificate is None and not self._beside:
            return
        from turbosat.proof.outlet import Outlet, guard

        every = [*self._beside]
        if certificate is not None:
            self._certificate = outlets.enter_context(Outlet(certificate, "the certificate"))
            every.append(self._certificate)
        if proof is not None:
            from turbosat.proof.file import ProofFile

            self.proof = ProofFile(proof, binary=self.options["binary_proof"])
            outlets.callback(self.proof.close)
            self._race.require(self.proof.check)
            every.append(self.proof.outlet)
        guard(every, self.source, force=self.options["force"])

    def _write_proof(self, target: ProofFile, proof: memoryview) -> None:
        """Begin to write a proof that is the answer's; what hinders that does not take the answer back."""
        try:
            target.write(proof)
        except OutputError as error:
            self._unproved = str(error)

    def _finish_proof(self, result: Result) -> str:
        """Return why the proof is not complete, if it should be."""
        if self.proof is None:
            return ""
        if result.status is Status.UNSATISFIABLE:
            return self._unproved or self.proof.finish(self.deadline)
        if result.status is Status.SATISFIABLE:
            self.proof.release(self.deadline)
        return ""

    def _summary(self, race: Race, result: Result) -> dict[str, Any]:
        below, peak = race.spent(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS
        return {
            **self.statistics,
            "status": str(result.status),
            "reason": None if result.reason is None else str(result.reason),
            "winner": None if result.winner is None else result.winner.lane,
            "seed": self.options["seed"],
            "wall_seconds": round(self.deadline.elapsed(), 4),
            "cpu_seconds": round(self.deadline.worked() + below.seconds, 4),
            "own_peak_bytes": peak,
            "largest_child_peak_bytes": below.peak,
            "winner_guided_by": next((lane.guided for lane in race.lanes if _won(lane, result.winner)), ""),
            "lanes": race.statistics(),
            "timeline": self.sink.data(),
        }

    def _tell(self, kind: str, lane: Lane | None = None, **data: Any) -> None:
        self.sink(Event(kind, self.deadline.elapsed(), lane.spec.name if lane else "", data))


def _won(lane: Lane, winner: Winner | None) -> bool:
    return winner is not None and lane.state == "answered" and lane.spec.name == winner.lane


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


def _check_assumptions(assumptions: NDArray[np.int32], formula: Formula) -> None:
    import numpy as np

    beyond = assumptions[np.abs(assumptions) > formula.variables]
    if beyond.size:
        has = f"the formula's {formula.variables} variables"
        raise UsageError(f"assumptions must be literals of {has}, not {int(beyond[0])}")


def _plain_file(path: str) -> bool:
    """Whether Kissat can be tried on the file itself: a regular file, not compressed.

    Anything it cannot read ends lane 0 with an error; it is then started again on the parsed formula.
    """
    try:
        if path == "-" or not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError):
        return False  # the parser says what is wrong with it
    return sniff(head) is None
