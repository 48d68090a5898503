"""Declarations: programs run for 64 candidates a word, all of them or a population (gpu/sweep)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    Bytes,
    ConstInts,
    ConstLongs,
    ConstLongWords,
    Doubles,
    Ints,
    Longs,
    LongWords,
)

WIDTH = 32  # words of a row
FIELDS = 6  # an instruction is its kind, its target row, then row and sign of both operands

LINEAR, AND, XOR, CHECK, TEST = range(5)  # kinds of nodes, and of the instructions that compute them
# LINEAR  the XOR of some inputs; no instruction
# AND     target = a and b
# XOR     target = a xor b
# CHECK   alive candidates are those for which not both operands are true
# TEST    leave if none is alive

# A sweep's counters.
BLOCK, END, LEVEL, FOUND, COUNTERS = range(5)
# BLOCK  the block to do next
# END    the first block not to do
# LEVEL  the outermost level whose instructions must run before it
# FOUND  survivors written so far

PRECISION = 8  # bits of a probability

CUTS = 8  # of a node, the most that are kept
LEAVES = 3  # of a cut, at most: a GPU computes any function of three words in one instruction

# The first rows of a population's numbers in bit planes, lowest bit first, and how many planes each has.
NOW_PLANE, NEXT_PLANE, CARRY_PLANE, HEIGHT, PLANES = range(5)


class Tape(Record):
    """The compiled network: instructions by level, the slowest level last in `starts` but run first."""

    code: Annotated[ConstInts, "instructions", FIELDS]
    starts: Annotated[ConstLongs, "levels + 1"]  # level l is code[starts[l] : starts[l + 1]]
    high: Annotated[ConstLongWords, "linear"]  # bits of the block number that a linear node sums
    flips: Annotated[ConstLongWords, "linear"]  # 1 to negate it


class Sweeper(Record):
    """What one thread of a sweep works on.

    The rows from the first alive one on are the alive candidates of the levels, and one more that holds the
    candidates that count.
    """

    rows: Annotated[LongWords, "height", WIDTH]
    signs: Annotated[
        LongWords, "2 * linear + 2"
    ]  # 0, all ones, then each linear node's sign and its negation
    counters: Annotated[Longs, COUNTERS]
    found_block: Annotated[Longs, "capacity"]  # survivors, one word each
    found_word: Annotated[Ints, "capacity"]
    found_bits: Annotated[LongWords, "capacity"]


class Lanes(Record):
    """A population of 64 * WIDTH lanes.

    Row 0 is zero, rows 1 to nodes are the linear nodes.
    """

    code: Annotated[ConstInts, "instructions", FIELDS]  # as for the sweep
    rows: Annotated[LongWords, "height", WIDTH]
    columns: Annotated[LongWords, "directions", "words"]  # bit i: the direction flips linear node i
    basis: Annotated[Ints, "directions"]  # the node that only this direction flips, or -1
    prefer: Annotated[Bytes, "nodes"]  # the value a node has more often where few checks are false
    chances: Annotated[Ints, WIDTH]  # probability to accept one more false check, in 2^-PRECISION
    planes: Annotated[Longs, PLANES]
    random: Annotated[LongWords, 1]


class Cover(Record):
    """A network to be covered by functions of up to LEAVES nodes, and the cuts of its nodes.

    The functions are truth tables of 8 bits: bit m is the value where leaf i is bit i of m.
    """

    kinds: Annotated[ConstInts, "nodes"]  # LINEAR for leaves, AND, XOR
    first: Annotated[ConstInts, "nodes"]  # codes of operands, of lower nodes
    second: Annotated[ConstInts, "nodes"]
    roots: Annotated[ConstInts, "wanted"]  # nodes that are wanted
    references: Annotated[Ints, "nodes"]  # how often a node is read, 0 where it is inside of others
    stack: Annotated[Ints, "nodes"]
    flows: Annotated[Doubles, "nodes"]  # instructions that a node takes, those it shares by shares
    chosen: Annotated[Ints, "nodes"]  # which cut
    counts: Annotated[Ints, "nodes"]  # cuts
    sizes: Annotated[Ints, "nodes", CUTS]  # leaves
    tables: Annotated[Ints, "nodes", CUTS]
    leaves: Annotated[Ints, "nodes", CUTS, LEAVES]  # rising


@kernel
def cover_network(cover: Cover, rounds: int) -> int:
    """Choose functions that compute the roots, few of them; return how many.

    Cuts by area flow, then `rounds` of exact local area (Mishchenko, Chatterjee, Brayton, "Improvements to
    technology mapping for LUT-based FPGAs", TCAD 2007, sections 4 and 5).
    """


@kernel
def sweep(tape: Tape, sweeper: Sweeper, alive: int, budget: int) -> int:
    """Run blocks until `budget` instructions are spent, the end is reached or the found lists are full.

    `alive` is the first alive row. Returns the instructions run.
    """


@kernel
def evaluate(lanes: Lanes, first: int) -> None:
    """Run the program; count the false checks into the planes from row `first`."""


@kernel
def rebase(lanes: Lanes, order: Annotated[ConstInts, "ordered"], first: int, budget: int) -> int:
    """Change the basis: nodes in order become the one node of a direction, where that is possible.

    Begins with order[first], anew if that is the first, and ends when about `budget` words are written.
    Returns where to go on: `ordered` when all is done.
    """


@kernel
def scatter(lanes: Lanes, begin: int, end: int, first: int, last: int) -> None:
    """Let the lanes of the words begin ... end - 1 go along directions first ... last - 1, each or not.

    Along all directions this leads to random values.
    """


@kernel
def gather(lanes: Lanes, end: int, first: int, last: int) -> None:
    """Put the lanes of the words before `end` on the preferred values of the basis nodes.

    Of those of the directions first ... last - 1: each of them changes its own basis node only.
    """


@kernel
def disperse(lanes: Lanes, weights: Annotated[ConstLongs, "dispersed"], first: int, last: int) -> None:
    """Let each of the lanes first ... last - 1 go along as many directions as its weight says.

    Lane 0 has no weight; the next ones, so far as there are directions and their weight is 1, take one each.
    """


@kernel
def scan(lanes: Lanes, order: Annotated[ConstInts, "ordered"]) -> int:
    """Offer each direction in order to all lanes, until one has no false check; return how many were offered.

    A lane takes it by Metropolis' rule: fewer false checks are taken, as many half of the time, more with the
    probability of the lane's word for each one more, at most three.
    """
