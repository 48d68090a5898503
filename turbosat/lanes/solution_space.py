"""The search among the solutions of a formula's XORs, its kernel over GF(2): all of them, or a walk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.support.program import Program
from turbosat.formula.formula import Formula
from turbosat.gpu.sweep.candidates import Completion, Settler, Verdict, decide
from turbosat.gpu.sweep.devices import AnySweep, create_sweep

SLICE = 0.05  # seconds between two looks at the limits
Look = Callable[[dict[str, Any]], None]


def completion(formula: Formula, conflicts: int | None = None) -> Callable[[NDArray[np.int32]], Completion]:
    """Return what searches the formula under assumptions, signed literals int32 (n,).

    It gives up after so many conflicts; without a number it goes on to the end, and cannot be interrupted:
    for processes that may be killed.
    """
    from pysat.solvers import Cadical300

    clauses = formula.expanded()
    solver = Cadical300(bootstrap_with=map(list, clauses))
    numbers = np.arange(1, formula.variables + 1)

    def complete(assumptions: NDArray[np.int32]) -> Completion:
        assumed = assumptions.tolist()
        if conflicts is None:
            found = solver.solve(assumptions=assumed)
        else:
            solver.conf_budget(conflicts)
            found = solver.solve_limited(assumptions=assumed)
        if found is None:
            return Completion()
        if not found:
            return Completion(core=np.array(solver.get_core() or [], np.int32))
        true = [literal for literal in solver.get_model() if 0 < literal <= formula.variables]
        return Completion(values=np.isin(numbers, true))

    return complete


def settler(formula: Formula, program: Program, conflicts: int | None) -> Settler:
    """Return what makes models of candidates, by CDCL of so many conflicts where variables are left open."""
    if not program.uncovered.size:
        return Settler(formula, program)
    return Settler(formula, program, completion(formula, conflicts))


def open_sweep(
    program: Program, device: str, seed: int, workers: int, check: Callable[[], None]
) -> tuple[AnySweep, str, str | None]:
    """Return a sweep, the device it is on, and why it is not on a better one; see create_sweep."""
    sweep, comment = create_sweep(device, program, seed, workers, check)
    return sweep, sweep.device, comment


def sweep_through(sweep: AnySweep, settle: Settler, look: Look) -> Verdict:
    """Try every assignment; `look` is told every 50 ms or so how far it is, and may raise to end it.

    The sweep can be gone on with, and is still to be closed.
    """
    return decide(sweep, settle, lambda: look({"swept": sweep.progress}), SLICE)


def walk(program: Program, settle: Settler, seed: int, workers: int, look: Look) -> Verdict:
    """Search among the assignments until one is a model; only `look` ends it without."""
    from turbosat.gpu.sweep.search import KernelSearch

    if not program.checks:  # every assignment will do, as far as the program goes
        values = settle.settle(np.zeros((1, program.inputs.size), np.bool_))
        if values is not None:
            return Verdict(values, unsatisfiable=False)
    lanes = KernelSearch(program, seed, workers)
    try:
        while True:
            lanes.advance(SLICE)
            values = settle.settle(lanes.candidates())
            if values is not None:
                return Verdict(values, unsatisfiable=False)
            look({"fewest": lanes.fewest, "moves": lanes.moves})
    finally:
        lanes.close()
