"""The store: what goes in comes out, in order; one writer at a time; a flat table at the end."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.processes import ROOT
from turbosat.benchmarks import store
from turbosat.benchmarks.store import Experiment, Instance, Run, Solver, write_csv
from turbosat.errors import EngineError, InputError, UsageError

INSTANCES = [
    Instance(letter * 32, f"f/{letter}.cnf", f"{letter}.cnf", "f", 3, 4, 50, "sat") for letter in "ba"
]
SOLVERS = [Solver("two", "kissat", "4", "solver"), Solver("one", "portfolio:a,b", "a, b", "portfolio")]


def run_of(instance: Instance, solver: Solver, seed: int = 0, /, **changes: Any) -> Run:
    """Return a satisfiable run with a checked model, but for the changes."""
    when = "2026-01-01T00:00:00+00:00"
    found = Run(
        *(
            instance.hash,
            solver.name,
            seed,
            "sat",
            0.5,
            0.25,
            1 << 33,
            10,
            "model",
            "lane",
            3,
            "ok",
            when,
            1,
            "",
        )
    )
    return replace(found, **changes)


@pytest.fixture
def experiment(tmp_path: Path) -> Iterator[Experiment]:
    with Experiment.writing(tmp_path) as (experiment, _):
        experiment.write_header({"limits": {"timeout": 20.0}, "suites": ["f"]})
        experiment.add([*INSTANCES, *SOLVERS])
        yield experiment


def test_what_goes_in_comes_out_in_order(experiment: Experiment) -> None:
    runs = [run_of(instance, solver, seed) for instance in INSTANCES for solver in SOLVERS for seed in (0, 1)]
    experiment.record(reversed(runs))
    with Experiment.open(experiment.folder) as read:
        assert read.header == {"limits": {"timeout": 20.0}, "suites": ["f"]}
        assert list(read.instances.values()) == INSTANCES
        assert list(read.solvers.values()) == SOLVERS
        assert read.runs() == runs
        assert read.of_instance(INSTANCES[1].hash) == list(reversed(runs[4:]))


@settings(max_examples=30)
@given(
    wall=st.floats(0, 1e9),
    rss=st.integers(0, 2**62),
    exit=st.integers(-64, 255),
    lane_seed=st.none() | st.integers(-(2**62), 2**62),
    reason=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_every_value_survives(tmp_path_factory: pytest.TempPathFactory, **values: Any) -> None:
    with Experiment.writing(tmp_path_factory.getbasetemp() / "values") as (experiment, _):
        experiment.add([INSTANCES[0], SOLVERS[0]])
        run = run_of(INSTANCES[0], SOLVERS[0], **values)
        experiment.record([run])
        assert experiment.runs() == [run]


def test_adding_again_renews_and_keeps_the_order(experiment: Experiment) -> None:
    new = Instance(INSTANCES[0].hash, "other", "other", "g", 5, 6, 70, "unknown")
    experiment.add([new])
    assert list(experiment.instances.values()) == [new, INSTANCES[1]]


def test_files_are_remembered(experiment: Experiment) -> None:
    assert experiment.described("stamp") is None
    experiment.remember("stamp", {"hash": "x"})
    assert experiment.described("stamp") == {"hash": "x"}


def test_a_folder_without_results_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Experiment.open(tmp_path)
    (tmp_path / store.FILE).write_text("this is no database at all")
    with pytest.raises(InputError, match="cannot be opened"):
        Experiment.open(tmp_path)


def test_one_writer_at_a_time(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LOCK_PATIENCE", 0.2)
    with pytest.raises(UsageError, match="another turbosat-bench"), Experiment.writing(experiment.folder):
        pass


def test_a_killed_writer_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from tests.benchmarks.suites.test_store import *\n"
        "with Experiment.writing(pathlib.Path(sys.argv[1])) as (experiment, _):\n"
        "    experiment.add([INSTANCES[0], SOLVERS[0]])\n"
        "    for seed in range(50):\n"
        "        experiment.record([run_of(INSTANCES[0], SOLVERS[0], seed)])\n"
        "    experiment._connection.execute('BEGIN')\n"
        "    experiment._connection.execute('DELETE FROM runs')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    with Experiment.writing(tmp_path) as (experiment, _):
        assert [run.seed for run in experiment.runs()] == list(range(50))


def test_finished_results_can_be_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    with Experiment.writing(tmp_path) as (experiment, _):
        experiment.add([INSTANCES[0], SOLVERS[0]])
        experiment.record([run_of(INSTANCES[0], SOLVERS[0])])
    assert {path.name for path in tmp_path.iterdir()} == {store.FILE, "lock"}
    header = (tmp_path / store.FILE).read_bytes()[18:20]
    assert header == b"\1\1"  # not the write-ahead log's format, which must write to be read


def test_csv_has_a_row_for_each_run(experiment: Experiment) -> None:
    runs = [
        run_of(instance, solver, 7, reason='a "quoted", one') for instance in INSTANCES for solver in SOLVERS
    ]
    experiment.record(runs)
    path = experiment.folder / "runs.csv"
    write_csv(experiment, path)
    comments = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert json.loads(comments[0].partition(": ")[2]) == {"timeout": 20.0}
    rows = list(csv.DictReader(line for line in path.read_text().splitlines() if line[0] != "#"))
    assert [(row["hash"], row["solver"], row["seed"], row["reason"]) for row in rows] == [
        (run.hash, run.solver, "7", run.reason) for run in runs
    ]
    assert {(row["solver"], row["command"], row["version"]) for row in rows} == {
        (solver.name, solver.command, solver.version) for solver in SOLVERS
    }
    assert not list(experiment.folder.glob("*.part"))


def test_who_waits_for_a_folder_that_is_removed_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def second() -> str:
        with pytest.raises(EngineError) as caught, Experiment.writing(folder):
            pass
        return str(caught.value)

    with ThreadPoolExecutor(1) as threads:
        with Experiment.writing(folder):
            waiting = threads.submit(second)
            while not held_twice(folder / "lock"):
                time.sleep(0.01)
            shutil.rmtree(folder)
        assert waiting.result(20) == f"{folder}: removed while another turbosat-bench was at work there"
    with Experiment.writing(folder):
        pass


def held_twice(lock: Path) -> bool:
    """Whether this process has the file open twice."""
    opened = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            opened += os.path.samestat(each.stat(), lock.stat())
    return opened == 2


def test_results_that_cannot_be_kept_are_an_error_of_ours(tmp_path: Path) -> None:
    """As where the folder is removed, and another harness begins in a new one."""
    folder = tmp_path / "out"
    writing = Experiment.writing(folder)
    experiment, _ = writing.__enter__()
    with sqlite3.connect(folder / "runs.sqlite") as other:
        other.execute("DROP TABLE header")
    with pytest.raises(sqlite3.OperationalError) as caught:
        experiment.write_header({"title": "lost"})
    with pytest.raises(EngineError, match="the results cannot be kept: no such table"):
        writing.__exit__(caught.type, caught.value, caught.tb)
