"""turbosat-verify beside others: bmc beside the harness's unrolling and Kissat, equiv beside ABC, in turns.

python -m turbosat.benchmarks.circuits --time 60 -o results.json bmc FILE:BOUND...
python -m turbosat.benchmarks.circuits --time 120 -o results.json equiv FILE,FILE...
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path

from turbosat.cdcl.process.binaries import find_kissat
from turbosat.printable import printable
from turbosat.system import available_cores
from turbosat.version import __version__

GRACE = 10  # seconds over the limit before a command is killed
VERIFY = [sys.executable, "-m", "turbosat.verify.cli.main"]
GENERATE = [sys.executable, "-m", "turbosat.benchmarks.commands.main", "gen", "bmc-file"]
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Run:
    """What one side says: an answer, with the frame that fails if one does, wall and CPU seconds."""

    answer: str
    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides on one question."""

    question: str
    turbosat: Run
    other: Run

    @property
    def agree(self) -> bool:
        """Whether the two answers fit together."""
        return (
            UNKNOWN in (self.turbosat.answer, self.other.answer) or self.turbosat.answer == self.other.answer
        )


def called(command: list[str], limit: float) -> tuple[int, str]:
    """Return exit code and output; the code is 0 where it had to be killed."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=limit + GRACE, check=False
        )
    except subprocess.TimeoutExpired:
        return 0, ""
    return done.returncode, done.stdout


def timed(ask: Callable[[], str]) -> Run:
    """Time a side that answers by commands."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    answer = ask()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(answer, round(time.monotonic() - began, 3), round(cpu, 3))


def checked(file: str, bound: int, limit: float) -> str:
    """Let turbosat-verify look at the first property up to a bound: "holds up to K" or "fails in K"."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "told.json")
        words = ["bmc", file, "-k", str(bound), "-p", "0", "-q", "--time", str(limit), "--json", str(told)]
        code, _ = called([*VERIFY, *words], limit)
        if code not in (0, 10, 20) or not told.exists():
            return UNKNOWN
        (verdict,) = json.loads(told.read_text())["verdicts"]
    if verdict["answer"] == "fails":
        return f"fails in {len(verdict['witness']['inputs']) - 1}"
    whole = verdict["answer"] == "holds" or verdict["bound"] == bound
    return f"holds up to {bound}" if whole else UNKNOWN


def unrolled(file: str, bound: int, limit: float) -> str:
    """Unroll by the harness and ask Kissat; where it fails, ask again for a frame less until it holds."""
    end, failing = time.monotonic() + limit, None
    with tempfile.TemporaryDirectory() as folder:
        formula = str(Path(folder, "unrolled.cnf"))
        low, high = 0, bound
        while low <= high:  # the whole bound first, then by halves towards the first frame that fails
            middle = high if failing is None else (low + high) // 2
            called([*GENERATE, "--file", file, "--bound", str(middle), "-o", formula], limit)
            left = end - time.monotonic()
            if left <= 0:
                return UNKNOWN
            code, _ = called([find_kissat(), "-q", "-n", f"--time={math.ceil(left)}", formula], left)
            if code == 20:
                low = middle + 1
            elif code == 10:
                failing, high = middle, middle - 1
            else:
                return UNKNOWN
    return f"holds up to {bound}" if failing is None else f"fails in {failing}"


def compared(pair: str, limit: float) -> str:
    """Let turbosat-verify compare two circuits, in order."""
    words = ["equiv", *pair.split(","), "--match", "order", "-q", "--time", str(limit)]
    code, _ = called([*VERIFY, *words], limit)
    return {10: "different", 20: "equal"}.get(code, UNKNOWN)


def abc(pair: str, limit: float, program: str) -> str:
    """Let ABC compare two circuits, in order."""
    first, second = (f'"{file}"' for file in pair.split(","))
    _, said = called([program, "-c", f"cec -n -T {math.ceil(limit)} {first} {second}"], limit)
    if "Networks are equivalent" in said:
        return "equal"
    return "different" if "NOT EQUIVALENT" in said else UNKNOWN


def main() -> None:
    """Compare on the questions of the command line and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=("bmc", "equiv"))
    parser.add_argument("questions", nargs="+", metavar="QUESTION")
    parser.add_argument("--time", type=float, default=60, help="limit of each run in seconds")
    parser.add_argument("--abc", default="berkeley-abc", metavar="PROGRAM", help="how ABC is called")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the JSON goes")
    given = parser.parse_args()
    pairs: list[Pair] = []
    for question in given.questions:
        if given.kind == "bmc":
            file, _, bound = question.rpartition(":")
            ours = timed(partial(checked, file, int(bound), given.time))
            other = timed(partial(unrolled, file, int(bound), given.time))
        else:
            ours = timed(partial(compared, question, given.time))
            other = timed(partial(abc, question, given.time, given.abc))
        name = ",".join(os.path.basename(part) for part in question.split(","))
        pairs.append(Pair(name, ours, other))
        sys.stderr.write(f"{printable(name)[:50]}: {ours} {other}\n")
        data = {
            "what": f"turbosat-verify {given.kind} and others on the same questions, in turns",
            "turbosat": __version__,
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {available_cores()} cores",
            "date": date.today().isoformat(),
            "limit_seconds": given.time,
            "disagreements": [each.question for each in pairs if not each.agree],
            "seconds": {
                side: round(sum(getattr(each, side).seconds for each in pairs), 2)
                for side in ("turbosat", "other")
            },
            "pairs": [asdict(each) for each in pairs],
        }
        given.output.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
