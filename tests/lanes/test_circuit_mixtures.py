"""Circuits recovered from clauses of which only some are gates: what is told of them, against all models."""

import random
import socket
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.check.reference import accepts, is_rat, is_rup, parse_text
from tests.encodings.circuit.graphs import cover
from tests.encodings.circuit.mixtures import all_assignments, mixture, satisfied
from tests.families import dimacs
from turbosat.cdcl.process.channel import Channel, Message
from turbosat.cdcl.sweeping.facts import conjoined, facts, goals, merged_formula, representatives
from turbosat.cdcl.sweeping.proof import CircuitProof
from turbosat.cdcl.sweeping.sweep import Sweep
from turbosat.check import check
from turbosat.encodings.circuit.recovery import Circuit, recover_circuit
from turbosat.formula.formula import Formula, pack
from turbosat.lanes import sweeping_worker

relaxed = settings(max_examples=200, deadline=None)  # the first call loads the kernels
seeds = st.integers(0, 2**32)


def mixed(seed: int, most: int = 12) -> tuple[Formula, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return a formula, all assignments (rows, variables), and which of them are models (rows,)."""
    formula = mixture(random.Random(seed), most)
    rows = all_assignments(formula.variables)
    return formula, rows, satisfied(rows, formula)


def of_graph(circuit: Circuit, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the values that assignments (rows, variables) get by the graph from those of its leaves."""
    aig = circuit.aig
    nodes = [np.zeros(len(rows), np.bool_), *rows[:, circuit.leaves - 1].T]
    for a, b in aig.ands.tolist():
        nodes.append((nodes[a >> 1] ^ bool(a & 1)) & (nodes[b >> 1] ^ bool(b & 1)))
    return np.stack([nodes[code >> 1] ^ bool(code & 1) for code in circuit.literals.tolist()], axis=1)


def assert_told(codes: NDArray[np.int32], models: NDArray[np.bool_]) -> None:
    """What representatives say holds in all models (models, variables)."""
    known = facts(codes)
    assert satisfied(models, Formula(known.literals, known.offsets, codes.size)).all()


@relaxed
@given(seeds)
def test_models_are_those_of_the_graph_but_for_what_is_free(seed: int) -> None:
    formula, rows, holds = mixed(seed)
    circuit = recover_circuit(formula)
    values = of_graph(circuit, rows)
    clauses = list(formula)
    constraints = [clauses[i] for i in circuit.constraints.tolist()]
    left = Formula.from_clauses(constraints, formula.variables, formula.xors)
    assert satisfied(values[satisfied(values, left)], formula).all()
    assert satisfied(values[holds], formula).all()
    bound = ~circuit.free
    assert (values[holds][:, bound] == rows[holds][:, bound]).all()


@relaxed
@given(seeds)
def test_what_the_whole_graph_says_is_equal_holds_in_all_models(seed: int) -> None:
    formula, rows, holds = mixed(seed)
    circuit = recover_circuit(formula)
    sweep = Sweep(circuit.aig, seed=seed)
    sweep.simulate()
    sweep.merge_parities()
    sweep.run_pass(10_000)
    codes = representatives(circuit, sweep.literals)
    assert_told(codes, rows[holds])
    assert (satisfied(rows, merged_formula(formula, codes)) == holds).all()


def lane(formula: Formula, *, proof: bool, binary: bool, through: bool) -> list[Message]:
    """Return what the lane's worker says, which leaves nothing out for being small."""
    ours, its = map(Channel, socket.socketpair())
    said: list[Message] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping_worker, "FEW", 0)
        patch.setattr(sweeping_worker, "LEAST", 0.0)
        patch.setattr(sweeping_worker, "WORTH", 0.0)
        patch.setattr("turbosat.system.give_way", lambda *_: None)  # this process keeps its rank
        if not through:
            patch.setattr(sweeping_worker, "THROUGH", (-1.0,) * 2)
        arrays = [memoryview(each) for each in pack(formula)]  # type: ignore[arg-type]
        ours.send("load", {"variables": formula.variables}, arrays)
        ours.send("advance", {"proof": proof, "binary_proof": binary, "seed": 0})
        sweeping_worker.run(its)
    while (message := ours.receive(0.0)) is not None:
        said.append(message)
    ours.close()
    its.close()
    return said


@relaxed
@given(seeds, st.booleans())
def test_all_that_the_lane_says_holds(seed: int, through: bool) -> None:
    formula, rows, holds = mixed(seed)
    formula = Formula(formula.literals, formula.offsets, formula.variables)  # the lane has none with XORs
    holds = satisfied(rows, formula)
    *told, answer = lane(formula, proof=False, binary=True, through=through)
    for message in told:
        if message.kind == "facts":
            assert_told(np.asarray(message.arrays[0]), rows[holds])
        elif message.kind == "merged":
            literals, offsets = map(np.asarray, message.arrays)
            merged = Formula(literals, offsets, message.data["variables"])
            assert (satisfied(rows, merged) == holds).all()
    if answer.data["status"] == 20:
        assert not holds.any()
    elif answer.data["status"] == 10:
        model = np.frombuffer(answer.arrays[0], np.bool_)
        assert satisfied(model[None], formula).all()


@relaxed
@given(seeds, st.booleans())
def test_what_the_lane_refutes_it_proves(seed: int, binary: bool) -> None:
    formula, _, holds = mixed(seed)
    if len(formula.xors):
        return
    answer = lane(formula, proof=True, binary=binary, through=True)[-1]
    if answer.data["status"] != 20:
        return
    assert not holds.any()
    clauses = [list(clause) for clause in formula]
    cnf, proof = dimacs(formula.variables, clauses).encode(), bytes(answer.arrays[0])
    verdict, core = check(cnf, proof, kind="proof", binary=binary, core=True)
    assert verdict.verified
    assert core is not None
    assert accepts(clauses, parse_text(core.decode()))


@settings(relaxed, max_examples=30)
@given(seeds, st.booleans())
def test_each_step_of_a_proof_is_right_also_where_there_are_models(seed: int, together: bool) -> None:
    formula, _, _ = mixed(seed, 8)
    if len(formula.xors):
        return
    circuit = recover_circuit(formula)
    each = np.zeros(0, np.int32)
    if together:
        aig, each, _ = conjoined(circuit.aig, goals(formula, circuit))
        circuit = replace(circuit, aig=aig)
    proof = CircuitProof(formula, circuit, binary=False)
    proof.lemmas(np.stack([each, np.full_like(each, -1)], axis=1).ravel())
    sweep = Sweep(circuit.aig, lemmas=proof.lemmas)
    sweep.simulate()
    sweep.run_pass(1000)
    known = [list(clause) for clause in formula]
    *steps, (_, last) = parse_text(proof.finished().decode())
    assert last == []
    for _, lemma in steps:
        assert is_rup(known, lemma) or is_rat(known, lemma)
        known.append(lemma)


@pytest.mark.parametrize("one_sided", [False, True])
@pytest.mark.parametrize("inputs", [4, 8])
def test_equal_tables_are_proven_equal_however_they_are_written(inputs: int, one_sided: bool) -> None:
    dice, one, two = random.Random(inputs), inputs + 1, inputs + 2
    table = [dice.random() < 0.5 for _ in range(1 << inputs)]
    every = list(range(1, inputs + 1))
    first, second = cover(dice, every, table, one), cover(dice, every, table, two)
    if one_sided:
        clauses = [clause for clause in first + second if -one in clause or two in clause]
        clauses += [(one,), (-two,)]
    else:
        clauses = [*first, *second, (one, two), (-one, -two)]
    formula = Formula.from_clauses(clauses, two)
    for binary in (False, True):
        answer = lane(formula, proof=True, binary=binary, through=False)[-1]
        assert answer.data["status"] == 20
        cnf = dimacs(two, [list(clause) for clause in clauses]).encode()
        assert check(cnf, bytes(answer.arrays[0]), kind="proof", binary=binary)[0].verified
