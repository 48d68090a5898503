"""Declarations: clauses tidied, listed by literal, propagated (encodings).

A literal's code is 2v for variable v, from 0, and 2v + 1 for its negation.
"""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    ConstFlags,
    ConstInts,
    ConstLongs,
    ConstSignedBytes,
    Flags,
    Ints,
    Longs,
    SignedBytes,
)

ENTRIES, CLAUSES, WRITTEN = range(3)  # what tidy and compact have written
HEAD, TAIL, AT, CONFLICT, LEVEL, ZEROS, PROGRESS = range(7)  # how far a propagation is
# HEAD      literals whose consequences are drawn, and where the next ones go
# TAIL      literals set true
# AT        entries of the literal at HEAD that have been looked at
# CONFLICT  1 if something cannot hold
# LEVEL     where the present round of pure literals ends
# ZEROS     literals that occur no more since it began


class Propagation(Record):
    """Clauses, XORs and what is known of their variables."""

    codes: Annotated[ConstInts, "entries"]
    offsets: Annotated[ConstLongs, "clauses + 1"]
    starts: Annotated[ConstLongs, "2 * variables + 1"]
    occurrences: Annotated[ConstInts, "entries"]  # clauses of each literal
    row_starts: Annotated[ConstLongs, "variables + 1"]
    row_occurrences: Annotated[ConstInts, "row_entries"]  # XORs of each variable
    values: Annotated[SignedBytes, "variables"]  # 0 or 1, -1 for a free variable
    satisfied: Annotated[Flags, "clauses"]
    left: Annotated[Ints, "clauses"]  # literals that are not false
    sums: Annotated[Ints, "clauses"]  # the XOR of their codes: the literal, if one is left
    row_left: Annotated[Ints, "rows"]  # free variables
    row_sums: Annotated[Ints, "rows"]  # the XOR of their numbers
    row_odd: Annotated[Flags, "rows"]  # what they must XOR to
    queue: Annotated[Ints, "variables"]
    progress: Annotated[Longs, PROGRESS]


class Pure(Record):
    """Clauses that are left, and how often each literal occurs in them."""

    codes: Annotated[ConstInts, "entries"]
    offsets: Annotated[ConstLongs, "clauses + 1"]
    starts: Annotated[ConstLongs, "2 * variables + 1"]
    occurrences: Annotated[ConstInts, "entries"]
    values: Annotated[SignedBytes, "variables"]
    satisfied: Annotated[Flags, "clauses"]
    counts: Annotated[Ints, "2 * variables"]
    zeros: Annotated[Ints, "2 * variables"]
    queue: Annotated[Ints, "variables"]
    progress: Annotated[Longs, PROGRESS]


@kernel
def tidy(
    literals: Annotated[ConstInts, "entries"],
    offsets: Annotated[ConstLongs, "clauses + 1"],
    longest: int,
    first: int,
    effort: int,
    stamps: Annotated[Ints, "2 * variables"],
    codes: Annotated[Ints, "entries"],
    ends: Annotated[Longs, "clauses + 1"],
    written: Annotated[Longs, WRITTEN],
) -> int:
    """Write clauses of signed literals as codes, without repeats and tautologies; sort up to `longest`.

    Clauses from `first` on, until about `effort` literals are read; returns the next clause. They go to
    codes and ends, behind what has been written. stamps start below 0.
    """


@kernel
def compact(
    codes: Annotated[ConstInts, "entries"],
    offsets: Annotated[ConstLongs, "clauses + 1"],
    dropped: Annotated[ConstFlags, "clauses"],
    values: Annotated[ConstSignedBytes, "variables"],
    longest: int,
    first: int,
    effort: int,
    kept: Annotated[Ints, "room"],
    ends: Annotated[Longs, "clauses + 1"],
    written: Annotated[Longs, WRITTEN],
) -> int:
    """Copy the clauses that are not dropped, without literals of variables with a value, as tidy does."""


@kernel
def mark(
    codes: Annotated[ConstInts, "entries"], first: int, last: int, used: Annotated[Flags, "variables"]
) -> None:
    """Note the variables of codes[first:last]."""


@kernel
def rename(
    codes: Annotated[Ints, "entries"], first: int, last: int, numbers: Annotated[ConstInts, "variables"]
) -> None:
    """Give the variables of codes[first:last] other numbers."""


@kernel
def count_keys(
    keys: Annotated[ConstInts, "entries"], first: int, last: int, counts: Annotated[Longs, "number"]
) -> None:
    """Add to counts how often each key is in keys[first:last]."""


@kernel
def list_rows(
    keys: Annotated[ConstInts, "entries"],
    offsets: Annotated[ConstLongs, "rows + 1"],
    first: int,
    effort: int,
    places: Annotated[Longs, "number"],
    lists: Annotated[Ints, "entries"],
) -> int:
    """Put rows of keys into the lists of their keys; places say where in `lists` the next one goes.

    Rows from `first` on, until about `effort` keys are read; returns the next row.
    """


@kernel
def begin_propagation(state: Propagation, first: int, effort: int) -> int:
    """Count and sum up the literals of clauses from `first` on, set those that are alone true.

    Ends when about `effort` literals are read; returns the next clause.
    """


@kernel
def assume(state: Propagation, literals: Annotated[ConstInts, "assumed"]) -> None:
    """Set literals true, and the variables that are alone in an XOR."""


@kernel
def propagate(state: Propagation, effort: int) -> int:
    """Draw consequences until there are no more, or a conflict: 1. 0 after reading `effort` entries."""


@kernel
def count_left(state: Pure, first: int, effort: int) -> int:
    """Count the literals of clauses from `first` on that are not satisfied; return the next clause."""


@kernel
def fix_pure(state: Pure, effort: int) -> int:
    """Set literals true whose negation occurs no more; 1 when there are none, 0 after `effort` entries.

    In rounds: all that are pure at the same time are set together.
    """
