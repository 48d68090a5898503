"""Lay the clauses of a formula and of its proof out in one array, and match deletions to them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from turbosat.check.base.clock import Clock
from turbosat.check.base.errors import CheckError
from turbosat.check.drat.state import TAUTOLOGY, Ints, Longs
from turbosat.check.jit import kernel
from turbosat.check.reading.scan import Bytes, Items

MIX, HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)  # unsigned: numba's signed overflow is undefined
CHUNK = 1 << 20  # items between two looks at the clock


class Index(NamedTuple):
    """The clauses, and what each step does to them."""

    arena: Ints
    steps: Ints  # (clauses + proof steps,) offset added, -offset deleted, or 0: nothing to delete
    clauses: int  # how many of the steps are the formula's clauses
    variables: int
    names: Ints | None  # (variables + 1,) the variables' numbers in the files where these were closed up


@kernel
def lay_out(
    lo: int, hi: int, literals: Ints, ends: Longs, kinds: Bytes, arena: Ints, steps: Ints,
    stamp: Ints, table: Ints, links: Ints, offsets: Ints, hashes: npt.NDArray[np.uint64], cursor: Longs,
) -> None:  # fmt: skip
    """Add items lo..hi, from cursor = (arena's top, clauses so far, items so far).

    A deletion takes the latest clause with the same set of literals, found by a hash that does not depend
    on their order and compared literal by literal. Tautologies are kept for deletions only.
    """
    top, count, tag = cursor[0], cursor[1], cursor[2]
    mask = np.uint64(len(table) - 1)
    for item in range(lo, hi):
        tag += 1
        start = ends[item - 1] if item > 0 else 0
        base = top + 3
        size = 0
        flags = 0
        code = np.uint64(0)
        for q in range(start, ends[item]):
            literal = np.int64(literals[q])
            e = 2 * literal if literal > 0 else 1 - 2 * literal
            if stamp[e] == tag:
                continue
            stamp[e] = tag
            if stamp[e ^ 1] == tag:
                flags = TAUTOLOGY
            arena[base + size] = e
            size += 1
            mixed = np.uint64(e + 1) * MIX
            mixed = (mixed ^ (mixed >> HALF)) * MIX
            code += mixed ^ (mixed >> HALF)
        slot = np.int64(code & mask)
        if kinds[item] != 1:
            arena[top] = 2
            arena[top + 1] = arena[base] if size else 0
            arena[top + 2] = size << 3 | flags
            count += 1
            offsets[count] = base
            hashes[count] = code
            links[count] = table[slot]
            table[slot] = count
            steps[tag - 1] = base
            top = base + max(size, 2)
            continue
        before = 0
        found = table[slot]
        while found:
            if hashes[found] == code:
                o = offsets[found]
                same = arena[o - 1] >> 3 == size
                q = 0
                while same and q < size:
                    same = stamp[arena[o + q]] == tag
                    q += 1
                if same:
                    break
            before = found
            found = links[found]
        if found:
            if before:
                links[before] = links[found]
            else:
                table[slot] = links[found]
            steps[tag - 1] = -offsets[found]
        else:
            steps[tag - 1] = 0
    cursor[0], cursor[1], cursor[2] = top, count, tag


@kernel
def list_occurrences(arena: Ints, steps: Ints, variables: int) -> tuple[Ints, Ints]:
    """Return the clauses of each literal l, as occurrences[first[l]:first[l+1]]."""
    first = np.zeros(2 * variables + 3, np.int32)
    for fill in range(2):
        if fill:
            for l in range(2 * variables + 2):
                first[l + 1] += first[l]
            occurrences = np.empty(first[2 * variables + 2], np.int32)
        for step in steps:
            if step > 0 and arena[step - 1] & 4 == 0:
                for q in range(step, step + (arena[step - 1] >> 3)):
                    l = arena[q]
                    if fill:
                        first[l] -= 1
                        occurrences[first[l]] = step
                    else:
                        first[l] += 1
    return first, occurrences


def _room(items: Items) -> tuple[int, int, int]:
    """Return the clauses added, the arena they take at most, and the longest item."""
    sizes = np.diff(items.ends, prepend=0)
    added = sizes[items.kinds != 1]
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
    index = Index(
        np.empty(capacity, np.int32), np.empty(steps, np.int32), len(formula.ends), variables, names
    )
    table = np.zeros(1 << max(4, count.bit_length()), np.int32)
    links, offsets = np.zeros(count + 1, np.int32), np.zeros(count + 1, np.int32)
    hashes = np.zeros(count + 1, np.uint64)
    stamp = np.zeros(2 * variables + 2, np.int32)
    cursor = np.zeros(3, np.int64)
    for part in parts:
        for lo in range(0, len(part.ends), CHUNK):
            clock.tick("indexing", float(cursor[2]) / steps)
            lay_out(
                lo, min(lo + CHUNK, len(part.ends)), part.literals, part.ends, part.kinds,
                index.arena, index.steps, stamp, table, links, offsets, hashes, cursor,
            )  # fmt: skip
    return index._replace(arena=index.arena[: int(cursor[0])])
