"""Two settings of turbosat on the same files in turns: wall time, conflicts, who answered.

python -m turbosat.benchmarks.variants --time 60 --with "" --without "--engine cdcl" -o results.json FILE...
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from turbosat.benchmarks.overhead import measure
from turbosat.errors import printable
from turbosat.system import available_cores
from turbosat.version import __version__


@dataclass(frozen=True, slots=True)
class Setting:
    """Runs of one setting on one file; every list has an entry a run."""

    status: list[str]
    seconds: list[float]
    conflicts: list[float]  # of all CDCL lanes together
    winner: list[str | None]

    @property
    def median(self) -> float:
        """Median wall seconds."""
        return statistics.median(self.seconds)


@dataclass(frozen=True, slots=True)
class Row:
    """Both settings on one file, and what the algebra lane said where it ran."""

    file: str
    first: Setting
    second: Setting
    algebra: dict[str, Any] | None


def one(file: str, limit: float, options: Sequence[str], json_path: Path) -> dict[str, Any]:
    """Run turbosat once and return its statistics, with the wall seconds seen from outside."""
    json_path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "turbosat", "-q", "-n", f"--time={limit}", "--json", str(json_path)]
    run = measure([*command, *options, file], limit)
    data: dict[str, Any] = json.loads(json_path.read_text())
    return {**data, "outside_seconds": run.seconds}


def compare(file: str, limit: float, rounds: int, settings: Sequence[Sequence[str]]) -> Row:
    """Run the settings in turns on a file."""
    runs: tuple[list[dict[str, Any]], ...] = tuple([] for _ in settings)
    with tempfile.TemporaryDirectory(prefix="turbosat-") as folder:
        for turn in range(rounds):
            for place in sorted(range(len(settings)), reverse=bool(turn % 2)):
                runs[place].append(one(file, limit, settings[place], Path(folder) / "run.json"))
    algebra = next((run["algebra"] for side in runs for run in side if run.get("algebra")), None)
    first, second = map(_setting, runs)
    return Row(Path(file).name, first, second, algebra)


def _setting(runs: Sequence[dict[str, Any]]) -> Setting:
    return Setting(
        status=[run["status"] for run in runs],
        seconds=[run["outside_seconds"] for run in runs],
        conflicts=[sum(lane["counts"].get("conflicts", 0) for lane in run["lanes"]) for run in runs],
        winner=[run["winner"] for run in runs],
    )


def main() -> None:
    """Compare on the files of the command line and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--time", type=float, default=60, help="limit of each run in seconds")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each setting on each file")
    parser.add_argument("--with", dest="first", default="", help="options of the first setting")
    parser.add_argument("--without", dest="second", default="--engine cdcl", help="options of the second")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the JSON goes")
    given = parser.parse_args()
    rows = []
    for file in given.files:
        row = compare(file, given.time, given.rounds, (shlex.split(given.first), shlex.split(given.second)))
        rows.append(row)
        sys.stderr.write(
            f"{printable(row.file)} {row.first.median:.2f} {row.first.status[0]} | "
            f"{row.second.median:.2f} {row.second.status[0]}\n"
        )
        data = {
            "what": "two settings of turbosat in turns on the same machine; wall seconds of whole processes",
            "turbosat": __version__,
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {available_cores()} cores",
            "command": ["variants", *(Path(word).name for word in sys.argv[1:])],
            "date": date.today().isoformat(),
            "limit_seconds": given.time,
            "rounds": given.rounds,
            "settings": {"first": given.first, "second": given.second},
            "slower_than_1.05_times_plus_0.5_s": [
                row.file for row in rows if row.first.median > 1.05 * row.second.median + 0.5
            ],
            "rows": [asdict(row) for row in rows],
        }
        given.output.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
