"""Small sequential circuits, drawn at random, and all that they can do, found by enumeration."""

import itertools

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from turbosat.deadline import Deadline
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.simulation import simulate, values
from turbosat.verify.prove.answer import Found
from turbosat.verify.prove.certify import proves
from turbosat.verify.verdict import Invariant, Witness
from turbosat.verify.witness import fails

State = tuple[bool, ...]


@st.composite
def circuits(draw: st.DrawFn, latches: int = 5, inputs: int = 2, gates: int = 14) -> Aig:
    """A circuit with one bad state, some constraints, resets of all kinds."""
    number, given = draw(st.integers(0, latches)), draw(st.integers(0, inputs))
    leaves = number + given
    ands = []
    for own in range(leaves + 1, leaves + 1 + draw(st.integers(0, gates))):
        low = 0 if own == 1 or draw(st.integers(0, 9)) == 0 else 2  # constants now and then
        ands.append(sorted((draw(st.integers(low, 2 * own - 1)) for _ in range(2)), reverse=True))
    last = 2 * (leaves + len(ands)) + 1
    literal = st.integers(0, last)
    late = st.integers(max(0, last - 7), last)
    resets = [draw(st.sampled_from([0, 0, 0, 1, 2 * (given + 1 + latch)])) for latch in range(number)]
    return Aig(
        inputs=given,
        ands=np.array(ands, np.int32).reshape(-1, 2),
        next_state=np.array([draw(late | literal) for _ in range(number)], np.int32),
        reset=np.array(resets, np.int32),
        bad=np.array([draw(late)], np.int32),
        constraints=np.array(draw(st.lists(st.integers(2, last), max_size=1)) if last > 1 else [], np.int32),
    )


class Behaviour:
    """What a circuit does in each state under each input, by enumeration.

    `moves` maps a state to (inputs, next state, bad) where constraints hold; `first` are the first states.
    """

    def __init__(self, aig: Aig, bad: int | None = None) -> None:
        leaves = aig.inputs + aig.latches
        rows = list(itertools.product([False, True], repeat=leaves))
        table = np.array(rows, np.bool_).reshape(len(rows), leaves).T
        simulated = simulate(aig, np.where(table, ~np.uint64(0), np.uint64(0)).astype(np.uint64))

        def bits(literals: NDArray[np.int32]) -> NDArray[np.bool_]:
            """Return the values of literals in each row, (literals, rows)."""
            return (values(simulated, literals) & np.uint64(1)).astype(np.bool_)

        following, legal = bits(aig.next_state).T.tolist(), bits(aig.constraints)
        (broken,) = bits(np.array([aig.bad[0] if bad is None else bad], np.int32)).tolist()
        self.moves: dict[State, list[tuple[State, State, bool]]] = {}
        for place, (row, after, is_bad) in enumerate(zip(rows, following, broken, strict=True)):
            moves = self.moves.setdefault(row[aig.inputs :], [])
            if legal[:, place].all():
                moves.append((row[: aig.inputs], tuple(after), is_bad))
        self.first = [
            state
            for state in self.moves
            if all(
                reset > 1 or bit == bool(reset) for bit, reset in zip(state, aig.reset.tolist(), strict=True)
            )
        ]

    def reachable(self) -> set[State]:
        seen = set(self.first)
        left = list(seen)
        while left:
            for _, after, _ in self.moves[left.pop()]:
                if after not in seen:
                    seen.add(after)
                    left.append(after)
        return seen

    def fails(self) -> bool:
        return any(broken for state in self.reachable() for _, _, broken in self.moves[state])


def settled(aig: Aig, found: Found) -> bool:
    """Check what an engine found; return whether it is a run that fails."""
    if found.clauses is None:
        assert found.latches is not None
        assert found.inputs is not None
        assert fails(aig, Witness(found.latches, found.inputs), 0)
        return True
    with Deadline() as deadline:
        invariant = Invariant(tuple(found.clauses), found.depth, found.distinct)
        assert proves(aig, int(aig.bad[0]), invariant, deadline)
    return False
