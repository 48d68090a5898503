"""The gradient lane as an engine: answers, guidance, what it takes in, shares, determinism."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cdcl.engines.engines import LONG, array, declared, formula
from tests.families import pigeonhole, random_ksat
from tests.processes import eventually
from turbosat.cdcl.engines.engine import Ability, Answer, Budget
from turbosat.errors import UnsupportedError, UsageError
from turbosat.formula.formula import Formula
from turbosat.lanes import gradient_worker
from turbosat.lanes.gradient import Gradient, Settings
from turbosat.result import Status


def patiently(engine: Gradient, done: Callable[[], bool], seconds: float = 20) -> Answer | None:
    """Poll until something is so; return an answer that comes before."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        answer = engine.poll(0.05)
        if answer is not None:
            return answer
    return None


def wait(engine: Gradient, budget: Budget | None = None) -> Answer:
    engine.advance(budget or Budget())
    answer = engine.poll(LONG)
    assert answer is not None
    return answer


def pigeons(count: int) -> Formula:
    variables, clauses = pigeonhole(count, count - 1)
    return formula(clauses, variables)


@pytest.mark.parametrize("seed", range(4))
def test_models_are_models(seed: int) -> None:
    variables, clauses = random_ksat(80, 300, seed=seed)
    source = formula(clauses, variables)
    with Gradient(Settings(seed=seed)) as engine:
        engine.start(source)
        answer = wait(engine)
    assert answer.status is Status.SATISFIABLE
    assert answer.values is not None
    assert source.satisfied(answer.values)
    assert answer.restriction == ()
    assert engine.figures["best"] == 0


def test_what_others_took_of_a_core_is_no_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, guidance of 0.2 CPU seconds took 8 s by the clock, the next came after 160."""
    clocks = [100.0, 10.0]  # seconds by the clock, CPU seconds
    monkeypatch.setattr(gradient_worker, "_clocks", lambda: tuple(clocks))
    monkeypatch.setattr("time.monotonic", lambda: clocks[0])
    chore = gradient_worker.Chore()
    with chore.done():
        clocks[:] = 108.0, 10.25
    assert not chore.affordable(20)
    clocks[:] = 138.0, 14.75
    assert not chore.affordable(20)
    clocks[:] = 140.0, 15.25  # it has searched for long enough
    assert chore.affordable(20)
    assert chore.waited == 32.0
    clocks[:] = 268.0, 10.25  # it has rested for long enough
    assert chore.affordable(20)
    clocks[:] = 267.0, 10.25
    assert not chore.affordable(20)


def test_xors_and_unused_variables() -> None:
    source = Formula.from_clauses([[1, -2]], 14, [list(range(1, 12)), [-3, 4, 5]])
    with Gradient(Settings()) as engine:
        engine.start(source)
        answer = wait(engine)
    assert answer.values is not None
    assert answer.values.shape == (14,)
    assert source.satisfied(answer.values)


def test_units_restrict() -> None:
    variables, clauses = random_ksat(50, 120, seed=3)
    source = formula(clauses, variables)
    with Gradient(Settings()) as engine:
        engine.start(source)
        engine.add_units(array(4, -9))
        answer = wait(engine)
    assert answer.values is not None
    assert source.satisfied(answer.values)
    assert answer.values[[3, 8]].tolist() == [True, False]


def test_what_propagation_refutes_it_gives_up() -> None:
    with Gradient(Settings()) as engine:
        engine.start(formula([[1], [-1, 2], [-2]]))
        assert wait(engine).status is Status.UNKNOWN
        assert engine.pid is None


def test_guidance_of_a_search_that_goes_on() -> None:
    source = pigeons(9)
    with Gradient(Settings()) as engine:
        engine.start(source)
        engine.advance(Budget())
        assert patiently(engine, lambda: engine.guidance is not None) is None
        guidance = engine.guidance
        assert guidance is not None
        assert guidance.false == len(source.false_clauses(guidance.phases)) >= 1
        ranked = np.sort(np.abs(guidance.ranked))
        assert (np.diff(ranked) > 0).all()
        assert 1 <= ranked[0] <= ranked[-1] <= source.variables <= 2 * ranked.size  # it may have been reduced
        assert (guidance.phases[np.abs(guidance.ranked) - 1] == (guidance.ranked > 0)).all()
        assert (np.diff(guidance.confidence) <= 0).all()
        assert (np.sort(guidance.splits) == ranked).all()
        assert patiently(engine, lambda: engine.progress.get("flips", 0) > 0) is None
        assert engine.figures["device"] == "cpu"


def test_guidance_is_about_the_variables_of_the_formula() -> None:
    rng = np.random.default_rng(1)
    xors = [(rng.permutation(60)[:12] + 1).tolist() for _ in range(70)]  # cut with more variables
    with Gradient(Settings()) as engine:
        engine.start(Formula.from_clauses([], 60, xors))
        engine.advance(Budget())
        assert patiently(engine, lambda: engine.guidance is not None) is None
        guidance = engine.guidance
    assert guidance is not None
    assert guidance.phases.shape == (60,)
    assert np.abs(guidance.ranked).max() <= 60
    assert guidance.splits.max() <= 60


def test_an_assignment_from_elsewhere_is_where_it_begins() -> None:
    rng = np.random.default_rng(5)
    model = rng.random(400) < 0.5
    signs = np.where(model, 1, -1)
    rows = []
    for _ in range(1640):  # hard to find, and known
        chosen = rng.permutation(400)[:3]
        row = (chosen + 1) * rng.choice([-1, 1], 3)
        if (np.sign(row) != signs[chosen]).all():
            row[0] = -row[0]
        rows.append(row.tolist())
    source = formula(rows, 400)
    with Gradient(Settings(lanes=1)) as engine:
        engine.start(source)
        engine.set_phases(model)
        answer = wait(engine)
    assert answer.values is not None
    assert (answer.values == model).all()


def test_clauses_learned_elsewhere_are_taken_in() -> None:
    source = pigeons(8)
    with Gradient(Settings()) as engine:
        engine.start(source)
        engine.advance(Budget())
        assert patiently(engine, lambda: engine.guidance is not None) is None
        assert engine.guidance is not None
        true = np.flatnonzero(engine.guidance.phases)[:3]
        engine.add_clauses(array(*(-true - 1).tolist()), np.arange(4, dtype=np.int64))

        def taken_in() -> bool:
            return bool(
                engine.figures["variables"] <= source.variables - 3 and not phases(engine)[true].any()
            )

        assert patiently(engine, taken_in) is None
        guidance = engine.guidance
        assert patiently(engine, lambda: engine.guidance is not guidance) is None
        assert not phases(engine)[true].any()


def phases(engine: Gradient) -> np.ndarray:
    assert engine.guidance is not None
    return engine.guidance.phases


def seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_its_share_of_the_core_is_kept() -> None:
    with Gradient(Settings()) as engine:
        engine.start(pigeons(9))
        engine.advance(Budget())
        assert patiently(engine, lambda: engine.progress.get("flips", 0) > 0) is None

        def used(share: float) -> float:
            """Return the CPU seconds that it takes in one."""
            engine.set_share(share)
            time.sleep(0.3)
            assert engine.pid is not None
            begin = seconds(engine.pid)
            end = time.monotonic() + 1.0
            while time.monotonic() < end:
                assert engine.poll(0.05) is None
                engine.set_phases(np.zeros(72, np.bool_))  # news do not end its rest
            return seconds(engine.pid) - begin

        def kept() -> bool:
            none, some, all_of_it = map(used, (0.0, 0.25, 1.0))
            return none <= 0.05 and some <= 0.5 and none < some < all_of_it

        assert eventually(kept)  # on a busy machine a share may begin late


def test_rounds_do_not_depend_on_time() -> None:
    found = []
    for _ in range(2):
        with Gradient(Settings(seed=3)) as engine:
            engine.start(pigeons(9))
            for _ in range(3):
                answer = wait(engine, Budget(rounds=2))
                assert answer.status is Status.UNKNOWN
            guidance = engine.guidance
            assert guidance is not None
            found.append((guidance.phases.tolist(), guidance.ranked.tolist(), answer.counts))
    assert found[0] == found[1]


def test_what_it_does_not_offer_is_refused() -> None:
    with Gradient(Settings()) as engine:
        engine.start(pigeons(5))
        assert not declared(engine, Ability.ASSUMPTIONS, lambda: engine.assume(array(1)))
        for budget in (Budget(conflicts=1), Budget(seconds=1.0)):
            with pytest.raises(UnsupportedError, match="gradient does not offer"):
                engine.advance(budget)
        engine.advance(Budget())
        with pytest.raises(UsageError, match="a slice is running"):
            engine.advance(Budget())
        with pytest.raises(UnsupportedError, match="before the first slice"):
            engine.add_units(array(1))


def test_a_device_that_is_not_there() -> None:
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("there is a GPU")
    with Gradient(Settings(device="cuda")) as engine:
        engine.start(pigeons(5))
        engine.advance(Budget())
        with pytest.raises(UnsupportedError, match="device cuda cannot be used"):
            engine.poll(LONG)


def test_it_begins_where_it_is_told() -> None:
    variables, clauses = random_ksat(2000, 8300, seed=1)
    source = formula(clauses, variables)
    flips = []
    model = None
    for _ in range(2):
        with Gradient(Settings(seed=3), phases=model) as engine:
            engine.start(source)
            answer = wait(engine)
            assert answer.status is Status.SATISFIABLE
            model = answer.values
            flips.append(engine.figures["flips"])
    assert flips[1] * 10 < flips[0]
