"""XORs that gate definitions compose to, as in and-inverter graphs: small cuts and their truth tables.

Why a composed XOR is sound. Every gate is an equivalence, g = f(inputs), that follows from the clauses. A cut
of g is made of cuts that its inputs have already, or of the inputs themselves: it stands for a finite tree of
gates over the leaves. By induction over the making of cuts, in every solution each node of the tree has the
value that evaluating the tree at the leaves' values gives, and the truth table is that evaluation. Cyclic
definitions do no harm: to go around a cycle puts a variable into its own tree, which says one more true thing
of it, and a tree with the variable at its leaves is dropped.

The same induction makes each clause of the XOR follow by reverse unit propagation: its negation assigns x and
all leaves of the cut, unit propagation evaluates node after node (a gate propagates its output when its
inputs are assigned, a binary clause an equivalent variable), and x gets the value that it has not, if there
is no conflict before. For that the parity must take in every leaf of its cut; inputs with a fixed value are
no leaves.

Cut enumeration: Cong, Wu and Ding, FPGA 1999.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gates as kernels
from turbosat.core.gates import CYCLES, LEAVES, LISTED, PROGRESS, ROWS, STORED, TAIL, WIDEST
from turbosat.encodings.clause_sets import lists_of
from turbosat.encodings.gates.recovery import AND, BLOCK, EFFORT, Gates, chosen
from turbosat.encodings.propagation import blocks, transpose

SWEEPS: Final = 3  # over cyclic definitions: as deep as the ways to write an XOR of two go


def composed_parities(
    values: NDArray[np.int8],
    gates: Gates,
    equal: NDArray[np.int32],
    check: Callable[[], None] = lambda: None,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]:
    """Find gates' outputs that are parities of two or three variables, or equal to one, through their cones.

    values (variables,) are 0 or 1 where unit propagation says so, else -1; gates hold literal codes over
    these variables, from 0 (gates.gate_codes); equal (pairs, 2) are codes of equal literals, each pair
    implied by binary clauses, which the cones may lead through. Returns XORs: variables (flat,), offsets
    (rows + 1,) and right sides (rows,). A variable that is a parity counts as a leaf for those after it, so
    the XORs of a chain come one by one and not once more for each pair of them.
    """
    variables = values.size
    nothing = np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.bool_)
    gates = chosen(gates, np.diff(gates.offsets) <= WIDEST)
    if not len(gates):
        return nothing
    parents = np.arange(0, 2 * variables, 2, dtype=np.int32)
    for first, last in blocks(len(equal), BLOCK, check):
        kernels.merge_equal(parents, equal, first, last)
    for first, last in blocks(variables, EFFORT, check):
        kernels.flatten(parents, first, last)
    inputs = parents[gates.inputs >> 1] ^ (gates.inputs & 1)
    outputs = parents[gates.outputs >> 1] ^ (gates.outputs & 1)
    check()
    defined, cycles = _ordered(variables, outputs, inputs, gates, check)
    nodes = np.full(variables, -1, np.int32)
    nodes[defined] = np.arange(defined.size)
    cuts = kernels.Cuts(
        nodes=nodes,
        leaves=np.full((defined.size, STORED, LEAVES), -1, np.int32),
        tables=np.zeros((defined.size, STORED), np.uint8),
        counts=np.zeros(defined.size, np.uint8),
    )
    starts, gates_of = lists_of(outputs >> 1, variables, check)
    definitions = kernels.Definitions(
        outputs=outputs,
        kinds=gates.kinds,
        inputs=inputs,
        offsets=gates.offsets,
        starts=starts,
        gates_of=gates_of,
        values=values,
        spread=_spread(),
    )
    parts: list[NDArray[np.int32]] = []
    counters = np.zeros(kernels.COUNTERS, np.int64)
    for _ in range(SWEEPS if cycles else 1):
        parts, first = [np.zeros((0, LEAVES + 2), np.int32)], 0
        while first < defined.size:
            check()
            counters[ROWS] = 0
            last = min(first + BLOCK // 4, defined.size)
            rows = np.empty((LISTED * (last - first), LEAVES + 2), np.int32)
            first = kernels.compose(definitions, cuts, defined, first, last, EFFORT, rows, counters)
            parts.append(rows[: counters[ROWS]].copy())
    rows = np.concatenate(parts)
    members = rows[:, :-1]  # (rows, 1 + LEAVES)
    there = members >= 0
    return members[there], np.append(0, np.cumsum(there.sum(axis=1))), rows[:, -1] == 1


def _ordered(
    variables: int,
    outputs: NDArray[np.int32],
    inputs: NDArray[np.int32],
    gates: Gates,
    check: Callable[[], None],
) -> tuple[NDArray[np.int32], bool]:
    """Return the variables that gates define in an order, (defined,), and whether there are cycles."""
    sizes = np.diff(gates.offsets)
    starts, uses = transpose(inputs >> 1, gates.offsets, variables, check)
    strong = np.bincount(outputs[gates.kinds == AND] >> 1, minlength=variables)
    defined = np.bincount(outputs >> 1, minlength=variables) > 0
    free = np.flatnonzero(~defined)
    queue = np.zeros(variables, np.int32)
    queue[: free.size] = free
    queued = ~defined
    progress = np.zeros(PROGRESS, np.int64)
    progress[TAIL] = free.size
    waiting = sizes.copy()
    while not kernels.order_gates(outputs, waiting, starts, uses, strong, queue, queued, progress, EFFORT):
        check()
    return queue[free.size :], bool(progress[CYCLES])


def _spread() -> NDArray[np.uint8]:
    """Tabulate how a truth table looks over more leaves, uint8 (8, 256): see turbosat.core.gates."""
    result = np.zeros((8, 256), np.uint8)
    tables = np.arange(256)
    for mask in range(8):
        places = [j for j in range(LEAVES) if mask >> j & 1]
        for i in range(8):
            index = sum((i >> place & 1) << j for j, place in enumerate(places))
            result[mask] |= ((tables >> index & 1) << i).astype(np.uint8)
    return result
