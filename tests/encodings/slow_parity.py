"""Slow references for the recovery of XORs and gates: unit propagation, spans, sign patterns one by one."""

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors

Clause = tuple[int, ...]


def propagated(clauses: Iterable[Iterable[int]], assumed: Iterable[int] = ()) -> set[int] | None:
    """Return the literals that unit propagation makes true, None if it ends in a conflict."""
    true = set(assumed)
    pending = [set(clause) for clause in clauses]
    if any(-literal in true for literal in true):
        return None
    changed = True
    while changed:
        changed = False
        for clause in pending:
            if clause & true:
                continue
            left = {literal for literal in clause if -literal not in true}
            if not left:
                return None
            if len(left) == 1:
                true |= left
                changed = True
    return true


def follows(formula: Formula, clause: Iterable[int]) -> bool:
    """Tell whether a clause follows from the formula by reverse unit propagation."""
    return propagated(formula, [-literal for literal in clause]) is None


def xor_clauses(variables: tuple[int, ...], parity: bool) -> list[Clause]:
    """Return the 2**(k-1) clauses of an XOR: one for each assignment that it forbids."""
    return [
        tuple(-v if value else v for v, value in zip(variables, values, strict=True))
        for values in itertools.product((False, True), repeat=len(variables))
        if sum(values) % 2 != parity
    ]


def left_over(formula: Formula) -> tuple[set[int], set[frozenset[int]]] | None:
    """Return the units and the clauses left after unit propagation with tautologies gone; None: conflict."""
    units = [row[0] * (1 if parity else -1) for row, parity in formula.xors if len(row) == 1]
    clauses = [set(clause) for clause in formula if not any(-literal in clause for literal in clause)]
    true = propagated(clauses, units)
    if true is None:
        return None
    rest = {frozenset(x for x in clause if -x not in true) for clause in clauses if not clause & true}
    return true, rest


def patterned(clauses: set[frozenset[int]], longest: int) -> set[tuple[tuple[int, ...], bool]]:
    """Return the XORs of two or more variables all of whose clauses are there or have a part there."""
    result = set()
    for clause in clauses:
        variables = tuple(sorted(abs(literal) for literal in clause))
        if 2 <= len(variables) <= longest:
            for parity in (False, True):
                wanted = [frozenset(each) for each in xor_clauses(variables, parity)]
                if clause in wanted and all(any(part <= each for part in clauses) for each in wanted):
                    result.add((variables, parity))
    return result


def spans(xors: Xors, row: Iterable[int], parity: bool) -> bool:
    """Tell whether some XORs sum up to a given one, or to 0 = 1."""
    basis: dict[int, int] = {}

    def reduced(vector: int) -> int:
        while vector and (pivot := vector.bit_length()) in basis:
            vector ^= basis[pivot]
        return vector

    def vector_of(variables: Iterable[int], side: bool) -> int:
        return sum(1 << variable for variable in variables) | side

    for variables, side in xors:
        vector = reduced(vector_of(variables, side))
        if vector:
            basis[vector.bit_length()] = vector
    return 1 in basis or not reduced(vector_of(row, parity))


def model_rows(formula: Formula) -> NDArray[np.bool_]:
    """Return all satisfying assignments, bool (models, variables)."""
    n = formula.variables
    every = (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(np.bool_)
    good = formula.satisfied(every)
    assert isinstance(good, np.ndarray)
    return every[good]
