import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turbosat.strategies import formulas
from turbosat.encodings.reduction import reduce
from turbosat.formula.clauses import Clauses
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


@given(formulas(most_variables=7, xors=False), st.data())
@settings(max_examples=60, deadline=None)
def test_implied_clauses_bind_what_is_left(formula: Formula, data: st.DataObject) -> None:
    whole = models(formula)
    literal = st.integers(1, max(1, formula.variables)).flatmap(lambda v: st.sampled_from([v, -v]))
    rows = (
        data.draw(st.lists(st.lists(literal, min_size=1, max_size=3), max_size=5))
        if formula.variables
        else []
    )
    implied = [row for row in rows if all(any(m[abs(v) - 1] == (v > 0) for v in row) for m in whole)]
    reduction = reduce(formula, NOTHING)
    more = reduction.with_clauses(Clauses.of(*implied))
    assert np.all(more.formula.satisfied(whole))
    about = [row for row in implied if reduction.left[np.abs(row) - 1].all()]
    assert len(more.formula) == len(reduction.formula) + len(about)
