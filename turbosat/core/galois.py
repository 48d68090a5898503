"""Declarations: the walk over bit-packed lanes on CPU cores (gpu/galois)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import ConstFlags, ConstInts, ConstLongs, ConstWords, Flags, Ints, Longs, Words

WIDTH = 16  # words of a block: a register of AVX-512, two of AVX2
LANES = 32 * WIDTH
BREAKS = 8  # a walk tells apart break (and make) 0 ... 6, and 7 or more
BITS = 12  # resolution of a walk's probabilities
THRESHOLDS = BITS * BREAKS
LEFT_PLANES = 63  # of the flips left
VISITS = 512  # visits of a row, about 1 ns each, that are one unit of effort of each lane of the block
CHOICE = 32  # visits that a choice costs besides the occurrences

# Random numbers: see turbosat.gpu.draws.
FIRST_MULTIPLIER, SECOND_MULTIPLIER = 0x7FEB352D, 0x846CA68B  # of the hash
GOLDEN = 0x9E3779B9  # odd: spreads consecutive indices
STRIDE = 0x85EBCA6B  # odd: spreads consecutive draws of one index

# A block's counters.
LISTED, CLOCK, SPENT, PHASE, PLACE, WANTED, CHANGED, SEEN, COUNTERS = range(9)
# LISTED   constraints in `false_list`
# CLOCK    stamps given out, one a step
# SPENT    effort of each lane, of the steps finished by the last call
# PHASE    what the step that was begun does now, NEXT where none was; the following belong to it
# PLACE    how far it is in its list
# WANTED   variables it may flip
# CHANGED  variables it flipped in some lane
# SEEN     visits so far

NEXT, FLIP, UPDATE, TALLY = range(4)  # phases of a step

# A block's masks.
ACTIVE, SOLVED, OVER, MASKS = range(4)
# ACTIVE  lanes that move
# SOLVED  lanes without a false constraint
# OVER    lanes that have made their flips


class ParityProblem(Record):
    """The arrays of a ParityMatrix."""

    offsets: Annotated[ConstLongs, "clauses + 1"]
    literals: Annotated[ConstInts, "entries"]
    starts: Annotated[ConstLongs, "2 * variables + 1"]
    occurrences: Annotated[ConstInts, "entries"]
    xor_offsets: Annotated[ConstLongs, "xors + 1"]
    xor_variables: Annotated[ConstInts, "xor_entries"]
    parities: Annotated[ConstFlags, "xors"]
    xor_starts: Annotated[ConstLongs, "variables + 1"]
    xor_occurrences: Annotated[ConstInts, "xor_entries"]


class Block(Record):
    """WIDTH words of lanes; numbers stand in bit planes: plane p holds bit p of each lane's number."""

    values: Annotated[Words, "variables", WIDTH]
    best_values: Annotated[Words, "variables", WIDTH]
    false: Annotated[Words, "constraints", WIDTH]  # lanes in which a constraint is false
    alone: Annotated[Words, "clauses", WIDTH]  # lanes in which a clause has one true literal
    flipped: Annotated[Words, "variables", WIDTH]  # of this step
    false_list: Annotated[Ints, "constraints"]  # the first LISTED are false in some lane
    listed: Annotated[Flags, "constraints"]
    seen: Annotated[Longs, "variables"]  # stamp of the step that looked last
    touched: Annotated[Longs, "clauses"]  # stamp of the step that counted last
    wanted: Annotated[Ints, "variables"]  # scratch: variables of false constraints
    changed: Annotated[Ints, "variables"]  # scratch: variables that flipped in some lane
    thresholds: Annotated[Words, THRESHOLDS, WIDTH]  # row bit * BREAKS + loss
    now: Annotated[Words, "planes", WIDTH]  # false constraints of the values
    best: Annotated[Words, "planes", WIDTH]  # at the best values, all ones: not known
    least: Annotated[Words, "planes", WIDTH]  # in this slice
    left: Annotated[Words, LEFT_PLANES, WIDTH]  # flips until the run ends, less one
    masks: Annotated[Words, MASKS, WIDTH]
    counters: Annotated[Longs, COUNTERS]


@kernel
def judge_block(problem: ParityProblem, block: Block, first: int, last: int) -> None:
    """Find where the constraints first ... last - 1 are false; with `first` 0, the list begins anew."""


@kernel
def tally_block(block: Block) -> None:
    """Count the false constraints of each lane and keep the best values."""


@kernel
def run_block(
    problem: ParityProblem,
    block: Block,
    keys: Annotated[ConstWords, "steps"],
    first_word: int,
    words: int,
    effort: int,
    patience: int,
) -> int:
    """Step until effort or keys are spent, or a moving lane is solved or over; return the steps.

    `keys` are draws.step_keys of stream FLIP, `first_word` is the block's place among the `words` of all
    lanes. A step that `patience`, in visits, does not suffice for is finished by the next call: see PHASE.
    """
