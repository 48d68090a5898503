"""How long a sweep of the algebra lane still takes is told as soon as its pace is known."""

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbosat.encodings.gf2.consequences import find
from turbosat.formula.formula import Formula
from turbosat.lanes import algebra_worker as module

FORMULA = Formula.from_clauses([[1, 2], [-1, -2]])


class Told:
    """The parent's end: keeps what it is told."""

    def __init__(self) -> None:
        self.progress: list[dict[str, Any]] = []

    def send(self, kind: str, data: dict[str, Any]) -> None:
        assert kind == "progress"
        self.progress.append(data)


@given(st.floats(0.001, 0.999), st.floats(0.0, module.PACE), st.floats(2 * module.PACE, 1e3))
def test_the_first_word_comes_with_the_pace(share: float, early: float, spent: float) -> None:
    told: Any = Told()
    task = {"timed": True, "device": "cpu", "seed": 0, "remaining": 60.0}
    explorer = module._Explorer(told, FORMULA, find(FORMULA, lambda: None), task)
    explorer._began = 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "nice", lambda by: by)  # this process keeps its rank
        for seconds, swept in ((early, share), (spent, 0.0), (spent, share), (2 * spent, share)):
            patch.setattr(explorer, "_clock", lambda seconds=seconds: seconds)
            explorer._tell({"swept": swept})
    (word,) = told.progress  # nothing before, and the next when some time has passed
    assert word["swept"] == pytest.approx(share, abs=1e-3)
    assert word["left"] == pytest.approx(spent / share - spent, rel=1e-6, abs=1e-3)
