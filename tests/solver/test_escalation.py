"""The hybrid beside a query that takes long: its answers are checked, and it ends with the query."""

import gc
import os
import random
import time

import numpy as np
import pytest

from tests.families import endless, random_ksat
from tests.processes import LATE, allowance, descendants, eventually
from tests.solver.truth import satisfiable
from turbosat import Event, Reason, Solver
from turbosat.errors import SoundnessError
from turbosat.solver.engine import Engine
from turbosat.solver.escalation import checked_core
from turbosat.solver.query import HERE, Query, Search
from turbosat.solver.store import Store

HARD = endless()[1]


def parities(size: int, seed: int) -> list[list[int]]:
    """Return XORs along a random graph of degree 4 that cannot hold together."""
    dice = random.Random(seed)
    edges: list[list[int]] = [[] for _ in range(size)]
    number = 0
    for _ in range(2):
        order = dice.sample(range(size), size)
        for here, there in zip(order, order[1:] + order[:1], strict=True):
            number += 1
            edges[here].append(number)
            edges[there].append(number)
    clauses = []
    for node, names in enumerate(edges):
        for bits in range(16):
            if bin(bits).count("1") % 2 != (node == 0):
                clauses.append([-name if bits >> place & 1 else name for place, name in enumerate(names)])
    return clauses


def test_a_model_found_elsewhere_is_a_model() -> None:
    _, clauses = random_ksat(1500, 6150, seed=3)
    events: list[Event] = []
    with Solver(clauses, escalate_after=0.1, on_event=events.append, pool=False) as solver:
        assert solver.solve(time_limit=120) is True
        model = set(solver.get_model() or [])
        assert all(model & set(clause) for clause in clauses)
        assert any(event.kind == "escalated" for event in events)
        winner = solver.winner
        began = time.monotonic()
        assert solver.solve([next(iter(model))], time_limit=60) is True
        if winner != HERE:  # its model is where the search here begins now
            assert time.monotonic() - began < allowance(2)
    assert eventually(lambda: not descendants(os.getpid()))


def test_a_refutation_found_elsewhere_is_one_for_good() -> None:
    with Solver(parities(60, 1), escalate_after=0.1, pool=False) as solver:
        assert solver.solve(time_limit=LATE) is False
        assert solver.winner != HERE
        assert solver.get_core() is None
        assert solver.solve([1, 2]) is False
        assert solver.get_core() == []
        assert solver.add_clause([1], no_return=False) is False


def test_assumptions_go_to_the_hybrid_as_well() -> None:
    with Solver(parities(60, 2), escalate_after=0.1, pool=False) as solver:
        assert solver.solve([7, -8], time_limit=LATE) is False
        assert set(solver.get_core() or []) <= {7, -8}


def test_it_ends_with_its_query() -> None:
    with Solver(HARD, escalate_after=0.05, pool=False) as solver:
        for _ in range(3):
            began = time.monotonic()
            assert solver.solve(time_limit=1) is None
            assert time.monotonic() - began < allowance(1.2)
            assert solver.reason is Reason.TIME
        assert eventually(lambda: not descendants(os.getpid()))
        pending = solver.solve_async()
        time.sleep(0.5)
        assert pending.cancel()
    assert eventually(lambda: not descendants(os.getpid()))


def test_cancelled_runs_leave_nothing() -> None:
    def one() -> None:
        with Solver(HARD, escalate_after=0.0, pool=False) as solver:
            pending = solver.solve_async()
            time.sleep(0.1)
            pending.cancel()
        assert eventually(lambda: not descendants(os.getpid()))

    one()
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        one()
    gc.collect()
    assert eventually(lambda: len(os.listdir("/proc/self/fd")) <= before)


def test_limited_queries_and_proofs_stay_here() -> None:
    events: list[Event] = []
    with Solver(HARD, escalate_after=0.0, on_event=events.append) as solver:
        solver.conf_budget(3000)
        assert solver.solve_limited() is None
    with Solver(HARD, escalate_after=0.0, on_event=events.append, with_proof=True) as solver:
        assert solver.solve(time_limit=0.3) is None
    assert events == []


def held(clauses: list[list[int]]) -> tuple[Engine, Store, int]:
    store = Store()
    for clause in clauses:
        store.add(clause)
    engine = Engine({})
    engine.feed(store, store.settled())
    return engine, store, max(abs(literal) for clause in clauses for literal in clause)


def test_cores_are_refuted_here_before_they_are_returned() -> None:
    checked = 0
    for seed in range(60):
        dice = random.Random(seed)
        clauses = [[v * dice.choice((-1, 1)) for v in dice.sample(range(1, 9), 3)] for _ in range(30)]
        assumed = [v * dice.choice((-1, 1)) for v in range(1, 7)]
        engine, store, variables = held(clauses)
        query = Query(assumed)
        if satisfiable(clauses, 8, assumed):
            with pytest.raises(SoundnessError, match="satisfiable"):
                checked_core(engine, store, variables, query, assumed)
        else:
            core = checked_core(engine, store, variables, query, assumed)
            assert set(core) <= set(assumed)
            assert not satisfiable(clauses, 8, core)
            checked += 1
        with pytest.raises(SoundnessError, match="not assumed"):
            checked_core(engine, store, variables, query, [8])
        engine.close()
    assert checked >= 20


def test_a_core_that_cannot_be_checked_in_time_is_all_that_was_assumed() -> None:
    engine, store, variables = held(HARD)
    query = Query([1, -2, 3], seconds=0.3)
    assert checked_core(engine, store, variables, query, [1]) == [1, -2, 3]
    engine.close()


def test_values_of_numpy_are_literals() -> None:
    with Solver([[np.int64(1), np.int8(2)]]) as solver:
        assert solver.solve(np.array([-1])) is True
        assert solver.get_model() == [-1, 2]


def test_the_search_here_goes_on_where_the_hybrid_gives_up() -> None:
    events: list[Event] = []
    options = {"algebra": False, "gradient": False, "mix": "kissat", "workers": 1, "pool": False}
    with Solver(HARD, escalate_after=0.1, on_event=events.append, **options) as solver:  # type: ignore[arg-type]
        solver._options["conflicts"] = 300  # of the hybrid's lanes
        assert solver.solve(time_limit=2) is None
        assert solver.reason is Reason.TIME
        before = solver.accum_stats()["conflicts"]
        assert solver.solve(time_limit=0.3) is None
        assert solver.accum_stats()["conflicts"] > before > 0
    assert sum(event.kind == "escalated" for event in events) <= 2


def test_a_second_thread_waits_until_the_first_has_left() -> None:
    engine, store, variables = held(HARD)
    ended = []
    query = Query([])
    first = Search(engine, store, variables, query).start()
    assert eventually(lambda: not engine.idle)
    begin = time.monotonic()
    fed = engine.fed
    store.add([1, 2])

    def stopped() -> bool:
        ended.append(1)
        return time.monotonic() > begin + 0.2

    engine.feed(store, store.settled(), stopped)
    assert ended
    assert engine.fed == fed
    assert not first.done
    assert first.stop(LATE)
    engine.feed(store, store.settled())
    assert engine.fed == store.size
    engine.close()


def test_the_hybrid_begins_where_the_last_model_was() -> None:
    variables, clauses = random_ksat(200, 700, seed=5)
    with Solver(clauses, escalate_after=0.0, pool=False) as solver:
        assert solver.solve(time_limit=LATE) is True
        expected = np.array(solver.get_model()) > 0
        first = solver.get_model()[0]  # type: ignore[index]
        solver.append_formula(
            [[literal + (variables if literal > 0 else -variables) for literal in clause] for clause in HARD]
        )
        solver.set_phases([-first])
        pending = solver.solve_async()
        assert eventually(lambda: solver._escalation is not None)
        run = solver._escalation
        assert run is not None
        assert run._phases is not None
        assert run._phases.size == solver.nof_vars()
        assert (run._phases[1:variables] == expected[1:]).all()
        assert run._phases[0] != expected[0]
        assert pending.cancel()
