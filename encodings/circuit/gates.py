"""Gates of other kinds in an and-inverter graph: multiplexers, XORs, and conjunctions of many inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.circuits import circuit as kernels
from turbosat.core.circuits.circuit import AND, BOTH, MUX, NEGATIVE, POSITIVE
from turbosat.encodings.circuit.aig import Aig, Literals
from turbosat.encodings.circuit.cone import cone
from turbosat.encodings.propagation import blocks, transpose

BLOCK: Final = 1 << 16  # gates between two calls of `check`


@dataclass(frozen=True, slots=True)
class Recognised:
    """What roots are made of, gate by gate; variables rise, inputs are literals of the graph.

    For kind AND a gate is the conjunction of two inputs or more; for MUX the inputs are c, t, e and the gate
    is c ? t : e. An XOR of a and b is a MUX of a, -b, b. `needs` says of all variables of the graph whether
    roots depend on them by these gates, and in which directions: POSITIVE where it matters that they are not
    true without their function being so, NEGATIVE for the reverse, BOTH; 0 for others.
    """

    outputs: NDArray[np.int32]  # (gates,) variables
    kinds: NDArray[np.uint8]  # (gates,)
    inputs: Literals  # (flat,)
    offsets: NDArray[np.int64]  # (gates + 1,), gate i has inputs[offsets[i] : offsets[i + 1]]
    needs: NDArray[np.uint8]  # (1 + variables,)

    def xors(self) -> NDArray[np.bool_]:
        """Return which gates are XORs, (gates,) bool."""
        first = np.where(self.kinds == MUX, self.offsets[:-1], 0)
        found: NDArray[np.bool_] = np.asarray(self.kinds == MUX)
        found[found] = self.inputs[first[found] + 1] == self.inputs[first[found] + 2] ^ 1
        return found


def recognise(
    aig: Aig,
    roots: Literals,
    *,
    directed: bool = False,
    composed: bool = True,
    check: Callable[[], None] = lambda: None,
) -> Recognised:
    """Find the gates that roots are made of.

    A MUX is two negated gates with opposite operands below a third one; it is taken where it saves one of
    the two. A gate that is used once, by another conjunction and not negated, is part of that one. Without
    `composed`, all are conjunctions of two. With `directed` roots must be true only, so that they and what is
    below are needed in some directions only; else in both (D. Plaisted and S. Greenbaum, "A
    structure-preserving clause form translation", J. Symb. Comput. 2, 1986).
    """
    roots = np.asarray(roots, np.int32).reshape(-1)
    marked = cone(aig.ands, aig.first_and, roots, check)
    gates = np.flatnonzero(marked[aig.first_and :])  # (gates,) rows of aig.ands
    if composed:
        outputs, kinds, inputs, offsets = _composed(aig, gates, roots, check)
    else:
        outputs = (gates + aig.first_and).astype(np.int32)
        kinds = np.full(outputs.size, AND, np.uint8)
        inputs, offsets = aig.ands[gates].ravel(), 2 * np.arange(outputs.size + 1)
    needs = np.zeros(1 + aig.variables, np.uint8)
    for sign, need in enumerate((POSITIVE, NEGATIVE)):
        needs[roots[roots & 1 == sign] >> 1] |= need if directed else BOTH
    for first, last in blocks(outputs.size, BLOCK, check):
        size = outputs.size
        kernels.spread_needs(outputs, kinds, offsets, inputs, needs, size - first, size - last)
    kept = needs[outputs] > 0
    if not kept.all():
        inputs = inputs[np.repeat(kept, np.diff(offsets))]
        offsets = np.append(0, np.cumsum(np.diff(offsets)[kept]))
        outputs, kinds = outputs[kept], kinds[kept]
    return Recognised(outputs, kinds, inputs, offsets, needs)


def _composed(
    aig: Aig, gates: NDArray[np.int64], roots: Literals, check: Callable[[], None]
) -> tuple[NDArray[np.int32], NDArray[np.uint8], Literals, NDArray[np.int64]]:
    """Return outputs, kinds, inputs and offsets of all gates that are not part of others."""
    variables = gates + aig.first_and  # (gates,)
    operands = aig.ands[gates]  # (gates, 2)
    below = operands >> 1
    uses = np.bincount(below.ravel(), minlength=1 + aig.variables)
    uses += np.bincount(roots >> 1, minlength=1 + aig.variables)
    check()
    found, parts = _multiplexers(aig, operands, uses)
    check()
    is_mux = np.zeros(1 + aig.variables, np.bool_)
    is_mux[variables[found]] = True
    user = np.zeros(1 + aig.variables, np.int64)
    user[below] = variables[:, None]
    # What only a multiplexer has hidden is never needed; what multiplexers use must be there.
    hidden = (uses == 1) & is_mux[user]
    part = np.zeros(1 + aig.variables, np.bool_)
    positive = below[operands & 1 == 0]
    part[positive] = True
    part &= (uses == 1) & ~is_mux & ~hidden & ~is_mux[user] & ~hidden[user]
    part[: aig.first_and] = False
    part[roots >> 1] = False
    part[parts >> 1] = False
    whole = np.arange(1 + aig.variables)
    whole[part] = user[part]
    while True:
        check()
        further = whole[whole]
        if np.array_equal(further, whole):
            break
        whole = further
    plain = ~is_mux[variables]
    edges, owners = operands[plain].ravel(), np.repeat(whole[variables[plain]], 2)
    outside = ~part[edges >> 1]
    edges, owners = edges[outside], owners[outside]
    for k in range(3):
        edges, owners = np.append(edges, parts[:, k]), np.append(owners, variables[found])
    ends = np.arange(edges.size + 1)
    starts, order = transpose(owners.astype(np.int32), ends, 1 + aig.variables, check)
    outputs = variables[~part[variables]]
    lengths = np.diff(starts)[outputs]
    kinds = np.where(is_mux[outputs], MUX, AND).astype(np.uint8)
    return outputs.astype(np.int32), kinds, edges[order], np.append(0, np.cumsum(lengths))


def _multiplexers(
    aig: Aig, operands: NDArray[np.int32], uses: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Literals]:
    """Return which rows of operands (gates, 2) are multiplexers, and c, t, e of each (found, 3)."""
    below = operands >> 1
    maybe = np.flatnonzero((operands & 1).all(axis=1) & (below >= aig.first_and).all(axis=1))
    maybe = maybe[(uses[below[maybe]] == 1).any(axis=1)]
    p, q = (aig.ands[below[maybe, side] - aig.first_and] for side in range(2))  # (maybe, 2) each
    parts = np.full((maybe.size, 3), -1, np.int32)
    for i in range(2):
        for j in range(2):
            fits = np.flatnonzero((p[:, i] == q[:, j] ^ 1) & (parts[:, 0] < 0))
            parts[fits] = np.column_stack([p[fits, i], p[fits, 1 - i] ^ 1, q[fits, 1 - j] ^ 1])
    good = parts[:, 0] >= 0
    return maybe[good], parts[good]
