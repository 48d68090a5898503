"""Lay the clauses of a formula and of its proof out in one array, and match deletions to them."""

from typing import NamedTuple

import numpy as np

from turbosat.check.border import Ints
from turbosat.check.clock import Clock
from turbosat.check.errors import CheckError
from turbosat.check.kernels import (
    DELETION,
    ITEM,
    LAID,
    LAYOUT,
    MORE,
    USED,
    Layout,
    Occurrences,
    count_occurrences,
    lay_out,
    list_occurrences,
)
from turbosat.check.reading.scan import Items

BUDGET = 1 << 19  # literals between two looks at the clock


class Index(NamedTuple):
    """The clauses, and what each step does to them."""

    arena: Ints
    steps: Ints  # (clauses + proof steps,) offset added, -offset deleted, or 0: nothing to delete
    clauses: int  # how many of the steps are the formula's clauses
    variables: int
    names: Ints | None  # (variables + 1,) the variables' numbers in the files where these were closed up


def occurrences_of(index: Index, until: int, clock: Clock) -> tuple[Ints, Ints]:
    """Return (first, occurrences): the clauses of literal l, as occurrences[first[l]:first[l+1]]."""
    first = np.zeros(2 * index.variables + 3, np.int32)
    lists = Occurrences(
        arena=index.arena, steps=index.steps[:until], first=first, occurrences=np.empty(0, np.int32)
    )
    step = 0
    while step < until:
        clock.tick("backward")
        step = count_occurrences(lists, step, BUDGET)
    np.cumsum(first, out=first)
    lists = lists.renewed(occurrences=np.empty(first[-1], np.int32))
    step = 0
    while step < until:
        clock.tick("backward")
        step = list_occurrences(lists, step, BUDGET)
    return first, lists.occurrences


def _room(items: Items) -> tuple[int, int, int]:
    """Return the clauses added, the arena they take at most, and the longest item."""
    sizes = np.diff(items.ends, prepend=0)
    added = sizes[items.kinds != DELETION]
    return len(added), int(np.maximum(added, 2).sum()) + 3 * len(added), int(sizes.max(initial=0))


def build(formula: Items, proof: Items, variables: int, clock: Clock) -> Index:
    """Index a formula and a proof; unused variable numbers are closed up where they would waste memory."""
    parts = [formula, proof]
    literals = len(formula.literals) + len(proof.literals)
    variables = max(variables, *(int(np.abs(part.literals).max(initial=0)) for part in parts))
    names = None
    if variables > 4 * literals + 1000:
        used = np.unique(np.concatenate([np.abs(part.literals) for part in parts]))
        names = np.concatenate(([0], used)).astype(np.int32)
        variables = len(used)
        for k, part in enumerate(parts):
            renamed = np.searchsorted(names, np.abs(part.literals)).astype(np.int32)
            parts[k] = part._replace(literals=renamed * np.sign(part.literals))
    rooms = [_room(part) for part in parts]
    count = sum(room[0] for room in rooms)
    capacity = sum(room[1] for room in rooms) + max(room[2] for room in rooms) + 5
    steps = len(formula.ends) + len(proof.ends)
    longest = max(room[2] for room in rooms)
    if capacity >= 2**31 or steps >= 2**31 or variables >= 2**29 or longest >= 2**28:
        raise CheckError("the formula and the proof are too large: 2^31 literals or 2^29 variables in all")
    layout = Layout(
        literals=parts[0].literals,
        ends=parts[0].ends,
        kinds=parts[0].kinds,
        arena=np.zeros(capacity, np.int32),
        steps=np.zeros(steps, np.int32),
        stamp=np.zeros(2 * variables + 2, np.int32),
        table=np.zeros(1 << max(4, count.bit_length()), np.int32),
        links=np.zeros(count + 1, np.int32),
        offsets=np.zeros(count + 1, np.int32),
        hashes=np.zeros(count + 1, np.uint64),
        cursor=np.zeros(LAYOUT, np.int64),
    )
    cursor = layout.cursor
    for part in parts:
        layout = layout.renewed(literals=part.literals, ends=part.ends, kinds=part.kinds)
        cursor[ITEM] = 0
        code = MORE
        while code == MORE:
            clock.tick("indexing", float(cursor[LAID]) / (steps + 1))
            code = lay_out(layout, BUDGET)
    return Index(layout.arena[: int(cursor[USED])], layout.steps, len(formula.ends), variables, names)
