"""The interface of pycosat on turbosat: `solve` and `itersolve`, for sympy and others.

>>> from turbosat import pycosat
>>> pycosat.solve([[1, -2], [2]]), pycosat.solve([[1], [-1]])
([1, 2], 'UNSAT')
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from turbosat.solver.solver import Solver
from turbosat.solver.unsupported import refuse
from turbosat.validation import integer
from turbosat.version import __version__

__all__ = ["__version__", "itersolve", "register", "solve"]


def solve(
    clauses: Iterable[Iterable[int]],
    vars: int = -1,
    verbose: int = 0,
    prop_limit: int = 0,
    *,
    time_limit: float | None = None,
) -> list[int] | str:
    """Return a model as a literal for every variable, "UNSAT", or "UNKNOWN" where a limit came first.

    `vars`: there are at least so many variables. UsageError, a ValueError, for what is no clause.
    """
    with _solver(clauses, vars, prop_limit) as solver:
        answer = solver.solve(time_limit=time_limit)
        if answer is None:
            return "UNKNOWN"
        model = solver.get_model()
        return "UNSAT" if model is None else model


def itersolve(
    clauses: Iterable[Iterable[int]],
    vars: int = -1,
    verbose: int = 0,
    prop_limit: int = 0,
    *,
    time_limit: float | None = None,
) -> Iterator[list[int]]:
    """Return an iterator over all models, each once."""
    solver = _solver(clauses, vars, prop_limit)

    def models() -> Iterator[list[int]]:
        with solver:
            yield from solver.enum_models(time_limit=time_limit)

    return models()


def register() -> None:
    """Be what `import pycosat` finds in this process."""
    sys.modules["pycosat"] = sys.modules[__name__]


def _solver(clauses: Any, variables: int, limit: int) -> Solver:
    if integer(limit, "prop_limit"):
        refuse("limit of propagations", "use time_limit")
    solver = Solver(clauses)
    solver.know(max(0, integer(variables, "vars")))
    return solver
