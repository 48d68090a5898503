"""Declarations: states made smaller by simulation with a third value (encodings/circuit/ternary.c)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import Bytes, ConstInts, Ints, Longs, LongWords

UNKNOWN = 2  # the third value, beside 0 and 1


class Circuit(Record):
    """One frame: gates, numbered behind inputs and latches, and what must be true in it."""

    first: Annotated[ConstInts, 2]  # the first latch, the first gate
    ands: Annotated[ConstInts, "gates", 2]
    constraints: Annotated[ConstInts, "constrained"]


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
