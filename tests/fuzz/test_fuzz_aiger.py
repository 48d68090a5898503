"""The AIGER reader's fuzzer finds planted faults, and none in the reader in a short run."""

import re
import subprocess
import sys

import pytest

from tests.fuzz.aiger import SEEDS, Fuzzer, Reader
from tests.processes import ROOT
from turbosat.encodings.circuit import aiger
from turbosat.encodings.circuit.aig import Aig


def forgetful(data: bytes) -> Aig:
    return aiger.parse(data.partition(b"\nc")[0] + b"\n")


def fragile(data: bytes) -> Aig:
    data[60]
    return aiger.parse(data)


def trusting(data: bytes) -> Aig:
    return aiger.parse(data.replace(b" \n", b"\n"))


@pytest.mark.parametrize(
    ("read", "fault"),
    [
        (forgetful, "another graph"),
        (fragile, "IndexError: index out of range"),
        (trusting, "accepted what is wrong"),
    ],
)
def test_planted_faults_are_found(read: Reader, fault: str) -> None:
    fuzzer = Fuzzer(1, read)
    for data in SEEDS:
        fuzzer.run(data)
    for _ in range(2000):
        if fault in fuzzer.faults:
            break
        fuzzer.run(fuzzer.mutated())
    assert fault in fuzzer.faults


def test_a_short_run_finds_nothing_and_gets_about() -> None:
    command = [sys.executable, "-m", "tests.fuzz.aiger", "--runs", "2000", "--seed", "7"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    match = re.search(r"(\d+) blocks of code, (\d+) files kept", run.stdout)
    assert match is not None
    assert int(match[1]) > 90
    assert int(match[2]) > 30
