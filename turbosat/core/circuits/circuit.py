"""Declarations: and-inverter graphs, hashed, ordered, simulated (encodings/circuit) and as clauses."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    Bytes,
    ConstBytes,
    ConstInts,
    ConstLongs,
    Flags,
    Ints,
    Longs,
    LongWords,
)

LEAF = -1  # as the first operand: a variable that is no gate
NONE = 0  # in a slot: no variable

VARIABLES, COUNTERS = range(2)  # the largest variable in use

CLOSED, DEPTH, NEXT, CYCLE, PROGRESS = range(5)
# CLOSED, DEPTH  gates in order, gates on the stack
# NEXT           gates below have been seen
# CYCLE          a gate that needs itself, or -1

LARGEST = 24  # entries that the clauses of one gate take at most

WAITING, WRITTEN, ENCODED = range(3)  # variables on the stack, entries of clauses

AND, MUX = range(2)  # kinds of gates that are recognised
POSITIVE, NEGATIVE, BOTH = 1, 2, 3  # where a gate must be true only if its function is, or the reverse


class Graph(Record):
    """AND gates in the making, each pair of operands once, found again by hashing.

    Row v of `ands` has the operands of variable v, the larger first, or LEAF. Linear probing; whoever calls
    has seen to it that there is room, and that at most half of the slots are taken.
    """

    ands: Annotated[Ints, "room", 2]
    slots: Annotated[Ints, "places"]  # a power of two; gates by their operands, or NONE
    counters: Annotated[Longs, COUNTERS]


@kernel
def conjoin(graph: Graph, a: int, b: int) -> int:
    """Return the literal that is a & b, by a new gate if there is none yet."""


@kernel
def conjoin_pairs(
    graph: Graph,
    pairs: Annotated[ConstInts, "number", 2],
    results: Annotated[Ints, "number"],
    first: int,
    last: int,
) -> None:
    """Write the conjunctions of pairs [first, last)."""


@kernel
def copy_gates(
    graph: Graph,
    ands: Annotated[ConstInts, "gates", 2],
    leaves: int,
    literals: Annotated[Ints, "variables"],
    first: int,
    last: int,
) -> None:
    """Copy gates [first, last); gate i is variable leaves + i of its graph.

    literals says what each variable is here; those below have been filled in.
    """


@kernel
def enter(graph: Graph, first: int, last: int) -> None:
    """Enter the gates among variables [first, last) into the slots."""


@kernel
def mark_cone(
    ands: Annotated[ConstInts, "gates", 2],
    leaves: int,
    marked: Annotated[Flags, "variables"],
    last: int,
    first: int,
) -> None:
    """Mark the operands of marked gates, from last - 1 down to `first`."""


@kernel
def spread_needs(
    outputs: Annotated[ConstInts, "gates"],
    kinds: Annotated[ConstBytes, "gates"],
    offsets: Annotated[ConstLongs, "gates + 1"],
    inputs: Annotated[ConstInts, "flat"],
    needs: Annotated[Bytes, "variables"],
    last: int,
    first: int,
) -> None:
    """Say in which directions the inputs of gates are needed, from gate last - 1 down to `first`.

    The inputs of a MUX are c, t and e; all of an XOR, which is a MUX with t = -e, are needed in both.
    """


@kernel
def order_ands(
    operands: Annotated[ConstInts, "gates", 2],
    states: Annotated[Bytes, "gates"],
    stack: Annotated[Ints, "gates"],
    order: Annotated[Ints, "gates"],
    progress: Annotated[Longs, PROGRESS],
    effort: int,
) -> int:
    """Order gates behind their operands, which are gates, or -1: depth first, the lowest gate next.

    1 when all are in order, 0 after about `effort` steps, -1 if progress[CYCLE] needs itself. States are 0
    for a gate that has not been seen, 1 for one on the stack, 2 for one in order.
    """


@kernel
def simulate_gates(
    ands: Annotated[ConstInts, "gates", 2],
    leaves: int,
    values: Annotated[LongWords, "variables", "words"],
    first: int,
    last: int,
) -> None:
    """Compute the values of gates [first, last) from those of lower variables, 64 patterns a word."""


@kernel
def encode_cone(
    ands: Annotated[ConstInts, "room", 2],
    known: Annotated[Flags, "room"],
    stack: Annotated[Ints, "room"],
    clauses: Annotated[Ints, "space"],
    progress: Annotated[Longs, ENCODED],
    effort: int,
) -> int:
    """Write clauses, 0 behind each, that define the variables on the stack and all below that are not known.

    Variable v is gate ands[v], or a leaf if that begins with -1. Variables on the stack are known, and so is
    what has been written. 1 when the stack is empty, 0 after `effort` variables or where there is no room.
    """
