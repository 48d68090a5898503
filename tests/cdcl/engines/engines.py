"""The engines under test, and slow obvious truth to judge their answers by."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.families import random_ksat
from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.engines.engine import Ability, Answer, Budget, Engine
from turbosat.cdcl.engines.kissat import Kissat
from turbosat.errors import UnsupportedError
from turbosat.formula.formula import Formula
from turbosat.result import Status

ENGINES: list[Callable[[], Engine]] = [Kissat, Cadical]
LONG = 180.0  # seconds; no test waits that long unless something is broken, or the machine very busy


def formula(clauses: Sequence[Sequence[int]], variables: int | None = None) -> Formula:
    return Formula.from_clauses(clauses, variables)


def seconds_hard() -> Formula:
    """Return an unsatisfiable formula that takes each engine a second or two."""
    variables, clauses = random_ksat(230, 979, seed=0)
    return formula(clauses, variables)


def hopeless() -> Formula:
    """Return a formula no engine ends within a test."""
    variables, clauses = random_ksat(600, 2556, seed=1)
    return formula(clauses, variables)


def array(*literals: int) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    return np.array(literals, np.int32)


def wait(engine: Engine, budget: Budget | None = None) -> Answer:
    """Run one slice to its end."""
    engine.advance(budget or Budget())
    answer = engine.poll(LONG)
    assert answer is not None
    return answer


def solve(build: Callable[[], Engine], source: Formula | Path) -> Answer:
    with build() as engine:
        engine.start(source)
        return wait(engine)


def satisfiable(source: Formula, given: Sequence[int] = ()) -> bool:
    """Try all assignments that agree with the literals given."""
    return any(
        source.satisfied(values) and all(values[abs(x) - 1] == (x > 0) for x in given)
        for bits in itertools.product((False, True), repeat=source.variables)
        for values in [np.array(bits, np.bool_)]
    )


def check(source: Formula, answer: Answer, given: Sequence[int] = ()) -> None:
    """Fail unless the answer is the truth about the formula under the literals given."""
    if satisfiable(source, given):
        assert answer.status is Status.SATISFIABLE
        assert answer.values is not None
        assert answer.values.dtype == np.bool_
        assert source.satisfied(answer.values)
        assert all(answer.values[abs(x) - 1] == (x > 0) for x in given)
    else:
        assert answer.status is Status.UNSATISFIABLE
        assert answer.values is None
        assert set(answer.core) <= set(given)
        assert not satisfiable(source, answer.core)


def declared(engine: Engine, ability: Ability, ask: Callable[[], object]) -> bool:
    """Ask for an ability; True if it is declared, else it must be refused."""
    if ability in engine.abilities:
        ask()
        return True
    with pytest.raises(UnsupportedError, match=engine.name):
        ask()
    return False
