"""The check of invariants, against the same by enumeration: what does not prove is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verify.prove.small_circuits import Behaviour, State, circuits
from turbosat.deadline import Deadline, Expired
from turbosat.encodings.circuit.aig import Aig
from turbosat.errors import SoundnessError, UsageError
from turbosat.verify.prove.certify import certified, proves
from turbosat.verify.prove.ic3 import Ic3
from turbosat.verify.verdict import Invariant


def accepted(aig: Aig, invariant: Invariant) -> bool:
    with Deadline() as deadline:
        return proves(aig, int(aig.bad[0]), invariant, deadline)


def slow(aig: Aig, invariant: Invariant) -> bool:
    """Whether an invariant proves, by all paths; states may repeat."""
    behaviour = Behaviour(aig)

    def good(state: State) -> bool:
        bits = dict(zip(range(aig.inputs + 1, aig.first_and), state, strict=True))
        return all(
            any(bits[literal >> 1] != bool(literal & 1) for literal in clause) for clause in invariant.clauses
        )

    def broken(state: State, fails: bool) -> bool:
        return fails or not good(state)

    def paths(states: set[State]) -> bool:
        """Whether no path from these states breaks anything before so many frames."""
        for _ in range(invariant.depth):
            if any(broken(state, fails) for state in states for _, _, fails in behaviour.moves[state]):
                return False
            states = {after for state in states for _, after, _ in behaviour.moves[state]}
        return True

    if not paths(set(behaviour.first)):
        return False
    states = set(behaviour.moves)
    for _ in range(invariant.depth):
        states = {
            after
            for state in states
            for _, after, fails in behaviour.moves[state]
            if not broken(state, fails)
        }
    return not any(broken(state, fails) for state in states for _, _, fails in behaviour.moves[state])


@st.composite
def claims(draw: st.DrawFn) -> tuple[Aig, Invariant]:
    aig = draw(circuits(latches=3))
    latches = [int(latch) ^ sign for latch in aig.latch_literals() for sign in (0, 1)]
    clause = st.lists(st.sampled_from(latches), min_size=1, max_size=3, unique=True).map(tuple)
    clauses = draw(st.lists(clause, max_size=3)) if latches else []
    return aig, Invariant(tuple(clauses), draw(st.integers(1, 3)))


@settings(max_examples=60, deadline=None)
@given(claims())
def test_the_check_is_what_enumeration_says(claim: tuple[Aig, Invariant]) -> None:
    assert accepted(*claim) == slow(*claim)


@settings(max_examples=40, deadline=None)
@given(circuits(gates=30), st.data())
def test_changed_invariants_are_refused_where_they_are_wrong(aig: Aig, data: st.DataObject) -> None:
    found = Ic3(aig, int(aig.bad[0])).run()
    if not found.clauses:
        return
    clauses = [list(clause) for clause in found.clauses]
    place = data.draw(st.integers(0, len(clauses) - 1))
    spot = data.draw(st.integers(0, len(clauses[place]) - 1))
    match data.draw(st.sampled_from(["drop", "shrink", "flip"])):
        case "drop":
            del clauses[place]
        case "shrink":
            del clauses[place][spot]
        case _:
            clauses[place][spot] ^= 1
    changed = Invariant(tuple(map(tuple, clauses)))
    assert accepted(aig, changed) == slow(aig, changed)


def toggler() -> Aig:
    """Return two latches that swap their values 0 and 1; equal ones are bad."""
    a, b = 2, 4
    return Aig(
        inputs=0,
        ands=np.array([[5, 3], [4, 2], [9, 7]], np.int32),  # neither, both, not equal
        next_state=np.array([b, a], np.int32),
        reset=np.array([0, 1], np.int32),
        bad=np.array([11], np.int32),
    )


def test_what_is_no_proof_is_a_soundness_error() -> None:
    aig = toggler()
    with Deadline() as deadline:
        good = certified(aig, 11, Invariant(((2, 4), (3, 5))), "somebody", deadline)
        assert good.depth == 1
        with pytest.raises(SoundnessError, match="somebody"):
            certified(aig, 11, Invariant(((2,),)), "somebody", deadline)


@pytest.mark.parametrize("clauses", [((0,),), ((6,),), ((-2,),)])
def test_clauses_over_anything_but_latches_are_an_error(clauses: tuple[tuple[int, ...], ...]) -> None:
    with Deadline() as deadline, pytest.raises(UsageError, match="latches"):
        proves(toggler(), 11, Invariant(clauses), deadline)


@pytest.mark.parametrize("depth", [0, -1, 10**9])
def test_a_depth_that_makes_no_sense_is_an_error(depth: int) -> None:
    with Deadline() as deadline, pytest.raises(UsageError, match="depth"):
        proves(toggler(), 11, Invariant((), depth), deadline)


def test_the_check_ends_at_the_deadline() -> None:
    with Deadline(0) as deadline, pytest.raises(Expired):
        proves(toggler(), 11, Invariant(()), deadline)


def ring(size: int, bad: int) -> Aig:
    """Return a one-hot counter from 0 to `size` - 1; place `bad` lies apart and leads to itself."""
    places = [2 * (place + 1) for place in range(size)]
    following = [places[place - 1] for place in range(size)]
    following[0], following[bad] = places[size - 2], places[bad]
    return Aig(
        inputs=0,
        ands=np.zeros((0, 2), np.int32),
        next_state=np.array(following, np.int32),
        reset=np.array([1] + [0] * (size - 1), np.int32),
        bad=np.array([places[bad]], np.int32),
    )


@pytest.mark.parametrize("distinct", [False, True])
def test_different_states_are_asked_for_where_that_is_said(distinct: bool) -> None:
    # From a state in which the last place is 0 it stays so: inductive by itself, distinct or not.
    assert accepted(ring(4, 3), Invariant((), 1, distinct))


def test_paths_without_a_loop_prove_more() -> None:
    aig = looping()
    assert not accepted(aig, Invariant((), 3))
    assert accepted(aig, Invariant((), 3, distinct=True))


def looping() -> Aig:
    """Return a circuit that stays at 0; 1 stays or, with the input, goes to the bad 3: never reached.

    Latches low and high: high' = low & (high | input), low' = low. Bad: high & low.
    """
    given, low, high = 2, 4, 6
    return Aig(
        inputs=1,
        ands=np.array([[high ^ 1, given ^ 1], [low, 9], [high, low]], np.int32),
        next_state=np.array([low, 10], np.int32),
        reset=np.array([0, 0], np.int32),
        bad=np.array([12], np.int32),
    )
