"""What turbosat costs over Kissat: both on the same files in turns, wall time and peak memory.

python -m turbosat.benchmarks.overhead --time 60 -o results.json FILE...
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from turbosat.cdcl.process.binaries import find_kissat
from turbosat.errors import printable
from turbosat.system import available_cores
from turbosat.version import __version__

GRACE = 10  # seconds over the limit before a run is killed
PACKED = ".gz", ".bz2", ".xz", ".lzma"  # what Kissat unpacks


@dataclass(frozen=True, slots=True)
class Run:
    """One command on one file: exit code (10, 20, 0 unknown), wall seconds, largest process in bytes."""

    code: int
    seconds: float
    peak: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Both on one file, the median run of each."""

    file: str
    kissat: Run
    turbosat: Run

    @property
    def ratio(self) -> float:
        """Wall time of turbosat, less the 0.5 s it may take to come up, over Kissat's."""
        return (self.turbosat.seconds - 0.5) / self.kissat.seconds


def measure(command: Sequence[str], limit: float) -> Run:
    """Run a command to its end and return what it took."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    killer = threading.Timer(limit + GRACE, process.kill)
    killer.start()
    _, status, usage = os.wait4(process.pid, 0)  # the usage of this child alone, with all it has reaped
    seconds = time.monotonic() - began
    killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(process.returncode, round(seconds, 3), usage.ru_maxrss * 1024)


def compare(file: str, limit: float, rounds: int, options: Sequence[str]) -> Pair:
    """Run both in turns on a file, and return the median run of each."""
    with tempfile.TemporaryDirectory(prefix="turbosat-") as folder:
        suffix = os.path.splitext(file)[1]
        link = os.path.join(folder, "formula" + (suffix if suffix in PACKED else ".cnf"))
        os.symlink(os.path.abspath(file), link)  # Kissat hands the names of such files to a shell
        kissat = [find_kissat(), "-q", "-n", f"--time={round(limit)}", link]
        ours = [sys.executable, "-m", "turbosat", "-q", "-n", f"--time={limit}", *options, link]
        turns = [(measure(kissat, limit), measure(ours, limit)) for _ in range(rounds)]
    return Pair(os.path.basename(file), *(_median([turn[side] for turn in turns]) for side in (0, 1)))


def _median(runs: list[Run]) -> Run:
    return sorted(runs, key=lambda run: run.seconds)[(len(runs) - 1) // 2]


def summary(pairs: Sequence[Pair], low: float, high: float) -> dict[str, float | int]:
    """Return the figures over the files that Kissat settles within (low, high) seconds."""
    chosen = [pair for pair in pairs if pair.kissat.code and low <= pair.kissat.seconds < high]
    if not chosen:
        return {"files": 0}
    return {
        "files": len(chosen),
        "median_ratio": round(
            statistics.median(pair.turbosat.seconds / pair.kissat.seconds for pair in chosen), 3
        ),
        "median_ratio_less_half_a_second": round(statistics.median(pair.ratio for pair in chosen), 3),
        "slower_than_1.1_times_plus_0.5_s": sum(pair.ratio > 1.1 for pair in chosen),
        "median_extra_seconds": round(
            statistics.median(pair.turbosat.seconds - pair.kissat.seconds for pair in chosen), 3
        ),
        "different_answers": sum(pair.turbosat.code not in (0, pair.kissat.code) for pair in chosen),
    }


def main() -> None:
    """Compare on the files of the command line and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--time", type=float, default=60, help="limit of each run in seconds")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each on each file")
    parser.add_argument("--option", action="append", default=[], help="an option for turbosat")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the JSON goes")
    given = parser.parse_args()
    pairs = []
    for file in given.files:
        pairs.append(compare(file, given.time, given.rounds, given.option))
        sys.stderr.write(
            f"{printable(pairs[-1].file)} {pairs[-1].kissat.seconds:.2f} {pairs[-1].turbosat.seconds:.2f}\n"
        )
        data = {
            "what": "wall time of turbosat and of kissat, in turns on the same machine",
            "turbosat": __version__,
            "kissat": subprocess.run(
                [find_kissat(), "--version"], capture_output=True, text=True
            ).stdout.strip(),
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {available_cores()} cores",
            "command": ["overhead", *(Path(word).name for word in sys.argv[1:])],
            "date": date.today().isoformat(),
            "limit_seconds": given.time,
            "rounds": given.rounds,
            "options": given.option,
            "kissat_under_1_s": summary(pairs, 0, 1),
            "kissat_1_to_60_s": summary(pairs, 1, 60),
            "runs": [asdict(pair) for pair in pairs],
        }
        given.output.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
