"""The walk on groups: against its twin, move by move, against a recount, and on what it is for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gpu.gradient.lanes import candidate, members, population, rows, until
from tests.gpu.matrices import valued_matrices
from tests.twins.group_walk import GroupWalkTwin
from turbosat.benchmarks.families import generate
from turbosat.core.gradient import BEST, FALSE, FLIPS, LEAST, TURN, settle
from turbosat.encodings.groups import find_groups
from turbosat.encodings.matrix import Matrix, encode
from turbosat.gpu.bandit import configurations
from turbosat.gpu.cuda.population import CudaPopulation
from turbosat.gpu.gradient.cpu import CpuPopulation
from turbosat.gpu.gradient.moves import GroupWalkMoves, Layout
from turbosat.gpu.gradient.team_population import TeamPopulation
from turbosat.gpu.rules import Grouped, GroupWalk, Tabu, Walk

WALKS = Walk(2.5), Walk(4.0), Walk(2.06, 0.9)


@given(
    valued_matrices, st.sampled_from(WALKS), st.integers(0, 99), st.lists(st.integers(1, 1500), max_size=3)
)
@settings(max_examples=100, deadline=None)
def test_lanes_do_what_their_twin_does(matrix: Matrix, walk: Walk, seed: int, efforts: list[int]) -> None:
    groups = find_groups(matrix)
    random = np.random.default_rng(seed)
    values = (random.random(matrix.variables) < 0.5).astype(np.uint8)
    state = int(random.integers(1, 2**63))
    lane, layout = candidate(values, matrix.clauses, state), Layout(groups)
    moves = GroupWalkMoves(layout, lane, groups)
    twin = GroupWalkTwin(rows(groups), values.tolist(), state, groups=members(groups))
    for first, last in layout.parts:
        moves.count(first, last)
    lane.counters[BEST] = lane.counters[FALSE]
    for number, effort in enumerate([5000, *efforts]):
        flips = 2**40 if number else 1
        lane.counters[LEAST] = lane.counters[FALSE]
        spent = moves.run(GroupWalk(groups, walk), effort, flips)
        assert spent == twin.walk(walk.table().tolist(), effort, flips)
        assert lane.values.tolist() == twin.values
        assert groups.members[moves._units.current].tolist() == twin.current
        assert lane.false[: lane.counters[FALSE]].tolist() == twin.false
        assert lane.counters[TURN] == twin.turn
        assert lane.counters[FLIPS] == twin.flips
        assert lane.counters[BEST] == twin.fewest
        assert int(lane.random[0]) == twin.random
        settle(lane)
        assert lane.best.tolist() == twin.best


@given(valued_matrices, st.integers(0, 99), st.lists(st.integers(1, 4000), max_size=4))
@settings(max_examples=60, deadline=None)
def test_all_counts_stay_exact(matrix: Matrix, seed: int, efforts: list[int]) -> None:
    groups = find_groups(matrix)
    crowd, only = population(matrix, GroupWalk(groups, Walk(2.5)), seed=seed), np.array([0])
    best = matrix.clauses
    for effort in [1, *efforts]:
        report = crowd.advance(np.array([effort]), until(1))
        values = crowd.values(only)[0]
        false = np.flatnonzero(matrix.counts(values) == 0)
        lane = crowd._lanes[0]
        assert sorted(groups.kept[lane.false[: lane.counters[FALSE]]].tolist()) == false.tolist()
        for group in members(groups):
            assert sum(bool(values[code >> 1]) != bool(code & 1) for code in group) == 1
        best = min(best, int(report.least[0]))
        assert report.best[0] <= best
        assert int((matrix.counts(crowd.best_values(only)[0]) == 0).sum()) == report.best[0]


def test_lanes_change_between_rules_that_move_groups() -> None:
    """What one keeps up to date is not what another goes on from."""
    matrix = encode(generate("colouring", seed=5, vertices=60, planted=True).formula)
    groups = find_groups(matrix)
    crowd, only = population(matrix, GroupWalk(groups, Walk(2.5)), seed=1), np.array([0])
    walk = GroupWalk(groups, Walk(2.5))
    for rule in (walk, Grouped(groups), walk, Walk(2.3), walk, Grouped(groups), walk):
        crowd.assign(only, rule)
        report = crowd.advance(np.array([300]), until(1))
        assert report.false[0] == int((matrix.counts(crowd.values(only)[0]) == 0).sum())
        assert report.best[0] == int((matrix.counts(crowd.best_values(only)[0]) == 0).sum())


@pytest.mark.parametrize(("colours", "degree"), [(3, 4.5), (4, 8.0), (5, 12.0)])
def test_colourings_of_random_graphs_are_soon_found(colours: int, degree: float) -> None:
    """A walk of a hundred passes or two: single flips, or weights, need many times as many."""
    problem = generate(
        "colouring", seed=colours, vertices=300, colours=colours, degree=degree, planted=True, shuffle=True
    )
    matrix = encode(problem.formula)
    walks = [
        each.rule
        for each in configurations(matrix, "auto", CpuPopulation.follows)
        if isinstance(each.rule, GroupWalk)
    ]
    assert len(walks) == 1
    crowd = population(matrix, walks[0], seed=1)
    report = crowd.advance(np.array([3000 * matrix.entries]), until(1))
    assert report.best[0] == 0
    assert (matrix.counts(crowd.best_values(np.array([0]))[0]) > 0).all()


def test_only_who_can_walks_on_groups_and_where_a_graph_is_most_of_the_formula() -> None:
    assert all(GroupWalk not in kind.follows for kind in (TeamPopulation, CudaPopulation))
    matrices = {name: encode(generate(name, seed=1).formula) for name in ("colouring", "frb", "schur")}
    for name, matrix in matrices.items():
        rules = [type(each.rule) for each in configurations(matrix, "auto", CpuPopulation.follows)]
        assert (GroupWalk in rules) == (Tabu in rules) == (name != "schur")
        assert GroupWalk not in [
            type(each.rule) for each in configurations(matrix, "weighted", CpuPopulation.follows)
        ]
