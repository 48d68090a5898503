"""The finite-field engine by itself: elimination, then the solutions of the XORs, or all variables."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from turbosat.core.library import library
from turbosat.encodings.gf2.consequences import Facts, find
from turbosat.encodings.support.compilation import SWEPT_INPUTS, compile_recovered
from turbosat.errors import DeviceError, UnsupportedError
from turbosat.events import Sink
from turbosat.options import Options, worker_count
from turbosat.result import Status
from turbosat.run.in_process import NEWS_INTERVAL, Claim, descend, teller, winner

if TYPE_CHECKING:
    from turbosat.deadline import Deadline
    from turbosat.encodings.support.program import Program
    from turbosat.formula.formula import Formula

LANE = "galois"
CONFLICTS = 2000  # that CDCL may take to finish a candidate


class Search:
    """One run of the engine on one formula."""

    def __init__(
        self,
        formula: Formula,
        assumptions: NDArray[np.int32] | None,
        options: Options,
        deadline: Deadline,
        sink: Sink,
        statistics: dict[str, Any],
    ) -> None:
        self.formula = formula
        self.assumed = np.zeros(0, np.int32) if assumptions is None else assumptions
        # What it and its candidates are checked against; facts are those of the plain formula.
        self.restricted = formula.with_clauses(self.assumed, np.arange(self.assumed.size + 1))
        self.options = options
        self.deadline = deadline
        self.tell = teller(LANE, deadline, sink)
        self.figures: dict[str, Any] = {}
        self._told = deadline.elapsed()
        statistics[LANE] = self.figures

    def run(self) -> Claim | None:
        """Return what the engine claims, None where it gives up.

        UNSATISFIABLE is claimed where the XORs alone contradict each other, or after a complete sweep of the
        solution space in which every candidate was refuted.
        """
        library(self.deadline.check)  # a checkout builds its core now, unless that takes too long
        facts = find(self.formula, self.deadline.check)
        self.figures |= facts.figures()
        self.tell("algebra", **self.figures)
        if facts.conflict is not None:
            return Claim(Status.UNSATISFIABLE, self._winner("cpu"), conflict=facts.conflict)
        from turbosat.gpu.sweep.devices import most_inputs
        from turbosat.gpu.sweep.search import MOST_INPUTS

        mode, device = self.options["galois"], self.options["device"]
        swept = most_inputs(device)
        program = None if mode == "clauses" else self._compiled(facts, swept, swept)
        if program is not None:
            try:
                return self._sweep(program, device)
            except DeviceError:  # it has refuted nothing
                if device != "auto":
                    raise
            if program.inputs.size <= SWEPT_INPUTS:
                return self._sweep(program, "cpu")
            swept = SWEPT_INPUTS
        if mode != "kernel":
            return self._descend(facts)
        program = self._compiled(facts, MOST_INPUTS, swept)
        if program is None:
            raise UnsupportedError(f"more than {MOST_INPUTS} variables would be free: use --galois clauses")
        return self._walk(program)

    def _compiled(self, facts: Facts, limit: int, swept: int) -> Program | None:
        check = self.deadline.check
        return compile_recovered(
            self.restricted, facts.recovered, facts.elimination, limit=limit, swept=swept, check=check
        )

    def _winner(self, device: str) -> Any:
        return winner(LANE, self.options, device)

    def _sweep(self, program: Program, asked: str) -> Claim | None:
        """Try every assignment of the inputs; DeviceError where only a device could, and it does not."""
        from turbosat.gpu.sweep.devices import most_inputs
        from turbosat.lanes import solution_space

        seed, workers = self.options["seed"], worker_count(self.options)
        sweep, device, comment = solution_space.open_sweep(program, asked, seed, workers, self.deadline.check)
        with closing(sweep):
            if program.inputs.size > most_inputs(device):
                raise DeviceError(comment or f"too many inputs for device {device}")
            self._begin(program, device, comment)
            settle = solution_space.settler(self.restricted, program, CONFLICTS)
            verdict = solution_space.sweep_through(sweep, settle, self._look)
        if verdict.values is not None:
            return Claim(Status.SATISFIABLE, self._winner(device), verdict.values)
        if not verdict.unsatisfiable:
            return None
        return Claim(Status.UNSATISFIABLE, self._winner(device), core=self.assumed)

    def _walk(self, program: Program) -> Claim:
        """Search in a solution space too large to be swept."""
        from turbosat.lanes import solution_space

        self._begin(program, "cpu", None)
        settle = solution_space.settler(self.restricted, program, CONFLICTS)
        workers = worker_count(self.options)
        values = solution_space.walk(program, settle, self.options["seed"], workers, self._look).values
        return Claim(Status.SATISFIABLE, self._winner("cpu"), values)

    def _descend(self, facts: Facts) -> Claim | None:
        """Search among all variables, XORs as one constraint each."""
        from turbosat.gpu.galois.search import GaloisSearch

        engine = GaloisSearch(
            self.formula,
            facts.recovered.xors,
            lanes=self.options["lanes"],
            seed=self.options["seed"],
            workers=worker_count(self.options),
            device=self.options["device"],
            check=self.deadline.check,
        )
        try:
            if self.assumed.size:
                engine.freeze(self.assumed)
            comment = {} if engine.comment is None else {"why": engine.comment}
            self.tell("started", device=engine.device, seed=self.options["seed"], **comment)
            found = descend(engine, self.deadline, self.tell)
            return None if found is None else Claim(Status.SATISFIABLE, self._winner(engine.device), found)
        finally:
            self.figures |= engine.statistics()
            engine.close()

    def _begin(self, program: Program, device: str, comment: str | None) -> None:
        sizes = {"inputs": program.inputs.size, "instructions": program.kinds.size}
        self.figures |= {"mode": "kernel", "device": device, "uncovered": program.uncovered.size, **sizes}
        self.tell("started", device=device, **sizes, **({} if comment is None else {"why": comment}))

    def _look(self, figures: dict[str, Any]) -> None:
        """Keep the figures of a search that goes on, tell them now and then, end it at a limit."""
        self.figures |= figures
        self.deadline.check()
        if self.deadline.elapsed() - self._told >= NEWS_INTERVAL:
            self._told = self.deadline.elapsed()
            self.tell("progress", **{name: round(value, 4) for name, value in figures.items()})


def search(
    formula: Formula,
    assumptions: NDArray[np.int32] | None,
    options: Options,
    deadline: Deadline,
    sink: Sink,
    statistics: dict[str, Any],
) -> Claim | None:
    """Return what the engine claims, None where it gives up; figures go into `statistics`.

    Raises Expired at a limit, UnsupportedError for a device that cannot be had and where too many inputs are
    free.
    """
    return Search(formula, assumptions, options, deadline, sink, statistics).run()
