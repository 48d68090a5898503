"""Symmetries of clauses and the clauses that break them, beside brute force."""

import itertools
import math
import random
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysat.solvers import Cadical153

from tests.families import pigeonhole
from tests.turbosat.brute import models
from tests.turbosat.strategies import formulas
from turbosat import Formula
from turbosat.encodings.symmetries.automorphisms import Permutation, Symmetry
from turbosat.encodings.symmetries.interchange import interchangeable, reduced
from turbosat.encodings.symmetries.lex_leaders import break_symmetries

EFFORT = 10**7
Images = tuple[int, ...]  # of the positive literals, as codes
Rows = frozenset[frozenset[int]]


def code(literal: int) -> int:
    return 2 * abs(literal) - 2 + (literal < 0)


def image(images: Images, literal: int) -> int:
    return images[literal >> 1] ^ (literal & 1)


def every(variables: int) -> Iterator[Images]:
    """Yield all permutations of literals that keep negations."""
    for order in itertools.permutations(range(variables)):
        for signs in itertools.product((0, 1), repeat=variables):
            yield tuple(2 * v + sign for v, sign in zip(order, signs, strict=True))


def left(symmetry: Symmetry) -> Rows:
    """Return the clauses that a search looks at."""
    offsets, codes = symmetry.clauses.offsets, symmetry.clauses.codes
    return frozenset(frozenset(codes[a:b].tolist()) for a, b in itertools.pairwise(offsets.tolist()))


def keeps(images: Images, clauses: Rows) -> bool:
    return frozenset(frozenset(image(images, each) for each in clause) for clause in clauses) == clauses


def images_of(permutation: Permutation, variables: int) -> Images:
    return tuple(permutation.image(np.arange(0, 2 * variables, 2, dtype=np.int32)).tolist())


def group(generators: Iterable[Images], variables: int) -> set[Images]:
    """Return all products."""
    generators = list(generators)
    known = {tuple(range(0, 2 * variables, 2))}
    new = set(known)
    while new:
        new = {tuple(image(g, each) for each in old) for old in new for g in generators} - known
        known |= new
    return known


@st.composite
def symmetric(draw: st.DrawFn, most: int = 7) -> Formula:
    """Small formulas whose clauses go with their images under some permutations of literals."""
    variables = draw(st.integers(2, most))
    dice = random.Random(draw(st.integers(0, 2**32)))
    planted: list[list[int]] = []
    for _ in range(draw(st.integers(1, 2))):
        few = dice.sample(range(1, variables + 1), dice.randint(2, variables))
        there = dice.sample(few, len(few))
        planted.append(list(range(variables + 1)))
        for one, other in zip(few, there, strict=True):
            planted[-1][one] = other * (1 if dice.random() < 0.8 else -1)
    seeds = [
        [dice.choice((1, -1)) * name for name in dice.sample(range(1, variables + 1), min(size, variables))]
        for size in dice.choices((1, 2, 2, 3, 3, 4), k=draw(st.integers(1, 5)))
    ]
    clauses = {frozenset(seed) for seed in seeds}
    new = set(clauses)
    while new and len(clauses) < 200:
        moved = {
            frozenset(p[each] if each > 0 else -p[-each] for each in clause)
            for clause in new
            for p in planted
        }
        new = moved - clauses
        clauses |= new
    return Formula.from_clauses(sorted(map(sorted, clauses)), variables)


def found(formula: Formula) -> tuple[Symmetry, list[Permutation]]:
    symmetry = Symmetry(formula)
    symmetry.coloured()
    generators, ended = symmetry.generators(EFFORT)
    assert ended
    return symmetry, generators


# A literal goes to its negation in symmetries that move all others, too, though the two sides look alike.
TOGETHER = [
    *[
        [-4, -3, -2],
        [-4, -3, 1],
        [-4, -3, 2],
        [-4, -2, -1],
        [-4, -2, 3],
        [-4, -1, 2],
        [-4, -1, 3],
        [-4, 1, 2],
    ],
    *[[-4, 1, 3], [-3, -1, 4], [-3, 1], [-3, 1, 4], [-3, 2], [-3, 2, 4], [-2, -1], [-2, -1, 4], [-2, 1, 4]],
    *[[-2, 3], [-2, 3, 4], [-1, 3], [-1, 3, 4], [1, 2], [1, 2, 4], [2, 3, 4]],
]


@settings(max_examples=150, deadline=None)
@example(Formula.from_clauses(TOGETHER))
@given(st.one_of(symmetric(4), formulas(4, xors=False)))
def test_the_generators_make_all_symmetries(formula: Formula) -> None:
    symmetry, generators = found(formula)
    clauses, variables = left(symmetry), symmetry.variables
    expected = {each for each in every(variables) if keeps(each, clauses)}
    assert group((images_of(each, variables) for each in generators), variables) == expected
    smaller = reduced(generators, variables)
    assert group((images_of(each, variables) for each in smaller), variables) == expected
    assert sum(each.sources.size for each in smaller) <= sum(each.sources.size for each in generators)


@settings(max_examples=150, deadline=None)
@given(symmetric(), st.integers(0, 2**32))
def test_a_permutation_that_keeps_no_clauses_is_refused(formula: Formula, seed: int) -> None:
    symmetry, generators = found(formula)
    clauses, variables, dice = left(symmetry), symmetry.variables, random.Random(seed)
    own = list(range(0, 2 * variables, 2))
    tried = [images_of(each, variables) for each in generators]
    for _ in range(20):
        images = [*own] if not tried or dice.random() < 0.5 else [*dice.choice(tried)]
        for _ in range(dice.randint(1, 2)):
            if variables > 1:
                one, other = dice.sample(range(variables), 2)
                images[one], images[other] = images[other], images[one] ^ dice.randint(0, 1)
        moved = np.array([v for v in range(variables) if images[v] != 2 * v], np.int32)
        given_ = Permutation(2 * moved, np.array([images[v] for v in moved], np.int32))
        assert symmetry.keeps(given_) == keeps(tuple(images), clauses)


@pytest.mark.parametrize(
    ("sources", "images"),
    [
        ([0], [2]),  # onto one that stays
        ([0, 2], [2, 2]),
        ([0, 0], [2, 2]),
        ([0, 2], [2, 9]),
        ([0, 2], [2, -2]),
        ([0, 8], [8, 0]),
        ([0, 1, 2], [2, 3, 0]),  # with a negation of its own
        ([0] * 40, [0] * 40),
    ],
)
def test_what_is_no_permutation_is_refused(sources: list[int], images: list[int]) -> None:
    symmetry = Symmetry(Formula.from_clauses([[1, 2], [3, 4], [-1, -2, -3, -4]]))
    assert symmetry.keeps(Permutation(np.array([0, 2], np.int32), np.array([2, 0], np.int32)))
    for _ in range(2):  # and leaves nothing behind
        assert not symmetry.keeps(Permutation(np.array(sources, np.int32), np.array(images, np.int32)))
    assert symmetry.keeps(Permutation(np.array([0, 2], np.int32), np.array([2, 0], np.int32)))


@settings(max_examples=300, deadline=None)
@given(st.one_of(symmetric(), formulas(6, xors=False)))
def test_breaking_keeps_satisfiability_and_makes_no_models(formula: Formula) -> None:
    symmetry, generators = found(formula)
    breaking = break_symmetries(symmetry, reduced(generators, symmetry.variables), formula.variables)
    good = models(formula)
    wider = formula.variables + breaking.auxiliary
    assert np.abs(breaking.clauses.literals).max(initial=0) <= wider
    broken = Formula(formula.literals, formula.offsets, wider).with_clauses(
        breaking.clauses.literals, breaking.clauses.offsets
    )
    with Cadical153(bootstrap_with=[list(each) for each in broken]) as solver:
        assert solver.solve() == bool(good)
        kept = 0
        while solver.solve():
            model = {abs(each): each > 0 for each in solver.get_model()}
            values = tuple(model.get(v, False) for v in range(1, formula.variables + 1))
            assert values in good or any(v not in model for v in range(1, formula.variables + 1))
            kept += 1
            solver.add_clause([-v if model[v] else v for v in range(1, formula.variables + 1) if v in model])
            if not model or formula.variables == 0:
                break
    assert kept <= max(1, len(good))
    assert not generators or not good or kept > 0


@settings(max_examples=60, deadline=None)
@given(st.one_of(symmetric(6), formulas(6, xors=False)))
def test_colours_are_the_coarsest_that_edges_do_not_split(formula: Formula) -> None:
    symmetry = Symmetry(formula)
    share = symmetry.coloured()
    literals = 2 * symmetry.variables
    rows = left(symmetry)
    names: dict[object, object] = dict.fromkeys(range(literals), 0) | {row: len(row) for row in rows}
    while True:
        seen: dict[object, object] = {}
        for each in range(literals):
            mine = sorted(str(names[row]) for row in rows if each in row)
            seen[each] = (
                names[each],
                names[each ^ 1],
                tuple(mine),
                tuple(
                    sorted(
                        str(names[other])
                        for row in rows
                        if len(row) == 2 and each in row
                        for other in row - {each}
                    )
                ),
            )
        for row in rows:
            seen[row] = (names[row], tuple(sorted(str(names[each]) for each in row)))
        numbers = {value: i for i, value in enumerate(dict.fromkeys(map(str, seen.values())))}
        fresh = {key: numbers[str(value)] for key, value in seen.items()}
        if len(set(fresh.values())) == len(set(map(str, names.values()))):
            break
        names = dict(fresh)
    sizes = [sum(names[other] == names[each] for other in range(literals)) for each in range(literals)]
    assert share == pytest.approx(sum(size > 1 for size in sizes) / literals if literals else 0.0)


def test_a_search_without_effort_ends_with_what_it_has() -> None:
    formula = Formula.from_clauses(pigeonhole(7, 6)[1])
    sizes = []
    for effort in (1, 3_000, 10_000, EFFORT):
        symmetry = Symmetry(formula)
        symmetry.coloured()
        generators, ended = symmetry.generators(effort)
        assert ended == (effort == EFFORT)
        assert all(symmetry.keeps(each) for each in generators)
        sizes.append(len(generators))
    assert sizes == sorted(sizes)
    assert sizes[0] == 0
    assert sizes[-1] == 6 + 5


@pytest.mark.parametrize("seed", range(4))
def test_rows_and_columns_are_found_whatever_variables_are_called(seed: int) -> None:
    dice = random.Random(seed)
    variables, clauses = pigeonhole(9, 8)
    if seed:
        names = dice.sample(range(1, variables + 1), variables)
        signs = [dice.choice((1, -1)) for _ in range(variables)]
        clauses = [
            [
                names[abs(x) - 1] * signs[abs(x) - 1] * (1 if x > 0 else -1)
                for x in dice.sample(each, len(each))
            ]
            for each in clauses
        ]
        dice.shuffle(clauses)
    formula = Formula.from_clauses(clauses)
    symmetry, generators = found(formula)
    matrices, rest = interchangeable(reduced(generators, symmetry.variables), symmetry.keeps)
    assert sorted(matrix.shape for matrix in matrices) == [(8, 9), (9, 8)]
    assert rest == []
    breaking = break_symmetries(symmetry, reduced(generators, symmetry.variables), formula.variables)
    assert breaking.figures["largest"] in ([9, 8], [8, 9])
    with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
        solver.append_formula(
            [list(each) for each in Formula(breaking.clauses.literals, breaking.clauses.offsets)]
        )
        assert not solver.solve()
        assert solver.accum_stats()["conflicts"] < 1000


@pytest.mark.parametrize("rows", [3, 4, 6])
def test_rows_that_may_change_places_come_in_one_order(rows: int) -> None:
    columns = 3
    # Each row may be anything but false throughout: what is left are the multisets of so many rows.
    clauses = [[row * columns + column + 1 for column in range(columns)] for row in range(rows)]
    clauses += [[clause[0], -clause[1]] for clause in clauses]  # a row has no symmetries of its own
    formula = Formula.from_clauses(clauses)
    symmetry, generators = found(formula)
    breaking = break_symmetries(symmetry, reduced(generators, symmetry.variables), formula.variables)
    assert breaking.figures["largest"] == [rows, columns]
    one = len(models(Formula.from_clauses([clauses[0], clauses[rows]], columns)))
    kept = 0
    with Cadical153(bootstrap_with=[list(each) for each in formula]) as solver:
        solver.append_formula(
            [list(each) for each in Formula(breaking.clauses.literals, breaking.clauses.offsets)]
        )
        while solver.solve():
            kept += 1
            solver.add_clause([-each for each in solver.get_model()[: formula.variables]])
    assert kept == math.comb(one + rows - 1, rows)


def test_many_rows_take_time_about_linear_in_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = 300
    formula = Formula.from_clauses([[2 * pair + 1, 2 * pair + 2] for pair in range(pairs)])
    symmetry, generators = found(formula)
    calls, before = [0], Permutation.image

    def image(permutation: Permutation, literals: NDArray[np.int32]) -> NDArray[np.int32]:
        calls[0] += 1
        return before(permutation, literals)

    monkeypatch.setattr(Permutation, "image", image)
    matrices, rest = interchangeable(reduced(generators, symmetry.variables), symmetry.keeps)
    assert [matrix.shape for matrix in matrices] == [(pairs, 2)]
    assert len(rest) == pairs  # of each pair, the swap
    assert calls[0] < 20 * len(generators)
