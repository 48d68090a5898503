"""Equivalence against truth tables, matching by name and order, and what cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.circuit.circuit_cases import assignments, built, evaluated, graphs, value
from turbosat.deadline import Deadline
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.errors import SoundnessError, UsageError
from turbosat.events import ignore
from turbosat.options import resolve
from turbosat.result import Reason
from turbosat.verify import equivalence
from turbosat.verify.equivalence import Engine, Outcome, equivalent, hybrid, settle
from turbosat.verify.matching import match, miter
from turbosat.verify.verdict import Answer

SECTIONS = ("outputs", "next_state", "bad", "constraints")


def table(aig: Aig) -> list[list[bool]]:
    """Return all that is compared, for all inputs and states."""
    literals = [literal for name in SECTIONS for literal in getattr(aig, name).tolist()]
    rows = (evaluated(aig, leaves) for leaves in assignments(aig.inputs + aig.latches))
    return [[value(values, literal) for literal in literals] for values in rows]


def changed(aig: Aig, data: st.DataObject) -> Aig:
    """Return a circuit with an operand of a gate negated, perhaps, or an output."""
    ands, outputs = aig.ands.copy(), aig.outputs.copy()
    if len(ands) and data.draw(st.booleans()):
        ands[data.draw(st.integers(0, len(ands) - 1)), data.draw(st.integers(0, 1))] ^= 1
        ands.sort(axis=1)
        ands = np.ascontiguousarray(ands[:, ::-1])
    elif len(outputs) and data.draw(st.booleans()):
        outputs[data.draw(st.integers(0, len(outputs) - 1))] ^= 1
    return replace(aig, ands=ands, outputs=outputs, symbols={}, justice=(), fairness=aig.fairness[:0])


@settings(max_examples=40, deadline=None)
@given(graphs(most=20) | built(), st.data())
def test_answers_are_those_of_truth_tables(aig: Aig, data: st.DataObject) -> None:
    first = replace(aig, symbols={}, justice=(), fairness=aig.fairness[:0])
    second = changed(first, data)
    found = equivalent(first, second)
    assert (found.answer is Answer.HOLDS) == (table(first) == table(second))
    if found.answer is Answer.FAILS:
        assert found.witness is not None
        leaves = [*found.witness.inputs[0].tolist(), *found.witness.latches.tolist()]
        for each in found.differences:
            own = {
                "output": "outputs",
                "latch": "next_state",
                "bad state": "bad",
                "constraint": "constraints",
            }
            pair = []
            for circuit in (first, second):
                literal = int(getattr(circuit, own[each.kind])[each.position])
                pair.append(value(evaluated(circuit, leaves), literal))
            assert pair == [each.a, each.b]
            assert each.a != each.b


@settings(max_examples=5, deadline=None)
@given(built(), built(), st.integers(0, 100))
def test_the_hybrid_alone(a: Aig, b: Aig, seed: int) -> None:
    """Without structure and chance, on a circuit whose outputs are any functions."""
    options = resolve({"seed": seed, "workers": 1, "gradient": False})
    with Deadline() as deadline:
        for aig in (a, b):
            open_ = aig.outputs[aig.outputs != 0]
            if not open_.size:
                continue
            answer = hybrid(aig, deadline, ignore, options)
            assert not isinstance(answer, Reason)
            found, _ = answer
            possible = [
                any(value(evaluated(aig, row), one) for one in open_.tolist())
                for row in assignments(aig.inputs)
            ]
            assert (found is None) == (not any(possible))
            if found is not None:
                assert any(value(evaluated(aig, found.tolist()), one) for one in open_.tolist())


def adder(width: int, order: list[int], *, names: bool = True, carry_first: bool = False) -> Aig:
    """Return a ripple-carry adder whose inputs come in some order."""
    graph = AigBuilder()
    made = {place: graph.add_input() for place in order}
    a, b = ([made[2 * bit + side] for bit in range(width)] for side in range(2))
    carry, sums = 0, []
    for x, y in zip(a, b, strict=True):
        half = graph.xor(x, y)
        if carry_first:
            sums.append(graph.xor(graph.xor(x, carry), y))
            carry = graph.or_all([graph.and_(x, y), graph.and_(x, carry), graph.and_(y, carry)])
        else:
            sums.append(graph.xor(half, carry))
            carry = graph.or_(graph.and_(x, y), graph.and_(half, carry))
    symbols = {("i", at): f"{'ab'[place % 2]}[{place // 2}]".encode() for at, place in enumerate(order)}
    return graph.build(outputs=[*sums, carry], symbols=symbols if names else {})


def test_inputs_are_matched_by_name_where_they_have_one() -> None:
    order = [*range(8)]
    first, second = adder(4, order), adder(4, order[::-1], carry_first=True)
    found = equivalent(first, second)
    assert (found.answer, found.matched) == (
        Answer.HOLDS,
        ("8 inputs matched by name", "5 outputs matched by order"),
    )
    commuted = adder(4, [1, 0, 3, 2, 5, 4, 7, 6], carry_first=True)
    assert equivalent(first, commuted, match_by="order").answer is Answer.HOLDS
    shuffled = adder(4, [3, 0, 1, 2, 4, 5, 6, 7])
    assert equivalent(first, shuffled).answer is Answer.HOLDS
    crossed = equivalent(first, shuffled, match_by="order")
    assert crossed.answer is Answer.FAILS
    assert equivalent(first, adder(4, [3, 0, 1, 2, 4, 5, 6, 7], names=False)).answer is Answer.FAILS


def test_latches_begin_alike_and_go_on_alike() -> None:
    def machine(reset: int | None, negated: int) -> Aig:
        graph = AigBuilder()
        latch = graph.add_latch(reset)
        graph.set_next(latch, graph.xor(latch, graph.add_input()) ^ negated)
        return graph.build(outputs=[latch], symbols={("l", 0): b"state"})

    assert equivalent(machine(0, 0), machine(0, 0)).answer is Answer.HOLDS
    found = equivalent(machine(0, 0), machine(0, 1))
    assert [(each.kind, each.name) for each in found.differences] == [("latch", "state")]
    with pytest.raises(UsageError, match="latch state begins with 0 in one circuit and with either value"):
        equivalent(machine(0, 0), machine(None, 0))


def test_what_cannot_be_matched_is_one_clear_error() -> None:
    first = adder(2, [0, 1, 2, 3])
    renamed = replace(first, symbols={**first.symbols, ("i", 1): b"b\x1b"})
    without = replace(
        first, symbols={place: name for place, name in first.symbols.items() if place != ("i", 2)}
    )
    doubled = replace(first, symbols={**first.symbols, ("i", 1): first.symbols["i", 0]})
    assert equivalent(first, without, match_by="order").answer is Answer.HOLDS
    for second, how, message in (
        (adder(3, [*range(6)]), "auto", "the circuits differ in what they have: 4 and 6 inputs"),
        (adder(1, [0, 1]), "auto", "the circuits differ in what they have: 4 and 2 inputs"),
        (Aig(1, first.ands[:0]), "auto", "the circuits differ in what they have: 4 and 1 inputs"),
        (renamed, "auto", r"input b\[0\] of the first circuit is not in the second; --match order"),
        (
            without,
            "auto",
            "inputs of the second circuit cannot be matched by name: 1 of 4 has no name; --match",
        ),
        (
            doubled,
            "auto",
            "inputs of the second circuit cannot be matched by name: 1 has the name of another",
        ),
        (adder(2, [0, 1, 2, 3], names=False), "name", "the inputs of the second circuit cannot be matched"),
        (replace(first, fairness=first.outputs), "auto", "justice and fairness cannot be compared"),
        (first, "any", "match must be one of auto, name, order"),
    ):
        with pytest.raises(UsageError, match=message):
            equivalent(first, second, match_by=how)  # type: ignore[arg-type]


def test_engines_take_turns() -> None:
    first, second = adder(4, [*range(8)]), adder(4, [*range(8)], carry_first=True)
    graph = miter(first, second, match(first, second))
    rest = replace(graph, outputs=graph.outputs[:1])
    assert graph.outputs.size > 1
    asked: list[Aig] = []

    def last(aig: Aig, *_: object) -> Outcome:
        asked.append(aig)
        return None, "last"

    with Deadline() as deadline:
        engines: list[Engine] = [lambda *_: Reason.GAVE_UP, lambda *_: rest, last]
        assert settle(graph, deadline, ignore, resolve({}), engines) == (None, "last")
        assert asked == [rest]
        assert settle(graph, deadline, ignore, resolve({}), engines[:2]) is Reason.GAVE_UP


def test_a_wrong_engine_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine's values are simulated: those that tell nothing apart are no counterexample."""
    first, second = adder(4, [*range(8)]), adder(4, [*range(8)], carry_first=True)
    monkeypatch.setattr(equivalence, "ENGINES", [lambda *_: (np.zeros(8, np.bool_), "wrong")])
    with pytest.raises(SoundnessError, match="wrong claims that the circuits differ"):
        equivalent(first, second)


@settings(max_examples=60, deadline=None)
@given(graphs(most=20) | built(), graphs(most=20) | built(), st.data())
def test_pairs_are_compared_as_one_by_one(a: Aig, b: Aig, data: st.DataObject) -> None:
    graph = AigBuilder()
    inputs = graph.add_inputs(9)
    one, other = (graph.copy(each, inputs[: each.inputs], inputs[5 : 5 + each.latches]) for each in (a, b))
    literal = st.sampled_from([*one.tolist(), *other.tolist()])
    pairs = data.draw(st.lists(st.tuples(literal, literal, st.integers(0, 3)), max_size=9))
    rows = np.array([(x ^ signs & 1, y ^ signs >> 1) for x, y, signs in pairs], np.int32).reshape(-1, 2)
    found = graph.xor_pairs(rows)
    made = graph.build(outputs=[*found.tolist(), *(graph.xor(x, y) for x, y in rows.tolist())])
    assert made.outputs[: len(rows)].tolist() == made.outputs[len(rows) :].tolist()


def test_limits_hold_for_many_inputs_and_outputs() -> None:
    """Time passes in blocks, never one by one: the calls of `check` are what can end them."""
    looks = 0

    def check() -> None:
        nonlocal looks
        looks += 1

    inputs = 1 << 21
    first = Aig(inputs, np.zeros((0, 2), np.int32), outputs=2 * np.arange(1, 1 << 18, dtype=np.int32))
    second = replace(first, outputs=first.outputs ^ 1)
    graph = miter(first, second, match(first, second), check)
    assert (graph.inputs, np.unique(graph.outputs).tolist()) == (inputs, [1])
    assert looks > 8
    sparse = miter(first, replace(first, outputs=np.roll(first.outputs, 1)), match(first, second))
    with Deadline() as deadline:
        found = settle(sparse, deadline, ignore, resolve({}), [lambda *_: (None, "last")])
    assert found[1] in ("last", "simulation")  # type: ignore[index]


def test_limits() -> None:
    first, second = adder(4, [*range(8)]), adder(4, [*range(8)], carry_first=True)
    found = equivalent(first, second, time_limit=0)
    assert (found.answer, found.reason) == (Answer.UNKNOWN, Reason.TIME)
