"""Declarations: which variables follow from a set of inputs, and how (encodings/support)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    Bytes,
    ConstBytes,
    ConstDoubles,
    ConstFlags,
    ConstInts,
    ConstLongs,
    Doubles,
    Flags,
    Ints,
    Longs,
    LongWords,
    SignedBytes,
)

# How a variable came to be known.
UNKNOWN, INPUT, ROW, DENSE, EXACT, LEAST, GREATEST = range(7)
# ROW      the last variable of an XOR
# DENSE    the last variable of a sum of XORs
# EXACT    clauses force it to 0 or to 1 whatever the known variables are
# LEAST    all clauses with its positive literal are known: 1 only if one of them forces it
# GREATEST the same for the negative literal: 0 only if forced

KNOWN, DONE, AT, STAGE, HIDDEN, DENSE_ROWS, PLACE, TAKEN, COUNTERS = range(9)
# KNOWN      variables known
# DONE       of these, whose clauses and XORs have been looked at
# AT         clauses and XORs of the next one that have been, or rows that have a pivot
# STAGE      what is being done
# HIDDEN     variables known whose columns are no longer hidden
# DENSE_ROWS rows in `dense`
# PLACE      the next variable that may be an input
# TAKEN      inputs taken

SPREADING, PIVOTING = range(2)  # stages

SUPPORT = 6  # variables of a truth table in one word
BASES = 16  # clauses of a literal over whose variables truth tables are tried
TESTS = 12  # tests whether a variable is forced, before they become rare
CANDIDATES = 12  # variables the look-ahead tries before it chooses one


class Problem(Record):
    """Clauses and XORs over unknown variables; variables from 0, literals 2v and 2v + 1."""

    offsets: Annotated[ConstLongs, "clauses + 1"]
    codes: Annotated[ConstInts, "entries"]
    starts: Annotated[ConstLongs, "2 * variables + 1"]
    occurrences: Annotated[ConstInts, "entries"]  # clauses of each literal
    row_offsets: Annotated[ConstLongs, "rows + 1"]
    row_variables: Annotated[ConstInts, "flat"]
    row_starts: Annotated[ConstLongs, "variables + 1"]
    rows_of: Annotated[ConstInts, "flat"]  # XORs of each variable
    bound: Annotated[ConstBytes, "variables"]  # 1 if in an XOR that is a constraint of its own
    column: Annotated[ConstInts, "variables"]  # bit of the matrix, -1 for none
    variable: Annotated[ConstInts, "columns"]


class State(Record):
    """What is known so far."""

    rank: Annotated[Ints, "variables"]  # place in `order`, -1 while unknown
    how: Annotated[SignedBytes, "variables"]
    which: Annotated[Ints, "variables"]  # the XOR or dense row that defines it
    order: Annotated[Ints, "variables"]
    unknown: Annotated[Ints, "clauses"]  # literals not known
    last: Annotated[Ints, "clauses"]  # XOR of their codes: the one that is left
    row_unknown: Annotated[Ints, "rows"]
    row_last: Annotated[Ints, "rows"]
    open: Annotated[Ints, "2 * variables"]  # clauses of a literal with another unknown variable
    weight: Annotated[Doubles, "variables"]  # share of the known assignments that may force it, from above
    tests: Annotated[Ints, "variables"]
    used: Annotated[Bytes, "entries"]  # occurrence belongs to the definition
    disjoint: Annotated[Bytes, "variables"]  # the definition's clauses never contradict each other
    matrix: Annotated[LongWords, "sums", "words + 1"]  # the last word is the parity
    pivot: Annotated[Ints, "sums"]  # column, -1 for none
    hidden: Annotated[LongWords, "words"]  # columns not known
    dense: Annotated[LongWords, "sums", "words + 1"]  # rows that defined a variable
    stamp: Annotated[Ints, "2 * variables"]  # scratch
    counters: Annotated[Longs, COUNTERS]


@kernel
def count_unknown(problem: Problem, state: State, first: int, effort: int) -> int:
    """Count what is unknown in clauses, and behind them XORs, from `first` on; return the next one."""


@kernel
def choose_pivots(state: State, first: int, effort: int) -> int:
    """Bring the matrix to reduced echelon form, row by row; a row without a pivot is a sum of others."""


@kernel
def open_up(problem: Problem, state: State, first: int, last: int) -> None:
    """Settle which of the variables [first, last) have no clause for one of their literals."""


@kernel
def copy_state(source: State, target: State) -> None:
    """Copy all that changes."""


@kernel
def close_over(problem: Problem, state: State, effort: int) -> int:
    """Find everything that follows from the known variables: 1; 0 after reading about `effort` entries."""


@kernel
def try_input(problem: Problem, state: State, trial: State, variable: int, effort: int) -> int:
    """Copy a state, make a variable an input in the copy, and find what follows there, as close_over does."""


@kernel
def cover(
    problem: Problem, state: State, order: Annotated[ConstInts, "candidates"], limit: int, effort: int
) -> int:
    """Take variables that are still unknown as inputs, in order, from PLACE on, until TAKEN is limit + 1.

    1 when done, 0 after reading about `effort` entries.
    """


@kernel
def find_forced(
    problem: Problem, state: State, first: int, effort: int, result: Annotated[Flags, "variables"]
) -> int:
    """Tell which variables, from `first` on, clauses force to 0 or to 1 whatever all others are.

    Only clauses with `unknown` 1 count. Returns the next variable, after reading about `effort` entries.
    """


@kernel
def add_scores(
    problem: Problem, state: State, first: int, effort: int, scores: Annotated[Doubles, "variables"]
) -> int:
    """Score the variables in the unknown parts of clauses and XORs, from `first` on; return the next one."""


@kernel
def best_scores(
    state: State,
    allowed: Annotated[ConstFlags, "variables"],
    scores: Annotated[ConstDoubles, "variables"],
    first: int,
    last: int,
    chosen: Annotated[Ints, CANDIDATES],
    found: int,
) -> int:
    """Choose the unknown variables, of those allowed, with the greatest scores; return how many.

    Looks at variables [first, last), with `found` chosen before; of equal ones the lower are first.
    """
