"""A Solver and the truth about what it was told: every assignment of a few variables, and CaDiCaL 1.9.5."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
from pysat.solvers import Cadical195

from turbosat import Formula, Reason, Solver, UsageError

VARIABLES = 6
Model = tuple[int, ...]
WRONG: tuple[Any, ...] = ([0], [1.5], ["1"], [True], [2**30], 3, None)


class Pair:
    """One solver and what must be true of it; each method is a call, and fails where an answer is wrong."""

    def __init__(self, *, sliced: bool = False, threads: bool = False) -> None:
        self.sliced = sliced  # through python-sat
        self.threads = threads  # every query in one of its own
        self.solver = self._ours(Solver(escalate_after=None))
        self.other = Cadical195()
        self.models: list[Model] = [
            tuple(sign * name for sign, name in zip(signs, range(1, VARIABLES + 1), strict=True))
            for signs in itertools.product((-1, 1), repeat=VARIABLES)
        ]
        self.known = 0
        self.plain = True  # nothing but clauses, so that python-sat has it all
        self.interrupted = False
        self.answered: bool | None = None
        self.assumed: list[int] = []

    def _ours(self, solver: Solver) -> Solver:
        solver._sliced = self.sliced
        if self.threads:
            solver._first = 0
        return solver

    def close(self) -> None:
        self.solver.delete()
        self.other.delete()

    def _mention(self, literals: list[int]) -> None:
        self.known = max([self.known, *map(abs, literals)])

    def _keep(self, wanted: Callable[[Model], bool]) -> None:
        self.models = [model for model in self.models if wanted(model)]

    def _under(self, assumed: list[int]) -> list[Model]:
        return [model for model in self.models if set(assumed) <= set(model)]

    def _clauses(self, clauses: list[list[int]]) -> None:
        for clause in clauses:
            self._mention(clause)
            self._keep(lambda model, clause=clause: bool(set(clause) & set(model)))  # type: ignore[misc]
            self.other.add_clause(clause)

    def add_clause(self, clause: list[int]) -> None:
        self.solver.add_clause(clause)
        self._clauses([clause])

    def append_formula(self, clauses: list[list[int]], shape: int) -> None:
        formula = Formula.from_clauses(clauses)
        flat = np.array([literal for clause in clauses for literal in [*clause, 0]], np.int32)
        shapes: list[Any] = [clauses, formula, flat, (formula.literals, formula.offsets), iter(clauses)]
        self.solver.append_formula(shapes[shape % len(shapes)])
        self._clauses(clauses)

    def add_atmost(self, literals: list[int], bound: int, weights: list[int]) -> None:
        weights = (weights + [1] * len(literals))[: len(literals)]
        self.solver.add_atmost(literals, bound, weights)
        self._mention(literals)
        self.plain = False

        def holds(model: Model) -> bool:
            true = set(model)
            pairs = zip(literals, weights, strict=True)
            return sum(weight for literal, weight in pairs if literal in true) <= bound

        self._keep(holds)

    def add_xor(self, literals: list[int], value: bool) -> None:
        self.solver.add_xor_clause(literals, value)
        self._mention(literals)
        self.plain = False
        self._keep(lambda model: sum(literal in model for literal in literals) % 2 == value)

    def solve(self, assumed: list[int], *, limited: bool = False) -> None:
        ask = self.solver.solve_limited if limited else self.solver.solve
        self._mention(assumed)
        self.assumed = assumed
        self._judge(ask(assumed))

    def solve_async(self, assumed: list[int]) -> None:
        self._mention(assumed)
        self.assumed = assumed
        self._judge(self.solver.solve_async(assumed).result(60))

    def _judge(self, answer: bool | None) -> None:
        self.answered = answer
        assert self.solver.get_status() is answer
        model, core = self.solver.get_model(), self.solver.get_core()
        if self.interrupted:
            assert answer is None
            assert self.solver.reason is Reason.INTERRUPTED
        if answer is None:
            assert self.solver.reason in (Reason.INTERRUPTED, Reason.LIMIT)
            assert model is core is None
            return
        truth = self._under(self.assumed)
        assert answer is bool(truth)
        if self.plain:
            assert answer is self.other.solve(self.assumed)
        assert self.solver.nof_vars() == self.known
        if answer:
            assert model is not None
            assert tuple(model) in {each[: self.known] for each in truth}
        else:
            assert (core is None) == (not self.assumed)
            assert set(core or []) <= set(self.assumed)
            assert not self._under(core or [])

    def propagate(self, assumed: list[int]) -> None:
        fine, literals = self.solver.propagate(assumed)
        self._mention(assumed)
        truth = self._under(assumed)
        assert fine or not truth
        assert len(literals) == len(set(literals))
        if fine:
            assert set(assumed) <= set(literals)
        for model in truth:
            assert set(literals) <= set(model)
        assert self.solver.get_status() is self.answered

    def enumerate(self, assumed: list[int], projection: list[int], most: int) -> None:
        self._mention(assumed)
        if any(name > self.known for name in projection):
            try:
                self.solver.enum_models(assumed, projection)
            except UsageError:
                return
            raise AssertionError("a projection to what is not there was taken")
        names = projection or range(1, self.known + 1)
        truth = {tuple(model[name - 1] for name in names) for model in self._under(assumed)}
        found = list(map(tuple, itertools.islice(self.solver.enum_models(assumed, projection), most)))
        assert len(found) == len(set(found))
        if self.interrupted:
            assert found == []
        else:
            assert set(found) <= truth
            assert len(found) == min(most, len(truth))
        if not most:  # nothing was asked
            return
        self.answered, self.assumed = self.solver.get_status(), assumed
        if self.answered is not None:
            assert not self.interrupted
            assert self.answered is bool(found)

    def minimise(self) -> None:
        if self.answered is not False or self.interrupted:
            return
        # The core is of the last question; what came since makes it no smaller.
        core = self.solver.minimize_core()
        assert not self._under(core)
        for literal in core:
            assert self._under([each for each in core if each != literal])

    def backbone(self, assumed: list[int]) -> None:
        self._mention(assumed)
        found = self.solver.backbone(assumed)
        self.answered, self.assumed = self.solver.get_status(), assumed
        if self.interrupted:
            assert found is None
            return
        assert self.answered is bool(self._under(assumed))
        truth = [set(model[: self.known]) for model in self._under(assumed)]
        assert found == sorted(set[int]().union(*truth[:1]).intersection(*truth), key=abs)

    def set_phases(self, literals: list[int]) -> None:
        self.solver.set_phases(literals)
        self._mention(literals)

    def budget(self, conflicts: int, decisions: int) -> None:
        self.solver.conf_budget(conflicts)
        self.solver.dec_budget(decisions)

    def interrupt(self, on: bool) -> None:
        self.interrupted = on
        (self.solver.interrupt if on else self.solver.clear_interrupt)()

    def go_on_with_a_copy(self) -> None:
        before = self.solver
        self.solver = self._ours(before.copy())
        before.delete()
        self.answered, self.interrupted = None, False

    def be_wrong(self, which: int) -> None:
        solver = self.solver
        calls: tuple[Callable[[Any], Any], ...] = (
            *(solver.add_clause, solver.solve, solver.propagate, solver.set_phases, solver.add_xor_clause),
            lambda literals: solver.add_atmost(literals, 1),
        )
        try:
            calls[which % len(calls)](WRONG[which % len(WRONG)])
        except UsageError:
            return
        raise AssertionError("what makes no sense was taken")


def play(seed: int, steps: int = 25) -> None:
    """Make one sequence of calls."""
    dice = random.Random(seed)

    def literals(most: int = 4) -> list[int]:
        return [dice.randint(1, VARIABLES) * dice.choice((-1, 1)) for _ in range(dice.randint(0, most))]

    def number(most: int = 9) -> int:
        return dice.randint(0, most)

    pair = Pair(sliced=dice.random() < 0.25, threads=dice.random() < 0.2)
    calls: list[tuple[int, Callable[[], None]]] = [
        (8, lambda: pair.add_clause([*literals(3), dice.randint(1, VARIABLES)])),
        (1, lambda: pair.add_clause(literals())),
        (3, lambda: pair.append_formula([[*literals(2), -1] for _ in range(dice.randint(0, 3))], number())),
        (1, lambda: pair.add_atmost(literals(6), number(6), [number(3) - 1 for _ in range(3)])),
        (1, lambda: pair.add_xor([*literals(8)], dice.random() < 0.5)),
        (8, lambda: pair.solve(literals(), limited=dice.random() < 0.3)),
        (1, lambda: pair.solve_async(literals())),
        (2, lambda: pair.propagate(literals())),
        (2, lambda: pair.enumerate(literals(1), dice.sample(range(1, 7), number(3)), number())),
        (2, lambda: pair.minimise()),
        (1, lambda: pair.backbone(literals(2))),
        (1, lambda: pair.set_phases(literals())),
        (1, lambda: pair.budget(dice.randint(-1, 3), dice.randint(-1, 3))),
        (1, lambda: pair.interrupt(on=dice.random() < 0.4)),
        (1, lambda: pair.go_on_with_a_copy()),
        (1, lambda: pair.be_wrong(dice.randint(0, 100))),
    ]  # fmt: skip
    weights, choices = zip(*calls, strict=True)
    try:
        for call in dice.choices(choices, weights, k=dice.randint(1, steps)):
            call()
    finally:
        pair.close()
