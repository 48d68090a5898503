"""`prove` from the outside: engines in processes, several properties, constraints, limits."""

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tests.processes import descendants
from tests.verify.prove.small_circuits import Behaviour, circuits
from turbosat.deadline import Deadline
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.aiger import write
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.errors import SoundnessError, UsageError
from turbosat.events import Event
from turbosat.result import Reason
from turbosat.verify.cli.main import run
from turbosat.verify.prove import induction, proof
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


def hard(*, counting: int = 0, times: int = 1) -> Aig:
    """Return two multipliers whose products are the same for a reason that is hard to find.

    That is a property `times` times over; before them are as many others, of a counter that is `counting`.
    """
    builder = AigBuilder()
    last = easy(builder) if counting else 0
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
    return builder.build(bad=[*counting * [last], *times * [builder.or_all(differ)]])


def easy(builder: AigBuilder) -> int:
    """Return the literal of a state that needs an invariant: of a counter from 0 to 5, that it is 7."""
    bits = [builder.add_latch() for _ in range(3)]
    last = builder.and_all([bits[0], bits[1] ^ 1, bits[2]])
    carry = builder.add_input()
    full = builder.and_(last, carry)
    for bit in bits:
        builder.set_next(bit, builder.and_(builder.xor(bit, carry), full ^ 1))
        carry = builder.and_(bit, carry)
    return builder.and_all(bits)


def test_many_properties_share_the_time() -> None:
    """A share of the time that is less than engines take to start would decide none."""
    aig = hard(counting=2, times=90)
    told: list[Event] = []
    with Deadline(4.0) as deadline:
        verdicts = prove(aig, deadline=deadline, on_event=told.append)
    assert [verdict.property for verdict in verdicts] == [*range(92)]
    assert [verdict.answer for verdict in verdicts[:2]] == 2 * [Answer.HOLDS]
    assert {verdict.reason for verdict in verdicts[2:]} == {Reason.TIME}
    assert sorted(event.data["property"] for event in told if event.kind == "verdict") == [*range(92)]


def test_what_is_left_is_looked_at_again() -> None:
    """The time that easy properties leave is that of the hard ones before them."""
    aig = hard(counting=1)
    aig = replace(aig, bad=np.ascontiguousarray(aig.bad[::-1]))
    told: list[Event] = []
    with Deadline(5.0) as deadline:
        verdicts = prove(aig, deadline=deadline, on_event=told.append)
        assert deadline.elapsed() >= 4.5
    assert [verdict.answer for verdict in verdicts] == [Answer.UNKNOWN, Answer.HOLDS]
    assert [event.data["property"] for event in told if event.kind == "verdict"] == [1, 0]


def test_the_first_failure_is_enough() -> None:
    aig = counter(5, 11, [12, 3, 4, 31])
    verdicts = prove(aig, first_only=True, time_limit=120)
    assert [str(verdict.answer) for verdict in verdicts] == ["holds", "fails", "unknown", "unknown"]
    assert verdicts[3].reason is Reason.GAVE_UP


def test_no_induction_is_deeper_than_its_check_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = AigBuilder()
    chain = [builder.add_latch() for _ in range(6)]
    for latch, before in zip(chain, [0, *chain], strict=False):
        builder.set_next(latch, before)
    aig = builder.build(bad=[chain[-1]])
    found = induction.search(aig, chain[-1], distinct=False)
    assert found is not None
    assert found.depth > 3
    frames: list[int] = []

    class Enough(Exception):
        pass

    def report(frame: int) -> None:
        frames.append(frame)
        if frame == 20:
            raise Enough

    monkeypatch.setattr(induction, "LARGEST", 3)
    with pytest.raises(Enough):
        induction.search(aig, chain[-1], report, distinct=False)
    assert frames == [*range(21)]


def test_engines_that_break_lose_one_property_only() -> None:
    """A system that kills processes takes the verdict on what they were at, and no other."""
    aig = hard(counting=1)
    aig = replace(aig, bad=np.ascontiguousarray(aig.bad[::-1]))
    events: list[Event] = []

    def kill(event: Event) -> None:
        if event.kind == "frame" and not any(each.kind == "verdict" for each in events):
            for pid in descendants(os.getpid()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        events.append(event)

    verdicts = prove(aig, on_event=kill)
    assert [(str(each.answer), each.reason) for each in verdicts] == [
        ("unknown", Reason.GAVE_UP),
        ("holds", None),
    ]
    failed = [event.data for event in events if event.kind == "failed"]
    assert [{*each} for each in failed] == 3 * [{"cause", "why"}]
    assert failed[-1]["why"].startswith("property 0: ")


def test_what_is_decided_is_told_before_a_bug_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    aig = counter(3, 5, [4, 7])

    def refuse(*_: object) -> None:
        raise SoundnessError("ic3 claims a proof")

    monkeypatch.setattr(proof, "certified", refuse)
    with pytest.raises(SoundnessError, match="ic3 claims a proof") as caught:
        prove(aig, time_limit=120)
    assert [(each.property, each.answer) for each in caught.value.decided] == [(0, Answer.FAILS)]
    write(aig, tmp_path / "counter.aig", binary=True)
    assert run(["prove", "-q", str(tmp_path / "counter.aig")]) == 1
    out, err = capfd.readouterr()
    assert out == "s b0 FAILS\n"
    assert err.startswith("turbosat-verify: error: ic3 claims a proof; this is a bug")


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
