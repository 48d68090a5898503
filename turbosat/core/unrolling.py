"""Declarations: clauses for the cones of circuits in the making (turbosat/verify)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import kernel
from turbosat.core.declare import ConstInts, Flags, Ints, Longs

LARGEST = 24  # entries that one gate's clauses take at most

WAITING, WRITTEN, PROGRESS = range(3)  # variables on the stack, entries of clauses


@kernel
def encode_cone(
    ands: Annotated[ConstInts, "room", 2],
    known: Annotated[Flags, "room"],
    stack: Annotated[Ints, "room"],
    clauses: Annotated[Ints, "space"],
    progress: Annotated[Longs, PROGRESS],
    effort: int,
) -> int:
    """Write clauses, 0 behind each, that define the variables on the stack and all below that are not known.

    Variable v is gate ands[v], or a leaf if that begins with -1. Variables on the stack are known, and so is
    what has been written. 1 when the stack is empty, 0 after `effort` variables or where there is no room.
    """
