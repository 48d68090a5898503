"""turbosat-bench run as a user runs it: real solvers, nasty ones, limits, wrong answers."""

import csv
import json
import lzma
import os
import pty
import statistics
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.benchmarks.bench import SMALL, Words, bench, nasty, table
from tests.benchmarks.report.nasty import program
from tests.families import dimacs, pigeonhole, random_ksat
from tests.processes import ROOT, allowance
from turbosat.benchmarks.store import Experiment


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    for number in range(3):
        (folder / f"random-{number}.cnf").write_text(dimacs(*random_ksat(50, 200 + 5 * number, seed=number)))
    (folder / "pigeons.cnf.xz").write_bytes(lzma.compress(dimacs(*pigeonhole(6, 5)).encode()))
    (folder / "manifest.csv").write_text("file,family,status\npigeons.cnf.xz,pigeons,UNSAT\n")
    return folder


@pytest.fixture
def one(tmp_path: Path) -> Path:
    path = tmp_path / "one.cnf"
    path.write_text(SMALL)
    return path


def test_real_solvers(suite: Path, tmp_path: Path) -> None:
    solvers = ("turbosat", "kissat", "cadical", "two=portfolio:kissat,kissat --sat")
    options = [word for solver in solvers for word in ("-s", solver)]
    folder = tmp_path / "out"
    order: Words = (suite, *options, "-t", "300", "-m", "4G", "-c", "2", "--proofs", "-o", folder)
    code, out, err = bench(*order)
    assert code == 0
    assert err == "note: no proofs from cadical: their UNSATISFIABLE is not checked\n"
    assert [line.split()[0] for line in out.splitlines()] == [
        "solver",
        *("turbosat", "kissat", "cadical", "two"),
        "results:",
    ]
    runs = table(folder)
    assert len(runs) == 16
    results = {key[0]: run.result for key, run in runs.items()}
    assert sorted(results.values()).count("unsat") >= 1
    for run in runs.values():
        assert (run.status, run.result, run.attempt) == ("ok", results[run.hash], 1)
        proves = run.solver != "cadical"
        assert run.verified == ("model" if run.result == "sat" else "proof" if proves else "none")
        assert 0 < run.wall < 300
        assert run.rss >= 0
        assert run.exit == (10 if run.result == "sat" else 20)
        if run.solver == "turbosat":
            assert (run.lane != "", run.lane_seed) == (True, 0)
        elif run.solver == "two":
            assert run.lane in ("kissat", "kissat --sat")
            assert run.lane_seed == (1 if "--sat" in run.lane else 0)
    with Experiment.open(folder) as experiment:
        header = experiment.header
        pigeons = next(each for each in experiment.instances.values() if each.family == "pigeons")
        assert (pigeons.known, pigeons.variables, results[pigeons.hash]) == ("unsat", 30, "unsat")
        assert pigeons.bytes == (suite / "pigeons.cnf.xz").stat().st_size
        assert experiment.solvers["two"].kind == "portfolio"
    assert header["limits"]["timeout"] == 300
    assert header["limits"]["memory"] == 4 << 30
    assert header["machine"]["cores"] >= 2
    assert header["command"][:2] == ["turbosat-bench", "run"]
    rows = list(
        csv.DictReader(line for line in (folder / "runs.csv").read_text().splitlines() if line[0] != "#")
    )
    assert len(rows) == 16
    assert not (folder / "scratch").exists()
    assert len(list((folder / "logs").glob("*.out.xz"))) == 16
    before = folder.joinpath("runs.csv").read_text()
    assert bench(*order)[0] == 0  # there is nothing left to do
    assert folder.joinpath("runs.csv").read_text() == before


def test_wrong_answers_fail_the_whole_loudly(one: Path, tmp_path: Path) -> None:
    names = ("sat", "unsat", "wrong-model", "beyond", "garbled", "two-answers", "code-10", "no-model")
    code, _, err = bench(one, *nasty(tmp_path, *names), "-o", tmp_path / "out", "-t", "20")
    assert code == 1
    runs = {run.solver: run for run in table(tmp_path / "out").values()}
    status = {name: (runs[name].result, runs[name].status, runs[name].verified) for name in names}
    assert status == {
        "sat": ("sat", "ok", "model"),
        "unsat": ("unknown", "wrong", "failed"),
        "wrong-model": ("unknown", "wrong", "failed"),
        "beyond": ("unknown", "wrong", "failed"),
        "garbled": ("unknown", "error", "failed"),
        "two-answers": ("unknown", "wrong", "none"),
        "code-10": ("unknown", "wrong", "none"),
        "no-model": ("unknown", "error", "none"),
    }
    assert "WRONG ANSWERS: 5" in err
    assert err.count("WRONG: ") == 5
    assert "sat's model was checked" in runs["unsat"].reason
    assert "clause" in runs["wrong-model"].reason
    assert "error: no-model" in err
    assert bench(one, *nasty(tmp_path, *names), "-o", tmp_path / "out", "-t", "20")[0] == 1  # it stays so


def test_known_statuses_count(one: Path, tmp_path: Path) -> None:
    order: Words = (one, *nasty(tmp_path, "unsat"), "-o", tmp_path / "out", "-t", "20")
    assert bench(*order)[0] == 0
    known = tmp_path / "known.csv"
    known.write_text("name,status\none.cnf,SAT\n")
    code, _, err = bench(*order, "--known", known)  # known only now
    assert code == 1
    assert "known is satisfiable" in err
    known.write_text("name,status\none.cnf,UNSAT\n")
    code, _, err = bench(one, *nasty(tmp_path, "sat"), "-o", tmp_path / "other", "-t", "20", "--known", known)
    assert code == 1
    assert "model checked, but it was known to be unsatisfiable" in err


def test_proofs_are_asked_for_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "unsat.cnf"
    path.write_text("p cnf 2 4\n1 2 0\n1 -2 0\n-1 2 0\n-1 -2 0\n")
    solvers = []
    for name, proof in (
        ("proves", "1 0\n0\n"),
        ("proves-nothing", "0\n"),
        ("proves-garbage", "hello\n"),
    ):
        text = program(tmp_path, name)
        script = tmp_path / f"{name}.py"
        script.write_text(
            f"import sys, os\nopen(sys.argv[2], 'w').write({proof!r})\n" + script.read_text().splitlines()[-1]
        )
        solvers += ["-s", f"{text} {{file}} {{proof}}"]
    order: Words = (path, *solvers, *nasty(tmp_path, "unsat"), "-t", "20")
    code, _, _ = bench(*order, "--proofs", "-o", tmp_path / "with")
    runs = {run.solver: (run.result, run.status, run.verified) for run in table(tmp_path / "with").values()}
    assert runs == {
        "proves": ("unsat", "ok", "proof"),
        "proves-nothing": ("unknown", "wrong", "failed"),
        "proves-garbage": ("unknown", "error", "failed"),
        "unsat": ("unsat", "ok", "none"),
    }
    assert code == 1
    assert bench(*order, "-o", tmp_path / "without")[0] == 0
    assert {run.verified for run in table(tmp_path / "without").values()} == {"none"}


def test_solvers_see_names_of_ours(tmp_path: Path) -> None:
    """There are some that hand names to a shell."""
    path, seen = tmp_path / "x;touch PWNED;$(touch PWNED).cnf", tmp_path / "seen"
    path.write_text(SMALL)
    text = program(tmp_path, "unsat")
    script = tmp_path / "unsat.py"
    script.write_text(f"import sys\nopen({str(seen)!r}, 'w').write(sys.argv[1])\n" + script.read_text())
    bench(path, "-s", text, "-t", "20", "-o", tmp_path / "out")
    assert Path(seen.read_text()).name == "formula.cnf"
    assert not Path(seen.read_text()).exists()
    packed = tmp_path / "$(touch PWNED).7z"
    packed.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    code, _, err = bench(packed, "-s", "kissat", "-t", "20", "-o", tmp_path / "packed")
    assert code == 1
    assert "found 7z" in err


def test_limits_make_a_status(one: Path, tmp_path: Path) -> None:
    names = ("deaf", "hungry", "gives-up", "floods", "code-3")
    code, out, _ = bench(one, *nasty(tmp_path, *names), "-t", "0.5", "-m", "100M", "-o", tmp_path / "out")
    assert code == 0
    runs = {run.solver: (run.result, run.status) for run in table(tmp_path / "out").values()}
    assert runs == {
        "deaf": ("unknown", "timeout"),
        "hungry": ("unknown", "memout"),
        "gives-up": ("unknown", "ok"),
        "floods": ("unknown", "timeout"),
        "code-3": ("unknown", "error"),
    }
    assert sum(path.stat().st_size for path in (tmp_path / "out" / "logs").iterdir()) < 1 << 20
    assert out.splitlines()[1].split()[:8] == ["deaf", "1", "0", "0", "0", "1", "0", "0"]


def test_a_solver_that_kills_the_harness_does_not_stop_it(one: Path, tmp_path: Path) -> None:
    names = ("kills-runner", "kills-runner-once", "unsat")
    order: Words = (one, *nasty(tmp_path, *names), "-t", "20", "-o", tmp_path / "out", "--jobs", "2")
    if len(os.sched_getaffinity(0)) < 2:
        order = order[:-2]
    code, _, err = bench(*order)
    assert code == 0
    runs = {run.solver: (run.result, run.status, run.attempt) for run in table(tmp_path / "out").values()}
    assert runs == {
        "kills-runner": ("unknown", "error", 3),
        "kills-runner-once": ("unsat", "ok", 2),
        "unsat": ("unsat", "ok", 1),
    }
    assert "lost its own processes" in err


def test_seeds_and_jobs(suite: Path, tmp_path: Path) -> None:
    jobs = str(min(2, len(os.sched_getaffinity(0))))
    order: Words = (suite, "-s", "kissat", "-t", "20", "--seed", "5", "--jobs", jobs, "-o", tmp_path / "out")
    assert bench(*order, "--seeds", "2")[0] == 0
    first = table(tmp_path / "out")
    assert sorted({key[2] for key in first}) == [5, 6]
    assert bench(*order, "--seeds", "3")[0] == 0  # more seeds extend it
    runs = table(tmp_path / "out")
    assert len(runs) == 12
    assert {key: runs[key] for key in first} == first


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("-t", "5"), "timeout 20.0, not 5.0"),
        (("-t", "20", "-m", "100M"), "memory"),
        (("-t", "20", "--proofs"), "proofs"),
        (("-t", "20", "-s", "kissat=kissat --sat"), "give it another name"),
    ],
)
def test_runs_of_another_kind_do_not_mix(
    one: Path, tmp_path: Path, changes: tuple[str, ...], words: str
) -> None:
    assert bench(one, "-s", "kissat", "-t", "20", "-o", tmp_path / "out")[0] == 0
    solver = () if "-s" in changes else ("-s", "kissat")
    code, out, err = bench(one, *solver, *changes, "-o", tmp_path / "out")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing-there",), "nothing-there"),
        ((".", "-s", "minisat"), "minisat"),
        ((".", "-s", "kissat", "-s", "kissat"), "two solvers"),
        ((".", "-s", "kissat", "--cores", "4096"), "4096 cores"),
        ((".", "-s", "kissat", "-m", "lots"), "lots"),
        ((".", "-s", "kissat", "-m", "99999G"), "memory"),
        ((".", "-s", "kissat", "--known", "nothing.csv"), "nothing.csv"),
    ],
)
def test_errors_are_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "one.cnf").write_text(SMALL)
    suite, *rest = (str(tmp_path) if word == "." else word for word in arguments)
    solver = rest if "-s" in rest else ["-s", "kissat", *rest]
    code, out, err = bench(suite, *solver, "-o", tmp_path / "out")
    assert (code, out) == (1, "")
    assert err.startswith("turbosat-bench: error: ")
    assert err.count("\n") == 1
    assert words in err


def test_a_file_that_is_not_what_its_list_says(one: Path, tmp_path: Path) -> None:
    listing = tmp_path / "list"
    listing.write_text(f"{'0' * 32} one.cnf\n")
    code, _, err = bench(listing, "-s", "kissat", "-o", tmp_path / "out")
    assert code == 1
    assert "c6ce184c63bd60d30c531eac029fd725" in err


@pytest.mark.parametrize("name", ["unsat", "sat"])
def test_overhead_is_below_50_milliseconds(one: Path, tmp_path: Path, name: str) -> None:
    """From the start of one run to that of the next, less what the solver took; the model is checked."""
    answer = "s SATISFIABLE\\nv -1 2 0" if name == "sat" else "s UNSATISFIABLE"
    solver = f"{name}=/bin/sh -c \"printf '{answer}\\n'; exit {10 if name == 'sat' else 20}\""
    assert bench(one, "-s", solver, "--seeds", "40", "-t", "20", "-o", tmp_path / "out")[0] == 0
    runs = sorted(table(tmp_path / "out").values(), key=lambda run: run.started)
    begun = [datetime.fromisoformat(run.started).timestamp() for run in runs]
    overheads = [
        after - before - run.wall for before, after, run in zip(begun, begun[1:], runs, strict=False)
    ]
    assert {run.result for run in runs} == {name}
    assert statistics.median(overheads) < allowance(0.05)


def test_progress_is_shown_on_a_terminal(suite: Path, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    words = ["run", str(suite), "-s", "kissat", "-t", "20", "-o", str(tmp_path / "out")]
    with subprocess.Popen(
        [sys.executable, "-m", "turbosat.benchmarks.commands.main", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=slave,
    ) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                block = os.read(master, 4096)
            except OSError:
                break
            if not block:
                break
            shown += block
        os.close(master)
    assert process.returncode == 0
    assert b"4 of 4 runs, 4 solved" in shown
    assert shown.endswith(b"\r\x1b[K")


def test_export_writes_the_table_again(one: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin.cnf"
    twin.write_text(SMALL.replace("\n1", "\nc the same\n 1"))
    code, _, err = bench(one, twin, "-s", "kissat", "-o", tmp_path / "out")
    assert (code, err) == (0, "note: files whose formula is there already: 1\n")
    written = (tmp_path / "out" / "runs.csv").read_text()
    (tmp_path / "out" / "runs.csv").unlink()
    command = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "export", str(tmp_path / "out")]
    for options, place in (
        ([], tmp_path / "out" / "runs.csv"),
        (["-o", str(tmp_path / "x")], tmp_path / "x"),
    ):
        subprocess.run([*command, *options], cwd=ROOT, check=True)
        assert place.read_text() == written


def test_check_is_a_door_to_the_checker(one: Path, tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    for text, code, line in (("v -1 2 0\n", 10, "s SATISFIABLE"), ("v 1 2 0\n", 1, "s NOT VERIFIED")):
        answer.write_text(f"s SATISFIABLE\n{text}")
        command = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "check", str(one), str(answer)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, "")
        assert done.stdout.splitlines()[-1] == line


def test_a_broken_folder_is_one_line(one: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "runs.sqlite").write_text(json.dumps({"not": "a database"}) * 100)
    code, _, err = bench(one, "-s", "kissat", "-o", folder)
    assert (code, err.count("\n")) == (1, 1)
