"""Optima from the literature: RC2 and CPMpy find on turbosat what they find on their own solvers.

All are made from their definitions: DIMACS's graphs of Hamming and Johnson codes, queens' domination, the job
shop of Fisher and Thompson, Golomb rulers, and a knapsack of Burkardt's collection.
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


# Machine and minutes of each operation, job by job.
FT06 = """
    2 1  0 3  1 6  3 7  5 3  4 6
    1 8  2 5  4 10 5 10 0 10 3 4
    2 5  3 4  5 8  0 9  1 1  4 7
    1 5  0 5  2 5  3 3  4 8  5 9
    2 9  1 3  4 5  5 4  0 3  3 1
    1 3  3 3  5 9  0 10 4 4  2 1
"""
P07 = (
    750,
    [70, 73, 77, 80, 82, 87, 90, 94, 98, 106, 110, 113, 115, 118, 120],
    [135, 139, 149, 150, 156, 163, 173, 184, 192, 201, 210, 214, 221, 229, 240],
)


def job_shop(cp: Any) -> Any:
    horizon = 60
    jobs = [[*map(int, line.split())] for line in FT06.split("\n") if line.strip()]
    tasks: dict[int, list[tuple[Any, int]]] = {}
    end = cp.intvar(0, horizon)
    model = cp.Model()
    for job in jobs:
        ready: Any = 0
        for machine, minutes in zip(job[::2], job[1::2], strict=True):
            start = cp.intvar(0, horizon - minutes)
            model += start >= ready
            ready = start + minutes
            tasks.setdefault(machine, []).append((start, minutes))
        model += end >= ready
    for each in tasks.values():
        for (a, long), (b, other) in itertools.combinations(each, 2):
            model += (a + long <= b) | (b + other <= a)
    model.minimize(end)
    return model


def golomb(cp: Any) -> Any:
    marks = cp.intvar(0, 30, shape=6)
    distances = [marks[b] - marks[a] for a, b in itertools.combinations(range(6), 2)]
    rising = [marks[at] < marks[at + 1] for at in range(5)]
    return cp.Model(marks[0] == 0, rising, cp.AllDifferent(distances), minimize=marks[-1])


def knapsack(cp: Any) -> Any:
    room, weights, values = P07
    chosen = cp.boolvar(shape=len(weights))
    return cp.Model(cp.sum(weights * chosen) <= room, maximize=cp.sum(values * chosen))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "optimum"), [(job_shop, 55), (golomb, 17), (knapsack, 1458)], ids=["ft06", "golomb-6", "p07"]
)
def test_cpmpy_finds_the_same_optimum(build: Callable[[Any], Any], optimum: int) -> None:
    cp = pytest.importorskip("cpmpy")
    for solver in (None, "rc2:turbosat"):  # None is its default, OR-Tools
        model = build(cp)
        assert model.solve(solver=solver, time_limit=600)
        assert model.objective_value() == optimum
        assert model.status().exitstatus.name == "OPTIMAL"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "optimum"), [(job_shop, 55), (golomb, 17), (knapsack, 1458)], ids=["ft06", "golomb-6", "p07"]
)
def test_cpmpy_decides_about_optima(build: Callable[[Any], Any], optimum: int) -> None:
    cp = pytest.importorskip("cpmpy")
    for better in (False, True):
        model = build(cp)
        objective, sign = model.objective_, 1 if model.objective_is_min else -1
        asked = cp.Model(model.constraints, sign * objective <= sign * optimum - better)
        assert asked.solve(solver="pysat:turbosat", time_limit=600) is not better
