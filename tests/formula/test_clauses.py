"""Batches of clauses against lists of lists."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from turbosat.formula.clauses import Clauses

literals = st.integers(1, 9).flatmap(lambda variable: st.sampled_from((variable, -variable)))
rows = st.lists(st.lists(literals, max_size=5), max_size=12)


def lists(clauses: Clauses) -> list[list[int]]:
    bounds = clauses.offsets.tolist()
    return [clauses.literals[low:high].tolist() for low, high in itertools.pairwise(bounds)]


@given(st.lists(rows, max_size=4))
def test_join(parts: list[list[list[int]]]) -> None:
    joined = Clauses.join(Clauses.of(*part) for part in parts)
    assert lists(joined) == [row for part in parts for row in part]
    assert joined.literals.dtype == np.int32
    assert joined.offsets.dtype == np.int64


@given(rows, st.integers(0, 9))
def test_within(part: list[list[int]], variables: int) -> None:
    found = Clauses.of(*part).within(variables)
    assert lists(found) == [row for row in part if all(abs(literal) <= variables for literal in row)]


@given(rows, st.integers(0, 13))
def test_shortest(part: list[list[int]], count: int) -> None:
    chosen = sorted(range(len(part)), key=lambda index: (len(part[index]), -index))[:count]
    assert lists(Clauses.of(*part).shortest(count)) == [part[index] for index in sorted(chosen)]


@given(rows, st.randoms())
def test_keys_tell_sets_of_literals_apart(part: list[list[int]], random: object) -> None:
    shuffled = [random.sample(row, len(row)) for row in part]  # type: ignore[attr-defined]
    keys = Clauses.of(*part).keys().tolist()
    assert keys == Clauses.of(*shuffled).keys().tolist()
    for row, key in zip(part, keys, strict=True):
        for other, another in zip(part, keys, strict=True):
            assert (key == another) == (sorted(row) == sorted(other))
