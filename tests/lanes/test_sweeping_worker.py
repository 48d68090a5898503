"""The child side of the sweeping lane, in this process: when a pass gives way, and when it is given up."""

import math
import socket
from collections.abc import Callable

import pytest

from tests.lanes.test_sweeping import miter
from turbosat import Formula
from turbosat.cdcl.process.channel import Channel, Message
from turbosat.formula.formula import pack
from turbosat.lanes import sweeping_worker as module


def lane(formula: Formula, task: dict[str, object], look: Callable[[list[Message]], None]) -> list[Message]:
    """Return all that the worker says; `look` gets what it has said when it gives way."""
    ours, its = map(Channel, socket.socketpair())
    said: list[Message] = []

    def listen() -> list[Message]:
        while (message := ours.receive(0.0)) is not None:
            said.append(message)
        return said

    try:
        with pytest.MonkeyPatch.context() as patch:
            # This process keeps its rank.
            patch.setattr("turbosat.system.give_way", lambda *_: look(listen()))
            arrays = [memoryview(each) for each in pack(formula)]  # type: ignore[arg-type]
            ours.send("load", {"variables": formula.variables}, arrays)
            ours.send("advance", task)
            module.run(its)
        return listen()
    finally:
        ours.close()
        its.close()


TASK: dict[str, object] = {"proof": False, "binary_proof": True, "seed": 0}


@pytest.mark.parametrize(("brief", "times"), [(0.0, 1), (math.inf, 0)])
def test_it_gives_way_once_after_its_first_moment(
    brief: float, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BRIEF", brief)
    monkeypatch.setattr(module, "SAYING", math.inf)
    told: list[list[str]] = []
    formula = Formula.from_clauses(miter(8)[1], miter(8)[0])
    said = lane(formula, TASK, lambda so_far: told.append([message.kind for message in so_far]))
    assert len(told) == times
    assert not any({"facts", "answer"} & set(each) for each in told)
    assert said[-1].data["status"] == 20


def test_the_first_pass_is_given_up_where_it_merges_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "YIELD", 0.0)
    monkeypatch.setattr(module, "STALE", (0.0, 0.0))
    monkeypatch.setattr(module, "BUDGETS", (1 << 30,))  # one pass that would take long
    monkeypatch.setattr(module, "THROUGH", (0.0,))
    formula = Formula.from_clauses(miter(9)[1], miter(9)[0])
    said = lane(formula, TASK, lambda _: None)
    assert said[-1].kind == "answer"
    assert said[-1].data["status"] == 0
