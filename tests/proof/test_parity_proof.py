"""DRAT proofs of contradictions between XORs, judged by the independent checker."""

import io
import random
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pysat.solvers import Solver

from tests.check import reference
from tests.proof.contradictions import Rows, contradictions, formulas_of, patterns
from turbosat.check import Verdict, check_proof
from turbosat.errors import UsageError
from turbosat.formula.files import dumps
from turbosat.formula.formula import Formula
from turbosat.formula.xors import Xors
from turbosat.proof.drat import DratWriter
from turbosat.proof.parity import arrange, parity_proof, write_parity_proof


def judge(formula: Formula, rows: Rows) -> Verdict:
    """Return the verdict on the text; fail unless the binary proof has the same steps."""
    text = parity_proof(formula, Xors.from_rows(rows), binary=False)
    steps = reference.parse_text(text.decode())
    assert parity_proof(formula, Xors.from_rows(rows), binary=True) == reference.to_binary(steps)
    verdict = check_proof(dumps(formula), text)
    assert verdict.missing == 0, verdict.notes
    return verdict


def from_patterns(rows: Rows) -> Formula:
    return Formula.from_clauses([clause for row in rows for clause in patterns(row)])


@settings(deadline=None)
@given(st.data())
def test_proofs_hold(data: st.DataObject) -> None:
    rows = data.draw(contradictions())
    verdict = judge(data.draw(formulas_of(rows)), rows)
    assert verdict.verified, verdict.reason


@settings(deadline=None)
@given(st.data())
def test_proofs_hold_with_long_lines(data: st.DataObject) -> None:
    rows = data.draw(contradictions(longest=40, variables=60))
    verdict = judge(data.draw(formulas_of(rows)), rows)
    assert verdict.verified, verdict.reason


@settings(deadline=None)
@given(contradictions(longest=3, most=60, variables=80))
def test_proofs_of_larger_sums_hold(rows: Rows) -> None:
    verdict = judge(from_patterns(rows), rows)
    assert verdict.verified, verdict.reason


@settings(deadline=None)
@given(contradictions(longest=2, most=40, variables=6))
def test_variables_may_come_back_after_they_gave_a_node_its_name(rows: Rows) -> None:
    verdict = judge(from_patterns(rows), rows)
    assert verdict.verified, verdict.reason


@settings(deadline=None)
@given(contradictions(longest=4, most=4, variables=6))
def test_the_slow_checker_agrees(rows: Rows) -> None:
    formula = from_patterns(rows)
    proof = parity_proof(formula, Xors.from_rows(rows), binary=False).decode()
    assert reference.accepts([list(clause) for clause in formula], reference.parse_text(proof))


@settings(deadline=None)
@given(contradictions(longest=4, most=8), st.data())
def test_no_proof_of_a_formula_that_has_a_model(rows: Rows, data: st.DataObject) -> None:
    proof = parity_proof(from_patterns(rows), Xors.from_rows(rows))
    changed = [list(row) for row in rows]
    data.draw(st.sampled_from(changed))[0] *= -1
    formula = from_patterns(changed)
    with Solver("cadical153", bootstrap_with=[list(clause) for clause in formula]) as solver:
        assume(solver.solve())
    assert not check_proof(dumps(formula), proof).verified


def random_graph(vertices: int, degree: int, seed: int) -> Rows:
    """Return a row over its edges for each vertex of a random graph: in any order the sum is long."""
    dice = random.Random(seed)
    ends = [vertex for vertex in range(vertices) for _ in range(degree)]
    dice.shuffle(ends)
    rows: list[set[int]] = [set() for _ in range(vertices)]
    for edge in range(len(ends) // 2):
        for vertex in ends[2 * edge : 2 * edge + 2]:
            rows[vertex] ^= {edge + 1}  # a loop counts twice
    filled = [[name * dice.choice((1, -1)) for name in sorted(row)] for row in rows if row]
    if Xors.from_rows(filled).parities.sum() % 2 == 0:
        filled[0][0] *= -1
    return filled


@pytest.mark.parametrize(("degree", "most"), [(3, 2500), (4, 4500), (5, 7000), (6, 10000), (9, 70000)])
def test_proofs_are_short(degree: int, most: int) -> None:
    rows = random_graph(120, degree, seed=degree)
    formula = from_patterns(rows)
    proof = parity_proof(formula, Xors.from_rows(rows))
    verdict = check_proof(dumps(formula), proof)
    assert verdict.verified, verdict.reason
    assert len(proof) < most * len(rows)


def test_a_wide_row_that_is_no_line() -> None:
    rows = [list(range(1, 13)), [-1], [-2], *([name] for name in range(3, 13))]
    assert judge(from_patterns(rows), rows).verified


def test_an_empty_row_is_a_contradiction() -> None:
    formula = Formula.from_clauses([[1]], xors=[[]])
    assert judge(formula, [[]]).verified
    assert parity_proof(formula, Xors.from_rows([[]]), binary=False) == b"0\n"


def test_a_path_a_file_and_bytes_get_the_same_proof(tmp_path: Path) -> None:
    rows = random_graph(20, 3, seed=1)
    formula, xors = from_patterns(rows), Xors.from_rows(rows)
    file = io.BytesIO()
    assert write_parity_proof(file, formula, xors) == len(file.getvalue())
    assert write_parity_proof(tmp_path / "proof", formula, xors) == len(file.getvalue())
    assert (tmp_path / "proof").read_bytes() == file.getvalue() == parity_proof(formula, xors)


def test_the_check_may_end_it() -> None:
    rows = random_graph(2000, 3, seed=1)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        parity_proof(from_patterns(rows), Xors.from_rows(rows), check=check)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1, 2], [1, 2]], "expected XORs whose sum is 0 = 1"),
        ([[1, 2], [2]], "expected XORs whose sum is 0 = 1"),
        ([[1], [1], [-1]], "expected XORs whose sum is 0 = 1"),
        ([], "expected XORs whose sum is 0 = 1"),
        ([[21], [-21]], "expected XORs of 20 variables, found 21"),
        (
            [[1, *range(2, 14)], [-1, *range(2, 14)]],
            "expected x lines or at most 12 variables, found a row of 13",
        ),
    ],
)
def test_misuse(rows: Rows, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parity_proof(Formula.from_clauses([[1, 20]]), Xors.from_rows(rows))
    assert str(caught.value) == message


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(1, 9), max_size=4), max_size=12))
def test_the_order_has_all_rows_and_the_lengths_of_their_sum(rows: list[set[int]]) -> None:
    order, lengths = arrange(rows)
    assert sorted(order) == list(range(len(rows)))
    total: set[int] = set()
    for index, length in zip(order, lengths, strict=True):
        rest = [row for row in range(len(rows)) if row not in order[: order.index(index)]]
        growth = [len(total ^ rows[row]) for row in rest if total & rows[row]]
        assert not growth or len(total ^ rows[index]) == min(growth)
        total ^= rows[index]
        assert length == len(total)


def slow_steps(row: list[int], splits: list[int]) -> list[reference.Step]:
    """Return the steps that add an XOR: each clause by cases, the helpers deleted after it."""
    steps: list[reference.Step] = []
    for clause in patterns(row):
        helpers: Rows = []

        def halve(prefix: list[int], clause: list[int] = clause, helpers: Rows = helpers) -> None:
            if len(prefix) < len(splits):
                halve([*prefix, splits[len(prefix)]], clause, helpers)
                halve([*prefix, -splits[len(prefix)]], clause, helpers)
                helpers.pop()
            helpers.append(clause + prefix)

        halve([])
        steps += [(False, helper) for helper in helpers]
        steps += [(True, helper) for helper in helpers[:-1]]
    return steps


@settings(deadline=None)
@given(st.data())
def test_the_writer_writes_what_it_is_told(data: st.DataObject) -> None:
    literal = st.integers(0, 29).flatmap(lambda bits: st.integers(1 << bits, (2 << bits) - 1))
    row = st.lists(literal.flatmap(lambda name: st.sampled_from([name, -name])), max_size=5)
    told = data.draw(st.lists(st.tuples(row, st.lists(literal, max_size=2), st.booleans()), max_size=6))
    files = {binary: io.BytesIO() for binary in (True, False)}
    steps: list[reference.Step] = []
    for literals, splits, deletion in told:
        expected = slow_steps(literals, [] if deletion else splits)
        steps += [(deletion, clause) for _, clause in expected] if deletion else expected
    for binary, file in files.items():
        writer = DratWriter(file, binary=binary, check=lambda: None)
        for literals, splits, deletion in told:
            if deletion:
                writer.delete(literals)
            else:
                writer.add(literals, splits)
            if data.draw(st.booleans()):
                writer.flush()
        writer.flush()
        assert writer.size == len(file.getvalue())
    assert files[False].getvalue().decode() == reference.to_text(steps)
    assert files[True].getvalue() == reference.to_binary(steps)
