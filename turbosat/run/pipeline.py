"""The run: lane 0 on the file at once, parse, race, check; one way in, one checked Result out."""

from __future__ import annotations

import os
import resource
import stat
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any

from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.cdcl.process.binaries import find_python
from turbosat.cdcl.process.child import MAXRSS
from turbosat.cdcl.process.tree import worked
from turbosat.deadline import Deadline, Expired
from turbosat.dimacs import plain
from turbosat.dimacs.compression import HEAD, sniff
from turbosat.errors import EngineError, OutputError, UsageError
from turbosat.events import Sink
from turbosat.options import Options
from turbosat.records import replace
from turbosat.result import Reason, Result, Status, Winner
from turbosat.run.context import Context, checked_model
from turbosat.run.scheduler import head_start
from turbosat.system import measurable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.formula.formula import Formula
    from turbosat.proof.outlet import Outlet
    from turbosat.run.deterministic import Deterministic
    from turbosat.run.hybrid import Hybrid
    from turbosat.run.in_process import Claim
    from turbosat.validation import Readable


BUSY = 0.2  # seconds that lane 0 has for itself beyond its head start where it does not get a core
LONG = 1 << 25  # bytes of a file: reading it takes 0.3 s, and what is found out of it before others start
# Loaded while lane 0 has its head start and we have nothing to do: the search, and what numpy will want. One
# at a time, in a few milliseconds each: an answer may come.
MEANWHILE = (
    *("ast", "dis", "tokenize", "inspect", "dataclasses", "turbosat.run.descent", "turbosat.run.hybrid"),
    *("datetime", "numbers", "pickle", "textwrap", "platform", "socket", "json", "shutil", "random"),
    *("tempfile",),
)
READERS = 10  # bytes for each byte of it that two lanes and we may take while we read it


class Run(Context):
    """One formula on its way to a checked Result.

    `beside` is what else is written to when it is over, `phases` are values that a descent may begin from.
    """

    def __init__(
        self,
        source: Formula | str | Readable,
        options: Options,
        deadline: Deadline,
        sink: Sink,
        assumptions: NDArray[np.int32] | None = None,
        beside: Sequence[Outlet] = (),
        phases: NDArray[np.bool_] | None = None,
    ) -> None:
        super().__init__(options, deadline, sink, assumptions, phases)
        self.source = source
        self._beside = beside
        self._text: str | None = None  # the name under which lane 0 reads the file itself
        self._small: plain.Plain | None = None  # the formula, if it could be read without numpy

    def run(self) -> Result:
        """Search until an answer, a limit or the last lane's end; no child process outlives this call.

        The model of a small formula may come in an array of the standard library's, for want of numpy.

        Raises InputError for a formula that cannot be read, SoundnessError for an answer that fails
        its check, EngineError when every lane broke, OutputError when what was asked for cannot be written.
        """
        self._require_sense()
        self._warn()
        with ExitStack() as files, Race(self.deadline, self.sink, self.assumptions) as race:
            self.race, self._open_files = race, files
            files.callback(self.confinement.release)
            self._open()
            try:
                result = self._search(race)
            except Expired as expired:
                result = Result(Status.UNKNOWN, reason=expired.reason)
            except MemoryError:
                result = Result(Status.UNKNOWN, reason=Reason.MEMORY)
            race.stop()
            unproved = self._finish_proof(result)
            result = replace(result, statistics=self._summary(race, result))
        if unproved or self.unwritten:
            message = "; ".join([*self.unwritten, *([unproved] if unproved else [])])
            raise OutputError(message, result, proof=bool(unproved))
        return result

    def _warn(self) -> None:
        """Say what cannot be had on this system, and go on without it."""
        if self.deadline.memory is not None and not measurable():
            self.tell("note", what=f"the memory limit is not enforced on this system, {sys.platform}")
        if self.options["engine"] in ("auto", "cdcl"):
            try:
                find_python("all else")
            except EngineError as error:
                self.kissat_only = True
                self.options = {
                    **self.options,
                    "gradient": False,
                    "algebra": False,
                    "counting": False,
                    "sweeping": False,
                    "symmetry": False,
                    "folding": False,
                    "tours": False,
                    "pool": False,
                }
                self.tell("note", what=f"Kissat's lanes only: {error}")

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
            first = self._early(race)
            if first is not None and (result := self._settled_early(race, first)) is not None:
                return result
            from turbosat.run.hybrid import Hybrid

            search = Hybrid(self, race)
        search.statistics |= self.statistics
        self.statistics = search.statistics
        with search:
            formula = self._load()
            if self.proof is None and formula.has_empty_clause:
                return self._refuted_as_read()
            return search.search(formula)

    def _early(self, race: Race) -> Lane | None:
        """Start lane 0 on the file itself, if it can read it, before all that is imported for the others."""
        lanes = self.mix()
        spec = next(lanes)
        self._text = self._plain() if spec.engine == "kissat" else None
        if self._text is None:
            return None
        first = race.add(spec, self.build(spec, first=True), self._text)
        other = next(lanes, None)
        if other is not None and other.engine == "kissat" and self._long_to_read(self._text):
            race.add(other, self.build(other, first=True), self._text)
            # We are to read on the second one's core: else lane 0 would have but a part of its own.
            self.confinement.adjust(first.engine.pid, race.processes())
        return first

    def _long_to_read(self, text: str) -> bool:
        """Whether a second lane should not wait until the file has been read here, and there is room."""
        size = os.stat(text).st_size
        if size < LONG or self.cores == 1:
            return False
        left = self.deadline.left()
        return left is None or left >= READERS * size

    def _settled_early(self, race: Race, first: Lane) -> Result | None:
        """Return the result if lane 0 comes to one on a small file in its head start: that takes no numpy."""
        if self.options["parsing"] != "normal" or self.proof is not None or self.certificate is not None:
            return None
        assert self._text is not None
        began = self.deadline.elapsed()
        self._small = plain.read(self._text)
        if self._small is None:
            return None
        self._has_been_read(began, self._small.variables, self._small.clauses, len(self._small.flat))
        several = self.cores > 1  # else we would do it at lane 0's cost
        missing = [name for name in MEANWHILE if name not in sys.modules] if several else []
        while first.state == "running" and (left := self._left_of_head_start(first)) > 0.0:
            found = race.wait(0.0 if missing else left)
            if found is None and missing:
                import_module(missing.pop(0))
            elif found is not None:
                result = self.judge_small(self._small, *found)
                return self.judge(self._load(), *found) if result is None else result
        return None

    def _left_of_head_start(self, first: Lane) -> float:
        """Return the seconds that are left to lane 0 alone: more where others have kept it from its core."""
        head = head_start(self.cores)
        since = self.deadline.elapsed() - first.started
        return max(head - since, min(head - worked(first.engine.pid), head + BUSY - since))

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
            return self.refuted(Result(claim.status, core=core, winner=claim.winner), claim.conflict)
        model = checked_model(formula, claim.values, self.assumptions, claim.winner.lane)
        return Result(Status.SATISFIABLE, model, winner=claim.winner)

    def _plain(self) -> str | None:
        """Return the name under which lane 0 can be tried on the file itself, None if it cannot.

        Anything it cannot read ends it with an error; it is then started again on the parsed formula.
        """
        # Kissat's models end at the header's last variable, relaxed or not.
        if self.options["parsing"] == "relaxed" or self.assumptions is not None:
            return None
        if not isinstance(self.source, str) or (head := _head(self.source)) is None:
            return None
        if sniff(head) is None:
            return self.source
        if self.proof is not None:  # beside which Kissat takes no file without a name
            return None
        from turbosat.dimacs.unpacked import name_of, unpacked
        from turbosat.dimacs.waiting import until

        text = unpacked(self.source, self.deadline.check, until(self.deadline))
        if text is None:
            return None
        self._open_files.enter_context(text)
        self.source = text  # which need not be unpacked again
        return name_of(text)

    def _load(self) -> Formula:
        """Return the formula, read if it is a file; UsageError for assumptions that are not its literals."""
        from turbosat.formula.formula import Formula

        if self._small is not None:
            import numpy as np

            return Formula.from_dimacs_array(np.asarray(self._small.flat), self._small.variables)
        formula = self.source if isinstance(self.source, Formula) else self._read(self.source)
        if self.assumptions is not None:
            _check_assumptions(self.assumptions, formula)
        return formula

    def _read(self, source: str | Readable) -> Formula:
        from turbosat.dimacs.waiting import until
        from turbosat.formula import files

        began = self.deadline.elapsed()
        with self.confinement.guest():
            formula = files.read(
                source,
                strictness=self.options["parsing"],
                check=self.deadline.check,
                wait=until(self.deadline),
                note=lambda text: self.tell("note", what=text),
            )
        self._has_been_read(
            began, formula.variables, formula.clauses, len(formula.literals), len(formula.xors)
        )
        return formula

    def _has_been_read(
        self, began: float, variables: int, clauses: int, literals: int, xors: int = 0
    ) -> None:
        """Tell that the formula has been read."""
        spent = round(self.deadline.elapsed() - began, 4)
        self.statistics |= {
            "variables": variables,
            "clauses": clauses,
            "literals": literals,
            "xors": xors,
            "parse_seconds": spent,
        }
        self.tell("parsed", variables=variables, clauses=clauses, took=spent)

    def _refuted_as_read(self) -> Result:
        """Return the answer to a formula with an empty clause, whatever is assumed."""
        import numpy as np

        core = None if self.assumptions is None else np.empty(0, np.int32)
        winner = Winner("parser", "parser", self.options["seed"])
        return Result(Status.UNSATISFIABLE, winner=winner, core=core)

    def _require_sense(self) -> None:
        """Refuse proofs that nobody could write, before anything is touched."""
        if self.options["proof"] is None:
            return
        if self.assumptions is not None:
            raise UsageError("a proof cannot be written for a search under assumptions")
        if self.options["engine"] in ("gradient", "galois"):
            raise UsageError(f"the {self.options['engine']} engine cannot write a proof")
        self.mix()

    def _open(self) -> None:
        """Find a way to whatever is to be written, or raise UsageError."""
        proof, certificate = self.options["proof"], self.options["certificate"]
        if proof is None and certificate is None and not self._beside:
            return
        from turbosat.proof.outlet import Outlet, guard

        every = [*self._beside]
        if certificate is not None:
            self.certificate = self._open_files.enter_context(Outlet(certificate, "the certificate"))
            every.append(self.certificate)
        if proof is not None:
            from turbosat.proof.file import ProofFile

            self.proof = ProofFile(proof, binary=self.options["binary_proof"])
            self._open_files.callback(self.proof.close)
            self.race.require(self._require_proof)
            every.append(self.proof.outlet)
        guard(every, self.source, force=self.options["force"])

    def _require_proof(self) -> None:
        """Raise OutputError once the proof is lost, unless who has written all of it is yet to answer."""
        assert self.proof is not None
        if not (self.proof.came and any(lane.spec.proves for lane in self.race.running())):
            self.proof.check()

    def _finish_proof(self, result: Result) -> str:
        """Return why the proof is not complete, if it should be."""
        if self.proof is None:
            return ""
        if result.status is Status.UNSATISFIABLE:
            return self.unproved or self.proof.finish(self.deadline)
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


def _won(lane: Lane, winner: Winner | None) -> bool:
    return winner is not None and lane.state == "answered" and lane.spec.name == winner.lane


def _check_assumptions(assumptions: NDArray[np.int32], formula: Formula) -> None:
    import numpy as np

    beyond = assumptions[np.abs(assumptions) > formula.variables]
    if beyond.size:
        has = f"the formula's {formula.variables} variables"
        raise UsageError(f"assumptions must be literals of {has}, not {int(beyond[0])}")


def _head(path: str) -> bytes | None:
    """Return how a regular file begins, None where there is none: the parser says what is wrong with it."""
    try:
        if path == "-" or not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb", buffering=0) as file:
            return file.read(HEAD)
    except (OSError, ValueError):
        return None
