"""turbosat among python-sat's solvers: after `register()`, its classes and CPMpy find the name `turbosat`.

>>> from turbosat.pysat import register
>>> register()
>>> from pysat.solvers import Solver
>>> with Solver(name="turbosat", bootstrap_with=[[1, 2], [-1, 2]]) as solver:
...     solver.solve(assumptions=[-2]), solver.get_core()
(False, [-2])
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from pysat.solvers import Solver as _Facade
from pysat.solvers import SolverNames

from turbosat.errors import UnsupportedError
from turbosat.solver.solver import Solver
from turbosat.solver.unsupported import Unsupported

NAME = "turbosat"
# What python-sat's facade hands on only to classes that it knows.
_GATED = (
    *(name for name in vars(Unsupported) if not name.startswith("_")),
    *("configure", "activate_atmost", "add_atmost", "add_xor_clause", "set_phases", "supports_atmost"),
    *("time", "time_accum"),
)


class _Adapted(Solver):
    """Where python-sat asks for it first, as for its own solvers: at-most constraints must be activated."""

    _active = False

    def __init__(
        self,
        bootstrap_with: Any = None,
        use_timer: bool = False,
        *,
        native_card: bool = False,
        **options: Any,
    ) -> None:
        self._active = bool(native_card)
        super().__init__(bootstrap_with, use_timer, **options)

    def supports_atmost(self) -> bool:
        """Tell whether at-most constraints were activated."""
        return self._active

    def activate_atmost(self) -> None:
        """Take at-most constraints from now on."""
        self._active = True

    def add_atmost(
        self, lits: Iterable[int], k: int, weights: Iterable[int] = (), no_return: bool = True
    ) -> bool | None:
        """Let the true literals' weights sum to at most k. UnsupportedError if that is not activated."""
        if not self._active:
            raise UnsupportedError("at-most constraints are not activated: native_card=True does it")
        return super().add_atmost(lits, k, weights, no_return)


class Turbosat(_Facade):  # type: ignore[misc] # python-sat has no types
    """python-sat's facade before a turbosat.Solver; its further methods are there, too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "solver":
            raise AttributeError(name)
        return getattr(self.solver, name)


def _handed_on(name: str) -> Any:
    method = getattr(_Adapted, name)

    @functools.wraps(method)
    def hand_on(self: Turbosat, *arguments: Any, **named: Any) -> Any:
        return None if self.solver is None else method(self.solver, *arguments, **named)

    return hand_on


for _name in _GATED:
    setattr(Turbosat, _name, _handed_on(_name))


def register() -> None:
    """Let `turbosat` be a name of python-sat's solvers. Again, it does nothing.

    `pysat.solvers.Solver(name="turbosat", ...)` takes the keywords of turbosat.Solver, too. The name counts
    as one of CaDiCaL 3.0.0's where python-sat asks what a solver is able to do.
    """
    if hasattr(SolverNames, NAME):
        return
    original = _Facade.new

    @functools.wraps(original)
    def new(
        self: Any, name: str = "m22", bootstrap_with: Any = None, use_timer: bool = False, **kwargs: Any
    ) -> None:
        if not isinstance(name, str) or name.lower() != NAME:
            original(self, name, bootstrap_with, use_timer, **kwargs)
        elif not self.solver:
            kwargs.pop("sync_with", None)  # as for every solver that shares no pool of variables
            self.solver = _Adapted(bootstrap_with, use_timer, **kwargs)
            self.__class__ = Turbosat

    _Facade.new = new
    SolverNames.turbosat = (NAME,)
    SolverNames.cadical300 = (*SolverNames.cadical300, NAME)
