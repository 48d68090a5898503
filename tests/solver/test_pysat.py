"""python-sat's tools on turbosat: the same results as on its own solvers; and its own tests."""

import random
import subprocess
import sys
import tarfile
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pysat.examples.bbscan import BBScan
from pysat.examples.fm import FM
from pysat.examples.hitman import Hitman
from pysat.examples.lbx import LBX
from pysat.examples.lsu import LSU
from pysat.examples.mcsls import MCSls
from pysat.examples.musx import MUSX
from pysat.examples.optux import OptUx
from pysat.examples.primer import Primer
from pysat.examples.rc2 import RC2, RC2Stratified
from pysat.formula import CNF, WCNF
from pysat.solvers import NoSuchSolverError
from pysat.solvers import Solver as Facade

from tests.solver.truth import models
from turbosat import Solver, UnsupportedError, pycosat
from turbosat.pysat import NAME, register

# Each needs what turbosat has not: a user's propagator, a warm start of local search, a pool of variables.
NOT_OURS = (
    "test_boolengine.py::test_native_card[engine_by_hand-cadical300]",
    "test_empty_extclause.py::test_empty_external_clause[cadical300]",
    *(f"test_flip_bits.py::test_{name}" for name in ("preferences", "assumptions", "warm_start", "random")),
    *(
        f"test_propagate.py::test_cadical_callback_exceptions[bootstrap{number}-<lambda>-{where}-Cadical300]"
        for number, where in (
            (0, "on_assignment-boom in on_assignment"),
            (1, "propagate-boom in propagate"),
            (2, "propagate-boom in propagate"),
        )
    ),
    "test_propagate.py::test_sync_with_idpool[Cadical300]",
    "test_propagate.py::test_solver_kwargs_compatibility[cadical300]",
)


@pytest.fixture(autouse=True)
def registered() -> None:
    register()
    register()


def soft(seed: int, variables: int = 8) -> WCNF:
    """Return a small MaxSAT instance, satisfiable in its hard part."""
    dice = random.Random(seed)
    formula = WCNF()
    for _ in range(8):
        names = dice.sample(range(1, variables + 1), 3)
        formula.append([names[0], *(name * dice.choice((-1, 1)) for name in names[1:])])
    for variable in range(1, variables + 1):
        formula.append([-variable], weight=dice.randint(1, 5))
    return formula


def optimum(formula: WCNF) -> int:
    def cost(model: list[int]) -> int:
        each = zip(formula.soft, formula.wght, strict=True)
        return sum(int(weight) for clause, weight in each if not set(clause) & set(model))

    return min(map(cost, models(formula.hard, formula.nv)))


@pytest.mark.parametrize("tool", [RC2, RC2Stratified, FM, LSU])
def test_maxsat(tool: Any) -> None:
    for seed in range(6):
        formula = soft(seed)
        if tool is LSU:
            formula.wght = [1] * len(formula.wght)
        with tool(formula, solver=NAME) as found:
            (found.solve if tool is LSU else found.compute)()
            cost = found.cost
        assert cost == optimum(formula)


def unsatisfiable(seed: int) -> WCNF:
    dice = random.Random(seed)
    formula = WCNF()
    for _ in range(40):
        formula.append([v * dice.choice((-1, 1)) for v in dice.sample(range(1, 7), 2)], weight=1)
    return formula


def test_cores_and_corrections() -> None:
    for seed in range(6):
        formula = unsatisfiable(seed)
        with MUSX(formula, solver=NAME, verbosity=0) as tool:
            core = [formula.soft[index - 1] for index in tool.compute()]
        assert not models(core, 6)
        assert all(models([each for each in core if each is not clause], 6) for clause in core)
        for kind in (LBX, MCSls):
            with kind(formula, use_cld=True, solver_name=NAME) as tool:
                correction = tool.compute()
            kept = [clause for index, clause in enumerate(formula.soft, 1) if index not in correction]
            assert models(kept, 6)
            assert not any(models([*kept, formula.soft[index - 1]], 6) for index in correction)
        with OptUx(formula, solver=NAME) as smallest, OptUx(formula, solver="g3") as other:
            assert len(smallest.compute()) == len(other.compute())


@pytest.mark.parametrize("kind", ["lbx", "mcsls", "maxsat", "sat"])
def test_hitting_sets(kind: str) -> None:
    def sets(name: str) -> set[frozenset[int]]:
        with Hitman(solver=name, htype=kind, mxs_adapt=False) as tool:
            for each in ([1, 2, 3], [1, 4], [5, 6, 7]):
                tool.hit(each)
            return {frozenset(each) for each in islice(tool.enumerate(), 100)}

    assert sets(NAME) == sets("cd19" if kind == "sat" else "g3")


def test_backbones_and_primes() -> None:
    for seed in range(5):
        dice = random.Random(seed)
        clauses = [[v * dice.choice((-1, 1)) for v in dice.sample(range(1, 7), 2)] for _ in range(8)]
        truth = models(clauses, 6)
        formula = CNF(from_clauses=clauses)
        if truth:
            shared = set.intersection(*map(set, truth))
            assert set(BBScan(formula, solver=NAME).compute()) == shared
            with Solver(clauses) as solver:
                assert set(solver.backbone() or []) == shared


def test_prime_implicants() -> None:
    formula = CNF(from_clauses=[[1, 2], [-1, 3]])

    def primes(name: str) -> set[frozenset[int]]:
        with Primer(formula, solver=name, implicates=False) as tool:
            return {frozenset(each) for each in tool.enumerate()}

    assert primes(NAME) == primes("cd19")


def test_the_facade_has_what_python_sat_guards() -> None:
    with Facade(name=NAME, bootstrap_with=[[1, 2, 3]], native_card=True, time_limit=20) as solver:
        assert solver.supports_atmost()
        solver.add_atmost([1, 2, 3], 1)
        solver.configure({"lucky": 0})
        solver.set_phases([-1, 2, -3])
        assert solver.solve()
        assert solver.get_model() == [-1, 2, -3]
        assert solver.minimize_core.__name__ == "minimize_core"
        with pytest.raises(NotImplementedError, match="propagators"):
            solver.connect_propagator(None)
    with Facade(name=NAME) as solver, pytest.raises(UnsupportedError, match="native_card"):
        solver.add_atmost([1], 0)
    with pytest.raises(NoSuchSolverError):
        Facade(name="turbosat0")


def test_pycosat() -> None:
    clauses = [[1, -5, 4], [-1, 5, 3, 4], [-3, -4]]
    truth = {tuple(model) for model in models(clauses, 5)}
    model = pycosat.solve(clauses)
    assert tuple(model) in truth
    assert {tuple(model) for model in pycosat.itersolve(clauses)} == truth
    assert len(pycosat.solve(clauses, vars=8)) == 8
    assert pycosat.solve([[1], [-1]]) == "UNSAT"
    assert list(pycosat.itersolve([[1], [-1]])) == []
    with pytest.raises(ValueError, match="nonzero"):
        pycosat.solve([[0]])
    pycosat.register()
    assert sys.modules.pop("pycosat") is pycosat


def test_cpmpy() -> None:
    cp = pytest.importorskip("cpmpy")
    x = cp.boolvar(shape=6)
    model = cp.Model(cp.sum(x) >= 2, x[0] != x[1], minimize=cp.sum([1, 2, 3, 4, 5, 6] * x))
    assert model.solve(solver="rc2:turbosat")
    assert model.objective_value() == 4
    places = cp.boolvar(shape=(13, 12))
    rows, columns = [cp.any(row) for row in places], [cp.sum(column) <= 1 for column in places.T]
    hard = cp.Model(rows, columns)
    assert hard.solve(solver="pysat:turbosat", time_limit=0.05) is False
    assert hard.status().exitstatus.name == "UNKNOWN"


@pytest.mark.slow
def test_its_own_tests_pass(tmp_path: Path) -> None:
    version = metadata.version("python-sat")
    fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation"]
    fetch += ["--no-binary=:all:", f"python-sat=={version}", "-d", str(tmp_path)]
    if subprocess.run(fetch, capture_output=True, check=False).returncode:
        pytest.skip("the sources of python-sat cannot be fetched")
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    (tests,) = tmp_path.glob("*/tests")
    program = Path(__file__).with_name("python_sat_tests.py")
    left_out = [f"--deselect={name}" for name in NOT_OURS]
    command = [sys.executable, str(program), str(tests), *left_out]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{len(NOT_OURS)} deselected" in done.stdout
