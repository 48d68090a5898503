"""What Python and C share: constants, records of arrays, and the kernels, whose header is made from this.

A kernel works until its budget is spent, a unit for a byte, a literal or a watch looked at, and goes on where
it was when it is called again.
"""

from typing import Annotated

from turbosat.check.border import Bytes, Ints, Longs, LongWords, Record, SignedBytes, kernel

DONE, MORE = range(2)  # why a kernel stopped: nothing is left to do, or the budget is spent

# Why a decoder stopped, besides.
HEADER, NO_HEADER, BAD, TOO_LARGE, UNFINISHED = range(2, 7)
CLAUSE, DELETION, XOR = range(3)  # kinds of items
LARGEST = 2**30 - 1  # of variables; a literal's code, 2v or 2v+1, fits in int32

# A decoder's cursor: its position, the literals and items read, whether a line has just begun, and where the
# open item began (-1: there is none) and its kind.
POSITION, LITERALS, ITEMS, FRESH, START, KIND, CURSOR = range(7)


class Scan(Record):
    """A file, and the clauses, xors or proof steps read from it: item i is literals[ends[i-1]:ends[i]]."""

    data: Annotated[Bytes, "size", "const"]
    literals: Annotated[Ints, "room"]
    ends: Annotated[Longs, "most"]
    kinds: Annotated[Bytes, "most"]  # CLAUSE, DELETION or XOR
    places: Annotated[Longs, "most"]  # where the item begins, in bytes
    cursor: Annotated[Longs, CURSOR]


@kernel
def scan_text(scan: Scan, proof: int, headed: int, budget: int) -> int:
    """Decode DIMACS or DRAT text until the end, a header, or whatever is wrong; `budget` is in bytes."""


@kernel
def scan_binary(scan: Scan, budget: int) -> int:
    """Decode binary DRAT until the end or whatever is wrong; `budget` is in bytes."""


# The clause at offset o is arena[o : o + size]; arena[o - 3] is where the last search for a watch ended,
# arena[o - 2] the literal written first, its pivot, and arena[o - 1] is size << 3 | flags. It takes 2 places
# at least. Variable v is the literals 2v and 2v+1 = -v.
CORE, ALIVE, TAUTOLOGY = 1, 2, 4

# What has been laid out: arena and clauses used, items of all parts, and items of this one.
USED, CLAUSES, LAID, ITEM, LAYOUT = range(5)


class Layout(Record):
    """Items, and where they are laid out as clauses and steps; all but the items are for all parts."""

    literals: Annotated[Ints, "entries", "const"]
    ends: Annotated[Longs, "items", "const"]
    kinds: Annotated[Bytes, "items", "const"]
    arena: Annotated[Ints, "room"]
    steps: Annotated[Ints, "moves"]
    stamp: Annotated[Ints, "2 * variables + 2"]  # the last item that a literal was in
    table: Annotated[Ints, "slots"]  # the latest clause of a hash; a power of 2 of them
    links: Annotated[Ints, "clauses + 1"]  # the one before it
    offsets: Annotated[Ints, "clauses + 1"]
    hashes: Annotated[LongWords, "clauses + 1"]
    cursor: Annotated[Longs, LAYOUT]


@kernel
def lay_out(layout: Layout, budget: int) -> int:
    """Add the items from cursor[ITEM] on.

    A deletion takes the latest clause with the same set of literals, found by a hash that does not depend
    on their order and compared literal by literal. Tautologies are kept for deletions only.
    """


class Occurrences(Record):
    """The clauses of each literal l, as occurrences[first[l]:first[l+1]]."""

    arena: Annotated[Ints, "room"]
    steps: Annotated[Ints, "moves"]
    first: Annotated[Ints, "2 * variables + 3"]
    occurrences: Annotated[Ints, "entries"]


@kernel
def count_occurrences(lists: Occurrences, step: int, budget: int) -> int:
    """Count the literals of clauses in `first`, from a step on; return the step it has come to."""


@kernel
def list_occurrences(lists: Occurrences, step: int, budget: int) -> int:
    """List the clauses, where `first` holds the ends of the lists and then their beginnings; likewise."""


# Why a pass stopped, besides.
REFUTED, FALSE_EMPTY, FAIL, NEED_OCCURRENCES, NEED_ROOM = range(2, 7)

# Registers: what must outlast a kernel's call.
(
    TRAIL,  # its length
    CORE_HEAD,  # literals on it whose watches of core clauses have been visited
    REST_HEAD,  # and those of other clauses
    TOP,  # of the pool
    CONFLICT,  # the false clause, or 0
    STEP,
    PHASE,  # how far the step is
    ROOT,  # the trail's length before the lemma's negation
    LEVEL,  # and after its propagation
    CANDIDATE,  # the resolvent that is next
    MARKED,  # variables on the stack of the analysis
    MARKING,  # those whose reasons have been marked
    LEFT,  # of the budget
    NEEDED,  # places for a list, where there is no room in the pool
    FAILED,  # the clause whose resolvent fails
    WORK,  # the numbers of the verdict, from here on
    RAT,
    KEPT,
    DELETED,
    REGISTERS,
) = range(20)
# Phases of a step: what is done next.
APPLY, FOLLOW, NEGATED, RESOLVE, RESOLVENT, RESOLVED, LEAVE = range(7)
BLOCKS = 40  # sizes of blocks in the pool, powers of 2
LOW = 0xFFFFFFFF  # a watch is blocker << 32 | clause


class State(Record):
    """Everything a pass works on.

    List 2l+1 holds the watches of core clauses for the literal l, list 2l those of the others. Clauses that
    are no longer there leave a list when they are next met in it.
    """

    arena: Annotated[Ints, "room"]
    steps: Annotated[Ints, "moves"]  # offset added, -offset deleted, or 0: nothing to delete
    value: Annotated[SignedBytes, "2 * variables + 2"]  # 1 true, -1 false
    reason: Annotated[Ints, "variables + 1"]  # clause, or 0
    position: Annotated[Ints, "variables + 1"]  # on the trail
    trail: Annotated[Ints, "variables + 1"]
    done: Annotated[Ints, "2 * variables + 2"]  # the trail's length when a literal's lists had been visited
    seen: Annotated[Bytes, "variables + 1"]  # stays set on root literals whose reasons are core
    stack: Annotated[Ints, "variables + 1"]
    units: Annotated[Ints, "2 * variables + 2"]  # the latest unit clause; the next is in its second place
    lists: Annotated[Ints, "12 * variables + 12"]  # start, length, capacity
    open: Annotated[Longs, 8]  # a list left unfinished of each queue: whether, read to, written to, its end
    free: Annotated[Ints, BLOCKS]  # the first free block of each size, linked through the blocks
    pool: Annotated[Longs, "capacity"]
    first: Annotated[Ints, "codes"]  # clauses of literals, once a lemma may be RAT
    occurrences: Annotated[Ints, "entries"]
    registers: Annotated[Longs, REGISTERS]


@kernel
def forward(state: State, until: int, eager: int, budget: int) -> int:
    """Apply the steps up to `until` and propagate root literals, until they conflict.

    Steps that add a clause count when they are eager; otherwise only living clauses are attached, at once.
    """


@kernel
def mark(state: State, budget: int) -> int:
    """Mark the conflict and all reasons behind it as core."""


@kernel
def backward(state: State, until: int, budget: int) -> int:
    """Take the steps down to `until` back, and check the lemmas that are core by then.

    NEED_OCCURRENCES: a lemma is not RUP, and `first` and `occurrences` are not there yet.
    """
