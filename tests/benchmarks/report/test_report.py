"""Reports of real stores and of a competition's CSV, in all their formats, by the command."""

import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT
from tests.tables import races, store
from turbosat.benchmarks.report.report import make, summary, to_json
from turbosat.benchmarks.report.score import VBS, build, score, seen
from turbosat.benchmarks.report.sections import sections
from turbosat.benchmarks.report.sources import load, plain
from turbosat.benchmarks.report.text import escape, markdown, terminal, width
from turbosat.errors import UsageError

CSV = "hash,a,b,result\nx1,1.0,2.0,sat\nx2,10000,3.0,unsat\nx3,10000,10000,unknown\n"


def bench(*arguments: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "turbosat.benchmarks.commands.main", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """Return an experiment of 30 instances, 2 solvers, 2 seeds."""
    return store(tmp_path / "first", *races(30, seeds=2, speed=3))


def test_the_command_reports_a_store(experiment: Path) -> None:
    code, out, err = bench("report", experiment)
    assert (code, err) == (0, "")
    assert out.startswith("first\n30 instances")
    for title in ("Scores", "Marginal contributions", "Pairwise speed-ups", "How the runs ended", "Families"):
        assert f"\n{title}" in out
    assert "T = 20 s" in out
    assert "/some/where" not in out
    assert "/opt/" not in out


def test_json_has_every_run_and_no_infinities(experiment: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.json"
    assert bench("report", experiment, "-o", output)[0] == 0
    data: dict[str, Any] = json.loads(output.read_text(), parse_constant=pytest.fail)
    table = build(*races(30, seeds=2, speed=3), 20)
    assert [each["seconds"] for each in data["instances"]] == [
        [[seconds if math.isfinite(seconds) else None for seconds in own] for own in row]
        for row in table.seconds.tolist()
    ]
    whole = {each["solver"]: each["mean"] for each in data["scores"] if each["category"] == "ALL"}
    assert whole == {name: score(table, name).mean for name in ("fast", "steady", VBS)}
    assert (data["timeout_seconds"], data["par_factor"], data["seeds"]) == (20, 2, [0, 1])


def test_markdown_is_one_whole_table_a_section(experiment: Path) -> None:
    code, out, _ = bench("report", experiment, "--format", "markdown", "--section", "scores")
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 3
    assert {line.count("|") for line in lines} == {11}
    assert "#" not in out
    assert re.search(r"\| fast \| \d+(\.\d)? \| \*\*\d+\.\d\d\*\* \|", out)
    whole = bench("report", experiment, "--format", "markdown")[1]
    assert whole.startswith("# first\n\n30 instances")
    assert [line for line in whole.splitlines() if line.startswith("## ")] == [
        "## Scores",
        "## Marginal contributions to the VBS",
        "## Pairwise speed-ups",
        "## Seen and unseen",
        "## How the runs ended",
        "## Families",
        "## Setting",
    ]


def test_the_clock_the_limit_and_the_factor_are_the_ones_asked_for(experiment: Path) -> None:
    table = build(*races(30, seeds=2, speed=3), 20)
    cpu = load(experiment, clock="cpu").table  # twice the wall time, in this store
    assert score(cpu, "fast").solved == score(table.within(10), "fast").solved
    assert "came after the limit of 20 s" in " ".join(cpu.notes)
    short = load(experiment, timeout=1, factor=10).table
    assert score(short, "fast").solved == score(table.within(1), "fast").solved
    assert short.costs.max() == 10
    with pytest.raises(UsageError, match="had a limit of 20 s"):
        load(experiment, timeout=21)


def test_a_wrong_answer_is_loud_in_every_format(tmp_path: Path) -> None:
    items, cells = races(6)
    cells[0] = replace(cells[0], status="wrong", answer="unknown", reason="the model falsifies clause 7")
    folder = store(tmp_path / "bad", items, cells)
    for form in ("terminal", "markdown", "json", "html"):
        code, out, err = bench("report", folder, "--format", form)
        assert code == 0
        assert "the model falsifies clause 7" in out
        assert form == "json" or "WRONG ANSWERS" in out
        assert "1 WRONG ANSWERS" in err
    assert "1 WRONG ANSWERS" in bench("report", folder, "--section", "scores")[1]


def test_a_competitions_csv(tmp_path: Path) -> None:
    path = tmp_path / "sc.csv"
    path.write_text(CSV)
    code, out, _ = bench("report", path, "--timeout", "5000", "--section", "scores")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[-3:]] == ["b", "a", "VBS"]
    assert out.splitlines()[-3].split()[1:] == [
        "1",
        "2.0",
        "2.0",
        "1",
        "3.0",
        "3.0",
        "2",
        "3335.0",
        "10005.0",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "sc.csv does not say its time limit: give --timeout"),
        (("--timeout", "5000", "--solver", "c"), "no runs of c; there are: a, b"),
        (("--timeout", "5000", "--against", "c"), "no runs of c; there are: a, b"),
        (("--timeout", "5000", "--section", "c"), "no section c; there are: wrong, scores, vbs"),
        (("--timeout", "5000", "--about", "nothing"), "nothing: No such file or directory"),
    ],
)
def test_misuse_is_one_line(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    path = tmp_path / "sc.csv"
    path.write_text(CSV)
    code, out, err = bench("report", path, *options)
    assert (code, out) == (1, "")
    assert err.startswith(f"turbosat-bench: error: {message}")
    assert err.count("\n") == 1


def test_against_puts_a_solver_first_in_its_pairs() -> None:
    table = build(*races(30, speed=3), 20)
    for against, sign in (("fast", 1), ("steady", -1)):
        (pair,) = make(table, "t", against=against).pairs
        assert pair.first == against
        assert math.copysign(1, math.log(pair.speedup.geometric.value)) == sign
        assert math.copysign(1, math.log(pair.cost.value)) == sign
        assert pair.speedup.faster + make(table, "t", against=pair.second).pairs[0].speedup.faster == (
            pair.speedup.instances
        )
    only = make(table, "t", against="fast").pairs[0]
    solved = score(table, "fast").solved, score(table, "steady").solved
    assert only.only_first - only.only_second == solved[0] - solved[1]


def test_halves_make_up_the_whole_of_each_category() -> None:
    made = make(build(*races(60, seed=3), 20), "x", against="steady")
    for category in ("SAT", "UNSAT", "ALL"):
        for solver in ("fast", "steady"):
            parts = [each for each in made.halves if (each.category, each.score.solver) == (category, solver)]
            whole = score(made.table, solver, category)
            assert [each.half for each in parts] == ["seen", "unseen"]
            assert sum(each.score.instances for each in parts) == whole.instances
            assert sum(each.score.total for each in parts) == pytest.approx(whole.total)
            if solver == "steady":
                assert {(each.ratio.value, each.ratio.low, each.ratio.high) for each in parts} == {(1, 1, 1)}
            else:
                assert all(each.ratio.low < each.ratio.value < each.ratio.high for each in parts)


@pytest.mark.parametrize("name", ["a/b.cnf", "b.cnf.xz", "x/b.cnf.gz", "b.cnf"])
def test_a_half_is_the_matter_of_the_files_name_alone(name: str) -> None:
    assert seen(name) == seen("b.cnf")


def test_a_portfolio_is_scored_beside_those_that_ran(experiment: Path) -> None:
    words = ("--portfolio", "fast,steady", "--solver", "fast", "--section", "scores")
    code, out, err = bench("report", experiment, *words)
    assert (code, err) == (0, "")
    assert [line.split("  ")[0] for line in out.splitlines() if "fast" in line] == ["fast ∥ steady", "fast"]


def test_many_solvers_are_shown_beside_the_best() -> None:
    items, cells = races(10)
    more = [replace(c, solver=f"s{n}", seconds=c.seconds * (1 + n / 9)) for n in range(6) for c in cells[::2]]
    report = make(build(items, more, 40), "t")
    assert len(report.pairs) == 15
    assert {pair.first for pair in report.shown()} == {"s0"}
    assert len(report.shown()) == 5
    by_family = {each.name: each for each in sections(report)}["families"]
    assert by_family.heads[2:] == ("s0", "s1", "s2", "s3", "s4", VBS)
    assert by_family.about.endswith("The 5 best solvers.")


def test_an_empty_experiment_has_a_report(tmp_path: Path) -> None:
    report = make(build([], [], 20, solvers=["a"]), "nothing")
    text = terminal(sections(report), [summary(report)])
    assert "0 instances" in text
    assert "NaN" not in json.dumps(to_json(report))
    assert "nan" not in text + markdown(sections(report))


def test_markdown_shows_names_as_they_are() -> None:
    assert escape("a|b*c`d<e\\f") == r"a\|b\*c\`d\<e\\f"
    assert escape("x_y _z_") == r"x_y \_z\_"
    assert escape("two\nlines") == "two lines"


def test_columns_are_straight_with_wide_characters() -> None:
    items, cells = races(3)
    named = [replace(item, family="数独") if row else item for row, item in enumerate(items)]
    made = {each.name: each for each in sections(make(build(named, cells, 20), "t"))}
    lines = terminal([made["families"]]).splitlines()[-2:]
    assert len({width(line) for line in lines}) == 1
    assert "数独" in lines[1]


def test_headers_lose_their_folders() -> None:
    assert plain(["/usr/bin/kissat", "--sat", "a/b"], "command") == "kissat --sat a/b"
    assert plain({"timeout": 20, "memory": 2**33}) == "timeout 20, memory 8 GiB"
    assert plain("run /data/x/y.cnf=/z/q and 1/2, https://x.y/z") == "run y.cnf=q and 1/2, https://x.y/z"
    assert [plain(each) for each in (None, True, False)] == ["none", "yes", "no"]
