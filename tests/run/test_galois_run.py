"""--engine galois: the kernel swept or searched, XORs as constraints, refutations, limits."""

import itertools
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.card import CardEnc, EncType
from pysat.solvers import Cadical195

from tests.families import dimacs, random_ksat
from tests.processes import allowance, finish, start, turbosat
from turbosat import Formula, Reason, Status, UnsupportedError, UsageError, solve


def noisy_parity(bits: int, samples: int, errors: int, seed: int) -> tuple[int, list[list[int]]]:
    """Return sums of secret bits, of which at most so many may be wrong: satisfiable."""
    dice = random.Random(seed)
    secret = [dice.random() < 0.5 for _ in range(bits)]
    wrong = set(dice.sample(range(samples), errors))
    clauses, top = [], bits + samples
    for sample in range(samples):
        chosen = [v for v in range(1, bits + 1) if dice.random() < 0.5] or [1]
        value = (sum(secret[v - 1] for v in chosen) + (sample in wrong)) % 2
        row = [*chosen, bits + 1 + sample]
        while len(row) > 4:
            top += 1
            clauses += _parity([*row[:3], top], False)
            row = [top, *row[3:]]
        clauses += _parity(row, bool(value))
    noise = list(range(bits + 1, bits + samples + 1))
    bound = CardEnc.atmost(noise, errors, top_id=top, encoding=EncType.seqcounter)
    return max(bound.nv, top), clauses + bound.clauses


def _parity(row: list[int], value: bool) -> list[list[int]]:
    signs = itertools.product((1, -1), repeat=len(row))
    return [[s * v for s, v in zip(ones, row, strict=True)] for ones in signs if (ones.count(-1) + value) % 2]


def test_parity_with_noise_is_swept() -> None:
    variables, clauses = noisy_parity(18, 36, 4, 1)
    formula = Formula.from_clauses(clauses, variables)
    result = solve(formula, engine="galois", galois="kernel", time_limit=600)
    assert result.status is Status.SATISFIABLE
    assert result.model is not None
    assert formula.satisfied(result.model > 0)
    figures = result.statistics["galois"]
    assert (figures["mode"], figures["inputs"], figures["uncovered"]) == ("kernel", 18, 0)


def test_a_complete_sweep_refutes() -> None:
    variables, clauses = noisy_parity(14, 40, 5, 2)
    strict = clauses + CardEnc.atmost(list(range(15, 55)), 3, top_id=variables).clauses
    expected = Cadical195(bootstrap_with=strict).solve()
    result = solve(Formula.from_clauses(strict), engine="galois", time_limit=600)
    assert (result.status is Status.SATISFIABLE) == expected
    assert result.status is not Status.UNKNOWN


def test_default_run_sweeps_beside_the_lanes() -> None:
    variables, clauses = noisy_parity(22, 44, 5, 3)
    result = solve(Formula.from_clauses(clauses, variables), time_limit=600)
    assert result.status is Status.SATISFIABLE
    assert "algebra" in {lane["lane"] for lane in result.statistics["lanes"]}


@st.composite
def systems(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]], list[int]]:
    """Return clauses, x lines and assumptions over at most nine variables."""
    literal = st.integers(1, 9).flatmap(lambda v: st.sampled_from([v, -v]))
    clauses = draw(st.lists(st.lists(literal, min_size=1, max_size=4), max_size=12))
    xors = draw(st.lists(st.lists(literal, min_size=1, max_size=8, unique_by=abs), max_size=6))
    return clauses, xors, draw(st.lists(literal, max_size=2, unique_by=abs))


@settings(max_examples=120, deadline=None)
@given(systems(), st.sampled_from(["auto", "kernel"]))
def test_answers_are_right(case: tuple[list[list[int]], list[list[int]], list[int]], mode: str) -> None:
    clauses, xors, assumed = case
    formula = Formula.from_clauses(clauses, 9, xors)
    with Cadical195(bootstrap_with=formula.expanded()) as solver:
        result = solve(formula, engine="galois", galois=mode, assumptions=assumed, time_limit=600)  # type: ignore[arg-type]
        if result.status is Status.SATISFIABLE:
            assert result.model is not None
            assert formula.satisfied(result.model > 0)
            assert set(assumed) <= set(result.model.tolist())
        elif result.status is Status.UNSATISFIABLE:
            assert result.core is not None
            assert set(result.core.tolist()) <= set(assumed)
            assert not solver.solve(assumptions=result.core.tolist())
        else:
            assert not solver.solve(assumptions=assumed)  # propagation refutes: left to CDCL


def test_clauses_mode_finds_models_of_mixtures() -> None:
    dice = random.Random(5)
    values = [dice.random() < 0.5 for _ in range(120)]
    rows = []
    for _ in range(20):
        row = dice.sample(range(1, 121), 3)
        parity = sum(values[v - 1] for v in row) % 2
        rows.append(row if parity else [-row[0], *row[1:]])
    _, clauses = random_ksat(120, 240, seed=5)
    kept = [clause for clause in clauses if any(values[abs(l) - 1] == (l > 0) for l in clause)]
    formula = Formula.from_clauses(kept, 120, rows)
    result = solve(formula, engine="galois", galois="clauses", time_limit=600)
    assert result.model is not None
    assert formula.satisfied(result.model > 0)
    assert result.statistics["galois"]["mode"] == "clauses"


def test_command_line_says_where_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "noise.cnf"
    path.write_text(dimacs(*noisy_parity(16, 32, 3, 4)))
    code, out, err = turbosat("--engine=galois", "--time=600", path)
    assert (code, err) == (10, "")
    assert "c galois search on cpu" in out
    assert "c answered by galois (galois, seed 0 --device=cpu)" in out


def test_limits_hold_in_a_sweep(tmp_path: Path) -> None:
    path = tmp_path / "wide.cnf"
    path.write_text(dimacs(*noisy_parity(33, 80, 2, 6)))
    before = time.monotonic()
    result = solve(path, engine="galois", galois="kernel", time_limit=3)
    assert time.monotonic() - before < 3 + allowance(0.5)
    assert result.status is Status.SATISFIABLE or result.reason is Reason.TIME


def test_sigint_ends_a_sweep(tmp_path: Path) -> None:
    variables, clauses = noisy_parity(40, 90, 20, 7)  # 2^34 were swept in less than the 4 seconds
    clauses += CardEnc.atmost(list(range(41, 131)), 3, top_id=variables).clauses
    path = tmp_path / "long.cnf"
    path.write_text(dimacs(max(abs(l) for c in clauses for l in c), clauses))
    process = start("--engine=galois", "--galois=kernel", path)
    time.sleep(4)
    process.send_signal(2)
    began = time.monotonic()
    code, out, _ = finish(process)
    assert time.monotonic() - began < allowance(1)
    assert (code, "s UNKNOWN" in out) == (0, True)


def test_refusals(tmp_path: Path) -> None:
    variables, clauses = noisy_parity(32, 64, 3, 8)
    with pytest.raises(UnsupportedError, match="device cuda cannot be used"):
        solve(Formula.from_clauses(clauses, variables), engine="galois", device="cuda")
    with pytest.raises(UsageError, match="cannot write a proof"):
        solve([[1]], engine="galois", proof=str(tmp_path / "proof"))
