"""Declarations: CaDiCaL's methods called in loops, and models checked against clauses (turbosat/solver).

A method is the address of a C++ method that takes the solver first; the module that calls has looked it up
and tried it. Literals are signed as in DIMACS, and 0 ends a clause.
"""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import ConstFlags, ConstInts, ConstLongs, Flags, Ints

ADD, ASSUME, SOLVE, VAL, FAILED, LIMIT, PHASE, UNPHASE, METHODS = range(9)
UNDECIDED, SATISFIED, FALSIFIED, BROKEN, REFUTED = 0, 10, 11, 12, 20  # what a search comes to
# FALSIFIED  a model that makes a clause false
# BROKEN     a model that breaks an assumption


class Session(Record):
    """What a solver works on: clauses one after the other, and room for a query and its answer."""

    methods: Annotated[ConstLongs, METHODS]
    literals: Annotated[ConstInts, "entries"]
    assumptions: Annotated[Ints, "assumable"]
    failed: Annotated[Flags, "assumable"]
    values: Annotated[Flags, "variables"]


@kernel
def cadical_add(session: Session, solver: int, first: int, last: int) -> None:
    """Add literals[first:last], whole clauses."""


@kernel
def cadical_search(
    session: Session, solver: int, assumed: int, used: int, last: int, conflicts: int, decisions: int
) -> int:
    """Solve under the first `assumed` assumptions; a limit below 0 is none.

    With a model its values are read, of the first `used` variables, and checked against literals[:last] and
    the assumptions. Without one it is read which assumptions failed.
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
