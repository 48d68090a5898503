"""The algebra lane in a run: what XORs alone decide, and what follows from them for other lanes."""

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical195

from tests.families import dimacs
from tests.lanes.tasks import answered
from tests.processes import ROOT, turbosat
from turbosat import Event, Formula, Status, solve
from turbosat.benchmarks import families
from turbosat.cdcl.engines.engine import Answer
from turbosat.encodings.gf2 import consequences as algebra
from turbosat.formula.xors import Xors
from turbosat.lanes.algebra import Algebra


def patterns(literals: list[int]) -> list[list[int]]:
    """Return the clauses of an XOR of literals that is true."""
    signs = itertools.product((1, -1), repeat=len(literals))
    return [[s * l for s, l in zip(row, literals, strict=True)] for row in signs if row.count(-1) % 2 == 0]


def tseitin(vertices: int, degree: int, seed: int, *, odd: bool) -> tuple[int, list[list[int]]]:
    """Return parities on a random regular multigraph without loops: each vertex is the XOR of its edges."""
    dice = random.Random(seed)
    while True:
        stubs = [v for v in range(vertices) for _ in range(degree)]
        dice.shuffle(stubs)
        edges = list(zip(stubs[::2], stubs[1::2], strict=True))
        if all(a != b for a, b in edges):
            break
    clauses = []
    for vertex in range(vertices):
        around = [e + 1 for e, ends in enumerate(edges) if vertex in ends]
        charged = vertex == 0 and odd
        clauses += patterns(around if charged else [-around[0], *around[1:]])
    dice.shuffle(clauses)
    return len(edges), clauses


@pytest.fixture
def parity(tmp_path: Path) -> Path:
    """Return a file that no CDCL lane refutes within minutes."""
    path = tmp_path / "parity.cnf"
    path.write_text(dimacs(*tseitin(120, 4, 1, odd=True)))
    return path


def test_parity_is_refuted_in_a_moment(parity: Path) -> None:
    events: list[Event] = []
    result = solve(parity, time_limit=600, on_event=events.append)
    assert result.status is Status.UNSATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == "algebra"
    figures = result.statistics["algebra"]
    assert figures["contradiction"]
    assert figures["xors"] == 120
    assert [event.data for event in events if event.kind == "algebra"] == [figures]


def test_command_line_says_so_in_one_line(parity: Path) -> None:
    code, out, err = turbosat("--time=600", parity)
    assert (code, err) == (20, "")
    lines = [line for line in out.splitlines() if "XORs" in line]
    assert len(lines) == 1
    assert lines[0].startswith("c 120 XORs over 240 variables: they contradict each other; ")


@pytest.mark.parametrize("text", [False, True])
def test_proof_and_certificate_are_accepted(parity: Path, tmp_path: Path, text: bool) -> None:
    from turbosat.check import check

    proof, certificate = tmp_path / "proof", tmp_path / "certificate"
    flags = ["--no-binary"] if text else []
    code, _, _ = turbosat("--time=600", f"--certificate={certificate}", *flags, parity, proof)
    assert code == 20
    assert check(str(parity), str(proof))[0].outcome == "verified"
    assert check(str(parity), str(certificate))[0].outcome == "verified"
    lines = certificate.read_text().splitlines()
    certificate.write_text("\n".join(lines[:-1]) + "\n")
    assert check(str(parity), str(certificate))[0].outcome == "not verified"


def test_a_proof_into_a_pipe_is_left_to_kissat() -> None:
    variables, clauses = tseitin(10, 3, 1, odd=True)
    result = solve(Formula.from_clauses(clauses, variables), proof="/dev/null", time_limit=600)
    assert result.status is Status.UNSATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == "kissat"


def lane_answer(formula: Formula, **options: Any) -> Answer:
    """What the lane by itself says at last."""
    return answered(Algebra(**options), formula)


@pytest.mark.parametrize("timed", [True, False])
def test_circuits_are_swept(timed: bool) -> None:
    for fault in (False, True):
        formula = families.generate("miter", width=6, fault=fault).formula
        answer = lane_answer(formula, timed=timed)
        assert answer.status is (Status.SATISFIABLE if fault else Status.UNSATISFIABLE)
        assert answer.proof is None
        assert answer.conflict is None  # no XORs that sum to 0 = 1: all assignments were tried
        if fault:
            assert answer.values is not None
            assert formula.satisfied(answer.values)


def test_a_run_without_time_does_not_wait_for_a_long_sweep() -> None:
    """32 inputs would take minutes, and what is begun must end whatever the time."""
    formula = families.generate("miter", width=16).formula
    assert lane_answer(formula, timed=False).status is Status.UNKNOWN


def test_what_a_sweep_refutes_another_proves(tmp_path: Path) -> None:
    from turbosat.check import check

    path, proof = tmp_path / "miter.cnf", tmp_path / "proof"
    families.generate("miter", width=5).write(path)
    result = solve(path, proof=str(proof), time_limit=600)
    assert result.status is Status.UNSATISFIABLE
    assert result.winner is not None
    assert result.winner.lane != "algebra"
    assert check(str(path), str(proof))[0].outcome == "verified"


def test_engine_cdcl_leaves_algebra_out(parity: Path) -> None:
    result = solve(parity, engine="cdcl", time_limit=2)
    assert result.status is Status.UNKNOWN
    assert "algebra" not in {lane["lane"] for lane in result.statistics["lanes"]}


def test_assumptions_play_no_part_in_a_refutation(parity: Path) -> None:
    result = solve(parity, assumptions=[1, 2, 3], time_limit=600)
    assert result.status is Status.UNSATISFIABLE
    assert result.core is not None
    assert result.core.size == 0


def test_x_lines_are_refuted_too(tmp_path: Path) -> None:
    variables, edges = 300, random.Random(3)
    rows = [sorted(edges.sample(range(1, variables + 1), 12)) for _ in range(299)]
    total = sorted(v for v in range(1, variables + 1) if sum(v in row for row in rows) % 2)
    rows.append([-total[0], *total[1:]] if len(rows) % 2 else total)
    odd = Formula.from_clauses([], variables, rows)
    assert algebra.find(odd).conflict is not None
    path = tmp_path / "x.cnf"
    path.write_text(f"p cnf {variables} 0\n" + "".join(f"x {' '.join(map(str, row))} 0\n" for row in rows))
    code, _, _ = turbosat("--time=600", path, tmp_path / "proof")
    assert code == 20
    from turbosat.check import check

    assert check(str(path), str(tmp_path / "proof"))[0].outcome == "verified"


def test_signs_of_long_x_lines_reach_the_proof(tmp_path: Path) -> None:
    from turbosat.check import check

    base, dice = tseitin(60, 4, 5, odd=True), random.Random(2)
    path = tmp_path / "signs.cnf"
    lines = ["x -241 242 243 244 245 246 -247 0", "x 241 242 243 244 245 246 -247 0"]
    clauses = dice.sample(base[1], len(base[1]) - 1)  # one clause less: those lines must refute it
    path.write_text(dimacs(247, clauses) + "\n".join(lines) + "\n")
    code, _, _ = turbosat("--time=600", path, tmp_path / "proof")
    assert code == 20
    assert check(str(path), str(tmp_path / "proof"))[0].outcome == "verified"


def test_deterministic_runs_agree() -> None:
    variables, clauses = tseitin(120, 4, 2, odd=False)
    formula = Formula.from_clauses(clauses, variables)
    first, second = (solve(formula, deterministic=True, seed=3, time_limit=600) for _ in range(2))
    assert first.model is not None
    assert second.model is not None
    assert first.model.tolist() == second.model.tolist()
    assert first.winner == second.winner


def test_statistics_reach_the_json_file(parity: Path, tmp_path: Path) -> None:
    code, _, _ = turbosat("-q", "--time=600", "--json", tmp_path / "run.json", parity)
    data = json.loads((tmp_path / "run.json").read_text())
    assert code == 20
    assert data["winner"] == "algebra"
    assert data["algebra"]["rank"] == 0


@st.composite
def mixed_formulas(draw: st.DrawFn) -> tuple[int, list[list[int]]]:
    """Return clauses over few variables, those of some XORs among them."""
    variables = draw(st.integers(3, 9))
    literal = st.integers(1, variables).flatmap(lambda v: st.sampled_from([v, -v]))
    rows = draw(st.lists(st.lists(literal, min_size=1, max_size=4, unique_by=abs), max_size=8))
    clauses = draw(st.lists(st.lists(literal, min_size=1, max_size=4), max_size=6))
    return variables, clauses + [clause for row in rows for clause in patterns(row)]


@settings(max_examples=150, deadline=None)
@given(mixed_formulas())
def test_what_is_derived_follows(case: tuple[int, list[list[int]]]) -> None:
    variables, clauses = case
    formula = Formula.from_clauses(clauses, variables)
    facts = algebra.find(formula)
    with Cadical195(bootstrap_with=clauses) as solver:
        if facts.conflict is not None:
            assert not solver.solve()
            return
        own = {tuple(sorted(clause)) for clause in formula}
        for clause in facts.clauses(formula):
            assert not solver.solve(assumptions=[-literal for literal in clause])
            assert len(clause) > 2 or tuple(sorted(clause)) not in own


def test_contradictions_are_recognised() -> None:
    assert not Xors.from_rows([[1, 2], [2, 3], [-1, 3]]).contradictory
    assert Xors.from_rows([[1, 2], [2, 3], [1, 3]]).contradictory
    assert Xors.from_rows([[]]).contradictory
    assert not Xors(np.array([1, 2], np.int32), np.array([0, 2])).contradictory


def test_the_command_itself_loads_no_kernels(parity: Path) -> None:
    program = (
        "import sys; from turbosat import solve; "
        "heavy = {'turbosat.core.library', 'torch', 'scipy', 'ray'}; "
        f"print(solve({str(parity)!r}).status, heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["UNSATISFIABLE", "set()"]
