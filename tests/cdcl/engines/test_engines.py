"""One suite for all engines: an ability an engine does not declare must be refused, the rest must work."""

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cdcl.engines.engines import (
    ENGINES,
    LONG,
    array,
    check,
    declared,
    formula,
    hopeless,
    seconds_hard,
    solve,
    wait,
)
from tests.processes import allowance
from turbosat.cdcl.engines.engine import Ability, Budget, Engine
from turbosat.errors import EngineError, InputError, UnsupportedError, UsageError
from turbosat.formula.formula import Formula
from turbosat.result import Status

pytestmark = pytest.mark.parametrize("build", ENGINES)
Build = Callable[[], Engine]

TRIVIAL = {
    "nothing": formula([]),
    "no clauses": formula([], 5),
    "empty clause": formula([[]]),
    "empty clause among others": formula([[1, 2], [], [3]]),
    "units": formula([[1], [-2], [3]]),
    "opposite units": formula([[4], [-4]]),
    "unused variables": formula([[2, -5]], 9),
    "repeated literals and tautologies": formula([[1, 1, 2], [-2, 2], [-1, -1]]),
    "xors": Formula.from_clauses([[1, 2]], 4, [[1, 2], [2, 3, 4]]),
    "opposite xors": Formula.from_clauses([], 3, [[1, 2, 3], [-1, 2, 3]]),
    "a long xor": Formula.from_clauses([[1], [2], [-3]], 10, [list(range(1, 11))]),
}

literals = st.integers(1, 6).flatmap(lambda variable: st.sampled_from((variable, -variable)))
formulas = st.lists(st.lists(literals, min_size=1, max_size=3), min_size=8, max_size=30).map(
    lambda clauses: formula(clauses, 6)
)
some = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", TRIVIAL)
def test_trivial_formulas(build: Build, name: str) -> None:
    check(TRIVIAL[name], solve(build, TRIVIAL[name]))


@some
@given(formulas)
def test_random_formulas(build: Build, source: Formula) -> None:
    check(source, solve(build, source))


@some
@given(formulas, st.lists(literals, max_size=4))
def test_units_restrict_and_are_carried(build: Build, source: Formula, units: list[int]) -> None:
    with build() as engine:
        engine.start(source)
        if not declared(engine, Ability.UNITS, lambda: engine.add_units(array(*units))):
            return
        answer = wait(engine)
    assert answer.restriction == tuple(units)
    check(source, answer, units)


@some
@given(formulas, st.lists(literals, max_size=4), st.lists(literals, max_size=4))
def test_assumptions_hold_for_one_slice(
    build: Build, source: Formula, one: list[int], two: list[int]
) -> None:
    with build() as engine:
        engine.start(source)
        if not declared(engine, Ability.ASSUMPTIONS, lambda: engine.assume(array(*one))):
            return
        for assumed in (one, two, []):
            if assumed is not one:
                engine.assume(array(*assumed))
            answer = wait(engine)
            assert answer.restriction == tuple(assumed)
            check(source, answer, assumed)


def test_a_path_is_read(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "a b.cnf"
    path.write_text("c hello\np cnf 3 2\n1 -2 0\n2 0\n")
    with build() as engine:
        engine.start(path)
        answer = wait(engine)
    assert answer.status is Status.SATISFIABLE
    assert answer.values is not None
    assert answer.values[:2].tolist() == [True, True]
    assert answer.values.size == 3


@pytest.mark.parametrize("text", ["p cnf 2 1\n1 x 0\n", "", None])
def test_a_bad_path_is_an_error_with_words(build: Build, tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "bad.cnf"
    if text is not None:
        path.write_text(text)
    with build() as engine, pytest.raises((EngineError, InputError), match=r"bad\.cnf"):
        begin_and_wait(engine, path)


@pytest.mark.parametrize("as_path", [False, True])
def test_phases_are_followed(build: Build, tmp_path: Path, as_path: bool) -> None:
    source = formula([[v, v + 1, v + 2] for v in range(1, 98)], 100)  # almost anything satisfies it
    hint = np.random.default_rng(7).random(100) < 0.7
    hint[::3] = True
    with build() as engine:
        if as_path:
            path = tmp_path / "f.cnf"
            path.write_text("p cnf 100 97\n" + "".join(f"{v} {v + 1} {v + 2} 0\n" for v in range(1, 98)))
            engine.start(path)
        else:
            engine.start(source)
        if declared(engine, Ability.PHASES, lambda: engine.set_phases(hint)):
            values = wait(engine).values
            assert values is not None
            assert values.tolist() == hint.tolist()


def test_phases_between_slices(build: Build) -> None:
    source = formula([[v, v + 1] for v in range(1, 50)], 50)
    with build() as engine:
        engine.start(source)
        wait(engine)
        ones, other = np.ones(50, np.bool_), np.arange(50) % 2 == 0
        if declared(engine, Ability.REPHASE, lambda: engine.set_phases(ones)):
            for hint in (ones, other):
                engine.set_phases(hint)
                values = wait(engine).values
                assert values is not None
                assert values.tolist() == hint.tolist()


def test_imported_clauses_are_used(build: Build) -> None:
    # All the work of the hard formula is done for the engine: it must end at once.
    source = seconds_hard()
    with build() as engine:
        engine.start(source)
        wait(engine, Budget(seconds=0.05))
        clauses = formula([[1], [-1, 2], [-2]], source.variables)
        if declared(engine, Ability.IMPORT, lambda: engine.add_clauses(clauses.literals, clauses.offsets)):
            start = time.monotonic()
            assert wait(engine).status is Status.UNSATISFIABLE
            assert time.monotonic() - start < allowance(1)


def test_conflict_budgets_add_up(build: Build) -> None:
    with build() as engine:
        engine.start(hopeless())
        if not declared(engine, Ability.CONFLICTS, lambda: engine.advance(Budget(conflicts=1000))):
            return
        for slices in (1, 2, 3):
            if slices > 1:
                engine.advance(Budget(conflicts=1000))
            answer = engine.poll(LONG)
            assert answer is not None
            assert answer.status is Status.UNKNOWN
            assert 1000 * slices <= answer.counts["conflicts"] <= 1000 * slices + 50


def test_second_budgets_pause_the_search_and_it_goes_on_to_the_answer(build: Build) -> None:
    with build() as engine:
        engine.start(seconds_hard())
        wait(engine, Budget(seconds=0.2))  # start-up is over
        slices = 0
        while True:
            start = time.monotonic()
            answer = wait(engine, Budget(seconds=0.3))
            if answer.status is not Status.UNKNOWN:
                break
            assert 0.25 < time.monotonic() - start < allowance(0.8)
            assert answer.values is None
            slices += 1
            pid = engine.pid
            assert pid is not None
            if slices == 1:
                before = cpu_seconds(pid)
                time.sleep(0.3)
                assert cpu_seconds(pid) - before <= 0.1  # it rests between slices
    assert slices >= 1
    assert answer.status is Status.UNSATISFIABLE
    assert answer.restriction == ()
    assert answer.counts["conflicts"] > 1000


def test_a_budget_of_nothing_ends_at_once(build: Build) -> None:
    with build() as engine:
        engine.start(hopeless())
        start = time.monotonic()
        assert wait(engine, Budget(seconds=0.0)).status is Status.UNKNOWN
        assert time.monotonic() - start < allowance(0.5)


def test_poll_waits_no_longer_than_asked_and_fileno_wakes_the_caller(build: Build) -> None:
    with build() as engine:
        engine.start(seconds_hard())
        engine.advance(Budget())
        start = time.monotonic()
        assert engine.poll(0.0) is None
        assert time.monotonic() - start < allowance(0.1)
        assert engine.poll(0.1) is None
        assert 0.09 < time.monotonic() - start < allowance(0.4)
        answer = None
        while answer is None:
            assert select.select([engine.fileno()], [], [], LONG)[0]
            answer = engine.poll(0.0)
        assert answer.status is Status.UNSATISFIABLE
        assert engine.progress["conflicts"] > 100


def test_the_answer_is_repeated(build: Build) -> None:
    with build() as engine:
        engine.start(formula([[1], [-1]]))
        assert wait(engine).status is Status.UNSATISFIABLE
        assert wait(engine).status is Status.UNSATISFIABLE


def test_a_large_model_arrives_whole_and_soon(build: Build) -> None:
    size = 200_000
    numbers = np.arange(1, size + 1, dtype=np.int32)
    signs = np.where(np.random.default_rng(3).random(size) < 0.5, -1, 1).astype(np.int32)
    source = Formula(numbers * signs, np.arange(size + 1, dtype=np.int64))
    start = time.monotonic()
    answer = solve(build, source)
    assert time.monotonic() - start < allowance(5)
    assert answer.values is not None
    assert (answer.values == (signs > 0)).all()


@pytest.mark.parametrize("delay", [None, 0.0, 0.02, 0.1, 0.4])
def test_stop_at_any_moment(build: Build, delay: float | None, no_children_left: None) -> None:
    rng = np.random.default_rng(0)
    clauses = (rng.integers(1, 50_001, 600_000) * rng.choice([-1, 1], 600_000)).astype(np.int32)
    big = Formula(clauses, np.arange(0, 600_001, 3, dtype=np.int64))
    engine = build()
    if delay is not None:
        engine.start(big)
        engine.advance(Budget())
        time.sleep(delay)
        assert engine.pid is not None
    start = time.monotonic()
    engine.stop()
    assert time.monotonic() - start < allowance(0.1)
    assert engine.pid is None
    engine.stop()
    with pytest.raises(UsageError):
        engine.advance(Budget())


def test_stop_while_paused(build: Build, no_children_left: None) -> None:
    with build() as engine:
        engine.start(hopeless())
        wait(engine, Budget(seconds=0.1))
        start = time.monotonic()
        engine.stop()
        assert time.monotonic() - start < allowance(0.1)


def test_a_killed_child_is_an_error_not_a_hang(build: Build, no_children_left: None) -> None:
    with build() as engine:
        engine.start(hopeless())
        engine.advance(Budget())
        assert engine.poll(0.2) is None
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        start = time.monotonic()
        with pytest.raises(EngineError, match=f"{engine.name}: killed by signal 9"):
            engine.poll(LONG)
        assert time.monotonic() - start < allowance(2)
        assert engine.pid is None


def test_misuse_is_named(build: Build) -> None:
    engine = build()
    with engine:
        with pytest.raises(UsageError):
            engine.advance(Budget())
        with pytest.raises(UsageError):
            engine.poll()
        with pytest.raises(UsageError):
            engine.fileno()
        engine.start(formula([[1, 2]]))
        with pytest.raises(UsageError):
            engine.start(formula([[1, 2]]))
        for wrong in (array(3), array(0), np.array([1.5])):
            with pytest.raises(UsageError):
                engine.add_units(wrong)
        for hint in (np.ones(3, np.bool_), np.ones(2)):
            with pytest.raises(UsageError):
                engine.set_phases(hint)  # type: ignore[arg-type]
        engine.advance(Budget())
        with pytest.raises(UsageError):
            engine.advance(Budget())
        assert engine.poll(LONG) is not None
        with pytest.raises(UnsupportedError):
            engine.add_units(array(1))


def test_no_memory_is_an_error_that_says_so(build: Build, no_children_left: None) -> None:
    rng = np.random.default_rng(0)
    clauses = (rng.integers(1, 300_001, 6_000_000) * rng.choice([-1, 1], 6_000_000)).astype(np.int32)
    big = Formula(clauses, np.arange(0, 6_000_001, 3, dtype=np.int64))
    engine = build()
    engine.memory_limit = 200 << 20  # type: ignore[attr-defined]
    with engine, pytest.raises(EngineError, match="out of memory"):
        begin_and_wait(engine, big)


def begin_and_wait(engine: Engine, source: Formula | Path) -> None:
    engine.start(source)
    wait(engine)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
