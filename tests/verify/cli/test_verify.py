"""turbosat-verify as a user meets it: answers, exit codes, files, errors of one line, limits, signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.processes import ROOT, allowance, descendants, eventually, gone
from tests.verify.reachability import counter
from tests.verify.test_bmc import hard
from tests.verify.test_equivalence import adder
from turbosat.encodings.circuit.aig import Aig
from turbosat.encodings.circuit.aiger import write
from turbosat.encodings.circuit.builder import AigBuilder
from turbosat.verify.cli.main import run

Told = tuple[int, list[str], str]  # exit code, lines of stdout, stderr
Call = Callable[..., Told]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Run turbosat-verify in this process."""

    def called(*words: object) -> Told:
        code = run([*map(str, words)])
        out, err = capfd.readouterr()
        return code, out.splitlines(), err

    return called


def saved(aig: Aig, path: Path) -> Path:
    write(aig, path, binary=path.suffix == ".aig")
    return path


def started(*words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "turbosat.verify.cli.main", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)


def test_equiv(call: Call, tmp_path: Path) -> None:
    one = saved(adder(4, [*range(8)]), tmp_path / "one.aig")
    other = saved(adder(4, [7, 6, 5, 4, 3, 2, 1, 0], carry_first=True), tmp_path / "other.aag")
    code, out, err = call("equiv", one, other)
    assert (code, out[-1], err) == (20, "s EQUIVALENT", "")
    assert "c 8 inputs matched by name" in out
    witness, told = tmp_path / "witness", tmp_path / "told.json"
    code, out, err = call("equiv", one, other, "--match", "order", "--witness", witness, "--json", told)
    assert (code, err) == (10, "")
    assert "s NOT EQUIVALENT" in out
    assert "c 8 inputs matched by order" in out
    values = [word for line in out if line.startswith("v ") for word in line.split()[1:]]
    assert [word.split("=")[0] for word in values] == [f"{'ab'[i % 2]}[{i // 2}]" for i in range(8)]
    (verdict,) = json.loads(told.read_text())["verdicts"]
    assert verdict["witness"]["inputs"] == ["".join(word[-1] for word in values)]
    assert {each["kind"] for each in verdict["differences"]} == {"output"}
    lines = witness.read_text().splitlines()
    assert (lines[0], lines[2:]) == ("1", ["", verdict["witness"]["inputs"][0], "."])


def test_names_are_told_as_they_are(call: Call, tmp_path: Path) -> None:
    aig = counter(2, last=3, bad=1)
    for name, told in ((b"p0", "b0 (p0)"), (b"b1", "b0 (b1)"), (b"b0", "b0"), (b"o0", "b0")):
        file = saved(replace(aig, symbols={("b", 0): name}), tmp_path / "counter.aig")
        assert f"c {told} fails in frame 1" in call("bmc", file, "-k", 3)[1]


def test_values_are_words(call: Call, tmp_path: Path) -> None:
    graph = AigBuilder()
    inputs = graph.add_inputs(2)
    one = graph.build(outputs=[1], symbols={("i", 0): b"a=1 b", ("i", 1): b"\\x"})
    other = replace(one, outputs=inputs[:1].copy())
    files = [saved(each, tmp_path / name) for each, name in ((one, "one.aag"), (other, "other.aag"))]
    out = call("equiv", *files)[1]
    (line,) = [line for line in out if line.startswith("v ")]
    words = [word.split("=") for word in line[2:].split(" ")]
    assert [(name, value in "01") for name, value in words] == [("a\\x3d1\\x20b", True), ("\\x", True)]


def test_errors_of_circuits_name_the_file(call: Call, tmp_path: Path) -> None:
    none = saved(Aig(1, counter(2, last=3, bad=1).ands[:0]), tmp_path / "none.aig")
    other = saved(counter(2, last=3, bad=1), tmp_path / "other.aig")
    for words, named in (
        (("bmc", none, "-k", 3), f"{none}: the circuit has no property"),
        (("prove", none), f"{none}: the circuit has no property"),
        (("bmc", other, "-k", 3, "-p", 1), f"{other}: a property"),
        (("equiv", none, other), f"{none} and {other}: the circuits differ"),
    ):
        code, _, err = call(*words)
        assert code == 1
        assert err.startswith(f"turbosat-verify: error: {named}")


def test_bmc(call: Call, tmp_path: Path) -> None:
    file = saved(counter(4, last=15, bad=6), tmp_path / "counter.aig")
    code, out, err = call("bmc", file, "--bound", 5)
    assert (code, out[-1], err) == (0, "s b0 UNKNOWN", "")
    assert "c b0 (reached) does not fail up to frame 5" in out
    code, out, err = call("bmc", file, "-k", 6)
    assert (code, out[-1], err) == (10, "s b0 FAILS", "")
    assert "c b0 (reached) fails in frame 6" in out
    code, out, err = call("bmc", file, "-k", 9, "--witness", "-")
    assert (code, out, err) == (10, ["1", "b0", "0000", *6 * ["1"], out[-2], "."], "")
    code, out, err = call("bmc", "-q", file, "-k", 2, "-p", 0)
    assert (code, out, err) == (0, ["s b0 UNKNOWN"], "")
    told = tmp_path / "told.json"
    code, out, err = call("bmc", file, "-k", 6, "--json", told)
    data = json.loads(told.read_text())
    assert data["command"][:2] == ["turbosat-verify", "bmc"]
    (verdict,) = data["verdicts"]
    assert (verdict["answer"], verdict["bound"], verdict["name"]) == ("fails", 5, "reached")
    assert len(verdict["witness"]["inputs"]) == 7


def test_prove(call: Call, tmp_path: Path) -> None:
    file = saved(counter(4, last=10, bad=12), tmp_path / "counter.aig")
    invariant = tmp_path / "invariant.cnf"
    code, out, err = call("prove", file, "--invariant", invariant)
    assert (code, out[-1], err) == (20, "s b0 HOLDS", "")
    assert invariant.read_text().startswith("c property b0\nc depth ")
    assert "p cnf 4 " in invariant.read_text()
    code, out, err = call("prove", saved(counter(4, last=15, bad=12), file), "--witness", "-")
    assert (code, out[:3], err) == (10, ["1", "b0", "0000"], "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("bmc", "FILE"), "Missing option '--bound' / '-k'"),
        (("bmc", "FILE", "-k", "-1"), "Invalid value for '--bound' / '-k'"),
        (("bmc", "FILE", "-k", "1", "-p", "1"), "a property must be from 0 to 0, not 1"),
        (("bmc", "none", "-k", "1"), "none: "),
        (("bmc", "FILE", "-k", "1", "--witness", "FILE"), "the witness would overwrite the circuit"),
        (("bmc", "FILE", "-k", "1", "--time", "soon"), "Invalid value for '--time' / '-t'"),
        (("equiv", "FILE"), "Missing argument"),
        (("equiv", "FILE", "OTHER"), "the circuits differ in what they have: 1 and 8 inputs"),
        (("equiv", "FILE", "FILE", "--match", "colour"), "Invalid value for '--match'"),
        (("verify", "FILE"), "No such command 'verify'"),
        (("bmc", "BROKEN", "-k", "1"), "broken.aag:1: "),
        (("bmc", "FILE", "-k", "1", "--json", "nowhere/told"), "nowhere/told: cannot write the statistics"),
    ],
)
def test_what_is_wrong_is_one_line(
    call: Call, tmp_path: Path, words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.aag").write_text("aag 1 1 1 1 1\n")
    files = {
        "FILE": str(saved(counter(3, 5, 7), tmp_path / "counter.aig")),
        "OTHER": str(saved(adder(4, [*range(8)]), tmp_path / "adder.aig")),
        "BROKEN": "broken.aag",
    }
    code, out, err = call(*(files.get(word, word) for word in words))
    assert code == 1
    assert not any(line.startswith(("s ", "v ")) for line in out)
    assert err.startswith("turbosat-verify: error: ")
    assert message in err
    assert err.count("\n") == 1


def test_help_and_version(call: Call) -> None:
    for words in (("--help",), ("bmc", "-h"), ("equiv", "--help"), ("prove", "-h")):
        code, out, err = call(*words)
        assert (code, err) == (0, "")
        assert out[0].startswith("Usage: turbosat-verify")
    assert call("--version")[0] == 0


def test_names_are_shown_as_they_can_be(call: Call, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"d\x1b[31m\xff\n.aag")
    file = saved(counter(3, 7, 3), odd)
    renamed = odd.read_bytes().replace(b"reached", b"\x1b]0;x\x07")
    odd.write_bytes(renamed)
    code, out, err = call("bmc", file, "-k", 4)
    assert (code, err) == (10, "")
    assert all(line.isprintable() for line in out)
    assert r"c b0 (\x1b]0;x\x07) fails in frame 3" in out


def test_standard_input_and_pipes(tmp_path: Path) -> None:
    file = saved(counter(3, 7, 3), tmp_path / "counter.aig")
    command = [sys.executable, "-m", "turbosat.verify.cli.main", "bmc", "-", "-q", "-k", "3"]
    done = subprocess.run(command, cwd=ROOT, input=file.read_bytes(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (10, b"s b0 FAILS\n", b"")


def test_the_time_limit_holds(tmp_path: Path) -> None:
    file = saved(hard(), tmp_path / "hard.aig")
    began = time.monotonic()
    with started("bmc", file, "-k", 9, "--time", 2) as process:
        out, err = process.communicate(timeout=120)
    assert time.monotonic() - began <= 2 + allowance(0.5) + 1
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "s b0 UNKNOWN"
    assert "c b0: no answer: time; it does not fail up to frame 0" in out


@pytest.mark.parametrize("words", [("bmc", "FILE", "-k", "9"), ("prove", "FILE"), ("equiv", "ONE", "TWO")])
def test_a_signal_ends_it_and_all_children(words: tuple[str, ...], tmp_path: Path) -> None:
    files = {"FILE": tmp_path / "hard.aig", "ONE": tmp_path / "one.aig", "TWO": tmp_path / "two.aig"}
    for name, path in files.items():
        saved(hard() if name == "FILE" else swapped(name == "TWO"), path)
    process = started(*(files.get(word, word) for word in words))
    assert eventually(lambda: bool(descendants(process.pid)), within=60)
    children = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    with process:
        out, err = process.communicate(timeout=120)
    assert time.monotonic() - began <= allowance(0.5) + 1
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-1].endswith("UNKNOWN")
    assert "interrupted" in out
    assert gone(children)


def swapped(turned: bool) -> Aig:
    """Return a multiplier of 16 bits, or one with its factors turned round."""
    from tests.verify.test_bmc import product
    from turbosat.encodings.circuit.builder import AigBuilder

    graph = AigBuilder()
    a, b = ([graph.add_input() for _ in range(16)] for _ in range(2))
    return graph.build(outputs=product(graph, b, a) if turned else product(graph, a, b))
