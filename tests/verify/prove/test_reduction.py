"""Reduced circuits can fail just when whole ones can; what is found in them holds in the whole."""

import numpy as np
from hypothesis import given, settings

from tests.verify.prove.small_circuits import Behaviour, circuits
from turbosat.deadline import Deadline
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.verify.prove.answer import Found
from turbosat.verify.prove.certify import proves
from turbosat.verify.prove.ic3 import Ic3
from turbosat.verify.prove.induction import search
from turbosat.verify.prove.reduction import reduced
from turbosat.verify.verdict import Witness
from turbosat.verify.witness import fails


@settings(max_examples=50, deadline=None)
@given(circuits(gates=20))
def test_answers_about_the_small_hold_in_the_whole(aig: Aig) -> None:
    small = reduced(aig, int(aig.bad[0]))
    assert Behaviour(small.aig, small.bad).fails() == Behaviour(aig).fails()
    for found in (Ic3(small.aig, small.bad).run(), _induction(small.aig, small.bad, distinct=small.closed)):
        if found is None:
            continue
        if found.clauses is None:
            assert fails(aig, Witness(*small.run(found)), 0)
            continue
        with Deadline() as deadline:
            assert proves(aig, int(aig.bad[0]), small.invariant(found), deadline)


def _induction(aig: Aig, bad: int, *, distinct: bool) -> Found | None:
    class Enough(Exception):
        """Plain induction may go on for ever."""

    def report(frame: int) -> None:
        if frame > 32:
            raise Enough

    try:
        return search(aig, bad, report, distinct=distinct)
    except Enough:
        return None


def two_counters(width: int) -> Aig:
    """Return two counters, the second with all bits negated, and a latch apart; equal bits are bad."""
    builder = AigBuilder()
    count = builder.add_input()
    builder.add_input()
    pairs, carry, other = [], count, count
    for _ in range(width):
        bit, negated = builder.add_latch(0), builder.add_latch(1)
        builder.set_next(bit, builder.xor(bit, carry))
        builder.set_next(negated, builder.xor(negated ^ 1, other) ^ 1)
        carry, other = builder.and_(bit, carry), builder.and_(other, negated ^ 1)
        pairs.append(builder.xor(bit, negated) ^ 1)
    spare = builder.add_latch(None)
    builder.set_next(spare, spare ^ 1)
    return builder.build(bad=[builder.or_all(pairs)])


def test_latches_that_are_always_equal_are_one() -> None:
    aig = two_counters(12)
    small = reduced(aig, int(aig.bad[0]))
    assert small.bad == 0
    assert (small.aig.latches, small.aig.inputs, len(small.aig.ands)) == (0, 0, 0)
    assert len(small.merged) == 12


def test_without_time_for_questions_the_circuit_is_as_right() -> None:
    aig = two_counters(3)
    small = reduced(aig, int(aig.bad[0]), seconds=0.0)
    assert small.whole is aig
    found = Ic3(small.aig, small.bad).run()
    with Deadline() as deadline:
        assert proves(aig, int(aig.bad[0]), small.invariant(found), deadline)


def test_what_the_constraints_keep_equal_is_one() -> None:
    builder = AigBuilder()
    a, b = builder.add_inputs(2).tolist()
    latches = [builder.add_latch() for _ in range(2)]
    for latch, following in zip(latches, (a, b), strict=True):
        builder.set_next(latch, following)
    aig = builder.build(bad=[builder.xor(*latches)], constraints=[builder.xor(a, b) ^ 1])
    found = reduced(aig, int(aig.bad[0]))
    assert found.bad == 0 or found.aig.latches == 2  # random runs may break the constraints, and part them
    assert np.array_equal(found.whole.constraints, aig.constraints)
