"""Hybrid GPU-CPU SAT solver. Importing it loads nothing heavy: names are fetched when first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from turbosat.api import solve as solve
    from turbosat.deadline import Deadline as Deadline
    from turbosat.errors import EngineError as EngineError
    from turbosat.errors import InputError as InputError
    from turbosat.errors import OutputError as OutputError
    from turbosat.errors import SoundnessError as SoundnessError
    from turbosat.errors import TurbosatError as TurbosatError
    from turbosat.errors import UnsupportedError as UnsupportedError
    from turbosat.errors import UsageError as UsageError
    from turbosat.events import Event as Event
    from turbosat.formula.formula import Formula as Formula
    from turbosat.result import Reason as Reason
    from turbosat.result import Result as Result
    from turbosat.result import Status as Status
    from turbosat.result import Winner as Winner
    from turbosat.solver.solver import Solver as Solver
    from turbosat.version import __version__ as __version__

_HOME = {
    "__version__": "version",
    "Deadline": "deadline",
    "EngineError": "errors",
    "Event": "events",
    "Formula": "formula.formula",
    "InputError": "errors",
    "OutputError": "errors",
    "Reason": "result",
    "Result": "result",
    "Solver": "solver.solver",
    "SoundnessError": "errors",
    "Status": "result",
    "TurbosatError": "errors",
    "UnsupportedError": "errors",
    "UsageError": "errors",
    "Winner": "result",
    "solve": "api",
}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'turbosat' has no attribute {name!r}")
    if name in ("solve", "Solver"):
        from turbosat.system import require_system

        require_system()
    value = getattr(import_module(f"turbosat.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
