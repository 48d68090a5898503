"""The builder against truth tables: all that it makes, copies, trims and builds means what it should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.circuit.circuit_cases import assignments, built, evaluated, graphs, same, value
from turbosat.encodings.circuit.aig import FALSE, TRUE, Aig
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.encodings.circuit.cone import influence
from turbosat.errors import UsageError

relaxed = settings(max_examples=40, deadline=None)


def table(builder: AigBuilder, literal: int, inputs: int) -> list[bool]:
    aig = builder.build(outputs=[literal])
    return [value(evaluated(aig, row), int(aig.outputs[0])) for row in assignments(inputs)]


@relaxed
@given(st.data(), st.integers(1, 4))
def test_gates_mean_what_they_are_called(data: st.DataObject, inputs: int) -> None:
    builder = AigBuilder()
    rows = assignments(inputs)
    known = {FALSE: [False] * len(rows)}
    for place in range(inputs):
        known[builder.add_input()] = [row[place] for row in rows]
    for _ in range(data.draw(st.integers(0, 12))):
        drawn = [(data.draw(st.sampled_from(sorted(known))), data.draw(st.integers(0, 1))) for _ in range(3)]
        a, b, c = (literal ^ sign for literal, sign in drawn)
        p, q, r = ([bit != bool(sign) for bit in known[literal]] for literal, sign in drawn)
        makers = (
            (builder.and_(a, b), [x and y for x, y in zip(p, q, strict=True)]),
            (builder.or_(a, b), [x or y for x, y in zip(p, q, strict=True)]),
            (builder.xor(a, b), [x != y for x, y in zip(p, q, strict=True)]),
            (builder.mux(a, b, c), [y if x else z for x, y, z in zip(p, q, r, strict=True)]),
            (builder.or_all([a, b, c]), [any(each) for each in zip(p, q, r, strict=True)]),
            (builder.and_all([a, b, c]), [all(each) for each in zip(p, q, r, strict=True)]),
        )
        for made, expected in makers:
            assert table(builder, made, inputs) == expected
            known[made & ~1] = [bit != bool(made & 1) for bit in expected]


@relaxed
@given(graphs())
def test_a_copy_has_the_same_values(aig: Aig) -> None:
    builder = AigBuilder()
    leaves = builder.add_inputs(aig.inputs + aig.latches)
    literals = builder.copy(aig, leaves[: aig.inputs], leaves[aig.inputs :])
    assert builder.gates <= len(aig.ands)
    copy = builder.build()
    for row in assignments(leaves.size)[::7]:
        values, there = evaluated(aig, row), evaluated(copy, row)
        assert values == [value(there, literal) for literal in literals.tolist()]
    assert builder.copy(aig, leaves[: aig.inputs], leaves[aig.inputs :]).tolist() == literals.tolist()


@relaxed
@given(graphs(), st.booleans())
def test_what_is_built_is_the_same_machine(aig: Aig, trim: bool) -> None:
    builder = AigBuilder()
    order = [True] * aig.latches + [False] * aig.inputs  # leaves may come in any order
    leaves = [builder.add_latch(None) if latch else builder.add_input() for latch in order]
    latches, inputs = leaves[: aig.latches], leaves[aig.latches :]
    literals = builder.copy(aig, np.array(inputs, np.int32), np.array(latches, np.int32))

    def there(literal: int) -> int:
        return int(literals[literal >> 1]) ^ literal & 1

    for latch, following in zip(latches, aig.next_state.tolist(), strict=True):
        builder.set_next(latch, there(following))
    sections = [[there(x) for x in part.tolist()] for part in (aig.outputs, aig.bad, *aig.justice)]
    made = builder.build(outputs=sections[0], bad=sections[1], justice=sections[2:], trim=trim)
    assert made.reset.tolist() == made.latch_literals().tolist()
    assert (made.ands[:, 0] >= made.ands[:, 1]).all()
    assert (made.ands[:, 0] < 2 * np.arange(made.first_and, made.first_and + len(made.ands))).all()
    if trim:
        roots = np.concatenate([made.next_state, made.outputs, made.bad, *made.justice])
        assert influence(made, roots)[made.first_and :].all()
    for row in assignments(aig.first_and - 1)[::5]:
        values, new = evaluated(aig, row), evaluated(made, row)
        for before, after in (
            (aig.outputs, made.outputs),
            (aig.bad, made.bad),
            (aig.next_state, made.next_state),
            *zip(aig.justice, made.justice, strict=True),
        ):
            assert [value(values, x) for x in before.tolist()] == [value(new, x) for x in after.tolist()]


@relaxed
@given(built())
def test_what_was_built_by_rules_is_rebuilt_as_it_is(aig: Aig) -> None:
    builder = AigBuilder()
    literals = builder.copy(aig, builder.add_inputs(aig.inputs))
    assert same(aig, builder.build(outputs=literals[aig.outputs >> 1] ^ aig.outputs & 1))


def test_rules_find_what_needs_no_gate() -> None:
    builder = AigBuilder()
    a, b, c, d = builder.add_inputs(4).tolist()
    ab, cd = builder.and_(a, b), builder.and_(c, d)
    gates = builder.gates
    assert builder.and_(ab, a) == ab
    assert builder.and_(ab, a ^ 1) == FALSE
    assert builder.and_(ab ^ 1, a ^ 1) == a ^ 1
    assert builder.and_all([]) == TRUE
    assert gates == builder.gates
    assert builder.and_(ab ^ 1, a) == builder.and_(b ^ 1, a)  # substitution
    assert builder.and_(builder.and_(b ^ 1, c), ab) == FALSE
    assert builder.and_(builder.and_(b ^ 1, c), ab ^ 1) == builder.and_(b ^ 1, c)
    assert builder.and_(ab ^ 1, builder.and_(a, b ^ 1) ^ 1) == a ^ 1  # resolution
    assert builder.operands(cd) == (d, c)
    assert builder.operands(a) is None


def test_many_pairs_are_as_single_ones() -> None:
    dice = np.random.default_rng(0)
    one, many = AigBuilder(), AigBuilder()
    inputs = one.add_inputs(30)
    assert many.add_inputs(30).tolist() == inputs.tolist()
    signs = dice.integers(0, 2, (3000, 2), np.int32)
    pairs = np.bitwise_xor(dice.choice(inputs, (3000, 2)), signs)
    expected = [one.and_(int(a), int(b)) for a, b in pairs]
    assert many.and_pairs(pairs).tolist() == expected
    assert one.gates == many.gates > 1000  # the tables have grown


def test_misuse() -> None:
    builder = AigBuilder()
    a = builder.add_input()
    latch = builder.add_latch()
    with pytest.raises(UsageError, match="expected a literal of this graph, found 6"):
        builder.and_(a, 6)
    with pytest.raises(UsageError, match="found -1"):
        builder.and_pairs(np.array([[a, -1]], np.int32))
    with pytest.raises(UsageError, match="the literal of a latch, found 2"):
        builder.set_next(a, a)
    with pytest.raises(UsageError, match="a next value for latch 0"):
        builder.build()
    builder.set_next(latch, latch ^ 1)
    with pytest.raises(UsageError, match="literals for 1 inputs"):
        builder.copy(builder.build(), np.zeros(0, np.int32), np.zeros(1, np.int32))
    with pytest.raises(UsageError, match="a reset value of 0, 1 or None, found 2"):
        builder.add_latch(2)
