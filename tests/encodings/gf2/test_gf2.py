"""Elimination over GF(2) against slow references: every claim follows, and nothing is missing."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.gf2 import gf2_reference as reference
from turbosat.encodings.gf2 import facts as gf2_facts
from turbosat.encodings.gf2.elimination import Elimination, eliminate
from turbosat.encodings.gf2.reduction import Limits
from turbosat.encodings.xor.recovery import recover
from turbosat.errors import UsageError
from turbosat.formula import files
from turbosat.formula.xors import Xors

Rows = list[tuple[list[int], bool]]

PATHS = {
    "default": Limits(),
    "dense": Limits(density=0),
    "sparse": Limits(density=1e9, full=1e9),
    "mixed": Limits(density=0.3, full=1e9),
    "late": Limits(density=3, full=1e9),
}


def xors_of(rows: Rows) -> Xors:
    """Build from variables in any order and parities."""
    flat = np.array([v for row, _ in rows for v in row], np.int32)
    offsets = np.append(0, np.cumsum([len(row) for row, _ in rows])).astype(np.int64)
    return Xors(flat, offsets, np.array([parity for _, parity in rows], np.bool_))


@st.composite
def systems(draw: st.DrawFn, most: int = 40) -> tuple[int, Rows]:
    """Systems with rows short and long, solvable or not, some with many more rows than variables."""
    variables = draw(st.integers(1, most))
    longest = draw(st.sampled_from([2, 3, 3, 4, variables]))
    names = st.lists(st.integers(1, variables), max_size=longest, unique=True)
    rows = draw(st.lists(names, max_size=2 * most))
    if draw(st.booleans()):
        bits = draw(st.integers(0, 2 ** (variables + 1) - 1))
        return variables, [(row, sum(bits >> v & 1 for v in row) % 2 == 1) for row in rows]
    parities = draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    return variables, list(zip(rows, parities, strict=True))


def described(elimination: Elimination) -> set[tuple[bool, ...]]:
    """Return the assignments of the variables that occur, in rising order, that an elimination describes."""
    free = elimination.free.tolist()
    found = set()
    for chosen in itertools.product([False, True], repeat=len(free)):
        values = dict(zip(free, chosen, strict=True))
        for i, pivot in enumerate(elimination.pivots.tolist()):
            row, value = reference.masked(elimination, i)
            values[pivot] = value ^ (sum(values[v] for v in row[1:]) % 2 == 1)
        found.add(tuple(values[v] for v in sorted(values)))
    return found


def check_solutions(xors: Xors, variables: int, elimination: Elimination) -> None:
    """Compare with all assignments: the solutions, and what holds in all of them."""
    solutions = reference.solutions(xors, variables)
    assert (elimination.contradiction is not None) == (not len(solutions))
    if not len(solutions):
        return
    occurring = np.unique(xors.variables) - 1
    assert described(elimination) == set(map(tuple, solutions[:, occurring].tolist()))
    always = np.flatnonzero(solutions.all(axis=0) | ~solutions.any(axis=0))
    units = {abs(unit): unit > 0 for unit in elimination.units.tolist()}
    assert units == {int(v) + 1: bool(solutions[0, v]) for v in always if v in occurring}
    parent = {int(v) + 1: int(v) + 1 for v in occurring}
    for a, b in elimination.equivalences.tolist():
        parent = {v: parent[abs(a)] if root == parent[abs(b)] else root for v, root in parent.items()}
        assert (solutions[:, abs(a) - 1] == (a > 0)).tolist() == (
            solutions[:, abs(b) - 1] == (b > 0)
        ).tolist()
    for a, b in itertools.combinations([v for v in parent if v not in units], 2):
        differ = solutions[:, a - 1] ^ solutions[:, b - 1]
        assert (parent[a] == parent[b]) == bool(differ.all() or not differ.any())
    assert not elimination.short.violated(solutions).any()


ALL_ROWS = [
    (list(row), parity)
    for size in range(4)
    for row in itertools.combinations((1, 2, 3), size)
    for parity in (False, True)
]


@pytest.mark.parametrize("path", ["default", "sparse"])
def test_all_systems_of_three_variables(path: str) -> None:
    ordered = (itertools.product(ALL_ROWS, repeat=count) for count in range(3))
    for rows in itertools.chain(*ordered, itertools.combinations_with_replacement(ALL_ROWS, 3)):
        xors = xors_of(list(rows))
        found = eliminate(xors, 3, limits=PATHS[path])
        check_solutions(xors, 3, found)
        reference.check(xors, 3, found)


@pytest.mark.parametrize("path", PATHS)
@given(system=systems(9))
@settings(max_examples=40, deadline=None)
def test_solutions(path: str, system: tuple[int, Rows]) -> None:
    variables, rows = system
    xors = xors_of(rows)
    check_solutions(xors, variables, eliminate(xors, variables, limits=PATHS[path]))


@given(system=systems(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_against_slow_elimination(system: tuple[int, Rows], data: st.DataObject) -> None:
    variables, rows = system
    xors = xors_of(rows)
    wishes = st.lists(st.integers(-2, 2), min_size=variables, max_size=variables)
    wished = data.draw(st.none() | wishes)
    prefer = None if wished is None else np.array(wished, np.int32)
    for limits in PATHS.values():
        reference.check(xors, variables, eliminate(xors, variables, prefer=prefer, limits=limits))


@given(system=systems(), most=st.sampled_from([0, 500, 3000, 10000]))
@settings(max_examples=60, deadline=None)
def test_too_little_memory(system: tuple[int, Rows], most: int) -> None:
    variables, rows = system
    xors = xors_of(rows)
    for limits in (Limits(bytes=most), Limits(bytes=most, density=0.5, full=1e9)):
        reference.check(xors, variables, eliminate(xors, variables, limits=limits))


def random_system(seed: int, variables: int, rows: int, width: int, planted: bool) -> Xors:
    """Rows of `width` variables; planted ones have a solution."""
    dice = np.random.default_rng(seed)
    flat = np.argsort(dice.random((rows, variables)), axis=1)[:, :width] + 1
    solution = dice.random(variables + 1) < 0.5
    parities = solution[flat].sum(axis=1) % 2 == 1 if planted else dice.random(rows) < 0.5
    return Xors(
        flat.astype(np.int32).ravel(), np.arange(rows + 1, dtype=np.int64) * width, parities.astype(np.bool_)
    )


@pytest.mark.parametrize(
    ("variables", "rows", "width", "planted"),
    [
        (700, 600, 3, True),
        (700, 690, 3, False),
        (400, 500, 3, False),
        (300, 250, 150, True),
        (300, 320, 150, True),
        (200, 203, 100, False),
        (600, 300, 5, True),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_systems_of_several_words(variables: int, rows: int, width: int, planted: bool, path: str) -> None:
    xors = random_system(variables + rows, variables, rows, width, planted)
    reference.check(xors, variables, eliminate(xors, variables, limits=PATHS[path]))


def test_large_system_takes_every_stage() -> None:
    xors = random_system(5, 3000, 2700, 3, True)
    found = eliminate(xors, 3000)
    assert len(found.pivots) > gf2_facts.ALL_TRIPLES
    values = np.zeros((4, 3000), np.bool_)
    dice = np.random.default_rng(3)
    values[:, found.free - 1] = dice.random((4, found.free.size)) < 0.5
    bits = np.unpackbits(found.masks.view(np.uint8), axis=1, bitorder="little")[:, : found.free.size]
    sums = values[:, found.free - 1].astype(np.int64) @ bits.T.astype(np.int64) % 2 == 1
    values[:, found.pivots - 1] = sums ^ found.constants
    assert not xors.violated(values).any()
    assert not found.short.violated(values).any()
    assert len(found.pivots) == len(reference.basis(xors))


def tseitin(edges: list[tuple[int, int]], vertices: int, odd: bool) -> Xors:
    """Parity of the edges at each vertex; vertex 0 is odd or all are even."""
    rows: Rows = [([], odd and vertex == 0) for vertex in range(vertices)]
    for name, (a, b) in enumerate(edges, 1):
        rows[a][0].append(name)
        rows[b][0].append(name)
    return xors_of(rows)


@pytest.mark.parametrize("odd", [False, True])
def test_parity_on_a_grid_of_any_width(odd: bool) -> None:
    side = 150
    vertices = np.arange(side * side).reshape(side, side)
    pairs = [(vertices[:, :-1], vertices[:, 1:]), (vertices[:-1], vertices[1:])]
    edges = [edge for a, b in pairs for edge in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)]
    found = eliminate(tseitin(edges, side * side, odd), len(edges))
    if odd:
        assert found.contradiction is not None
        assert found.contradiction.tolist() == list(range(side * side))  # the graph is connected
    else:
        assert found.contradiction is None
        assert found.pivots.size == side * side - 1


def test_contradiction_of_one_component_alone() -> None:
    triangle = [([1, 2], False), ([2, 3], False), ([1, 3], False)]
    other = [([4, 5, 6], True), ([6, 7, 4], False), ([5, 7], False)]
    found = eliminate(xors_of(triangle + other), 7)
    assert found.contradiction is not None
    assert found.contradiction.tolist() == [3, 4, 5]


def test_a_chain_is_one_class() -> None:
    links = 100_000
    names = np.random.default_rng(1).permutation(links + 1) + 1
    flat = np.stack([names[:-1], names[1:]], axis=1).astype(np.int32).ravel()
    xors = Xors(flat, np.arange(links + 1) * 2, np.ones(links, np.bool_))
    found = eliminate(xors, links + 1)
    assert (found.free.size, len(found.equivalences), found.units.size) == (1, links, 0)
    sides = np.zeros(links + 2, np.bool_)
    sides[names[1::2]] = True
    a, b = found.equivalences.T
    assert ((sides[np.abs(a)] ^ (a < 0)) == (sides[np.abs(b)] ^ (b < 0))).all()


@pytest.mark.parametrize("path", PATHS)
def test_small_things(path: str) -> None:
    limits = PATHS[path]
    nothing = eliminate(Xors.empty(), 4, limits=limits)
    assert nothing.complete
    assert nothing.contradiction is None
    assert nothing.masks.shape == (0, 0)
    even = eliminate(xors_of([([], False), ([1, 2], True), ([2, 1], True)]), 2, limits=limits)
    assert even.equivalences.tolist() in ([[1, -2]], [[2, -1]])
    false = eliminate(xors_of([([1], True), ([], True), ([1], False)]), 2, limits=limits)
    assert false.contradiction is not None
    assert false.contradiction.tolist() == [1]
    assert false.complete


def test_given_rows_are_not_short_ones() -> None:
    rows = [([1, 2, 3], True), ([3, 4, 5], False), ([1, 2, 6, 7], True)]
    found = eliminate(xors_of(rows), 7)
    short = {(row, parity) for row, parity in found.short}
    assert ((3, 6, 7), False) in short
    assert not short & {(tuple(row), parity) for row, parity in rows}


def test_preference_decides_what_is_free_in_the_dense_part() -> None:
    xors = random_system(9, 60, 40, 30, True)
    prefer = np.random.default_rng(2).permutation(60).astype(np.int32)
    found = eliminate(xors, 60, prefer=prefer, limits=PATHS["dense"])
    # The basis of greatest preference: no pivot's sum holds a variable that would rather be one.
    for i, pivot in enumerate(found.pivots.tolist()):
        row, _ = reference.masked(found, i)
        assert all(prefer[v - 1] < prefer[pivot - 1] for v in row[1:])


def test_preference_guides_the_sparse_part() -> None:
    rows = [([3 * i + 1, 3 * i + 2, 3 * i + 3], True) for i in range(50)]
    prefer = np.random.default_rng(2).permutation(150).astype(np.int32)
    found = eliminate(xors_of(rows), 150, prefer=prefer)
    assert found.pivots.tolist() == [1 + 3 * i + int(prefer[3 * i : 3 * i + 3].argmax()) for i in range(50)]


def test_same_answer_at_each_call() -> None:
    for planted in (True, False):
        xors = random_system(4, 500, 495, 3, planted)
        a, b = eliminate(xors, 500), eliminate(xors, 500)
        assert (a.contradiction is None) == planted
        for field in ("pivots", "free", "constants", "masks", "units", "equivalences"):
            assert np.array_equal(getattr(a, field), getattr(b, field))
        assert a.short == b.short
        if a.contradiction is not None:
            assert b.contradiction is not None
            assert np.array_equal(a.contradiction, b.contradiction)


class StopError(Exception):
    pass


@pytest.mark.parametrize("path", ["dense", "sparse"])
def test_check_is_called_and_stops(path: str) -> None:
    xors = random_system(8, 2000, 1800, 3, True)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1

    eliminate(xors, 2000, check=check, limits=PATHS[path])
    assert calls > 5

    def stop() -> None:
        nonlocal calls
        calls -= 1
        if calls == 2:
            raise StopError

    with pytest.raises(StopError):
        eliminate(xors, 2000, check=stop, limits=PATHS[path])


def test_misuse() -> None:
    xors = Xors.from_rows([[1, 5]])
    with pytest.raises(UsageError, match="found 5"):
        eliminate(xors, 4)
    with pytest.raises(UsageError, match="preference for each of 5"):
        eliminate(xors, 5, prefer=np.zeros(4, np.int32))


def test_torch_is_not_imported_for_a_small_core() -> None:
    program = (
        "import sys; from turbosat.formula.xors import Xors; from turbosat.encodings.gf2.elimination "
        "import eliminate; "
        "eliminate(Xors.from_rows([[1, 2, 3], [2, 3, 4], [1, 3, 5]]), 5); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("name", "contradiction"),
    [
        ("parity/chew-heule-5000.cnf.xz", True),
        ("parity/urquhart-li-20.cnf", True),
        ("tseitin/tseitin-n40-d5-sat1.cnf", False),
        ("parity/mdp-28-56-7-s3.cnf", False),
    ],
)
def test_files_of_the_corpus(corpus: Path, name: str, contradiction: bool) -> None:
    formula = files.read(corpus / name)
    xors = recover(formula).xors
    found = eliminate(xors, formula.variables)
    assert (found.contradiction is not None) == contradiction
    if found.contradiction is not None:
        rows = found.contradiction
        counts = np.bincount(
            xors.variables[np.repeat(np.isin(np.arange(len(xors)), rows), np.diff(xors.offsets))]
        )
        assert not (counts % 2).any()
        assert xors.parities[rows].sum() % 2 == 1
    else:
        reference.check(xors, formula.variables, found)
