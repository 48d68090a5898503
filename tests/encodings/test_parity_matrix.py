import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.turbosat.strategies import formulas
from turbosat.encodings.matrix import encode
from turbosat.encodings.parity_matrix import ParityMatrix, encode_parities
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors


def every(variables: int) -> np.ndarray:
    """All values, bool (2^variables, variables)."""
    return np.asarray((np.arange(1 << variables)[:, None] >> np.arange(variables) & 1).astype(np.bool_))


def models(formula: Formula, assumed: tuple[int, ...] = ()) -> np.ndarray:
    values = every(formula.variables)
    good = np.asarray(formula.satisfied(values))
    for literal in assumed:
        good &= values[:, abs(literal) - 1] == (literal > 0)
    return np.asarray(values[good])


def false_constraints(matrix: ParityMatrix, values: np.ndarray) -> list[bool]:
    """Which constraints are false, the slow way."""
    result = []
    for low, high in itertools.pairwise(matrix.offsets):
        row = matrix.literals[low:high].tolist()
        result.append(not any(values[literal >> 1] != bool(literal & 1) for literal in row))
    for x, (low, high) in enumerate(itertools.pairwise(matrix.xor_offsets)):
        result.append(bool(values[matrix.xor_variables[low:high]].sum() % 2) != bool(matrix.parities[x]))
    return result


@st.composite
def mixes(draw: st.DrawFn) -> tuple[Formula, Xors]:
    """A formula with x lines, and some of what it implies as recovered XORs."""
    formula = draw(formulas())
    chosen = (
        draw(st.lists(st.sets(st.integers(1, formula.variables), min_size=1), max_size=3))
        if (formula.variables)
        else []
    )
    found, values = [], models(formula)
    for row in sorted(sorted(variables) for variables in chosen):
        odd = values[:, np.array(row) - 1].sum(axis=1) % 2
        if len(set(odd.tolist())) == 1:  # the same in all models
            found.append([row[0] if odd[0] else -row[0], *row[1:]])
    spelled = draw(st.booleans())
    again = formula.expanded() if spelled else formula
    if spelled and again.variables == formula.variables:
        return again, Xors.from_rows(
            [
                *found,
                *(
                    formula.xors.literals[a:b].tolist()
                    for a, b in itertools.pairwise(formula.xors.offsets)
                    if b > a
                ),
            ]
        )
    return formula, Xors.from_rows(found)


@given(mixes())
def test_models_survive(case: tuple[Formula, Xors]) -> None:
    formula, recovered = case
    matrix, wanted = encode_parities(formula, recovered), models(formula)
    if matrix.contradiction:
        assert not wanted.size
        assert not len(wanted)
        assert matrix.constraints == matrix.variables == 0
        return
    values = every(matrix.variables)
    found = values[[not any(false_constraints(matrix, row)) for row in values]]
    assert bool(len(found)) == bool(len(wanted))
    assert np.asarray(formula.satisfied(matrix.extend(found))).all()
    assert (matrix.project(matrix.extend(found)) == found).all()
    assert {tuple(row) for row in wanted[:, matrix.names].tolist()} == {tuple(row) for row in found.tolist()}
    assert (wanted == matrix.rest)[:, matrix.implied].all()


@given(mixes())
def test_shape(case: tuple[Formula, Xors]) -> None:
    matrix = encode_parities(*case)
    rows = [matrix.xor_variables[a:b].tolist() for a, b in itertools.pairwise(matrix.xor_offsets)]
    clauses = [matrix.literals[a:b].tolist() for a, b in itertools.pairwise(matrix.offsets)]
    assert all(len(row) >= 2 and row == sorted(set(row)) for row in rows)
    assert all(len(row) >= 2 and len({literal >> 1 for literal in row}) == len(row) for row in clauses)
    assert len({tuple(row) for row in rows}) == len(rows) == matrix.xors
    lists = [matrix.xor_occurrences[a:b].tolist() for a, b in itertools.pairwise(matrix.xor_starts)]
    assert lists == [[x for x, row in enumerate(rows) if v in row] for v in range(matrix.variables)]
    lists = [matrix.occurrences[a:b].tolist() for a, b in itertools.pairwise(matrix.starts)]
    assert lists == [
        [c for c, row in enumerate(clauses) if literal in row] for literal in range(2 * matrix.variables)
    ]
    assert matrix.degrees.tolist() == [
        sum(v in row for row in rows) + sum(v in {literal >> 1 for literal in row} for row in clauses)
        for v in range(matrix.variables)
    ]
    assert (matrix.degrees > 0).all()
    assert matrix.entries == matrix.degrees.sum()
    assert (np.diff(matrix.names) > 0).all()
    # No clause is implied by one row: some values make the row true and the clause false.
    for clause, (x, row) in itertools.product(clauses, enumerate(rows)):
        signs = {literal >> 1: literal & 1 for literal in clause}
        if set(row) <= set(signs):
            assert sum(signs[v] for v in row) % 2 == matrix.parities[x]


@given(mixes(), st.data())
def test_assumptions_reach_through_parities(case: tuple[Formula, Xors], data: st.DataObject) -> None:
    formula, recovered = case
    literal = st.integers(1, max(1, formula.variables)).flatmap(lambda v: st.sampled_from([v, -v]))
    assumed = data.draw(st.lists(literal, max_size=3 if formula.variables else 0))
    matrix = encode_parities(formula, recovered, np.array(assumed, np.int32))
    wanted = models(formula, tuple(assumed))
    if matrix.contradiction:
        assert not len(wanted)
        return
    values = every(matrix.variables)
    found = values[[not any(false_constraints(matrix, row)) for row in values]]
    assert {tuple(row) for row in matrix.extend(found).tolist()} <= {tuple(row) for row in wanted.tolist()}
    assert bool(len(found)) == bool(len(wanted))
    # Propagation is complete: no clause or row is left that says a value at once.
    assert all(matrix.extend(every(matrix.variables))[:, abs(n) - 1].all() == (n > 0) for n in assumed)


@given(mixes(), st.integers(0, 2**32 - 1))
def test_counts_and_margins(case: tuple[Formula, Xors], seed: int) -> None:
    matrix, random = encode_parities(*case), np.random.default_rng(seed)
    values = random.random(matrix.variables) < 0.5
    weights = random.integers(0, 2**30, matrix.constraints).astype(np.int32)
    assert (matrix.counts(values) == 0).tolist() == false_constraints(matrix, values)
    before = np.array(false_constraints(matrix, values), np.bool_)
    for variable in range(matrix.variables):
        flipped = values.copy()
        flipped[variable] ^= True
        after = np.array(false_constraints(matrix, flipped), np.bool_)
        change = weights.astype(np.int64) @ before - weights.astype(np.int64) @ after
        assert matrix.margins(values, weights)[variable] == change
        assert matrix.margins(values)[variable] == int(before.sum()) - int(after.sum())


@given(formulas(xors=False))
def test_without_parities_it_is_the_matrix(formula: Formula) -> None:
    plain, other = encode(formula), encode_parities(formula, Xors.empty())
    assert plain.contradiction == other.contradiction
    for name in ("offsets", "literals", "starts", "occurrences", "names", "rest", "implied"):
        assert np.array_equal(getattr(plain, name), getattr(other, name))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_clauses_that_spell_a_parity_out_are_dropped(size: int) -> None:
    xors = Xors.from_rows([range(1, size + 1), range(2, size + 3)])
    spelled = Formula(np.zeros(0, np.int32), np.zeros(1, np.int64), size + 3, xors).expanded()
    longer = [sorted([*clause, size + 3]) for clause in spelled]
    other = [-1, -(size + 1), size + 3]
    formula = Formula.from_clauses([*spelled, *longer, other], spelled.variables)
    matrix = encode_parities(formula, xors)
    assert matrix.clauses == 1
    assert matrix.literals.tolist() == [1, 2 * size + 1, 2 * size + 4]
    assert matrix.xors == 2
    assert matrix.variables == formula.variables


def test_a_long_chain_of_parities_and_clauses() -> None:
    length = 30_000
    links = np.arange(1, length)
    xors = Xors.from_literals(
        np.stack([links, links + 1], axis=1).ravel().astype(np.int32), np.arange(0, 2 * length, 2)
    )
    formula = Formula(np.zeros(0, np.int32), np.zeros(1, np.int64), length, xors)
    matrix = encode_parities(formula, None, np.array([1], np.int32))
    assert matrix.constraints == 0
    assert matrix.rest.tolist() == [v % 2 == 0 for v in range(length)]
    assert encode_parities(formula, None, np.array([1, 2], np.int32)).contradiction


def test_the_same_variables_with_both_parities() -> None:
    formula = Formula.from_clauses([], 4, [[1, 2, 3], [1, -2, 3]])
    assert encode_parities(formula).contradiction
    # Only once the fourth variable is known are these the same.
    formula = Formula.from_clauses([], 4, [[1, 2, 3, 4], [1, -2, 3]])
    assert not encode_parities(formula).contradiction
    assert encode_parities(formula, None, np.array([-4], np.int32)).contradiction
    assert encode_parities(formula, None, np.array([4], np.int32)).xors == 1


def test_corpus_file_of_parities_is_small(corpus: Path) -> None:
    formula = Formula.from_file(corpus / "tseitin/tseitin-n40-d5-sat1.cnf")
    rows = np.array_split(formula.literals, formula.offsets[1:-1])
    sets = {tuple(sorted(np.abs(row).tolist())): row for row in rows}
    found = []
    for variables, row in sets.items():
        # The clause forbids what makes it false: there the XOR of its variables is that of its signs.
        odd = int((row < 0).sum()) % 2 == 0
        found.append([variables[0] if odd else -variables[0], *variables[1:]])
    matrix = encode_parities(formula, Xors.from_rows(found))
    assert matrix.clauses == 0
    assert matrix.xors == len(found) == 40
