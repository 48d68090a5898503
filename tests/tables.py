"""Random experiments for the tests of scoring: as cells, and as a store on disk."""

import random
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from turbosat.benchmarks.report.score import Answer, Cell, Item
from turbosat.benchmarks.store import Experiment, Instance, Run, Solver

Runs = tuple[list[Item], list[Cell]]
TRUTHS: tuple[Answer, ...] = ("sat", "unsat")


@st.composite
def runs(draw: st.DrawFn, timeout: float = 100, most: int = 8) -> Runs:
    """Draw items and right answers of up to 4 solvers with up to 3 seeds; times lie around the limit, too."""
    count, solvers, seeds = draw(st.integers(0, most)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    seconds = st.one_of(st.floats(0, 2 * timeout), st.sampled_from([0.0, timeout, 1.0]))
    items, cells = [], []
    for row in range(count):
        truth = draw(st.sampled_from(TRUTHS))
        known: Answer = draw(st.sampled_from([truth, "unknown"]))
        items.append(Item(f"h{row}", f"n{row}", draw(st.sampled_from(["", "a", "b"])), known))
        for solver in range(solvers):
            for seed in range(seeds):
                solved = draw(st.booleans())
                checked = solved and draw(st.booleans())
                answer: Answer = truth if solved else "unknown"
                ended = "ok" if solved else "timeout"
                cells.append(Cell(f"h{row}", f"s{solver}", seed, answer, draw(seconds), ended, checked))
    return items, cells


def races(count: int, seeds: int = 1, seed: int = 0, speed: float = 1.0, limit: float = 20.0) -> Runs:
    """Return two solvers on instances of three families; `seed` changes the noise of 5 %, not the instances.

    The first solver, "fast", is `speed` times as fast as it is by default; "steady" stays the same.
    """
    fixed, noise = random.Random(1), random.Random(seed)
    items, cells = [], []
    for row in range(count):
        truth = fixed.choice(TRUTHS)
        base = fixed.lognormvariate(0.5, 1.5)
        items.append(Item(f"{row:032x}", f"{truth}-{row}.cnf", ("ksat", "miter", "php")[row % 3], truth))
        for solver, factor in (("fast", fixed.lognormvariate(0, 0.7) / speed), ("steady", 1.0)):
            for own in range(seeds):
                seconds = base * factor * noise.lognormvariate(0, 0.05)
                answer: Answer = truth if seconds < limit else "unknown"
                ended = "ok" if seconds < limit else "timeout"
                cells.append(
                    Cell(f"{row:032x}", solver, own, answer, min(seconds, limit), ended, seconds < limit)
                )
    return items, cells


def store(folder: Path, items: Iterable[Item], cells: Iterable[Cell], limit: float = 20.0) -> Path:
    """Write an experiment as `turbosat-bench run` does."""
    cells = list(cells)
    with Experiment.writing(folder) as (experiment, _):
        experiment.write_header(
            {"limits": {"timeout": limit, "memory": 2**33}, "suites": ["/some/where/smoke"], "machine": "m"}
        )
        names = dict.fromkeys(cell.solver for cell in cells)
        experiment.add(Solver(name, f"/opt/{name}/bin/{name} -q", "1.0", "solver") for name in names)
        experiment.add(
            Instance(item.hash, f"/x/{item.name}", item.name, item.family, 10, 40, 500, item.known)
            for item in items
        )
        experiment.record(run(cell) for cell in cells)
    return folder


def run(cell: Cell) -> Run:
    """Return a cell as a stored run, its CPU time twice its wall time."""
    return Run(
        hash=cell.hash,
        solver=cell.solver,
        seed=cell.seed,
        result=cell.answer,
        wall=cell.seconds,
        cpu=2 * cell.seconds,
        rss=2**24,
        exit={"sat": 10, "unsat": 20, "unknown": 0}[cell.answer],
        verified="none" if not cell.checked else "model" if cell.answer == "sat" else "proof",
        lane="",
        lane_seed=None,
        status="wrong" if cell.status == "wrong" else "ok" if cell.status == "ok" else "timeout",
        started="2026-01-01T00:00:00",
        attempt=1,
        reason=cell.reason,
    )
