"""Optima from the literature: RC2 and CPMpy find on turbosat what they find on their own solvers.

All are made from their definitions: DIMACS's graphs of Hamming and Johnson codes, queens' domination, and
the Steiner triples of MIPLIB.
"""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from pysat.examples.rc2 import RC2, RC2Stratified
from pysat.formula import WCNF

from turbosat.pysat import register

register()


def clique(words: list[int], distance: int) -> WCNF:
    """Return the largest code as MaxSAT: words nearer than the distance exclude each other."""
    formula = WCNF()
    for (a, first), (b, second) in itertools.combinations(enumerate(words, 1), 2):
        if (first ^ second).bit_count() < distance:
            formula.append([-a, -b])
    for a in range(1, len(words) + 1):
        formula.append([a], weight=1)
    return formula


def queens(size: int) -> WCNF:
    """Return the fewest queens that attack, or stand on, every square."""
    squares = list(itertools.product(range(size), repeat=2))
    formula = WCNF()
    for row, column in squares:
        attacked = [
            number
            for number, (r, c) in enumerate(squares, 1)
            if r == row or c == column or abs(r - row) == abs(c - column)
        ]
        formula.append(attacked)
    for number in range(1, len(squares) + 1):
        formula.append([-number], weight=1)
    return formula


def weight(bits: int, ones: int) -> list[int]:
    return [word for word in range(1 << bits) if word.bit_count() == ones]


@pytest.mark.parametrize(
    ("formula", "cost"),
    [
        (clique(weight(8, 2), 4), 28 - 4),  # johnson8-2-4
        (clique(list(range(64)), 4), 64 - 4),  # hamming6-4
        (queens(7), 4),
    ],
    ids=["johnson8-2-4", "hamming6-4", "queens-7"],
)
@pytest.mark.parametrize("tool", [RC2, RC2Stratified])
def test_rc2_finds_the_same_optimum(tool: Any, formula: WCNF, cost: int) -> None:
    found = []
    for solver in ("g3", "turbosat"):  # g3 is its default
        with tool(formula, solver=solver) as rc2:
            model = set(rc2.compute())
            assert all(model & set(clause) for clause in formula.hard)
            found.append(rc2.cost)
    assert found == [cost, cost]


def dominating_queens(cp: Any) -> Any:
    size = 6
    board = cp.boolvar(shape=(size, size))
    squares = list(itertools.product(range(size), repeat=2))
    attacked = [
        cp.any(
            [board[r, c] for r, c in squares if r == row or c == column or abs(r - row) == abs(c - column)]
        )
        for row, column in squares
    ]
    return cp.Model(attacked, minimize=cp.sum(board))


def largest_code(cp: Any) -> Any:
    chosen = cp.boolvar(shape=64)
    near = [
        ~(chosen[a] & chosen[b]) for a, b in itertools.combinations(range(64), 2) if (a ^ b).bit_count() < 4
    ]
    return cp.Model(near, maximize=cp.sum(chosen))


def covered_triples(cp: Any) -> Any:
    """Fulkerson, Nemhauser and Trotter's Steiner triples of order 9: the lines of the plane over GF(3)."""
    points = list(itertools.product(range(3), repeat=2))
    lines = [
        trio
        for trio in itertools.combinations(range(9), 3)
        if all(sum(points[at][axis] for at in trio) % 3 == 0 for axis in range(2))
    ]
    chosen = cp.boolvar(shape=9)
    return cp.Model([cp.any([chosen[at] for at in line]) for line in lines], minimize=cp.sum(chosen))


CASES = pytest.mark.parametrize(
    ("build", "optimum"),
    [(dominating_queens, 3), (largest_code, 4), (covered_triples, 5)],
    ids=["queens-6", "hamming6-4", "stein9"],
)


@CASES
def test_cpmpy_finds_the_same_optimum(build: Callable[[Any], Any], optimum: int) -> None:
    cp = pytest.importorskip("cpmpy")
    for solver in (None, "rc2:turbosat"):  # None is its default, OR-Tools
        model = build(cp)
        assert model.solve(solver=solver, time_limit=600)
        assert model.objective_value() == optimum
        assert model.status().exitstatus.name == "OPTIMAL"


@CASES
def test_cpmpy_decides_about_optima(build: Callable[[Any], Any], optimum: int) -> None:
    cp = pytest.importorskip("cpmpy")
    for better in (False, True):
        model = build(cp)
        objective, sign = model.objective_, 1 if model.objective_is_min else -1
        asked = cp.Model(model.constraints, sign * objective <= sign * optimum - better)
        assert asked.solve(solver="pysat:turbosat", time_limit=600) is not better
