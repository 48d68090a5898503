"""Ends of queries, many solvers in many threads, and what is left behind: nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.families import pigeonhole, random_ksat
from tests.processes import LATE, allowance, eventually
from turbosat import Reason, Solver, UsageError
from turbosat.solver import native
from turbosat.system import own_memory

HARD = pigeonhole(13, 12)[1]


@pytest.fixture(params=["native", "sliced"])
def hard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Solver:
    """A query no engine answers within a test, either way to CaDiCaL."""
    if request.param == "sliced":
        monkeypatch.setattr(native, "methods", lambda: None)
    return Solver(HARD, escalate_after=None)


@pytest.mark.parametrize("limit", [0, 0.1, 0.5])
def test_the_time_limit_is_kept(hard: Solver, limit: float) -> None:
    with hard:
        began = time.monotonic()
        assert hard.solve(time_limit=limit) is None
        assert time.monotonic() - began < allowance(limit + 0.2)
        assert hard.reason is Reason.TIME
        assert hard.get_status() is None
        assert hard.get_model() is None
        assert hard.get_core() is None
        assert hard.solve([1, 13], time_limit=LATE) is False  # two pigeons in a hole


def test_the_limit_of_the_solver_is_that_of_every_query() -> None:
    with Solver(HARD, time_limit=0.1, escalate_after=None) as solver:
        assert solver.solve() is None
        assert solver.solve_limited() is None
        assert list(solver.enum_models()) == []
        assert solver.reason is Reason.TIME
        assert solver.backbone() is None


def test_budgets_are_of_conflicts_and_decisions(hard: Solver) -> None:
    with hard:
        hard.conf_budget(2000)
        assert hard.solve_limited() is None
        assert hard.reason is Reason.LIMIT
        assert 1500 <= hard.accum_stats()["conflicts"] <= 2500
        hard.conf_budget(-1)
        hard.dec_budget(50)
        assert hard.solve_limited() is None
        assert hard.reason is Reason.LIMIT
        hard.dec_budget(-1)
        assert hard.solve_limited(time_limit=0.1) is None
        assert str(hard.reason) == "time"


def test_another_thread_can_interrupt(hard: Solver) -> None:
    with hard:
        sent: list[float] = []

        def interrupt() -> None:
            sent.append(time.monotonic())
            hard.interrupt()

        timer = threading.Timer(0.3, interrupt)
        timer.start()
        assert hard.solve() is None
        assert time.monotonic() - sent[0] < allowance(0.2)
        timer.join()
        assert hard.reason is Reason.INTERRUPTED
        assert hard.solve() is None  # until it is cleared
        hard.clear_interrupt()
        assert hard.solve([1, 13]) is False


def test_other_threads_live_on() -> None:
    gaps: list[float] = []
    stop = threading.Event()

    def beat() -> None:
        last = time.monotonic()
        while not stop.is_set():
            time.sleep(0.001)
            now = time.monotonic()
            gaps.append(now - last)
            last = now

    thread = threading.Thread(target=beat)
    thread.start()
    with Solver(HARD, escalate_after=None) as solver:
        solver.solve(time_limit=1)
    stop.set()
    thread.join()
    assert max(gaps) < allowance(0.1)


def test_ctrl_c_ends_a_query() -> None:
    with Solver(HARD, escalate_after=None) as solver:
        timer = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
        timer.start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            solver.solve()
        assert time.monotonic() - began < allowance(0.6)
        assert solver.solve([1, 13], time_limit=LATE) is False


def test_one_query_at_a_time(hard: Solver) -> None:
    with hard:
        pending = hard.solve_async()
        for call in (
            hard.solve,
            hard.solve_async,
            hard.propagate,
            hard.copy,
            lambda: hard.add_clause([1]),
            lambda: hard.append_formula([[1]]),
            lambda: hard.set_phases([1]),
        ):
            with pytest.raises(UsageError, match="one at a time"):
                call()
        assert pending.cancel()
        assert pending.cancelled()
        assert hard.solve([1, 13], time_limit=LATE) is False


def test_a_future_is_an_answer() -> None:
    with Solver([[1, 2], [-1, 2]]) as solver:
        assert solver.solve_async([-2]).result(LATE) is False
        assert solver.get_core() == [-2]
        pending = solver.solve_async()
        assert pending.result(LATE) is True
        assert not pending.cancel()
        with pytest.raises(UsageError):
            solver.solve_async([0])


def test_asyncio_awaits_and_cancels() -> None:
    async def main() -> float:
        with Solver([[1]]) as easy, Solver(HARD, escalate_after=None) as solver:
            assert await easy.solve_async() is True
            both = asyncio.gather(easy.solve_async(), solver.solve_async(time_limit=0.1))
            assert list(await both) == [True, None]
            task = asyncio.create_task(asyncio.wait_for(solver.solve_async(), 60))
            await asyncio.sleep(0.2)
            began = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await solver.solve_async([1, 13]) is False
            return time.monotonic() - began

    assert asyncio.run(main()) < allowance(0.3)


def test_many_solvers_in_many_threads() -> None:
    wrong: list[int] = []

    def work(seed: int) -> None:
        variables, clauses = random_ksat(50, 210, seed=seed)
        with Solver(clauses, escalate_after=None) as solver:
            first = solver.solve()
            for variable in range(1, variables + 1):
                both = {solver.solve([variable]), solver.solve([-variable])}
                if (True in both) is not first:
                    wrong.append(seed)

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_deleted_in_the_midst_of_a_query(hard: Solver) -> None:
    pending = hard.solve_async()
    time.sleep(0.1)
    hard.delete()
    assert pending.result(LATE) is None
    with pytest.raises(UsageError, match="deleted"):
        hard.solve()


def test_thousands_of_solvers_leave_nothing() -> None:
    def round_of(count: int) -> None:
        for number in range(count):
            solver = Solver([[1, 2], [-1, 2], [3, -2, 4]])
            assert solver.solve([-2]) is False
            if number % 3 == 0:
                solver.delete()
            elif number % 3 == 1:
                list(solver.enum_models())

    round_of(300)
    before = own_memory(), len(os.listdir("/proc/self/fd")), threading.active_count()
    round_of(2000)
    assert own_memory() - before[0] < 20 << 20
    assert len(os.listdir("/proc/self/fd")) <= before[1]
    assert eventually(lambda: threading.active_count() <= before[2])


def run(code: str) -> "subprocess.CompletedProcess[str]":
    root = Path(__file__).parents[2]
    head = (
        "from tests.solver.test_life import HARD\nfrom turbosat import Solver\nimport os, time, threading\n"
    )
    command = [sys.executable, "-c", head + code]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=120)


def test_the_child_of_a_fork_goes_on_by_itself() -> None:
    done = run("""
idle = Solver([[1, 2], [-1, 2]])
assert idle.solve([-2]) is False
busy = Solver(HARD, escalate_after=None)
pending = busy.solve_async()
time.sleep(0.2)
child = os.fork()
if not child:
    assert idle.solve([-2]) is False and idle.solve([2]) is True
    assert busy.solve([1, 13]) is False and busy.solve(time_limit=0.2) is None
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert not pending.done()
pending.cancel()
assert busy.solve([1, 13]) is False
""")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "how", ["solver.solve_async()", "solver.solve_async().cancel()", "raise SystemExit(3)"]
)
def test_the_interpreter_ends_though_a_query_runs(how: str) -> None:
    began = time.monotonic()
    solver = "solver = Solver(HARD, escalate_after=0.1, counting=False)\nsolver.solve(time_limit=0.5)"
    done = run(f"{solver}\n{how}\n")
    assert (done.returncode, done.stderr) == (3 if "raise" in how else 0, "")
    assert time.monotonic() - began < allowance(10)


def test_what_is_asked_beside_a_query_does_no_harm() -> None:
    with Solver(HARD, escalate_after=None) as solver:
        pending = solver.solve_async()
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            assert solver.accum_stats().keys() == {"restarts", "conflicts", "decisions", "propagations"}
            assert (solver.nof_vars(), solver.nof_clauses()) == (156, len(HARD))
            assert solver.get_model() is None
        pending.cancel()
        solver.set_phases([1, -2])
        solver.configure({"walk": 0})
        assert solver.solve([1, 13], time_limit=LATE) is False
        assert solver.accum_stats()["conflicts"] > 0


def test_deleted_while_a_search_that_was_given_up_goes_on() -> None:
    done = run("""
import numpy as np
dice = np.random.default_rng(0)
rows = dice.integers(1, 60001, (250000, 3)) * dice.choice([-1, 1], (250000, 3))
for limit in (0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6):
    solver = Solver(rows, escalate_after=None)
    assert solver.solve(time_limit=limit) is None
    solver.set_phases([1, 2])
    solver.accum_stats()
    if limit > 0.05:
        solver.solve(time_limit=limit)
    solver.delete()
    other = Solver(rows, escalate_after=None)
    pending = other.solve_async(time_limit=limit)
    time.sleep(limit / 2)
    other.delete()
    pending.result(30)
""")
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_at_any_moment_leaves_a_solver_that_answers() -> None:
    done = run(
        """
import random, signal
dice, came = random.Random(0), 0
solver = Solver(HARD, escalate_after=0.003, pool=False, workers=1)
for number in range(150):
    solver._first = 500 * (number % 2)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, dice.random() * 0.006)
            solver.solve(time_limit=0.004)
            future, end = solver.solve_async(), time.monotonic() + 1
            while not future.done() and time.monotonic() < end:  # its own wait can break
                time.sleep(0.0005)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        came += 1
    except ValueError:  # a query runs still
        pass
    if number % 10 == 9:
        solver.interrupt()
        solver.clear_interrupt()
        end = time.monotonic() + 20
        while solver._query is not None and time.monotonic() < end:
            time.sleep(0.001)
        assert solver.solve([1, 13], time_limit=20) is False, solver.reason
assert came > 50, came
solver.delete()
""".replace(
            "import random, signal\n",
            "import random, signal\nsignal.signal(signal.SIGALRM, signal.default_int_handler)\n",
        )
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_would_take_too_much_memory_is_not_begun() -> None:
    with Solver([[2**29 - 1, 1]], memory_limit=1000) as solver:
        assert solver.solve() is None
        assert str(solver.reason) == "memory"
    rows = np.arange(1, 3 * 10**6 + 1).reshape(-1, 3)
    with Solver(rows, memory_limit=100) as solver:
        assert solver.solve() is None
        assert str(solver.reason) == "memory"


def test_the_memory_limit_ends_a_query() -> None:
    done = run("""
from turbosat import Reason
solver = Solver(HARD, memory_limit=8, escalate_after=None)
ballast = []
timer = threading.Timer(0.5, lambda: ballast.append(b"x" * (64 << 20)))
timer.start()
assert solver.solve(time_limit=30) is None
assert solver.reason is Reason.MEMORY, solver.reason
""")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_handler_of_signals_may_interrupt() -> None:
    done = run("""
import random, signal
from turbosat import Reason
dice = random.Random(0)
solver = Solver(HARD, escalate_after=None)
signal.signal(signal.SIGALRM, lambda *_: solver.interrupt())
for number in range(400):
    solver._first = 500 * (number % 2)
    solver.clear_interrupt()
    signal.setitimer(signal.ITIMER_REAL, 0.0005 + dice.random() * 0.004)
    assert solver.solve(time_limit=20) is None
    assert solver.reason is Reason.INTERRUPTED
    signal.setitimer(signal.ITIMER_REAL, 0)
""")
    assert (done.returncode, done.stderr) == (0, "")
