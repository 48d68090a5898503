"""Kernels that compose gates: equivalent variables, an order, functions of at most three leaves.

A cut of a variable is a set of at most three leaves of which the variable is a function, by putting gates
into gates.
Its truth table has bit i set if the function is true where leaf j (leaves rise) has the value of bit j of i;
the table of a smaller cut is repeated so that it always has eight bits.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.jit import inline, jit

LEAVES = 3
STORED = 5  # cuts kept of a variable, besides the one that is the variable itself
LISTED = 14  # cuts of a gate while its inputs are taken in one after the other
LISTS = 5
WIDEST = 8  # inputs of a conjunction that is composed
DEFINITIONS = 8  # gates that define one variable, the first of them

# Counters of `order`, int64 (COUNTERS,).
HEAD, TAIL, WEAK, ANY, CYCLES, COUNTERS = range(6)

ODD = 0x96  # the truth table of the parity of three leaves
ODD_PAIR = 0x66  # of two
SAME = 0xAA  # of one: the leaf itself


class Lists(NamedTuple):
    """Scratch lists of cuts; a leaf that is not there is -1."""

    leaves: NDArray[np.int32]  # (lists, LISTED, LEAVES)
    sizes: NDArray[np.int64]  # (lists, LISTED)
    tables: NDArray[np.int64]  # (lists, LISTED)
    counts: NDArray[np.int64]  # (lists,)


class Cuts(NamedTuple):
    """The cuts of variables that gates define."""

    nodes: NDArray[np.int32]  # (variables,), row of a variable below, or -1
    leaves: NDArray[np.int32]  # (nodes, STORED, LEAVES)
    tables: NDArray[np.uint8]  # (nodes, STORED)
    counts: NDArray[np.uint8]  # (nodes,)


@inline
def find(parents, code):
    """Return the representative literal of a literal, halving the path to it."""
    while parents[code >> 1] >> 1 != code >> 1:
        up = parents[code >> 1]
        parents[code >> 1] = parents[up >> 1] ^ (up & 1)
        code = up ^ (code & 1)
    return code


@jit
def merge_equal(parents, pairs, first, last):
    """Make the literals of pairs [first, last) of (pairs, 2) equal; the smaller variable represents both.

    parents (variables,) are literal codes, at the start the positive literals. A pair that contradicts those
    before is left out.
    """
    for i in range(first, last):
        a, b = find(parents, pairs[i, 0]), find(parents, pairs[i, 1])
        if a >> 1 < b >> 1:
            parents[b >> 1] = a ^ (b & 1)
        elif b >> 1 < a >> 1:
            parents[a >> 1] = b ^ (a & 1)


@jit
def flatten(parents):
    """Let each variable point at its representative."""
    for v in range(parents.size):
        parents[v] = find(parents, np.int32(2 * v))


@jit
def order(outputs, waiting, starts, uses, strong, queue, queued, counters, most):
    """Order variables so that most are behind the inputs of a gate that defines them; True when done.

    waiting (gates,) counts the inputs that are not in the queue; starts (variables + 1,) and uses: the gates
    a variable is an input of, once for each time. strong (variables,) counts the conjunctions that define it.
    The queue has the variables without definition at the start, and `queued` says what is in it. In a cycle
    the lowest variable defined by multiplexers only is next (they are often definitions read backwards), then
    the lowest one of all; counters[CYCLES] says how often. Looks at about `most` uses.
    """
    variables = queue.size
    while most > 0:
        if counters[HEAD] == counters[TAIL]:
            chosen = -1
            while counters[WEAK] < variables and chosen < 0:
                v = counters[WEAK]
                counters[WEAK] += 1
                if not queued[v] and strong[v] == 0:
                    chosen = v
            while counters[ANY] < variables and chosen < 0:
                v = counters[ANY]
                counters[ANY] += 1
                if not queued[v]:
                    chosen = v
            if chosen < 0:
                return True
            queued[chosen] = True
            queue[counters[TAIL]] = chosen
            counters[TAIL] += 1
            counters[CYCLES] += 1
        v = queue[counters[HEAD]]
        counters[HEAD] += 1
        most -= 1
        for i in range(starts[v], starts[v + 1]):
            gate = uses[i]
            waiting[gate] -= 1
            most -= 1
            if waiting[gate] == 0 and not queued[outputs[gate] >> 1]:
                queued[outputs[gate] >> 1] = True
                queue[counters[TAIL]] = outputs[gate] >> 1
                counters[TAIL] += 1
    return False


@inline
def load(values, cuts, lists, target, code):
    """Put the cuts of a literal into a list: itself, and those of its variable.

    A fixed variable without gates is a constant. Gates may be fixed by what uses them, as those behind an
    output that must be true, and their functions are what is wanted.
    """
    v = code >> 1
    flip = -(code & 1) & 0xFF
    leaves, sizes, tables = lists.leaves[target], lists.sizes[target], lists.tables[target]
    node = cuts.nodes[v]
    if values[v] >= 0 and node < 0:
        leaves[0, 0] = leaves[0, 1] = leaves[0, 2] = -1
        sizes[0] = 0
        tables[0] = (-values[v] & 0xFF) ^ flip
        lists.counts[target] = 1
        return
    leaves[0, 0], leaves[0, 1], leaves[0, 2] = v, -1, -1
    sizes[0] = 1
    tables[0] = SAME ^ flip
    count = 1
    if node >= 0:
        for i in range(cuts.counts[node]):
            size = 0
            for j in range(LEAVES):
                leaves[count, j] = cuts.leaves[node, i, j]
                size += leaves[count, j] >= 0
            sizes[count] = size
            tables[count] = cuts.tables[node, i] ^ flip
            count += 1
    lists.counts[target] = count


@inline
def inside(a, size_a, b, size_b):
    """Tell whether all of the rising leaves a are among b."""
    j = 0
    for i in range(size_a):
        while j < size_b and b[j] < a[i]:
            j += 1
        if j == size_b or b[j] != a[i]:
            return False
    return True


@inline
def insert(lists, target, merged, size, table):
    """Add a cut unless one in the list has no other leaves; those whose leaves include its own go."""
    leaves, sizes, tables = lists.leaves[target], lists.sizes[target], lists.tables[target]
    count = lists.counts[target]
    for i in range(count):
        if sizes[i] <= size and inside(leaves[i], sizes[i], merged, size):
            return
    place = 0
    for i in range(count):
        if not (size < sizes[i] and inside(merged, size, leaves[i], sizes[i])):
            if place < i:
                for j in range(LEAVES):
                    leaves[place, j] = leaves[i, j]
                sizes[place] = sizes[i]
                tables[place] = tables[i]
            place += 1
    count = place
    if count == LISTED:  # a larger one makes room, the last of them
        place = -1
        for i in range(count):
            if sizes[i] > size and (place < 0 or sizes[i] >= sizes[place]):
                place = i
        if place < 0:
            lists.counts[target] = count
            return
    else:
        count += 1
    for j in range(LEAVES):
        leaves[place, j] = merged[j] if j < size else -1
    sizes[place] = size
    tables[place] = table
    lists.counts[target] = count


@jit
def combine(lists, left, right, target, either, spread, merged):
    """Fill a list with the conjunctions, or disjunctions if `either`, of the cuts of two others.

    spread (8, 256) uint8 repeats a table for more leaves: [which of the three leaves it has, table].
    """
    lists.counts[target] = 0
    for i in range(lists.counts[left]):
        a, size_a = lists.leaves[left, i], lists.sizes[left, i]
        for j in range(lists.counts[right]):
            b, size_b = lists.leaves[right, j], lists.sizes[right, j]
            size = x = y = mask_a = mask_b = 0
            while (x < size_a or y < size_b) and size < LEAVES:
                if y == size_b or (x < size_a and a[x] < b[y]):
                    merged[size] = a[x]
                    mask_a |= 1 << size
                    x += 1
                elif x == size_a or b[y] < a[x]:
                    merged[size] = b[y]
                    mask_b |= 1 << size
                    y += 1
                else:
                    merged[size] = a[x]
                    mask_a |= 1 << size
                    mask_b |= 1 << size
                    x += 1
                    y += 1
                size += 1
            if x < size_a or y < size_b:
                continue
            first = np.int64(spread[mask_a, lists.tables[left, i]])
            second = np.int64(spread[mask_b, lists.tables[right, j]])
            insert(lists, target, merged, size, first | second if either else first & second)


@jit
def compose(
    outputs,
    inputs,
    offsets,
    starts,
    definitions,
    defined,
    first,
    last,
    values,
    cuts,
    lists,
    spread,
    merged,
    rows,
):
    """Compute the cuts of the variables defined[first:last] from those that their gates' inputs have now.

    Returns how many parities there are among them.

    Gate g has inputs[offsets[g] : offsets[g + 1]], codes, and is a multiplexer if outputs[1, g] is 1; its
    output is the literal outputs[0, g]. values (variables,) are 0, 1 or -1. starts (variables + 1,) and
    definitions: the gates that define a variable. rows (found, LEAVES + 2) takes the variable, the leaves,
    and 1 where it is their XOR negated.
    """
    found = 0
    for place in range(first, last):
        v = defined[place]
        lists.counts[0] = 0
        for d in range(starts[v], min(starts[v + 1], starts[v] + DEFINITIONS)):
            gate = definitions[d]
            low, high = offsets[gate], offsets[gate + 1]
            load(values, cuts, lists, 2, inputs[low])
            load(values, cuts, lists, 3, inputs[low + 1])
            combine(lists, 2, 3, 1, False, spread, merged)
            source = 1
            if outputs[1, gate]:
                load(values, cuts, lists, 2, inputs[low] ^ 1)
                load(values, cuts, lists, 3, inputs[low + 2])
                combine(lists, 2, 3, 4, False, spread, merged)
                combine(lists, 1, 4, 2, True, spread, merged)
                source = 2
            else:
                for i in range(low + 2, high):
                    load(values, cuts, lists, 3, inputs[i])
                    combine(lists, source, 3, 3 - source, False, spread, merged)
                    source = 3 - source
            flip = -(outputs[0, gate] & 1) & 0xFF
            for i in range(lists.counts[source]):
                leaves = lists.leaves[source, i]
                if leaves[0] != v and leaves[1] != v and leaves[2] != v:
                    insert(lists, 0, leaves, lists.sizes[source, i], lists.tables[source, i] ^ flip)
        node = cuts.nodes[v]
        linear = False
        for i in range(lists.counts[0]):
            size, table = lists.sizes[0, i], lists.tables[0, i]
            odd = ODD if size == 3 else ODD_PAIR if size == 2 else SAME
            if size > 0 and (table == odd or table == odd ^ 0xFF):
                rows[found, 0] = v
                for j in range(LEAVES):
                    rows[found, j + 1] = lists.leaves[0, i, j]
                rows[found, LEAVES + 1] = table != odd
                found += 1
                linear |= size > 1
        # What is a parity of others is a leaf from here on: elimination puts the XORs together.
        stored = 0
        for size in range(2 if linear else LEAVES + 1):
            for i in range(lists.counts[0]):
                if lists.sizes[0, i] == size and stored < STORED:
                    for j in range(LEAVES):
                        cuts.leaves[node, stored, j] = lists.leaves[0, i, j]
                    cuts.tables[node, stored] = lists.tables[0, i]
                    stored += 1
        cuts.counts[node] = stored
    return found
