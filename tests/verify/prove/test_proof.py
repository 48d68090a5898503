"""`prove` from the outside: engines in processes, several properties, constraints, limits."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings

from tests.verify.prove.small_circuits import Behaviour, circuits
from turbosat.deadline import Deadline
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.errors import UsageError
from turbosat.events import Event
from turbosat.result import Reason
from turbosat.verify.prove.certify import proves
from turbosat.verify.prove.proof import prove
from turbosat.verify.verdict import Answer
from turbosat.verify.witness import fails


def counter(width: int, last: int, bad: list[int]) -> Aig:
    """Return a counter to `last` and round again, while its input says so; the numbers in `bad` are bad."""
    builder = AigBuilder()
    count = builder.add_input()
    bits = [builder.add_latch() for _ in range(width)]

    def at(number: int) -> int:
        return builder.and_all(bit ^ (~number >> place & 1) for place, bit in enumerate(bits))

    carry, full = count, builder.and_(at(last), count)
    for bit in bits:
        builder.set_next(bit, builder.and_(builder.xor(bit, carry), full ^ 1))
        carry = builder.and_(bit, carry)
    return builder.build(bad=[at(number) for number in bad])


def test_each_property_has_a_checked_verdict() -> None:
    aig = counter(5, 11, [3, 12, 31])
    events: list[Event] = []
    verdicts = prove(aig, on_event=events.append, time_limit=120)
    assert [verdict.answer for verdict in verdicts] == [Answer.FAILS, Answer.HOLDS, Answer.HOLDS]
    witness = verdicts[0].witness
    assert witness is not None
    assert witness.frames >= 4
    assert fails(aig, witness, 0)
    for verdict in verdicts[1:]:
        assert verdict.invariant is not None
        with Deadline() as deadline:
            assert proves(aig, int(aig.bad[verdict.property]), verdict.invariant, deadline)
    assert [event.data["property"] for event in events if event.kind == "verdict"] == [0, 1, 2]


@pytest.mark.parametrize("engine", ["ic3", "induction"])
def test_engines_answer_alone(engine: str) -> None:
    verdicts = prove(counter(3, 5, [4, 7]), engines=[engine], time_limit=120)
    assert [(verdict.answer, verdict.method) for verdict in verdicts] == [
        (Answer.FAILS, engine),
        (Answer.HOLDS, engine),
    ]


def test_outputs_are_the_properties_where_there_is_no_bad_state() -> None:
    bad = counter(3, 5, [7])
    aig = Aig(bad.inputs, bad.ands, bad.next_state, bad.reset, outputs=bad.bad)
    (verdict,) = prove(aig, time_limit=120)
    assert verdict.answer is Answer.HOLDS


@settings(max_examples=4, deadline=None)
@given(circuits())
def test_random_circuits_through_processes(aig: Aig) -> None:
    (verdict,) = prove(aig, time_limit=120)
    assert verdict.answer is (Answer.FAILS if Behaviour(aig).fails() else Answer.HOLDS)


def hard() -> Aig:
    """Return two multipliers whose products are the same for a reason that is hard to find."""
    builder = AigBuilder()
    width = 16
    a, b = builder.add_inputs(width).tolist(), builder.add_inputs(width).tolist()

    def product(x: list[int], y: list[int]) -> list[int]:
        total = [0] * width
        for shift in range(width):
            carry = 0
            for place in range(shift, width):
                bit, sum_ = builder.and_(x[place - shift], y[shift]), total[place]
                half = builder.xor(bit, sum_)
                total[place] = builder.xor(half, carry)
                carry = builder.or_(builder.and_(bit, sum_), builder.and_(half, carry))
        return total

    differ = []
    for first, second in zip(product(a, b), product(b, a), strict=True):
        latches = builder.add_latch(), builder.add_latch()
        builder.set_next(latches[0], first)
        builder.set_next(latches[1], second)
        differ.append(builder.xor(*latches))
    return builder.build(bad=[builder.or_all(differ)])


def test_the_time_limit_leaves_properties_unknown() -> None:
    start = time.monotonic()
    (verdict,) = prove(hard(), time_limit=2.0)
    assert time.monotonic() - start < 30
    assert (verdict.answer, verdict.reason) == (Answer.UNKNOWN, Reason.TIME)


def test_it_can_be_cancelled() -> None:
    with Deadline() as deadline:
        timer = threading.Timer(1.0, deadline.cancel)
        timer.start()
        (verdict,) = prove(hard(), deadline=deadline)
        timer.join()
    assert (verdict.answer, verdict.reason) == (Answer.UNKNOWN, Reason.INTERRUPTED)


@pytest.mark.parametrize("engines", [[], ["pdr"]])
def test_engines_that_there_are_not_are_an_error(engines: list[str]) -> None:
    with pytest.raises(UsageError, match="ic3, induction"):
        prove(counter(2, 2, [3]), engines=engines)


def test_a_circuit_without_a_property_is_an_error() -> None:
    with pytest.raises(UsageError, match="property"):
        prove(Aig(1, np.zeros((0, 2), np.int32)))


def test_what_the_reduction_settles_needs_no_engine() -> None:
    builder = AigBuilder()
    given = builder.add_input()
    latches = [builder.add_latch() for _ in range(2)]
    for latch in latches:
        builder.set_next(latch, builder.xor(latch, given))
    events: list[Event] = []
    (verdict,) = prove(builder.build(bad=[builder.xor(*latches)]), on_event=events.append)
    assert (verdict.answer, verdict.method) == (Answer.HOLDS, "reduction")
    assert verdict.invariant is not None
    assert [event.kind for event in events] == ["verdict"]
