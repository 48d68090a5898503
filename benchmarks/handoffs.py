"""What a descent is worth to a CDCL lane: the same lane with and without its guidance, over seeds.

python -m turbosat.benchmarks.handoffs --seeds 10 --time 10 -o results.json FILE...

For each file and seed a population descends for some seconds; then every lane runs alone, on the guidance of
that very population or on none. Times are CPU seconds of the lane's process; what descent solves is left out.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.engines.engine import Engine
from turbosat.cdcl.engines.kissat import Kissat
from turbosat.cdcl.lanes.courses import Course
from turbosat.cdcl.lanes.following import BestGuidance, Cubes, Flipped, Phased, Probing
from turbosat.cdcl.lanes.mix import SEEDED, Entrant
from turbosat.cdcl.lanes.race import Race
from turbosat.cdcl.process.tree import worked
from turbosat.deadline import Deadline
from turbosat.errors import printable
from turbosat.formula import files
from turbosat.formula.formula import Formula
from turbosat.gpu.guidance import Guidance
from turbosat.result import Status
from turbosat.system import available_cores
from turbosat.version import __version__

DESCENT = "descent"  # what it solves is told, and is no lane's


def _stable(seed: int) -> Engine:
    return Cadical({"stabilizeonly": 1, **(SEEDED if seed else {})}, seed=seed)


def _kissat(seed: int) -> Engine:
    return Kissat(("--sat",), seed=seed)


# Each lane once without guidance and once with it, and what else was tried.
LANES: dict[str, tuple[Callable[[int], Engine], Callable[[BestGuidance], Course]]] = {
    "cadical stable": (_stable, lambda _: Phased(BestGuidance())),
    "cadical stable, phases": (_stable, Phased),
    "cadical stable, probes": (_stable, Probing),
    "cadical stable, cubes": (_stable, lambda best_guidance: Cubes(best_guidance, [])),
    "kissat --sat": (_kissat, lambda _: Course()),
    "kissat --sat, flipped": (_kissat, Flipped),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One lane on one file: CPU seconds, None where it did not end in time."""

    file: str
    seed: int
    false: int  # clauses of the assignment that guided it
    lane: str
    status: str
    seconds: float | None


def guidance(formula: Formula, seed: int, seconds: float) -> Guidance | None:
    """Descend and return the guidance, None where that solved the formula."""
    from turbosat.gpu.search import GradientSearch

    search = GradientSearch(formula, seed=seed, device="cpu")
    begin = time.thread_time()
    while time.thread_time() - begin < seconds and not search.contradiction:
        search.advance(0.1)
        if search.solution is not None:
            return None
    return search.guidance().within(formula.variables)


def run(
    formula: Formula, lane: str, best_guidance: BestGuidance, seed: int, limit: float
) -> tuple[Status, float | None]:
    """Run one lane alone until an answer or its limit in CPU seconds."""
    build, course = LANES[lane]
    with Deadline() as deadline, Race(deadline, lambda _: None) as race:
        engine = build(seed)
        race.add(Entrant(lane, seed), engine, formula, course(best_guidance))
        spent = 0.0
        while race.running() and spent < limit:
            spent = worked(engine.pid) or spent
            found = race.glance(0.05)
            if found is not None:
                return found[1].status, round(min(spent, limit), 2)
    return Status.UNKNOWN, None


def compare(path: str, seed: int, lanes: list[str], descent: float, limit: float) -> list[Run]:
    """Run all lanes on a file, one after the other."""
    formula = files.read(path)
    found = guidance(formula, seed, descent)
    if found is None:
        return [Run(Path(path).name, seed, 0, DESCENT, str(Status.SATISFIABLE), None)]
    best_guidance = BestGuidance()
    best_guidance.put(found)
    runs = []
    for lane in lanes:
        status, seconds = run(formula, lane, best_guidance, seed, limit)
        runs.append(Run(Path(path).name, seed, found.false, lane, str(status), seconds))
    return runs


def summary(runs: list[Run], limit: float) -> dict[str, dict[str, Any]]:
    """Return by file and lane: runs, answers, median and mean seconds, an unanswered run as two limits."""
    table: dict[str, dict[str, Any]] = {}
    for file in dict.fromkeys(each.file for each in runs):
        table[file] = {}
        for lane in dict.fromkeys(each.lane for each in runs if each.lane != DESCENT):
            own = [each for each in runs if each.file == file and each.lane == lane]
            if own:
                times = [2 * limit if each.seconds is None else each.seconds for each in own]
                table[file][lane] = {
                    "runs": len(own),
                    "answers": sum(each.seconds is not None for each in own),
                    "median": round(statistics.median(times), 2),
                    "par2": round(statistics.mean(times), 2),
                }
    return table


def main() -> None:
    """Compare on the files of the command line and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each lane on each file")
    parser.add_argument("--time", type=float, default=10, help="limit of each run in CPU seconds")
    parser.add_argument("--descent", type=float, default=2, help="CPU seconds of the descent before")
    parser.add_argument("--lane", action="append", choices=list(LANES), help="one to run; all by default")
    parser.add_argument("--jobs", type=int, default=available_cores(), help="files at once")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where the JSON goes")
    given = parser.parse_args()
    orders = [(file, seed) for seed in range(given.seeds) for file in given.files]
    runs: list[Run] = []
    with ThreadPoolExecutor(given.jobs) as threads:
        lanes = given.lane or list(LANES)
        parts = threads.map(
            lambda order: compare(order[0], order[1], lanes, given.descent, given.time), orders
        )
        for part in parts:
            runs += part
            sys.stderr.write(
                f"{printable(part[0].file)[:40]} {part[0].seed}: "
                + ", ".join(f"{each.lane} {each.seconds}" for each in part)
                + "\n"
            )
            data = {
                "what": "CDCL lanes alone, with and without guidance of a descent; CPU seconds",
                "turbosat": __version__,
                "python": platform.python_version(),
                "machine": f"{platform.machine()}, {available_cores()} cores",
                "command": ["handoffs", *(Path(word).name for word in sys.argv[1:])],
                "date": date.today().isoformat(),
                "limit_seconds": given.time,
                "descent_seconds": given.descent,
                "summary": summary(runs, given.time),
                "runs": [asdict(each) for each in runs],
            }
            given.output.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
