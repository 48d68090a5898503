"""Courses that follow a population: real lanes in a race, under good guidance and under bad."""

import itertools
import time
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysat.solvers import Cadical300

from tests.cdcl.engines.engines import array, formula, satisfiable
from tests.families import pigeonhole, random_ksat
from turbosat import Deadline
from turbosat.cdcl.engines.cadical import Cadical
from turbosat.cdcl.engines.engine import Answer, Budget
from turbosat.cdcl.lanes.courses import Course, Slice
from turbosat.cdcl.lanes.cubes import Cover
from turbosat.cdcl.lanes.following import (
    DEPTH,
    FREE,
    PARTS,
    SHRINKS,
    BestGuidance,
    Cubes,
    Flipped,
    Phased,
    Probing,
)
from turbosat.cdcl.lanes.mix import Entrant
from turbosat.cdcl.lanes.race import Lane, Race
from turbosat.formula.formula import Formula
from turbosat.gpu.guidance import Guidance
from turbosat.result import Status


def guidance(values: NDArray[np.bool_], false: int, seed: int = 0) -> Guidance:
    """Return guidance of these values, everything equally certain, in some order."""
    order = np.random.default_rng(seed).permutation(values.size)
    literals = ((order + 1) * np.where(values[order], 1, -1)).astype(np.int32)
    splits = (order + 1).astype(np.int32)
    return Guidance(values, false, literals, np.full(values.size, 0.5), splits)


def run(source: Formula, *courses: Course, assumed: NDArray[np.int32] | None = None) -> tuple[Answer, Race]:
    """Race CaDiCaL lanes under these courses to an answer."""
    with Deadline(600) as deadline, Race(deadline, lambda _: None, assumed) as race:
        for index, course in enumerate(courses):
            race.add(Entrant(f"lane {index}"), Cadical(), source, course)
        while True:
            found = race.wait()
            if found is not None:
                return found[1], race


def ended(status: Status, core: tuple[int, ...] = (), conflicts: float = 0.0) -> Answer:
    return Answer(status, core=core, counts={"conflicts": conflicts})


def test_the_best_guidance_keeps_the_best() -> None:
    best_guidance, values = BestGuidance(), np.zeros(4, np.bool_)
    assert best_guidance.put(guidance(values, 7))
    assert not best_guidance.put(guidance(values, 8))
    assert (best_guidance.false, best_guidance.version) == (7, 1)
    assert not best_guidance.put(guidance(~values, 7))  # as good, newer
    assert (best_guidance.false, best_guidance.version) == (7, 2)
    assert best_guidance.guidance is not None
    assert best_guidance.guidance.phases.all()
    assert best_guidance.put(guidance(values, 3))


def test_phases_are_set_when_they_are_better() -> None:
    best_guidance = BestGuidance()
    course, one = Phased(best_guidance), np.array([True, False, True])
    assert course.next() == Slice(Budget(conflicts=FREE))
    best_guidance.put(guidance(one, 5))
    piece = course.next()
    assert piece.phases is not None
    assert piece.phases.tolist() == one.tolist()
    assert piece.note == "phases of 5 false clauses"
    best_guidance.put(guidance(~one, 5))
    assert course.next().phases is None
    best_guidance.put(guidance(~one, 4))
    piece = course.next()
    assert piece.phases is not None
    assert piece.phases.tolist() == (~one).tolist()


def test_kissat_takes_the_phases_there_are() -> None:
    best_guidance = BestGuidance()
    assert Flipped(best_guidance).next() == Slice(Budget())
    best_guidance.put(guidance(np.array([True]), 1))
    assert Flipped(best_guidance).next().phases is not None


def test_probes_get_smaller_and_stop() -> None:
    best_guidance = BestGuidance()
    course = Probing(best_guidance)
    assert course.next().guess == ()
    best_guidance.put(guidance(np.ones(1000, np.bool_), 2))
    sizes = []
    for _ in PARTS:
        piece = course.next()
        sizes.append(len(piece.guess))
        course.ended(piece, ended(Status.UNKNOWN))
    assert sizes == [int(part * 1000) for part in PARTS]
    assert course.next().guess == ()
    best_guidance.put(guidance(np.zeros(1000, np.bool_), 1))
    assert course.next().guess[0] < 0


def test_a_refuted_guess_shrinks_by_its_core() -> None:
    best_guidance = BestGuidance()
    best_guidance.put(guidance(np.ones(100, np.bool_), 2))
    course = Probing(best_guidance)
    piece = course.next()
    for _ in range(SHRINKS):
        core = piece.guess[:3]
        course.ended(piece, ended(Status.UNSATISFIABLE, core))
        smaller = course.next()
        assert smaller.guess == piece.guess[3:]
        piece = smaller
    course.ended(piece, ended(Status.UNSATISFIABLE, piece.guess[:3]))
    assert len(course.next().guess) == 25  # the next part


def test_probes_take_their_share_only() -> None:
    best_guidance = BestGuidance()
    course, conflicts, probed, free = Probing(best_guidance), 0.0, 0.0, 0.0
    for step in range(400):
        best_guidance.put(guidance(np.random.default_rng(step).random(50) < 0.5, 2))  # always news
        piece = course.next()
        conflicts += 1000
        if piece.guess:
            probed += 1000
        else:
            free += 1000
        course.ended(piece, ended(Status.UNKNOWN, conflicts=conflicts))
    assert 0.1 <= probed / (free + probed) <= 0.25


literals = st.integers(1, 6).flatmap(lambda variable: st.sampled_from((variable, -variable)))
formulas = st.lists(st.lists(literals, min_size=1, max_size=3), min_size=8, max_size=30).map(
    lambda clauses: formula(clauses, 6)
)
few = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(formulas, st.lists(st.booleans(), min_size=6, max_size=6), st.booleans())
def test_whatever_the_guidance_the_answer_is_right(
    source: Formula, values: list[bool], assuming: bool
) -> None:
    best_guidance, covers = BestGuidance(), list[Cover]()
    best_guidance.put(guidance(np.array(values), 1))
    assumed = array(2, -3) if assuming else None
    courses: list[Course] = [Probing(best_guidance), Phased(best_guidance)]
    if not assuming:
        courses += [Cubes(best_guidance, covers), Cubes(best_guidance, covers)]
    for course in courses:
        answer, race = run(source, course, assumed=assumed)
        given = [] if assumed is None else assumed.tolist()
        if answer.status is Status.SATISFIABLE:
            assert answer.values is not None
            assert source.satisfied(answer.values)
            assert all(answer.values[abs(literal) - 1] == (literal > 0) for literal in given)
        else:
            assert answer.status is Status.UNSATISFIABLE
            assert set(answer.core) <= set(given)
            assert not satisfiable(source, answer.core)
        for _, clause in race.cores:
            assert not satisfiable(source, [-literal for literal in clause])


def test_bad_guesses_give_clauses_and_the_answer_all_the_same() -> None:
    variables, clauses = random_ksat(200, 860, seed=3)
    source = formula(clauses, variables)
    best_guidance = BestGuidance()
    best_guidance.put(guidance(np.random.default_rng(1).random(variables) < 0.5, 80))
    with Cadical300(bootstrap_with=clauses) as solver:
        truth = solver.solve()
        answer, race = run(source, Probing(best_guidance))
        assert (answer.status is Status.SATISFIABLE) == truth
        assert race.cores
        assert race.lanes[0].refuted == len(race.cores)
        for lane, clause in race.cores:
            assert lane is race.lanes[0]
            assert solver.solve(assumptions=[-literal for literal in clause]) is False


def test_a_complete_cover_refutes() -> None:
    # Each cube has pigeons of its own, so that none is refuted with another.
    cubes = list(itertools.product(*((v, -v) for v in range(1, DEPTH + 1))))
    size, pigeons = pigeonhole(7, 6)
    clauses = []
    for index, cube in enumerate(cubes):
        for clause in pigeons:
            moved = [x + (DEPTH + index * size) * (1 if x > 0 else -1) for x in clause]
            clauses.append([*(-x for x in cube), *moved])
    source = formula(clauses, DEPTH + size * len(cubes))
    best_guidance, covers = BestGuidance(), list[Cover]()
    values = np.zeros(source.variables, np.bool_)
    best_guidance.put(replace(guidance(values, 1), splits=np.arange(1, source.variables + 1, dtype=np.int32)))
    with Deadline(600) as deadline, Race(deadline, lambda _: None) as race:
        first = race.add(Entrant("first"), Cadical(), source, Cubes(best_guidance, covers))
        while first.refuted < 5:
            assert race.wait(0.01) is None
        race.drop(first, "it knows too much: without it, no lane refutes the formula by itself")
        race.add(Entrant("second"), Cadical(), source, Cubes(best_guidance, covers))
        found: tuple[Lane, Answer] | None = None
        while found is None:
            assert not covers[0].complete
            found = race.wait()
    assert (found[1].status, found[1].core) == (Status.UNSATISFIABLE, ())
    (cover,) = covers
    assert cover.complete
    assert cover.refuted == 2**DEPTH
    with Cadical300(bootstrap_with=clauses) as solver:
        for _, core in race.cores:
            assert solver.solve(assumptions=[-literal for literal in core]) is False


def test_a_killed_lane_gives_its_cube_back() -> None:
    variables, clauses = pigeonhole(10, 9)
    best_guidance = BestGuidance()
    best_guidance.put(guidance(np.zeros(variables, np.bool_), 1))
    covers: list[Cover] = []
    with Deadline(600) as deadline, Race(deadline, lambda _: None) as race:
        lanes = [
            race.add(
                Entrant(f"cubes {index}"),
                Cadical(),
                formula(clauses, variables),
                Cubes(best_guidance, covers),
            )
            for index in range(2)
        ]
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            assert race.wait(0.05) is None
        race.drop(lanes[0], "enough")
        taken = []
        while (cube := covers[0].take()) is not None:
            taken.append(cube.literals)
        assert len(taken) == 2**DEPTH - 1 - covers[0].refuted  # all but the one the other lane is at
    everything = set(itertools.product(*((abs(x), -abs(x)) for x in sorted(map(abs, taken[0])))))
    assert {tuple(sorted(cube, key=abs)) for cube in taken} <= {
        tuple(sorted(cube, key=abs)) for cube in everything
    }


def test_a_guess_of_nothing_is_none() -> None:
    """Few variables, or a core that is all of the guess: the next guidance is probed all the same."""
    best_guidance = BestGuidance()
    few = np.zeros(8, np.bool_)
    course = Probing(best_guidance)
    best_guidance.put(guidance(few, 5))
    for _ in range(3 * len(PARTS)):
        piece = course.next()
        course.ended(piece, ended(Status.UNKNOWN))
    many = np.zeros(400, np.bool_)
    best_guidance.put(guidance(many, 4))
    guesses = []
    for _ in range(3 * len(PARTS)):
        piece = course.next()
        guesses.append(len(piece.guess))
        core = tuple(piece.guess)
        course.ended(piece, ended(Status.UNSATISFIABLE, core) if core else ended(Status.UNKNOWN))
    assert sum(map(bool, guesses)) == len(PARTS)
