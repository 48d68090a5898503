"""Declarations: searches and simulation in cones of one step of a circuit (turbosat/verify/prove).

Literals are AIGER's: twice the variable, plus one where it is negated. A solver is an address that `cone_new`
returns and `cone_free` takes back; it knows the circuit's gates, its constraints and clauses over latches.
"""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import Bytes, ConstInts, Flags, Ints, Longs, LongWords

UNDECIDED, SATISFIED, REFUTED, NO_MEMORY = 0, 10, 20, -1  # what a question comes to; none is left undecided

UNKNOWN = 2  # the third value, beside 0 and 1

COUNT, STRENGTHEN, RESUMED, EFFORT, SPENT, CONTROLS = range(6)  # what a question is like
# COUNT       literals assumed, and latches of the cube
# STRENGTHEN  1: in states outside the cube only
# RESUMED     1: go on with the question that was left undecided
# EFFORT      after about so many watches looked at a question is left undecided
# SPENT       all watches that were looked at


class Circuit(Record):
    """One frame: gates, numbered behind inputs and latches, and what must be true in it."""

    first: Annotated[ConstInts, 2]  # the first latch, the first gate
    ands: Annotated[ConstInts, "gates", 2]
    constraints: Annotated[ConstInts, "constrained"]


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


class Lifting(Record):
    """Room for what is lifted, by variable."""

    values: Annotated[Bytes, "variables"]
    cone: Annotated[LongWords, "words"]  # a bit for each variable
    needed: Annotated[LongWords, "words"]
    fixed: Annotated[LongWords, "words"]  # the targets
    dirty: Annotated[LongWords, "words"]  # 0 before and after
    changed: Annotated[Ints, "variables"]
    order: Annotated[Longs, "latches"]
    ranks: Annotated[ConstInts, "latches"]  # lowest first
    weights: Annotated[ConstInts, "variables"]  # about how many latches a value depends on
    readers: Annotated[ConstInts, "edges"]  # the gates that read a variable, one variable after the other
    starts: Annotated[ConstInts, "variables + 1"]


@kernel
def weigh_latches(circuit: Circuit, weights: Annotated[Ints, "variables"]) -> None:
    """Count, as in a tree, the latches that each variable depends on, up to 2^20."""


@kernel
def lift(
    circuit: Circuit,
    lifting: Lifting,
    targets: Annotated[ConstInts, "wanted"],
    cube: Annotated[Ints, "latches"],
) -> int:
    """Find latches that are enough, with the inputs' values, for all targets to keep theirs.

    `values` are those of the targets' cones. They are justified from the targets down; then each latch that
    is left is tried as unknown, in the order of their ranks (Eén, Mishchenko and
    Brayton, FMCAD 2011). `cube` receives the latches' literals that are true; returns how many.
    """
