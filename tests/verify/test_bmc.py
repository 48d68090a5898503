"""Bounded model checking against all that is reachable, and as it looks from outside."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.processes import allowance
from tests.verify.reachability import counter, first_failures, machines
from turbosat.deadline import Deadline
from turbosat.encodings.circuit import simulation
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.errors import UsageError
from turbosat.events import Event
from turbosat.result import Reason
from turbosat.verify import witness
from turbosat.verify.bmc import bmc
from turbosat.verify.verdict import Answer, Verdict
from turbosat.verify.witness import fails

relaxed = settings(max_examples=60, deadline=None)


@relaxed
@given(machines(), st.integers(0, 6))
def test_verdicts_are_those_of_all_states(aig: Aig, bound: int) -> None:
    expected = first_failures(aig)
    found = bmc(aig, bound=bound)
    assert [each.property for each in found] == [*range(len(expected))]
    for verdict, frame in zip(found, expected, strict=True):
        if frame is not None and frame <= bound:
            assert verdict.answer is Answer.FAILS
            assert verdict.witness is not None
            assert verdict.witness.frames == frame + 1
            assert fails(aig, verdict.witness, verdict.property)
        elif verdict.answer is Answer.UNKNOWN:
            assert (verdict.reason, verdict.bound) == (Reason.LIMIT, bound)
        else:
            assert (verdict.answer, frame) == (Answer.HOLDS, None)


@settings(max_examples=15, deadline=None)
@given(machines(), st.data())
def test_some_properties_alone(aig: Aig, data: st.DataObject) -> None:
    count = len(first_failures(aig))
    wanted = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3))
    every = {each.property: each for each in bmc(aig, bound=4)}
    found = bmc(aig, bound=4, wanted=wanted)
    assert [each.property for each in found] == sorted(set(wanted))
    for each in found:
        other = every[each.property]
        assert (each.answer is Answer.FAILS) == (other.answer is Answer.FAILS)
        if each.witness is not None and other.witness is not None:
            assert each.witness.frames == other.witness.frames


def test_a_counter_counts() -> None:
    events: list[Event] = []
    (verdict,) = bmc(counter(8, last=255, bad=40), bound=50, on_event=events.append)
    assert verdict.answer is Answer.FAILS
    assert verdict.witness is not None
    assert (verdict.witness.frames, verdict.bound) == (41, 39)
    assert verdict.witness.inputs[:40].all()
    assert [each.data["frame"] for each in events if each.kind == "frame"] == [*range(41)]
    (unreached,) = bmc(counter(8, last=30, bad=40), bound=50)
    assert (unreached.answer, unreached.reason, unreached.bound) == (Answer.UNKNOWN, Reason.LIMIT, 50)


def test_others_are_left_open_when_the_first_has_failed() -> None:
    graph = AigBuilder()
    stage = graph.add_input()
    delayed = [graph.add_latch() for _ in range(3)]
    for latch, before in zip(delayed, [stage, *delayed], strict=False):
        graph.set_next(latch, before)
    aig = graph.build(bad=[*reversed(delayed)])
    found = bmc(aig, bound=5, first_only=True)
    assert [each.answer for each in found] == [Answer.UNKNOWN, Answer.UNKNOWN, Answer.FAILS]
    assert [each.answer for each in bmc(aig, bound=5)] == 3 * [Answer.FAILS]


def hard() -> Aig:
    """Return a circuit whose second frame asks whether multiplication of 16 bits commutes."""
    graph = AigBuilder()
    a, b = ([graph.add_latch(None) for _ in range(16)] for _ in range(2))
    for latch in (*a, *b):
        graph.set_next(latch, latch)
    products = [product(graph, a, b), product(graph, b, a)]
    armed = graph.add_latch()
    graph.set_next(armed, 1)
    differs = graph.or_all(graph.xor(x, y) for x, y in zip(*products, strict=True))
    return graph.build(bad=[graph.and_(armed, differs)])


def product(graph: AigBuilder, a: list[int], b: list[int]) -> list[int]:
    total = [0] * (2 * len(a))
    for shift, bit in enumerate(b):
        carry = 0
        for place, other in enumerate(a):
            x, y = total[shift + place], graph.and_(bit, other)
            half = graph.xor(x, y)
            total[shift + place] = graph.xor(half, carry)
            carry = graph.or_(graph.and_(x, y), graph.and_(half, carry))
        total[shift + len(a)] = carry
    return total


def test_limits_are_kept_and_what_is_known_is_told() -> None:
    aig, began = hard(), time.monotonic()
    (verdict,) = bmc(aig, bound=5, time_limit=1.0, escalate_after=None)
    assert time.monotonic() - began < allowance(1.5) + 1
    assert (verdict.answer, verdict.reason, verdict.bound) == (Answer.UNKNOWN, Reason.TIME, 0)


def test_a_cancelled_deadline_ends_it() -> None:
    with Deadline() as deadline:
        found: list[Verdict] = []
        thread = threading.Thread(
            target=lambda: found.extend(bmc(hard(), bound=5, deadline=deadline, workers=1))
        )
        thread.start()
        time.sleep(0.3)
        deadline.cancel()
        thread.join(20)
        assert not thread.is_alive()
    assert [each.reason for each in found] == [Reason.INTERRUPTED]


def test_no_run_is_longer_than_the_constraints_allow() -> None:
    graph = AigBuilder()
    step = graph.add_latch()
    graph.set_next(step, 1)
    free = graph.add_input()
    aig = graph.build(bad=[graph.and_(free, step)], constraints=[step ^ 1])
    (verdict,) = bmc(aig, bound=10)
    assert (verdict.answer, verdict.statistics["why"]) == (Answer.HOLDS, "no run is longer")


def test_misuse() -> None:
    aig = counter(2, 3, 3)
    empty = Aig(inputs=1, ands=np.zeros((0, 2), np.int32))
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: bmc(empty, bound=1), "the circuit has no property"),
        (lambda: bmc(aig, bound=-1), "bound must be from 0"),
        (lambda: bmc(aig, bound=1, wanted=[1]), "a property must be from 0 to 0"),
        (lambda: bmc(aig, bound=1, engine="cdcl"), "engine is no option of a Solver"),
    ]
    for call, message in calls:
        with pytest.raises(UsageError, match=message):
            call()


def test_a_run_is_simulated_once_for_all_that_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = AigBuilder()
    latch = graph.add_latch()
    graph.set_next(latch, 1)
    aig = graph.build(bad=20 * [graph.and_(latch, graph.add_input())])
    runs: list[Aig] = []

    def counted(circuit: Aig, *rest: Any) -> simulation.Run:
        runs.append(circuit)
        return simulation.run(circuit, *rest)

    monkeypatch.setattr(witness, "run", counted)
    assert {verdict.answer for verdict in bmc(aig, bound=3)} == {Answer.FAILS}
    assert len(runs) == 1
