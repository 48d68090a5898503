"""Questions about one step, against enumeration: answers, cores, and states that were made smaller."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verify.prove.small_circuits import Behaviour, State, circuits
from turbosat.core.circuits.cones import SPENT
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.verify.prove.question import Cube, Frame, Step


def inside(aig: Aig, state: State, cube: Cube) -> bool:
    return all(state[(literal >> 1) - aig.inputs - 1] != bool(literal & 1) for literal in cube)


def cubes(draw: st.DrawFn, aig: Aig, least: int = 1) -> Cube:
    chosen = draw(st.lists(st.sampled_from(aig.latch_literals().tolist()), min_size=least, unique=True))
    return tuple(sorted(int(literal) ^ draw(st.integers(0, 1)) for literal in chosen))


@st.composite
def rounds(draw: st.DrawFn) -> tuple[Aig, list[tuple[Cube | None, Cube, bool]]]:
    """A circuit, and rounds: a cube to be excluded or none, one that is asked about, whether from outside."""
    aig = draw(circuits(latches=4, gates=20).filter(lambda aig: aig.latches > 0))
    count = draw(st.integers(1, 8))
    return aig, [
        (cubes(draw, aig) if draw(st.booleans()) else None, cubes(draw, aig), draw(st.booleans()))
        for _ in range(count)
    ]


@settings(max_examples=150, deadline=None)
@given(rounds())
def test_answers_are_those_of_enumeration(case: tuple[Aig, list[tuple[Cube | None, Cube, bool]]]) -> None:
    aig, asked = case
    behaviour = Behaviour(aig)
    step = Step(aig)
    frame = Frame(step)
    excluded: list[Cube] = []
    for exclusion, cube, strengthen in asked:
        if exclusion is not None:
            excluded.append(exclusion)
            frame.exclude(exclusion)
        states = [
            state for state in behaviour.moves if not any(inside(aig, state, each) for each in excluded)
        ]
        outside = [state for state in states if not (strengthen and inside(aig, state, cube))]

        def into(aim: Cube, states: list[State] = outside) -> bool:
            return any(inside(aig, after, aim) for state in states for _, after, _ in behaviour.moves[state])

        core = frame.reach(cube, strengthen=strengthen)
        if core is not None:
            assert set(core) <= set(cube)
            assert not into(tuple(core))
            continue
        assert into(cube)
        before = step.lifted([step.primed(literal) for literal in cube])
        given_inputs = tuple(before.inputs.tolist())
        for state in behaviour.moves:
            if inside(aig, state, before.cube):
                moves = {row: after for row, after, _ in behaviour.moves[state]}
                assert inside(aig, moves[given_inputs], cube)


@settings(max_examples=60, deadline=None)
@given(circuits(latches=4, gates=20))
def test_whether_it_can_be_bad(aig: Aig) -> None:
    behaviour = Behaviour(aig)
    step = Step(aig)
    bad = int(aig.bad[0])
    expected = any(fails for moves in behaviour.moves.values() for _, _, fails in moves)
    assert Frame(step).holds(bad) == expected
    if expected:
        found = step.lifted([bad])
        rows = [moves for state, moves in behaviour.moves.items() if inside(aig, state, found.cube)]
        assert rows
        for moves in rows:
            assert (tuple(found.inputs.tolist()), True) in [(row, fails) for row, _, fails in moves]


def pigeons(holes: int) -> Aig:
    """Return latches that say which pigeon sits where: bad if each has a hole and none is shared."""
    builder = AigBuilder()
    sits = [[builder.add_latch(None) for _ in range(holes)] for _ in range(holes + 1)]
    for latch in itertools.chain(*sits):
        builder.set_next(latch, latch)
    roomy = [builder.or_all(row) for row in sits]
    shared = [
        builder.and_(one, other)
        for column in zip(*sits, strict=True)
        for one, other in itertools.combinations(column, 2)
    ]
    return builder.build(bad=[builder.and_(builder.and_all(roomy), builder.or_all(shared) ^ 1)])


def test_a_hard_question_is_answered_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough for clauses that were learned to be deleted, too.
    monkeypatch.setattr("turbosat.verify.prove.question.SLICE", 1000)
    aig = pigeons(8)
    step = Step(aig)
    frame = Frame(step)
    assert not frame.holds(int(aig.bad[0]))
    assert frame.holds(int(aig.bad[0]) ^ 1)
    assert step.question.control[SPENT] > 1_000_000  # in more calls than one


def test_what_follows_outside_a_cube_is_forgotten_with_its_question() -> None:
    # The constraints say that x holds, by cases: a unit that is learned, and makes "outside of x" impossible.
    builder = AigBuilder()
    x, y = builder.add_latch(None), builder.add_latch(None)
    builder.set_next(x, x)
    builder.set_next(y, y ^ 1)
    step = Step(builder.build(constraints=[builder.or_(x, y), builder.or_(x, y ^ 1)]))
    frame = Frame(step)
    assert frame.reach((x,), strengthen=True) == []
    assert frame.reach((y,), strengthen=True) is None
