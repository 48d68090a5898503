"""Declarations: recovery of XORs from clauses (encodings/xor)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    Bytes,
    ConstBytes,
    ConstInts,
    ConstLongs,
    ConstLongWords,
    Flags,
    Ints,
    Longs,
    LongWords,
)

SHORT = 6  # the sign patterns of clauses up to this length are kept as a bit set in one word
INNER = 1024  # sets of variables that are looked at as parts of another, at most

# Counters of a kernel that is called for one range of clauses after the other.
SETS, ROWS, WORK, COUNTERS = range(4)


class Table(Record):
    """Clauses of the same variables, found by hashing: set s is a chain of distinct clauses.

    Clauses are sorted literal codes, 2v and 2v + 1 for variable v and its negation. The sign pattern of a
    clause has bit j set if its j-th literal is negative; as an assignment it is the one the clause forbids.
    """

    codes: Annotated[ConstInts, "entries"]
    offsets: Annotated[ConstLongs, "clauses + 1"]
    slots: Annotated[Ints, "places"]  # a power of two; the set that hashed there, or -1
    hashes: Annotated[LongWords, "sets"]
    heads: Annotated[Ints, "sets"]  # the set's first clause
    tails: Annotated[Ints, "sets"]  # the set's last clause
    counts: Annotated[Ints, "sets"]  # distinct clauses of the set, for those longer than SHORT all
    patterns: Annotated[LongWords, "sets"]  # bit p: the clause with sign pattern p is there; 0 beyond SHORT
    nexts: Annotated[Ints, "clauses"]  # the next clause of the same set, or -1
    repeated: Annotated[Flags, "clauses"]  # the same clause came before (told up to SHORT literals)


class Parts(Record):
    """Where the sets are found that are parts of another: each hangs at one of its variables."""

    starts: Annotated[ConstLongs, "variables + 1"]
    watching: Annotated[ConstInts, "watchers"]  # sets, by the variable they watch
    signatures: Annotated[ConstLongWords, "watchers"]  # of these sets: a bit for each variable
    least: Annotated[ConstBytes, "variables"]  # the size of the smallest set that a variable is watched by


@kernel
def group(table: Table, longest: int, first: int, effort: int, counters: Annotated[Longs, COUNTERS]) -> int:
    """Enter clauses of 2 to `longest` literals into the table, from `first` on; return the next clause.

    Ends when about `effort` literals and slots are read.
    """


@kernel
def count_variables(table: Table, first: int, last: int, degrees: Annotated[Ints, "variables"]) -> None:
    """Count in how many of the sets [first, last) each variable is."""


@kernel
def watch(
    table: Table,
    first: int,
    last: int,
    degrees: Annotated[ConstInts, "variables"],
    signatures: Annotated[LongWords, "sets"],
    watches: Annotated[Ints, "sets"],
    least: Annotated[Bytes, "variables"],
) -> None:
    """Give each of the sets [first, last) a signature and, as its watch, the variable in the fewest sets.

    A signature has a bit for each variable of the set. least is lowered to the sizes of the sets.
    """


@kernel
def parities(
    table: Table,
    parts: Parts,
    longest: int,
    shortest: int,
    steps: int,
    most: int,
    first: int,
    last: int,
    effort: int,
    marks: Annotated[Longs, "patterns"],
    rows: Annotated[Longs, "room"],
    counters: Annotated[Longs, COUNTERS],
) -> int:
    """Find the sets [first, last) whose clauses, and shorter ones over some of the variables, are an XOR.

    A sign pattern is covered by the clause that has it and by every clause that is a part of that one. A set
    is the XOR whose right side is r if all patterns of parity 1 - r are covered, one by a clause of its own.

    longest: variables of an XOR; shortest: of the smallest set; steps: along the lists of parts for one set;
    most: work for all. marks, 2**longest of them, start at -1. rows takes 2s + r. Ends when about `effort`
    steps are made; returns the next set.
    """
