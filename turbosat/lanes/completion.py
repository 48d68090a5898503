"""Candidates of the finite-field engine finished by CDCL: CaDiCaL under assumptions, in this process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.formula import Formula
from turbosat.gpu.sweep.candidates import Completion


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
