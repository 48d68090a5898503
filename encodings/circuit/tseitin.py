"""Clauses that define the gates of a graph, in both directions (Tseitin) or some (Plaisted and Greenbaum)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.core.circuits.circuit import AND, MUX, NEGATIVE, POSITIVE
from turbosat.encodings.circuit.aig import Aig, Literals
from turbosat.encodings.circuit.gates import Recognised, recognise
from turbosat.errors import UsageError
from turbosat.formula.formula import Formula
from turbosat.validation import MAX_VARIABLE

Flat = tuple[NDArray[np.int32], NDArray[np.int64]]  # literals (literals,) and lengths (clauses,)


@dataclass(frozen=True, slots=True)
class Encoding:
    """Definitions as clauses: no root is asserted.

    `names` holds a DIMACS variable for each variable of the graph, or 0 for what is not encoded; a constant
    that is needed is a variable of its own, fixed by a clause.
    """

    literals: NDArray[np.int32]  # (literals,), as in a Formula
    offsets: NDArray[np.int64]  # (clauses + 1,)
    variables: int  # the largest in use, or first - 1
    names: NDArray[np.int32]  # (1 + variables of the graph,)

    def of(self, literals: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the DIMACS literals of literals of the graph, any shape; 0 where they are not encoded."""
        given = np.asarray(literals, np.int32)
        return np.asarray(self.names[given >> 1] * (1 - 2 * (given & 1)))

    def formula(self, asserted: Literals) -> Formula:
        """Return the clauses, and a unit for each of these literals of the graph, which are encoded."""
        units = self.of(np.asarray(asserted, np.int32).reshape(-1))
        if not units.all():
            raise UsageError("expected literals that are encoded, found another")
        ends = self.offsets[-1] + 1 + np.arange(units.size)
        return Formula(np.append(self.literals, units), np.append(self.offsets, ends), self.variables)


def encode(
    aig: Aig,
    roots: Literals,
    *,
    polarity: bool = False,
    composed: bool = True,
    first: int = 1,
    check: Callable[[], None] = lambda: None,
) -> Encoding:
    """Encode what roots are made of; DIMACS variables are numbered from `first`, in the graph's order.

    Each assignment of inputs and latches has exactly one extension to the clauses' variables, and there
    encoded variables have the graph's values (G. Tseitin, "On the complexity of derivation in propositional
    calculus", 1968). With `polarity`, which is for roots that are then asserted, only the clauses that these
    need (Plaisted and Greenbaum 1986): where the roots are asserted, the clauses can be satisfied by just the
    inputs that make all of them true, but other variables need not have their values. `composed` is for
    recognise. UsageError where there are too many variables.
    """
    found = recognise(aig, roots, directed=polarity, composed=composed, check=check)
    needed = np.flatnonzero(found.needs)
    last = first + needed.size - 1
    if last > MAX_VARIABLE:
        raise UsageError(f"expected at most {MAX_VARIABLE} variables, found {last}")
    names = np.zeros(1 + aig.variables, np.int32)
    names[needed] = np.arange(first, last + 1)
    check()
    inputs = names[found.inputs >> 1] * (1 - 2 * (found.inputs & 1))
    parts = [_conjunctions(found, names, inputs), _multiplexers(found, names, inputs)]
    if names[0]:
        parts.append((-names[:1], np.ones(1, np.int64)))
    check()
    literals, lengths = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Encoding(literals, np.append(0, np.cumsum(lengths)), last, names)


def _conjunctions(found: Recognised, names: NDArray[np.int32], inputs: NDArray[np.int32]) -> Flat:
    """Encode g = x1 & ... & xk: (-g xi) in the positive direction, (g -x1 ... -xk) in the other."""
    sizes = np.diff(found.offsets)
    is_and, needs = found.kinds == AND, found.needs[found.outputs]
    outputs = names[found.outputs]
    each = np.repeat(is_and & (needs & POSITIVE > 0), sizes)
    pairs = np.column_stack([-np.repeat(outputs, sizes)[each], inputs[each]])  # (clauses, 2)
    long = is_and & (needs & NEGATIVE > 0)
    lengths = sizes[long] + 1
    ends = np.cumsum(lengths)
    heads = np.zeros(int(lengths.sum()), np.bool_)
    heads[ends - lengths] = True
    flat = np.empty(heads.size, np.int32)
    flat[heads] = outputs[long]
    flat[~heads] = -inputs[np.repeat(long, sizes)]
    return np.append(pairs.ravel(), flat), np.append(np.full(len(pairs), 2), lengths)


def _multiplexers(found: Recognised, names: NDArray[np.int32], inputs: NDArray[np.int32]) -> Flat:
    """Encode g = c ? t : e: (-g -c t) (-g c e) in the positive direction, (g -c -t) (g c -e) in the other."""
    mux = np.flatnonzero(found.kinds == MUX)
    needs, g = found.needs[found.outputs[mux]], names[found.outputs[mux]]
    c, t, e = (inputs[found.offsets[mux] + k] for k in range(3))
    rows = [np.zeros((0, 3), np.int32)]
    for need, sign in ((POSITIVE, -1), (NEGATIVE, 1)):
        taken = needs & need > 0
        columns = [sign * g, -c, -sign * t, sign * g, c, -sign * e]
        rows.append(np.column_stack([column[taken] for column in columns]).reshape(-1, 3))
    table = np.concatenate(rows)
    return table.ravel(), np.full(len(table), 3)
