"""Microbenchmarks of a device population: time of a step, flips, bytes moved, share of the copy bandwidth."""

import platform
import time
from collections.abc import Callable

import numpy as np
import torch
import triton

from turbosat.encodings.matrix import Matrix
from turbosat.gpu.cuda.device_rows import upload
from turbosat.gpu.cuda.walk_bank import WalkBank
from turbosat.gpu.cuda.weighted_bank import WeightedBank
from turbosat.gpu.rules import Walk, Weighted

Figures = dict[str, float | int | str]


def machine(device: torch.device) -> Figures:
    """Return what a figure depends on."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "cpu"
    return {"device": name, "torch": torch.__version__, "triton": triton.__version__}


def copy_bandwidth(device: torch.device, size: int) -> float:
    """Return bytes read and written a second by copies of `size` bytes: below half the L2, that of the L2."""
    source = torch.arange(size // 4, dtype=torch.int32, device=device)
    target = torch.empty_like(source)
    return 2 * size / _seconds(device, lambda: target.copy_(source), 20)


def walk(matrix: Matrix, lanes: int, rounds: int, device: torch.device, seed: int = 0) -> Figures:
    """Time the walk, and compare what it must move with a copy of the size of its working set."""
    bank = WalkBank(upload(matrix, device), lanes, seed)
    figures = _run(bank, Walk(2.06, 0.9), rounds)
    size = 4 * bank.words * (matrix.variables + 2 * matrix.clauses)
    figures["bytes"] = bank.step_bytes
    figures["bandwidth"] = bank.step_bytes / float(figures["step_seconds"])
    figures["copy_bandwidth"] = copy_bandwidth(device, size // 2)
    figures["share"] = float(figures["bandwidth"]) / float(figures["copy_bandwidth"])
    return figures


def weighted(matrix: Matrix, lanes: int, rounds: int, device: torch.device, seed: int = 0) -> Figures:
    """Time weighted descent. Its traffic follows the flips, so no share of a bandwidth is given."""
    return _run(WeightedBank(upload(matrix, device), lanes, seed), Weighted(), rounds)


def _run(bank: WalkBank | WeightedBank, rule: Walk | Weighted, rounds: int) -> Figures:
    """Warm up for as many rounds as are timed, so that the lanes are past their first descent."""
    everyone = np.arange(bank.slots)
    moves = np.ones(bank.slots, np.bool_)
    bank.follow(everyone, rule)
    bank.put(everyone, np.random.default_rng(0).random((bank.rows.variables, bank.slots)) < 0.5)
    bank.begin(moves)
    for _ in range(rounds):
        bank.round()
    bank.begin(moves)
    seconds = _seconds(bank.rows.device, bank.round, rounds)
    false, best, _ = bank.figures()
    flips = int(bank.flips(moves).sum())
    return {
        **machine(bank.rows.device),
        "lanes": bank.slots,
        "steps": rounds * bank.steps,
        "step_seconds": seconds / bank.steps,
        "flips_per_second": flips / (seconds * rounds),
        "mean_false": float(false.mean()),
        "best": int(best.min()),
    }


def _seconds(device: torch.device, work: Callable[[], object], times: int) -> float:
    """Return the mean seconds of `work`, which enqueues on the device."""
    _wait(device)
    begin = time.perf_counter()
    for _ in range(times):
        work()
    _wait(device)
    return (time.perf_counter() - begin) / times


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
