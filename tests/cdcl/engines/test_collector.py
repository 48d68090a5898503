"""What a Learner and a listener collect: the ring against a slow twin, all of it implied by the formula."""

import ctypes
from collections import deque
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysat.solvers import Cadical300

from tests.cdcl.engines.engines import formula, seconds_hard, wait
from tests.families import random_ksat
from tests.formula.test_clauses import lists
from turbosat.cdcl.engines import cadical_methods
from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.engines.cadical_search import works
from turbosat.cdcl.engines.collector import Collector, collector
from turbosat.cdcl.engines.engine import Budget
from turbosat.core.library import library
from turbosat.result import Status

CORE = library().path
SIZES = st.integers(1, 6)

# Everything that CaDiCaL can do to a formula, early and often.
EAGER: dict[str, int] = {
    **dict.fromkeys(("condition", "cover", "block", "ternary", "instantiate"), 1),
    **dict.fromkeys(("inprobeint", "elimint", "conditionint", "compactint", "compactmin"), 1),
}


def rows(found: Collector) -> list[list[int]]:
    literals, offsets = found.take(1 << 16)
    return [literals[begin:end].tolist() for begin, end in pairwise(offsets)]


@given(
    st.lists(st.one_of(SIZES.map(lambda size: ("learn", size)), st.just(("fix", 1)), st.just(("take", 12)))),
    st.integers(1, 5),
)
def test_the_ring_is_a_queue(steps: list[tuple[str, int]], longest: int) -> None:
    core = ctypes.CDLL(str(CORE))
    module = cadical_methods.pysolvers()
    capsule = module.cadical300_new()
    found = Collector(str(CORE), capsule, longest, capacity=32)
    found.listen()
    learner = ctypes.byref(found._record)
    listener = ctypes.byref(found._record, ctypes.sizeof(ctypes.c_void_p))
    inside: deque[list[int]] = deque()
    number = 0
    for kind, size in steps:
        if kind == "take":
            left, wanted = size, []
            for row in sorted(inside, key=len):
                if len(row) <= left:
                    left -= len(row)
                    wanted.append(row)
            literals, offsets = found.take(size)
            assert [list(literals[a:b]) for a, b in pairwise(offsets)] == wanted
            inside.clear()
            continue
        row = list(range(number + 1, number + size + 1))
        number += size
        room = sum(map(len, inside)) + len(inside) + size + 1 <= 32
        if kind == "fix":
            core["collector_fixed"](listener, row[0])
        else:
            learning = core["collector_learning"]
            learning.restype = ctypes.c_bool
            assert learning(learner, size) == (room and size <= longest)
            if not (room and size <= longest):
                continue
            for literal in (*row, 0):
                core["collector_learn"](learner, literal)
        if room:
            inside.append(row)
    module.cadical300_del(capsule, None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 2**20),
    st.integers(30, 90),
    st.floats(3.0, 4.6),
    st.lists(st.lists(st.integers(1, 30), max_size=4), min_size=1, max_size=5),
    st.dictionaries(st.sampled_from(sorted(EAGER)), st.just(0)),
)
def test_all_that_is_collected_is_implied(
    seed: int, variables: int, ratio: float, queries: list[list[int]], off: dict[str, int]
) -> None:
    """Two solvers tell each other what they learn under assumptions, while they eliminate and restore."""
    _, clauses = random_ksat(variables, int(ratio * variables), seed=seed)
    module = cadical_methods.pysolvers()
    pair = []
    for number in range(2):
        capsule = module.cadical300_new()
        for name, value in {
            **EAGER,
            **off,
            "seed": number,
            "shuffle": number,
            "factor": 0,
            "lucky": 0,
        }.items():
            module.cadical300_set(capsule, name, value)
        found = Collector(str(CORE), capsule, 8)
        found.listen()
        for clause in clauses:
            module.cadical300_add_cl(capsule, clause)
        pair.append((capsule, found))
    with Cadical300(bootstrap_with=clauses) as judge:
        satisfiable = judge.solve()
        for query in queries:
            for (capsule, found), (other, _) in (pair, pair[::-1]):
                module.cadical300_cbudget(capsule, 200)
                answer = module.cadical300_solve_lim(capsule, [-each for each in query], 0)
                if answer == 1:
                    assert judge.solve(assumptions=[-each for each in query])
                elif answer == -1:
                    assert not judge.solve(assumptions=[-each for each in query])
                for row in rows(found):
                    assert not judge.solve(assumptions=[-literal for literal in row])
                    module.cadical300_add_cl(other, row)
        for capsule, _ in pair:
            module.cadical300_cbudget(capsule, 0)
            assert (module.cadical300_solve_lim(capsule, [], 0) == 1) == satisfiable
            module.cadical300_del(capsule, None)


@pytest.mark.parametrize("path", [CORE, None, Path("/nowhere/core.so")])
def test_an_engine_hands_out_what_is_implied(path: Path | None) -> None:
    variables, clauses = random_ksat(200, 860, seed=3)
    with Cadical(export=8, library=path) as engine:
        engine.start(formula(clauses, variables))
        wait(engine, Budget(conflicts=3000))
        learned = engine.learned()
    assert learned is not None
    assert len(learned) > 50
    assert learned.literals.size <= 1500
    assert learned.sizes.max() <= 8
    with Cadical300(bootstrap_with=clauses) as solver:
        for clause in lists(learned):
            assert solver.solve(assumptions=[-literal for literal in clause]) is False


def test_there_is_no_collector_without_a_core() -> None:
    assert collector(str(CORE), cadical_methods.pysolvers().cadical300_new(), 4) is not None
    assert collector("/nowhere/core.so", cadical_methods.pysolvers().cadical300_new(), 4) is None
    other = cadical_methods.pysolvers().__file__  # a library, but without what is needed
    assert collector(other, cadical_methods.pysolvers().cadical300_new(), 4) is None


def test_a_search_works_here() -> None:
    assert works()


def test_a_lane_that_is_told_nothing_searches_as_cadical_does() -> None:
    """Runs of 0.1 s kept it from its stable phases."""
    source = seconds_hard()
    with Cadical300() as solver:
        solver.configure({"seed": 0, "factor": 0})
        for begin, end in zip(source.offsets, source.offsets[1:], strict=False):
            solver.add_clause(source.literals[begin:end].tolist())
        assert solver.solve() is False
        counts = solver.accum_stats()
    with Cadical(export=8, library=CORE) as engine:
        engine.start(source)
        answer = wait(engine)
        assert answer.status is Status.UNSATISFIABLE
        assert {name: answer.counts[name] for name in counts} == counts
