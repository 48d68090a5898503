import random

import numpy as np
import pytest

from tests.encodings.circuit.graphs import random_circuit
from tests.families import pigeonhole, random_ksat
from turbosat.encodings.circuit.promise import gates_likely, promising
from turbosat.formula.formula import Formula


def conjunctions(number: int) -> list[list[int]]:
    """Return clauses of a chain of conjunctions."""
    clauses = []
    for n in range(3, 3 + number):
        clauses += [[-n, n - 1], [-n, n - 2], [n, 1 - n, 2 - n]]
    return clauses


def parities(number: int) -> list[list[int]]:
    clauses = []
    for n in range(3, 3 + number):
        a, b = n - 1, n - 2
        clauses += [[-n, a, b], [-n, -a, -b], [n, -a, b], [n, a, -b]]
    return clauses


@pytest.mark.parametrize("gates", [conjunctions, parities])
def test_gates_are_counted(gates: object) -> None:
    assert callable(gates)
    assert gates_likely(Formula.from_clauses(gates(100), 102)) == 100
    assert promising(Formula.from_clauses(gates(100), 102))
    assert not promising(Formula.from_clauses(gates(10), 12))


def test_a_sample_is_enough() -> None:
    assert gates_likely(Formula.from_clauses(conjunctions(20_000), 20_002)) == pytest.approx(20_000, rel=0.01)


def test_circuits_of_any_gates_are_promising() -> None:
    assert promising(random_circuit(random.Random(1), 40, 1000))


@pytest.mark.parametrize("family", [random_ksat(300, 1200, seed=1), pigeonhole(9, 8), (0, [])])
def test_what_is_no_circuit_is_not(family: tuple[int, list[list[int]]]) -> None:
    variables, clauses = family
    assert not promising(Formula.from_clauses(clauses, variables))


def test_lines_of_xors_are_left_to_algebra() -> None:
    assert not promising(Formula.from_clauses(conjunctions(100), 102, [[1, 2, 3]]))


def test_the_limits_are_looked_at_before_the_long_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "sort", lambda *_, **__: pytest.fail("sorted first"))

    def check() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        promising(Formula.from_clauses(conjunctions(100), 102), check)


def test_a_sample_of_parities_is_enough() -> None:
    assert gates_likely(Formula.from_clauses(parities(50_000), 50_002)) == pytest.approx(50_000, rel=0.05)


@pytest.mark.parametrize("selectors", [1, 2, 3])
def test_multiplexers_are_counted(selectors: int) -> None:
    dice, clauses = random.Random(1), []
    for n in range(40, 140):
        inputs = dice.sample(range(1, n), selectors + (1 << selectors))
        for line, data in enumerate(inputs[selectors:]):
            case = [-x if line >> i & 1 else x for i, x in enumerate(inputs[:selectors])]
            clauses += [[*case, -data, n], [*case, data, -n]]
    assert gates_likely(Formula.from_clauses(clauses, 139)) == pytest.approx(100, rel=0.02)
