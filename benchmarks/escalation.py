"""What Solver costs over the command line where CaDiCaL alone does not answer: both in turns on the files.

python -m turbosat.benchmarks.escalation --time 60 --rounds 3 -o results.json FILE...

First CaDiCaL alone has some CPU seconds for each file; those that it answers are told and left out. A query's
time is wall time in a new process, from the first clause on; reading the file is told apart.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from turbosat.errors import printable
from turbosat.formula import files
from turbosat.solver.solver import ESCALATE_AFTER, Solver
from turbosat.system import available_cores
from turbosat.version import __version__

COMMAND, NEVER = "command line", "never"
RATIO, EXTRA = 1.2, 0.5  # of the command line's time, and seconds, that a query may take
GRACE = 10  # seconds over the limit before a run is killed
CODES = {10: "True", 20: "False"}


@dataclass(frozen=True, slots=True)
class Run:
    """One answer. `way` is the command line or what `escalate_after` was; `reading` are seconds before."""

    file: str
    way: str
    answer: str
    seconds: float
    reading: float = 0.0
    winner: str = ""


def command_line(path: str, limit: float) -> Run:
    """Run turbosat on a file."""
    command = [sys.executable, "-m", "turbosat", "-q", "-n", f"--time={limit}", path]
    began = time.monotonic()
    try:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=limit + GRACE
        ).returncode
    except subprocess.TimeoutExpired:
        code = 0
    seconds = round(time.monotonic() - began, 3)
    return Run(Path(path).name, COMMAND, CODES.get(code, "None"), seconds)


def query(path: str, way: str, limit: float) -> Run:
    """Ask a Solver in a new process."""
    command = [sys.executable, "-m", "turbosat.benchmarks.escalation", "--ask", way, f"--time={limit}", path]
    patience = None if way == NEVER else limit + GRACE
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=True)
    except subprocess.TimeoutExpired:
        return Run(Path(path).name, way, "None", limit + GRACE)
    return Run(**json.loads(ended.stdout))


def ask(path: str, way: str, limit: float) -> Run:
    """Do that in this process."""
    began = time.monotonic()
    formula = files.read(path)
    reading = time.monotonic() - began
    after = None if way == NEVER else float(way)
    clock = time.process_time if way == NEVER else time.monotonic
    began = clock()
    with Solver(formula, escalate_after=after) as solver:
        answer = solver.solve(time_limit=limit)
        while answer is None and way == NEVER and clock() < began + limit:
            answer = solver.solve(time_limit=began + limit - clock())
        seconds = clock() - began
    return Run(Path(path).name, way, str(answer), round(seconds, 3), round(reading, 3), solver.winner)


def summary(runs: list[Run]) -> dict[str, dict[str, dict[str, float]]]:
    """Return by file and way: median seconds, the least and the most, and their ratio to what is allowed."""
    table: dict[str, dict[str, dict[str, float]]] = {}
    for file in dict.fromkeys(run.file for run in runs if run.way != NEVER):
        own = [run for run in runs if run.file == file and run.way != NEVER]
        median = statistics.median(run.seconds for run in own if run.way == COMMAND)
        table[file] = {}
        for way in dict.fromkeys(run.way for run in own):
            times = [run.seconds for run in own if run.way == way]
            table[file][way] = {
                "median": round(statistics.median(times), 3),
                "least": min(times),
                "most": max(times),
                "of_what_is_allowed": round(statistics.median(times) / (RATIO * median + EXTRA), 3),
                "answers": sum(run.answer != "None" for run in own if run.way == way),
            }
    return table


def main() -> None:
    """Compare on the files of the command line and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--time", type=float, default=60, help="limit of each run in seconds")
    parser.add_argument("--alone", type=float, default=20, help="CPU seconds that CaDiCaL alone has before")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each on each file")
    parser.add_argument(
        "--after", action="append", help="escalate_after of the queries; may come several times"
    )
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path, help="where the JSON goes")
    given = parser.parse_args()
    if given.ask is not None:
        sys.stdout.write(json.dumps(asdict(ask(given.files[0], given.ask, given.time))))
        return
    runs: list[Run] = []
    for file in given.files:
        if given.alone > 0:
            alone = query(file, NEVER, given.alone)
            runs.append(alone)
            if alone.answer != "None":
                sys.stderr.write(f"{printable(alone.file)}: CaDiCaL alone, {alone.seconds} s\n")
                continue
        for _ in range(given.rounds):
            runs.append(command_line(file, given.time))
            runs += [query(file, way, given.time) for way in given.after or [str(ESCALATE_AFTER)]]
        own = summary(runs)[Path(file).name]
        sys.stderr.write(
            f"{printable(Path(file).name)[-40:]} "
            + ", ".join(f"{way} {each['median']} ({each['of_what_is_allowed']})" for way, each in own.items())
            + f" {runs[-1].answer} {runs[-1].winner}\n"
        )
        if given.output is not None:
            data = {
                "what": "wall time of the command line and of queries to Solver, in turns on one machine",
                "turbosat": __version__,
                "python": platform.python_version(),
                "machine": f"{platform.machine()}, {available_cores()} cores",
                "command": ["escalation", *(Path(word).name for word in sys.argv[1:])],
                "date": date.today().isoformat(),
                "limit_seconds": given.time,
                "summary": summary(runs),
                "runs": [asdict(run) for run in runs],
            }
            given.output.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
