"""What is CaDiCaL's own: options, cores, messages in mid-slice, the worker's surroundings."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.cdcl.engines.engines import LONG, array, formula, hopeless, seconds_hard, solve, wait
from tests.families import random_ksat
from tests.processes import ROOT, allowance
from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.engines.cadical_options import BOUNDS
from turbosat.cdcl.engines.cadical_worker import BLOCK, HEARING, RUN_SECONDS, TRACE_MOST, Worker
from turbosat.cdcl.engines.engine import Answer, Budget
from turbosat.cdcl.process.channel import Channel, Message
from turbosat.errors import EngineError
from turbosat.formula.formula import Formula
from turbosat.result import Status


@pytest.mark.parametrize(
    ("options", "seed", "words"),
    [
        ({"nonsense": 1}, 0, "unknown option 'nonsense'"),
        ({"factor": 1}, 0, "unknown option 'factor'"),
        ({"phase": 2}, 0, "phase must be from 0 to 1, not 2"),
        ({}, -1, "seed must be"),
    ],
)
def test_bad_options_are_errors(options: dict[str, int], seed: int, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        solve(lambda: Cadical(options, seed=seed), formula([[1]]))


def test_options_are_sorted() -> None:
    assert list(BOUNDS) == sorted(BOUNDS)


def course(options: dict[str, int], seed: int = 0) -> Answer:
    variables, clauses = random_ksat(300, 1278, seed=4)
    with Cadical(options, seed=seed) as engine:
        engine.start(formula(clauses, variables))
        return wait(engine, Budget(conflicts=5000))


def test_options_and_seeds_change_the_course() -> None:
    courses = [
        course({}),
        course({"stabilizeonly": 1}),
        course({"phase": 0}),
        course({"stabilize": 0, "walk": 0}),
        course({"randec": 1, "shuffle": 1, "shufflerandom": 1}, 1),
        course({"randec": 1, "shuffle": 1, "shufflerandom": 1}, 2),
    ]
    assert len({answer.counts["propagations"] for answer in courses}) == len(courses)


def test_a_core_leaves_out_what_is_not_needed() -> None:
    with Cadical() as engine:
        engine.start(formula([[-1, 2], [-2, 3]], 50))
        engine.assume(array(*range(10, 50)))
        engine.assume(array(1, -3))
        answer = wait(engine)
        assert answer.status is Status.UNSATISFIABLE
        assert set(answer.core) == {1, -3}
        assert len(answer.restriction) == 42


def test_units_and_assumptions_together() -> None:
    with Cadical() as engine:
        engine.start(formula([[-1, 2], [-2, 3]], 5))
        engine.add_units(array(1))
        engine.assume(array(5, -3))
        answer = wait(engine)
        assert answer.status is Status.UNSATISFIABLE
        assert answer.restriction == (1, 5, -3)
        assert set(answer.core) == {1, -3}
        assert wait(engine).status is Status.SATISFIABLE


def test_phases_and_clauses_reach_a_running_slice() -> None:
    with Cadical() as engine:
        engine.start(hopeless())
        engine.advance(Budget())
        assert engine.poll(0.3) is None
        engine.set_phases(np.zeros(600, np.bool_))
        clauses = formula([[1], [-1]], 600)
        engine.add_clauses(clauses.literals, clauses.offsets)
        answer = engine.poll(LONG)
        assert answer is not None
        assert answer.status is Status.UNSATISFIABLE


def test_a_child_stopped_in_preprocessing_still_answers_the_next_slice() -> None:
    rng = np.random.default_rng(0)
    size = 150_000
    clauses = (rng.integers(1, size + 1, 9 * size) * rng.choice([-1, 1], 9 * size)).astype(np.int32)
    source = Formula(clauses, np.arange(0, 9 * size + 1, 3, dtype=np.int64))
    with Cadical() as engine:
        engine.start(source)
        for _ in range(3):
            engine.assume(array(1, 2))
            start = time.monotonic()
            answer = wait(engine, Budget(seconds=0.05))
            assert time.monotonic() - start < allowance(0.5)
            assert answer.status is Status.UNKNOWN
            assert answer.restriction == (1, 2)
        engine.assume(array(3, -3))
        answer = wait(engine)
        assert answer.status is Status.UNSATISFIABLE
        assert answer.restriction == (3, -3)
        assert set(answer.core) == {3, -3}


def test_many_clauses_of_many_sizes() -> None:
    rows = [[v, -(v + 1)] if v % 3 else [v, v + 1, -(v + 2), v + 3] for v in range(1, 3 * BLOCK)]
    source = formula(rows)
    answer = solve(Cadical, source)
    assert answer.values is not None
    assert source.satisfied(answer.values)


def test_ctrl_c_is_the_parents_business() -> None:
    with Cadical() as engine:
        engine.start(seconds_hard())
        engine.advance(Budget())
        for delay in (0.0, 0.02, 0.3):
            time.sleep(delay)
            assert engine.pid is not None
            os.kill(engine.pid, signal.SIGINT)
        answer = engine.poll(LONG)
        assert answer is not None
        assert answer.status is Status.UNSATISFIABLE


def test_from_another_thread() -> None:
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(solve(Cadical, formula([[1], [-1]]))))
    thread.start()
    thread.join()
    assert answers[0].status is Status.UNSATISFIABLE


def test_the_worker_trusts_neither_the_current_directory_nor_an_installed_turbosat(tmp_path: Path) -> None:
    for junk in ("numpy.py", "json.py", "turbosat.py", "pysat.py"):
        (tmp_path / junk).write_text("raise SystemExit('junk from the current directory')")
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from turbosat.cdcl.engines.cadical import Cadical\n"
        "from turbosat.cdcl.engines.engine import Budget\n"
        "from turbosat.formula.formula import Formula\n"
        "with Cadical() as e:\n"
        "    e.start(Formula.from_clauses([[1], [-1]])); e.advance(Budget()); print(e.poll(30).status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("UNSATISFIABLE\n", "")


def test_the_worker_imports_python_sat_and_nothing_heavy() -> None:
    script = (
        "import sys, turbosat.cdcl.engines.cadical_worker, pysat.solvers\n"
        "print(sorted({'numpy', 'torch', 'ray'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


def test_learned_clauses_end_a_search_seldom_and_other_requests_soon() -> None:
    near, far = socket.socketpair()
    with near, closing(Channel(far)) as channel:
        worker = Worker(channel)
        now = began = 1000.0
        assert worker._due(now, began) is None
        worker._waiting.append(Message("clauses", {}))
        assert worker._due(now, began) == began + RUN_SECONDS  # the first are heard at once
        worker._imported = worker._searched = 20.0
        assert worker._due(now, began) == now + HEARING[1] * 20
        worker._searched = 25.0
        assert worker._due(now + 5, began) == now + 5 + HEARING[1] * 25 - 5
        worker._waiting.append(Message("phases", {}))
        assert worker._due(now, began) == began + RUN_SECONDS
        worker._waiting.append(Message("advance", {}))
        assert worker._due(now, began) == now


def test_a_trace_is_read_before_it_is_large() -> None:
    near, far = socket.socketpair()
    with near, closing(Channel(far)) as channel:
        worker = Worker(channel)
        worker._connect(None)
        assert worker._trace is not None
        worker._searched = 100.0
        began = worker._exported
        assert worker._due(began, began) == began + HEARING[1] * 100
        os.ftruncate(worker._trace._descriptor, TRACE_MOST)
        assert worker._due(began, began) == began + RUN_SECONDS
