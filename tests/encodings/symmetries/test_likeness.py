"""Literals that look alike: whatever a symmetry moves, and hardly anything of random formulas."""

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.families import endless, pigeonhole
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.likeness import alike
from turbosat.formula.formula import Formula

CLAUSES = st.lists(
    st.lists(st.integers(1, 9).flatmap(lambda v: st.sampled_from([v, -v])), max_size=4), max_size=30
)


@given(CLAUSES)
def test_copies_look_alike(clauses: list[list[int]]) -> None:
    """A formula beside a copy of itself has a symmetry that moves everything."""
    copy = [[literal + (9 if literal > 0 else -9) for literal in clause] for clause in clauses]
    formula = Formula.from_clauses(clauses + copy)
    assert alike(formula, 0.0) == (1.0 if formula.literals.size else 0.0)


@given(CLAUSES)
def test_names_and_order_do_not_matter(clauses: list[list[int]]) -> None:
    names = np.random.default_rng(len(clauses)).permutation(9) + 1
    other = [
        [int(np.sign(literal) * names[abs(literal) - 1]) for literal in clause] for clause in clauses[::-1]
    ]
    one, two = (Formula.from_clauses(each, 9) for each in (clauses, other))
    assert alike(one, 0.0) == alike(two, 0.0)


@given(CLAUSES)
def test_what_refined_colours_leave_alike_looks_alike(clauses: list[list[int]]) -> None:
    """Hashes of a few rounds tell no more apart than colour refinement to the end, where nothing is fixed."""
    kept = [sorted(set(clause)) for clause in clauses]
    kept = [
        clause for clause in kept if len(clause) > 1 and len({abs(each) for each in clause}) == len(clause)
    ]
    formula = Formula.from_clauses([*map(list, {*map(tuple, kept)})], 9)
    symmetry = Symmetry(formula)
    shared = symmetry.coloured() * 2 * symmetry.variables  # literals, those that occur nowhere among them
    occurring = np.unique(formula.literals).size
    missing = 2 * symmetry.variables - occurring
    assert alike(formula, 0.0) * occurring >= shared - 2 * missing - 1e-9


def test_random_formulas_do_not() -> None:
    assert alike(Formula.from_clauses(endless()[1]), 0.0) < 0.05
    assert alike(Formula.from_clauses(pigeonhole(6, 5)[1]), 0.0) == 1.0
    assert alike(Formula.from_clauses([], 3), 0.0) == 0.0


def test_it_needs_numpy_only() -> None:
    code = (
        "import sys; from turbosat.encodings.symmetries.likeness import alike; "
        "from turbosat.formula.formula import Formula; "
        "alike(Formula.from_clauses([[1, 2], [-1, -2]]), 0.1); print('turbosat.core.library' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
