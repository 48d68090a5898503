import random
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Solver

from tests.encodings.circuit.graphs import every_assignment, random_graph, values_of
from turbosat.cdcl.sweeping import sweep as module
from turbosat.cdcl.sweeping.sweep import Sweep
from turbosat.core.circuits import sweeping as kernels
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.builder import AigBuilder

relaxed = settings(max_examples=100, deadline=None)  # the first call loads the kernels


def truth(aig: Aig) -> list[list[bool]]:
    """Return the values (assignments, 1 + variables) under every assignment of the leaves."""
    return [values_of(aig, leaves) for leaves in every_assignment(aig.inputs)]


def columns(rows: list[list[bool]], literals: list[int]) -> list[tuple[bool, ...]]:
    return [tuple(row[x >> 1] ^ bool(x & 1) for row in rows) for x in literals]


def swept(sweep: Sweep, *, through: bool = False) -> Sweep:
    """Sweep until nothing is left undecided."""
    sweep.simulate()
    budget = 2
    while not sweep.decided:
        if through and budget == 64:
            sweep.run_through(60.0)
        before = sweep.figures["merged"]
        sweep.run_pass(budget)
        if sweep.figures["undecided"] == 0 and sweep.figures["merged"] == before:
            break
        budget *= 2
    return sweep


@relaxed
@given(st.integers(0, 2**32), st.integers(1, 7), st.integers(1, 60))
def test_nodes_are_merged_exactly_if_they_are_equal(seed: int, inputs: int, gates: int) -> None:
    aig = random_graph(random.Random(seed), inputs, gates)
    literals = swept(Sweep(aig, seed=seed)).literals.tolist()
    rows = truth(aig)
    mine, theirs = columns(rows, [2 * v for v in range(1 + aig.variables)]), columns(rows, literals)
    assert mine == theirs
    classes = {min(column, tuple(not value for value in column)) for column in mine}
    assert len({literal >> 1 for literal in literals}) == len(classes)


@relaxed
@given(st.integers(0, 2**32), st.integers(1, 7), st.integers(1, 40), st.booleans())
def test_goals_are_reached_or_refuted(seed: int, inputs: int, gates: int, through: bool) -> None:
    dice = random.Random(seed)
    aig = random_graph(dice, inputs, gates)
    goals = [
        [2 * dice.randrange(1 + aig.variables) + dice.randrange(2) for _ in range(dice.randint(1, 3))]
        for _ in range(dice.randint(1, 4))
    ]
    rows = truth(aig)
    models = {
        tuple(row[1 : 1 + aig.inputs])
        for row in rows
        if all(any(row[x >> 1] ^ bool(x & 1) for x in goal) for goal in goals)
    }
    sweep = swept(Sweep(aig, [np.array(goal) for goal in goals], seed=seed), through=through)
    sweep.run_through(60.0)
    assert sweep.refuted == (not models)
    assert (sweep.model is not None) == bool(models)
    if sweep.model is not None:
        assert tuple(sweep.model.tolist()) in models


def adder(a: list[int], b: list[int], ands: list[tuple[int, int]], last: int, style: int) -> list[int]:
    """Return the sum's literals; ands grow. Two styles of full adders."""

    def conjoin(x: int, y: int) -> int:
        ands.append((max(x, y), min(x, y)))
        return 2 * (last + len(ands))

    def either(x: int, y: int) -> int:
        if style:
            return conjoin(conjoin(x, y) ^ 1, conjoin(x ^ 1, y ^ 1) ^ 1)
        return conjoin(conjoin(x, y ^ 1) ^ 1, conjoin(x ^ 1, y) ^ 1) ^ 1

    carry, total = 0, []
    for x, y in zip(a, b, strict=True):
        half = either(x, y)
        total.append(either(half, carry))
        if style:
            carry = conjoin(conjoin(x, y) ^ 1, conjoin(carry, half) ^ 1) ^ 1
        else:
            carry = conjoin(conjoin(conjoin(x, y) ^ 1, conjoin(x, carry) ^ 1), conjoin(y, carry) ^ 1) ^ 1
    return total


def adder_miter(bits: int, broken: bool) -> tuple[Aig, list[int]]:
    """Make two adders; the goal is that some bit differs."""
    inputs = 2 * bits
    a, b = list(range(2, 2 + 2 * bits, 2)), list(range(2 + 2 * bits, 2 + 4 * bits, 2))
    ands: list[tuple[int, int]] = []
    one = adder(a, b, ands, inputs, 0)
    gate = len(ands)
    two = adder(b, a, ands, inputs, 1)
    if broken:
        ands[gate] = ands[gate][0], ands[gate][1] ^ 1
    goal = []
    for x, y in zip(one, two, strict=True):
        pair = []
        for left, right in ((x, y ^ 1), (x ^ 1, y)):
            ands.append((max(left, right), min(left, right)))
            pair.append(2 * (inputs + len(ands)))
        goal += pair
    return Aig(inputs, np.array(ands, np.int32)), goal


@pytest.mark.parametrize("bits", [3, 16, 64])
def test_adders_of_two_styles_are_equal(bits: int) -> None:
    aig, goal = adder_miter(bits, broken=False)
    sweep = Sweep(aig, [np.array(goal)])
    assert sweep.run()
    assert sweep.refuted
    assert sweep.figures["conflicts"] < 100 * bits


@pytest.mark.parametrize("bits", [3, 16, 64])
def test_a_wrong_gate_is_found_out(bits: int) -> None:
    aig, goal = adder_miter(bits, broken=True)
    sweep = Sweep(aig, [np.array(goal)])
    assert sweep.run()
    assert sweep.model is not None
    values = values_of(aig, sweep.model.tolist())
    assert any(values[x >> 1] ^ bool(x & 1) for x in goal)


@relaxed
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 40))
def test_lemmas_follow_one_after_the_other(seed: int, inputs: int, gates: int) -> None:
    aig = random_graph(random.Random(seed), inputs, gates)
    parts: list[np.ndarray] = []
    sweep = swept(Sweep(aig, seed=seed, lemmas=parts.append))

    def signed(x: int) -> int:
        return (x >> 1) + 1 if x & 1 == 0 else -((x >> 1) + 1)

    with Solver("minisat22") as solver:
        solver.add_clause([-1])
        for i, (a, b) in enumerate(aig.ands.tolist()):
            node = 2 * (aig.first_and + i)
            for gate in ([node ^ 1, a], [node ^ 1, b], [node, a ^ 1, b ^ 1]):
                solver.add_clause([signed(x) for x in gate])
        clause: list[int] = []
        for x in np.concatenate([np.zeros(0, np.int32), *parts]).tolist():
            if x >= 0:
                clause.append(signed(x))
                continue
            consistent, _ = solver.propagate([-y for y in clause])
            assert not consistent
            solver.add_clause(clause)
            clause = []
        for variable, literal in enumerate(sweep.literals.tolist()):
            for x, y in ((2 * variable, literal), (literal, 2 * variable)):
                if variable != literal >> 1:
                    consistent, _ = solver.propagate([signed(x), -signed(y)])
                    assert not consistent


def test_each_stage_stops_when_told() -> None:
    aig, goal = adder_miter(16, broken=False)
    sweep = Sweep(aig, [np.array(goal)])

    def check() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        sweep.simulate(check)
    with pytest.raises(TimeoutError):
        sweep.run_pass(100, check=check)
    with pytest.raises(TimeoutError):
        sweep.run_through(1e9, check)


def test_large_cones_are_cut_under_a_deadline() -> None:
    """Where all assignments are too many to simulate, that is told by kernels, which can be ended."""

    class Over(Exception):
        pass

    def over() -> None:
        raise Over

    builder = AigBuilder()
    goal = builder.and_all(builder.add_inputs(50).tolist())
    sweep = Sweep(builder.build(outputs=[goal]), [np.array([goal], np.int32)])
    assert not sweep.run_through(1.0)
    with pytest.raises(Over):
        sweep.run_through(1.0, over)


def test_goals_are_held_against_what_is_merged_without_looking_at_all_nodes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aig, goal = adder_miter(16, broken=False)
    sweep = Sweep(aig, [np.array(goal)])
    monkeypatch.setattr(Sweep, "literals", property(lambda _: pytest.fail("all nodes were looked at")))
    sweep.simulate()
    sweep.run_pass(10_000)
    assert sweep.refuted


def test_only_clauses_without_room_are_given_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LEMMAS", 0)
    aig, goal = adder_miter(64, broken=False)
    parts: list[np.ndarray] = []
    sweep = Sweep(aig, [np.array(goal)], lemmas=parts.append)
    room = sweep._search.arena.size
    statuses: list[int] = []
    kernel = kernels.sweep_nodes

    def noted(*arguments: Any) -> int:
        statuses.append(kernel(*arguments))
        return statuses[-1]

    monkeypatch.setattr(kernels, "sweep_nodes", noted)
    sweep.simulate()
    sweep.run_pass(10_000)
    assert sweep.refuted
    assert statuses.count(kernels.FULL) > 1  # lemmas were fetched
    assert sweep._search.arena.size == room


def test_clauses_beyond_the_reach_of_references_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    aig, goal = adder_miter(64, broken=False)
    monkeypatch.setattr(module, "_REACH", 1 << 8)
    sweep = Sweep(aig, [np.array(goal)])
    sweep.simulate()
    with pytest.raises(MemoryError):
        sweep.run_pass(10_000)


NEVER = [np.array([one, two]) for one in (2, 3) for two in (4, 5)]  # no model, and no pass is ended by them


@relaxed
@given(st.integers(0, 2**32), st.integers(3, 7), st.integers(1, 60), st.integers(2, 60), st.integers(1, 99))
def test_slices_and_breaks_change_nothing(seed: int, inputs: int, gates: int, effort: int, end: int) -> None:
    aig = random_graph(random.Random(seed), inputs, gates)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == end:
            raise TimeoutError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROUNDS", 0)  # no patterns but those of models
        patch.setattr(module, "EFFORT", effort)
        sweep = Sweep(aig, NEVER, seed=seed)
        kernels.simulate_nodes(sweep._graph, 0, 1 + aig.variables, 1)
        with suppress(TimeoutError):
            sweep.run_pass(1000, check=check)
        while not sweep.decided:
            before = sweep.figures["merged"]
            sweep.run_pass(1000)
            if sweep.figures["undecided"] == 0 and sweep.figures["merged"] == before:
                break
    rows = truth(aig)
    mine = columns(rows, [2 * v for v in range(1 + aig.variables)])
    assert mine == columns(rows, sweep.literals.tolist())
    classes = {min(column, tuple(not value for value in column)) for column in mine}
    assert len({literal >> 1 for literal in sweep.literals.tolist()}) == len(classes)


def test_a_model_is_taken_in_by_several_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(1)
    inputs, gates = 100, 200_000
    nodes = np.arange(inputs + 1, inputs + 1 + gates)
    pairs = 2 * dice.integers(np.maximum(1, nodes - 2000), nodes, (2, gates)) + dice.integers(
        0, 2, (2, gates)
    )
    aig = Aig(inputs, np.sort(pairs, axis=0)[::-1].T.astype(np.int32).copy())
    monkeypatch.setattr(module, "ROUNDS", 0)
    sweep = Sweep(aig, NEVER)
    kernels.simulate_nodes(sweep._graph, 0, 1 + aig.variables, 1)
    partly = []

    def check() -> None:
        partly.append(int(sweep._counters[kernels.SPREADING]))
        if sweep.figures["models"] > 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        sweep.run_pass(1000, check=check)
    assert sum(place > 0 for place in partly) > 6
