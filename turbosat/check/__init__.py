"""The independent checker of models, proofs and xor certificates: it imports nothing else of turbosat.

Importing it loads nothing: names are fetched when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from turbosat.check.api import Checked as Checked
    from turbosat.check.api import check as check
    from turbosat.check.api import check_certificate as check_certificate
    from turbosat.check.api import check_model as check_model
    from turbosat.check.api import check_proof as check_proof
    from turbosat.check.errors import CheckError as CheckError
    from turbosat.check.errors import CoreError as CoreError
    from turbosat.check.errors import InputError as InputError
    from turbosat.check.errors import UsageError as UsageError
    from turbosat.check.verdict import Verdict as Verdict

_HOME = {
    "CheckError": "errors",
    "Checked": "api",
    "CoreError": "errors",
    "InputError": "errors",
    "UsageError": "errors",
    "Verdict": "verdict",
    "check": "api",
    "check_certificate": "api",
    "check_model": "api",
    "check_proof": "api",
}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'turbosat.check' has no attribute {name!r}")
    value = getattr(import_module(f"turbosat.check.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
