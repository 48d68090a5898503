"""What is reachable in a small circuit, by looking at all states and inputs."""

from collections.abc import Iterable

from hypothesis import strategies as st

from tests.encodings.circuit.circuit_cases import assignments, evaluated, graphs, value
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder

State = tuple[bool, ...]


def machines(most: int = 30) -> st.SearchStrategy[Aig]:
    """Return circuits with a property, a few latches and inputs."""
    return graphs(most=most).filter(lambda aig: aig.bad.size + aig.outputs.size > 0)


def first_states(aig: Aig) -> set[State]:
    return {
        state
        for state in assignments(aig.latches)
        if all(reset > 1 or bit == (reset == 1) for bit, reset in zip(state, aig.reset.tolist(), strict=True))
    }


def first_failures(aig: Aig) -> list[int | None]:
    """Return the frame in which each property can first fail, None where it never does."""
    properties = (aig.bad if aig.bad.size else aig.outputs).tolist()
    found: dict[int, int] = {}
    seen: set[State] = set()
    states, frame = first_states(aig), 0
    while states:
        seen |= states
        following = set()
        for state in states:
            for values in allowed(aig, state):
                for place, literal in enumerate(properties):
                    if value(values, literal):
                        found.setdefault(place, frame)
                following.add(tuple(value(values, literal) for literal in aig.next_state.tolist()))
        states, frame = following - seen, frame + 1
    return [found.get(place) for place in range(len(properties))]


def allowed(aig: Aig, state: State) -> Iterable[list[bool]]:
    """Yield the values of all variables for all inputs that keep the constraints."""
    for inputs in assignments(aig.inputs):
        values = evaluated(aig, [*inputs, *state])
        if all(value(values, literal) for literal in aig.constraints.tolist()):
            yield values


def counter(width: int, last: int, bad: int) -> Aig:
    """Return a counter with an input that lets it count, back to 0 after `last`; it must not become `bad`."""
    graph = AigBuilder()
    count = graph.add_input()
    bits = [graph.add_latch() for _ in range(width)]
    at_last = graph.and_all(bit ^ (~last >> place & 1) for place, bit in enumerate(bits))
    carry = count
    for bit in bits:
        added = graph.xor(bit, carry)
        carry = graph.and_(bit, carry)
        graph.set_next(bit, graph.and_(added, graph.and_(at_last, count) ^ 1))
    fails = graph.and_all(bit ^ (~bad >> place & 1) for place, bit in enumerate(bits))
    return graph.build(bad=[fails], symbols={("i", 0): b"count", ("b", 0): b"reached"})
