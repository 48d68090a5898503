"""The rows of a lease's study: what each runs, what it should read, and what is given up where it does not.

Predictions are estimates from latencies and instruction counts, made without a device, for an H100 or H200.
Without a device a row does what needs none: it makes its formulas, compiles its kernels, and runs on a core
what a device's results are held against.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.studies.formulas import formula, matrix
from turbosat.encodings.matrix import Matrix
from turbosat.encodings.support.compilation import compile_program
from turbosat.errors import DeviceError
from turbosat.gpu.cuda import nvrtc
from turbosat.gpu.cuda.context import Argument, Context
from turbosat.gpu.cuda.driver import Attribute
from turbosat.gpu.gradient.team_banks import compiled, room_of
from turbosat.gpu.gradient.team_population import TeamPopulation
from turbosat.gpu.gradient.teams import Room, kind_of, plan
from turbosat.gpu.rules import Rule, Walk, Weighted
from turbosat.gpu.search import GradientSearch
from turbosat.gpu.sweep.devices import create_sweep
from turbosat.system import available_cores

Readings = dict[str, Any]
WALK: Final = Walk(2.0, 0.8)
MOST: Final = 2**31 - 1
H100: Final = Room(
    132, 233472, 232448, 50 * 2**20, 80 * 2**30
)  # what plans are made for where there is no device
TARGET: Final = (9, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `seconds` it may take, `run` its work, `holds` whether readings are good enough to go on."""

    name: str
    seconds: float
    run: Callable[[Context | None], Readings]
    predicted: Readings
    kill: str  # what is given up, and below what
    holds: Callable[[Readings], bool]


def _kernels(device: Context | None) -> nvrtc.Code:
    newest, target = (None, TARGET) if device is None else (device.version[0], device.capability)
    compiler = nvrtc.find(newest)
    if compiler is None:
        raise DeviceError(nvrtc.missing(newest) or "")
    return compiler.compile(Path(__file__).with_name("latencies.cu").read_text(), {}, target, {})


def latencies(device: Context | None) -> Readings:
    """Time dependent reads by where the data is, logic, and the second-level cache."""
    code = _kernels(device)
    if device is None:
        return {"code_bytes": len(code.image)}
    module, cycles, end = device.module(code.image), device.buffer(8), device.buffer(4 << 20)
    found: Readings = {}
    chase, steps = module.function("chase"), 20_000
    for name, size, past in (("l1", 2**14, 0), ("l2", 2**22, 1), ("memory", 2**30, 1)):
        count = size // 4
        # A ring of strides that no prefetcher follows: of 128 bytes and a bit, over all places.
        ring = device.buffer(size)
        ring.write(
            ((np.arange(count, dtype=np.int64) + count * 5 // 13 // 32 * 32 + 32) % count).astype(np.uint32)
        )
        chase.launch(1, 1, [ring, np.uint32(steps), np.uint32(past), cycles, end])
        found[f"{name}_cycles"] = int(cycles.read(np.uint64, 1)[0]) / steps
        ring.free()
    module.function("chase_shared").launch(1, 1, [np.uint32(steps), cycles, end])
    found["shared_cycles"] = int(cycles.read(np.uint64, 1)[0]) / steps
    processors, clock = device.attribute(Attribute.MULTIPROCESSORS), 1e3 * device.attribute(Attribute.CLOCK)
    turns, blocks = 20_000, 8 * processors
    seconds = _timed(device, lambda: module.function("logic").launch(blocks, 256, [np.uint32(turns), end]))
    found["lop3_a_clock"] = blocks * 256 * 8 * turns / seconds / clock / processors
    array, passes = device.buffer(16 << 20), 200
    arguments: list[Argument] = [array, np.uint32(2**20), np.uint32(passes), end]
    seconds = _timed(device, lambda: module.function("stream").launch(blocks, 256, arguments))
    found["l2_bytes_a_second"] = passes * (16 << 20) / seconds
    return found


def _timed(device: Context, launch: Callable[[], None]) -> float:
    launch()
    device.wait()
    start, end = device.event(), device.event()
    start.record()
    launch()
    end.record()
    end.wait()
    return end.milliseconds_since(start) / 1000


def equality(device: Context | None) -> Readings:
    """Compare lanes on the device with their twins on a core after many flips: values, and weights.

    The formulas have no solution: a device's lanes end where one of them has found one.
    """
    lanes, flips = (64, 20_000) if device else (2, 200)
    cases: tuple[tuple[str, Rule], ...] = (
        ("r3-500-unsat", WALK),
        ("r7-120-unsat", Walk(5.4)),
        ("r3-500-unsat", Weighted()),
        ("r7-120-unsat", Weighted()),
    )
    differing = []
    for name, rule in cases:
        problem, widths = matrix(name), (32, 128) if device else ()
        expected, *found = [
            _course(_crowd(problem, rule, lanes, width, where), flips)
            for where, width in (("cpu", 32), *(("cuda", width) for width in widths))
        ]
        for width, course in zip(widths, found, strict=True):
            if not all(np.array_equal(*pair) for pair in zip(expected, course, strict=True)):
                differing.append(f"{name} {type(rule).__name__} {width}")
    return {"cases": len(cases), "differing": differing}


def _course(crowd: TeamPopulation, flips: int) -> list[NDArray[Any]]:
    """Return the values, the best ones and the weights of all lanes after so many flips."""
    every, reached = np.arange(crowd.lanes), 0
    while reached < flips:
        reached = int(_slice(crowd, flips).flips.min())
    result = [crowd.values(every), crowd.best_values(every), crowd.weights(every)]
    crowd.close()
    return result


def _crowd(
    problem: Matrix, rule: Rule, lanes: int, width: int | None, where: str, crowd: int | None = None
) -> TeamPopulation:
    population = TeamPopulation(problem, lanes, 1, device=where, width=width, crowd=crowd)
    every, random = np.arange(lanes), np.random.default_rng(1)
    population.assign(every, rule)
    population.restart(every, random.random((lanes, problem.variables)) < 0.5)
    return population


def _slice(crowd: TeamPopulation, until: int = MOST) -> Any:
    return crowd.advance(np.full(crowd.lanes, MOST), np.full(crowd.lanes, until))


def pace(
    device: Context | None, name: str, rule: Rule, *, width: int | None = None, crowd: int | None = None
) -> Readings:
    """Count the flips a second of all lanes, and of each; lanes that are solved begin again."""
    problem = matrix(name)
    kind = kind_of(problem, rule)
    chosen = plan(problem, kind, room_of(device) if device else H100, width=width, crowd=crowd)
    found: Readings = {"lanes": chosen.lanes, "width": chosen.width, "inside": chosen.form.inside}
    if device is None:
        log = compiled(TARGET, kind, chosen.width, chosen.form.inside).log
        return {**found, "compiler": log.splitlines()[-2:]}
    population = _crowd(problem, rule, chosen.lanes, width, "cuda", crowd)
    random, flips, warm = np.random.default_rng(2), 0, time.perf_counter() + 0.5
    begin, before = warm, np.zeros(chosen.lanes, np.int64)
    while time.perf_counter() < warm + 1.5:
        report = _slice(population)
        if time.perf_counter() < warm:
            begin = time.perf_counter()
        else:
            flips += int((report.flips - before).sum())
        before = report.flips
        solved = np.flatnonzero(report.best == 0)
        if solved.size:
            population.restart(solved, random.random((solved.size, problem.variables)) < 0.5)
            before[solved] = 0
    seconds = time.perf_counter() - begin
    population.close()
    found["flips_a_second"] = flips / seconds
    found["flips_a_second_a_lane"] = flips / seconds / chosen.lanes
    return found


def synchronous(device: Context | None) -> Readings:
    """Time a step of the synchronous walk by lanes."""
    problem = matrix("r3-10000")
    if device is None:
        return {"entries": problem.entries}
    import torch

    from turbosat.benchmarks import steps

    counts = (256, 512, 1024, 2048, 4096)
    return {
        f"microseconds_{lanes}": 1e6
        * float(steps.walk(problem, lanes, 20, torch.device("cuda"))["step_seconds"])
        for lanes in counts
    }


def walks(device: Context | None) -> Readings:
    """Time the walk by lanes a multiprocessor."""
    names = "r3-500", "r3-10000"
    return {
        f"{name} {crowd}": pace(device, name, WALK, crowd=crowd) for name in names for crowd in (4, 8, 16, 32)
    }


def weighted(device: Context | None) -> Readings:
    """Time weighted descent by lanes a multiprocessor."""
    names = "pythagorean-7000", "van-der-waerden-3-13", "qwh-33", "colouring-500-13"
    return {
        f"{name} {crowd}": pace(device, name, Weighted(), crowd=crowd)
        for name in names
        for crowd in (1, 4, 16)
    }


def several(device: Context | None) -> Readings:
    """Time lanes of several warps, one and four a multiprocessor."""
    cases = (("r3-10000", WALK), ("hales-jewett-4-7", Walk(3.0)), ("van-der-waerden-3-13", Weighted()))
    return {
        f"{name} {width} {crowd}": pace(device, name, rule, width=width, crowd=crowd)
        for name, rule in cases
        for width in (64, 128, 256)
        for crowd in (1, 4)
    }


def sweep(device: Context | None) -> Readings:
    """Time a sweep over a miter of multipliers, in assignments times instructions a second."""
    problem = formula("miter-18").normalised()
    program = compile_program(problem, limit=48)
    if program is None:
        raise ValueError("the miter has no few inputs")
    found: Readings = {"inputs": int(program.inputs.size), "instructions": int(program.kinds.size)}
    for where in ("cpu", *(("cuda",) if device else ())):
        begin = time.perf_counter()
        running, _ = create_sweep(where, program)
        found[f"{where}_kind"], found[f"{where}_start_seconds"] = (
            type(running).__name__,
            time.perf_counter() - begin,
        )
        begin, first = time.perf_counter(), running.progress
        while not running.done and time.perf_counter() < begin + (3.0 if device else 0.2):
            running.advance(0.1)
        tried = (running.progress - first) * 2.0**program.inputs.size
        found[f"{where}_a_second"] = tried * program.kinds.size / (time.perf_counter() - begin)
        running.close()
    return found


def solutions(device: Context | None) -> Readings:
    """Time solutions: lanes of the device against lanes on all cores of its host, medians of seeds."""
    names = ("r7-120", "qwh-35", "colouring-1000-4", "r3-500")
    seeds, limit = (range(4), 4.5) if device else (range(1), 0.2)
    found: Readings = {"cores": available_cores()}
    for name in names:
        problem = formula(name)
        for where, workers in (("cpu", available_cores()), *((("teams", 1),) if device else ())):
            took = [_search(problem, seed, where, workers, limit) for seed in seeds]
            found[f"{name} {where}"] = statistics.median(took)
        if device:
            found[f"{name} gain"] = found[f"{name} cpu"] / found[f"{name} teams"]
    return found


def _search(problem: Any, seed: int, where: str, workers: int, limit: float) -> float:
    begin = time.perf_counter()
    search = GradientSearch(problem.normalised(), seed=seed, device=where, workers=workers)
    while search.solution is None and time.perf_counter() < begin + limit:
        search.advance(0.05)
    search.close()
    return time.perf_counter() - begin


def _least(readings: Readings, key: str, words: Sequence[str] = ("",)) -> float:
    """Return the least over names of the greatest reading of each."""
    best: dict[str, float] = {}
    for case, each in readings.items():
        if isinstance(each, dict) and any(word in case for word in words):
            name = case.split()[0]
            best[name] = max(best.get(name, 0.0), each.get(key, 0.0))
    return min(best.values(), default=0.0)


EACH: Final = "flips_a_second_a_lane"
ROWS: Final = (
    Row(
        *("latencies", 40, latencies),
        {"shared_cycles": 30, "l1_cycles": 34, "l2_cycles": 265, "memory_cycles": 650, "lop3_a_clock": 64},
        "all estimates are scaled anew where a reading is off by half",
        lambda found: 130 < found["l2_cycles"] < 530 and found["lop3_a_clock"] > 32,
    ),
    Row(
        *("equality", 90, equality, {"differing": []}),
        "teams, where one case differs",
        lambda found: not found["differing"],
    ),
    Row(
        *("synchronous", 60, synchronous, {"microseconds_1024": 15}),
        "nothing: it says how many lanes suit",
        lambda found: found["microseconds_1024"] <= 30,
    ),
    Row(
        *("walks", 75, walks, {"r3-500 16": {EACH: 0.85e6}, "r3-10000 16": {EACH: 0.75e6}}),
        "teams that walk, below 0.5e9 flips a second",
        lambda found: _least(found, "flips_a_second") >= 0.5e9,
    ),
    Row(
        *("weighted", 75, weighted),
        {
            "pythagorean-7000": 0.35e6,
            "van-der-waerden-3-13": 0.18e6,
            "qwh-33": 0.32e6,
            "colouring-500-13": 0.25e6,
        },
        "teams in weighted descent, below 0.1e6 flips a second a lane",
        lambda found: _least(found, EACH) >= 0.1e6,
    ),
    Row(
        *("several", 75, several, {EACH: 5e6}),
        "teams of several warps, below 2e6 flips a second a lane",
        lambda found: _least(found, EACH) >= 2e6,
    ),
    Row(
        *("sweep", 60, sweep, {"cuda_a_second": 2e14}),
        "straight-line sweeps, below 5e13 assignments times instructions a second",
        lambda found: found["cuda_a_second"] >= 5e13,
    ),
    Row(
        *("solutions", 160, solutions, {"gain": 3.0}),
        "descent on devices by default, where the median gain is below 2",
        lambda found: statistics.median(found[name] for name in found if name.endswith("gain")) >= 2.0,
    ),
)
