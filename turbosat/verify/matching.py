"""Two circuits side by side: which input of one is which of the other, and the graph of where they differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.circuit.aig import Aig, Literals, no_literals
from turbosat.encodings.circuit.builder import AigBuilder, renamed
from turbosat.encodings.circuit.simulation import simulate, values
from turbosat.errors import UsageError, printable
from turbosat.validation import shown
from turbosat.verify.unrolling import nothing

How = Literal["auto", "name", "order"]
HOWS: Final = ("auto", "name", "order")
KINDS: Final = {"i": "input", "l": "latch", "o": "output", "b": "bad state", "c": "constraint"}


@dataclass(frozen=True, slots=True)
class Matching:
    """For each kind of thing, by its letter in AIGER: which of B stands for which of A, and how it was found.

    `places[kind]` is intp (things of A,), `how[kind]` is "name", "order", or "" where there is nothing.
    """

    places: dict[str, NDArray[np.intp]]
    how: dict[str, str]

    def told(self) -> list[str]:
        """Return a sentence for each kind that there is."""
        return [
            f"{self.places[kind].size} {plural(kind, self.places[kind].size)} matched by {how}"
            for kind, how in self.how.items()
            if how
        ]


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that two circuits compute differently for the same inputs and state."""

    kind: str  # "output", "latch" (its next value), "bad state", "constraint"
    position: int  # in A
    name: str  # in A, printable
    a: bool
    b: bool


def match(a: Aig, b: Aig, how: How = "auto") -> Matching:
    """Match two circuits. UsageError says what has no counterpart.

    By name where all things of a kind have one in both circuits, each another; by order where a circuit has
    no names for things of that kind, or how="order" says so: names that do not tell are an error. Latches
    must begin with the same values.
    """
    if how not in HOWS:
        raise UsageError(f"match must be one of {', '.join(HOWS)}, not {shown(how)}")
    if a.justice or b.justice or a.fairness.size or b.fairness.size:
        raise UsageError("justice and fairness cannot be compared")
    places, ways = {}, {}
    for kind in KINDS:
        first, second = _count(a, kind), _count(b, kind)
        if first != second:
            raise UsageError(f"the circuits differ in what they have: {first} and {second} {plural(kind, 2)}")
        places[kind], ways[kind] = _matched(a, b, kind, first, how)
    ours, theirs = _resets(a), _resets(b)[places["l"]]
    wrong = np.flatnonzero(ours != theirs)
    if wrong.size:
        one = int(wrong[0])
        values = {0: "0", 1: "1", 2: "either value"}
        raise UsageError(
            f"latch {name_of(a, 'l', one)} begins with {values[int(ours[one])]} in one circuit and with "
            f"{values[int(theirs[one])]} in the other"
        )
    return Matching(places, ways)


def name_of(aig: Aig, kind: str, position: int) -> str:
    """Return the printable name of a thing, such as i3 where it has none."""
    found = aig.symbols.get((kind, position))
    return f"{kind}{position}" if found is None else printable(found)


def plural(kind: str, number: int) -> str:
    """Return what AIGER's letter for a kind stands for."""
    word = KINDS[kind]
    return word if number == 1 else "latches" if kind == "l" else f"{word}s"


def miter(a: Aig, b: Aig, matching: Matching, check: Callable[[], None] = nothing) -> Aig:
    """Return a circuit without latches whose outputs are true where the circuits differ.

    Its inputs are those of A, then its latches; its outputs compare what `roots` returns, in that order.
    """
    graph = AigBuilder()
    leaves = graph.add_inputs(a.inputs + a.latches, check)
    ours, state = leaves[: a.inputs], leaves[a.inputs :]
    inputs, latches = np.zeros_like(ours), np.zeros_like(state)
    inputs[matching.places["i"]] = ours
    latches[matching.places["l"]] = state
    names_a = graph.copy(a, ours, state, check)
    names_b = graph.copy(b, inputs, latches, check)
    pairs = np.column_stack(
        [renamed(roots(a), names_a), renamed(roots(b, matching), names_b)]
    )  # (outputs, 2)
    return graph.build(outputs=graph.xor_pairs(pairs, check), trim=True)


def roots(aig: Aig, matching: Matching | None = None) -> Literals:
    """Return what is compared: outputs, next values, bad states, constraints; of B in the order of A's."""
    parts = {"o": aig.outputs, "l": aig.next_state, "b": aig.bad, "c": aig.constraints}
    chosen = [part if matching is None else part[matching.places[kind]] for kind, part in parts.items()]
    return np.concatenate([no_literals(), *chosen])


def differences(a: Aig, b: Aig, matching: Matching, leaves: NDArray[np.bool_]) -> tuple[Difference, ...]:
    """Simulate both circuits on the miter's inputs (inputs + latches of A,); return all that differs."""
    other = np.zeros_like(leaves)
    other[matching.places["i"]] = leaves[: a.inputs]
    other[b.inputs + matching.places["l"]] = leaves[a.inputs :]
    seen = zip(_evaluated(a, leaves, roots(a)), _evaluated(b, other, roots(b, matching)), strict=True)
    sizes = {"o": a.outputs.size, "l": a.latches, "b": a.bad.size, "c": a.constraints.size}
    places = [(kind, position) for kind, size in sizes.items() for position in range(size)]
    return tuple(
        Difference(KINDS[kind], position, name_of(a, kind, position), x, y)
        for (kind, position), (x, y) in zip(places, seen, strict=True)
        if x != y
    )


def _evaluated(aig: Aig, leaves: NDArray[np.bool_], wanted: Literals) -> list[bool]:
    """Return the values of literals, by simulation."""
    simulated = simulate(aig, leaves.astype(np.uint64)[:, None])
    found: list[bool] = (values(simulated, wanted)[:, 0] & np.uint64(1)).astype(np.bool_).tolist()
    return found


def _count(aig: Aig, kind: str) -> int:
    return {
        "i": aig.inputs,
        "l": aig.latches,
        "o": aig.outputs.size,
        "b": aig.bad.size,
        "c": aig.constraints.size,
    }[kind]


def _matched(a: Aig, b: Aig, kind: str, count: int, how: How) -> tuple[NDArray[np.intp], str]:
    """Return which of B stands for each of A, and how that was found."""
    order = np.arange(count)
    if how == "order" or not count:
        return order, "order" if count else ""
    named = [_names(each, kind) for each in (a, b)]
    if how == "auto" and not all(named):
        return order, "order"
    ours, theirs = ({name: place for place, name in each.items()} for each in named)
    for which, names, different in zip(("first", "second"), named, (ours, theirs), strict=True):
        missing, doubled = count - len(names), len(names) - len(different)
        if missing or doubled:
            has = "has" if (missing or doubled) == 1 else "have"
            odd = f"{missing} of {count} {has} no name" if missing else f"{doubled} {has} the name of another"
            raise UsageError(
                f"the {plural(kind, 2)} of the {which} circuit cannot be matched by name: {odd}; "
                "--match order ignores names"
            )
    alone = next((name for name in ours if name not in theirs), None)
    if alone is not None:
        raise UsageError(
            f"{KINDS[kind]} {printable(alone)} of the first circuit is not in the second; "
            "--match order ignores names"
        )
    ours = dict(sorted(ours.items(), key=lambda each: each[1]))
    return np.array([theirs[name] for name in ours], np.intp), "name"


def _names(aig: Aig, kind: str) -> dict[int, bytes]:
    """Return the names of things by position, where they have one."""
    return {place: name for (own, place), name in aig.symbols.items() if own == kind}


def _resets(aig: Aig) -> NDArray[np.int32]:
    """Return 0, 1, or 2 for none, (latches,)."""
    return np.minimum(aig.reset, 2)
