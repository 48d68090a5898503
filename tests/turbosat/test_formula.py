"""Formulas: construction, misuse, evaluation and rewriting, against brute force."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysat.formula import CNF, CNFPlus

from tests.turbosat import brute
from tests.turbosat.strategies import formulas, rows, wide_formulas
from turbosat.check.base.clock import Clock
from turbosat.check.reading.dimacs import read_formula
from turbosat.check.reading.xor import expand
from turbosat.dimacs import dumps
from turbosat.errors import UsageError
from turbosat.formula import Formula
from turbosat.xors import Xors


def ints(*values: int, dtype: Any = np.int32) -> Any:
    return np.array(values, dtype=dtype)


def test_a_small_formula() -> None:
    formula = Formula.from_clauses([[1, -2], [], [3, 3, -1]], xors=[[1, -2, 4]])
    assert (formula.variables, formula.clauses, len(formula)) == (4, 3, 3)
    assert formula.literals.tolist() == [1, -2, 3, 3, -1]
    assert formula.offsets.tolist() == [0, 2, 2, 5]
    assert (formula.literals.dtype.name, formula.offsets.dtype.name) == ("int32", "int64")
    assert list(formula) == [(1, -2), (), (3, 3, -1)]
    assert (formula.clause(0), formula.clause(-1)) == ((1, -2), (3, 3, -1))
    assert formula.has_empty_clause
    assert list(formula.xors) == [((1, 2, 4), False)]
    assert repr(formula) == "Formula(4 variables, 3 clauses, 5 literals, 1 XORs)"
    assert repr(formula.xors) == "Xors(1 XORs, 3 variables)"


def test_no_clauses_at_all() -> None:
    formula = Formula.from_clauses([])
    assert formula == Formula.from_dimacs_array(ints()) == Formula(ints(), ints(0))
    assert (formula.variables, formula.clauses, formula.has_empty_clause) == (0, 0, False)
    assert formula.satisfied(np.zeros(0, np.bool_)) is True
    assert formula.normalised() is formula
    assert formula.expanded() is formula


def test_it_is_immutable() -> None:
    literals, offsets = ints(1, -2), ints(0, 2, dtype=np.int64)
    formula = Formula(literals, offsets, xors=Xors.from_rows([[1, 2]]))
    literals[0] = offsets[1] = 7
    assert list(formula) == [(1, -2)]
    xors = formula.xors
    for array in (
        formula.literals,
        formula.offsets,
        xors.variables,
        xors.literals,
        xors.offsets,
        xors.parities,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    for thing, name in ((formula, "variables"), (formula, "other"), (xors, "offsets")):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(thing, name, 3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(formula)


@given(formulas())
def test_pickling_and_copying(formula: Formula) -> None:
    assert pickle.loads(pickle.dumps(formula)) == formula
    assert copy.deepcopy(formula) == formula
    assert not pickle.loads(pickle.dumps(formula)).literals.flags.writeable


def test_equality_looks_at_everything() -> None:
    formula = Formula.from_clauses([[1, 2], [3]], xors=[[1, 2, 3]])
    others = [
        Formula.from_clauses([[1], [2, 3]], xors=[[1, 2, 3]]),
        Formula.from_clauses([[1, -2], [3]], xors=[[1, 2, 3]]),
        Formula.from_clauses([[1, 2], [3]], 4, xors=[[1, 2, 3]]),
        Formula.from_clauses([[1, 2], [3]], xors=[[1, 2, -3]]),
        Formula.from_clauses([[1, 2], [3]]),
    ]
    assert all(formula != other for other in others)
    assert formula != [[1, 2], [3]]
    assert formula.xors != [[1, 2, 3]]


def test_numbers_of_all_integer_types() -> None:
    expected = Formula.from_clauses([[1, -2]])
    assert Formula.from_clauses([ints(1, -2, dtype=np.int8)]) == expected
    assert Formula.from_clauses(iter([iter(ints(1, -2, dtype=np.int64))])) == expected
    assert Formula(ints(1, -2, dtype=np.int64), ints(0, 2), np.int64(2)) == expected  # type: ignore[arg-type]
    assert Formula(ints(1, 9, -2, 9)[::2], ints(0, 2)) == expected


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ([[1, 0]], "expected nonzero literals in the clauses, found 0"),
        ([[2**29]], "expected variables up to 536870911 in the clauses, found 536870912"),
        ([[1, -(2**31)]], "expected variables up to 536870911 in the clauses, found -2147483648"),
        ([[1, 2**63]], "found 9223372036854775808"),
        ([[1, -(2**80)]], "found -1208925819614629174706176"),
        ([[1, 2.0]], "expected integers between -536870911 and 536870911, found 2.0"),
        ([[True]], "found True"),
        ([["1"]], "found '1'"),
        ([[[1]]], r"found \[1\]"),
        ([[[1], 2]], "expected integers in the clauses"),
        ([1, 2], "expected clauses as an iterable of iterables of integers"),
        (7, "expected clauses as an iterable of iterables of integers"),
    ],
)
def test_clauses_that_are_refused(clauses: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Formula.from_clauses(clauses)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], ints(0, 2)), "expected literals as a one-dimensional numpy array, found list"),
        ((ints(1, 2).reshape(1, 2), ints(0, 2)), r"found shape \(1, 2\)"),
        ((np.array([1.0]), ints(0, 1)), "expected literals of type int32, found float64"),
        ((ints(2**40, dtype=np.int64), ints(0, 1)), "expected literals that fit int32, found 1099511627776"),
        ((ints(1, 0), ints(0, 2)), "expected nonzero literals"),
        ((ints(2**30), ints(0, 1)), "expected variables up to 536870911"),
        ((ints(1), ints()), "expected offsets of the clauses that rise from 0 to 1"),
        ((ints(1), ints(0, 2)), "rise from 0 to 1"),
        ((ints(1), ints(1, 1)), "rise from 0 to 1"),
        ((ints(1, 2), ints(0, 2, 1, 2)), "rise from 0 to 2"),
        ((ints(1, -5), ints(0, 2), 4), "expected 5 to 536870911 variables, found 4"),
        ((ints(1), ints(0, 1), 2**29), "variables, found 536870912"),
        ((ints(1), ints(0, 1), "3"), "expected an integer number of variables, found '3'"),
        ((ints(1), ints(0, 1), True), "found True"),
        ((ints(1), ints(0, 1), 1, [[1]]), "expected xors of type Xors, found list"),
        ((ints(1), ints(0, 1), 1, Xors.from_rows([[2]])), "expected 2 to 536870911 variables, found 1"),
    ],
)
def test_arrays_that_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Formula(*arguments)


def test_clause_index_out_of_range() -> None:
    with pytest.raises(UsageError, match="expected a clause index below 1, found 1"):
        Formula.from_clauses([[1]]).clause(1)


@given(formulas(xors=False))
def test_from_dimacs_array_equals_from_clauses(formula: Formula) -> None:
    flat = [number for clause in formula for number in (*clause, 0)]
    assert Formula.from_dimacs_array(ints(*flat), formula.variables) == formula


def test_from_dimacs_array_without_the_last_zero() -> None:
    with pytest.raises(UsageError, match="expected 0 after the last clause, found 2"):
        Formula.from_dimacs_array(ints(1, 0, 2))


def test_from_pysat() -> None:
    cnf = CNF(from_clauses=[[1, -2], [2, 3]])
    cnf.nv = 5
    assert Formula.from_pysat(cnf) == Formula.from_clauses([[1, -2], [2, 3]], 5)
    with pytest.raises(UsageError, match=r"expected a pysat\.formula\.CNF, found list"):
        Formula.from_pysat([[1]])
    plus = CNFPlus()
    plus.append([[1, 2, 3], 1], is_atmost=True)
    with pytest.raises(UsageError, match="native cardinality constraints"):
        Formula.from_pysat(plus)


@given(formulas(), st.data())
def test_evaluation_agrees_with_brute_force(formula: Formula, data: st.DataObject) -> None:
    lanes = list(brute.assignments(formula.variables))
    values = np.array(lanes, dtype=np.bool_)  # (2**variables, variables)
    good = formula.satisfied(values)
    assert isinstance(good, np.ndarray)
    assert good.tolist() == [brute.holds(formula, lane) for lane in lanes]
    pick = data.draw(st.integers(0, len(lanes) - 1))
    lane = values[pick]
    assert formula.satisfied(lane) is bool(good[pick])
    clauses, xors = formula.false_clauses(lane), formula.false_xors(lane)
    assert clauses.dtype == xors.dtype == np.int64
    assert clauses.tolist() == [i for i, clause in enumerate(formula) if not brute.clause_holds(clause, lane)]
    assert xors.tolist() == [i for i, row in enumerate(formula.xors) if not brute.xor_holds(*row, lane)]


@pytest.mark.parametrize("block", [1, 2, 7])
@given(formula=formulas())
def test_the_size_of_blocks_does_not_matter(block: int, formula: Formula) -> None:
    values = np.array(list(brute.assignments(formula.variables)), np.bool_)
    good, false, normal = formula.satisfied(values), formula.false_clauses(values[0]), formula.normalised()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("turbosat.formula._BLOCK", block)
        assert np.array_equal(formula.satisfied(values), good)
        assert np.array_equal(formula.false_clauses(values[0]), false)
        assert formula.normalised() == normal


def test_no_lanes() -> None:
    good = Formula.from_clauses([[1]]).satisfied(np.zeros((0, 1), np.bool_))
    assert isinstance(good, np.ndarray)
    assert good.shape == (0,)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([True, False], "expected values as a numpy array of bool, found list"),
        (np.zeros(2), "found float64"),
        (
            np.zeros(3, np.bool_),
            r"shape \(variables,\) or \(lanes, variables\) with 2 variables, found \(3,\)",
        ),
        (np.zeros((2, 3), np.bool_), r"found \(2, 3\)"),
        (np.zeros((1, 1, 2), np.bool_), r"found \(1, 1, 2\)"),
    ],
)
def test_values_that_are_refused(values: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Formula.from_clauses([[1, 2]]).satisfied(values)


def test_one_assignment_only() -> None:
    formula = Formula.from_clauses([[1, 2]])
    for method in (formula.false_clauses, formula.false_xors):
        with pytest.raises(UsageError, match=r"expected values of shape \(variables,\) with 2"):
            method(np.zeros((1, 2), np.bool_))


@given(formulas())
def test_normalising_keeps_the_models(formula: Formula) -> None:
    normal = formula.normalised()
    expected = []
    for clause in formula:
        if not any(-literal in clause for literal in clause):
            expected.append(tuple(dict.fromkeys(clause)))
    assert list(normal) == expected
    assert (normal.variables, normal.xors) == (formula.variables, formula.xors)
    assert brute.models(normal) == brute.models(formula)
    assert normal.normalised() is normal


@given(wide_formulas())
def test_normalising_wide_variables(formula: Formula) -> None:
    normal = formula.normalised()
    assert list(normal) == [
        tuple(dict.fromkeys(clause))
        for clause in formula
        if not any(-literal in clause for literal in clause)
    ]


@given(rows(14, longest=16, most=4))
def test_expanding_follows_the_canonical_rule(xors: list[list[int]]) -> None:
    formula = Formula.from_clauses([[1, -2]], 14, xors)
    clauses, variables = brute.expanded_xors(xors, 14)
    expanded = formula.expanded()
    assert expanded.variables == variables
    assert len(expanded.xors) == 0
    assert expanded.clause(0) == (1, -2)
    assert sorted(list(expanded)[1:]) == sorted(clauses)


@given(formulas(most_variables=8))
def test_expanding_keeps_the_models(formula: Formula) -> None:
    expanded = formula.expanded()
    models = [model[: formula.variables] for model in brute.models(expanded)]
    assert set(models) == brute.models(formula)
    assert len(models) == len(set(models))


@pytest.mark.parametrize("size", range(18))
def test_expanding_agrees_with_the_checker(size: int) -> None:
    rows = [[v if v % 3 else -v for v in range(1, size + 1)], [5, -5, 5, 6], [7, -7], [8, 8], []]
    formula = Formula.from_clauses([[1, -2]], 20, rows)
    items, variables = expand(read_formula(dumps(formula), Clock()))
    clauses = [tuple(part.tolist()) for part in np.split(items.literals, items.ends)[:-1]]
    expanded = formula.expanded()
    assert (expanded.variables, sorted(expanded)) == (variables, sorted(clauses))


def test_too_many_fresh_variables() -> None:
    formula = Formula.from_clauses([], 2**29 - 1, [range(1, 8)])
    with pytest.raises(
        UsageError, match="expected at most 536870911 variables, found 536870912 after cutting"
    ):
        formula.expanded()


def test_xors_from_variables_and_parities() -> None:
    xors = Xors(ints(1, 2, 3), ints(0, 2, 3, 3, 3), np.array([False, True, False, True]))
    assert list(xors) == [((1, 2), False), ((3,), True), ((), False), ((), True)]
    assert xors.literals.tolist() == [-1, 2, 3]
    assert Xors(ints(1, -2, 3), ints(0, 3)).parities.tolist() == [False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ints(1, -1), ints(0, 2)), "expected distinct variables in each XOR"),
        ((ints(0), ints(0, 1)), "expected nonzero literals in the XORs"),
        ((ints(1), ints(0, 1), ints(1)), "expected parities of the XORs of type bool, found int32"),
        ((ints(1), ints(0, 1), np.ones(2, np.bool_)), "expected 1 parities, one for each XOR, found 2"),
    ],
)
def test_xors_that_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Xors(*arguments)
