"""--engine gradient: models that are checked like any other, limits, statistics, refusals."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.families import dimacs, random_ksat
from tests.processes import ROOT, allowance, finish, start, turbosat
from turbosat import Deadline, Event, Formula, Reason, Status, UnsupportedError, UsageError, solve

QUEENS = ROOT / "examples" / "queens-16.cnf"
LIGHTS = ROOT / "examples" / "lights-out.cnf"
PIGEONS = ROOT / "examples" / "pigeons-8.cnf"


@pytest.mark.parametrize("optimizer", ["auto", "walk", "weighted"])
def test_random_formulas_get_models(optimizer: str) -> None:
    for seed in range(5):
        variables, clauses = random_ksat(60, 180, seed=seed)
        result = solve(clauses, engine="gradient", optimizer=optimizer, seed=seed, time_limit=600)  # type: ignore[arg-type]
        assert result.status is Status.SATISFIABLE
        assert result.model is not None
        model = set(result.model.tolist())
        assert all(model.intersection(clause) for clause in clauses)
        assert len(model) == variables


def test_the_papers_optimiser_finds_models_of_easy_formulas() -> None:
    variables, clauses = random_ksat(30, 60, seed=1)
    result = solve(clauses, engine="gradient", optimizer="ste", lanes=16, time_limit=600)
    assert result.model is not None
    assert Formula.from_clauses(clauses, variables).satisfied(result.model > 0)
    assert result.statistics["gradient"]["shares"] == {"ste": 1.0}


def test_command_line_prints_a_checked_model() -> None:
    code, out, err = turbosat("--engine", "gradient", "--time", "600", QUEENS)
    assert (code, err) == (10, "")
    assert "c answered by gradient (gradient, seed 0 --device=cpu --optimizer=auto)" in out
    assert "c gradient search on cpu (no cuda: " in out
    assert out.splitlines()[-1].endswith(" 0")


def test_xors_are_clauses_to_it() -> None:
    result = solve(LIGHTS, engine="gradient", time_limit=600)
    assert result.model is not None
    assert Formula.from_file(LIGHTS).satisfied(result.model > 0)


def test_assumptions_hold_in_the_model() -> None:
    _, clauses = random_ksat(50, 120, seed=3)
    base = solve(clauses, engine="gradient", time_limit=600).model
    assert base is not None
    wanted = base[:10].tolist()
    result = solve(clauses, engine="gradient", assumptions=wanted, time_limit=600)
    assert result.model is not None
    assert result.model[:10].tolist() == wanted


def test_time_limit_is_kept_on_an_unsatisfiable_file() -> None:
    began = time.monotonic()
    result = solve(PIGEONS, engine="gradient", time_limit=4)
    assert 4 <= time.monotonic() - began <= 4 + allowance(0.5)
    assert (result.status, result.reason) == (Status.UNKNOWN, Reason.TIME)
    figures = result.statistics["gradient"]
    assert figures["best"] == 1  # seven of eight pigeons find a hole
    assert figures["flips"] > 0


def test_interrupt_ends_it() -> None:
    process = start("--engine", "gradient", PIGEONS)
    time.sleep(3)
    began = time.monotonic()
    process.terminate()
    code, out, _ = finish(process)
    assert time.monotonic() - began <= allowance(0.5)
    assert (code, out.splitlines()[-1]) == (0, "s UNKNOWN")


def test_refuted_by_units_is_left_to_cdcl() -> None:
    result = solve([[1], [-1, 2], [-2]], engine="gradient")
    assert (result.status, result.reason) == (Status.UNKNOWN, Reason.GAVE_UP)


def test_progress_and_statistics(tmp_path: Path) -> None:
    news: list[dict[str, Any]] = []
    with Deadline(600) as deadline:

        def listen(event: Event) -> None:
            if event.kind == "progress" and event.data["flips"]:  # the first comes before the first flip
                news.append(event.data)
                deadline.cancel()

        solve(PIGEONS, engine="gradient", deadline=deadline, on_event=listen)
    assert news
    assert news[-1]["flips_per_second"] > 0
    assert abs(sum(share for name, share in news[-1].items() if name.startswith("share_")) - 1) < 0.01
    path = tmp_path / "run.json"
    code, _, _ = turbosat("-q", "-n", "--engine=gradient", "--lanes=8", "--json", path, QUEENS)
    figures = json.loads(path.read_text())["gradient"]
    assert code == 10
    assert (figures["device"], figures["lanes"]) == ("cpu", 8)


def test_the_same_seed_gives_the_same_model() -> None:
    _, clauses = random_ksat(200, 800, seed=1)
    models = [
        solve(clauses, engine="gradient", deterministic=True, seed=4, time_limit=600).model for _ in range(2)
    ]
    assert models[0] is not None
    assert models[1] is not None
    assert np.array_equal(models[0], models[1])


def test_device_that_cannot_be_had_is_an_error() -> None:
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("there is a GPU")
    with pytest.raises(UnsupportedError, match="device cuda cannot be used"):
        solve([[1, 2], [-1, 2]], engine="gradient", device="cuda")
    code, out, err = turbosat("--engine=gradient", "--device=cuda", QUEENS)
    assert code == 1
    assert err.startswith("turbosat: error: device cuda cannot be used")
    assert "s " not in [line[:2] for line in out.splitlines()]


def test_proofs_are_not_its_business(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write a proof"):
        solve([[1]], engine="gradient", proof=str(tmp_path / "proof"))


def test_a_file_too_large_for_no_time(tmp_path: Path) -> None:
    path = tmp_path / "f.cnf"
    path.write_text(dimacs(*random_ksat(20_000, 80_000)))
    with Deadline(0.1) as deadline:
        result = solve(path, engine="gradient", deadline=deadline)
    assert result.reason is Reason.TIME


def test_a_deterministic_search_is_one_of_effort_and_not_of_time() -> None:
    _, clauses = random_ksat(3000, 12300, seed=4)
    found = []
    for busy in (False, True):
        other = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
        try:
            result = solve(clauses, engine="gradient", deterministic=True, seed=3, time_limit=600)
        finally:
            if other is not None:
                other.kill()
                other.wait()
        assert result.model is not None
        found.append((result.model.tolist(), result.statistics["gradient"]["flips"]))
    assert found[0] == found[1]
    assert found[0][1] > 100_000
