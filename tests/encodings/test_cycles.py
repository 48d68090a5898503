"""Cycles through all vertices, against a search among all orders of few vertices."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.tour_formulas import two_way
from turbosat.encodings.cycles import Walk, contract, expanded

EFFORT = 200_000


def cycle_through(graph: list[set[int]], partner: list[int]) -> list[int] | None:
    """Return a cycle that uses the edges between partners, None if the walk finds none."""
    left, mates = [set(each) for each in graph], list(partner)
    chains = contract(left, mates)
    if chains is None:
        return None
    found = Walk(left, mates, 0).search(EFFORT)
    return None if found is None else expanded(found, chains)


def fits(row: list[int], graph: list[set[int]], partner: list[int]) -> bool:
    """Say whether a row is a cycle through all vertices that uses the edges between partners."""
    steps = list(zip(row, row[1:] + row[:1], strict=True))
    used = {frozenset(each) for each in steps}
    joined = all(b in graph[a] or partner[a] == b for a, b in steps)
    bound = all(mate < 0 or frozenset((v, mate)) in used for v, mate in enumerate(partner))
    return sorted(row) == list(range(len(graph))) and joined and bound


def exists(graph: list[set[int]], partner: list[int]) -> bool:
    """Say whether there is such a cycle, by trying all paths from vertex 0."""

    def extended(path: list[int]) -> bool:
        if len(path) == len(graph):
            return fits(path, graph, partner)
        last = path[-1]
        near = graph[last] | ({partner[last]} if partner[last] >= 0 else set())
        return any(extended([*path, v]) for v in near if v not in path)

    return extended([0])


@settings(max_examples=200, deadline=None)
@given(st.integers(4, 8), st.integers(0, 16), st.integers(0, 3), st.integers(0, 10**6))
def test_a_cycle_is_found_where_there_is_one(vertices: int, edges: int, pairs: int, seed: int) -> None:
    dice = random.Random(seed)
    graph: list[set[int]] = [set() for _ in range(vertices)]
    partner = [-1] * vertices
    order = dice.sample(range(vertices), vertices)
    for a, b in list(zip(order[::2], order[1::2], strict=False))[:pairs]:
        partner[a], partner[b] = b, a
    for _ in range(edges):
        a, b = dice.sample(range(vertices), 2)
        if partner[a] != b:
            graph[a].add(b)
            graph[b].add(a)
    row = cycle_through(graph, partner)
    assert row is None or fits(row, graph, partner)
    assert (row is not None) == exists(graph, partner)


@pytest.mark.parametrize(("vertices", "extra"), [(1000, 20), (1000, 300), (1000, 700), (1000, 2000)])
def test_cycles_of_large_graphs(vertices: int, extra: int) -> None:
    graph: list[set[int]] = [set() for _ in range(vertices)]
    for tail, head in two_way(vertices, extra, 3):
        graph[tail].add(head)
    row = cycle_through(graph, [-1] * vertices)
    assert row is not None
    assert fits(row, graph, [-1] * vertices)
