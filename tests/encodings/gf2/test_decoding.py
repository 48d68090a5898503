"""Light words of a code beside all of its words, and projections beside all solutions."""

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from turbosat.encodings.gf2.decoding import ONES, Decoder, packed, project, unpacked
from turbosat.encodings.gf2.elimination import eliminate
from turbosat.errors import UsageError
from turbosat.formula.xors import Xors

Words = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int32], int]

EFFORT = 1 << 14
SURE = 40.0  # times the iterations expected


def every_sum(rows: NDArray[np.bool_], offset: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return offset plus each sum of rows, (2 ** rows, columns)."""
    choices = np.array(list(itertools.product([False, True], repeat=len(rows))), np.int64)
    return (choices @ rows.astype(np.int64) & 1).astype(np.bool_) ^ offset


@st.composite
def codes(draw: st.DrawFn) -> Words:
    """Draw rows, offset, information set and weight."""
    dimension = draw(st.integers(1, 7))
    columns = dimension + draw(st.integers(1, 70))
    dice = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    rows = dice.random((dimension, columns)) < draw(st.sampled_from([0.1, 0.5]))
    information = dice.permutation(columns)[:dimension].astype(np.int32)
    rows[:, information] = np.eye(dimension, dtype=bool)
    return rows, dice.random(columns) < 0.5, information, draw(st.integers(0, columns // 2))


@given(codes(), st.integers(0, 9))
def test_words_are_found_if_there_are_any(code: Words, seed: int) -> None:
    rows, offset, information, weight = code
    words = every_sum(rows, offset)
    light = {word.tobytes() for word in words if word.sum() <= weight}
    decoder, again = (Decoder(rows, offset, information, weight, seed) for _ in range(2))
    found = decoder.search(EFFORT)
    assert {word.tobytes() for word in found} <= light
    assert (found == again.search(EFFORT)).all()
    while light and not len(found) and decoder.iterations * decoder.chance < SURE:
        found = decoder.search(EFFORT)
    assert bool(len(found)) == bool(light)


def test_a_constant_column_is_no_hindrance() -> None:
    """Every window had the only column outside the information set, which is one in all words."""
    rows = np.eye(5, 6, 1, dtype=bool)
    decoder = Decoder(rows, np.ones(6, np.bool_), np.arange(1, 6, dtype=np.int32), 1)
    assert decoder.search(EFFORT).tolist() == [[True, *[False] * 5]]


@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 4))
def test_chance_is_the_share_of_words_that_an_iteration_sees(dimension: int, rest: int, weight: int) -> None:
    columns = dimension + rest
    weight = min(weight, columns // 2)
    rows = np.eye(dimension, columns + 9, dtype=bool)
    rows[:, dimension:columns] = True
    information = np.arange(dimension, dtype=np.int32)
    offset = np.arange(columns + 9) >= columns + 4  # five ones that all words have, and four zeros
    decoder = Decoder(rows, offset, information, weight + 5)
    half, end = dimension // 2, dimension + decoder.window
    seen = sum(
        sum(place < half for place in places) <= ONES
        and sum(half <= place < dimension for place in places) <= ONES
        and not any(dimension <= place < end for place in places)
        for places in itertools.combinations(range(columns), weight)
    )
    assert decoder.chance == pytest.approx(seen / comb(columns, weight))
    assert decoder.cost > 0


@pytest.mark.parametrize(("dimension", "columns"), [(3, 3), (0, 4), (3, 5)])
def test_other_rows_are_refused(dimension: int, columns: int) -> None:
    rows = np.ones((dimension, columns), np.bool_)
    with pytest.raises(UsageError, match="identity matrix"):
        Decoder(rows, np.zeros(columns, np.bool_), np.arange(dimension, dtype=np.int32), 1)


@given(st.integers(0, 3), st.integers(0, 130), st.integers(0, 9))
def test_bits_come_back(rows: int, columns: int, seed: int) -> None:
    bits = np.random.default_rng(seed).random((rows, columns)) < 0.5
    assert (unpacked(packed(bits), columns) == bits).all()


@given(st.data())
def test_a_projection_is_what_its_variables_see_of_all_solutions(data: st.DataObject) -> None:
    variables = data.draw(st.integers(2, 8))
    rows = data.draw(st.lists(st.sets(st.integers(1, variables), min_size=1), min_size=1, max_size=6))
    signs = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    xors = Xors.from_rows(
        [[min(row) if sign else -min(row), *sorted(row)[1:]] for row, sign in zip(rows, signs, strict=True)]
    )
    elimination = eliminate(xors, variables)
    if elimination.contradiction is not None or not elimination.free.size:
        return
    named = np.array(sorted(set().union(*rows)), np.int32)
    cut = data.draw(st.integers(1, named.size))
    order = np.array(data.draw(st.permutations(named.tolist())), np.int32)
    seeing, others = order[:cut], order[cut:]
    found = project(elimination, seeing, others)
    assert found is not None
    every = np.array(list(itertools.product([False, True], repeat=variables)))
    solutions = every[[not xors.violated(values).any() for values in every]]
    points = {row.tobytes() for row in solutions[:, seeing - 1]}
    mine = every_sum(found.rows, found.constants)
    assert {row.tobytes() for row in mine} == points
    assert len(mine) == len(points)
    for row in mine:
        same = solutions[(solutions[:, seeing - 1] == row).all(axis=1)]
        assert (found.determined == (same == same[0]).all(axis=0)[others - 1]).all()
        literals = found.solution(row)
        assert set(np.abs(literals).tolist()) == set(named.tolist())
        assert any((each[np.abs(literals) - 1] == (literals > 0)).all() for each in same)


def test_a_large_projection_is_none() -> None:
    many = 1 << 12
    rows = np.arange(1, 2 * many + 1, dtype=np.int32)
    xors = Xors(rows, np.arange(0, rows.size + 1, 2), np.ones(many, np.bool_))
    elimination = eliminate(xors, 2 * many)
    assert project(elimination, rows, np.zeros(0, np.int32)) is None
