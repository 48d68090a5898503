"""The independent checker of models, proofs and xor certificates: it imports nothing else of turbosat."""

from turbosat.check.api import Checked, check, check_certificate, check_model, check_proof
from turbosat.check.errors import CheckError, InputError, UsageError
from turbosat.check.verdict import Verdict

__all__ = [
    "CheckError",
    "Checked",
    "InputError",
    "UsageError",
    "Verdict",
    "check",
    "check_certificate",
    "check_model",
    "check_proof",
]
