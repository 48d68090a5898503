"""Engines on small circuits: right, with invariants and runs that hold."""

from hypothesis import given, settings

from tests.verify.prove.small_circuits import Behaviour, circuits, settled
from turbosat.encodings.circuit.aig import Aig
from turbosat.verify.prove.ic3 import Ic3
from turbosat.verify.prove.induction import search


@settings(max_examples=60, deadline=None)
@given(circuits(gates=30))
def test_ic3_is_right_and_can_be_checked(aig: Aig) -> None:
    assert settled(aig, Ic3(aig, int(aig.bad[0])).run()) == Behaviour(aig).fails()


@settings(max_examples=25, deadline=None)
@given(circuits(latches=3))
def test_induction_is_right_and_can_be_checked(aig: Aig) -> None:
    found = search(aig, int(aig.bad[0]))
    fails = False if found is None else settled(aig, found)
    assert fails == Behaviour(aig).fails()


@settings(max_examples=25, deadline=None)
@given(circuits(latches=3))
def test_plain_induction_finds_nothing_wrong(aig: Aig) -> None:
    expected = Behaviour(aig).fails()
    frames: list[int] = []

    class Enough(Exception):
        """It may go on for ever."""

    def report(frame: int) -> None:
        frames.append(frame)
        if frame > 10:
            raise Enough

    try:
        found = search(aig, int(aig.bad[0]), report, distinct=False)
    except Enough:
        assert not expected  # no path among 8 states is that long
        return
    if found is not None:
        assert not found.distinct
        assert settled(aig, found) == expected
    assert frames == list(range(len(frames)))
