"""The scheduler's rules: what is tried when, and what is given back."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from turbosat.run.scheduler import (
    BESIDE,
    CLOSE,
    CLOSE_TRIAL,
    EARLY,
    FAR,
    FIRST,
    HEAD_START,
    HOPEFUL,
    HOPELESS,
    KNOWN,
    LANE,
    LATEST,
    LEAST,
    NEAR,
    NEAREST,
    POOL_AFTER,
    POOL_MEMORY,
    READING,
    SECOND,
    TRIAL,
    YIELDED,
    Descent,
    Scheduler,
    View,
    head_start,
    lane_memory,
    places,
    pool_start,
    share,
    trend,
    trial,
)

descents = st.builds(
    lambda seconds, part, best, literals, accelerated, expected, yields, trend: Descent(
        seconds, seconds * part, best, literals, accelerated, expected, yields, trend
    ),
    st.floats(0, 1e5),
    st.floats(0, 1),
    st.integers(0, 10**6),
    st.integers(0, 10**7),
    st.booleans(),
    st.floats(0, 1e6) | st.just(math.inf),
    st.booleans(),
    st.floats(0, 1e12) | st.just(math.inf),
)
views = st.builds(
    View,
    seconds=st.floats(0, 1e5),
    cores=st.integers(1, 300),
    descent=st.none() | descents,
    pool=st.sampled_from(["none", "coming", "ready", "broken"]),
    places=st.integers(0, 1000),
    shared=st.integers(0, 8),
    memory=st.none() | st.integers(-(2**30), 2**40),
    need=st.integers(1, 2**34),
    distant=st.booleans(),
    beside=st.floats(0, 1e5),
    first=st.integers(0, 2),
    second=st.integers(0, 4),
    left=st.floats(0, 1e5) | st.just(math.inf),
    deserted=st.booleans(),
    grouped=st.booleans(),
)


@example(View(20.0, 2, beside=7.0, need=2**34), None)
@given(views, st.none() | st.floats(0, 100))
def test_plans_make_sense(view: View, pool_after: float | None) -> None:
    plan = Scheduler(pool_after).decide(view)
    assert 1 <= plan.here <= max(view.cores + 1, EARLY)
    assert plan.here <= EARLY or pool_after is None or view.pool == "broken"
    assert plan.here <= view.cores + sum(view.deserted or view.seconds >= beside for beside in BESIDE)
    assert plan.here == 1 or view.cores > 1 or view.pool == "broken"
    assert LEAST <= plan.share <= 1
    assert plan.remote == 0 or view.pool == "ready"
    assert plan.remote <= max(1, view.places)
    assert 1 <= plan.places <= places(view.cores)
    if view.memory is not None:
        assert plan.here == 1 or plan.here * view.need <= view.memory
        if not view.distant:
            both = (plan.here + plan.remote) * view.need + POOL_MEMORY
            assert plan.remote == 0 or both <= view.memory
    if pool_after is None or view.seconds < pool_after or view.pool == "broken":
        assert not plan.pool
    if view.seconds < head_start(view.cores):
        assert plan.here == 1
    assert not plan.awaited or view.seconds < LATEST
    if view.beside >= NEAREST or view.cores > 5:
        assert plan.search
        assert plan.descend or READING * (view.need - LANE) > view.beside
    if view.cores > 5 or view.deserted:
        assert plan.descend or view.first


@given(
    st.lists(st.floats(0.01, 0.1), min_size=1, max_size=60),
    st.integers(0, 10**5),
    st.floats(0, 100) | st.just(math.inf),
)
def test_what_a_descent_does_not_use_it_gives_back(steps: list[float], best: int, expected: float) -> None:
    """Without an improvement the seconds of search grow with the square root of time, or slower.

    Where a solution is in sight they may be as many more as it should take, and half as many again.
    """
    seconds, passed = 0.0, 0.0
    for step in steps * 10:
        seconds += step * share(Descent(seconds, seconds, best, expected=expected), passed)
        passed += step
    given = CLOSE_TRIAL if best <= CLOSE else TRIAL[0]
    usual = given + (2 * given * passed) ** 0.5 + LEAST * passed + 0.2
    assert seconds <= usual + 1.5 * (expected**2 * passed) ** (1 / 3)
    assert seconds <= usual + passed * passed / (passed + max(expected, 1e-6))


@given(st.floats(0.5, 100), st.floats(0, 1), st.floats(0.001, 1e4), st.floats(1, 10))
def test_a_solution_in_sight_is_worth_a_share(
    seconds: float, part: float, expected: float, more: float
) -> None:
    """A share that grows as the others stay without one, and is given back as it does not come."""

    def due(searched: float, passed: float, expected: float) -> float:
        return share(Descent(searched, searched * part, 1, expected=expected), passed)

    passed = 2 * seconds
    assert due(seconds, passed, expected) >= due(seconds, passed, math.inf)
    assert due(seconds, passed * more, expected) >= due(seconds, passed, expected)
    assert due(seconds * more, passed, expected) <= due(seconds, passed, expected)
    assert due(seconds, passed, seconds / 100) == due(seconds, passed, math.inf)  # it was all in error


def test_one_false_clause_on_a_small_formula() -> None:
    """Eight seconds of forty, a solution each twenty seconds of search: most of the core, not a quarter."""
    near, caught = Descent(8.0, 7.6, 1, 45_000, expected=20.0), Descent(8.0, 7.6, 1, 45_000, expected=0.08)
    assert share(near, 40.0) > 0.5
    assert share(caught, 40.0) == share(Descent(8.0, 7.6, 1, 45_000), 40.0) == CLOSE_TRIAL / 8.0


def test_coming_nearer_and_being_near_are_worth_a_share() -> None:
    stale, fresh = Descent(6.0, 5.0, CLOSE + 1), Descent(6.0, 1.0, CLOSE + 1)
    assert share(fresh, 9.0) == 2 * share(stale, 9.0)
    assert share(Descent(6.0, 5.0, HOPEFUL[0] + 1), 9.0) == pytest.approx(share(stale, 9.0) * FAR)
    assert share(Descent(6.0, 1.0, HOPEFUL[0] + 1), 9.0) == share(fresh, 9.0)
    assert share(Descent(6.0, 5.0, CLOSE), 9.0) == pytest.approx(share(stale, 9.0) * CLOSE_TRIAL / TRIAL[0])
    assert share(Descent(1e6, 1e6, 1, accelerated=True), 9.0) == 1.0
    assert share(Descent(TRIAL[0] / 2, 0.0, 10**6), 9.0) == 1.0


@given(descents, st.integers(0, 10**6), st.floats(0, 1e5))
def test_nearer_is_never_worth_less(descent: Descent, best: int, passed: float) -> None:
    """Nor is a descent that has come nearer lately."""
    nearer, farther = sorted((best, descent.best))
    assert share(replace(descent, best=nearer), passed) >= share(replace(descent, best=farther), passed)
    assert share(replace(descent, stale=0.0), passed) >= share(descent, passed)


@given(views, st.none() | st.floats(0, 100), st.floats(0, 10))
def test_no_lane_is_taken_back(view: View, pool_after: float | None, more: float) -> None:
    now, later = (Scheduler(pool_after).decide(replace(view, seconds=view.seconds + x)) for x in (0, more))
    assert now.here <= later.here


def test_a_few_false_clauses_are_worth_a_longer_trial() -> None:
    near, other = (Descent(TRIAL[0] * 3, TRIAL[0] * 3, best) for best in (CLOSE, CLOSE + 1))
    assert share(near, 2.0) == 1.0
    assert share(other, 2.0) == pytest.approx(1 / 3)
    assert share(Descent(2 * CLOSE_TRIAL, 2 * CLOSE_TRIAL, 0), 9.0) == 0.5


@given(st.floats(0.01, 100), st.floats(0.2, 4), st.integers(2, 10**6), st.floats(KNOWN, 100))
def test_a_trend_is_a_power_of_time(begun: float, power: float, more: int, times: float) -> None:
    fewer = more * times**-power
    if fewer > 1.0:
        found = trend((begun, more), (begun * times, fewer))
        assert math.isclose(found, begun * more ** (1 / power), rel_tol=1e-6)
    assert trend((begun, more), (begun * times, more)) == math.inf
    assert trend((begun, more), (begun * times, 0)) == trend((begun, more), (begun * 2, more)) == 0.0
    assert trend((0.0, more), (begun, more)) == 0.0


def test_what_comes_to_nothing_is_not_waited_for() -> None:
    far, passed = HOPEFUL[0] + 1, 2.0
    slow, usual = (Descent(0.6 * TRIAL[0], 0.0, far, trend=each) for each in (2 * HOPELESS * passed, 1.0))
    assert share(slow, passed) == pytest.approx(YIELDED / 0.6 * FAR)
    assert share(usual, passed) == share(replace(slow, best=far - 1), passed) == 1.0
    plans = [Scheduler(None).decide(View(passed, 2, each, second=1)) for each in (slow, usual)]
    assert [plan.hopeless for plan in plans] == [True, False]
    assert [plan.spare for plan in plans] == [True, False]
    early = [replace(each, seconds=0.1) for each in (slow, usual)]
    assert [Scheduler(None).decide(View(passed, 2, each, second=1)).awaited for each in early] == [
        False,
        True,
    ]


def test_the_first_seconds_on_two_cores() -> None:
    scheduler = Scheduler(pool_start(None, 2))

    def plan(seconds: float, descent: Descent | None) -> tuple[int, bool]:
        found = scheduler.decide(View(seconds, 2, descent))
        assert not found.pool
        return found.here, found.spare

    assert plan(HEAD_START / 2, Descent(0.0, 0.0, 0)) == (1, False)
    assert plan(0.2, Descent(0.0, 0.0, 0)) == (2, False)
    assert plan(1.8, Descent(TRIAL[0] - 0.2, 0.1, 5)) == (2, False)
    assert plan(1.8, Descent(TRIAL[0], 0.1, CLOSE)) == (2, False)  # it is near
    assert plan(1.8, Descent(TRIAL[0], 0.1, CLOSE + 1)) == (2, True)  # its core is free for other work
    assert plan(3.8, Descent(CLOSE_TRIAL, 0.1, CLOSE)) == (2, True)
    assert plan(LATEST, Descent(0.1, 0.1, 5)) == (2, True)
    assert plan(BESIDE[0], Descent(0.1, 0.1, 5)) == (3, True)
    assert plan(BESIDE[1], Descent(TRIAL[0], 0.1, 5)) == (4, True)
    assert plan(0.2, None) == (2, True)  # no descent at all
    assert plan(0.2, Descent(0.1, 0.0, 5, accelerated=True)) == (2, True)
    assert scheduler.decide(View(50.0, 1, None)).here == 1
    assert scheduler.decide(View(0.2, 2, None, deserted=True)).here == 4  # none could search


def test_what_may_be_over_at_once_comes_first_where_cores_are_few() -> None:
    scheduler = Scheduler(None)

    def plan(cores: int, beside: float, first: int, second: int, left: float = math.inf) -> tuple[bool, bool]:
        found = scheduler.decide(
            View(beside + 1, cores, beside=beside, first=first, second=second, left=left)
        )
        return found.descend, found.search

    assert plan(2, 0.0, first=2, second=2) == (False, False)
    assert plan(2, FIRST, first=2, second=2) == (True, False)  # they have had their moment
    assert plan(2, 0.1, first=0, second=1) == (True, False)  # they are over
    assert plan(2, SECOND, first=1, second=2) == (True, True)
    assert plan(2, 0.0, first=0, second=0) == (True, True)  # nothing of the kind
    assert plan(4, 0.0, first=2, second=3) == (True, False)  # a core is left for the descent
    assert plan(16, 0.0, first=2, second=3) == (True, True)
    assert plan(2, 2.0, first=1, second=1, left=NEAR) == (False, False)
    assert plan(2, 2.0, first=1, second=1, left=NEAR + 1) == (True, True)
    assert plan(2, NEAREST, first=1, second=1, left=NEAR) == (True, True)  # but it did not come


def test_lanes_do_not_begin_beside_a_descent_that_may_be_over_at_once() -> None:
    def plan(descent: Descent, cores: int = 2, second: int = 1, seconds: float = 2.0) -> bool:
        view = View(seconds, cores, descent, beside=seconds - HEAD_START, second=second)
        return not Scheduler(None).decide(view).awaited

    fresh, far = Descent(TRIAL[0] / 4, 0.0, HOPEFUL[0] + 1), Descent(TRIAL[0] / 2, 0.0, HOPEFUL[0] + 1)
    assert not plan(fresh)
    assert plan(far)
    assert not plan(replace(far, best=HOPEFUL[0]))
    assert plan(Descent(TRIAL[0], 0.0, HOPEFUL[0]))
    assert not plan(Descent(TRIAL[0], 0.0, CLOSE))
    assert plan(Descent(CLOSE_TRIAL, 0.0, 1))
    assert plan(replace(fresh, yields=True))
    assert plan(replace(fresh, accelerated=True))
    assert plan(fresh, cores=4, second=2)
    assert plan(fresh, seconds=LATEST)  # however busy its core is


def test_a_descent_on_groups_waits_for_nobody() -> None:
    for beside, first in itertools.product((0.0, 5.0), (0, 1, 2)):
        view = View(beside + 1, 2, beside=beside, first=first, second=first, left=1.0, grouped=True)
        assert Scheduler(None).decide(view).descend


def test_a_descent_gives_its_core_to_a_sweep_that_is_nearly_over() -> None:
    def share_of(cores: int, left: float) -> float:
        view = View(2.0, cores, Descent(0.1, 0.0, 5), beside=1.0, first=1, second=2, left=left)
        return Scheduler(None).decide(view).share

    assert share_of(2, 1.0) == LEAST
    assert share_of(2, NEAR + 1) == share_of(4, 1.0) == 1.0


def test_who_reads_a_huge_formula_once_more_waits_where_cores_are_few() -> None:
    """A descent, and lanes more, of 160 million literals: who searches waits for the same memory."""
    scheduler, huge = Scheduler(pool_start(None, 2)), lane_memory(160_000_000)

    def plan(beside: float, need: int, cores: int = 2, *, deserted: bool = False) -> tuple[bool, int]:
        seconds = beside + HEAD_START
        found = scheduler.decide(View(seconds, cores, beside=beside, need=need, deserted=deserted))
        return found.descend, found.here

    assert [plan(beside, huge) for beside in (31.9, 32.1, 63.9, 64.1, 95.9, 96.1)] == [
        *((False, 2), (True, 2), (True, 2), (True, 3), (True, 3), (True, 4))
    ]
    assert plan(31.9, huge, cores=1) == (False, 1)
    assert plan(0.0, huge, deserted=True) == (True, 4)  # nobody is kept from anything
    assert plan(0.0, huge, cores=EARLY + 1)[0]
    assert plan(0.0, lane_memory(2_500_000)) == (True, 2)  # over before it matters
    assert plan(BESIDE[0], lane_memory(10_000_000)) == (True, 3)


@pytest.mark.parametrize(
    ("cores", "early", "late"), [(1, 1, 1), (2, 2, 4), (3, 3, 4), (4, 4, 5), (16, 4, 16), (64, 4, 64)]
)
def test_lanes_fill_the_cores(cores: int, early: int, late: int) -> None:
    """One a core at once, few before a pool is up; then one a core, one or two more where there are few."""
    scheduler = Scheduler(pool_start(None, cores))
    assert scheduler.decide(View(0.5, cores)).here == early
    coming = scheduler.decide(View(2.5, cores))
    assert coming.pool == (cores > EARLY)
    late_view = View(BESIDE[1], cores, pool="ready" if coming.pool else "none", places=coming.places)
    ready = scheduler.decide(late_view)
    assert ready.here + ready.remote == late


def test_a_pool_is_for_many_cores_or_for_who_asks() -> None:
    assert [pool_start(None, cores) for cores in (1, 2, EARLY, EARLY + 1)] == [None, None, None, POOL_AFTER]
    assert pool_start(0.0, 2) == 0.0
    asked = Scheduler(pool_start(0.5, 2)).decide(View(BESIDE[0], 2, pool="ready", places=1))
    assert (asked.here, asked.remote, asked.pool) == (3, 1, True)  # a lane is left for its place


def test_an_only_core_is_lane_0s_for_longer() -> None:
    assert head_start(1) > head_start(2) == head_start(64) > 0


def test_the_pool() -> None:
    scheduler = Scheduler(2.0)
    assert not scheduler.decide(View(1.9, 2)).pool
    assert scheduler.decide(View(2.0, 2)).pool
    little, enough = POOL_MEMORY + 3 * LANE - 1, POOL_MEMORY + 3 * LANE  # two lanes are here
    assert not scheduler.decide(View(2.0, 2, memory=little)).pool
    assert scheduler.decide(View(2.0, 2, memory=enough)).pool
    assert scheduler.decide(View(2.0, 2, memory=little, pool="ready", places=1)).pool
    assert scheduler.decide(View(2.0, 2, memory=POOL_MEMORY, distant=True)).pool
    assert not scheduler.decide(View(2.0, 2, memory=POOL_MEMORY - 1, distant=True)).pool
    assert scheduler.decide(View(9.0, 8, pool="ready", places=4)).remote == 4
    assert scheduler.decide(View(9.0, 8, pool="ready", places=40, shared=4)).remote == 36
    assert scheduler.decide(View(9.0, 16, pool="broken")).here == 16  # all lanes here then
    assert scheduler.decide(View(9.0, 16)).here == EARLY
    assert Scheduler(None).decide(View(BESIDE[0], 16)).here == 17  # nothing will come


def test_64_cores_with_little_memory() -> None:
    scheduler, need = Scheduler(2.0), lane_memory(3_000_000)
    early = scheduler.decide(View(0.5, 64, memory=8 << 30, need=need))
    assert (early.here, early.pool) == (EARLY, False)
    late = scheduler.decide(View(2.5, 64, memory=8 << 30, need=need))
    assert (late.here, late.pool, late.places) == (EARLY, True, 17)
    ready = scheduler.decide(View(9.0, 64, memory=8 << 30, need=need, pool="ready", places=17))
    assert ready.here + ready.remote == 21
    alone = Scheduler(None).decide(View(9.0, 64, memory=8 << 30, need=need))
    assert alone.here == 24
    assert Scheduler(None).decide(View(9.0, 64, memory=0, need=need)).here == 1  # lane 0 always
    broken = scheduler.decide(View(9.0, 64, memory=8 << 30, need=need, pool="broken"))
    assert broken.here == 24


def test_every_core_has_a_lane_and_no_more_than_one_is_shared() -> None:
    for cores, seconds in itertools.product(range(2, 40), (0.2, 60.0)):
        view = View(seconds, cores, None, pool="ready", places=places(cores))
        plan = Scheduler(2.0).decide(view)
        assert cores <= plan.here + plan.remote <= cores + 2


def test_a_large_formula_has_a_longer_trial() -> None:
    lengths = [
        trial(Descent(0.0, 0.0, 0, literals)) for literals in (0, 10**4, 10**5, 2 * 10**5, 10**6, 10**8)
    ]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[1], lengths[-1]) == (TRIAL[0], TRIAL[0], TRIAL[1])
    near = Descent(6.0, 5.0, HOPEFUL[0] + 1, 10**6)
    assert share(near, 9.0) == TRIAL[1] / 6.0  # of so many clauses these are few
