"""The bandit, the elites and the configurations."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.gpu.matrices import random_matrix
from turbosat.gpu.bandit import Bandit, configurations, luby
from turbosat.gpu.elites import Elites
from turbosat.gpu.rules import Walk


def test_luby() -> None:
    assert list(itertools.islice(luby(), 15)) == [1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=6))
def test_shares_sum_to_one_and_follow_the_levels(levels: list[float]) -> None:
    bandit = Bandit(len(levels))
    assert bandit.shares().tolist() == [1 / len(levels)] * len(levels)
    for configuration, level in enumerate(levels):
        bandit.learn(configuration, level)
    shares = bandit.shares()
    assert shares.sum() == pytest.approx(1.0)
    assert shares.min() >= bandit.floor
    assert shares[int(np.argmin(levels))] == shares.max()


@given(st.lists(st.floats(0.5, 9.0), min_size=1, max_size=6), st.floats(0, 1e6))
def test_what_is_level_gets_shares_as_its_prior_is(priors: list[float], level: float) -> None:
    bandit = Bandit(len(priors), floor=0.0, priors=priors)
    wanted = np.array(priors) / sum(priors)
    assert bandit.shares() == pytest.approx(wanted)
    for configuration in range(len(priors)):
        bandit.learn(configuration, level)
    assert bandit.shares() == pytest.approx(wanted)


def test_an_configuration_that_improves_gets_its_share() -> None:
    bandit = Bandit(2)
    for configuration, level in ((0, 5.0), (1, 50.0)):
        bandit.learn(configuration, level)
    assert bandit.shares()[0] > 0.9
    for _ in range(12):
        bandit.learn(1, 1.0)
    assert bandit.shares()[1] > 0.9


@example(1, [0, 2, 2, 2])  # whose agreement is 1 + 1e-16 before it is clipped
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 20), max_size=60))
def test_elites_are_few_sorted_and_unlike(seed: int, offers: list[int]) -> None:
    random, elites = np.random.default_rng(seed), Elites(100, size=5, distance=0.1)
    for false in offers:
        values = random.random(100) < random.choice([0.02, 0.5])
        elites.offer(values, false)
        assert len(elites) <= 5
        assert (np.diff(elites.false) >= 0).all()
        for one, other in itertools.combinations(elites.values, 2):
            assert (one != other).sum() > 10
    if offers:
        assert elites.false[0] == min(offers)
        assert elites.offspring(random, 0.0).tolist() in elites.values.tolist()
        assert (np.abs(elites.agreement()) <= 1.0).all()


def test_configurations_cover_both_rules_and_follow_the_clause_length() -> None:
    both = configurations(random_matrix(1, 30, 60, (3,)), "auto")
    assert {type(configuration.rule).__name__ for configuration in both} == {"Walk", "Weighted"}
    five = configurations(random_matrix(1, 30, 60, (5,)), "walk")
    assert [configuration.rule for configuration in five] == [Walk(3.7)]
