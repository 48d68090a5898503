"""Learned clauses, from the bytes of a trace to what an engine hands out: all must be implied."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical300

from tests.cdcl.engines.engines import array, formula, satisfiable
from tests.families import random_ksat
from tests.formula.test_clauses import lists
from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.engines.engine import Budget
from turbosat.cdcl.engines.trace import additions
from turbosat.formula.formula import Formula
from turbosat.result import Status

literals = st.integers(1, 2**28).flatmap(lambda variable: st.sampled_from((variable, -variable)))
steps = st.lists(st.tuples(st.booleans(), st.lists(literals, max_size=6)), max_size=20)


def encoded(added: bool, row: list[int]) -> bytes:
    data = bytearray(b"a" if added else b"d")
    for literal in [*row, 0]:
        code = 2 * abs(literal) + (literal < 0)
        while code > 127:
            data.append(code & 127 | 128)
            code >>= 7
        data.append(code)
    return bytes(data)


@given(steps, st.integers(1, 7))
def test_additions_are_read_as_written(proof: list[tuple[bool, list[int]]], longest: int) -> None:
    data = b"".join(itertools.starmap(encoded, proof))
    assert lists(additions(data, longest)) == [
        row for added, row in proof if added and 0 < len(row) <= longest
    ]


def exported(
    source: Formula, longest: int, conflicts: int, options: dict[str, int] | None = None
) -> list[list[int]]:
    """Return the clauses learned in slices until an answer or so many conflicts."""
    found = []
    with Cadical(options, export=longest) as engine:
        engine.start(source)
        for _ in range(4):
            engine.advance(Budget(conflicts=conflicts // 4))
            answer = engine.poll(30)
            clauses = engine.learned()
            if clauses is not None:
                found += lists(clauses)
            assert engine.learned() is None
            assert answer is not None
            if answer.status is not Status.UNKNOWN:
                break
    return found


@pytest.mark.parametrize("options", [{}, {"stabilizeonly": 1}, {"condition": 1, "cover": 1, "ternary": 1}])
def test_learned_clauses_are_implied(options: dict[str, int]) -> None:
    variables, clauses = random_ksat(200, 860, seed=3)
    learned = exported(formula(clauses, variables), 6, 4000, options)
    assert len(learned) > 100
    assert max(map(len, learned)) == 6
    with Cadical300(bootstrap_with=clauses) as solver:
        for clause in learned:
            assert solver.solve(assumptions=[-literal for literal in clause]) is False


small = st.integers(1, 7).flatmap(lambda variable: st.sampled_from((variable, -variable)))


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(small, min_size=1, max_size=3), min_size=12, max_size=30))
def test_learned_clauses_are_implied_by_brute_force(clauses: list[list[int]]) -> None:
    source = formula(clauses, 7)
    for clause in exported(source, 5, 400):
        assert not satisfiable(source, [-literal for literal in clause])


def test_learned_clauses_are_over_the_variables_of_the_formula() -> None:
    variables, clauses = random_ksat(200, 840, seed=1)
    rng = np.random.default_rng(0)
    xors = [(rng.permutation(variables)[:12] + 1).tolist() for _ in range(12)]  # cut with more variables
    learned = exported(Formula.from_clauses(clauses, variables, xors), 8, 8000)
    assert learned
    assert max(abs(literal) for row in learned for literal in row) <= variables


def test_nothing_is_exported_under_units_and_what_is_under_assumptions_is_implied() -> None:
    variables, clauses = random_ksat(200, 860, seed=5)
    with Cadical(export=6) as engine:
        engine.start(formula(clauses, variables))
        engine.add_units(array(1, 2, 3))
        engine.advance(Budget(conflicts=3000))
        assert engine.poll(30) is not None
        assert engine.learned() is None
    with Cadical(export=6) as engine:
        engine.start(formula(clauses, variables))
        engine.assume(array(1, 2, 3))
        engine.advance(Budget(conflicts=3000))
        assert engine.poll(30) is not None
        learned = engine.learned()
    assert learned is not None
    with Cadical300(bootstrap_with=clauses) as solver:
        for clause in lists(learned):
            assert solver.solve(assumptions=[-literal for literal in clause]) is False


def test_nothing_is_collected_unless_asked_for() -> None:
    variables, clauses = random_ksat(200, 860, seed=5)
    with Cadical() as engine:
        engine.start(formula(clauses, variables))
        engine.advance(Budget(conflicts=3000))
        assert engine.poll(30) is not None
        assert engine.learned() is None
