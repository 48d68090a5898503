"""What a sweep of a formula's own circuit says of its variables, and the formula with equal ones replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.circuit.aig import FALSE, TRUE, Aig
from turbosat.encodings.circuit.recovery import Circuit
from turbosat.encodings.propagation import literal_codes, signed_literals, tidied
from turbosat.formula.clauses import Clauses
from turbosat.formula.formula import Formula
from turbosat.formula.rows import repeats, sorted_rows


def goals(formula: Formula, circuit: Circuit) -> list[NDArray[np.int32]]:
    """Return the constraints as clauses of the graph's literals."""
    ends = formula.offsets[1:][circuit.constraints].tolist()
    starts = formula.offsets[:-1][circuit.constraints].tolist()
    codes = literal_codes(formula.literals)
    graph = circuit.literals[codes >> 1] ^ (codes & 1)
    return [graph[start:end] for start, end in zip(starts, ends, strict=True)]


def conjoined(aig: Aig, clauses: Sequence[NDArray[np.int32]]) -> tuple[Aig, NDArray[np.int32], int]:
    """Return the graph with a gate for each clause (clauses,) of its literals, and one for all of them.

    What the clauses only say together is that the last gate is false: one more thing for a sweep to ask.
    """
    sizes = np.array([len(clause) for clause in clauses], np.int64)
    flat = np.concatenate([np.zeros(0, np.int32), *clauses]) ^ 1
    ands = [aig.ands]
    first = 1 + aig.variables
    negated, first = _conjunctions(flat, np.repeat(np.arange(sizes.size), sizes), sizes.size, first, ands)
    each = negated ^ 1
    root, _ = _conjunctions(each, np.zeros(each.size, np.int64), 1, first, ands)
    return replace(aig, ands=np.concatenate(ands)), each, int(root[0])


def _conjunctions(
    literals: NDArray[np.int32],
    group: NDArray[np.int64],
    groups: int,
    first: int,
    ands: list[NDArray[np.int32]],
) -> tuple[NDArray[np.int32], int]:
    """Conjoin the literals of each group (literals,), which rises, by gates numbered from `first`.

    Return the literal of each group (groups,) and the next number.
    """
    false = np.bincount(group[literals == FALSE], minlength=groups) > 0
    kept = np.where(false[group], literals == FALSE, literals != TRUE)  # gates have no constants for operands
    literals, group = literals[kept], group[kept]
    alone = ~false[group] | np.append(True, group[1:] != group[:-1])[: group.size]
    literals, group = literals[alone], group[alone]
    while True:
        starts = np.searchsorted(group, np.arange(groups))
        place = np.arange(group.size) - starts[group]
        odd = np.flatnonzero(place % 2)
        if not odd.size:
            result = np.full(groups, TRUE, np.int32)
            result[group] = literals
            return result, first
        pairs = np.sort(np.stack([literals[odd - 1], literals[odd]], axis=1), axis=1)[:, ::-1]
        ands.append(np.ascontiguousarray(pairs))
        literals = literals.copy()
        literals[odd - 1] = 2 * np.arange(first, first + odd.size)
        first += odd.size
        kept = place % 2 == 0
        literals, group = literals[kept], group[kept]


def representatives(circuit: Circuit, merged: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the literal that each variable is equal to, codes from 0 (variables,); −1 and −2: true, false.

    merged (1 + graph's variables,) are the graph's literals that are equal to its variables. The first
    variable of a class stands for all of it; a free one (see Circuit) stands for itself.
    """
    codes = own_codes(circuit.literals.size)
    bound = np.flatnonzero(~circuit.free)
    mine = circuit.literals[bound]
    literals = merged[mine >> 1] ^ (mine & 1)
    nodes = literals >> 1
    _, first, inverse = np.unique(nodes, return_index=True, return_inverse=True)
    found = first[inverse]
    codes[bound] = 2 * bound[found] + ((literals ^ literals[found]) & 1)
    fixed = nodes == 0
    codes[bound[fixed]] = np.where(literals[fixed] == TRUE, -1, -2)
    return codes


def own_codes(variables: int) -> NDArray[np.int32]:
    """Return the codes (variables,) of which each variable stands for itself."""
    return np.arange(0, 2 * variables, 2, dtype=np.int32)


def facts(codes: NDArray[np.int32]) -> Clauses:
    """Return what representatives say as clauses: units, and two binary ones for each variable replaced."""
    variables = np.arange(1, codes.size + 1, dtype=np.int32)
    units = np.where(codes == -1, variables, -variables)[codes < 0]
    replaced = (codes >= 0) & (codes >> 1 != variables - 1)
    others = (codes[replaced] >> 1) + 1
    others = np.where(codes[replaced] & 1, -others, others)
    mine = variables[replaced]
    pairs = np.concatenate([np.stack([mine, -others], axis=1), np.stack([-mine, others], axis=1)])
    flat = np.concatenate([units, pairs.ravel()]).astype(np.int32)
    sizes = np.repeat([1, 2], [units.size, len(pairs)])
    return Clauses(flat, np.append(0, np.cumsum(sizes)))


def merged_formula(
    formula: Formula, codes: NDArray[np.int32], check: Callable[[], None] = lambda: None
) -> Formula:
    """Return an equivalent formula in which the first variable of each class stands for all of it.

    Clauses that are true or there twice are left out, and what `facts` says is added.
    """
    old = literal_codes(formula.literals)
    new = codes[old >> 1]
    fixed = new < 0
    new = np.where(fixed, new, new ^ (old & 1))
    true = fixed & ((new == -1) != (old & 1).astype(np.bool_))
    row = np.repeat(np.arange(formula.clauses), np.diff(formula.offsets))
    satisfied = np.bincount(row[true], minlength=formula.clauses) > 0
    kept = ~fixed & ~satisfied[row]
    check()
    literals = signed_literals(new[kept])
    sizes = np.bincount(row[kept], minlength=formula.clauses)[~satisfied]
    tidy, offsets = tidied(literals, np.append(0, np.cumsum(sizes)), formula.variables, check=check)
    rows = sorted_rows(tidy, offsets)
    fresh = ~repeats(rows, offsets, np.zeros(offsets.size - 1, np.int64))
    sizes = np.diff(offsets)
    flat = tidy[np.repeat(fresh, sizes)]
    known = facts(codes)
    return Formula(
        np.concatenate([signed_literals(flat), known.literals]),
        np.append(0, np.cumsum(np.concatenate([sizes[fresh], np.diff(known.offsets)]))),
        formula.variables,
        formula.xors,
    )
