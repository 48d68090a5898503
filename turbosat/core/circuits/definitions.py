"""Declarations: which variables clauses define, without circles, and these definitions as AND gates."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import Bytes, ConstInts, ConstLongs, Ints, Longs, LongWords

SUPPORT = 8  # variables of a truth table at most, which takes WORDS words
WORDS = 4
TABLED = 256  # clauses of a variable up to which a truth table is made of them
BASES = 8  # clauses of a variable over whose variables, and over those of two, tables are tried
ROOM = 1024  # gates that a truth table may become, and more

LEAF, TABLE, CONJUNCTION, PARTNERS = range(4)  # kinds of variables
# PARTNERS  a literal of it implies what is with it in binary clauses, all together imply the literal
OPEN, USED, ASIDE = range(3)  # what becomes of a clause

FOUND, HEAD, TAIL, SIDED_HEAD, SIDED_TAIL, LATE_HEAD, LATE_TAIL, GATES, PLACE, COUNTERS = range(10)
# FOUND      variables defined
# HEAD, TAIL of the queue of those to look at; SIDED_ and LATE_ of those that wait until others are empty
# GATES      the graph's variables
# PLACE      definitions that are gates already


class Clausal(Record):
    """Clauses by their literals: codes 2v and 2v + 1 of variables v from 0."""

    offsets: Annotated[ConstLongs, "clauses + 1"]
    codes: Annotated[ConstInts, "entries"]
    starts: Annotated[ConstLongs, "2 * variables + 1"]
    occurrences: Annotated[ConstInts, "entries"]
    state: Annotated[Bytes, "clauses"]


class Definitions(Record):
    """What is found: a truth table over at most eight variables, or the clause of a conjunction."""

    kinds: Annotated[Bytes, "variables"]
    inputs: Annotated[Ints, "variables", SUPPORT]  # -1 for one that is not there
    tables: Annotated[LongWords, "variables", WORDS]
    clauses_of: Annotated[Ints, "variables"]  # of a conjunction: the clause with all its literals
    sided: Annotated[
        Bytes, "variables"
    ]  # 1 if only the clauses with the variable were there, 2 those without
    order: Annotated[Ints, "variables"]  # those that are defined, each before the variables it is made of
    open: Annotated[Ints, "variables"]  # open clauses of a variable
    touched: Annotated[
        Bytes, "variables"
    ]  # bit 0: used by a definition, or in a clause set aside; bit 1: elsewhere
    queue: Annotated[Ints, "variables"]
    one_sided: Annotated[Ints, "variables"]
    late: Annotated[Ints, "variables"]
    queued: Annotated[Bytes, "variables"]  # a bit for each queue it is in
    stamps: Annotated[Ints, "2 * variables"]
    counters: Annotated[Longs, COUNTERS]


class Gates(Record):
    """AND gates in the making, AIGER's literals; slots are for hashing, a power of two."""

    ands: Annotated[Ints, "room", 2]
    slots: Annotated[Ints, "places"]
    literals: Annotated[Ints, "variables"]  # of each variable, -1 before it has one


@kernel
def set_clause_aside(clausal: Clausal, definitions: Definitions, clause: int) -> None:
    """Take a clause for a constraint; its variables are looked at again."""


@kernel
def set_wide_aside(clausal: Clausal, definitions: Definitions, first: int, effort: int) -> int:
    """Take clauses for constraints that are too wide for a truth table and define no conjunction.

    Begins at clause `first`, returns the next one after about `effort` literals.
    """


@kernel
def peel_definitions(clausal: Clausal, definitions: Definitions, effort: int) -> int:
    """Define variables whose open clauses say no more than that they are a function of others.

    Their clauses are used then, and the functions' variables come next. 1 when nobody is left to look at.
    """


@kernel
def excess_clauses(clausal: Clausal, definitions: Definitions, variable: int, most: int) -> int:
    """Return how many open clauses would have to be set aside to define a variable, -1 for none that do.

    Where they are at most `most`, they are set aside.
    """


@kernel
def emit_definitions(
    clausal: Clausal, definitions: Definitions, gates: Gates, first_gate: int, effort: int
) -> int:
    """Make gates of the definitions, the last one first; 1 when done, 2 where there is no room left."""
