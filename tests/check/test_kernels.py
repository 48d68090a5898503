"""The kernels beside their slow twins: whatever budget they are called with, every array is the same."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.check.reference import Step, to_binary, to_text
from tests.families import Clauses, dimacs, pigeonhole
from tests.twins import check_drat, check_index, check_scan
from turbosat.check import InputError, check, kernels
from turbosat.check.border import Record
from turbosat.check.clock import Clock
from turbosat.check.drat import checker, index
from turbosat.check.drat.checker import Checker
from turbosat.check.drat.index import build, occurrences_of
from turbosat.check.reading import scan
from turbosat.check.reading.scan import Items, Scanner

CLOCK = Clock()
budgets = st.sampled_from((1, 2, 3, 7, 50, 1 << 40))
pieces = st.sampled_from(
    [
        *(
            b" ",
            b"\n",
            b"\n",
            b"\r\n",
            b"\t",
            b"0",
            b"0\n",
            b" 0 ",
            b"00",
            b"-",
            b"d",
            b"d ",
            b"x",
            b"c",
            b"p",
        ),
        *(b"%", b"a", b"1", b"-2 ", b"12", b"1073741823 ", b"1073741824", b"-99999999999999999999 ", b"\0"),
        *(b"\x80", b"\xff", b"\x02", b"\x03", b"\x01", b"a\x02\0", b"d\x05\x82\x01\0"),
    ]
)
# Six literals of few variables: with repetitions, tautologies, copies and empty clauses.
clause = st.lists(st.integers(1, 5).flatmap(lambda v: st.sampled_from((v, -v))), max_size=6)
formulas = st.lists(clause, max_size=24)
proofs = st.lists(st.tuples(st.booleans(), clause), max_size=16)


@contextmanager
def with_budget(budget: int, **swapped: Any) -> Iterator[None]:
    """Run kernels with this budget; `swapped` ones are replaced, wherever they are called."""
    with ExitStack() as stack:
        for module, name in ((scan, "SLICE"), (index, "BUDGET"), (checker, "BUDGET")):
            stack.enter_context(patch.object(module, name, budget))
        for name, twin in swapped.items():
            for module in (scan, index, kernels):
                if hasattr(module, name):
                    stack.enter_context(patch.object(module, name, twin))
        yield


def same(ours: Record, theirs: Record, *but: str) -> None:
    for field in type(ours).fields:
        if field.name not in but:
            np.testing.assert_array_equal(getattr(ours, field.name), getattr(theirs, field.name), field.name)


@settings(deadline=None)
@given(st.lists(pieces, max_size=40).map(b"".join), st.booleans(), st.booleans(), budgets)
def test_scanning(data: bytes, proof: bool, binary: bool, budget: int) -> None:
    twins = {"scan_text": check_scan.scan_text, "scan_binary": check_scan.scan_binary}
    found = []
    for swapped in ({}, twins):
        scanner = Scanner(data, CLOCK, proof=proof, binary=binary and proof)
        codes = []
        with with_budget(budget, **swapped):
            for headed in (False, True) if not proof else (True,):
                codes.append(scanner.run(headed=headed))
                if codes[-1] == kernels.HEADER:
                    scanner.skip(scanner.position + 1)
                elif codes[-1] != kernels.NO_HEADER:
                    break
        items = [part.tolist() for part in scanner.result()]
        found.append((codes, scanner.position, items))
    assert found[0] == found[1]


def items_of(steps: list[Step]) -> Items:
    literals = [literal for _, lits in steps for literal in lits]
    return Items(
        np.array(literals, np.int32),
        np.cumsum([len(lits) for _, lits in steps], dtype=np.int64),
        np.array([kernels.DELETION if deletion else kernels.CLAUSE for deletion, _ in steps], np.uint8),
        np.zeros(len(steps), np.int64),
    )


def laid_out(formula: Clauses, proof: list[Step], budget: int, **swapped: Any) -> Checker:
    with with_budget(budget, **swapped):
        return Checker(build(items_of([(False, c) for c in formula]), items_of(proof), 5, CLOCK), CLOCK)


@settings(deadline=None)
@given(formulas, proofs, budgets)
def test_laying_out(formula: Clauses, proof: list[Step], budget: int) -> None:
    # What is there is deleted now and then.
    proof = [*proof, *((True, c[::-1]) for c in formula[::3]), *((True, c) for c in formula[::4])]
    ours = laid_out(formula, proof, budget).index
    theirs = laid_out(formula, proof, budget, lay_out=check_index.lay_out).index
    np.testing.assert_array_equal(ours.steps, theirs.steps)
    np.testing.assert_array_equal(ours.arena, theirs.arena)
    lists = []
    for swapped in (
        {},
        {
            "count_occurrences": check_index.count_occurrences,
            "list_occurrences": check_index.list_occurrences,
        },
    ):
        with with_budget(budget, **swapped):
            lists.append([part.tolist() for part in occurrences_of(ours, len(ours.steps), CLOCK)])
    assert lists[0] == lists[1]


def compare_passes(formula: Clauses, proof: list[Step], budget: int) -> int:
    """Run both passes with kernels and with their twins; return the code of the last."""
    ours, theirs = (laid_out(formula, proof, 1 << 40) for _ in range(2))
    roomy = {"pool": np.zeros(1 << 16, np.int64)}
    tight = {"pool": np.zeros(1, np.int64)}  # which is made larger again and again
    for each, pool in ((ours, tight), (theirs, roomy)):
        each.state = each.state.renewed(**pool)
    twins = {name: getattr(check_drat, name) for name in ("forward", "mark", "backward")}

    def both(method: str) -> int:
        with with_budget(budget):
            code = getattr(ours, method)()
        with with_budget(budget, **twins):
            assert getattr(theirs, method)() == code
        # Places of the pool that nothing was written to, and what only kernels that stop must know.
        same(ours.state, theirs.state, "pool", "registers", "open", "stack")
        shown = [ours.state.registers.copy(), theirs.state.registers.copy()]
        for registers in shown:
            unequal = [kernels.PHASE, kernels.ROOT, kernels.LEVEL, kernels.LEFT, kernels.NEEDED]
            unequal += [kernels.CANDIDATE, kernels.MARKED, kernels.MARKING]
            registers[unequal] = 0
        np.testing.assert_array_equal(shown[0], shown[1])
        for start, n, _ in ours.state.lists.reshape(-1, 3):
            part = slice(start, start + n)
            np.testing.assert_array_equal(ours.state.pool[part], theirs.state.pool[part])
        return int(code or 0)

    code = both("find_conflict")
    if code == kernels.REFUTED and ours.end:
        both("restart")
        for each in (ours, theirs):  # lest the twin begin a lemma again that it needs them for
            first, occurrences = occurrences_of(each.index, each.end, CLOCK)
            each.state = each.state.renewed(first=first, occurrences=occurrences)
        return both("check_core")
    return code


@settings(deadline=None)
@given(formulas, proofs, budgets)
def test_passes(formula: Clauses, proof: list[Step], budget: int) -> None:
    compare_passes(formula, proof, budget)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 3), st.randoms(use_true_random=False), budgets)
def test_passes_of_proofs(holes: int, dice: Any, budget: int) -> None:
    """Proofs by extended resolution, with a lemma left out or not: RAT steps that hold and that fail."""
    from tests.check.test_proofs import extended_pigeonhole

    _, formula = pigeonhole(holes + 1, holes)
    proof = extended_pigeonhole(holes)
    if dice.random() < 0.5:
        del proof[dice.randrange(len(proof))]
    for _ in range(dice.randrange(6)):
        proof.insert(dice.randrange(len(proof)), (True, dice.choice(proof)[1]))
    compare_passes(formula, proof, budget)


@settings(deadline=None)
@given(formulas, proofs, budgets, st.booleans())
def test_verdicts_do_not_depend_on_budgets(
    formula: Clauses, proof: list[Step], budget: int, binary: bool
) -> None:
    cnf, data = dimacs(5, formula).encode(), to_binary(proof) if binary else to_text(proof).encode()
    found: list[str | dict[str, Any]] = []
    for each in (budget, 1 << 40):
        with with_budget(each):
            try:
                verdict, core = check(cnf, data, kind="proof", binary=binary, core=True)
            except InputError as error:
                found.append(str(error))
            else:
                found.append({**verdict.record(), "seconds": 0, "core": core})
    assert found[0] == found[1]


def test_kernels_come_back_soon() -> None:
    """However long a list, a clause or a chain of reasons is: limits hold, and Ctrl-C works."""
    n = 3000
    chain = [[-v, v + 1] for v in range(1, n)]
    formula = items_of([(False, c) for c in [*chain, *([-n, -v] for v in range(1, n))]])
    ours = Checker(build(formula, items_of([(False, [1])]), n, CLOCK), CLOCK)
    calls = 0
    forward = kernels.forward

    def counted(*arguments: Any) -> int:
        nonlocal calls
        calls += 1
        return forward(*arguments)

    with with_budget(100, forward=counted):
        assert ours.find_conflict() == kernels.REFUTED
    assert calls > n // 100


@pytest.mark.parametrize("wrong", ["dtype", "length", "dimensions", "order", "locked", "list"])
@pytest.mark.parametrize("name", [field.name for field in kernels.State.fields])
def test_wrong_arrays_are_refused(name: str, wrong: str) -> None:
    state = laid_out([[1, 2], [-1]], [(False, [2])], 1).state
    array: Any = getattr(state, name)
    other: Any = {
        "dtype": lambda: array.astype(array.dtype.newbyteorder() if array.itemsize > 1 else np.int16),
        "length": lambda: np.resize(array, len(array) + 1),
        "dimensions": lambda: array.reshape(1, -1),
        "order": lambda: np.resize(array, 2 * len(array) + 4)[::2],
        "locked": lambda: np.require(array.copy()),
        "list": array.tolist,
    }[wrong]()
    if wrong == "locked":
        other.flags.writeable = False
    free = {"arena", "steps", "pool", "first", "occurrences"}  # whose length says how much there is
    if wrong == "length" and name in free:
        state.renewed(**{name: other})
        return
    with pytest.raises((TypeError, ValueError)):
        state.renewed(**{name: other})


def test_wrong_calls_are_refused() -> None:
    state = laid_out([[1]], [], 1).state
    call: Any = kernels.backward
    for arguments in ((state,), (state, 0), (state, 0, 1, 2), (None, 0, 1), (state, "0", 1), (0, state, 1)):
        with pytest.raises(TypeError):
            call(*arguments)
    for number in (2**63, -(2**63) - 1, 10**30):
        with pytest.raises(OverflowError):
            call(state, number, 1)
    with pytest.raises(TypeError):
        kernels.Occurrences(arena=state.arena)
