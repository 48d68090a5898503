"""The suites that are shipped: reproducible from their tables, written once, and of the size they promise."""

import csv
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.benchmarks.bench import bench, table
from turbosat.benchmarks import families
from turbosat.benchmarks.families.base import digest
from turbosat.benchmarks.gbd_hash import describe
from turbosat.benchmarks.suites import files as suite_files
from turbosat.benchmarks.suites import suites
from turbosat.benchmarks.suites.suites import Member, materialise, members
from turbosat.benchmarks.suites.tables import TABLES
from turbosat.cdcl.process.binaries import find_kissat
from turbosat.errors import EngineError, UsageError
from turbosat.formula import files


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return materialise("smoke", tmp_path_factory.mktemp("suites") / "smoke")


def manifest(folder: Path) -> list[dict[str, str]]:
    with open(folder / "manifest.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_files_are_the_formulas_of_the_table(smoke: list[Path]) -> None:
    assert [path.name for path in smoke] == [member.file for member in members("smoke")]
    for path, member in zip(smoke, members("smoke"), strict=True):
        assert digest(files.read(path)) == member.digest
        assert describe(path).family == member.family


def test_manifest_tells_what_the_files_tell(smoke: list[Path]) -> None:
    rows = manifest(smoke[0].parent)
    assert [row["file"] for row in rows] == [path.name for path in smoke]
    for row, path in zip(rows, smoke, strict=True):
        found = describe(path)
        known = {"SAT": "sat", "UNSAT": "unsat", "?": "unknown"}[row["status"]]
        assert (row["family"], known) == (found.family, found.known)


def test_smoke_is_solved_at_once_and_right(smoke: list[Path]) -> None:
    answers: Counter[int] = Counter()
    for path in smoke:
        run = subprocess.run([find_kissat(), "-q", "-n", "--time=20", path], capture_output=True, check=False)
        answers[run.returncode] += 1
        assert run.returncode == {"sat": 10, "unsat": 20}.get(describe(path).known, run.returncode), path.name
    assert answers[0] == 0
    assert min(answers[10], answers[20]) >= 8


def test_files_there_stay_and_wrong_ones_are_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [member for member in members("smoke") if member.family in ("langford", "qwh", "schur")]
    table = "\n".join(f"{m.digest} {m.family} {m.seed} {pairs(m)}" for m in chosen)
    monkeypatch.setitem(TABLES, "smoke", table)
    one, two, three = files = materialise("smoke", tmp_path)
    times = [path.stat().st_mtime_ns for path in files]
    content = [path.read_bytes() for path in files]
    two.write_text("p cnf 1 1\n1 0\n")
    three.write_text("half a file")
    (tmp_path / "other.cnf").write_text("p cnf 1 0\n")
    assert materialise("smoke", tmp_path) == files
    assert [path.read_bytes() for path in files] == content
    assert one.stat().st_mtime_ns == times[0]
    names = sorted([*(path.name for path in files), "manifest.csv", "other.cnf"])
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def pairs(member: Member) -> str:
    words = {True: "yes", False: "no"}
    return " ".join(f"{name}={words.get(value, value)}" for name, value in member.parameters.items())


def test_another_formula_is_refused() -> None:
    with pytest.raises(EngineError, match=r"langford-n-8-s0.cnf should have the digest 0{16}, but has "):
        Member("langford", {"n": 8}, 0, "0" * 16).generate()


def test_smoke_runs_where_only_the_dependencies_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cnfgen.py").write_text("raise ImportError('not installed')\n")  # once made some formulas
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, _out, err = bench("smoke", "-s", "kissat", "-t", "60", "-o", tmp_path / "out")
    assert (code, err) == (0, "")
    runs = table(tmp_path / "out").values()
    assert len(runs) == len(members("smoke"))
    assert {run.status for run in runs} == {"ok"}


def test_unknown_suites_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown suite 'nothing'.* smoke, ci, families"):
        materialise("nothing", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_finds_the_suite_by_its_name(smoke: list[Path]) -> None:
    sources = suite_files.find("smoke", smoke[0].parents[1])
    assert [source.file for source in sources] == smoke
    assert [source.family for source in sources] == [member.family for member in members("smoke")]
    assert {source.known for source in sources} == {"sat", "unsat", "unknown"}


@pytest.mark.parametrize("name", suites.NAMES)
def test_suites_are_many_families(name: str) -> None:
    chosen = members(name)
    assert len({member.file for member in chosen}) == len(chosen)
    generated = set(families.MODULES) - {"colouring-file", "bmc-file"}
    missing = generated - {member.family for member in chosen}
    assert not missing if name == "families" else len(missing) <= 5


def test_families_has_some_seventy() -> None:
    assert 65 <= len(members("families")) <= 80


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ci", "families"])
def test_large_suites_are_reproducible(name: str, tmp_path: Path) -> None:
    for member in members(name):
        member.generate()
