"""The tours lane: a child that finds a cycle and a model with it, or ends; never more than that."""

import random
import time
from itertools import combinations, count, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical153

from tests.encodings.tour_formulas import PLACES, one_way, tour_formula, two_way
from tests.families import pigeonhole
from tests.lanes.tasks import answered
from turbosat import Formula, Status
from turbosat.cdcl.engines.engine import Answer
from turbosat.formula.xors import Xors
from turbosat.lanes import tours as module
from turbosat.lanes import tours_worker as worker
from turbosat.lanes.tours import ToursSearch, promising
from turbosat.lanes.tours_worker import solved


def searched(formula: Formula) -> tuple[ToursSearch, Answer]:
    """Return the engine and its answer."""
    engine = ToursSearch()
    return engine, answered(engine, formula)


@pytest.mark.parametrize("places", sorted(PLACES))
def test_a_model_is_found(places: str) -> None:
    formula = tour_formula(60, two_way(60, 40, 1), places, 1).formula
    engine, answer = searched(formula)
    assert answer.status is Status.SATISFIABLE
    assert answer.values is not None
    assert formula.satisfied(answer.values)
    assert engine.figures["vertices"] <= 60
    assert engine.figures["refused"] == 0
    assert promising(formula)


def test_a_formula_without_a_circuit_is_left_alone() -> None:
    engine, answer = searched(Formula.from_clauses(pigeonhole(7, 6)[1]))
    assert answer == Answer(Status.UNKNOWN)
    assert engine.figures == {}


def restricted(vertices: int, places: str, seed: int, *, both: bool) -> Formula:
    """Return the formula of a sparse graph in which three pairs of arcs may not be in one cycle."""
    arcs = (two_way if both else one_way)(vertices, 4 + seed % 9, seed)
    pairs = np.random.default_rng(seed).integers(1, len(arcs) + 1, (3, 2)).tolist()
    return tour_formula(vertices, arcs, places, seed, more=[[-a, -b] for a, b in pairs]).formula


@settings(max_examples=40, deadline=None)
@given(st.integers(10, 24), st.sampled_from(sorted(PLACES)), st.integers(0, 10**6), st.booleans())
def test_models_are_models(vertices: int, places: str, seed: int, both: bool) -> None:
    formula = restricted(vertices, places, seed, both=both)
    values = solved(formula, seconds=2.0)
    assert values is None or formula.satisfied(values)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("places", sorted(PLACES))
def test_models_are_found_where_there_are_some(places: str, both: bool) -> None:
    missed = 0
    for seed in range(10):
        formula = restricted(12 + seed, places, seed, both=both)
        if solved(formula, seconds=2.0) is None:
            with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
                missed += bool(solver.solve())
    assert missed <= 1


@pytest.mark.parametrize("places", ["binary", "one_hot"])
def test_all_cycles_may_be_refused(places: str) -> None:
    arcs = two_way(40, 60, 2)
    plain, barred = (tour_formula(40, arcs, places, 2, barred=each) for each in (False, True))
    assert searched(plain.formula)[1].status is Status.SATISFIABLE
    engine, answer = searched(barred.formula)
    assert answer == Answer(Status.UNKNOWN)
    assert engine.figures["refused"] == worker.REFUSALS


def test_effort_is_bounded() -> None:
    # Two halves joined at one vertex have covers by cycles, and no cycle.
    half = two_way(150, 100, 5)
    arcs = sorted({*half, *((a and a + 149, b and b + 149) for a, b in half)})
    formula = tour_formula(299, arcs, "binary", 5).formula
    began = time.process_time()
    assert solved(formula, seconds=2.0) is None
    assert time.process_time() - began < 12


def test_only_what_may_have_a_circuit_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    formula = tour_formula(20, two_way(20, 14, 2), "binary", 2).formula
    assert promising(formula)
    with_xors = Formula(formula.literals, formula.offsets, formula.variables, Xors.from_rows([[1, 2, 3]]))
    assert not promising(with_xors)
    assert not promising(Formula.from_clauses([], 5))
    monkeypatch.setattr(module, "LARGEST", formula.literals.size - 1)
    assert not promising(formula)


def test_a_large_formula_is_looked_at_by_the_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    pigeons = Formula.from_clauses(pigeonhole(7, 6)[1])
    assert not promising(pigeons)
    monkeypatch.setattr(module, "LARGE", pigeons.literals.size - 1)
    monkeypatch.setattr(worker, "LARGE", pigeons.literals.size - 1)
    assert promising(pigeons)
    assert solved(pigeons) is None
    assert solved(tour_formula(30, two_way(30, 14, 2), "binary", 2).formula) is not None


def block(first: int, size: int, seed: int) -> tuple[list[int], set[tuple[int, int]]]:
    """Return the vertices of a connected graph in the order of a path, and its arcs, both ways."""
    dice = random.Random(seed)
    row = list(range(first, first + size))
    dice.shuffle(row)
    edges = set(pairwise(row))
    while len(edges) < 2 * size:
        one, other = dice.sample(row, 2)
        if (other, one) not in edges:
            edges.add((one, other))
    return row, {pair for one, other in edges for pair in ((one, other), (other, one))}


def test_cycles_that_go_wrong_ways_only_end_at_the_limit() -> None:
    size = 12
    (row, arcs), (after, others) = block(0, size, 1), block(size, size, 2)
    arcs |= others | {(row[0], after[0]), (row[-1], after[-1])}  # both lead to the second block
    one, other = row[5], row[6]
    arcs -= {(one, other), (other, one)}
    arcs |= {(one, 2 * size), (2 * size, other)}  # a street of one way in the first
    formula = tour_formula(2 * size + 1, sorted(arcs), "binary", 0).formula
    told: list[dict[str, object]] = []
    assert solved(formula, told.append, seconds=1.0) is None
    assert len(told) == 1


def test_long_chains_of_sets_are_no_circuit() -> None:
    names = count(1)
    clauses: list[list[int]] = []

    def exactly_one(*literals: int) -> None:
        clauses.append(list(literals))
        clauses.extend([-one, -other] for one, other in combinations(literals, 2))

    for _ in range(9):
        head = [next(names) for _ in range(3)]
        exactly_one(*head)
        for literal in head:
            for _ in range(200):
                exactly_one(literal, literal := next(names))
    assert solved(Formula.from_clauses(clauses)) is None
