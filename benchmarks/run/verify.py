"""The process beside a runner that reads files: it describes formulas, and checks models and proofs.

It is apart from the runner because the checker's libraries take memory that a fork would have to copy.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from turbosat.benchmarks.gbd_hash import Description, content, describe
from turbosat.benchmarks.run.worker import serve
from turbosat.cdcl.process.tree import PR_SET_PDEATHSIG
from turbosat.check import CheckError, check


@dataclass(frozen=True, slots=True)
class Done:
    """What a check found, or that the work is done; `malformed` answers are no answers at all."""

    outcome: Literal["verified", "not verified", "timeout", "malformed"]
    reason: str = ""


def unpack(path: Path, target: Path) -> Done:
    """Write the content of a compressed file, so that no solver's time goes into it."""
    with open(target, "wb") as file:
        for block in content(path):
            file.write(block)
    return Done("verified")


def judge(formula: str, answer: str, kind: Literal["model", "proof"], seconds: float | None) -> Done:
    """Check a model or a proof against a formula; no more than `seconds` are spent on a proof."""
    try:
        verdict = check(formula, answer, kind=kind, seconds=seconds).verdict
    except CheckError as error:
        return Done("malformed", str(error).replace(f"{answer}:", ""))
    except MemoryError:
        return Done("malformed", "it does not fit into memory")
    return Done(verdict.outcome, verdict.reason)


def _handle(data: dict[str, Any]) -> Done | Description:
    match data:
        case {"describe": path}:
            return describe(Path(path))
        case {"unpack": path, "target": target}:
            return unpack(Path(path), Path(target))
        case {"judge": kind, "formula": formula, "answer": answer, "seconds": seconds}:
            return judge(formula, answer, kind, seconds)
    check(b"p cnf 1 1\n1 0\n", b"v 1 0\n", kind="model")  # whatever must be loaded, is now
    return Done("verified")


def main(channel: socket.socket) -> None:
    """Serve requests until the harness goes away; die in the middle of one if it does."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        serve(channel, _handle)
