"""Seeded generators of formulas: which there are, and how to call them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from turbosat.errors import UsageError

if TYPE_CHECKING:
    from turbosat.benchmarks.families.base import Family, Problem

# Family → module: a family's module is imported when it is asked for.
MODULES: Final = {
    "random-ksat": "random_clauses",
    "planted-ksat": "random_clauses",
    "qwh": "latin",
    "sudoku": "latin",
    "colouring": "graphs",
    "colouring-file": "graphs",
    "van-der-waerden": "proof_complexity",
    "schur": "integers",
    "pythagorean": "integers",
    "hales-jewett": "integers",
    "langford": "integers",
    "discrepancy": "integers",
    "vmpc": "puzzles",
    "costas": "puzzles",
    "frb": "graphs",
    "clique": "graphs",
    "hamiltonian": "graphs",
    "edge-matching": "puzzles",
    "mutilated-chessboard": "puzzles",
    "social-golfer": "puzzles",
    "ramsey": "proof_complexity",
    "clique-colouring": "proof_complexity",
    "pigeonhole": "proof_complexity",
    "tseitin": "proof_complexity",
    "urquhart": "proof_complexity",
    "even-colouring": "proof_complexity",
    "ordering": "crafted",
    "subset-cardinality": "crafted",
    "parity": "parity",
    "factoring": "arithmetic",
    "prime": "arithmetic",
    "miter": "arithmetic",
    "sha1": "cryptography",
    "sha256": "cryptography",
    "md5": "cryptography",
    "simon": "cryptography",
    "speck": "cryptography",
    "bmc": "bmc",
    "bmc-file": "bmc",
    "sgen-sat": "crafted",
    "sgen-unsat": "crafted",
}


def find(name: str) -> Family:
    """Return a family by its name. UsageError for an unknown one."""
    if name not in MODULES:
        raise UsageError(f"unknown family {name!r}; known: {', '.join(MODULES)}")
    module = importlib.import_module(f"turbosat.benchmarks.families.{MODULES[name]}")
    found: Family = getattr(module, name.replace("-", "_"))
    return found


def generate(name: str, *, seed: int = 0, **parameters: Any) -> Problem:
    """Return the formula of a family with these parameters, the others as they are declared."""
    return find(name)(seed=seed, **parameters)
