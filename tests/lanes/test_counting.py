"""The counting lane: families that counting refutes, and nothing but what brute force refutes as well."""

import os
import random
import sys
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.card import CardEnc
from pysat.solvers import Cadical153

from tests.cardinality import ENCODINGS, at_most, drawn, shuffled
from tests.families import dimacs, endless, latin_square, pigeonhole
from tests.lanes.tasks import answered
from tests.processes import turbosat
from turbosat import Event, Formula, Status, solve
from turbosat.cdcl.engines.engine import Answer, Budget
from turbosat.encodings import modular
from turbosat.encodings.cardinalities import Cardinalities
from turbosat.encodings.exclusion import Effort
from turbosat.encodings.matrix import encode
from turbosat.errors import SoundnessError
from turbosat.formula.xors import Xors
from turbosat.lanes import counting_worker as worker
from turbosat.lanes.algebra import Counting, countable

Clauses = list[list[int]]


def refuted(formula: Formula) -> str:
    """Return what refutes the formula, "" for nothing; clauses that are derived follow."""
    told: list[dict[str, Any]] = []

    def tell(figures: dict[str, Any], derived: Formula) -> None:
        told.append(figures)
        with Cadical153(bootstrap_with=rows(formula)) as solver:
            for clause in rows(derived):
                assert not solver.solve([-each for each in clause])

    assert worker.refute(formula, tell) == bool(told[0]["refuted_by"])
    return str(told[0]["refuted_by"])


def rows(formula: Formula) -> Clauses:
    """Return all clauses, those of XORs as well."""
    plain = formula.expanded()
    bounds = plain.offsets.tolist()
    return [plain.literals[a:b].tolist() for a, b in pairwise(bounds)]


def satisfiable(formula: Formula) -> bool:
    with Cadical153(bootstrap_with=rows(formula)) as solver:
        return bool(solver.solve())


def exactly(literals: list[int], number: int) -> Clauses:
    return at_most(literals, number) + at_most([-each for each in literals], len(literals) - number)


def even_colouring(sides: int) -> Clauses:
    """Return a ring of `sides` vertices, each joined to its next two, an odd number of edges by one split."""
    edges = [(v, (v + step) % sides) for v in range(sides) for step in (1, 2)]
    at = [[1 + n for n, edge in enumerate(edges) if v in edge] for v in range(sides)]
    fresh = len(edges) + 1
    first = at[0].index(1)
    at[0][first] = fresh
    return [clause for each in [*at, [1, fresh]] for clause in exactly(each, len(each) // 2)]


def partition(points: int, size: int) -> Clauses:
    """Return that the points are parted in sets of one size."""
    sets = list(combinations(range(points), size))
    return [c for p in range(points) for c in exactly([1 + n for n, one in enumerate(sets) if p in one], 1)]


def board(side: int) -> Clauses:
    """Return a board without two opposite corners that dominoes cover."""
    cells = [(r, c) for r in range(side) for c in range(side) if (r, c) not in ((0, 0), (side - 1, side - 1))]
    dominoes = [(a, b) for a, b in combinations(cells, 2) if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]
    return [c for cell in cells for c in exactly([1 + n for n, d in enumerate(dominoes) if cell in d], 1)]


@pytest.mark.parametrize(
    ("clauses", "how"),
    [
        (pigeonhole(9, 8)[1], "inequalities"),
        (board(8), "remainders modulo 3"),
        (even_colouring(9), "parity"),
        (partition(7, 2), "parity"),
        (partition(8, 3), "remainders modulo 3"),
        (partition(11, 5), "remainders modulo 5"),
    ],
)
def test_what_counting_refutes(clauses: Clauses, how: str) -> None:
    formula = Formula.from_clauses(clauses)
    assert countable(formula)
    assert refuted(formula) == how


@pytest.mark.parametrize("clauses", [pigeonhole(5, 5)[1], board(4)[:-7], partition(6, 2), partition(6, 3)])
def test_what_has_models_is_not_refuted(clauses: Clauses) -> None:
    assert satisfiable(Formula.from_clauses(clauses))
    assert refuted(Formula.from_clauses(clauses)) == ""


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_pigeons_are_counted_in_every_encoding(encoding: int) -> None:
    holes, top = 5, 30
    clauses = [[pigeon * holes + hole + 1 for hole in range(holes)] for pigeon in range(6)]
    for hole in range(holes):
        found = CardEnc.atmost([p * holes + hole + 1 for p in range(6)], 1, top_id=top, encoding=encoding)
        top = max(top, found.nv)
        clauses += found.clauses
    assert refuted(Formula.from_clauses(clauses)) == "inequalities"


@given(st.integers(0, 10**9), st.booleans())
@settings(max_examples=300, deadline=None)
def test_only_what_is_unsatisfiable_is_refuted(seed: int, auxiliary: bool) -> None:
    system = drawn(seed, auxiliary=auxiliary)
    if refuted(system.formula):
        assert not system.satisfiable
        assert not satisfiable(system.formula)


def test_many_of_these_are_refuted() -> None:
    systems = [drawn(seed) for seed in range(200)]
    bad = [system for system in systems if not system.satisfiable]
    assert sum(bool(refuted(system.formula)) for system in bad) > len(bad) / 4


@given(st.integers(0, 10**9))
@settings(max_examples=100, deadline=None)
def test_clauses_that_are_changed_refute_nothing_by_mistake(seed: int) -> None:
    """Pieces that contradict each other, of which some clauses are left out or have a sign changed."""
    formula = Formula.from_clauses(damaged(seed))
    if refuted(formula):
        assert not satisfiable(formula)


def damaged(seed: int) -> Clauses:
    dice = random.Random(seed)
    pieces = [
        lambda: pigeonhole(dice.randint(3, 6), dice.randint(2, 5))[1],
        lambda: board(4),
        lambda: even_colouring(dice.randint(5, 7)),
        lambda: partition(dice.randint(4, 7), dice.randint(2, 3)),
        lambda: drawn(seed, auxiliary=True).clauses,
    ]
    clauses: Clauses = []
    for _ in range(dice.randint(1, 2)):
        piece = dice.choice(pieces)()
        sign = [dice.choice((1, -1)) for _ in range(400)]
        shift = dice.choice((0, 0, max((abs(x) for c in clauses for x in c), default=0)))
        clauses += [[(abs(x) + shift) * (1 if x > 0 else -1) * sign[abs(x)] for x in c] for c in piece]
    for _ in range(min(len(clauses), dice.choice((0, 1, 1, 2, 4)))):
        place = dice.randrange(len(clauses))
        if not clauses[place] or dice.random() < 0.6:
            clauses.pop(place)
        else:
            literal = dice.randrange(len(clauses[place]))
            clauses[place][literal] *= -1
    return shuffled([clause for clause in clauses if clause], dice) or [[1]]


def test_xors_of_the_formula_count_as_well() -> None:
    halves = Formula.from_clauses(exactly([1, 2, 3, 4], 2))
    odd = Formula(halves.literals, halves.offsets, 4, Xors.from_rows([[1, 2, 3, 4]]))
    assert refuted(odd) == "parity"
    assert refuted(halves) == ""


def test_what_follows_is_told() -> None:
    told: list[Formula] = []
    clauses = exactly([1, 2, 3, 4], 2) + exactly([1, 2, 3, 4, 5], 3)
    assert not worker.refute(Formula.from_clauses(clauses), lambda _, derived: told.append(derived))
    assert [5] in rows(told[0])


def test_constraints_without_their_clauses_refute_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "follow", lambda *_: False)
    with pytest.raises(SoundnessError):
        worker.refute(Formula.from_clauses(pigeonhole(5, 4)[1]))


def test_the_lane_answers() -> None:
    for clauses, status in (
        (pigeonhole(7, 6)[1], Status.UNSATISFIABLE),
        (pigeonhole(6, 6)[1], Status.UNKNOWN),
    ):
        engine = Counting()
        assert answered(engine, Formula.from_clauses(clauses)) == Answer(status)
        assert engine.figures["constraints"] >= 12
        assert engine.clauses is not None


def test_what_linear_programming_prints_is_nobodys_words() -> None:
    """HiGHS prints a line of its own; where the child is killed later, that was taken for the reason."""
    engine = Counting()
    try:
        engine.start(Formula.from_clauses(pigeonhole(7, 6)[1]))
        engine.advance(Budget())
        assert engine.poll(None) == Answer(Status.UNSATISFIABLE)
        assert engine._child is not None
        assert engine._child.exit_code() is not None or engine._child._child.exit_code(60.0) is not None
        assert engine._child._child.read() == b""
    finally:
        engine.stop()


def test_without_a_solver_of_linear_programs_all_else_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    notes: list[str] = []
    told: list[dict[str, Any]] = []
    for clauses, how in ((pigeonhole(9, 8)[1], ""), (partition(8, 3), "remainders modulo 3")):
        formula = Formula.from_clauses(clauses)
        worker.refute(formula, lambda figures, _: told.append(figures), note=notes.append)
        assert told[-1]["refuted_by"] == how
    (text,) = set(notes)
    assert text.startswith("linear programs are left out: ")
    assert "highspy" in text


def test_linear_programs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    formula = Formula.from_clauses(subset_cardinality(40))
    assert refuted(formula) == "inequalities"
    for name in ("LARGEST_PROGRAM", "PIVOTS"):
        with monkeypatch.context() as patch:
            patch.setattr(worker, name, 79)
            assert refuted(formula) == ""


def test_what_has_been_summed_up_is_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains add pairs that exclude each other here, but no equations."""
    passes = list(worker._passes(encode(CHAINED)))
    assert len(passes) == 2
    assert all(rows.exact.sum() == 4 for rows in passes)
    seen: list[int] = []
    refuting = modular.refuting

    def counted(equations: Cardinalities, prime: int, effort: Effort) -> np.ndarray | None:
        seen.append(prime)
        return refuting(equations, prime, effort)

    monkeypatch.setattr(modular, "refuting", counted)
    assert not worker.refute(CHAINED)
    assert seen == list(modular.PRIMES)


CHAINED = Formula.from_clauses(
    [clause for first in (1, 4, 7, 10) for clause in exactly([first, first + 1, first + 2], 1)]
    + [[-1, -13], [13, -4], [-4, -7], [-1, -7]]
)


def test_only_what_may_have_constraints_is_searched() -> None:
    assert not countable(Formula.from_clauses(endless()[1]))
    assert not countable(Formula.from_clauses([], 5))


@pytest.fixture
def subsets(tmp_path: Path) -> Path:
    """Return a file that CDCL lanes do not refute soon, nor symmetries, nor sums of XORs."""
    path = tmp_path / "subsets.cnf"
    path.write_text(dimacs(161, subset_cardinality(40)))
    return path


def subset_cardinality(size: int, seed: int = 0) -> Clauses:
    """Return that half of the edges of a graph are true at each vertex left, false at each right."""
    dice = random.Random(seed)
    cyclic = [[(row + shift) % size for shift in (0, 1, 3, 7)] for row in range(size)]
    names = dice.sample(range(size), size)
    edges = [(row, names[column]) for row in range(size) for column in cyclic[row]]
    extra = next((r, c) for r in range(size) for c in range(size) if (r, c) not in edges)
    edges.append(extra)
    clauses: Clauses = []
    for vertex in range(size):
        left = [1 + n for n, (row, _) in enumerate(edges) if row == vertex]
        right = [1 + n for n, (_, column) in enumerate(edges) if column == vertex]
        clauses += at_most([-each for each in left], len(left) // 2) + at_most(right, len(right) // 2)
    return clauses


def test_a_run_is_decided_by_counting(subsets: Path) -> None:
    events: list[Event] = []
    result = solve(subsets, time_limit=600, workers=2, on_event=events.append)
    assert result.status is Status.UNSATISFIABLE
    assert result.winner is not None
    assert result.winner.lane == "counting"
    figures = result.statistics["counting"]
    assert figures["refuted_by"] == "inequalities"
    assert [event.data for event in events if event.kind == "counting"] == [figures]


def test_command_line_says_so_in_one_line(subsets: Path) -> None:
    code, out, err = turbosat("--time=600", subsets)
    assert (code, err) == (20, "")
    (line,) = [line for line in out.splitlines() if "cardinality constraints" in line]
    assert "80 cardinality constraints, 0 of them equations: 80 contradict each other by inequalities" in line


@pytest.mark.parametrize("options", [{"counting": False}, {"engine": "cdcl"}, {"deterministic": True}])
def test_runs_without_counting(subsets: Path, options: dict[str, Any]) -> None:
    result = solve(subsets, time_limit=2, workers=2, **options)
    assert "counting" not in result.statistics
    assert "counting" not in {lane["lane"] for lane in result.statistics["lanes"]}


def test_none_with_a_proof_or_assumptions(subsets: Path, tmp_path: Path) -> None:
    proved = solve(subsets, time_limit=2, workers=2, proof=str(tmp_path / "proof"))
    assumed = solve(subsets, time_limit=2, workers=2, assumptions=[1])
    for result in (proved, assumed):
        assert "counting" not in {lane["lane"] for lane in result.statistics["lanes"]}


def test_what_takes_long_gives_way_wherever_it_is() -> None:
    """Once it has had its CPU time, and not before what comes next: finding constraints takes long, too."""
    own, engine = os.getpriority(os.PRIO_PROCESS, 0), Counting()
    try:
        engine.start(Formula.from_clauses(latin_square(22)[1]))
        engine.advance(Budget())
        assert engine.pid is not None
        rank, spent = own, 0.0
        while rank == own and engine.poll(0.002) is None:
            fields = Path(f"/proc/{engine.pid}/stat").read_text().rsplit(")", 1)[1].split()
            spent = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            rank = os.getpriority(os.PRIO_PROCESS, engine.pid)
        assert rank == min(own + worker.NICE, 19)
        assert spent < 3 * worker.QUICK  # finding them takes longer
    finally:
        engine.stop()
