"""Comparisons of two experiments whose difference is known by construction."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tests.processes import ROOT
from tests.tables import Runs, races, runs, store
from turbosat.benchmarks.report.compare import ASSUMED, compare, noise_of
from turbosat.benchmarks.report.score import Answer, build, score
from turbosat.benchmarks.report.sources import Source, load
from turbosat.errors import UsageError


def source(made: Runs, title: str = "x", limit: float = 20, version: str = "1") -> Source:
    table = build(*made, limit)
    return Source(
        title, table, versions={name: (name, version if name == "fast" else "1") for name in table.solvers}
    )


def test_the_same_runs_are_the_same() -> None:
    one = source(races(40))
    for each in compare(one, one).solvers:
        assert each.verdict == "same runs"
        assert each.speedup.geometric.value == 1
        assert (each.solved, each.lost, each.faster, each.slower) == ((), (), (), ())
        assert not each.control


def test_repetition_is_mostly_noise() -> None:
    """At most 5 % of the verdicts may be fooled: of 120, more than 12 would be worse luck than 1 in 100."""
    news = 0
    for seed in range(60):
        found = compare(source(races(40, seed=2 * seed)), source(races(40, seed=2 * seed + 1)))
        news += sum(each.verdict != "no difference" for each in found.solvers)
    assert news <= 12


def test_a_real_speedup_is_seen_and_its_control_is_not() -> None:
    before, after = source(races(60, seed=3)), source(races(60, seed=4, speed=1.3), version="2")
    found = compare(before, after)
    fast, steady = found.solvers
    assert (fast.verdict, fast.control) == ("better", False)
    assert (steady.verdict, steady.control) == ("no difference", True)
    assert fast.speedup.geometric.low < 1.3 < fast.speedup.geometric.high
    assert fast.difference.high < 0
    assert len(fast.faster) > 30
    assert not fast.slower
    assert "faster" in fast.words
    assert not found.notes
    back = compare(after, before)
    assert back.solvers[0].verdict == "worse"
    assert back.solvers[0].speedup.geometric.value == pytest.approx(1 / fast.speedup.geometric.value)
    assert back.solvers[0].lost == tuple(
        replace(each, before=each.after, after=each.before) for each in fast.solved
    )


def test_halves_make_up_the_whole() -> None:
    found = compare(source(races(60, seed=3)), source(races(60, seed=4, speed=1.3), version="2"))
    for each in found.solvers:
        assert [half.name for half in each.halves] == ["seen", "unseen"]
        assert sum(half.instances for half in each.halves) == found.instances
        assert min(half.instances for half in each.halves) > 15
        for scored, costs in zip(each.scores, ("before", "after"), strict=True):
            whole = sum(half.instances * getattr(half, costs) for half in each.halves) / found.instances
            assert whole == pytest.approx(scored.mean)


def test_another_machine_is_suspected() -> None:
    slow = races(60, seed=2)
    slow = slow[0], [replace(cell, seconds=cell.seconds * 1.5) for cell in slow[1]]
    found = compare(source(races(60, seed=1), limit=40), source(slow, limit=40, version="2"))
    assert [each.verdict for each in found.solvers] == ["worse", "worse"]
    assert "steady is the same command and version in both, yet worse" in found.notes[0]


@settings(max_examples=60)
@given(runs(100), runs(100))
def test_solved_and_lost_are_set_differences(first: Runs, second: Runs) -> None:
    a, b = source(first, limit=100), source(second, limit=100)
    shared = {item.hash for item in first[0]} & {item.hash for item in second[0]}
    if not shared:
        with pytest.raises(UsageError, match="no instance in common"):
            compare(a, b)
        return
    for each in compare(a, b).solvers:

        def solved(made: Runs, name: str = each.after) -> set[str]:
            own = [cell for cell in made[1] if cell.solver == name and cell.hash in shared]
            good = [cell.hash for cell in own if cell.answer != "unknown" and cell.seconds <= 100]
            seeds = len({cell.seed for cell in made[1]})
            return {key for key in shared if good.count(key) >= seeds / 2}

        was, now = solved(first), solved(second)
        assert {change.hash for change in each.solved} == now - was
        assert {change.hash for change in each.lost} == was - now
        assert {change.hash for change in (*each.faster, *each.slower)} <= was & now
        assert each.speedup.instances == len(was & now)
        gap = each.scores[1].mean - each.scores[0].mean
        assert each.difference.value == pytest.approx(gap, abs=1e-9)
        assert each.difference.low <= each.difference.value <= each.difference.high


def test_noise_is_estimated_from_seeds() -> None:
    table = build(*races(200, seeds=3), 1e9)
    got = noise_of([table.seconds[:, 1]])
    assert got.deviation == pytest.approx(0.05, rel=0.15)
    assert got.runs > 300
    assert noise_of([np.array([[1.0], [math.inf]])]).deviation == ASSUMED
    assert noise_of([np.array([[0.001, 0.09]])]).runs == 0  # shorter than what a process takes to start


def test_single_instances_change_only_beyond_the_noise() -> None:
    before, after = source(races(200, seeds=3, seed=1)), source(races(200, seeds=3, seed=2))
    for each in compare(before, after).solvers:
        assert len(each.faster) + len(each.slower) <= 20  # 5 % of 200, and some luck


def test_limits_instances_and_solvers_need_not_be_the_same() -> None:
    before = source(races(30), "a", 20)
    items, cells = races(40, seed=2, limit=10)
    after = source((items[5:], [c for c in cells if c.hash >= items[5].hash]), "b", 10)
    found = compare(before, after)
    assert (found.instances, found.missing, found.timeout) == (25, (5, 10), 10)
    assert found.notes == ("Limits of 10 s and 20 s: both scored within 10 s.",)
    table = before.table.within(10).take(range(5, 30))
    assert found.solvers[0].scores[0] == score(table, "fast")
    crossed = compare(before, after, [("fast", "steady")]).solvers
    assert [(each.before, each.after) for each in crossed] == [("fast", "steady")]
    lone = Source("c", after.table.only(["steady"]))
    with pytest.raises(UsageError, match="name them"):
        compare(
            Source("d", before.table.only(["fast"])),
            Source("e", replace(lone.table, solvers=("a",)).only([])),
        )
    alone = Source("d", before.table.only(["fast"]))
    assert compare(alone, lone).solvers[0].after == "steady"


def test_contradictions_between_experiments_are_told() -> None:
    items, cells = races(5)
    other = [replace(item, known="unsat" if item.known == "sat" else "sat") for item in items]
    turned: dict[Answer, Answer] = {"sat": "unsat", "unsat": "sat", "unknown": "unknown"}
    flipped = [replace(cell, answer=turned[cell.answer]) for cell in cells]
    found = compare(source((items, cells)), source((other, flipped)))
    assert set(found.disagreements) == {item.name for item in items}


def test_the_command(tmp_path: Path) -> None:
    first = store(tmp_path / "one", *races(40, seeds=2, seed=3))
    second = store(tmp_path / "two", *races(40, seeds=2, seed=4, speed=1.5))

    def bench(*options: str | Path) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "compare", *map(str, options)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    code, out, err = bench(first, second)
    assert (code, err) == (0, "")
    flat = " ".join(out.split())
    assert "one → two: 40 instances in common, T = 20 s, PAR-2." in flat
    assert "fast: better, and not by chance. 1." in flat
    assert "steady: no difference that could not be chance." in flat
    assert "Noise of fast: 5 % between seeds" in flat
    assert "fast: faster beyond noise" in out
    assert bench(first, second, "--format", "markdown")[1].count("\n| --- |") >= 2
    output = tmp_path / "c.json"
    assert bench(first, second, "--solver", "fast=steady", "-o", output)[0] == 0
    data = json.loads(output.read_text(), parse_constant=pytest.fail)
    assert [(each["before"], each["after"]) for each in data["solvers"]] == [("fast", "steady")]
    code, out, err = bench(first, tmp_path)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert load(first).versions["fast"] == ("/opt/fast/bin/fast -q", "1.0")
