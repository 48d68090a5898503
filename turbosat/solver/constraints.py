"""Cardinalities and XORs as clauses, with variables of their own.

At-most constraints, weighted or not, become a decision diagram with two clauses a node (Abío, Nieuwenhuis,
Oliveras, Rodríguez-Carbonell, Mayer-Eichberger, JAIR 2012): unit propagation finds all that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, product

PIECE = 6  # literals of an XOR that is written without new variables

Fresh = Callable[[], int]
Clauses = list[list[int]]


def at_most(literals: Sequence[int], bound: int, weights: Sequence[int], fresh: Fresh) -> Clauses:
    """Return clauses that hold just if the weights of the true literals sum to at most `bound`.

    A literal may come several times, and with its negation; weights may be negative.
    """
    gathered: dict[int, int] = {}
    for literal, weight in zip(literals, weights, strict=True):
        # weight · literal, as a weight of the variable: that of a negation is weight − weight · variable
        if literal < 0:
            bound -= weight
        variable, signed = abs(literal), weight if literal > 0 else -weight
        gathered[variable] = gathered.get(variable, 0) + signed
    terms: list[tuple[int, int]] = []
    for variable, weight in gathered.items():
        if weight > 0:
            terms.append((weight, variable))
        elif weight < 0:
            terms.append((-weight, -variable))
            bound -= weight
    terms.sort(reverse=True)
    if bound < 0:
        return [[]]
    rests = [*accumulate((weight for weight, _ in reversed(terms)), initial=0)][::-1]
    return _diagram(terms, rests, bound, fresh)


def _diagram(terms: list[tuple[int, int]], rests: list[int], bound: int, fresh: Fresh) -> Clauses:
    """Write the diagram from its root; `rests` are the sums of the weights from each term on."""
    clauses: Clauses = []
    nodes: dict[tuple[int, int], int] = {}  # (term, what is left of the bound): its variable
    todo: list[tuple[int, int, list[int]]] = []  # and what is false where it need not hold

    def require(at: int, left: int, unless: list[int]) -> None:
        """Let what is left suffice for the terms from one on, unless one of these literals holds."""
        if left < 0:
            clauses.append(unless)
        elif rests[at] > left:
            todo.append((at, left, unless))

    require(0, bound, [])
    while todo:
        at, left, unless = todo.pop()
        weight, literal = terms[at]
        key = at, left
        if not unless:  # the root holds anyway
            guard: list[int] = []
        elif key in nodes:
            clauses.append([*unless, nodes[key]])
            continue
        else:
            nodes[key] = fresh()
            clauses.append([*unless, nodes[key]])
            guard = [-nodes[key]]
        require(at + 1, left, guard)
        require(at + 1, left - weight, [*guard, -literal])
    return clauses


def xor(literals: Sequence[int], value: bool, fresh: Fresh) -> Clauses:
    """Return clauses that hold just if the XOR of the literals is `value`; long ones are cut."""
    odd: dict[int, None] = {}
    for literal in literals:
        value ^= literal < 0
        if abs(literal) in odd:
            del odd[abs(literal)]
        else:
            odd[abs(literal)] = None
    rest, clauses = list(odd), Clauses()
    while len(rest) > PIECE:
        link = fresh()
        clauses += _parity([*rest[: PIECE - 1], link], False)
        rest = [link, *rest[PIECE - 1 :]]
    return clauses + _parity(rest, value)


def _parity(variables: list[int], value: bool) -> Clauses:
    """Forbid every assignment of the other parity."""
    return [
        [-variable if one else variable for variable, one in zip(variables, pattern, strict=True)]
        for pattern in product((False, True), repeat=len(variables))
        if sum(pattern) % 2 != value
    ]
