import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.turbosat.strategies import formulas
from turbosat.encodings.matrix import Matrix, encode
from turbosat.formula.formula import Formula


def models(formula: Formula) -> set[tuple[bool, ...]]:
    every = np.array(list(itertools.product([False, True], repeat=formula.variables)), np.bool_)
    every = every.reshape(1 << formula.variables, formula.variables)
    good = formula.satisfied(every)
    assert isinstance(good, np.ndarray)
    return {tuple(row.tolist()) for row in every[good]}


def rows(matrix: Matrix) -> list[list[int]]:
    return [matrix.literals[a:b].tolist() for a, b in itertools.pairwise(matrix.offsets)]


def satisfying(matrix: Matrix) -> set[tuple[bool, ...]]:
    """All values of the matrix's variables under which no clause is false, the slow way."""
    return {
        values
        for values in itertools.product([False, True], repeat=matrix.variables)
        if all(any(values[literal >> 1] != bool(literal & 1) for literal in row) for row in rows(matrix))
    }


@given(formulas(xors=False), st.booleans())
def test_models_survive(formula: Formula, pure: bool) -> None:
    matrix, wanted = encode(formula, pure=pure), models(formula)
    assert not (matrix.contradiction and wanted)
    if matrix.contradiction:
        assert matrix.clauses == matrix.variables == 0
        return
    found = satisfying(matrix)
    for values in found:
        full = matrix.extend(np.array(values, np.bool_))
        assert formula.satisfied(full)
        assert matrix.project(full).tolist() == list(values)
    assert bool(found) == bool(wanted)
    if not pure:
        assert {tuple(np.array(model)[matrix.names].tolist()) for model in wanted} == found
        for model in wanted:  # what is implied has its value in all models
            assert (np.array(model, np.bool_) == matrix.rest)[matrix.implied].all()


@given(formulas())
def test_parities_become_clauses(formula: Formula) -> None:
    matrix = encode(formula)
    if matrix.contradiction:
        assert not models(formula)
    elif matrix.variables <= 14:
        found = satisfying(matrix)
        assert bool(found) == bool(models(formula))
        assert all(formula.satisfied(matrix.extend(np.array(values, np.bool_))) for values in found)


@given(formulas(xors=False))
def test_shape(formula: Formula) -> None:
    matrix = encode(formula)
    for row in rows(matrix):
        assert len(row) >= 2
        assert len({literal >> 1 for literal in row}) == len(row)
    lists = [matrix.occurrences[a:b].tolist() for a, b in itertools.pairwise(matrix.starts)]
    assert len(lists) == 2 * matrix.variables
    for literal, clauses in enumerate(lists):
        assert clauses == [index for index, row in enumerate(rows(matrix)) if literal in row]
    assert all(lists[v] or lists[v + 1] for v in range(0, len(lists), 2))
    assert (np.diff(matrix.names) > 0).all()


@given(formulas(xors=False), st.data())
def test_assumptions_are_units(formula: Formula, data: st.DataObject) -> None:
    literal = st.integers(1, max(1, formula.variables)).flatmap(lambda v: st.sampled_from([v, -v]))
    assumed = data.draw(st.lists(literal, max_size=3 if formula.variables else 0))
    with_units = Formula.from_clauses([*formula, *([unit] for unit in assumed)], formula.variables)
    one, other = encode(formula, np.array(assumed, np.int32)), encode(with_units)
    assert one.contradiction == other.contradiction
    if not one.contradiction:
        assert satisfying(one) == satisfying(other)
        assert one.names.tolist() == other.names.tolist()


@given(formulas(xors=False), st.integers(0, 2**32 - 1))
def test_margins_are_differences_of_the_weighted_sum(formula: Formula, seed: int) -> None:
    matrix, random = encode(formula), np.random.default_rng(seed)
    values = random.random(matrix.variables) < 0.5
    weights = random.integers(0, 2**30, matrix.clauses).astype(np.int32)

    def energy(at: np.ndarray) -> int:
        return int(weights[matrix.counts(at) == 0].sum(dtype=np.int64))

    for variable, margin in enumerate(matrix.margins(values, weights).tolist()):
        flipped = values.copy()
        flipped[variable] ^= True
        assert margin == energy(values) - energy(flipped)


def test_a_chain_and_a_long_clause() -> None:
    length = 100_000
    chain = np.stack([-np.arange(1, length), np.arange(2, length + 1)], axis=1).ravel()
    flat = np.concatenate([np.arange(1, length + 1), chain]).astype(np.int32)
    offsets = np.concatenate([[0], np.arange(length, flat.size + 1, 2)]).astype(np.int64)
    formula = Formula(flat, offsets, length)
    assert encode(formula).clauses == length
    from_the_middle = encode(formula, np.array([length - 1000], np.int32))
    assert from_the_middle.variables == from_the_middle.clauses + 1 == length - 1001
    assert encode(formula, np.array([-length], np.int32)).contradiction


@pytest.mark.slow
def test_large_formula_is_encoded_in_seconds() -> None:
    random = np.random.default_rng(0)
    flat = random.integers(1, 10**6, (3_600_000, 3)).astype(np.int32)
    flat *= random.choice(np.array([-1, 1], np.int32), flat.shape)
    formula = Formula(flat.ravel(), np.arange(0, flat.size + 1, 3, dtype=np.int64), 10**6)
    matrix = encode(formula)
    assert matrix.clauses > 3_590_000


def test_no_package_file() -> None:
    import turbosat

    assert not list((Path(turbosat.__file__).parent / "encodings").glob("__init__.py"))
