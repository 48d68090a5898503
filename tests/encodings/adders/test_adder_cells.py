"""Adders found in clauses: what is found adds, and nothing of its kind is missed."""

import itertools
import random

import numpy as np
from hypothesis import given, settings
from pysat.solvers import Cadical153

from tests.encodings.adders.adder_formulas import (
    adder,
    half,
    majority,
    parity,
    renamed,
    soups,
    word_sums,
)
from turbosat.encodings.adders.cells import NONE, Cells, find_cells
from turbosat.encodings.clause_sets import clause_sets
from turbosat.encodings.gates.recovery import SHORT
from turbosat.formula.formula import Formula


def cells_of(formula: Formula) -> Cells:
    return find_cells(clause_sets(formula, SHORT, settled=False))


def literal(code: int) -> int:
    return -(code >> 1) - 1 if code & 1 else (code >> 1) + 1


def follows(formula: Formula, clauses: list[list[int]]) -> bool:
    """Whether each clause follows from the formula."""
    with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
        return not any(solver.solve([-literal for literal in clause]) for clause in clauses)


def check(formula: Formula, cells: Cells) -> None:
    lists = cells.inputs.tolist(), cells.sums.tolist(), cells.carries.tolist()
    for row, *outputs in zip(*lists, strict=True):
        inputs = [literal(code) for code in row if code != NONE]
        total, carry = map(literal, outputs)
        assert len({abs(each) for each in (*inputs, total, carry)}) == len(inputs) + 2
        assert follows(formula, adder(inputs, total, carry))
    for row in cells.merges.tolist():
        x, y, both, passed = map(literal, row)
        assert follows(formula, [[-x, -y], [-x, both], [-y, both], [x, y, -both]])
        assert follows(formula, [[passed, -x], [-passed, -y]]) or follows(
            formula, [[passed, -y], [-passed, -x]]
        )
    for row, side in zip(cells.parities.tolist(), cells.sides.tolist(), strict=True):
        literals = [literal(2 * variable) for variable in row if variable != NONE]
        assert follows(formula, parity([-literals[0] if side else literals[0], *literals[1:]]))


@settings(max_examples=150, deadline=None)
@given(soups())
def test_what_is_found_adds(formula: Formula) -> None:
    check(formula, cells_of(formula))


@settings(max_examples=40, deadline=None)
@given(word_sums())
def test_what_is_found_in_sums_adds(case: tuple[Formula, int]) -> None:
    check(case[0], cells_of(case[0]))


def sought(formula: Formula) -> tuple[set[tuple[int, ...]], set[tuple[int, ...]]]:
    """Return the variables of all parities, and of those with a majority of three, by trying all."""
    clauses = {frozenset(each) for each in formula}
    every: set[tuple[int, ...]] = set()
    adding: set[tuple[int, ...]] = set()
    for four in itertools.combinations(range(1, formula.variables + 1), 4):
        for side in (1, -1):
            if {frozenset(c) for c in parity([side * four[0], *four[1:]])} <= clauses:
                every.add(four)
    for variables in every:
        for inputs in itertools.combinations(variables, 3):
            for signs in itertools.product((1, -1), repeat=3):
                x, y, z = (sign * variable for sign, variable in zip(signs, inputs, strict=True))
                for m in set(range(1, formula.variables + 1)) - set(variables):
                    if {frozenset(c) for c in majority(x, y, z, m)} <= clauses:
                        adding.add(variables)
    return every, adding


@settings(max_examples=80, deadline=None)
@given(soups())
def test_a_parity_with_a_majority_is_a_full_adder(formula: Formula) -> None:
    cells = cells_of(formula)
    every, adding = sought(formula)
    full = cells.inputs[:, 2] != NONE
    variables = np.column_stack([cells.inputs[full], cells.sums[full]]) >> 1
    found = {tuple(sorted(variable + 1 for variable in row)) for row in variables.tolist()}
    others = {tuple(variable + 1 for variable in row) for row in cells.parities.tolist() if row[3] != NONE}
    assert found | others == every
    assert not found & others
    # Three literals of which not all are equal in more than one way are left alone.
    assert found <= adding if ambiguous(formula) else found == adding


def ambiguous(formula: Formula) -> bool:
    """Whether some three variables have more than two clauses that are no parity."""
    table: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for each in formula:
        if len(each) == 3:
            table.setdefault(tuple(sorted(abs(l) for l in each)), set()).add(tuple(sorted(each)))
    return any(len(found) > 2 for found in table.values())


def test_a_full_adder_of_two_half_adders_is_known() -> None:
    # x, y, c, one, total, first, second, carry
    clauses = [*half(1, 2, 4, 6), *half(4, 3, 5, 7), [-6, 8], [-7, 8], [6, 7, -8]]
    for seed in range(20):
        cells = cells_of(renamed(8, clauses, random.Random(seed)))
        assert (len(cells), len(cells.merges), len(cells.parities)) == (2, 1, 0)
    apart = [*half(1, 2, 4, 6), *half(9, 3, 5, 7), [-6, 8], [-7, 8], [6, 7, -8]]
    assert not len(cells_of(renamed(9, apart, random.Random(0))).merges)


def test_clauses_without_adders() -> None:
    cells = cells_of(Formula.from_clauses([[1, 2], [-1, 3, 4]]))
    assert (len(cells), len(cells.merges), len(cells.parities)) == (0, 0, 0)
    assert cells.inputs.shape == (0, 3)
    assert cells.parities.dtype == np.int32
