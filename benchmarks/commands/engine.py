"""Microbenchmarks of the gradient engine: time to solution over seeds, flips, visits, bandwidth."""

from __future__ import annotations

import platform
import statistics
import subprocess
import time
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from turbosat.deadline import Deadline, Expired
from turbosat.formula import files
from turbosat.formula.formula import Formula
from turbosat.gpu.search import GradientSearch
from turbosat.options import Device, Optimizer
from turbosat.system import available_cores
from turbosat.version import __version__

SLICE = 0.05  # seconds
PACKAGES = ("numpy", "torch", "triton")


def environment() -> dict[str, Any]:
    """Return what the figures depend on: machine, versions, commit, date."""
    return {
        "turbosat": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": f"{platform.machine()}, {available_cores()} cores, {_processor()}",
        "date": date.today().isoformat(),
        "copy_bytes_per_second": round(copy_bandwidth()),
    }


def copy_bandwidth(size: int = 1 << 27) -> float:
    """Return bytes read and written a second by one core that copies `size` bytes."""
    source, target = np.ones(size, np.uint8), np.empty(size, np.uint8)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - began)
    return 2 * size / statistics.median(times)


def warm_up(optimizer: Optimizer, device: Device) -> None:
    """Load the kernels, or compile Triton's: no figure includes that."""
    dice = np.random.default_rng(0)
    clauses = (np.argsort(dice.random((80, 20)), axis=1)[:, :3] + 1) * dice.choice([-1, 1], (80, 3))
    search = GradientSearch(Formula.from_clauses(clauses.tolist()), device=device, optimizer=optimizer)
    search.advance(0.2)
    search.close()


def solve_once(
    formula: Formula, seed: int, limit: float, workers: int, device: Device, optimizer: Optimizer
) -> dict[str, Any]:
    """Search once and return the run's figures; seconds are wall time, encoding included."""
    began, worked = time.perf_counter(), time.process_time()
    with Deadline(limit) as deadline:
        search = GradientSearch(
            formula.expanded(),
            seed=seed,
            workers=workers,
            device=device,
            optimizer=optimizer,
            check=deadline.check,
        )
        try:
            while search.solution is None and not search.contradiction:
                search.advance(SLICE)
        except Expired:
            pass
    seconds = time.perf_counter() - began
    found = search.solution
    if found is not None and not formula.satisfied(found[: formula.variables]):
        raise AssertionError("a model that satisfies the matrix must satisfy the formula")
    figures = search.statistics()
    search.close()
    return {
        "seed": seed,
        "solved": found is not None,
        "seconds": round(seconds, 4),
        "cpu_seconds": round(time.process_time() - worked, 4),
        "best": int(figures["best"]),
        "flips": int(figures["flips"]),
        "flips_per_second": round(float(figures["flips_per_second"])),
        "shares": {name: round(float(share), 3) for name, share in figures["shares"].items()},
    }


def measure(
    path: Path, seeds: int, limit: float, workers: int, device: Device, optimizer: Optimizer
) -> dict[str, Any]:
    """Return one file's figures: every run, and their medians."""
    formula = files.read(path)
    runs = [solve_once(formula, seed, limit, workers, device, optimizer) for seed in range(seeds)]
    return {
        "file": path.name,
        "variables": formula.variables,
        "clauses": formula.clauses,
        "solved": sum(run["solved"] for run in runs),
        "median_seconds": statistics.median(run["seconds"] for run in runs),
        "median_cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
        "median_flips_per_second": statistics.median(run["flips_per_second"] for run in runs),
        "runs": runs,
    }


def device_steps(path: Path, lanes: int, rounds: int) -> dict[str, Any]:
    """Return the figures of single steps on the CUDA device: time, flips, bytes, share of the bandwidth."""
    import torch

    from turbosat.benchmarks import steps
    from turbosat.encodings.matrix import encode

    matrix = encode(files.read(path).normalised())
    device = torch.device("cuda")
    return {
        "file": path.name,
        "walk": steps.walk(matrix, lanes, rounds, device),
        "weighted": steps.weighted(matrix, lanes, rounds, device),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    command = ["git", "describe", "--always", "--dirty"]
    folder = Path(__file__).resolve().parent
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
