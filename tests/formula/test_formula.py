"""Formulas: construction, misuse, evaluation and rewriting, against brute force."""

import copy
import pickle
from array import array as packed
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysat.formula import CNF, WCNF, CNFPlus

from tests.turbosat import brute
from tests.turbosat.strategies import formulas, rows, wide_formulas
from turbosat.check.clock import Clock
from turbosat.check.reading.dimacs import read_formula
from turbosat.check.reading.xor import expand
from turbosat.errors import UsageError
from turbosat.formula.files import dumps
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors


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
    assert Formula.from_clauses(np.array([[1, -2]])) == expected
    assert Formula.from_clauses([[np.uint64(1), -2]]) == expected  # type: ignore[list-item] # together floats, for numpy
    assert Formula.from_clauses([{1: 0}.keys(), packed("i", [-2])]) == Formula.from_clauses([[1], [-2]])
    assert Formula(ints(1, -2, dtype=np.int64), ints(0, 2), np.int64(2)) == expected  # type: ignore[arg-type]
    assert Formula(ints(1, 9, -2, 9)[::2], ints(0, 2)) == expected


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ([[1], [2, 0]], "expected nonzero literals in clause 2, found 0"),
        ([[1], [], [2**29]], "expected variables up to 536870911 in clause 3, found 536870912"),
        ([[1, -(2**31)]], "expected variables up to 536870911 in clause 1, found -2147483648"),
        ([[1, 2**63]], "found 9223372036854775808"),
        ([[1, -(2**80)]], "found -1208925819614629174706176"),
        ([[1], [10**5000]], "in clause 2, found a value of type int"),
        ([[1, np.uint64(2**64 - 1)]], "found 18446744073709551615"),
        ([[1, 2.0]], r"expected integers in clause 1, found 2.0 \(float\)"),
        ([[1], [2, np.float64(2)]], r"integers in clause 2, found np.float64\(2.0\) \(float64\)"),
        (np.array([[1.0, 2.0]]), "integers in clause 1, found"),
        ([[True]], r"found True \(bool\)"),
        ([[2, 3], [True, 2]], r"expected integers in clause 2, found True \(bool\)"),
        ([[2, np.bool_(True)]], "expected integers in clause 1, found np.True_"),
        ([[np.timedelta64(2)]], "expected integers in clause 1, found np.timedelta64"),
        ([[1], [None]], r"expected integers in clause 2, found None \(NoneType\)"),
        ([["1"]], "found '1'"),
        ([[b"1"]], "found b'1'"),
        ([[[1]]], r"found \[1\]"),
        ([[[1], 2]], r"expected integers in clause 1, found \[1\] \(list\)"),
        ([[np.array(1)]], r"expected integers in clause 1, found array\(1\) \(ndarray\)"),
        ([[1], 2], r"expected clause 2 as an iterable of integers, found 2 \(int\)"),
        ([None], r"expected clause 1 as an iterable of integers, found None \(NoneType\)"),
        ([np.array(1)], r"expected clause 1 as an iterable of integers, found array\(1\)"),
        (["1 2"], r"expected clause 1 as an iterable of integers, found '1 2' \(str\)"),
        ([[1], ""], r"expected clause 2 as an iterable of integers, found '' \(str\)"),
        ([b"1 0", b"-1 0"], r"expected clause 1 as an iterable of integers, found b'1 0' \(bytes\)"),
        ([bytearray(b"1")], r"found bytearray\(b'1'\) \(bytearray\)"),
        ([memoryview(b"1")], r"\(memoryview\)"),
        ([{1: True}], r"expected clause 1 as an iterable of integers, found {1: True} \(dict\)"),
        (7, "expected clauses as an iterable of iterables of integers, found 7"),
        ("12", "expected clauses as an iterable of iterables of integers, found '12'"),
        (b"", "expected clauses as an iterable of iterables of integers, found b''"),
        ({}, "expected clauses as an iterable of iterables of integers, found {}"),
        (None, "expected clauses as an iterable of iterables of integers, found None"),
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
        ((ints(1), ints(0, 1), "3"), "variables must be int, not '3'"),
        ((ints(1), ints(0, 1), True), "variables must be int, not True"),
        ((ints(1), ints(0, 1), 1.0), "variables must be int, not 1.0"),
        ((ints(1), ints(0, 1), 10**5000), "expected 1 to 536870911 variables, found a value of type int"),
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
    for index in ("0", 0.0, True, None):
        with pytest.raises(UsageError, match="the index of a clause must be int"):
            Formula.from_clauses([[1]]).clause(index)  # type: ignore[arg-type]
    assert Formula.from_clauses([[1]]).clause(np.int64(0)) == (1,)  # type: ignore[arg-type]


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
    weighted = WCNF()
    weighted.append([1, 2], weight=3)
    with pytest.raises(UsageError, match="found a WCNF with hard and soft clauses"):
        Formula.from_pysat(weighted)
    for number in ("5", 2.5, True, None):
        cnf.nv = number
        with pytest.raises(UsageError, match="nv, the variables, must be int"):
            Formula.from_pysat(cnf)


@pytest.mark.parametrize(
    ("literals", "offsets", "message"),
    [
        ([1], ints(0, 1), "expected literals as a one-dimensional numpy array, found list"),
        (np.array([True]), ints(0, 1), "expected literals of type int32, found bool"),
        (np.array([1.0]), ints(0, 1), "expected literals of type int32, found float64"),
        (ints(1), [0, 1], "expected offsets of the clauses as a one-dimensional numpy array, found list"),
        (ints(1), ints(0, 2), "expected offsets of the clauses that rise from 0 to 1"),
        (ints(0), ints(0, 1), "expected nonzero literals in the clauses"),
        (ints(3), ints(0, 1), "expected 3 to 536870911 variables, found 2"),
    ],
)
def test_more_clauses_that_are_refused(literals: Any, offsets: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Formula.from_clauses([[1, 2]]).with_clauses(literals, offsets)


def test_a_fault_of_the_caller_in_the_midst_of_clauses_is_not_ours() -> None:
    def broken() -> Iterator[list[int]]:
        yield [1]
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        Formula.from_clauses(broken())


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
        patch.setattr("turbosat.formula.formula._BLOCK", block)
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


def slow_from_literals(rows: list[list[int]]) -> list[tuple[set[int], bool]]:
    """Return the variables of odd number of each row, and its parity."""
    result = []
    for row in rows:
        variables: set[int] = set()
        for literal in row:
            variables ^= {abs(literal)}
        result.append((variables, sum(literal < 0 for literal in row) % 2 == 0))
    return result


def test_many_xors_with_repeated_variables() -> None:
    random = np.random.default_rng(3)
    sizes = random.integers(0, 12, 40_000)  # several blocks
    lists = [
        (random.integers(1, 20, size) * random.choice((1, -1), size)).tolist() for size in sizes.tolist()
    ]
    xors = Xors.from_literals(ints(*(x for row in lists for x in row)), np.append(0, np.cumsum(sizes)))
    assert [(set(variables), parity) for variables, parity in xors] == slow_from_literals(lists)
    assert all(len(set(variables)) == len(variables) for variables, _ in xors)


def test_a_part_of_the_xors() -> None:
    xors = Xors.from_rows([[1, 2], [], [-3, 4, 5], [6]])
    assert list(xors.part(1, 3)) == list(xors)[1:3]
    assert xors.part(1, 3) == xors.rows(np.array([1, 2]))
    assert len(xors.part(2, 2)) == 0


def test_expanding_large_formulas_block_by_block() -> None:
    random = np.random.default_rng(4)
    lists = [random.permutation(50)[:size] + 1 for size in random.integers(0, 25, 3_000)]
    formula = Formula.from_clauses([[1, -2], []], 60, [row.tolist() for row in lists])
    parts, variables = formula.xors.split(60)
    literals, lengths = parts.clauses()
    looks: list[None] = []
    expanded = formula.expanded(lambda: looks.append(None))
    assert len(looks) > 10
    assert expanded.variables == variables
    assert expanded.literals.tolist() == [1, -2, *literals.tolist()]
    assert np.diff(expanded.offsets).tolist() == [2, 0, *lengths.tolist()]


def test_expanding_is_done_once_and_can_be_stopped() -> None:
    formula = Formula.from_clauses([], 9, [range(1, 10)])

    def stop() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        formula.expanded(stop)
    expanded = formula.expanded()
    assert formula.expanded(stop) is expanded
    assert pickle.loads(pickle.dumps(formula)).expanded() == expanded


def test_checking_a_model_can_be_stopped() -> None:
    def stop() -> None:
        raise TimeoutError

    formula = Formula.from_clauses([[1]])
    assert formula.satisfied(np.array([True]), lambda: None)
    with pytest.raises(TimeoutError):
        formula.satisfied(np.array([True]), stop)
