"""The formulas of the studies: generated, so that nothing has to be carried to a device's machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from turbosat.benchmarks.families.arithmetic import miter
from turbosat.benchmarks.families.graphs import colouring
from turbosat.benchmarks.families.integers import hales_jewett, pythagorean
from turbosat.benchmarks.families.latin import qwh
from turbosat.benchmarks.families.proof_complexity import van_der_waerden
from turbosat.benchmarks.families.random_clauses import random_ksat
from turbosat.encodings.matrix import Matrix, encode
from turbosat.formula.formula import Formula

MAKERS: Final[dict[str, Callable[[], Formula]]] = {
    "r3-500": lambda: random_ksat(variables=500, ratio=4.26, seed=1).formula,
    "r3-500-unsat": lambda: random_ksat(variables=500, ratio=6.0, seed=1).formula,
    "r7-120-unsat": lambda: random_ksat(variables=120, k=7, ratio=140.0, seed=1).formula,
    "r3-10000": lambda: random_ksat(variables=10_000, ratio=4.2, seed=1).formula,
    "r7-120": lambda: random_ksat(variables=120, k=7, ratio=85.0, seed=1).formula,
    "hales-jewett-4-7": lambda: hales_jewett(side=4, dimension=7).formula,
    "pythagorean-7000": lambda: pythagorean(n=7000).formula,
    "van-der-waerden-3-13": lambda: van_der_waerden(n=159, lengths="3,13").formula,
    "qwh-33": lambda: qwh(order=33, seed=1).formula,
    "qwh-35": lambda: qwh(order=35, seed=2).formula,
    "colouring-500-13": lambda: colouring(vertices=500, degree=50.0, colours=13, seed=1).formula,
    "colouring-1000-4": lambda: colouring(vertices=1000, degree=8.4, colours=4, seed=1).formula,
    "miter-18": lambda: miter(width=18).formula,
}


def formula(name: str) -> Formula:
    """Return a formula by its name."""
    return MAKERS[name]()


def matrix(name: str) -> Matrix:
    """Return what populations read of a formula."""
    return encode(formula(name).normalised())
