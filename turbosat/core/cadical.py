"""Declarations: CaDiCaL's methods called in loops, and models checked against clauses (turbosat/solver).

A method is the address of a C++ method that takes the solver first; the module that calls has looked it up
and tried it. Literals are signed as in DIMACS, and 0 ends a clause.
"""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import ConstFlags, ConstInts, ConstLongs, Flags, Ints, Longs, SignedBytes

ADD, ASSUME, SOLVE, VAL, FAILED, LIMIT, PHASE, UNPHASE, METHODS = range(9)
UNDECIDED, SATISFIED, FALSIFIED, BROKEN, REFUTED = 0, 10, 11, 12, 20  # what a search comes to
# FALSIFIED  a model that makes a clause false
# BROKEN     a model that breaks an assumption


SOLVER, ASSUMED, USED, LAST, CONFLICTS, DECISIONS, CONTROLS = range(7)  # what a query is about
# SOLVER     the address of CaDiCaL
# ASSUMED    assumptions
# USED       variables of the model
# LAST       literals of the clauses that it is checked against
# CONFLICTS  limits, below 0 there is none


class Session(Record):
    """What a solver works on: clauses one after the other, and room for a query and its answer."""

    methods: Annotated[ConstLongs, METHODS]
    control: Annotated[ConstLongs, CONTROLS]
    literals: Annotated[ConstInts, "entries"]
    assumptions: Annotated[Ints, "assumable"]
    failed: Annotated[Flags, "assumable"]
    values: Annotated[Flags, "variables"]
    true_literals: Annotated[Flags, "2 * variables + 1"]  # of the literals from −variables to variables


@kernel
def cadical_add(session: Session, first: int, last: int) -> None:
    """Add literals[first:last], whole clauses."""


@kernel
def cadical_search(session: Session) -> int:
    """Solve under assumptions and limits, as the session's control says.

    With a model its values are read and checked against literals[:LAST] and the assumptions. Without one it
    is read which assumptions failed.
    """


@kernel
def cadical_phase(
    methods: Annotated[ConstLongs, METHODS], solver: int, literals: Annotated[ConstInts, "hints"], undo: int
) -> None:
    """Force the phases of variables, or let go of them."""


@kernel
def false_clause(
    literals: Annotated[ConstInts, "entries"], last: int, values: Annotated[ConstFlags, "variables"]
) -> int:
    """Return where the first clause of literals[:last] begins that values make false, or -1."""


HEAD, TAIL, POSITIONS = range(3)  # of the queue: what was looked at, what was set


class Implications(Record):
    """Clauses by their literals, and what is known of variables: 1 true, -1 false, 0 neither.

    A literal's code is 2v for variable v, from 0, and 2v + 1 for its negation. `occurrences` are where the
    clauses begin in which it is.
    """

    literals: Annotated[ConstInts, "entries"]
    starts: Annotated[Longs, "2 * variables + 1"]
    occurrences: Annotated[Longs, "occurring"]
    values: Annotated[SignedBytes, "variables"]
    queue: Annotated[Ints, "variables"]
    positions: Annotated[Longs, POSITIONS]


@kernel
def list_occurrences(state: Implications, last: int) -> None:
    """List where each literal occurs in literals[:last]; starts are zeros before."""


@kernel
def set_units(state: Implications, last: int) -> int:
    """Set what clauses of one literal say; 0 if they contradict each other, or if a clause is empty."""


@kernel
def imply(state: Implications, literal: int) -> int:
    """Set a literal true, 0 for none, and all that follows by unit propagation; 0 for a conflict."""
