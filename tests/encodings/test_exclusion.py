"""Literals that exclude each other and their cliques, against brute force."""

import random
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from turbosat.encodings.exclusion import SHARE, Effort, cliques, closed, likely, neighbours_of

PLENTY = 10**8


def graph(seed: int, literals: int, share: float) -> np.ndarray:
    """Return random pairs of different variables' literals, (pairs, 2)."""
    dice = random.Random(seed)
    every = [(a, b) for a, b in combinations(range(literals), 2) if a >> 1 != b >> 1]
    return np.array([pair for pair in every if dice.random() < share], np.int32).reshape(-1, 2)


@given(st.integers(0, 10**9), st.integers(2, 7), st.floats(0, 0.5))
@settings(max_examples=150, deadline=None)
def test_chains_exclude_what_follows(seed: int, variables: int, share: float) -> None:
    """Excluded by chains is what the clauses exclude, where no literal excludes itself."""
    pairs = graph(seed, 2 * variables, share)
    direct = neighbours_of(pairs, 2 * variables, Effort(PLENTY))
    reach = np.eye(2 * variables, dtype=np.bool_)  # a implies b
    for a, b in pairs.tolist():
        reach[a, b ^ 1] = reach[b, a ^ 1] = True
    for k in range(2 * variables):
        reach |= reach[:, k, None] & reach[None, k]
    for a, chained in enumerate(closed(direct, Effort(PLENTY))):
        assert direct[a] <= chained | {a} if reach[a, a ^ 1] else direct[a] <= chained
        assert all(reach[a, b ^ 1] and b not in (a, a ^ 1) for b in chained)
        if not any(reach[x, x ^ 1] for x in range(2 * variables)):
            assert chained == {b for b in range(2 * variables) if reach[a, b ^ 1] and b not in (a, a ^ 1)}


@given(st.integers(0, 10**9), st.integers(2, 8), st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_cliques_cover_every_triangle(seed: int, variables: int, share: float) -> None:
    pairs = graph(seed, 2 * variables, share)
    neighbours = neighbours_of(pairs, 2 * variables, Effort(PLENTY))
    dice = random.Random(seed)
    seeds = [dice.sample(range(2 * variables), 3) for _ in range(5)]
    found, whole = cliques(neighbours, seeds, Effort(PLENTY))
    covered = {pair for clique in found for pair in combinations(sorted(clique), 2)}
    for clique in found:
        assert len(clique) > 2
        assert all(b in neighbours[a] for a, b in combinations(clique, 2))
        assert not set.intersection(*(neighbours[each] for each in clique))
    for a, b in pairs.tolist():
        assert ((a, b) in covered) == bool(neighbours[a] & neighbours[b])
    exclusive = [n for n, one in enumerate(seeds) if all(b in neighbours[a] for a, b in combinations(one, 2))]
    assert whole == exclusive


def test_triangles_are_seen_in_a_sample() -> None:
    ring = np.array([(2 * n, 2 * (n + 1) % 200) for n in range(100)], np.int32)
    assert not likely(ring, 200)
    assert likely(np.concatenate([ring, np.array(list(combinations(range(0, 40, 2), 2)), np.int32)]), 200)


@given(st.integers(0, 10**9), st.integers(2, 9), st.floats(0, 0.6))
@settings(max_examples=150, deadline=None)
def test_a_small_graph_is_seen_whole(seed: int, variables: int, share: float) -> None:
    """Where no literal has more partners than are looked at, the guess is how many pairs are in triangles."""
    pairs = graph(seed, 2 * variables, share)[:20]
    neighbours = neighbours_of(pairs, 2 * variables, Effort(PLENTY))
    in_triangles = [bool(neighbours[a] & neighbours[b]) for a, b in pairs.tolist()]
    expected = len(pairs) > 2 and np.mean(in_triangles) >= SHARE
    if max(map(len, neighbours)) <= 8:
        assert likely(pairs, 2 * variables) == expected
