"""What lane 0 answers in its head start is checked without numpy, and no less than any other answer."""

import lzma
import os
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.families import dimacs, random_ksat
from tests.processes import ROOT
from turbosat import InputError, Reason, Result, SoundnessError, Status, solve
from turbosat.cdcl.lanes import race
from turbosat.cdcl.lanes.mix import KINDS
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.cdcl.process import confinement
from turbosat.deadline import Deadline
from turbosat.dimacs import plain
from turbosat.events import Event, ignore
from turbosat.formula import files
from turbosat.formula.formula import Formula
from turbosat.options import Options, resolve
from turbosat.run import pipeline, scheduler
from turbosat.run.hybrid import Hybrid
from turbosat.run.pipeline import Run
from turbosat.system import available_cores

FORMULA = "p cnf 4 2\n-1 2 0\n-3 1 0\n"
UNSAT = "p cnf 1 2\n1 0\n-1 0\n"
XORS = "p cnf 2 2\nx 1 2 0\nx -1 2 0\n"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, lane 0 answers in time."""
    monkeypatch.setattr(scheduler, "HEAD_START", 600.0)
    monkeypatch.setattr(scheduler, "ONLY_CORE", 600.0)


def written(folder: Path, text: str) -> str:
    path = folder / "f.cnf"
    path.write_text(text)
    return os.fspath(path)


def kissat_says(monkeypatch: pytest.MonkeyPatch, folder: Path, words: str, code: int) -> None:
    program = folder / "kissat"
    program.write_text(f"#!/bin/sh\necho \"c parsed 'p cnf 4 2' header\"\n{words}\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("TURBOSAT_KISSAT", os.fspath(program))


def test_the_model_of_solve_is_numpys(tmp_path: Path) -> None:
    result = solve(written(tmp_path, FORMULA), gradient=False)
    assert isinstance(result.model, np.ndarray)
    assert result.model.dtype == np.int32
    assert result.model.shape == (4,)
    assert {*np.abs(result.model).tolist()} == {1, 2, 3, 4}


@pytest.mark.parametrize(("text", "status"), [(FORMULA, 10), (UNSAT, 20)])
def test_a_run_tells_all_that_others_tell(tmp_path: Path, text: str, status: int) -> None:
    events: list[Event] = []
    with Deadline() as deadline:
        result: Result = Run(written(tmp_path, text), resolve({}), deadline, events.append).run()
    assert result.status == status
    assert result.winner is not None
    assert result.winner.lane == "kissat"
    assert {"variables", "clauses", "literals", "xors", "parse_seconds", "lanes"} <= result.statistics.keys()
    told = [event.kind for event in events if event.kind != "progress"]
    assert told == ["started", "parsed", "answered", *(["checked"] if status == 10 else [])]


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ("v 1 -2 3 4 0", "falsifies a clause"),
        ("v 3 0\nv -1 0", "falsifies a clause"),
        ("c parsed 'p cnf 2 2' header\nv 1 2 0", "without a complete model"),
    ],
)
def test_a_wrong_model_is_never_an_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: str, complaint: str
) -> None:
    lines = "\n".join(f'echo "{line}"' for line in ["s SATISFIABLE", *model.splitlines()])
    kissat_says(monkeypatch, tmp_path, lines, 10)
    with pytest.raises(SoundnessError, match=complaint):
        solve(written(tmp_path, FORMULA))


def test_a_lane_0_that_breaks_is_made_up_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kissat_says(monkeypatch, tmp_path, "", 3)
    result = solve(written(tmp_path, FORMULA), mix="kissat,cadical", workers=2)
    assert result.status is Status.SATISFIABLE


def test_limits_hold_in_the_head_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kissat_says(monkeypatch, tmp_path, "sleep 60", 0)
    with Deadline(0.3) as deadline:
        result = Run(written(tmp_path, FORMULA), resolve({}), deadline, ignore).run()
    assert result.status is Status.UNKNOWN
    assert str(result.reason) == "time"


@pytest.mark.parametrize(("text", "status"), [(FORMULA, 10), (UNSAT, 20), ("x" + FORMULA, None)])
def test_a_compressed_file_is_unpacked_once_and_lane_0_reads_that(
    tmp_path: Path, text: str, status: int | None
) -> None:
    path = tmp_path / "f.cnf.xz"
    path.write_bytes(lzma.compress(text.encode()))
    events: list[Event] = []
    with Deadline() as deadline:
        run = Run(os.fspath(path), resolve({}), deadline, events.append)
        if status is None:
            with pytest.raises(InputError, match=r"f\.cnf\.xz:1: expected a comment or the header"):
                run.run()
        else:
            assert run.run().status == status
    assert events[0].kind == "started"  # before the file was parsed


def starts(events: list[Event]) -> list[str]:
    """Return the lanes that were started before the file had been read."""
    kinds = [event.kind for event in events]
    return [event.lane for event in events[: kinds.index("parsed")] if event.kind == "started"]


@pytest.mark.parametrize(
    ("options", "readers", "expected"),
    [
        ({"workers": 2}, 1, ["kissat", "kissat-stable"]),
        ({"workers": 1}, 1, ["kissat"]),
        ({"workers": 2}, 1 << 50, ["kissat"]),
        ({"workers": 2, "mix": "kissat,cadical"}, 1, ["kissat"]),
        ({"workers": 2, "mix": "kissat"}, 1, ["kissat"]),
        ({"workers": 2, "mode": "sat"}, 1, ["kissat-sat", "kissat-stable"]),
        ({"workers": 2, "seed": 3, "conflicts": 100}, 1, ["kissat", "kissat-stable"]),
    ],
)
@pytest.mark.parametrize(("text", "status"), [(FORMULA, 10), (UNSAT, 20), (XORS, 20)])
def test_a_second_lane_does_not_wait_for_a_large_file_to_be_read(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: Options,
    readers: int,
    expected: list[str],
    text: str,
    status: int,
) -> None:
    monkeypatch.setattr(pipeline, "LONG", 1)
    monkeypatch.setattr(pipeline, "READERS", readers)
    monkeypatch.setattr(plain, "LARGEST", 0)
    monkeypatch.setattr(scheduler, "HEAD_START", 0.0)
    ranks: list[int] = []
    monkeypatch.setattr(race, "set_rank", lambda pid, nice: ranks.append(nice))
    events: list[Event] = []
    with Deadline() as deadline:
        run = Run(written(tmp_path, text), resolve(options), deadline, events.append)
        result = run.run()
    assert result.status == status
    assert starts(events) == expected
    assert ranks[: len(expected)] == [0, KINDS["kissat-stable"].nice][: len(expected)]
    lanes = result.statistics["lanes"]
    assert [lane["seed"] for lane in lanes[: len(expected)]] == [options.get("seed", 0)] * len(expected)
    cdcl = [lane["lane"] for lane in lanes if lane["engine"] in ("kissat", "cadical")]
    assert text == XORS or len(cdcl) == len({*cdcl})  # none is started twice


@pytest.mark.skipif(available_cores() < 2, reason="there is one core only")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are not kept to cores here")
def test_a_large_file_is_read_beside_the_second_lane(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pipeline, "LONG", 1)
    monkeypatch.setattr(plain, "LARGEST", 0)
    monkeypatch.setattr(confinement, "cpu_quota", lambda: None)
    kissat_says(monkeypatch, tmp_path, "sleep 60", 0)
    before, every = os.sched_getaffinity(0), available_cores()
    races: list[Race] = []
    original, added, search = files.read, Race.add, Hybrid.search

    def add(race: Race, *arguments: Any, **options: Any) -> Lane:
        races.append(race)
        return added(race, *arguments, **options)

    def read(*arguments: Any, **options: Any) -> Formula:
        we, first, second = (os.sched_getaffinity(each) for each in (0, *races[0].processes()))
        assert we == second
        assert not we & first
        return original(*arguments, **options)

    def begin(hybrid: Hybrid, formula: Formula) -> Result:
        assert hybrid._cores == every
        assert os.sched_getaffinity(0) == before
        deadline.cancel()
        return search(hybrid, formula)

    monkeypatch.setattr(files, "read", read)
    monkeypatch.setattr(Race, "add", add)
    monkeypatch.setattr(Hybrid, "search", begin)
    with Deadline() as deadline:
        result = Run(written(tmp_path, FORMULA), resolve({}), deadline, ignore).run()
    assert result.reason is Reason.INTERRUPTED
    assert os.sched_getaffinity(0) == before


def test_what_is_loaded_meanwhile_is_what_a_search_loads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kissat_says(monkeypatch, tmp_path, "sleep 60", 0)
    program = """
import sys
from turbosat.cdcl.process.fork import permit
from turbosat.cli.main import run
from turbosat.run import pipeline
wanted, pipeline.MEANWHILE = pipeline.MEANWHILE, ()
permit()
assert run(["-q", "-n", "--time=60", sys.argv[1]]) == 10
print(*[name for name in wanted if name not in sys.modules])
"""
    path = tmp_path / "f.cnf"
    path.write_text(dimacs(*random_ksat(40, 100, seed=1)))
    done = subprocess.run(
        [sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "s SATISFIABLE\n\n"


@pytest.mark.parametrize(("had", "alone"), [(0.0, True), (1e9, False)])
def test_lane_0_has_longer_where_others_keep_it_from_its_core(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, had: float, alone: bool
) -> None:
    monkeypatch.setattr(scheduler, "HEAD_START", 0.01)
    monkeypatch.setattr(pipeline, "BUSY", 600.0)
    monkeypatch.setattr(pipeline, "worked", lambda pid: had)
    kissat_says(monkeypatch, tmp_path, "sleep 0.2\necho 's SATISFIABLE'\necho 'v 1 2 3 4 0'", 10)
    with Deadline() as deadline:
        result = Run(
            written(tmp_path, FORMULA), resolve({"mix": "kissat", "workers": 2}), deadline, ignore
        ).run()
    assert result.status is Status.SATISFIABLE
    assert isinstance(result.model, array) == alone  # not numpy's
