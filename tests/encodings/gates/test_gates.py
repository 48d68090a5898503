import itertools

import numpy as np
from hypothesis import given, settings

from tests.encodings import parity_pieces as pieces
from tests.encodings.parity_pieces import Piece, conjunction, multiplexer, planted
from tests.encodings.slow_parity import follows, left_over, model_rows
from tests.turbosat.strategies import formulas
from turbosat.encodings.gates.recovery import AND, ITE, Gates, find_gates
from turbosat.formula.formula import Formula

Conjunction = tuple[int, frozenset[int]]
relaxed = settings(max_examples=150, deadline=None)  # the first call loads the kernels
EVERYTHING = (*pieces.PIECES, pieces.near_miss, pieces.cycle, pieces.unit, pieces.idle_input)


def slow_conjunctions(clauses: set[frozenset[int]]) -> set[Conjunction]:
    return {
        (output, frozenset(-x for x in clause - {output}))
        for clause in clauses
        for output in clause
        if len(clause) > 2 and all(frozenset((-output, -x)) in clauses for x in clause - {output})
    }


def slow_multiplexers(clauses: set[frozenset[int]], variables: int) -> set[tuple[int, int, int, int]]:
    """Find the gates u = (c ? t : e), but none with two clauses of an XOR that is written out in full."""
    xors = [
        {abs(literal) for literal in clause}
        for clause in clauses
        if len(clause) == 3
        and all(clause - {x, y} | {-x, -y} in clauses for x in clause for y in clause - {x})
    ]
    signed = [v * sign for v in range(1, variables + 1) for sign in (1, -1)]
    there = {
        (output, c, t)
        for output, c, t in itertools.product(range(1, variables + 1), signed, signed)
        if len({output, abs(c), abs(t)}) == 3
        and {output, abs(c), abs(t)} not in xors
        and {frozenset((-output, -c, t)), frozenset((output, -c, -t))} <= clauses
    }
    return {
        (output, c, t, e)
        for output, c, t in there
        for other, d, e in there
        if c > 0 and (other, d) == (output, -c) and abs(e) != abs(t)
    }


def defining_clauses(gates: Gates) -> list[tuple[int, ...]]:
    return [
        clause
        for output, kind, inputs in gates
        for clause in (conjunction(output, *inputs) if kind == AND else multiplexer(output, *inputs))
    ]


def check(formula: Formula) -> None:
    gates = find_gates(formula)
    rest = left_over(formula)
    if rest is None:
        assert len(gates) == 0
        return
    conjunctions = [(output, frozenset(inputs)) for output, kind, inputs in gates if kind == AND]
    assert len(set(conjunctions)) == len(conjunctions)
    small = {len(clause) for clause in rest[1]} <= {*range(5)}  # at most four gates are made of one clause
    wanted = slow_conjunctions(rest[1])
    assert set(conjunctions) == wanted if small else set(conjunctions) <= wanted
    found = [(output, *inputs) for output, kind, inputs in gates if kind == ITE]
    every = slow_multiplexers(rest[1], formula.variables)
    assert len(set(found)) == len(found)
    assert set(found) <= every
    for output, c in {gate[:2] for gate in every}:  # at most two inputs on each side are paired
        inputs = [gate[2:] for gate in every if gate[:2] == (output, c)]
        pairs = min(2, len({t for t, _ in inputs})) * min(2, len({e for _, e in inputs}))
        assert len([gate for gate in found if gate[:2] == (output, c)]) <= pairs
        assert len(inputs) > 2 or {gate[2:] for gate in found if gate[:2] == (output, c)} == set(inputs)
    models = model_rows(formula)
    clauses = defining_clauses(gates)
    assert Formula.from_clauses(clauses, formula.variables).satisfied(models).all()  # type: ignore[union-attr]
    for clause in clauses:
        assert follows(formula.expanded(), clause)


@relaxed
@given(planted(makers=EVERYTHING))
def test_gates_are_those_of_the_slow_search(case: tuple[Formula, Piece]) -> None:
    check(case[0])


@relaxed
@given(formulas())
def test_random_formulas_give_no_false_gate(formula: Formula) -> None:
    check(formula)


def test_a_gate_is_found_whatever_its_signs() -> None:
    for signs in itertools.product((1, -1), repeat=4):
        g, a, b, c = (sign * v for sign, v in zip(signs, (3, 1, 4, 2), strict=True))
        (gate,) = find_gates(Formula.from_clauses(conjunction(g, a, b, c)))
        assert gate[:2] == (g, AND)
        assert set(gate[2]) == {a, b, c}
        (gate,) = find_gates(Formula.from_clauses(multiplexer(g, a, b, c)))
        t, e = (b, c) if a > 0 else (c, b)
        assert gate == (abs(g), ITE, (abs(a), t * signs[0], e * signs[0]))


def test_long_conjunctions_and_far_variables() -> None:
    wide = conjunction(-500_000_000, *range(1, 300))
    gates = find_gates(Formula.from_clauses(wide))
    assert [(output, kind) for output, kind, _ in gates] == [(-500_000_000, AND)]
    assert gates.inputs.tolist() == list(range(1, 300))
    assert gates.offsets.tolist() == [0, 299]
    assert gates.outputs.dtype == gates.inputs.dtype == np.int32


def test_exactly_one_gives_few_gates_a_clause() -> None:
    ones = range(1, 41)
    clauses = [tuple(ones), *((-a, -b) for a, b in itertools.combinations(ones, 2))]
    gates = find_gates(Formula.from_clauses(clauses))
    assert gates.outputs.tolist() == [40, 39, 38, 37]


def test_repeated_clauses_give_one_gate() -> None:
    for size in (2, 5, 6, 9, 40):
        clauses = conjunction(100, *range(1, size + 1))
        clauses = [*clauses, *[clause[::-1] for clause in clauses], conjunction(100, *range(2, size + 2))[0]]
        gates = find_gates(Formula.from_clauses(clauses))
        assert gates.outputs.tolist() == [100]
        assert sorted(gates.inputs.tolist()) == list(range(1, size + 1))
