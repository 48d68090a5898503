"""Declarations: searches in the cone of a question, over one step of a circuit (turbosat/verify/prove).

Literals are AIGER's: twice the variable, plus one where it is negated. A solver is an address that `cone_new`
returns and `cone_free` takes back; it knows the circuit's gates, its constraints and clauses over latches.
"""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import Bytes, ConstInts, Flags, Ints, Longs
from turbosat.core.ternary import Circuit

UNDECIDED, SATISFIED, REFUTED, NO_MEMORY = 0, 10, 20, -1  # what a question comes to; none is left undecided

COUNT, STRENGTHEN, RESUMED, EFFORT, SPENT, CONTROLS = range(6)  # what a question is like
# COUNT       literals assumed, and latches of the cube
# STRENGTHEN  1: in states outside the cube only
# RESUMED     1: go on with the question that was left undecided
# EFFORT      after about so many watches looked at a question is left undecided
# SPENT       all watches that were looked at


class Question(Record):
    """A question: literals assumed, a cube over latches; and its answer."""

    control: Annotated[Longs, CONTROLS]
    assumed: Annotated[Ints, "most"]
    cube: Annotated[Ints, "most"]  # literals of latches
    failed: Annotated[Flags, "most"]  # of what was assumed; after REFUTED
    values: Annotated[Bytes, "variables"]  # of the cone; after SATISFIED


@kernel
def cone_new(circuit: Circuit) -> int:
    """Return a new solver, 0 where there is no memory."""


@kernel
def cone_free(solver: int) -> None:
    """Free a solver."""


@kernel
def cone_clauses(
    solver: int, literals: Annotated[ConstInts, "entries"], starts: Annotated[ConstInts, "clauses + 1"]
) -> int:
    """Add clauses over latches; 0 where there is no memory."""


@kernel
def cone_ask(circuit: Circuit, question: Question, solver: int) -> int:
    """Look for a state and inputs that satisfy gates, constraints, clauses and what is assumed.

    Only the cone of what is assumed, of the constraints and of the clauses' latches is searched: all other
    gates follow. Values outside are left as they were.
    """
