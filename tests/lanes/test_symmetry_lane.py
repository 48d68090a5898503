"""The symmetry lane: a child that finds symmetries and says how to break them, or ends."""

import random

import pytest

from tests.families import endless, pigeonhole, random_ksat
from tests.lanes.tasks import answered
from turbosat import Formula, Status
from turbosat.cdcl.engines.engine import Answer
from turbosat.formula.xors import Xors
from turbosat.lanes import symmetry as module
from turbosat.lanes.symmetry import SymmetrySearch, promising


def searched(formula: Formula) -> SymmetrySearch:
    """Return the engine after its answer."""
    engine = SymmetrySearch()
    assert answered(engine, formula) == Answer(Status.UNKNOWN)
    return engine


def test_breaking_clauses_come_before_the_end() -> None:
    formula = Formula.from_clauses(pigeonhole(7, 6)[1])
    engine = searched(formula)
    assert engine.breaking is not None
    assert engine.figures["generators"] == 6 + 5
    assert engine.figures["moved"] == 42
    assert (engine.figures["matrices"], engine.figures["largest"]) == (2, [7, 6])
    assert engine.figures["breaking"] == len(engine.breaking)
    assert abs(engine.breaking.literals).max() == formula.variables + engine.auxiliary
    assert engine.figures["ended"] is True


def test_few_variables_that_move_are_not_worth_a_lane() -> None:
    variables, clauses = random_ksat(60, 240, seed=2)
    plain = Formula.from_clauses(clauses, variables)
    assert searched(plain).breaking is None
    alike = [[variables + 1, variables + 2], [-variables - 1, -variables - 2]]
    assert searched(Formula.from_clauses(clauses + alike)).breaking is None


def test_only_what_may_have_symmetries_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    pigeons = Formula.from_clauses(pigeonhole(5, 4)[1])
    assert promising(pigeons)
    assert not promising(Formula.from_clauses(endless()[1]))
    assert not promising(Formula.from_clauses([], 5))
    with_xors = Formula(pigeons.literals, pigeons.offsets, pigeons.variables, Xors.from_rows([[1, 2, 3]]))
    assert not promising(with_xors)
    monkeypatch.setattr(module, "LARGEST", pigeons.literals.size - 1)
    assert not promising(pigeons)


def test_a_large_formula_is_looked_at_by_the_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    formula = Formula.from_clauses(endless()[1])
    monkeypatch.setattr(module, "LARGE", formula.literals.size - 1)
    assert promising(formula)
    assert searched(formula).breaking is None


def test_units_and_names_are_taken_care_of() -> None:
    # The rows' variables are not the first, and some clauses hold already.
    dice = random.Random(0)
    names = dice.sample(range(10, 200), 30)
    clauses = [[names[abs(x) - 1] * (1 if x > 0 else -1) for x in each] for each in pigeonhole(6, 5)[1]]
    clauses += [[3], [-3, 4], [3, names[0], 5], [-4, -6]]
    engine = searched(Formula.from_clauses(clauses, 250))
    assert engine.breaking is not None
    assert engine.figures["largest"] == [6, 5]
    own = {abs(x) for x in engine.breaking.literals.tolist() if abs(x) <= 250}
    assert own <= set(names)
    assert own | set(range(251, 251 + engine.auxiliary)) == {
        abs(x) for x in engine.breaking.literals.tolist()
    }
