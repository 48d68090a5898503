"""The folding lane: a child that finds partial symmetries and says what a model may repeat, or ends."""

import numpy as np
import pytest

from tests.encodings.symmetries.test_folding import discrepancy
from tests.families import endless, pigeonhole
from tests.lanes.tasks import answered
from turbosat import Formula, Status
from turbosat.cdcl.engines.engine import Answer
from turbosat.lanes.symmetry import FoldSearch


def searched(formula: Formula, seed: int = 0) -> FoldSearch:
    """Return the engine after its answer."""
    engine = FoldSearch(seed)
    assert answered(engine, formula) == Answer(Status.UNKNOWN)
    return engine


@pytest.mark.parametrize("seed", [0, 1])
def test_folds_are_equivalences_over_the_formula(seed: int) -> None:
    formula = discrepancy(150, seed=7)
    engine = searched(formula, seed)
    assert engine.folds
    assert engine.figures["folds"] == [len(each) // 2 for each in engine.folds]
    for each in engine.folds:
        assert np.unique(np.diff(each.offsets)).tolist() == [2]
        assert np.abs(each.literals).min() >= 1
        assert np.abs(each.literals).max() <= formula.variables
        sides = each.literals.reshape(-1, 2, 2)
        assert (sides[:, 0] == -sides[:, 1]).all()


def test_most_formulas_have_none() -> None:
    for clauses in (endless()[1], pigeonhole(8, 7)[1], [[1], [-1]], [[1, 2]]):
        engine = searched(Formula.from_clauses(clauses))
        assert engine.folds == []
        assert engine.figures == {}
