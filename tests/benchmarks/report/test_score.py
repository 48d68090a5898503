"""Scores against a recomputation by the definition, run by run."""

import math
import random
from dataclasses import replace
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tables import Runs, races, runs
from turbosat.benchmarks.report.score import (
    CATEGORIES,
    KNOWN_STATUS,
    VBS,
    Answer,
    Category,
    Cell,
    Item,
    Table,
    build,
    families,
    judge,
    margins,
    ranking,
    score,
    scores,
)
from turbosat.errors import UsageError

T = 100.0


def verdict_of(item: Item, cells: list[Cell]) -> Answer:
    """All answers drawn are right, so any tells the status."""
    given_by_runs: set[Answer] = {each.answer for each in cells if each.hash == item.hash}
    return next(iter(given_by_runs - {"unknown"}), item.known)


def par(cell: Cell, factor: float) -> float:
    return cell.seconds if cell.answer != "unknown" and cell.seconds <= T else factor * T


@given(runs(T), st.sampled_from([1.0, 2.0, 10.0]))
def test_par_is_what_its_definition_says(made: Runs, factor: float) -> None:
    items, cells = made
    table = build(items, cells, T, factor)
    assert not table.wrong
    for solver in {cell.solver for cell in cells}:
        for category in CATEGORIES:
            inside = {item.hash for item in items if category in ("ALL", verdict_of(item, cells).upper())}
            own = [cell for cell in cells if cell.solver == solver and cell.hash in inside]
            seeds = len({cell.seed for cell in cells})
            got = score(table, solver, category)
            assert got.instances == len(inside)
            assert got.total == pytest.approx(sum(par(cell, factor) for cell in own) / seeds)
            assert got.solved == pytest.approx(sum(par(cell, 1e9) <= T for cell in own) / seeds)
            if inside:
                assert got.mean == pytest.approx(mean(par(cell, factor) for cell in own))
            else:
                assert math.isnan(got.mean)


@given(runs(T))
def test_the_vbs_is_the_least_of_each_seed(made: Runs) -> None:
    items, cells = made
    table = build(items, cells, T)
    least: dict[tuple[str, int], float] = {}
    for cell in cells:
        key = cell.hash, cell.seed
        least[key] = min(least.get(key, math.inf), par(cell, 2))
    seeds = len({cell.seed for cell in cells}) or 1
    whole = score(table, VBS)
    assert whole.total == pytest.approx(sum(least.values()) / seeds)
    for solver in table.solvers:
        for category in CATEGORIES:
            own, best = score(table, solver, category), score(table, VBS, category)
            assert best.total <= own.total * (1 + 1e-12)
            assert best.solved >= own.solved


@given(runs(T))
def test_a_portfolio_is_as_fast_as_its_fastest_with_each_seed(made: Runs) -> None:
    table = build(*made, T)
    if len(table.solvers) < 2:
        return
    some = table.solvers[:2]
    whole = table.with_portfolio(some)
    name = " ∥ ".join(some)
    assert (whole.solvers, whole.virtual) == ((*table.solvers, name), (name,))
    for row in range(len(table.items)):
        for seed in range(len(table.seeds)):
            assert whole.seconds[row, -1, seed] == min(table.seconds[row, :2, seed])
    assert score(whole, name) == replace(score(table.only(some), VBS), solver=name)
    assert repr(margins(whole)) == repr(margins(table))
    assert whole.only([name]).virtual == (name,)
    assert whole.only(some).virtual == ()
    with pytest.raises(UsageError, match="two solvers"):
        whole.with_portfolio(some)
    with pytest.raises(UsageError, match="no runs of nobody"):
        table.with_portfolio([some[0], "nobody"])


@given(runs(T))
def test_margins_are_differences_of_vbs(made: Runs) -> None:
    items, cells = made
    table = build(items, cells, T)
    for margin in margins(table):
        others = [solver for solver in table.solvers if solver != margin.solver]
        if items and others:
            rest = score(table.only(others), VBS).mean
            assert margin.without == pytest.approx(rest)
            assert margin.loss == pytest.approx(rest - score(table, VBS).mean)
            assert margin.loss >= -1e-9
        elif items:
            assert margin.without == 2 * T
        solved_by = {
            item.hash: {cell.solver for cell in cells if cell.hash == item.hash and par(cell, 1e9) <= T}
            for item in items
        }
        assert set(margin.alone) == {key for key, names in solved_by.items() if names == {margin.solver}}
    if len(table.solvers) > 1 and items:
        assert sum(m.fastest for m in margins(table)) >= score(table, VBS).solved - 1e-9


@given(runs(T), st.randoms(use_true_random=False))
def test_the_order_of_runs_changes_nothing(made: Runs, dice: random.Random) -> None:
    items, cells = made
    table = build(items, cells, T)
    dice.shuffle(items)
    dice.shuffle(cells)
    other = build(items, cells, T)

    def facts(table: Table) -> list[str]:
        kept = [replace(margin, alone=tuple(sorted(margin.alone))) for margin in margins(table)]
        parts = [(family, sorted(row.items())) for family, row in families(table).items()]
        return [repr(scores(table)), repr(kept), repr(parts), *sorted(map(repr, table.outcomes))]

    assert facts(table) == facts(other)


@given(runs(T))
def test_families_part_the_whole(made: Runs) -> None:
    items, cells = made
    table = build(items, cells, T)
    parts = families(table)
    assert sum(row[VBS].instances for row in parts.values()) == len(items)
    for solver in (*table.solvers, VBS):
        assert sum(row[solver].total for row in parts.values()) == pytest.approx(score(table, solver).total)


@given(runs(T), st.floats(0.5, T))
def test_a_shorter_limit_is_as_if_runs_had_ended_there(made: Runs, limit: float) -> None:
    items, cells = made
    cut = build(items, cells, T).within(limit)
    # verdicts may come from answers after the shorter limit: they are true all the same
    fresh = build(items, cells, limit)
    assert repr(scores(cut)) == repr(scores(fresh))
    with pytest.raises(UsageError, match="had a limit"):
        cut.within(limit + 1)


def test_an_answer_at_the_limit_counts_and_one_after_it_does_not() -> None:
    cells = [Cell("h", "a", 0, "sat", T), Cell("h", "b", 0, "sat", math.nextafter(T, math.inf))]
    table = build([Item("h", "n", known="sat")], cells, T)
    assert [score(table, name).total for name in ("a", "b")] == [T, 2 * T]
    assert table.notes == ("1 answers came after the limit of 100 s and count as unsolved.",)


@pytest.mark.parametrize(
    ("known", "claims", "truth", "unscored"),
    [
        ("sat", [("a", "unsat", False)], "sat", {"a"}),
        ("unknown", [("a", "sat", True), ("b", "unsat", False)], "sat", {"b"}),
        ("unknown", [("a", "sat", False), ("b", "unsat", True)], "unsat", {"a"}),
        ("unknown", [("a", "sat", False), ("b", "unsat", False)], "unknown", {"a", "b"}),
        ("unsat", [("a", "sat", True), ("b", "unsat", False)], "sat", {"b", KNOWN_STATUS}),
        ("unknown", [("a", "sat", True), ("b", "unsat", True)], "unknown", {"a", "b"}),
        ("unsat", [("a", "sat", True), ("b", "unsat", True)], "unknown", {"a", "b"}),
        ("unknown", [("a", "unsat", False), ("b", "unknown", False)], "unsat", set()),
    ],
)
def test_contradictions_are_never_scored(
    known: Answer, claims: list[tuple[str, Answer, bool]], truth: Answer, unscored: set[str]
) -> None:
    item = Item("h", "n", known=known)
    cells = [Cell("h", name, 0, answer, 1.0, "ok", checked) for name, answer, checked in claims]
    verdict, wrong = judge(item, cells)
    assert (verdict, {each.solver for each in wrong}) == (truth, unscored)
    table = build([item], cells, T)
    for name, answer, _ in claims:
        scored = answer != "unknown" and name not in unscored
        assert score(table, name).total == (1.0 if scored else 2 * T)
    assert {each.solver for each in table.wrong} == unscored


def test_a_run_marked_wrong_is_listed_with_its_reason_and_not_scored() -> None:
    cells = [
        Cell("h", "a", 0, "unknown", 1.0, "wrong", reason="two s lines"),
        Cell("h", "b", 0, "sat", 2.0, "ok", True),
    ]
    table = build([Item("h", "n")], cells, T)
    assert [(each.solver, each.reason) for each in table.wrong] == [("a", "two s lines")]
    assert [score(table, name).solved for name in ("a", "b", VBS)] == [0, 1, 1]
    assert [each.wrong for each in table.outcomes] == [1, 0]
    gave_up = build([Item("h", "n")], [Cell("h", "a", 0, "unknown", 1.0)], T)
    assert [each.unknown for each in (*table.outcomes, *gave_up.outcomes)] == [0, 0, 1]
    assert table.only(["b"]).wrong == ()


def test_instances_not_run_by_all_are_left_out_and_said() -> None:
    items, cells = races(10)
    table = build(items, cells[:-3], 20)
    assert len(table.items) == 8
    assert table.notes == ("2 of 10 instances left out: not run by every solver and seed.",)
    assert all(each.runs == 8 for each in table.outcomes)


def test_unchecked_unsat_is_said() -> None:
    cells = [Cell("h", "a", 0, "unsat", 1.0)]
    assert build([Item("h", "n")], cells, T).notes == (
        "1 instance is taken as UNSAT from answers that no proof confirms.",
    )
    assert build([Item("h", "n", known="unsat")], cells, T).notes == ()


def test_ranking_is_by_all_instances() -> None:
    items, cells = races(30, speed=4)
    table = build(items, cells, 20)
    assert ranking(table) == ["fast", "steady"]
    assert [each.solver for each in scores(table)][::3] == ["fast", "steady", VBS]
    categories: list[Category] = [each.category for each in scores(table)][:3]
    assert tuple(categories) == CATEGORIES


@pytest.mark.parametrize(("limit", "factor"), [(0, 2), (-1, 2), (math.inf, 2), (math.nan, 2), (1, 0.5)])
def test_senseless_limits_are_refused(limit: float, factor: float) -> None:
    with pytest.raises(UsageError):
        build([], [], limit, factor)


def test_an_unknown_solver_is_named() -> None:
    table = build(*races(3), 20)
    with pytest.raises(UsageError, match="no runs of nobody; there are: fast, steady"):
        table.only(["nobody"])
    assert np.array_equal(table.only(["steady"]).seconds[:, 0], table.seconds[:, 1])
