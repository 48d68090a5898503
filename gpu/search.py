"""The gradient search on a formula: the one door to encoding, devices and controller."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix, encode
from turbosat.encodings.parity_matrix import joined
from turbosat.encodings.reduction import Reduction, reduce
from turbosat.formula.formula import Formula
from turbosat.gpu.bandit import Optimizer, configurations, worthwhile_conflicts, worthwhile_groups
from turbosat.gpu.controller import ENDLESS, Controller
from turbosat.gpu.guidance import Guidance
from turbosat.gpu.registry import choose
from turbosat.gpu.rules import Grouped, Tabu

LARGEST: Final = 1 << 18  # literals of a formula that is reduced
# Effort before that, and more for each literal: what is solved at once needs no reduction, and the others
# have searched for about as long as it takes.
EFFORT: Final = 10_000_000
EFFORT_PER_LITERAL: Final = 100
WORTH: Final = 0.9  # of the variables that are left at most: elimination makes clauses longer


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the search stands."""

    best: int  # fewest false clauses of any lane, ever
    mean: float  # false clauses now, over the lanes
    flips: int
    flips_per_second: float
    shares: dict[str, float]  # effort by configuration


class GradientSearch:
    """Stochastic binarized gradient descent on the clauses of a formula, in slices.

    `contradiction` tells that unit propagation, or a reduction, refuted the formula (under the frozen
    literals, if any). Where no solution is found soon, a formula of moderate size is reduced, and the search
    goes on in what is left of it.
    """

    def __init__(
        self,
        formula: Formula,
        *,
        lanes: int | None = None,
        seed: int = 0,
        workers: int = 1,
        device: str = "auto",
        optimizer: Optimizer = "auto",
        start: NDArray[np.bool_] | None = None,
        frozen: NDArray[np.int32] | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """`start` bool (variables,) or (k, variables) are assignments to begin with; `frozen`: see freeze."""
        self.formula = formula
        self.frozen = np.zeros(0, np.int32) if frozen is None else frozen  # signed literals
        self.best = formula.clauses + len(formula.xors) + 1
        self._lanes, self._seed, self._workers = lanes, seed, workers
        self._device, self._optimizer, self._check = device, optimizer, check
        self._flips, self._seconds, self._restarts = 0, 0.0, 0  # of controllers that were replaced
        self._reduction: Reduction | None = None
        self._reduced = False  # whether that has been tried
        self._grouped = False  # whether groups move
        self._paired = False  # whether there is a conflict graph
        self._build(None if start is None else np.atleast_2d(start))

    @property
    def contradiction(self) -> bool:
        """Whether unit propagation, or a reduction, refutes the formula under the frozen literals."""
        return self.matrix.contradiction

    def advance(self, seconds: float) -> Progress:
        """Search for about so long, or until there is a solution."""
        if self._controller is not None:
            self._controller.advance(seconds)
            self._reduce_if_due()
        return self.progress()

    def advance_rounds(self, rounds: int) -> Progress:
        """Search for so many rounds, or until there is a solution: a matter of effort, not of time."""
        if self._controller is not None:
            self._controller.advance_rounds(rounds)
            self._reduce_if_due()
        return self.progress()

    def suggest(self, values: NDArray[np.bool_]) -> None:
        """Let runs begin near an assignment bool (formula variables,), if it is good enough."""
        if self._controller is not None:
            self._controller.suggest(self.matrix.project(values))

    def progress(self) -> Progress:
        """Return where the search stands."""
        controller = self._controller
        if controller is None or controller.report is None:
            return Progress(self.best, float(self.best), self._flips, 0.0, {})
        ran = controller.report.best >= 0
        if ran.any():
            self.best = min(self.best, int(controller.report.best[ran].min()))
        flips, seconds = self._flips + controller.flips, self._seconds + controller.seconds
        mean = float(controller.report.false[ran].mean()) if ran.any() else float(self.matrix.constraints)
        return Progress(self.best, mean, flips, flips / max(seconds, 1e-9), controller.shares)

    @property
    def solution(self) -> NDArray[np.bool_] | None:
        """A model, bool (formula variables,), or None."""
        if self.matrix.contradiction:
            return None
        if self._controller is None:
            return self._extend(np.zeros(0, np.bool_))
        if self._controller.solved < 0:
            return None
        lane = np.array([self._controller.solved])
        return self._extend(self._controller.population.best_values(lane)[0])

    def guidance(self) -> Guidance:
        """Return what the elites know; cheap enough for every tenth of a second."""
        if self._controller is None:
            return Guidance.trivial(self.matrix)
        guidance = Guidance.of(self._controller)
        if self._reduction is None:
            return guidance
        phases = self._reduction.extend(guidance.phases)
        return replace(guidance, phases=phases, false=int(self.formula.false_clauses(phases).size))

    def statistics(self) -> dict[str, Any]:
        """Return all figures, for people and for JSON."""
        progress = self.progress()
        elites = self._controller.elites.false.tolist() if self._controller else []
        expected = self._controller.outlook.expected if self._controller else math.inf
        return {
            "device": self.device,
            "comment": self.comment,
            "lanes": self._controller.population.lanes if self._controller else 0,
            "variables": self.matrix.variables,
            "clauses": self.matrix.clauses,
            "entries": self.matrix.entries,
            "grouped": self._grouped,
            "best": progress.best,
            "mean": progress.mean,
            "flips": progress.flips,
            "flips_per_second": progress.flips_per_second,
            "seconds": self._seconds + (self._controller.seconds if self._controller else 0.0),
            "expected_seconds": None if math.isinf(expected) else expected,
            "restarts": self._restarts + (self._controller.restarts if self._controller else 0),
            "elites": elites,
            "shares": progress.shares,
        }

    def freeze(self, literals: NDArray[np.int32]) -> None:
        """Search under these signed literals from now on, instead of those frozen before."""
        self.frozen = np.asarray(literals, np.int32)
        self._rebuild(None)

    def add(self, clauses: Formula, *, implied: bool = False) -> None:
        """Add clauses and XORs over the same variables; the lanes go on from where they are.

        Of clauses that are `implied`, units alone are added where groups move and would not with the others,
        or where there is a conflict graph and would be none.
        """
        formula = self._with(clauses)
        again = self._reduction is not None and not len(formula.xors)
        reduction = reduce(formula, self.frozen) if again else None
        if implied and self._grouped:
            left = encode(formula if reduction is None else reduction.formula, self.frozen)
            units = clauses.literals[clauses.offsets[:-1][np.diff(clauses.offsets) == 1]]
            if left.clauses and units.size < clauses.clauses and not self._suits(left):
                self.add(Formula.from_clauses(units[:, None].tolist(), clauses.variables))
                return
        self.formula = formula
        self._rebuild(reduction)

    def _with(self, clauses: Formula) -> Formula:
        return Formula(
            np.concatenate([self.formula.literals, clauses.literals]),
            np.concatenate([self.formula.offsets, self.formula.offsets[-1] + clauses.offsets[1:]]),
            self.formula.variables,
            joined(self.formula.xors, clauses.xors),
        )

    def close(self) -> None:
        """Give threads and device memory back."""
        if self._controller is not None:
            self._controller.population.close()

    def _encode(self) -> Matrix:
        """Return what the population reads, under the frozen literals."""
        return encode(self.formula if self._reduction is None else self._reduction.formula, self.frozen)

    def _extend(self, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Turn values bool (matrix variables,) into values of the formula, bool (formula variables,)."""
        full = self.matrix.extend(values)
        return full if self._reduction is None else self._reduction.extend(full)

    def _reduce_if_due(self) -> None:
        """Reduce the formula, once, when the search has had its first effort, at the end of a round."""
        if self._controller is None or self._controller.solved >= 0 or not self._controller.due:
            return
        self._controller.pause = ENDLESS
        self._reduced = True
        begin = time.perf_counter()
        reduction = reduce(self.formula, self.frozen)
        worth = reduction.variables <= WORTH * self.matrix.variables
        if worth and reduction.variables and self._grouped:
            # Eliminating one value ends a group, and moving groups is worth more.
            worth = self._suits(encode(reduction.formula, self.frozen))
        self._seconds += time.perf_counter() - begin
        if reduction.formula.has_empty_clause or worth:
            self._rebuild(reduction)

    def _suits(self, matrix: Matrix) -> bool:
        """Whether what moves now would move on another matrix, too."""
        groups = worthwhile_groups(matrix)
        return groups is not None and not (self._paired and worthwhile_conflicts(groups) is None)

    def _rebuild(self, reduction: Reduction | None) -> None:
        controller, start = self._controller, None
        if controller is not None:
            self._flips += controller.flips
            self._seconds += controller.seconds
            self._restarts += controller.restarts
            rows = controller.population.values(np.arange(controller.population.lanes))
            start = np.stack([self._extend(row) for row in rows])
            self.close()
        self._reduction = reduction
        self._build(start)
        if controller is not None and self._controller is not None:
            controllers = controller, self._controller
            old, new = ([each.name for each in one.configurations] for one in controllers)
            if old == new:  # still the same search
                self._controller.outlook = controller.outlook

    def _build(self, start: NDArray[np.bool_] | None) -> None:
        self.matrix = self._encode()
        self._controller: Controller | None = None
        self.device = "none"
        self.comment: str | None = None
        if not self.matrix.constraints:  # propagation settled everything
            self.best = self.best if self.matrix.contradiction else 0
            return
        backend, self.comment = choose(self._device, self.matrix, self._optimizer)
        self.device = backend.name
        choice = configurations(self.matrix, self._optimizer, backend.follows)
        lanes = self._lanes or backend.lanes(
            self.matrix, [configuration.rule for configuration in choice], self._workers
        )
        population = backend.create(self.matrix, lanes, self._seed, self._workers)
        rows = None if start is None else self.matrix.project(start)
        self._controller = Controller(population, choice, self._seed, rows, self._check)
        size = self.formula.literals.size
        reducible = self._optimizer in ("auto", "walk", "weighted") and not len(self.formula.xors)
        self._grouped = any(isinstance(each.rule, Grouped) for each in choice)
        self._paired = any(isinstance(each.rule, Tabu) for each in choice)
        if reducible and population.lockstep == 1 and not self._reduced and size <= LARGEST:
            self._controller.pause = EFFORT + EFFORT_PER_LITERAL * size
