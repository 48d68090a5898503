"""Questions about circuits, put to turbosat and to others in turns.

python -m turbosat.benchmarks.circuits --time 60 -o results.json bmc FILE:BOUND...
python -m turbosat.benchmarks.circuits --time 120 -o results.json equiv FILE,FILE...

`bmc` is turbosat-verify beside the harness's unrolling and Kissat, `equiv` beside ABC; `miter` is `turbosat`
beside Kissat on the CNF that ABC makes of two circuits, and ABC itself; `prove FILE` is beside ABC's pdr.
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
from turbosat.errors import printable
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
class Comparison:
    """All sides on one question, by their names."""

    question: str
    runs: dict[str, Run]

    @property
    def agree(self) -> bool:
        """Whether the answers fit together."""
        return len({run.answer for run in self.runs.values()} - {UNKNOWN}) <= 1


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


def abc(program: str, limit: float, commands: str) -> str:
    """Let ABC compare two circuits or prove a property, by its own commands."""
    _, said = called([program, "-c", commands], limit)
    if "Networks are equivalent" in said:
        return "equal"
    if "NOT EQUIVALENT" in said or "Networks are NOT" in said:
        return "different"
    if "Property proved" in said:
        return "holds"
    return "fails" if "was asserted in frame" in said else UNKNOWN


def proven(file: str, limit: float) -> str:
    """Let turbosat-verify prove the first property or refute it."""
    code, _ = called([*VERIFY, "prove", file, "-p", "0", "-q", "--time", str(limit)], limit)
    return {10: "fails", 20: "holds"}.get(code, UNKNOWN)


def solved(command: list[str], formula: str, limit: float) -> str:
    """Let a solver say whether the CNF of a miter is satisfiable."""
    code, _ = called([*command, f"--time={math.ceil(limit)}", formula], limit)
    return {10: "different", 20: "equal"}.get(code, UNKNOWN)


def sides(kind: str, question: str, limit: float, program: str, folder: Path) -> dict[str, Callable[[], str]]:
    """Return who is asked, and how."""
    if kind == "bmc":
        file, _, bound = question.rpartition(":")
        return {
            "turbosat-verify": partial(checked, file, int(bound), limit),
            "unrolled, Kissat": partial(unrolled, file, int(bound), limit),
        }
    if kind == "prove":
        pdr = f"pdr -T {math.ceil(limit)}"
        return {
            "turbosat-verify": partial(proven, question, limit),
            "ABC pdr": partial(abc, program, limit, f'read "{question}"; strash; fold; {pdr}'),
        }
    first, second = (f'"{file}"' for file in question.split(","))
    cec = partial(abc, program, limit, f"cec -n -T {math.ceil(limit)} {first} {second}")
    if kind == "equiv":
        return {"turbosat-verify": partial(compared, question, limit), "ABC cec": cec}
    formula = str(folder / "miter.cnf")
    called([program, "-c", f'miter -n {first} {second}; write_cnf "{formula}"'], limit)
    return {
        "turbosat": partial(solved, [sys.executable, "-m", "turbosat", "-q", "-n"], formula, limit),
        "Kissat": partial(solved, [find_kissat(), "-q", "-n"], formula, limit),
        "ABC cec": cec,
        "ABC &cec": partial(
            abc, program, limit, f"read {first}; strash; &get -n; &cec -T {math.ceil(limit)} {second}"
        ),
    }


def main() -> None:
    """Compare on the questions of the command line and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=("bmc", "equiv", "miter", "prove"))
    parser.add_argument("questions", nargs="+", metavar="QUESTION")
    parser.add_argument("--time", type=float, default=60, help="limit of each run in seconds")
    parser.add_argument("--abc", default="berkeley-abc", metavar="PROGRAM", help="how ABC is called")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the JSON goes")
    given = parser.parse_args()
    found: list[Comparison] = []
    for question in given.questions:
        with tempfile.TemporaryDirectory() as folder:
            asked = sides(given.kind, question, given.time, given.abc, Path(folder))
            runs = {side: timed(ask) for side, ask in asked.items()}
        name = ",".join(os.path.basename(part) for part in question.split(","))
        found.append(Comparison(name, runs))
        told = ", ".join(f"{side} {run.answer} {run.seconds} s" for side, run in runs.items())
        sys.stderr.write(f"{printable(name)[:50]}: {told}\n")
        data = {
            "what": f"{given.kind}: turbosat and others on the same questions, in turns",
            "turbosat": __version__,
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {available_cores()} cores",
            "date": date.today().isoformat(),
            "limit_seconds": given.time,
            "disagreements": [each.question for each in found if not each.agree],
            "seconds": {
                side: round(sum(each.runs[side].seconds for each in found), 2) for side in found[0].runs
            },
            "comparisons": [asdict(each) for each in found],
        }
        given.output.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
