"""Lanes in the pool on this machine, with a real Ray."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.cdcl.engines.engines import LONG, array, formula, seconds_hard
from tests.cdcl.pool.pools import lane, ready, wait
from tests.processes import ROOT
from turbosat.cdcl.engines.engine import Ability, Budget
from turbosat.cdcl.pool.pool import Pool
from turbosat.errors import UnsupportedError, UsageError
from turbosat.formula.clauses import Clauses
from turbosat.result import Status


@pytest.fixture(scope="module")
def hard() -> Iterator[Pool]:
    """Return a pool for a formula that takes seconds."""
    pool = ready(seconds_hard())
    yield pool
    pool.stop()


def test_what_there_is(hard: Pool) -> None:
    assert hard.about is not None
    assert (hard.about["places"], hard.about["gpus"], hard.about["nodes"]) == (2, 0, 1)


def test_two_lanes_answer_the_same(hard: Pool) -> None:
    with lane(hard, "kissat") as one, lane(hard, "cadical", export=5) as two:
        one.start(seconds_hard())
        two.start(seconds_hard())
        one.advance(Budget())
        two.advance(Budget())
        answers = [engine.poll(LONG) for engine in (one, two)]
        learned = two.learned()
    assert [answer.status for answer in answers if answer is not None] == [Status.UNSATISFIABLE] * 2
    assert all(answer.counts["conflicts"] > 100 for answer in answers if answer is not None)
    assert learned is not None
    assert learned.sizes.max() <= 5


def test_slices_guesses_cores_and_imports(hard: Pool) -> None:
    source = seconds_hard()
    with lane(hard, "cadical") as engine:
        engine.start(source)
        answer = wait(engine, Budget(conflicts=200))
        assert answer.status is Status.UNKNOWN
        assert 200 <= answer.counts["conflicts"] < 400
        engine.assume(array(5, -5))
        answer = wait(engine)
        assert answer.status is Status.UNSATISFIABLE
        assert answer.restriction == (5, -5)
        assert set(answer.core) == {5, -5}
        refuting = Clauses.of([3], [-3])
        engine.add_clauses(refuting.literals, refuting.offsets)
        answer = wait(engine)
        assert (answer.status, answer.core) == (Status.UNSATISFIABLE, ())


def test_a_strengthened_formula(hard: Pool) -> None:
    refuting = Clauses.of([3], [-3])
    with lane(hard, "kissat") as engine:
        engine.start(seconds_hard().with_clauses(refuting.literals, refuting.offsets))
        answer = wait(engine)
        assert answer.status is Status.UNSATISFIABLE
        assert answer.counts["conflicts"] < 10  # thousands without the clauses


def test_misuse(hard: Pool) -> None:
    with lane(hard, "kissat") as engine:
        with pytest.raises(UsageError, match="is not running"):
            engine.set_phases(np.zeros(3, np.bool_))
        with pytest.raises(UsageError, match="the pool's formula"):
            engine.start(Path("f.cnf"))
        engine.start(seconds_hard())
        with pytest.raises(UnsupportedError):
            engine.assume(array(1))
        with pytest.raises(UnsupportedError):
            engine.add_clauses(array(1), np.array([0, 1]))
        with pytest.raises(UnsupportedError):
            engine.advance(Budget(seconds=1.0))
        with pytest.raises(UnsupportedError):
            engine.set_share(0.5)
        with pytest.raises(UsageError, match="once"):
            engine.start(seconds_hard())
    assert Ability.PROOF not in engine.abilities


def test_phases_reach_kissat() -> None:
    source = formula([[v, v + 1, v + 2] for v in range(1, 98)], 100)  # almost anything satisfies it
    hint = np.random.default_rng(7).random(100) < 0.7
    hint[::3] = True
    pool = ready(source, 1)
    try:
        for kind in ("kissat", "cadical"):
            with lane(pool, kind) as engine:  # in one place, one after the other
                engine.start(source)
                engine.set_phases(hint)
                values = wait(engine).values
                assert values is not None
                assert values.tolist() == hint.tolist()
    finally:
        pool.stop()


def test_this_process_imports_no_ray() -> None:
    script = (
        "import sys, time\n"
        "from turbosat.cdcl.pool.pool import Pool\n"
        "from turbosat.formula.formula import Formula\n"
        "pool = Pool(Formula.from_clauses([[1]]), 1)\n"
        "time.sleep(0.5); pool.stop()\n"
        "print('ray' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
