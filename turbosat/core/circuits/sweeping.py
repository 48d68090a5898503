"""Declarations: SAT sweeping of an and-inverter graph, its simulation and its search (cdcl/sweeping)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    Bytes,
    ConstInts,
    ConstLongs,
    Doubles,
    Flags,
    Ints,
    Longs,
    LongWords,
    SignedBytes,
)

WIDTH = 8  # words of 64 patterns that are simulated at a time
HEADER = 4  # numbers before a clause's literals: how many, its LBD (0: no learned one), two links

# What a call comes to.
DONE, PENDING, FULL, FOUND, REFUTED, GIVEN_UP, MODEL = range(7)
# PENDING  its effort is used up: call again
# FULL     there is no room left: call again with more
# FOUND, REFUTED, GIVEN_UP  of a query: a model, none, the conflicts are used up
# MODEL    a pattern satisfies all goals

# Where a sweep and a search are.
(
    NODE, QUERY, OTHER, BUDGET, SPENT, MERGES, MODELS, UNDECIDED, FAILURES, PATIENCE,
    LAST, LEARNED, LIMIT, TRAIL, HEAD, FRONTIER, LEVEL, HEAP, PENDING_LOADS, CONFLICTS,
    RESTART, LUBY, LOGGED, LOGGING, RANDOM, SEARCHING, LEAVES, STEPS, MARK, PATTERN, SPREADING,
    COUNTERS,
) = range(32)  # fmt: skip
# NODE       the next one
# QUERY      0 for none, else which of the two directions is asked
# OTHER      what the node may be equal to
# BUDGET     conflicts for each query
# FAILURES   queries given up one after the other; PATIENCE how many end the pass
# LAST       entries of the arena that are used
# LEARNED    clauses that may be forgotten; LIMIT when they are
# LOGGED     entries of lemmas
# SPREADING  0, or 1 and how far a model has been taken in
INCREMENT, SCALES = range(2)


class Graph(Record):
    """A graph that is merged as it is swept: nodes are variables, 0 is the constant."""

    fanins: Annotated[Ints, "nodes", 2]  # literals, -1 twice for a leaf
    merged: Annotated[Ints, "nodes"]  # the literal that a node is equal to, its own where none is known
    words: Annotated[LongWords, "nodes", WIDTH]  # the last patterns
    hashes: Annotated[LongWords, "nodes"]  # of all patterns, those of a negation the same
    phases: Annotated[Bytes, "nodes"]  # the value in the very first pattern
    gates: Annotated[Ints, "slots"]  # nodes by fanins; a power of two, -1 is empty
    classes: Annotated[Ints, "slots"]  # nodes by hashes, the first of each
    goals: Annotated[ConstInts, "goal_literals"]  # clauses of literals that a model satisfies, all of them
    ends: Annotated[ConstLongs, "goal_clauses"]  # where each of them ends


class Search(Record):
    """Conflict-driven search among the gates that queries have led to."""

    arena: Annotated[Ints, "room"]
    heads: Annotated[Ints, "2 * nodes"]
    values: Annotated[SignedBytes, "2 * nodes"]
    levels: Annotated[Ints, "nodes"]
    reasons: Annotated[Ints, "nodes"]
    trail: Annotated[Ints, "nodes"]
    starts: Annotated[Ints, "nodes + 4"]
    marks: Annotated[Ints, "nodes + 4"]
    activity: Annotated[Doubles, "nodes"]
    scales: Annotated[Doubles, SCALES]
    heap: Annotated[Ints, "nodes"]
    places: Annotated[Ints, "nodes"]  # in the heap, or -1
    relevant: Annotated[Bytes, "nodes"]  # whether the query has led to a node
    saved: Annotated[SignedBytes, "nodes"]
    loaded: Annotated[Flags, "nodes"]
    seen: Annotated[Bytes, "nodes"]
    stack: Annotated[Ints, "2 * nodes"]
    parents: Annotated[Ints, "nodes"]
    lemmas: Annotated[Ints, "lemma_room"]  # clauses of literals, each with a -1 at its end
    counters: Annotated[Longs, COUNTERS]


@kernel
def simulate_nodes(graph: Graph, first: int, last: int, fresh: int) -> None:
    """Compute the words of nodes [first, last) from their leaves' and take them into the hashes.

    With `fresh` these patterns are the first ones; where it is negative, no hashes are made.
    """


@kernel
def make_classes(graph: Graph, last: int) -> None:
    """Make the classes of the nodes below `last`."""


@kernel
def goals_reached(graph: Graph) -> int:
    """Return the first of the last 64 * WIDTH patterns that satisfies all goals, -1 if none does."""


@kernel
def exhaust_inputs(
    graph: Graph,
    leaves: Annotated[ConstInts, "number"],
    first: int,
    last: int,
    effort: int,
    pattern: Annotated[Longs, 1],
) -> int:
    """Look for a model of the goals among the blocks [first, last) of all assignments of the leaves.

    A block has 64 * WIDTH. Stops after about `effort` nodes, or with a pattern that is not -1; returns the
    next block.
    """


@kernel
def sweep_nodes(graph: Graph, search: Search, effort: int) -> int:
    """Go on with a pass from the inputs up: merge each node with an earlier one that it is equal to."""
