"""Declarations: recovery of gates, and what they compose to (encodings/gates)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    Bytes,
    ConstBytes,
    ConstFlags,
    ConstInts,
    ConstLongs,
    ConstLongWords,
    ConstSignedBytes,
    Flags,
    Ints,
    Longs,
)

OUTPUTS = 4  # gates made of one clause at most: one for each output, and only few clauses have several
CONDITIONS = 24  # rows of `conditional` for a set: at most 12 pairs of its clauses differ in two signs

GATES, INPUTS, WORK, ROWS, COUNTERS = range(5)  # what has been found, and the look-ups that it took
HEAD, TAIL, WEAK, ANY, CYCLES, PROGRESS = range(6)  # how far `order_gates` is

LEAVES = 3  # of a cut, at most
STORED = 5  # cuts kept of a variable, besides the one that is the variable itself
LISTED = 14  # cuts of a gate while its inputs are taken in one after the other
WIDEST = 8  # inputs of a conjunction that is composed
DEFINITIONS = 8  # gates that define one variable, the first of them


class Pairs(Record):
    """The distinct binary clauses, found by hashing."""

    slots: Annotated[Longs, "places"]  # a power of two; both codes of a clause, or -1
    degrees: Annotated[Ints, "2 * variables"]  # clauses of each literal


class Definitions(Record):
    """Gates by the variable they define: gate g has inputs[offsets[g] : offsets[g + 1]], codes."""

    outputs: Annotated[ConstInts, "gates"]
    kinds: Annotated[ConstBytes, "gates"]  # 1 for a multiplexer, whose inputs are c, t, e; else a conjunction
    inputs: Annotated[ConstInts, "flat"]
    offsets: Annotated[ConstLongs, "gates + 1"]
    starts: Annotated[ConstLongs, "variables + 1"]
    gates_of: Annotated[ConstInts, "gates"]
    values: Annotated[ConstSignedBytes, "variables"]  # 0 or 1 where unit propagation says so, else -1
    spread: Annotated[ConstBytes, 8, 256]  # a table for more leaves: [which of the three it has, table]


class Cuts(Record):
    """The cuts of variables that gates define.

    A cut of a variable is a set of at most three leaves of which the variable is a function, by putting gates
    into gates. Its truth table has bit i set if the function is true where leaf j (leaves rise) has the value
    of bit j of i; the table of a smaller cut is repeated so that it always has eight bits.
    """

    nodes: Annotated[ConstInts, "variables"]  # row of a variable below, or -1
    leaves: Annotated[Ints, "places", STORED, LEAVES]  # -1 for one that is not there
    tables: Annotated[Bytes, "places", STORED]
    counts: Annotated[Bytes, "places"]


@kernel
def enter_pairs(
    codes: Annotated[ConstInts, "entries"],
    offsets: Annotated[ConstLongs, "clauses + 1"],
    first: int,
    last: int,
    pairs: Pairs,
) -> None:
    """Enter the binary ones among clauses [first, last)."""


@kernel
def conjunctions(
    codes: Annotated[ConstInts, "entries"],
    offsets: Annotated[ConstLongs, "clauses + 1"],
    repeated: Annotated[ConstFlags, "clauses"],
    pairs: Pairs,
    first: int,
    last: int,
    effort: int,
    most: int,
    outputs: Annotated[Ints, "gates"],
    inputs: Annotated[Ints, "room"],
    ends: Annotated[Longs, "gates"],
    counters: Annotated[Longs, COUNTERS],
) -> int:
    """Find g = x1 & ... & xk: a clause (g -x1 ... -xk), k >= 2, among [first, last), and (-g xi) for all i.

    outputs and inputs are literal codes, ends says where the inputs of a gate end. Returns the next clause
    after about `effort` steps, the last of all if the work exceeds `most` look-ups.
    """


@kernel
def conditional(
    codes: Annotated[ConstInts, "entries"],
    offsets: Annotated[ConstLongs, "clauses + 1"],
    heads: Annotated[ConstInts, "sets"],
    patterns: Annotated[ConstLongWords, "sets"],
    first: int,
    last: int,
    rows: Annotated[Ints, "room", 4],
    counters: Annotated[Longs, COUNTERS],
) -> None:
    """Find "if c, then u = w": two clauses over the same variables that differ in the signs of u and w.

    Looks at the sets [first, last) of three variables; a set that is an XOR is left out. Each pair gives two
    rows: the variable of c, that of u or w, the code of the other one with the sign that makes them equal,
    and 1 if c is positive.
    """


@kernel
def multiplexers(
    rows: Annotated[ConstInts, "number", 4],
    order: Annotated[ConstLongs, "number"],
    first: int,
    effort: int,
    most: int,
    found: Annotated[Ints, "gates", 4],
    counters: Annotated[Longs, COUNTERS],
) -> int:
    """Pair rows of `conditional` of the same c and u under c and under -c: u = c ? t : e.

    order sorts the rows by c and u; begins at its place `first`, where a run of equal ones does, and returns
    where the next one begins after about `effort` rows. At most `most` rows of each sign in a run are paired.
    found takes u, c, t and e as literal codes.
    """


@kernel
def merge_equal(
    parents: Annotated[Ints, "variables"], pairs: Annotated[ConstInts, "number", 2], first: int, last: int
) -> None:
    """Make the literals of pairs [first, last) equal; the smaller variable represents both.

    parents are literal codes, at the start the positive literals. A pair that contradicts those before is
    left out.
    """


@kernel
def flatten(parents: Annotated[Ints, "variables"], first: int, last: int) -> None:
    """Let each of the variables [first, last) point at its representative."""


@kernel
def order_gates(
    outputs: Annotated[ConstInts, "gates"],
    waiting: Annotated[Longs, "gates"],
    starts: Annotated[ConstLongs, "variables + 1"],
    uses: Annotated[ConstInts, "used"],
    strong: Annotated[ConstLongs, "variables"],
    queue: Annotated[Ints, "variables"],
    queued: Annotated[Flags, "variables"],
    progress: Annotated[Longs, PROGRESS],
    effort: int,
) -> int:
    """Order variables so that most are behind the inputs of a gate that defines them; 1 when done.

    waiting counts the inputs of a gate that are not in the queue; starts and uses: the gates a variable is an
    input of, once for each time. strong counts the conjunctions that define a variable. The queue has the
    variables without definition at the start, and `queued` says what is in it. In a cycle the lowest variable
    defined by multiplexers only is next (they are often definitions read backwards), then the lowest one of
    all; progress[CYCLES] says how often. 0 after looking at about `effort` uses.
    """


@kernel
def compose(
    definitions: Definitions,
    cuts: Cuts,
    defined: Annotated[ConstInts, "places"],
    first: int,
    last: int,
    effort: int,
    rows: Annotated[Ints, "room", 5],
    counters: Annotated[Longs, COUNTERS],
) -> int:
    """Compute the cuts of the variables defined[first:last] from those that their gates' inputs have now.

    rows takes those that are parities: the variable, the leaves, and 1 where it is their XOR negated. Returns
    the place of the next variable after about `effort` pairs of cuts.
    """
