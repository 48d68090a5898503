"""Fresh formulas: drawn from a seed, as hard as they should be, and made again from the manifest alone."""

import csv
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from tests.benchmarks.bench import bench
from turbosat.benchmarks import families
from turbosat.benchmarks.commands.fresh import fresh
from turbosat.benchmarks.families.base import digest
from turbosat.benchmarks.suites.files import find
from turbosat.benchmarks.suites.fresh import draws, make
from turbosat.benchmarks.suites.kinds import KINDS, Kind
from turbosat.benchmarks.suites.sizes import Window
from turbosat.errors import EngineError, UsageError
from turbosat.formula import files


def test_the_seed_decides_the_draws() -> None:
    count = 2 * len(KINDS)
    first, again, other = (list(islice(draws(seed), count)) for seed in (1, 1, 2))
    assert first == again != other
    assert len({each.seed for each in first}) > 0.9 * count
    assert set(Counter(id(each.kind) for each in first).values()) == {2}
    assert all(0 <= each.place < 1 for each in first)


def test_there_are_kinds_of_twenty_families_and_more() -> None:
    assert len({kind.family for kind in KINDS}) >= 20


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.family} {kind.fixed}")
def test_every_kind_can_be_made(kind: Kind) -> None:
    declared = families.find(kind.family).parameters
    easy, hard = kind.parameters(0.0), kind.parameters(1.0)
    assert easy.keys() == hard.keys() <= declared.keys()
    assert easy != hard
    assert families.generate(kind.family, seed=7, **easy).formula.variables > 0
    for name, value in hard.items():
        about = declared[name].about
        assert type(value) is declared[name].kind
        if isinstance(value, (int, float)):
            assert about.low is None or value >= about.low
            assert about.high is None or value <= about.high


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.family == "tseitin"], ids=lambda kind: kind.fixed
)
def test_whole_numbers_grow_by_steps_that_there_are_formulas_of(kind: Kind) -> None:
    for hardness in range(21):
        assert families.generate(kind.family, **kind.parameters(hardness / 20)).formula.variables > 0


def test_what_is_made_is_in_the_manifest_and_can_be_made_again(tmp_path: Path) -> None:
    kinds = [Kind("random-ksat", {"variables": (10, 60)}), Kind("langford", {"n": (3, 6)})]
    found = make(tmp_path, 5, 4, Window(0.0, 30.0), kinds=kinds)
    with open(tmp_path / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [each.file.name for each in found]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*(row["file"] for row in rows), "manifest.csv"]
    )
    for row, each in zip(rows, found, strict=True):
        problem = families.generate(row["family"], seed=int(row["seed"]), **each.parameters)
        assert digest(problem.formula) == digest(files.read(tmp_path / row["file"]))
        assert row["parameters"] == " ".join(f"{name}={value}" for name, value in each.parameters.items())
        assert row["kissat_answer"] in ("SAT", "UNSAT")
        assert row["status"] in ("?", row["kissat_answer"])


def test_a_killed_draw_leaves_no_formula_that_a_run_would_read(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "fresh", str(tmp_path / "new")]
    with subprocess.Popen([*command, "--seed", "1", "--least", "20", "--most", "60"]) as process:
        while not list(tmp_path.glob("new/.*/*")):
            time.sleep(0.02)
        process.kill()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left
    with pytest.raises(UsageError, match="no formulas there"):
        find(str(tmp_path / "new"), tmp_path)


def test_what_is_too_easy_at_any_size_is_no_part(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no kind has a size"):
        make(tmp_path, 0, 1, Window(20.0, 30.0), kinds=[Kind("langford", {"n": (3, 5)})])
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.csv"]


def test_what_is_too_hard_is_made_smaller(tmp_path: Path) -> None:
    kinds = [Kind("pigeonhole", {"pigeons": (4, 20), "holes": (3, 19)})]
    (found,) = make(tmp_path, 0, 1, Window(0.0, 2.0), kinds=kinds)
    assert found.parameters["holes"] < 14
    with pytest.raises(UsageError, match="there is something"):
        make(tmp_path, 0, 1, Window(0.0, 2.0), kinds=kinds)


def test_bounds_that_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be below"):
        fresh(tmp_path, least=3, most=2)


@pytest.mark.slow
def test_a_run_takes_it_as_a_suite(tmp_path: Path) -> None:
    made = make(tmp_path / "fresh", 1, 3, Window(0.0, 5.0))
    code, out, err = bench(
        tmp_path / "fresh", "--solver", "kissat", "-o", tmp_path / "out", "--timeout", "60"
    )
    assert (code, err) == (0, "")
    assert f"{len(made)}" in out
