import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turbosat.strategies import formulas
from turbosat.encodings.reduction import reduce
from turbosat.formula.formula import Formula

NOTHING = np.zeros(0, np.int32)


def models(formula: Formula) -> np.ndarray:
    """Return all models, bool (models, variables)."""
    every = np.array(list(itertools.product([False, True], repeat=formula.variables)), np.bool_)
    every = every.reshape(1 << formula.variables, formula.variables)
    return every[formula.satisfied(every)]


@given(formulas(most_variables=7, xors=False))
@settings(max_examples=150, deadline=None)
def test_models_go_both_ways(formula: Formula) -> None:
    reduction = reduce(formula, NOTHING)
    whole, rest = models(formula), models(reduction.formula)
    assert (whole.size == 0 and not formula.variables) or bool(len(whole)) == bool(len(rest))
    if len(rest):
        assert np.all(formula.satisfied(np.stack([reduction.extend(model) for model in rest])))
        assert np.all(reduction.formula.satisfied(whole))


@given(formulas(most_variables=7, xors=False), st.data())
@settings(max_examples=60, deadline=None)
def test_frozen_variables_may_be_assumed_afterwards(formula: Formula, data: st.DataObject) -> None:
    if not formula.variables:
        return
    variable = data.draw(st.integers(1, formula.variables))
    frozen = np.array([variable if data.draw(st.booleans()) else -variable], np.int32)
    reduction = reduce(formula, frozen)
    whole, rest = models(formula), models(reduction.formula)
    for value in (False, True):
        wanted = rest[rest[:, variable - 1] == value]
        assert bool(len(wanted)) == bool((whole[:, variable - 1] == value).any())
        for model in wanted:
            assert reduction.extend(model)[variable - 1] == value
