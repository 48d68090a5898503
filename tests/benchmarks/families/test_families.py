"""What holds of every family: the status claimed is true, the model satisfies, a seed gives one formula."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Solver

from turbosat.benchmarks import families
from turbosat.benchmarks.families.base import Problem, digest
from turbosat.benchmarks.gbd_hash import describe
from turbosat.errors import UsageError
from turbosat.formula import files
from turbosat.formula.formula import Formula

COL = "p edge 4 5\ne 1 2\ne 2 3\ne 3 4\ne 4 1\ne 1 3\n"
AAG = "aag 3 1 1 0 1 1\n2\n4 6\n4\n6 3 5\n"  # a latch that toggles while the input is 0

# Small members of every family, some of them satisfiable and some not, where the family has both.
SMALL: list[tuple[str, dict[str, Any]]] = [
    ("random-ksat", {"variables": 40}),
    ("random-ksat", {"variables": 12, "k": 5, "ratio": 20.0}),
    ("planted-ksat", {"variables": 60}),
    ("planted-ksat", {"variables": 10, "k": 4, "q": 1.0, "ratio": 9.0}),
    ("qwh", {"order": 8}),
    ("qwh", {"order": 7, "holes": 0.6, "balanced": False}),
    ("sudoku", {"box": 2}),
    ("sudoku", {"box": 3}),
    ("colouring", {"vertices": 30}),
    ("colouring", {"vertices": 40, "degree": 9.0, "colours": 4, "planted": True}),
    ("colouring-file", {"colours": 3}),
    ("colouring-file", {"colours": 2}),
    ("van-der-waerden", {"n": 17, "lengths": "3,4"}),
    ("van-der-waerden", {"n": 18, "lengths": "4,3"}),
    ("van-der-waerden", {"n": 26, "lengths": "3,3,3"}),
    ("van-der-waerden", {"n": 27, "lengths": "3,3,3"}),
    ("schur", {"n": 13, "colours": 3}),
    ("schur", {"n": 14, "colours": 3}),
    ("schur", {"n": 5, "colours": 2}),
    ("pythagorean", {"n": 200}),
    ("hales-jewett", {"dimension": 3}),
    ("hales-jewett", {"dimension": 4}),
    ("hales-jewett", {"side": 4, "dimension": 3}),
    ("hales-jewett", {"side": 2, "dimension": 3, "colours": 3}),
    ("hales-jewett", {"side": 2, "dimension": 2, "colours": 3}),
    ("hales-jewett", {"side": 3, "dimension": 1, "colours": 1}),
    ("langford", {"n": 4}),
    ("langford", {"n": 6}),
    ("discrepancy", {"n": 11, "bound": 1}),
    ("discrepancy", {"n": 12, "bound": 1}),
    ("discrepancy", {"n": 60}),
    ("discrepancy", {"n": 40, "bound": 3}),
    ("vmpc", {"order": 8}),
    ("costas", {"order": 6}),
    ("frb", {"variables": 8}),
    ("clique", {"vertices": 15, "size": 5}),
    ("clique", {"vertices": 15, "size": 6, "planted": True}),
    ("hamiltonian", {"vertices": 20}),
    ("edge-matching", {"side": 4, "colours": 3}),
    ("mutilated-chessboard", {"side": 4}),
    ("mutilated-chessboard", {"side": 5}),
    ("social-golfer", {"weeks": 3, "groups": 3}),
    ("social-golfer", {"weeks": 5, "groups": 3}),
    ("social-golfer", {"weeks": 2, "groups": 4, "size": 4}),
    ("ordering", {"size": 6}),
    ("ordering", {"size": 8, "degree": 3}),
    ("subset-cardinality", {"size": 7}),
    ("simon", {"rounds": 5}),
    ("simon", {"rounds": 7, "known": 44}),
    ("speck", {"rounds": 4}),
    ("speck", {"rounds": 6, "known": 52}),
    ("ramsey", {"vertices": 5, "red": 3, "blue": 3}),
    ("ramsey", {"vertices": 6, "red": 3, "blue": 3}),
    ("ramsey", {"vertices": 9, "red": 4, "blue": 3}),
    ("clique-colouring", {"vertices": 5, "clique": 3, "colours": 2}),
    ("clique-colouring", {"vertices": 5, "clique": 3, "colours": 3}),
    ("clique-colouring", {"vertices": 3, "clique": 4, "colours": 5}),
    *(
        ("pigeonhole", {"pigeons": pigeons, "holes": holes, "functional": functional, "onto": onto})
        for pigeons, holes in ((0, 2), (3, 5), (4, 4), (5, 4), (1, 1))
        for functional in (False, True)
        for onto in (False, True)
    ),
    ("pigeonhole", {"holes": 4}),
    ("pigeonhole", {"holes": 2, "capacity": 2}),
    ("pigeonhole", {"pigeons": 6, "holes": 2, "capacity": 3, "functional": True, "onto": True}),
    ("pigeonhole", {"pigeons": 2, "holes": 3, "capacity": 2, "onto": True}),
    ("tseitin", {"vertices": 12}),
    ("tseitin", {"vertices": 12, "satisfiable": True}),
    ("tseitin", {"vertices": 8, "degree": 6}),
    ("urquhart", {"side": 2}),
    ("urquhart", {"side": 3, "satisfiable": True}),
    ("even-colouring", {"vertices": 9}),
    ("even-colouring", {"vertices": 9, "satisfiable": True}),
    ("parity", {"bits": 8}),
    ("parity", {"bits": 10, "samples": 15, "errors": 3}),
    ("parity", {"bits": 8, "bound": "counter"}),
    ("parity", {"bits": 8, "bound": "totalizer"}),
    ("factoring", {"bits": 9}),
    ("factoring", {"bits": 12, "multiplier": "wallace"}),
    ("factoring", {"number": 4}),
    ("factoring", {"number": 13}),
    ("prime", {"bits": 9}),
    ("prime", {"bits": 7, "multiplier": "wallace"}),
    ("miter", {"width": 3}),
    ("miter", {"width": 4, "fault": True}),
    ("miter", {"width": 3, "left": "wallace", "right": "array", "swapped": False}),
    ("sha1", {"rounds": 17}),
    ("sha1", {"rounds": 22, "free": 8}),
    ("sha256", {"rounds": 12, "digest": 40}),
    ("md5", {"rounds": 64, "free": 6}),
    ("bmc", {"machine": "counter", "size": 3, "depth": 5, "bound": 4}),
    ("bmc", {"machine": "counter", "size": 3, "depth": 5, "bound": 5, "exactly": True}),
    ("bmc", {"machine": "fifo", "size": 2, "depth": 3, "bound": 6}),
    ("bmc", {"machine": "fifo", "size": 2, "depth": 3, "bound": 4, "broken": True, "exactly": True}),
    ("bmc", {"machine": "multiplier", "size": 3, "bound": 5}),
    ("bmc", {"machine": "multiplier", "size": 3, "bound": 4, "broken": True}),
    ("bmc-file", {"bound": 3}),
    ("bmc-file", {"bound": 0, "exactly": True}),
    ("sgen-sat", {"variables": 40}),
    ("sgen-unsat", {"variables": 17}),
    ("sgen-unsat", {"variables": 5}),
]
FILES = {"colouring-file": COL, "bmc-file": AAG}
WITHOUT_CHANCE = {
    "colouring-file", "van-der-waerden", "schur", "pythagorean", "hales-jewett", "langford", "ramsey",
    "clique-colouring", "pigeonhole", "bmc", "bmc-file", "miter", "discrepancy", "costas",
    "mutilated-chessboard", "social-golfer",
}  # fmt: skip


def made(name: str, parameters: dict[str, Any], folder: Path, seed: int = 0) -> Problem:
    """Generate, with a file where the family reads one."""
    if name in FILES:
        file = folder / f"{name}.txt"
        file.write_text(FILES[name])
        parameters = {**parameters, "file": file}
    return families.generate(name, seed=seed, **parameters)


def satisfiable(formula: Formula) -> bool:
    with Solver("cadical153", bootstrap_with=[list(clause) for clause in formula]) as solver:
        return bool(solver.solve())


def test_every_family_is_tested() -> None:
    assert {name for name, _ in SMALL} == set(families.MODULES)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize(("name", "parameters"), SMALL, ids=str)
def test_status_and_model_are_true(name: str, parameters: dict[str, Any], seed: int, tmp_path: Path) -> None:
    problem = made(name, parameters, tmp_path, seed)
    answer = satisfiable(problem.formula)
    if problem.status != "unknown":
        assert answer == (problem.status == "sat")
    if problem.model is not None:
        assert problem.status == "sat"
        assert problem.formula.satisfied(problem.model)


@pytest.mark.parametrize(("name", "parameters"), SMALL, ids=str)
def test_a_seed_gives_one_formula(name: str, parameters: dict[str, Any], tmp_path: Path) -> None:
    one, again = (made(name, parameters, tmp_path, 3) for _ in range(2))
    assert one.formula == again.formula
    if one.model is not None:
        assert again.model is not None
        assert np.array_equal(one.model, again.model)
    others = [digest(made(name, parameters, tmp_path, seed).formula) for seed in (4, 5, 6)]
    fixed = name in WITHOUT_CHANCE or "number" in parameters or (name == "ordering" and len(parameters) == 1)
    if not fixed:
        assert set(others) != {digest(one.formula)}
    elif "fault" not in parameters:
        assert set(others) == {digest(one.formula)}


@pytest.mark.parametrize(("name", "parameters"), SMALL, ids=str)
def test_shuffled_formulas_are_the_same_but_for_names_and_signs(
    name: str, parameters: dict[str, Any], tmp_path: Path
) -> None:
    plain = made(name, parameters, tmp_path, 3)
    seeds = {seed: made(name, {**parameters, "shuffle": True}, tmp_path, seed) for seed in (3, 4, 5)}
    one = seeds[3]
    assert np.array_equal(one.formula.offsets, plain.formula.offsets)
    assert one.formula.variables == plain.formula.variables
    assert one.status == plain.status
    # A renaming of literals: one to one, and negations stay negations.
    pairs = set(zip(plain.formula.literals.tolist(), one.formula.literals.tolist(), strict=True))
    pairs |= {(-x, -y) for x, y in pairs}
    assert len(pairs) == len({x for x, _ in pairs}) == len({y for _, y in pairs})
    if plain.model is not None:
        assert one.model is not None
        assert one.formula.satisfied(one.model)
    if plain.formula.literals.size > 10:
        assert len({digest(each.formula) for each in seeds.values()}) == 3
    assert "shuffle=True" in one.comments()[1]
    assert "shuffle" not in plain.comments()[1]


@pytest.mark.parametrize(("name", "parameters"), SMALL, ids=str)
def test_file_says_what_is_known(name: str, parameters: dict[str, Any], tmp_path: Path) -> None:
    problem = made(name, parameters, tmp_path, 5)
    file = tmp_path / "formula.cnf"
    problem.write(file)
    assert files.read(file) == problem.formula
    found = describe(file)
    assert (found.family, found.known) == (name, problem.status)
    assert all(line.startswith("c ") for line in file.read_text().splitlines()[:4])
    assert "c seed 5" in file.read_text()
    assert str(tmp_path) not in file.read_text()


@pytest.mark.parametrize("suffix", [".cnf.xz", ".cnf.gz"])
def test_files_are_compressed_and_reproducible(suffix: str, tmp_path: Path) -> None:
    problem = families.generate("random-ksat", seed=1)
    one, two = (tmp_path / f"{number}{suffix}" for number in range(2))
    problem.write(one)
    problem.write(two)
    assert files.read(one) == problem.formula
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_size * 2 < len(files.dumps(problem.formula))


@pytest.mark.parametrize("name", families.MODULES)
def test_every_family_names_its_paper(name: str) -> None:
    family = families.find(name)
    assert family.name == name
    assert any(year in family.source for year in map(str, range(1916, 2030))) or "Survey" in family.source
    assert family.about
    assert all(each.about.help.endswith((".", ".)")) for each in family.parameters.values())
    for parameter, each in family.parameters.items():
        low, high = each.about.low, each.about.high
        if each.default is not None and each.kind in (int, float):
            assert low is not None, parameter
            assert low <= each.default <= (np.inf if high is None else high), parameter


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_values_are_checked(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(set(families.MODULES) - {"bmc-file", "colouring-file"})))
    family = families.find(name)
    parameter = data.draw(st.sampled_from(sorted(family.parameters)))
    declared = family.parameters[parameter]
    wrong: list[object] = [b"", object(), [1]]
    if declared.choices:
        wrong.append("neither")
    elif declared.kind in (int, float):
        low, high = declared.about.low, declared.about.high
        wrong += [True, "1", float("nan")]
        wrong += [] if low is None else [declared.kind(low - 1)]
        wrong += [] if high is None else [declared.kind(high + 1)]
    elif declared.kind is bool:
        wrong += [1, "yes"]
    values: dict[str, Any] = {parameter: data.draw(st.sampled_from(wrong))}
    with pytest.raises(UsageError, match=f"{parameter} must be "):
        families.generate(name, **values)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("nothing", {}, "unknown family 'nothing'; known: random-ksat, "),
        ("qwh", {"size": 3}, "qwh has no parameter 'size'; known: order, holes, balanced"),
        ("qwh", {"seed": -1}, "seed must be from 0"),
        ("qwh", {"seed": 2**32}, "seed must be from 0"),
        ("random-ksat", {"variables": 2}, "expected at least k = 3 variables, found 2"),
        ("colouring", {"vertices": 4, "degree": 4.0}, "expected at most 6 edges on 4 vertices, found 8"),
        ("colouring-file", {}, "needs a file"),
        ("bmc-file", {}, "needs a file"),
        ("bmc", {"machine": "counter", "size": 3, "depth": 8}, "a counter of 3 bits does not reach 8"),
        ("bmc", {"size": 1, "broken": True}, "no carry to drop"),
        ("bmc", {"machine": "fifo", "depth": 1, "broken": True}, "of one place"),
        ("hales-jewett", {"side": 8, "dimension": 16}, "too large"),
        ("miter", {"right": "array", "swapped": False}, "the two multipliers are the same"),
        ("prime", {"number": 15}, "15 is not prime"),
        ("factoring", {"number": 2**90}, "expected a number below"),
        ("parity", {"bits": 4, "samples": 3, "errors": 4}, "expected at most 3 errors, found 4"),
        ("tseitin", {"vertices": 5, "degree": 3}, "no graph has 5 vertices, all of degree 3"),
        ("tseitin", {"vertices": 4, "degree": 4}, "no graph has 4 vertices, all of degree 4"),
        ("van-der-waerden", {"lengths": "3,x"}, "lengths must be two or more numbers above 1"),
        ("ramsey", {"vertices": 100, "red": 10, "blue": 3}, "too many cliques"),
    ],
)
def test_nonsense_is_refused(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        families.generate(name, **parameters)


def test_large_ones_take_seconds() -> None:
    began = time.process_time()
    assert families.generate("random-ksat", variables=250_000).formula.clauses > 1_000_000
    assert families.generate("planted-ksat", variables=250_000).formula.clauses > 1_000_000
    assert families.generate("colouring", vertices=100_000).formula.clauses > 1_000_000
    assert time.process_time() - began < 10
