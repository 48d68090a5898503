"""turbosat-aigbmc and turbosat-ric3: what SymbiYosys reads, and with which exit codes."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.processes import ROOT
from tests.verify.cli.test_verify import saved
from tests.verify.reachability import counter
from tests.verify.test_bmc import hard
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.system import process_start
from turbosat.verify.cli.shims import run_aigbmc, run_ric3
from turbosat.verify.verdict import Witness
from turbosat.verify.witness import fails

Program = Callable[[list[str]], int]


def told(program: Program, capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[str], str]:
    code = program([*map(str, words)])
    out, err = capfd.readouterr()
    return code, out.splitlines(), err


def test_aigbmc(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    aig = counter(4, last=15, bad=3)
    file = saved(aig, tmp_path / "counter.aig")
    assert told(run_aigbmc, capfd, 2, file) == (0, ["u0", "u1", "u2", "2", "b0", "."], "")
    code, out, err = told(run_aigbmc, capfd, 8, file)
    assert (code, out[:6], out[-1], err) == (0, ["u0", "u1", "u2", "1", "b0", "0000"], ".", "")
    inputs = np.array([[bit == "1" for bit in line] for line in out[6:-1]])
    assert fails(aig, Witness(np.zeros(4, np.bool_), inputs), 0)
    assert told(run_aigbmc, capfd, "-q", 2, file)[1] == ["2", "b0", "."]
    assert told(run_aigbmc, capfd, 2, "--time", 60, file)[0] == 0


def test_aigbmc_ends_at_the_first_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    graph = AigBuilder()
    late = graph.add_latch()
    graph.set_next(late, 1)
    file = saved(graph.build(bad=[0, late]), tmp_path / "two.aig")
    assert told(run_aigbmc, capfd, 5, file) == (0, ["u0", "1", "b1", "0", "", "", "."], "")


@pytest.mark.parametrize("words", [["2000"], ["-e", "bmc", "--end", "2000", "--witness"]])
@pytest.mark.parametrize("seconds", [-1.0, 1.0])  # before the circuit is read, and behind the first frame
def test_a_limit_before_the_bound_is_no_pass(
    words: list[str], seconds: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = saved(hard(), tmp_path / "hard.aig")
    program = run_ric3 if len(words) > 1 else run_aigbmc
    limit = time.monotonic() - process_start() + seconds if seconds > 0 else 0
    code, out, err = told(program, capfd, *words, "--time", limit, file)
    assert code == 1
    assert all(line.startswith("u") for line in out)
    assert "error: no answer up to the bound: time" in err
    assert err.count("\n") == 1


def test_a_limit_leaves_a_proof_unknown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = saved(hard(), tmp_path / "hard.aig")
    assert told(run_ric3, capfd, "--witness", "--time", 0, file) == (0, ["2", "b0", "."], "")


@pytest.mark.parametrize(
    ("program", "words"), [("aigbmc", ["9"]), ("ric3", ["--witness"]), ("ric3", ["-e", "bmc", "--witness"])]
)
def test_an_output_that_cannot_be_written_is_said(program: str, words: list[str], tmp_path: Path) -> None:
    file = saved(counter(4, last=15, bad=3), tmp_path / "counter.aig")
    code = f"from turbosat.verify.cli import shims; shims.{program}()"
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-c", code, *words, str(file)]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"turbosat-{program}: error: standard output: cannot write to it: No space left on device\n"
    )


def test_who_does_not_read_ends_it(tmp_path: Path) -> None:
    """A counter of 30 bits never becomes bad in so many frames; there would be no end."""
    file = saved(counter(30, last=2**30 - 1, bad=2**30 - 2), tmp_path / "counter.aig")
    command = [
        sys.executable,
        "-c",
        "from turbosat.verify.cli import shims; shims.aigbmc()",
        "100000",
        str(file),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "u0\n"
        process.stdout.close()
        assert process.wait(60) == 1
        assert process.stderr.read() == (
            "turbosat-aigbmc: error: standard output: cannot write to it: Broken pipe\n"
        )


def test_nothing_that_can_fail(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    graph = AigBuilder()
    file = saved(graph.build(bad=[0]), tmp_path / "safe.aig")
    assert told(run_aigbmc, capfd, 5, file)[1][-3:] == ["0", "b0", "."]


def test_ric3(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    safe = saved(counter(4, last=10, bad=12), tmp_path / "safe.aig")
    wrong = saved(counter(4, last=15, bad=3), tmp_path / "wrong.aig")
    assert told(run_ric3, capfd, "--witness", safe) == (20, ["0", "b0", "."], "")
    code, out, err = told(run_ric3, capfd, "--witness", wrong)
    assert (code, out[:3], out[-1], err) == (10, ["1", "b0", "0000"], ".", "")
    assert told(run_ric3, capfd, "-e", "bmc", "--end", 2, "--witness", wrong) == (0, ["2", "b0", "."], "")
    assert told(run_ric3, capfd, "-e", "bmc", "--end", 9, wrong) == (10, [], "")


@pytest.mark.parametrize(
    ("program", "words", "message"),
    [
        (run_aigbmc, ["x", "none"], "turbosat-aigbmc: error: Invalid value for 'K'"),
        (run_aigbmc, ["3", "none"], "turbosat-aigbmc: error: none: "),
        (run_ric3, ["-e", "magic", "none"], "turbosat-ric3: error: Invalid value for '--engine' / '-e'"),
    ],
)
def test_errors(program: Program, words: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(program, capfd, *words)
    assert (code, out) == (1, [])
    assert err.startswith(message)
    assert err.count("\n") == 1
