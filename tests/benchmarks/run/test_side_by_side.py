"""Solvers that run at the same time, each on a core of its own, beside others that have all cores."""

import json
import shlex
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.benchmarks.bench import SMALL, bench, essence, table
from turbosat.system import available_cores

SOLVER = """
import json, os, sys, time
begun = time.monotonic()
name, folder, file = sys.argv[1:]
time.sleep(0.5)
told = {"name": name, "cores": sorted(os.sched_getaffinity(0)), "begun": begun, "ended": time.monotonic()}
with open(f"{folder}/{name}-{time.monotonic_ns()}", "w") as target:
    json.dump(told, target)
print("s UNSATISFIABLE", flush=True)
os._exit(20)
"""

two_cores = pytest.mark.skipif(available_cores() < 2, reason="needs two cores")


@pytest.fixture
def order(tmp_path: Path) -> list[str | Path]:
    """Return two formulas and three solvers that say where and when they ran."""
    script = tmp_path / "solver.py"
    script.write_text(SOLVER)
    told = tmp_path / "told"
    told.mkdir()
    words: list[str | Path] = []
    for number in range(2):
        formula = tmp_path / f"{number}.cnf"
        formula.write_text(SMALL.replace("-1 0", f"{-1 - number} 0").replace("1 2 0", "-1 2 0"))
        words.append(formula)
    python = shlex.quote(sys.executable)
    for name in ("whole", "left", "right"):
        words += ["--solver", f"{name}={python} -S -E {script} {name} {told}"]
    return [*words, "-t", "20", "-o", tmp_path / "out"]


@two_cores
def test_they_overlap_and_have_a_core_each(order: list[str | Path], tmp_path: Path) -> None:
    words = (*order, "--cores", "2", "--side-by-side", "left,right")
    code, _, err = bench(*words)
    assert (code, err) == (0, "")
    told = [json.loads(path.read_text()) for path in (tmp_path / "told").iterdir()]
    by = {
        name: sorted((each for each in told if each["name"] == name), key=lambda each: each["begun"])
        for name in ("whole", "left", "right")
    }
    assert [len(each) for each in by.values()] == [2, 2, 2]
    for left, right in zip(by["left"], by["right"], strict=True):
        assert len(left["cores"]) == len(right["cores"]) == 1
        assert left["cores"] != right["cores"]
        assert max(left["begun"], right["begun"]) < min(left["ended"], right["ended"])
    for whole in by["whole"]:
        assert len(whole["cores"]) == 2
        for other in (*by["left"], *by["right"]):
            assert whole["ended"] <= other["begun"] or other["ended"] <= whole["begun"]
    before = table(tmp_path / "out")
    assert bench(*words)[0] == 0  # the same command has nothing left to do
    assert len(list((tmp_path / "told").iterdir())) == 6
    assert essence(table(tmp_path / "out")) == essence(before)
    code, _, err = bench(*order, "--cores", "2")
    assert (code, "begun with side_by_side" in err) == (1, True)


@two_cores
def test_what_was_interrupted_is_done_alone(order: list[str | Path], tmp_path: Path) -> None:
    """Of a pair of which one is recorded the other one runs, on its one core."""
    assert bench(*order[:6], *order[8:], "--cores", "2", "--side-by-side", "whole,left")[0] == 0
    seen = len(list((tmp_path / "told").iterdir()))
    out = tmp_path / "out"
    with sqlite3.connect(out / "runs.sqlite") as database:
        database.execute("delete from runs where solver = 'left'")
    assert bench(*order[:6], *order[8:], "--cores", "2", "--side-by-side", "whole,left")[0] == 0
    assert len(list((tmp_path / "told").iterdir())) == seen + 2
    assert len(table(out)) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--side-by-side", "left,other"), "no solver other"),
        (("--side-by-side", "left,right"), "need as many --cores"),
        (("--side-by-side", "left,left", "--cores", "2"), "named twice"),
    ],
)
def test_misuse_is_one_line(order: list[str | Path], options: tuple[str, ...], message: str) -> None:
    code, out, err = bench(*order, *options)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert message in err
