"""What queries get from the hybrid many times over: cores that hold, and nothing left of those cancelled."""

import gc
import os
import random
import resource
import threading
import time
from pathlib import Path

import pytest
from pysat.solvers import Cadical195

from tests.families import endless, random_ksat
from tests.processes import LATE, descendants, eventually, folders
from turbosat import Solver
from turbosat.solver.query import HERE

CORES, GROUPS = 24, 8


def core_from_the_hybrid(seed: int) -> bool:
    """Ask for a core of groups of clauses that assumptions switch on; whether it was the hybrid's."""
    dice = random.Random(seed)
    variables, clauses = random_ksat(260, 1240, seed=seed)
    groups = [variables + 1 + number for number in range(GROUPS)]
    switched = [[*clause, -groups[number % (GROUPS - 2)]] for number, clause in enumerate(clauses)]
    switched += [[-groups[-1], -groups[-2], dice.randint(1, variables)]]  # two that matter little
    dice.shuffle(groups)
    with Solver(switched, escalate_after=0.0, pool=False, workers=2, seed=seed) as solver:
        assert solver.solve(groups, time_limit=20 * LATE) is False
        core = solver.get_core()
        assert core is not None
        assert set(core) <= set(groups)
        with Cadical195(bootstrap_with=switched) as other:
            assert other.solve(assumptions=core) is False
        return solver.winner != HERE


@pytest.mark.slow
def test_cores_of_the_hybrid_fail() -> None:
    found = 0
    for seed in range(10 * CORES):  # some are refuted here first
        found += core_from_the_hybrid(seed)
        if found == CORES:
            return
    pytest.fail(f"the hybrid refuted {found}")


def resident() -> int:
    """Return the bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.slow
def test_a_thousand_cancelled_escalations_leave_nothing() -> None:
    clauses = endless()[1]
    dice = random.Random(0)

    def one() -> None:
        escalated = threading.Event()
        with Solver(clauses, escalate_after=0.0, pool=False, on_event=lambda _: escalated.set()) as solver:
            pending = solver.solve_async()
            assert escalated.wait(LATE)
            time.sleep(dice.choice((0.0, 0.0, 0.02, 0.1, 0.3)))
            assert pending.cancel()

    def rest() -> tuple[int, int, int, int]:
        assert eventually(lambda: not descendants(os.getpid()), 3 * LATE)
        assert eventually(lambda: threading.active_count() == threads, 3 * LATE)
        gc.collect()
        return len(os.listdir("/proc/self/fd")), len(descendants(os.getpid())), len(folders()), resident()

    threads = threading.active_count()
    for _ in range(50):
        one()
    before = rest()
    for _ in range(1000):
        one()
    after = rest()
    assert after[:3] == before[:3]
    assert after[3] - before[3] < 32 << 20  # the heap breathes; a solver is some megabytes
