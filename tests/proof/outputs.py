"""turbosat as a process whose outputs are looked at, and small formulas for it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.families import dimacs, pigeonhole
from tests.processes import ROOT
from turbosat.check import check_proof

LONG = 60.0  # seconds; only what is broken takes that long
UNSAT = dimacs(*pigeonhole(7, 6))
SAT = "p cnf 3 2\n1 2 0\n-1 3 0\n"
XORS = "p cnf 3 3\nx1 2 0\nx2 3 0\nx1 3 0\n"  # a contradiction


def begin(*words: str | bytes | Path, cwd: Path, **more: Any) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "turbosat", *words]
    usual = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "env": {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1"},
    }
    return subprocess.Popen(command, cwd=cwd, **{**usual, **more})


def end(process: "subprocess.Popen[bytes]") -> tuple[int, bytes, bytes]:
    with process:
        try:
            said, complained = process.communicate(timeout=LONG)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # it says where it hangs
            raise AssertionError(process.communicate()) from None
    return process.returncode, said, complained


def run(*words: str | bytes | Path, cwd: Path, **more: Any) -> tuple[int, bytes, bytes]:
    return end(begin(*words, cwd=cwd, **more))


def proves(formula: Path, proof: bytes) -> bool:
    return check_proof(formula, proof).outcome == "verified"


def read_all(pipe: Path, data: list[bytes]) -> threading.Thread:
    """Read a named pipe to its end, in a thread."""
    thread = threading.Thread(target=lambda: data.append(pipe.read_bytes()), daemon=True)
    thread.start()
    return thread
