import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gpu.galois.parity_cases import random_mix
from tests.turbosat.strategies import formulas
from turbosat.encodings.matrix import Matrix, encode
from turbosat.encodings.parity_matrix import encode_parities
from turbosat.encodings.polynomial import Polynomials, numbers, pack, sums, unpack
from turbosat.formula.formula import Formula
from turbosat.gpu.gradient import reference

CANDIDATES = st.sampled_from([1, 63, 64, 65, 130])
mixes = st.one_of(
    formulas(),
    st.builds(
        random_mix,
        st.integers(0, 2**32 - 1),
        st.integers(4, 25),
        st.integers(0, 80),
        st.integers(0, 30),
        lengths=st.sampled_from([(3,), (2, 3, 7), (13, 2)]),
        widths=st.sampled_from([(3,), (2, 4), (2, 9, 20)]),
    ),
)


def candidates_of(matrix: Matrix, candidates: int, seed: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).random((candidates, matrix.variables)) < 0.5)


@given(mixes, CANDIDATES, st.booleans(), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_both_views_have_the_same_gradient(
    formula: Formula, candidates: int, native: bool, seed: int
) -> None:
    matrix = encode_parities(formula) if native else encode(formula)
    values = candidates_of(matrix, candidates, seed)
    found = Polynomials.at(matrix, pack(values))
    false = unpack(found.falsity, candidates)  # (candidates, constraints)
    for i in range(candidates):
        assert np.array_equal(false[i], matrix.counts(values[i]) == 0)
    margins = found.margins(matrix.variables, candidates)
    assert margins.shape == values.shape
    for i in range(0, candidates, 9):
        assert np.array_equal(margins[i], matrix.margins(values[i]))
    assert np.array_equal(numbers(found.energy(), candidates)[:, 0], false.sum(axis=1))
    makes, breaks = found.makes(matrix.variables), found.breaks(matrix.variables)
    assert np.array_equal(numbers(makes, candidates), reference.makes(matrix, values.T).T)
    assert np.array_equal(numbers(breaks, candidates), reference.breaks(matrix, values.T).T)


@given(mixes, st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_difference_is_what_a_flip_changes(formula: Formula, seed: int) -> None:
    matrix = encode_parities(formula)
    values = pack(candidates_of(matrix, 64, seed))
    before = Polynomials.at(matrix, values)
    for place, (variable, constraint) in enumerate(zip(before.variables, before.constraints, strict=True)):
        moved = values.copy()
        moved[variable] = ~moved[variable]
        after = Polynomials.at(matrix, moved)
        change = before.falsity[constraint] ^ after.falsity[constraint]
        assert np.array_equal(before.differences[place], change)


@given(st.integers(1, 150), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_packing_is_undone(candidates: int, variables: int, seed: int) -> None:
    values = np.random.default_rng(seed).random((candidates, variables)) < 0.5
    words = pack(values)
    assert words.shape == (variables, -(-candidates // 64))
    assert np.array_equal(unpack(words, candidates), values)
    for candidate in range(0, candidates, 7):
        bits = words[:, candidate // 64] >> np.uint64(candidate % 64) & np.uint64(1)
        assert np.array_equal(bits.astype(np.bool_), values[candidate])


@pytest.mark.parametrize("terms", [0, 1, 2, 7, 8, 300])
def test_counters_carry(terms: int) -> None:
    random = np.random.default_rng(terms)
    bits = random.random((64, terms)) < 0.6
    rows = random.integers(0, 5, terms).astype(np.int32)
    expected = np.stack([bits[:, rows == row].sum(axis=1) for row in range(5)], axis=1)
    assert np.array_equal(numbers(sums(pack(bits), rows, 5), 64), expected)


def test_one_false_clause_does_not_hide_the_others() -> None:
    """A product over clauses vanishes with one of them, and its gradient says nothing: a sum does not."""
    matrix = encode(Formula.from_clauses([[1, 2], [3, 4], [-1, 2]]))
    values = np.zeros((1, 4), np.bool_)
    margins = Polynomials.at(matrix, pack(values)).margins(4, 1)
    assert margins.tolist() == [[0, 1, 1, 1]]
