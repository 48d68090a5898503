"""The fuzzer finds faults that are planted, makes them smaller, and finds none in turbosat in a short run."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import options
from tests.fuzz.cases import Description, describe
from tests.fuzz.command_line import PLAIN, Team
from tests.fuzz.meaning import Meaning
from tests.fuzz.reading import read
from tests.processes import ROOT
from tests.turbosat.brute import models
from turbosat.formula import files

FAULTY = (sys.executable, str(Path(__file__).with_name("faulty.py")))
FALSE = {"family": "ksat", "n": 2, "m": 60, "k": 2, "seed": 0}  # all clauses over two variables
PLANTED = {
    "nothing": [],
    "traceback": ["traceback: RuntimeError in faulty.py/misbehave"],
    "process": ["left process"],
    "file": ["left file: /tmp/left"],
    "stray": ["stray file: -"],
    "input": ["input changed: changed, as nothing"],
    "$(touch CANARY)": ["stray file: CANARY", "canary"],
    "sleep": ["hang"],
    "late": ["late: limit"],
    "two lines": ["stderr: turbosat: error: something"],
    "raw": ["raw control: stdout"],
    "silent": ["silent error"],
    "refusal": ["refused"],
    "answer": ["WRONG MODEL", "WRONG ANSWER: SATISFIABLE"],
    "code": ["exit code: 3", "s line: ['UNSATISFIABLE'] with exit code 3"],
    "s line": ["refused", "s line: ['UNSATISFIABLE'] with exit code 1"],
    "unknown": ["gave up"],
    "proof": ["proof rejected: new"],
    "json": ["json: another status, new"],
}
SLOW = "sleep", "late", "file", "stray", "two lines", "raw", "code", "s line", "json"


@pytest.fixture(scope="module")
def team() -> Iterator[Team]:
    """Yield a worker that runs the faulty program."""
    with Team(1, 0, FAULTY) as found:
        yield found


def planted(fault: str) -> Description:
    name = f"{fault}.cnf"
    limit = [["--time", "0.5"]] if fault == "late" else []
    proof = [["proof"]] if fault in ("nothing", "proof") else []  # to check them takes a moment
    return {
        **PLAIN,
        "argv": [["--json=json"], *limit, [name], *proof],
        "files": {name: {"is": "regular", "content": FALSE}},
        "targets": dict.fromkeys(["json", *(word for words in proof for word in words)], "new"),
        "patience": 0.5 if fault == "sleep" else 30,
    }


# Those that take long are for who asks for slow tests.
@pytest.mark.parametrize(
    "fault",
    [pytest.param(each, marks=pytest.mark.slow if each in SLOW else ()) for each in PLANTED],
)
def test_planted_fault_is_found(fault: str, team: Team) -> None:
    judged = team.ask("description", planted(fault))
    assert [found.signature for found in judged.faults] == PLANTED[fault]


def test_failing_description_is_made_smaller(team: Team) -> None:
    name = "traceback.cnf"
    large = {
        **planted("traceback"),
        "argv": [["--quiet"], ["--json=json"], ["--seed", "3"], [name]],
        "stdin": {"is": "pipe slow", "content": FALSE},
        "stderr": {"is": "file"},
        "environment": {"variables": {"LANG": "C"}},
        "signals": [[20, "TERM", "group"]],
        "launcher": "bin",
    }
    small = team.ask("shrink", (large, PLANTED["traceback"][0]))
    content = {"is": "regular", "content": {"family": "pigeons", "n": 3}}
    assert small == {**PLAIN, "argv": [[name]], "files": {name: content}, "targets": {}, "patience": 30}


def test_description_depends_on_seed_and_number_alone_and_is_plain_data() -> None:
    for number in range(300):
        description = describe(5, number)
        assert json.loads(json.dumps(description)) == describe(5, number)
        assert Meaning(description).outputs.keys() <= {"proof", "json", "certificate"}
    assert describe(5, 1) != describe(6, 1)


def test_every_declared_option_is_tried() -> None:
    words = {group[0].partition("=")[0] for number in range(3000) for group in describe(0, number)["argv"]}
    for _, _, option in options.table():
        for flag in (*option.flags, *(option.switch or ())):
            assert {*flag.split("/")} <= {word[: len(each)] for word in words for each in flag.split("/")}, (
                flag
            )


def test_tiny_reader_and_its_meaning_of_xors() -> None:
    text = b"c\np cnf 7 4\n1 -2\n3 0\nc\nx1 2 -3 4 5 6 7 0\nx-1 2 0\n-4 0\n"
    reading, formula = read(text), files.parse(text)
    assert reading is not None
    assert read(reading.dimacs()) == reading
    signed = ([v if value else -v for v, value in enumerate(values, 1)] for values in models(formula))
    assert all(reading.falsified(model) == "" for model in signed)
    assert reading.falsified([1, -2, -3, -4, -5, -6, -7]) == "XOR [1, 2, -3, 4, 5, 6, 7]"
    assert reading.falsified([-1, -2, -3, 4, -5, -6, -7]) == "clause [-4]"
    assert reading.satisfiable() is bool(models(formula))


@pytest.mark.parametrize(
    "text",
    [
        *(b"p cnf 1 1\n1 0\n2 0\n", b"p cnf 1 1\n1", b"p cnf 1 2\nx1 0 1 0\n"),
        *(b"p  cnf 1 1\n1 0\n", b"p cnf 2 2\n1 0\r2 0\n", b"\x1f\x8b"),
    ],
)
def test_tiny_reader_reads_nothing_doubtful(text: bytes) -> None:
    assert read(text) is None


@pytest.mark.slow
def test_turbosat_in_a_short_run(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.command_line",
        "--runs=12",
        "--seed=1",
        "--jobs=2",
        "--no-shrink",
    ]
    run = subprocess.run(
        [*command, f"--folder={tmp_path}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
