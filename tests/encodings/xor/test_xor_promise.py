import random
import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.encodings.slow_parity import xor_clauses
from tests.families import pigeonhole
from turbosat.encodings.xor.recovery import promising
from turbosat.formula.formula import Formula


def test_promising_needs_numpy_only() -> None:
    program = """
import sys
from turbosat.encodings.xor.recovery import promising
from turbosat.formula.formula import Formula
assert not promising(Formula.from_clauses([[1, 2, 3], [-1, -2], [-3, 4]]))
assert not {"turbosat.core.library"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])


@given(st.integers(3, 6), st.integers(4, 6), st.integers(0, 2**32))
def test_promising_sees_xors_whatever_their_form(width: int, number: int, seed: int) -> None:
    dice = random.Random(seed)
    clauses = []
    for _ in range(number):
        variables = tuple(dice.sample(range(1, 41), width))
        own = xor_clauses(variables, dice.random() < 0.5)
        dice.shuffle(own)
        few = dice.randrange(len(own) // 2)  # fewer than half are shortened
        clauses += own[few:] + [clause[1:] for clause in own[:few]]
    dice.shuffle(clauses)
    assert promising(Formula.from_clauses(clauses))
    assert not promising(Formula.from_clauses([clause[:2] for clause in clauses[::3]]))


def test_promising_declines_what_has_no_parity() -> None:
    dice = np.random.default_rng(5)
    for width, clauses, variables in ((3, 4200, 1000), (5, 2000, 100), (7, 5000, 60)):
        rows = [
            (dice.choice(variables, width, replace=False) + 1) * dice.choice([1, -1], width)
            for _ in range(clauses)
        ]
        assert not promising(Formula.from_clauses(np.array(rows).tolist()))
    assert not promising(Formula.from_clauses([], 10))
    assert not promising(Formula.from_clauses([], 2**29 - 1))
    assert promising(Formula.from_clauses([], 10, [[1, 2]]))
    assert not promising(Formula.from_clauses(pigeonhole(8, 7)[1]))
