"""The order of runs, what answers are worth together, and the cores of jobs."""

import os
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.suites.test_store import INSTANCES, SOLVERS, run_of
from turbosat.benchmarks.run import machine
from turbosat.benchmarks.run.runner import Outcome
from turbosat.benchmarks.run.schedule import Work, plan
from turbosat.benchmarks.run.solvers import Contestant
from turbosat.benchmarks.run.verdicts import by_itself, faults, together
from turbosat.benchmarks.run.verify import Done
from turbosat.benchmarks.store import Instance, Run
from turbosat.errors import UsageError

CONTESTANTS = [Contestant(name, name, ()) for name in ("a", "b", "c")]
MANY = [(Instance(f"{number:032}", "p", "n", "f", 1, 1, 1, "unknown"), Path("f")) for number in range(200)]


def key(work: Work) -> tuple[str, str, int]:
    return work.instance.hash, work.contestant.name, work.seed


def test_runs_are_interleaved_and_every_solver_has_every_turn() -> None:
    work = plan(MANY, CONTESTANTS, (5, 6), 5, [])
    assert len({key(each) for each in work}) == len(work) == 1200
    turns: Counter[tuple[str, int]] = Counter()
    for start in range(0, len(work), 3):
        group = work[start : start + 3]
        assert len({(each.instance.hash, each.seed) for each in group}) == 1
        turns.update((each.contestant.name, turn) for turn, each in enumerate(group))
    assert len(turns) == 9
    assert all(95 < count < 175 for count in turns.values())  # 133 expected, 9.4 the standard deviation


def test_those_side_by_side_follow_each_other_before_or_after_the_others() -> None:
    work = plan(MANY, CONTESTANTS, (0,), 0, [], ["c", "a"])
    orders = Counter("".join(each.contestant.name for each in work[at : at + 3]) for at in range(0, 600, 3))
    assert orders.keys() == {"acb", "bac"}
    assert min(orders.values()) > 60
    assert [each.instance.hash for each in work] == sorted(each.instance.hash for each in work)


@given(st.sets(st.integers(0, 11)))
def test_what_is_done_is_not_done_again_and_the_rest_keeps_its_order(done: set[int]) -> None:
    whole = plan(MANY[:2], CONTESTANTS, (0, 1), 0, [])
    rows = [
        run_of(whole[at].instance, SOLVERS[0], whole[at].seed, solver=whole[at].contestant.name)
        for at in done
    ]
    rest = plan(MANY[:2], CONTESTANTS, (0, 1), 0, rows)
    assert rest == [each for at, each in enumerate(whole) if at not in done]


def outcome(claim: str = "unsat", status: str = "ok", ended: str = "exit") -> Outcome:
    return Outcome(ended, claim, status, "why", 1.0, 1.0, 1, 20, 0, "", None, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ran", "check", "expected"),
    [
        (outcome(), None, ("unsat", "ok", "none")),
        (outcome(), Done("verified"), ("unsat", "ok", "proof")),
        (outcome(), Done("not verified"), ("unknown", "wrong", "failed")),
        (outcome(), Done("timeout"), ("unknown", "error", "none")),
        (outcome(), Done("malformed"), ("unknown", "error", "failed")),
        (outcome("sat"), Done("verified"), ("sat", "ok", "model")),
        (outcome("sat"), Done("not verified"), ("unknown", "wrong", "failed")),
        (outcome("sat", "wrong"), None, ("unknown", "wrong", "none")),
        (outcome("sat", "error"), None, ("unknown", "error", "none")),
        (outcome("sat", ended="timeout"), None, ("unknown", "timeout", "none")),
        (outcome("unknown", ended="memout"), None, ("unknown", "memout", "none")),
        (outcome("unknown"), None, ("unknown", "ok", "none")),
    ],
)
def test_what_a_run_is_worth_by_itself(ran: Outcome, check: Done | None, expected: tuple[str, ...]) -> None:
    verdict = by_itself(ran, check)
    assert (verdict.result, verdict.status, verdict.verified) == expected


def settle(runs: tuple[Run, ...], known: str) -> dict[str, Run]:
    table: dict[str, Run] = {}
    for run in runs:
        for changed in together(run, [other for other in table.values() if other is not run], known):  # type: ignore[arg-type]
            table[changed.solver] = changed
    return table


@pytest.mark.parametrize("known", ["sat", "unsat", "unknown"])
def test_answers_together_do_not_depend_on_their_order(known: str) -> None:
    runs = [
        run_of(INSTANCES[0], SOLVERS[0], solver="model"),
        run_of(INSTANCES[0], SOLVERS[0], solver="says", result="unsat", verified="none"),
        run_of(
            INSTANCES[0], SOLVERS[0], solver="silent", result="unknown", verified="none", status="timeout"
        ),
    ]
    for order in permutations(runs):
        table = settle(order, known)
        assert table["model"] == runs[0]
        assert table["silent"] == runs[2]
        says = table["says"]
        assert (says.result, says.status, says.verified) == ("unknown", "wrong", "failed")
        assert "satisfiable" in says.reason


def test_an_unchecked_answer_loses_against_what_is_known() -> None:
    run = run_of(INSTANCES[0], SOLVERS[0], result="unsat", verified="none")
    assert together(run, [], "unknown") == [run]
    assert together(run, [], "unsat") == [run]
    assert together(run, [], "sat")[0].status == "wrong"


def test_faults_are_told() -> None:
    sat, unsat = INSTANCES[0], Instance("c" * 32, "f/c.cnf", "c.cnf", "f", 1, 1, 1, "unsat")
    table = {each.hash: each for each in (sat, unsat)}
    assert (
        faults([run_of(sat, SOLVERS[0]), run_of(sat, SOLVERS[1], result="unknown", verified="none")], table)
        == []
    )
    assert len(faults([run_of(sat, SOLVERS[0], status="wrong", result="unknown")], table)) == 1
    assert "known to be unsatisfiable" in faults([run_of(unsat, SOLVERS[0])], table)[0]
    both = [run_of(sat, SOLVERS[0]), run_of(sat, SOLVERS[1], result="unsat", verified="proof")]
    assert len(faults(both, table)) == 2  # against the known status, and against each other


def test_jobs_share_no_core() -> None:
    available = sorted(os.sched_getaffinity(0))
    sets = machine.core_sets(len(available), 1)
    assert sorted(core for cores in sets for core in cores) == available
    assert len(machine.core_sets(1, len(available))[0]) == len(available)
    with pytest.raises(UsageError, match="there are"):
        machine.core_sets(len(available), 2)


def test_second_threads_stay_idle_while_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = {core: [core % 4, core % 4 + 4] for core in range(8)}
    monkeypatch.setattr(machine, "_siblings", pairs.__getitem__)
    monkeypatch.setattr(machine, "available_cores", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert machine.core_sets(2, 2) == [[0, 1], [2, 3]]
    assert machine.core_sets(4, 2) == [[0, 4], [1, 5], [2, 6], [3, 7]]
    assert machine.core_sets(1, 6) == [[0, 4, 1, 5, 2, 6]]
