"""Formulas whose models are the cycles through all vertices of a graph, in several encodings."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, count, pairwise

from pysat.card import CardEnc, EncType

from turbosat.formula.formula import Formula

Arc = tuple[int, int]
Row = list[int]


@dataclass(frozen=True)
class TourFormula:
    """A formula, and for each signed literal that is an arc, that arc."""

    formula: Formula
    arcs: dict[int, Arc]


def two_way(vertices: int, extra: int, seed: int) -> list[Arc]:
    """Return both arcs of the edges of a hidden cycle, and of others."""
    return sorted({each for a, b in one_way(vertices, extra, seed) for each in ((a, b), (b, a))})


def one_way(vertices: int, extra: int, seed: int) -> list[Arc]:
    """Return the arcs of a hidden cycle, and others; two at least leave each vertex, and two enter it."""
    dice = random.Random(seed)
    order = dice.sample(range(vertices), vertices)
    arcs = set(pairwise([*order, order[0]]))
    leaving, entering = [1] * vertices, [1] * vertices
    few = set(range(vertices))  # that two do not leave yet, or enter
    while few or len(arcs) < vertices + extra:
        tail, head = dice.sample(range(vertices), 2)
        wanted = len(arcs) < vertices + extra or leaving[tail] < 2 or entering[head] < 2
        if wanted and (tail, head) not in arcs:
            arcs.add((tail, head))
            leaving[tail] += 1
            entering[head] += 1
            few -= {each for each in (tail, head) if min(leaving[each], entering[each]) > 1}
    return sorted(arcs)


def _binary(vertices: int, arcs: dict[Arc, int], fresh: Callable[[], int], *, gates: bool) -> list[Row]:
    """Places as binary numbers, and the next place by half adders; with gates, of conjunctions only."""
    width = (vertices - 1).bit_length()
    places = [[fresh() for _ in range(width)] for _ in range(vertices)]
    rows = [[-bit] for bit in places[0]]

    def conjunction(a: int, b: int) -> int:
        out = fresh()
        rows.extend(([-out, a], [-out, b], [out, -a, -b]))
        return out

    following = []
    for place in places:
        total, carry = [-place[0]], place[0]
        for bit in place[1:]:
            both = conjunction(bit, carry)
            if gates:
                total.append(conjunction(-both, -conjunction(-bit, -carry)))
            else:
                out = fresh()
                rows += [[-out, bit, carry], [-out, -bit, -carry], [out, -bit, carry], [out, bit, -carry]]
                total.append(out)
            carry = both
        following.append(total)
    return rows + _along(arcs, following, places)


def _along(arcs: dict[Arc, int], following: Sequence[Row], places: Sequence[Row]) -> list[Row]:
    """Along an arc, unless it leads to vertex 0, the next place is that of its head."""
    rows = []
    for (tail, head), arc in arcs.items():
        for was, now in zip(following[tail], places[head], strict=True) if head else ():
            rows += [[-arc, -was, now], [-arc, was, -now]]
    return rows


def binary(vertices: int, arcs: dict[Arc, int], fresh: Callable[[], int]) -> list[Row]:
    """Return clauses on places as binary numbers."""
    return _binary(vertices, arcs, fresh, gates=False)


def gates(vertices: int, arcs: dict[Arc, int], fresh: Callable[[], int]) -> list[Row]:
    """Return clauses on places as binary numbers, with sums as and-inverter graphs."""
    return _binary(vertices, arcs, fresh, gates=True)


def shifted(vertices: int, arcs: dict[Arc, int], fresh: Callable[[], int]) -> list[Row]:
    """Return clauses on places as states of a shift register with linear feedback."""
    width, taps = {4: (4, (3, 2)), 5: (5, (4, 2)), 6: (6, (5, 4)), 7: (7, (6, 5))}[
        max(4, vertices.bit_length())
    ]
    places = [[fresh() for _ in range(width)] for _ in range(vertices)]
    rows = [[bit] for bit in places[0]] + places  # no state is 0, which would follow itself
    following = []
    for place in places:
        a, b, out = place[taps[0]], place[taps[1]], fresh()
        rows += [[-out, a, b], [-out, -a, -b], [out, -a, b], [out, a, -b]]
        following.append([out, *place[:-1]])
    return rows + _along(arcs, following, places)


def one_hot(vertices: int, arcs: dict[Arc, int], fresh: Callable[[], int]) -> list[Row]:
    """Return clauses on which vertex is at which place, each at one, and one at each."""
    at = [[fresh() for _ in range(vertices)] for _ in range(vertices)]
    rows = [[at[0][0]], *at, *(list(each) for each in zip(*at, strict=True))]
    for line in (*at, *zip(*at, strict=True)):
        rows += [[-one, -other] for one, other in combinations(line, 2)]
    for (tail, head), arc in arcs.items():
        rows += [[-arc, -at[tail][k], at[head][(k + 1) % vertices]] for k in range(vertices)]
    return rows


def ordered(vertices: int, arcs: dict[Arc, int], fresh: Callable[[], int]) -> list[Row]:
    """Return clauses on which vertex comes at which place or later."""
    least = [[fresh() for _ in range(vertices)] for _ in range(vertices)]
    rows = [[-least[0][1]]]
    for line in least:
        rows += [[line[0]], *([-more, less] for less, more in pairwise(line))]
    for (tail, head), arc in arcs.items():
        if head:
            rows += [[-arc, -least[tail][k], least[head][k + 1]] for k in range(vertices - 1)]
            rows += [[-arc, least[tail][k], -least[head][k + 1]] for k in range(vertices - 1)]
            rows.append([-arc, -least[tail][vertices - 1]])
    return rows


def _parity(literals: Row, fresh: Callable[[], int], *, odd: bool) -> list[Row]:
    """Say that an odd, or an even, number of the literals is true, by sums of them one by one."""
    total, rows = literals[0], []
    for each in literals[1:]:
        out = fresh()
        rows += [[-out, total, each], [-out, -total, -each], [out, -total, each], [out, total, -each]]
        total = out
    return [*rows, [total if odd else -total]]


PLACES = {each.__name__: each for each in (binary, gates, shifted, one_hot, ordered)}


def tour_formula(
    vertices: int,
    arcs: Sequence[Arc],
    places: str,
    seed: int,
    *,
    counters: bool = False,
    more: Sequence[Row] = (),
    barred: bool = False,
) -> TourFormula:
    """Return the formula of a graph with other names and signs; `more` clauses are on arcs, from 1 in order.

    Where it is barred, it has no model: the number of arcs of a cycle among half of them is odd and even.
    """
    dice = random.Random(seed)
    numbers = {arc: number for number, arc in enumerate(arcs, 1)}
    counter = count(len(arcs) + 1)
    rows = [list(each) for each in more]
    for end in (0, 1):
        for vertex in range(vertices):
            one = [number for arc, number in numbers.items() if arc[end] == vertex]
            if counters and len(one) > 1:
                top = next(counter) - 1
                kind = CardEnc.atmost(one, 1, top_id=top, encoding=EncType.seqcounter)
                counter = count(max(top, kind.nv) + 1)
                rows += [one, *kind.clauses]
            else:
                rows += [one, *([-a, -b] for a, b in combinations(one, 2))]
    rows += PLACES[places](vertices, numbers, lambda: next(counter))
    if barred:
        some = dice.sample(sorted(numbers.values()), len(arcs) // 2)
        rows += _parity(some, lambda: next(counter), odd=True)
        rows += _parity(dice.sample(some, len(some)), lambda: next(counter), odd=False)
    top = next(counter) - 1
    names = dice.sample(range(1, top + 1), top)
    signs = [dice.choice((1, -1)) for _ in range(top)]

    def renamed(literal: int) -> int:
        sign = signs[abs(literal) - 1] * (1 if literal > 0 else -1)
        return sign * names[abs(literal) - 1]

    rows = [[renamed(literal) for literal in dice.sample(row, len(row))] for row in rows]
    dice.shuffle(rows)
    return TourFormula(Formula.from_clauses(rows, top), {renamed(k): arc for arc, k in numbers.items()})
