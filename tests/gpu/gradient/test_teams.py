"""Lanes run by teams: the same flips at every width, on a core, as CUDA's threads and in plain Python."""

import ctypes
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gpu.cuda.counted_driver import CountedDriver
from tests.gpu.gradient.emulation import EmulatedBank, build
from tests.gpu.gradient.team_reference import ReferenceLane
from tests.gpu.matrices import random_matrix
from turbosat.core.gradient import PART_LIST, SHORT, TEAM_UNIT, WALK, WEIGHT_ONE, WEIGHTED
from turbosat.encodings.matrix import Matrix
from turbosat.gpu.backend import Report
from turbosat.gpu.bandit import configurations
from turbosat.gpu.controller import Controller
from turbosat.gpu.cuda import context as cuda_context
from turbosat.gpu.cuda import nvrtc
from turbosat.gpu.cuda.context import Context
from turbosat.gpu.gradient import team_banks
from turbosat.gpu.gradient.team_banks import Bank
from turbosat.gpu.gradient.team_population import TeamPopulation, missing
from turbosat.gpu.gradient.teams import LONGEST, USED, Form, constants, kind_of, unsuitable
from turbosat.gpu.rules import Rule, Walk, Weighted

RULES = (Walk(2.3), Walk(2.06, 0.9), Weighted(), Weighted(77, 192, 1024, 0, sideways=300, random=100))
ENDLESS = 2**60
matrices = st.builds(
    random_matrix,
    st.integers(0, 2**32 - 1),
    st.integers(5, 40),
    st.integers(5, 170),
    st.sampled_from([(3,), (2, 3), (2, 3, 7), (2, 2, 2, 13), (4, 40)]),
)


def opened(matrix: Matrix, rule: Rule, seed: int, lanes: int = 2, width: int = 32) -> TeamPopulation:
    """Return a population on random values, all lanes under one rule."""
    crowd, every = TeamPopulation(matrix, lanes, seed, device="cpu", width=width), np.arange(lanes)
    crowd.assign(every, rule)
    crowd.restart(every, np.random.default_rng(seed).random((lanes, matrix.variables)) < 0.5)
    return crowd


def slice_of(crowd: TeamPopulation, effort: int, until: int = ENDLESS) -> Report:
    """Run all lanes for a slice."""
    return crowd.advance(np.full(crowd.lanes, effort), np.full(crowd.lanes, until))


def course(crowd: TeamPopulation, efforts: list[int]) -> list[bytes]:
    """Return all that can be seen of a population after each of some slices."""
    every, seen = np.arange(crowd.lanes), []
    for effort in efforts:
        report = slice_of(crowd, effort)
        figures = np.stack([report.false, report.best, report.least, report.flips, report.effort])
        state = crowd.values(every), crowd.best_values(every), crowd.weights(every), figures
        seen.append(b"".join(each.tobytes() for each in state))
    return seen


@given(matrices, st.sampled_from(RULES), st.integers(0, 99), st.lists(st.integers(1, 3000), max_size=3))
@settings(max_examples=40, deadline=None)
def test_every_width_makes_the_same_flips(matrix: Matrix, rule: Rule, seed: int, efforts: list[int]) -> None:
    if matrix.clauses:
        courses = [course(opened(matrix, rule, seed, width=width), [1, *efforts]) for width in (1, 8, 32)]
        assert courses[0] == courses[1] == courses[2]


@given(matrices, st.sampled_from(RULES), st.integers(0, 99), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_flips_are_those_of_the_slow_twin(matrix: Matrix, rule: Rule, seed: int, steps: int) -> None:
    if not matrix.clauses:
        return
    crowd = opened(matrix, rule, seed, lanes=1, width=8)
    twin = ReferenceLane(matrix, rule, crowd._starts[0], seed, 0)
    spent = 0
    for _ in range(steps):
        report = slice_of(crowd, 1)
        spent += int(report.effort[0])
        if twin.false:
            twin.step()
        assert crowd.values(np.array([0]))[0].tolist() == twin.values
        assert (report.false[0], report.best[0], report.flips[0]) == (len(twin.false), twin.best, twin.flips)
        assert spent == twin.effort
        weights = crowd.weights(np.array([0]))[0] * TEAM_UNIT // WEIGHT_ONE
        assert weights.tolist() == twin.weights


@given(matrices, st.sampled_from(RULES), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_what_is_told_is_so(matrix: Matrix, rule: Rule, seed: int) -> None:
    if not matrix.clauses:
        return
    crowd, every = opened(matrix, rule, seed), np.arange(2)
    least = np.full(2, matrix.clauses)
    for effort in (1, 500, 4000):
        report = slice_of(crowd, effort)
        least = np.minimum(least, report.least)
        for lane in range(2):
            false = [
                (matrix.counts(rows[lane]) == 0).sum()
                for rows in (crowd.values(every), crowd.best_values(every))
            ]
            assert false == [report.false[lane], report.best[lane]]
        assert (report.best == least).all()
        assert (crowd.weights(every).sum(axis=1) == matrix.clauses * WEIGHT_ONE).all()


@given(matrices, st.sampled_from(RULES), st.integers(0, 99), st.lists(st.integers(1, 900), max_size=4))
@settings(max_examples=20, deadline=None)
def test_cuts_change_nothing(matrix: Matrix, rule: Rule, seed: int, cuts: list[int]) -> None:
    """A lane that is cut at some numbers of flips is where one is that was not."""
    if not matrix.clauses:
        return
    whole, cut, every = opened(matrix, rule, seed), opened(matrix, rule, seed), np.arange(2)
    for until in sorted(cuts):
        slice_of(cut, 20_000, until)
    reports = [slice_of(crowd, 40_000, 1000) for crowd in (whole, cut)]
    done = (reports[0].flips == 1000) & (reports[1].flips == 1000)
    assert (whole.values(every)[done] == cut.values(every)[done]).all()
    assert (reports[0].best == reports[1].best)[done].all()
    assert max(int(report.flips.max()) for report in reports) <= 1000


def test_lanes_change_rules_and_keep_their_best() -> None:
    matrix, every = random_matrix(5, 60, 250, (3,)), np.arange(3)
    crowd = opened(matrix, RULES[0], 4, lanes=3)
    given = np.full((1, matrix.clauses), 3 * WEIGHT_ONE, np.int32)
    crowd.restart(np.array([2]), np.zeros((1, 60), np.bool_), given)
    for rule in (*RULES, Walk(2.3)):
        before, best = crowd.values(every), crowd.best_values(every)
        crowd.assign(every, rule)
        assert (crowd.values(every) == before).all()
        assert (crowd.best_values(every) == best).all()
        report = slice_of(crowd, 300)
        for lane in range(3):
            assert (matrix.counts(crowd.best_values(every)[lane]) == 0).sum() == report.best[lane]
    assert crowd.weights(every).sum(axis=1).tolist() == [
        matrix.clauses * WEIGHT_ONE * each for each in (1, 1, 3)
    ]
    assert (crowd.weights(every)[2] != 3 * WEIGHT_ONE).any()  # it has descended


@pytest.mark.parametrize("rule", [Walk(2.3), Walk(2.06, 0.9), Walk(5.4)])
@pytest.mark.parametrize("lengths", [(3,), (3, 4, 5)])
def test_flips_are_distributed_as_probsat_says(rule: Walk, lengths: tuple[int, ...]) -> None:
    """One flip from one state in many lanes: chi-square against the table."""
    matrix, lanes = random_matrix(11, 12, 40, lengths), 1500
    random = np.random.default_rng(5)
    values = random.random(12) < 0.5
    while (matrix.counts(values) == 0).sum() != 1:
        values = random.random(12) < 0.5
    clause = int(np.flatnonzero(matrix.counts(values) == 0)[0])
    chosen = matrix.literals[matrix.offsets[clause] : matrix.offsets[clause + 1]] >> 1
    table, chances = rule.table(), []
    for variable in chosen.tolist():
        flipped = values.copy()
        flipped[variable] ^= True
        lost = (matrix.counts(flipped) == 0) & (matrix.counts(values) > 0)
        chances.append(table[int(lost.sum())])
    expected = np.array(chances) / sum(chances) * lanes
    crowd = opened(matrix, rule, 1, lanes)
    crowd.restart(np.arange(lanes), np.tile(values, (lanes, 1)))
    slice_of(crowd, 1)
    seen = (crowd.values(np.arange(lanes)) != values).sum(axis=0)[chosen]
    assert seen.sum() == lanes
    assert ((seen - expected) ** 2 / np.maximum(expected, 1)).sum() < 25


def test_planted_formulas_are_solved() -> None:
    for rule in RULES[:3]:
        for lengths in ((3,), (4,)):
            matrix = random_matrix(8, 100, 350, lengths, planted=True)
            crowd = opened(matrix, rule, 3)
            lane = slice_of(crowd, 5_000_000).solved
            assert lane >= 0
            assert (matrix.counts(crowd.best_values(np.array([lane]))[0]) > 0).all()


def test_the_controller_runs_them_and_repeats() -> None:
    """By rounds the same answer comes again, and every configuration has had its effort."""
    matrix, answers = random_matrix(6, 150, 630, (3,), planted=True), []
    for width in (1, 32):
        crowd = TeamPopulation(matrix, 6, 5, device="cpu", width=width)
        controller = Controller(crowd, configurations(matrix, "auto"), 5)
        while controller.solved < 0:
            controller.advance_rounds(1)
        lane = np.array([controller.solved])
        answers.append(crowd.best_values(lane)[0].tolist())
        assert (matrix.counts(crowd.best_values(lane)[0]) > 0).all()
        assert (controller.effort > 0).all()
        assert crowd.allot([each.rule for each in controller.configurations]).tolist() == [0, 0, 1, 1, 2, 2]
    assert answers[0] == answers[1]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[int, ctypes.CDLL]:
    """The device's kernel for one warp as on Turing, for four as on Hopper, with CUDA's threads in turns."""
    folder: Path = tmp_path_factory.mktemp("emulated")
    return {width: build(folder, width, architecture) for width, architecture in ((32, 750), (128, 900))}


class Emulated(TeamPopulation):
    """Lanes whose teams are CUDA's threads, with parts of the state in what stands for shared memory."""

    def __init__(
        self, library: ctypes.CDLL, crowd: TeamPopulation, parts: int, listed: int, order: int
    ) -> None:
        self.__dict__.update(crowd.__dict__)
        self._library, self._how = library, (parts, listed, order)

    def _opened(self, kind: int) -> Bank:
        parts, listed, order = self._how
        form = Form.of(self.matrix, kind).within(min(parts, len(USED[kind])))
        short = Form(
            *(kind, form.variables, form.clauses, form.lengths, form.inside),
            listed=min(listed, form.lengths[PART_LIST]),
        )
        return EmulatedBank(self._library, self._reading, short, order=order)


@given(
    # Unsatisfiable ones: where a lane of a device has a solution, the others end.
    st.sampled_from([((3,), 7), ((2, 3), 5), ((3, 4, 5), 30), ((2, 2, 2, 13), 5)]),
    st.sampled_from(RULES),
    st.integers(0, 5),
    st.sampled_from([8, 64]),
    st.integers(0, 2**31),
)
@settings(max_examples=5, deadline=None)
def test_the_devices_kernel_makes_the_same_flips(
    libraries: dict[int, ctypes.CDLL],
    kind: tuple[tuple[int, ...], int],
    rule: Rule,
    parts: int,
    listed: int,
    order: int,
) -> None:
    """Whatever is in shared memory, with a list that runs over, and whichever thread comes first."""
    lengths, ratio = kind
    matrix = random_matrix(order, 60, 60 * ratio, lengths)
    for library in libraries.values():
        plain = opened(matrix, rule, 3)
        device = Emulated(library, opened(matrix, rule, 3), parts, listed, order)
        for effort in (1, 300, 900):
            assert course(plain, [effort]) == course(device, [effort])


def test_the_clock_ends_a_slice_and_changes_no_course(libraries: dict[int, ctypes.CDLL]) -> None:
    matrix, every = random_matrix(2, 40, 280, (3,)), np.arange(2)
    for library in libraries.values():
        plain = opened(matrix, Walk(2.3), 3)
        device = Emulated(library, opened(matrix, Walk(2.3), 3), 2, 64, 0)
        device._settle()
        bank = device._banks[SHORT]
        assert isinstance(bank, EmulatedBank)
        bank.ticks = 2  # over at the first look
        first = slice_of(device, 10**6)
        assert (first.flips <= 16).all()
        bank.ticks = ENDLESS
        reports = [slice_of(crowd, 10**6, 120) for crowd in (plain, device)]
        assert reports[0].flips.tolist() == reports[1].flips.tolist()
        assert (plain.values(every) == device.values(every)).all()


@pytest.mark.parametrize("broken", [False, True])
def test_a_device_is_given_back(broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = CountedDriver()
    monkeypatch.setattr(cuda_context, "open_context", lambda: Context(driver))
    monkeypatch.setattr(team_banks, "compiled", lambda *_: nvrtc.Code(b"", ""))
    crowd = TeamPopulation(random_matrix(1, 30, 60, (3,)), 3, 1)
    for rule in RULES:
        crowd.assign(np.arange(3), rule)
        crowd.restart(np.arange(3), np.zeros((3, 30), np.bool_))
        crowd._settle()
    assert driver.held["cuModuleLoadDataEx"] == 2
    driver.broken = broken
    crowd.close()
    assert broken == any(driver.held.values())


@pytest.mark.skipif(missing(random_matrix(1, 30, 60, (3,))) is not None, reason="no device for teams")
@pytest.mark.parametrize("rule", RULES)
def test_a_device_makes_the_same_flips(rule: Rule) -> None:
    for lengths, ratio in (((3,), 7), ((3, 4, 5), 30)):
        matrix, every = random_matrix(1, 200, 200 * ratio, lengths), np.arange(8)
        for width in (32, 64, 128):
            plain, device = opened(matrix, rule, 3, 8), TeamPopulation(matrix, 8, 3, width=width)
            device.assign(every, rule)
            device.restart(every, plain.values(every))
            for crowd in (plain, device):
                while (slice_of(crowd, 10**6, 3000).flips < 3000).any():
                    pass
            for read in (TeamPopulation.values, TeamPopulation.best_values, TeamPopulation.weights):
                assert np.array_equal(read(plain, every), read(device, every))
            device.close()


def test_what_does_not_suit_is_told() -> None:
    assert unsuitable(random_matrix(1, 30, 60, (3,))) is None
    assert "literals" in str(unsuitable(random_matrix(1, LONGEST + 5, 3, (LONGEST + 1,))))
    assert unsuitable(random_matrix(1, 1, 1, (1,))) == "no clauses are left to search"


def test_kinds_and_constants() -> None:
    short, long = random_matrix(1, 30, 60, (2, 3)), random_matrix(1, 30, 60, (3, 5))
    assert [kind_of(each, Walk(2.3)) for each in (short, long)] == [SHORT, WALK]
    assert kind_of(short, Weighted()) == WEIGHTED
    table = constants(long, Walk(5.4))
    assert table.min() >= 1
    assert int(table[0]) * long.longest < 2**32
    assert constants(long, Weighted()).tolist() == [51, 8, 102, 16, 154, 10]
