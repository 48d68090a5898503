"""Covers of cubes: what is left open is exactly what could still hold a model."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbosat.cdcl.engines.engine import Answer, Budget
from turbosat.cdcl.lanes.courses import Slice
from turbosat.cdcl.lanes.cubes import FIRST_BUDGET, Conquer, Cover
from turbosat.errors import UsageError
from turbosat.result import Status


def cubes(*variables: int) -> list[tuple[int, ...]]:
    return list(itertools.product(*((variable, -variable) for variable in variables)))


def refuted(core: tuple[int, ...]) -> Answer:
    return Answer(Status.UNSATISFIABLE, core=core)


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 2), st.randoms()), max_size=60))
def test_a_cover_is_complete_when_its_cores_refute_all(depth: int, steps: list[tuple[int, object]]) -> None:
    variables = tuple(range(3, 3 + depth))
    cover, taken = Cover(cubes(*variables)), []
    cores: list[tuple[int, ...]] = []
    for action, random in steps:
        if action == 0:
            cube = cover.take()
            if cube is not None:
                assert not any(set(core) <= set(cube.literals) for core in cores)
                taken.append(cube)
        elif taken and action == 1:
            cover.give_back(taken.pop())
        elif taken:
            cube = taken.pop()
            size = random.randint(1, depth)  # type: ignore[attr-defined]
            core = tuple(random.sample(cube.literals, size))  # type: ignore[attr-defined]
            cover.refute(cube, core)
            cores.append(core)
        left = [cube for cube in cubes(*variables) if not any(set(core) <= set(cube) for core in cores)]
        assert cover.complete == (not left)
        assert cover.refuted == 2**depth - len(left)


def test_cubes_come_in_order_and_round_with_larger_budgets() -> None:
    course = Conquer(Cover(cubes(1, 2)))
    seen = []
    for _ in range(6):
        piece = course.next()
        seen.append((piece.guess, piece.budget.conflicts))
        assert not course.ended(piece, Answer(Status.UNKNOWN))
    assert [guess for guess, _ in seen] == [(1, 2), (1, -2), (-1, 2), (-1, -2), (1, 2), (1, -2)]
    assert [budget for _, budget in seen] == [FIRST_BUDGET] * 4 + [2 * FIRST_BUDGET] * 2


def test_two_lanes_share_a_cover() -> None:
    cover = Cover(cubes(1, 2))
    one, two = Conquer(cover), Conquer(cover)
    first, second = one.next(), two.next()
    assert first.guess != second.guess
    assert not one.ended(first, refuted((1,)))  # refutes the cube of the other, too
    assert not two.ended(second, Answer(Status.UNKNOWN))
    first, second = one.next(), two.next()
    assert {first.guess, second.guess} == {(-1, 2), (-1, -2)}
    assert not one.ended(first, refuted(first.guess))
    assert two.ended(second, refuted(second.guess))
    assert cover.complete


def test_a_lane_without_a_cube_searches_without_a_guess() -> None:
    cover = Cover(cubes(1))
    lanes = [Conquer(cover) for _ in range(3)]
    pieces = [lane.next() for lane in lanes]
    assert [piece.guess for piece in pieces] == [(1,), (-1,), ()]
    assert not lanes[2].ended(pieces[2], Answer(Status.UNKNOWN))


def test_the_cube_of_a_lost_lane_is_tried_by_another() -> None:
    cover = Cover(cubes(1))
    one, two = Conquer(cover), Conquer(cover)
    one.next()
    piece = two.next()
    one.lost()
    assert not two.ended(piece, refuted((-1,)))
    assert not cover.complete
    assert two.next().guess == (1,)


@pytest.mark.parametrize("wrong", [[(1, 2)], [(1,), (2,)], [(1,), (1,)], [*cubes(1, 2), (3, 4)]])
def test_what_is_no_cover_is_refused(wrong: list[tuple[int, ...]]) -> None:
    with pytest.raises(UsageError):
        Cover(wrong)


def test_slices_are_plain() -> None:
    piece = Slice(Budget(), (1,), np.zeros(2, np.bool_))
    assert piece.budget == Budget()
