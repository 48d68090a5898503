"""The sweeping lane in a run: circuits in clauses, what is equal in them, proofs."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical195

from tests.encodings.circuit.circuit_cases import assignments, built, evaluated, value
from tests.encodings.circuit.graphs import one_sided_circuit, random_circuit
from tests.families import dimacs
from tests.processes import turbosat
from tests.turbosat import brute
from turbosat import Event, Formula, Status, solve
from turbosat.cdcl.sweeping.facts import conjoined, facts, goals, merged_formula, representatives
from turbosat.cdcl.sweeping.sweep import Sweep
from turbosat.check import check
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.recovery import recover_circuit
from turbosat.formula.clauses import Clauses
from turbosat.formula.files import read

relaxed = settings(max_examples=60, deadline=None)


class Netlist:
    """Clauses of gates, variables from 1."""

    def __init__(self, inputs: int) -> None:
        self.variables, self.clauses = inputs, list[list[int]]()

    def conjoin(self, a: int, b: int) -> int:
        self.variables += 1
        n = self.variables
        self.clauses += [[-n, a], [-n, b], [n, -a, -b]]
        return n

    def differ(self, a: int, b: int) -> int:
        self.variables += 1
        n = self.variables
        self.clauses += [[-n, a, b], [-n, -a, -b], [n, -a, b], [n, a, -b]]
        return n

    def majority(self, a: int, b: int, c: int) -> int:
        self.variables += 1
        n = self.variables
        self.clauses += [[n, -a, -b], [n, -a, -c], [n, -b, -c], [-n, a, b], [-n, a, c], [-n, b, c]]
        return n


def multiplier(net: Netlist, a: list[int], b: list[int], *, columns: bool) -> list[int]:
    """Return the product's bits: summed row by row, or column by column."""
    width = len(a) + len(b)
    piles: list[list[int]] = [[] for _ in range(width + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            piles[i + j].append(net.conjoin(x, y))
    product = []
    for place in range(width):
        pile = piles[place]
        while len(pile) > 1:
            chosen = [pile.pop(0 if columns else -1) for _ in range(min(3, len(pile)))]
            if len(chosen) == 2:
                pile.append(net.differ(*chosen))
                piles[place + 1].append(net.conjoin(*chosen))
            else:
                pile.append(net.differ(net.differ(chosen[0], chosen[1]), chosen[2]))
                piles[place + 1].append(net.majority(*chosen))
        product += pile
    return product


def miter(bits: int, *, wrong: bool = False) -> tuple[int, list[list[int]]]:
    """Return clauses that say that two multipliers differ."""
    net = Netlist(2 * bits)
    a, b = list(range(1, bits + 1)), list(range(bits + 1, 2 * bits + 1))
    one, two = multiplier(net, a, b, columns=False), multiplier(net, b, a, columns=True)
    if wrong:
        two[bits] = -net.conjoin(-two[bits], -net.conjoin(a[0], b[0]))
    net.clauses.append([net.differ(x, y) for x, y in zip(one, two, strict=True)])
    return net.variables, net.clauses


def shuffled(case: tuple[int, list[list[int]]], seed: int) -> tuple[int, list[list[int]]]:
    dice = random.Random(seed)
    variables, clauses = case
    names = list(range(1, variables + 1))
    dice.shuffle(names)
    renamed = [[names[abs(x) - 1] * (1 if x > 0 else -1) for x in clause] for clause in clauses]
    dice.shuffle(renamed)
    return variables, renamed


@pytest.fixture
def equal(tmp_path: Path) -> Path:
    path = tmp_path / "equal.cnf"
    path.write_text(dimacs(*shuffled(miter(8), 1)))
    return path


def test_equal_multipliers_are_refuted_by_the_sweep(equal: Path) -> None:
    events: list[Event] = []
    result = solve(equal, time_limit=600, mix="cadical", algebra=False, on_event=events.append)
    assert result.status is Status.UNSATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == "sweeping"
    told = [event.data for event in events if event.kind == "sweeping"]
    assert all(data["inputs"] == 16 for data in told)


def test_a_wrong_multiplier_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "wrong.cnf"
    path.write_text(dimacs(*shuffled(miter(8, wrong=True), 2)))
    code, out, _ = turbosat("--time=600", "-n", path)
    assert code == 10
    assert "s SATISFIABLE" in out


@pytest.mark.slow
def test_a_lane_gets_the_merged_formula_where_the_sweep_leaves_it_at_that() -> None:
    variables, clauses = miter(16)
    formula = Formula.from_clauses(clauses, variables)
    result = solve(formula, time_limit=40, mix="kissat", pool=False, gradient=False, algebra=False)
    assert "kissat-merged" in {lane["lane"] for lane in result.statistics["lanes"]}
    assert result.statistics["sweeping"]["equivalences"] > 100


def test_the_command_line_can_leave_it_out(equal: Path) -> None:
    result = solve(equal, time_limit=1, sweeping=False)
    assert "sweeping" not in {lane["lane"] for lane in result.statistics["lanes"]}


@pytest.mark.parametrize("text", [False, True])
def test_its_proof_is_accepted(tmp_path: Path, text: bool) -> None:
    path, proof = tmp_path / "equal.cnf", tmp_path / "proof"
    path.write_text(dimacs(*shuffled(miter(5), 3)))
    result = solve(path, time_limit=600, proof=str(proof), binary_proof=not text, algebra=False)
    assert result.status is Status.UNSATISFIABLE
    assert check(str(path), str(proof))[0].outcome == "verified"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sin", "c6288", "bar", "priority", "voter"])
def test_proofs_of_equivalences_of_the_corpus_are_accepted(corpus: Path, tmp_path: Path, name: str) -> None:
    (path,) = (corpus / "cec").glob(f"{name}-resyn2.cnf*")
    formula = read(path)
    proof = proof_of(formula, binary=True)
    assert proof is not None
    (tmp_path / "proof").write_bytes(proof)
    assert check(str(path), str(tmp_path / "proof"))[0].outcome == "verified"


def proof_of(formula: Formula, *, binary: bool) -> bytes | None:
    """Return the sweep's own proof, None where it refutes nothing."""
    from turbosat.cdcl.sweeping.proof import CircuitProof

    circuit = recover_circuit(formula)
    aig, each, root = conjoined(circuit.aig, goals(formula, circuit))
    proof = CircuitProof(formula, replace(circuit, aig=aig), binary=binary)
    proof.lemmas(np.stack([each, np.full_like(each, -1)], axis=1).ravel())
    sweep = Sweep(aig, [np.array([root], np.int32)], lemmas=proof.lemmas)
    sweep.simulate()
    for budget in (10, 1000, 100_000):
        sweep.run_pass(budget)
    return proof.finished() if sweep.refuted else None


@relaxed
@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 30), st.booleans())
def test_proofs_of_random_circuits_are_accepted(
    tmp_path_factory: pytest.TempPathFactory, seed: int, inputs: int, gates: int, binary: bool
) -> None:
    formula = circuit_of(seed, inputs, gates)
    proof = proof_of(formula, binary=binary)
    if proof is not None:
        folder = tmp_path_factory.mktemp("proof")
        path, target = folder / "file.cnf", folder / "proof"
        path.write_text(dimacs(formula.variables, [list(clause) for clause in formula]))
        target.write_bytes(proof)
        assert check(str(path), str(target))[0].outcome == "verified"


def circuit_of(seed: int, inputs: int, gates: int) -> Formula:
    """Return clauses of a circuit, of which there may be one side only."""
    dice = random.Random(seed)
    if seed % 2:
        return one_sided_circuit(dice, inputs, gates)
    return random_circuit(dice, inputs, gates, constraints=1 + seed // 2 % 3)


def listed(clauses: Clauses) -> list[tuple[int, ...]]:
    return list(Formula(clauses.literals, clauses.offsets, int(abs(clauses.literals).max(initial=0))))


@relaxed
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 8))
def test_what_is_merged_follows_and_changes_no_model(seed: int, inputs: int, gates: int) -> None:
    formula = circuit_of(seed, inputs, gates)
    circuit = recover_circuit(formula)
    sweep = Sweep(circuit.aig, goals(formula, circuit))
    sweep.simulate()
    sweep.run_pass(10_000)
    codes = representatives(circuit, sweep.literals)
    models = brute.models(formula)
    for clause in listed(facts(codes)):
        assert all(any(values[abs(x) - 1] == (x > 0) for x in clause) for values in models)
    assert brute.models(merged_formula(formula, codes)) == models


@relaxed
@given(built(), st.integers(0, 2**32))
def test_all_clauses_are_one_gate_more(aig: Aig, seed: int) -> None:
    dice = random.Random(seed)
    clauses = [
        np.array([dice.randrange(2 + 2 * aig.variables) for _ in range(dice.randint(0, 5))], np.int32)
        for _ in range(dice.randint(2, 5))
    ]
    whole, each, root = conjoined(aig, clauses)
    for leaves in assignments(aig.inputs):
        values = evaluated(whole, leaves)
        holds = [any(value(values, literal) for literal in clause.tolist()) for clause in clauses]
        assert [value(values, literal) for literal in each.tolist()] == holds
        assert value(values, root) == all(holds)


def test_merging_makes_multipliers_smaller() -> None:
    formula = Formula.from_clauses(miter(6)[1], miter(6)[0])
    circuit = recover_circuit(formula)
    sweep = Sweep(circuit.aig)
    sweep.simulate()
    sweep.run_pass(10_000)
    codes = representatives(circuit, sweep.literals)
    merged = merged_formula(formula, codes)
    assert merged.clauses < formula.clauses
    with Cadical195(bootstrap_with=[list(clause) for clause in merged]) as solver:
        assert not solver.solve()


def test_the_representative_of_a_class_is_its_first_variable() -> None:
    clauses = [[-3, 1], [-3, 2], [3, -1, -2], [-4, 1], [-4, 2], [4, -1, -2], [5, -4], [-5, 4]]
    formula = Formula.from_clauses(clauses, 5)
    circuit = recover_circuit(formula)
    sweep = Sweep(circuit.aig)
    sweep.simulate()
    sweep.run_pass(100)
    assert representatives(circuit, sweep.literals).tolist() == [0, 2, 4, 4, 4]
    assert sorted(listed(facts(np.array([0, 2, 4, 4, 5], np.int32)))) == [(-5, -3), (-4, 3), (4, -3), (5, 3)]
