"""Declarations: clauses tidied, listed by literal, propagated; their symmetries (encodings).

A literal's code is 2v for variable v, from 0, and 2v + 1 for its negation.
"""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    ConstFlags,
    ConstInts,
    ConstLongs,
    ConstLongWords,
    ConstSignedBytes,
    Flags,
    Ints,
    Longs,
    LongWords,
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

SPLITS, SUM = range(2)  # of a colouring: splits noted, and a sum over what refining it has seen
QUEUE_HEAD, QUEUE_SIZE, TOUCHED = range(3)  # of a refinement
DEPTH, FOUND, PAIRS, STAMP = range(4)  # of a search for symmetries
# DEPTH   literals that were told apart until every literal was alone
# FOUND   generators
# PAIRS   variables that they move, all together
# STAMP   the last mark in `stamps` and `literal_stamps`

FOLD_MAPPED, FOLD_READ, FOLD_STAMP = range(3)  # of a map that grows: variables mapped, literals read, marks

KEYS = 4096  # of candidates that are to be chosen from, the last for all higher ones


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


class Indexed(Record):
    """Different clauses of two literals or more, longest first, listed by literal and by hash.

    As a graph: vertices are the literals, then the clauses of more than two. An edge joins a literal and a
    clause that it is in, another the literals of a clause of two; a literal and its negation know each other.
    """

    codes: Annotated[ConstInts, "entries"]
    offsets: Annotated[ConstLongs, "clauses + 1"]
    starts: Annotated[ConstLongs, "2 * variables + 1"]
    occurrences: Annotated[ConstInts, "entries"]  # clauses of each literal
    sums: Annotated[LongWords, "clauses"]  # of the hashes of their literals
    slots: Annotated[Ints, "places"]  # clauses by sum, -1 for none; a power of two, more than clauses


class Colouring(Record):
    """An ordered partition of the vertices into cells; a cell is called by the place where it begins."""

    order: Annotated[Ints, "vertices"]
    place: Annotated[Ints, "vertices"]  # of each vertex in `order`
    cell: Annotated[Ints, "vertices"]  # of each vertex
    size: Annotated[Ints, "vertices"]  # of each cell
    splits: Annotated[Ints, "2 * vertices"]  # cells that were split, and the new ones
    colours: Annotated[Longs, 2]  # see SPLITS


class Refinement(Record):
    """Scratch of a refinement, and the cells that are still to split others."""

    counts: Annotated[Ints, "vertices"]  # edges into the splitting cell
    touches: Annotated[Ints, "vertices"]  # vertices of a cell that have some
    cells: Annotated[Ints, "vertices"]  # such cells
    queue: Annotated[Ints, "vertices"]
    queued: Annotated[Flags, "vertices"]
    splitter: Annotated[Ints, "vertices"]
    spare: Annotated[Ints, "vertices"]
    frequencies: Annotated[Ints, "vertices + 1"]
    steps: Annotated[Longs, 3]  # see QUEUE_HEAD


class Symmetries(Record):
    """A search for generators, and those found."""

    image: Annotated[Ints, "2 * variables"]  # of each literal: itself between two candidates
    moved: Annotated[Ints, "2 * variables"]
    parent: Annotated[Ints, "2 * variables"]  # orbits, as trees
    failed: Annotated[Ints, "2 * variables"]  # of each orbit: literals of the base from the last one that
    # no symmetry was found to move there; 0 for none
    base: Annotated[Ints, "2 * variables"]  # literals told apart, in order
    base_marks: Annotated[Ints, "2 * variables"]  # splits before each
    base_sums: Annotated[Longs, "2 * variables"]  # what refining saw after each
    targets: Annotated[Ints, "2 * variables"]  # scratch: where a literal of the base may go
    step: Annotated[Ints, "2 * variables"]  # scratch: literals told apart after those of the base
    step_marks: Annotated[Ints, "2 * variables"]
    step_sums: Annotated[Longs, "2 * variables"]
    step_ends: Annotated[Ints, "2 * variables"]  # of the alternatives at each step, in the stack
    stack: Annotated[Ints, "2 * variables"]  # scratch: where literals may go, step by step
    stamps: Annotated[Longs, "clauses"]  # of the last check that saw each
    literal_stamps: Annotated[Longs, "2 * variables"]
    pairs: Annotated[Ints, "2 * room"]  # positive literals and where they go, generator after generator
    bounds: Annotated[Longs, "most + 1"]  # of the generators, in pairs
    progress: Annotated[Longs, 4]  # see DEPTH


class Folding(Record):
    """A partial map of literals that grows; profiles say how literals occur, kinds only in what clauses."""

    profiles: Annotated[ConstLongWords, "2 * variables"]
    kinds: Annotated[ConstLongWords, "2 * variables"]
    image: Annotated[Ints, "2 * variables"]  # of each literal, -1 for none
    source: Annotated[Ints, "2 * variables"]  # whose image it is, -1 for none
    left: Annotated[Ints, "clauses"]  # literals without an image
    trail: Annotated[Ints, "variables"]  # literals in the order in which they were mapped
    queue: Annotated[Ints, "variables"]  # scratch
    stamps: Annotated[Longs, "2 * variables"]
    progress: Annotated[Longs, 3]  # see FOLD_MAPPED


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


@kernel
def hash_clauses(
    clauses: Indexed, marks: Annotated[Longs, "2 * variables"], repeated: Annotated[Flags, "clauses"]
) -> int:
    """Enter all clauses into the table, and note those that are the same as earlier ones; return how many.

    marks start below 0.
    """


@kernel
def begin_colouring(clauses: Indexed, colouring: Colouring, refinement: Refinement) -> None:
    """Give all literals one colour, and clauses one by their length."""


@kernel
def refine_colouring(clauses: Indexed, colouring: Colouring, refinement: Refinement, effort: int) -> int:
    """Split cells until vertices of one have as many edges into each other: 1; 0 after about `effort` edges.

    Colour refinement as for finite automata (Hopcroft 1971), in the same course for isomorphic graphs.
    """


@kernel
def keeps_clauses(
    clauses: Indexed,
    state: Symmetries,
    sources: Annotated[ConstInts, "number"],
    images: Annotated[ConstInts, "number"],
) -> int:
    """Tell whether moving literals, and no others, permutes the literals and the clauses.

    Literals may be any numbers; `image` is as it was in the end.
    """


@kernel
def find_symmetries(
    clauses: Indexed,
    left: Colouring,
    right: Colouring,
    refinement: Refinement,
    state: Symmetries,
    tries: int,
    effort: int,
) -> int:
    """Find generators of the automorphisms, `left` being refined; each is checked on the clauses.

    1 when all orbits are settled as far as `tries` wrong choices for each image allow; 0 after about
    `effort` edges, or without room for more: the generators found by then are there.
    """


@kernel
def grow_map(clauses: Indexed, state: Folding, source: int, image: int, effort: int) -> None:
    """Map a literal, then others along clauses; ends after about `effort` literals, or when none follows.

    A literal follows where a clause with mapped literals has one candidate: a clause with their images whose
    other literals are like those of the first. It is not mapped where a clause would go to none.
    """


@kernel
def clear_map(clauses: Indexed, state: Folding) -> None:
    """Take all images back."""


@kernel
def list_alike(
    clauses: Indexed, state: Folding, literal: int, effort: int, found: Annotated[Ints, "most"]
) -> int:
    """List literals of the same profile, those nearest to it first; return how many.

    Ends after about `effort` literals.
    """


@kernel
def merge_literals(
    roots: Annotated[Ints, "2 * variables"],
    sources: Annotated[ConstInts, "number"],
    images: Annotated[ConstInts, "number"],
    used: Annotated[Flags, "number"],
) -> int:
    """Make literals equal to others, pair by pair, but those that contradict others; return how many do.

    `used` are the pairs that do not follow from those before them, either.

    `roots` are the literals themselves at first, then what each is equal to, the same for all that are equal.
    """


class Candidates(Record):
    """Groups that share variables, of which some are to be chosen that do not."""

    begins: Annotated[ConstLongs, "candidates + 1"]
    members: Annotated[ConstInts, "places"]  # variables
    starts: Annotated[ConstLongs, "variables + 1"]
    occurrences: Annotated[ConstInts, "places"]  # candidates of each variable
    rank: Annotated[Ints, "candidates"]  # by how much it shares with others
    conflicts: Annotated[Ints, "candidates"]  # places that live ones share with it; -1 when it is decided
    next: Annotated[Ints, "candidates"]  # live ones of the same key, in lists
    previous: Annotated[Ints, "candidates"]
    heads: Annotated[Ints, KEYS]  # of the lists, -1 for empty ones
    chosen: Annotated[Flags, "candidates"]


@kernel
def choose_groups(state: Candidates, ranked: int) -> None:
    """Choose groups without common variables, one after the other: that of the fewest conflicts by its size.

    First, where `ranked`, counts what a group shares with all others, then with those that are left: a choice
    decides its neighbours, and so makes the groups that share with these the next to be chosen. Where groups
    come in families, as rows and columns do, one family is chosen throughout.
    """


@kernel
def rewrite_for_groups(
    codes: Annotated[ConstInts, "entries"],
    offsets: Annotated[ConstLongs, "clauses + 1"],
    group: Annotated[ConstInts, "2 * variables"],
    structural: Annotated[ConstFlags, "clauses"],
    first: int,
    effort: int,
    stamps: Annotated[Ints, "groups"],
    kept: Annotated[Ints, "room"],
    ends: Annotated[Longs, "clauses + 1"],
    numbers: Annotated[Ints, "clauses"],
    written: Annotated[Longs, WRITTEN],
) -> int:
    """Write what clauses say where one literal of each group is true; `group` has each literal's, or -1.

    Dropped are structural clauses, those with two negated literals of a group, and literals beside a negated
    one of their group. Clauses from `first` on, until about `effort` literals are read; returns the next
    clause. `numbers` are those of the clauses that are written. stamps start below 0.
    """
