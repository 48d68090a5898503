"""Graphs to test with, and what they mean: drawn at random, evaluated gate by gate."""

import itertools
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from turbosat.encodings.circuit.aig import Aig, Literals
from turbosat.encodings.circuit.builder import AigBuilder

SECTIONS = ("outputs", "bad", "constraints", "fairness")


def literals_of(variables: int, least: int = 0, most: int = 4) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 2 * variables + 1), min_size=least, max_size=most)


def ints(values: Sequence[int]) -> Literals:
    return np.array(values, np.int32)


names = st.binary(max_size=6).map(lambda name: name.replace(b"\n", b""))


@st.composite
def graphs(draw: st.DrawFn, *, sequential: bool = True, most: int = 30) -> Aig:
    """Any graph: gates of any two literals below, constants too; all sections, symbols, comments."""
    inputs = draw(st.integers(0, 5))
    latches = draw(st.integers(0, 4)) if sequential else 0
    gates = draw(st.integers(0, most))
    leaves = inputs + latches
    near = draw(st.sampled_from([3, 1000]))  # how far down operands are: deep graphs, too
    rows = []
    for own in range(leaves + 1, leaves + gates + 1):
        low = 2 * max(0, own - near)
        rows.append(sorted((draw(st.integers(low, 2 * own - 1)) for _ in range(2)), reverse=True))
    variables = leaves + gates
    own_literals = [2 * (inputs + 1 + latch) for latch in range(latches)]
    parts = {name: ints(draw(literals_of(variables))) for name in SECTIONS}
    justice = draw(st.lists(literals_of(variables).map(ints), max_size=2)) if sequential else []
    counts = {
        **dict(zip("ilj", (inputs, latches, len(justice)), strict=True)),
        **{name[0]: len(part) for name, part in parts.items()},
    }
    places = [(kind, place) for kind, count in counts.items() for place in range(count)]
    chosen = draw(st.lists(st.sampled_from(places), max_size=5)) if places else []
    comments = draw(st.binary(max_size=10))
    return Aig(
        inputs=inputs,
        ands=np.array(rows, np.int32).reshape(-1, 2),
        next_state=ints([draw(st.integers(0, 2 * variables + 1)) for _ in range(latches)]),
        reset=ints([draw(st.sampled_from([0, 1, own])) for own in own_literals]),
        outputs=parts["outputs"],
        bad=parts["bad"],
        constraints=parts["constraints"],
        justice=tuple(justice),
        fairness=parts["fairness"],
        symbols={each: draw(names) for each in chosen},
        comments=comments,
        extended=comments != b"" and comments[:1] not in b"\n0123456789" and draw(st.booleans()),
    )


@st.composite
def built(draw: st.DrawFn, most: int = 25) -> Aig:
    """A combinational graph of ANDs, XORs and multiplexers; few or many of them are outputs."""
    builder = AigBuilder()
    literals = [builder.add_input() for _ in range(draw(st.integers(1, 5)))]
    for _ in range(draw(st.integers(0, most))):
        a, b, c = (draw(st.sampled_from(literals)) ^ draw(st.integers(0, 1)) for _ in range(3))
        kind = draw(st.integers(0, 3))
        wide = draw(st.lists(st.sampled_from(literals), max_size=5))
        made = (
            builder.and_(a, b),
            builder.xor(a, b),
            builder.mux(a, b, c),
            builder.and_all(wide),
        )[kind]
        literals.append(made)
    outputs = draw(st.lists(st.sampled_from(literals), min_size=1, max_size=4))
    return builder.build(outputs=[literal ^ draw(st.integers(0, 1)) for literal in outputs])


def evaluated(aig: Aig, leaves: Sequence[bool]) -> list[bool]:
    """Return the values of all variables, from those of inputs and latches."""
    values = [False, *leaves]
    for a, b in aig.ands.tolist():
        values.append(value(values, a) and value(values, b))
    return values


def value(values: Sequence[bool], literal: int) -> bool:
    return values[literal >> 1] != bool(literal & 1)


def assignments(count: int) -> list[tuple[bool, ...]]:
    return list(itertools.product([False, True], repeat=count))


def same(a: Aig, b: Aig) -> bool:
    """Whether all is the same: numbers, symbols, comments."""
    arrays = ("ands", "next_state", "reset", *SECTIONS)
    return (
        a.inputs == b.inputs
        and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays)
        and all(getattr(b, name).dtype == np.int32 for name in arrays)
        and [each.tolist() for each in a.justice] == [each.tolist() for each in b.justice]
        and dict(a.symbols) == dict(b.symbols)
        and (a.comments, a.extended) == (b.comments, b.extended)
    )
