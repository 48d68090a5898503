"""A program: python-sat's own tests, in the folder given, with turbosat where they ask for cadical300."""

import sys
from typing import Any

import pysat.solvers
import pytest

import turbosat.pysat

turbosat.pysat.register()
ours = pysat.solvers.Solver.new
names = pysat.solvers.SolverNames.cadical300


def new(self: Any, name: str = "m22", *rest: Any, **named: Any) -> None:
    ours(self, turbosat.pysat.NAME if name.lower() in names else name, *rest, **named)


pysat.solvers.Solver.new = new
pysat.solvers.Cadical300 = type("Cadical300", (turbosat.Solver,), {})  # by that name in their parameters
own = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={sys.argv[1]}", "--tb=short"]
sys.exit(pytest.main([*own, *sys.argv[1:]]))
