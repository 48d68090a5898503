"""Circuits recognised in clauses, in any encoding of the places of vertices, and only there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.tour_formulas import PLACES, TourFormula, one_way, tour_formula, two_way
from tests.families import pigeonhole, random_ksat
from turbosat.encodings.matrix import encode
from turbosat.encodings.propagation import literal_codes
from turbosat.encodings.tours import Tours, likely, recognise
from turbosat.formula.formula import Formula


def found(formula: Formula) -> Tours | None:
    """Return the graph that is recognised in what unit propagation leaves of a formula."""
    tours = recognise(encode(formula))
    quick = likely(literal_codes(formula.literals), formula.offsets, 2 * formula.variables)
    assert quick or tours is None
    return tours


def agrees(made: TourFormula, tours: Tours) -> bool:
    """Say whether the vertices are those of the graph, all arcs as they are or all turned round."""
    names = encode(made.formula).names
    literals = (names[tours.arcs >> 1] + 1) * (1 - 2 * (tours.arcs & 1))
    arcs = [made.arcs[each] for each in literals.tolist()]
    for first, second in ((tours.tails, tours.heads), (tours.heads, tours.tails)):
        pairs = {(own, true[0]) for own, true in zip(first.tolist(), arcs, strict=True)}
        pairs |= {(own, true[1]) for own, true in zip(second.tolist(), arcs, strict=True)}
        if (
            len(pairs)
            == tours.vertices
            == len({one for one, _ in pairs})
            == len({other for _, other in pairs})
        ):
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(st.integers(14, 40), st.sampled_from(sorted(PLACES)), st.booleans(), st.integers(0, 10**6))
def test_two_way_graphs_are_recognised(vertices: int, places: str, counters: bool, seed: int) -> None:
    arcs = two_way(vertices, vertices, seed)
    made = tour_formula(vertices, arcs, places, seed, counters=counters)
    tours = found(made.formula)
    assert tours is not None
    assert tours.vertices == vertices
    assert agrees(made, tours)


@settings(max_examples=40, deadline=None)
@given(st.integers(14, 40), st.sampled_from(sorted(PLACES)), st.integers(0, 10**6))
def test_one_way_graphs_are_recognised(vertices: int, places: str, seed: int) -> None:
    made = tour_formula(vertices, one_way(vertices, 4 * vertices, seed), places, seed)
    tours = found(made.formula)
    assert tours is not None
    assert tours.vertices < vertices or agrees(made, tours)  # arcs that must be taken make two vertices one


def test_graphs_without_odd_cycles_are_recognised() -> None:
    edges = [(v, v + 1) for v in range(48) if v % 8 < 7] + [(v, v + 8) for v in range(40)]
    arcs = sorted({each for a, b in edges for each in ((a, b), (b, a))})
    for places in ("binary", "one_hot"):
        made = tour_formula(48, arcs, places, 5)
        tours = found(made.formula)
        assert tours is not None
        assert tours.vertices == 48
        assert agrees(made, tours)


@pytest.mark.parametrize("places", sorted(PLACES))
def test_an_arc_that_is_given_makes_two_vertices_one(places: str) -> None:
    arcs = two_way(24, 30, 3)
    given_ = next(k for k, (tail, head) in enumerate(arcs, 1) if tail and head)
    tours = found(tour_formula(24, arcs, places, 3, more=[[given_]]).formula)
    assert tours is not None
    assert tours.vertices == 23


def latin(size: int) -> Formula:
    """Return the clauses of Latin squares."""
    cells = np.arange(1, size**3 + 1).reshape(size, size, size)
    lines = [cells.transpose(axes).reshape(-1, size) for axes in ((0, 1, 2), (0, 2, 1), (1, 2, 0))]
    rows = [row for each in lines for row in each.tolist()]
    return Formula.from_clauses(rows + [[-a, -b] for row in rows for a in row for b in row if a < b])


def assignment(size: int) -> Formula:
    """Return the clauses of permutations, in which nothing says what is one vertex."""
    cells = np.arange(1, size**2 + 1).reshape(size, size)
    rows = [*cells.tolist(), *cells.T.tolist()]
    return Formula.from_clauses(rows + [[-a, -b] for row in rows for a in row for b in row if a < b])


@pytest.mark.parametrize(
    "formula",
    [
        Formula.from_clauses([], 3),
        Formula.from_clauses([[1, 2], [-1, -2]]),
        Formula.from_clauses([[1], [-1]]),
        Formula.from_clauses([[]]),
        latin(6),
        assignment(12),
        Formula.from_clauses(pigeonhole(10, 9)[1]),
        Formula.from_clauses(random_ksat(200, 800)[1]),
    ],
)
def test_nothing_is_seen_where_nothing_is(formula: Formula) -> None:
    assert found(formula) is None
