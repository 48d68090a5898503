"""The paper's optimiser as a population: Adam or SGD on the layer, straight through the binarisation.

Slow and honest: every step is a dense pass of autograd over all candidates, and on formulas of any size it
stalls far from a solution. It is what the fast kernels are compared with, not the engine.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix
from turbosat.gpu.backend import Population, Report
from turbosat.gpu.gradient.layer import SatLayer
from turbosat.gpu.rules import WEIGHT_ONE, Rule

PASSES = 4  # over the entries of P in a step: the product and its gradient, each reading and writing
MARGIN = 0.5  # |A_real| of a lane that was just put on values
NEVER = 2**62


def missing(matrix: Matrix) -> str | None:
    """Return why this cannot run: torch is a dependency, so only for want of clauses."""
    return None if matrix.clauses else "no clauses are left to search"


class StePopulation(Population):
    """Candidates that share one optimiser; rules and clause weights are kept for the caller and not used."""

    def __init__(
        self,
        matrix: Matrix,
        lanes: int,
        seed: int,
        workers: int = 1,
        *,
        method: str = "adam",
        rate: float = 0.03,
        temperature: float = 1.0,
        device: str = "cpu",
    ) -> None:
        super().__init__(matrix, lanes, seed, workers)
        self.lockstep = lanes
        self._layer = SatLayer(matrix, lanes, temperature=temperature, device=device)
        kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
        self._optimizer = kinds[method](self._layer.parameters(), lr=rate)
        self._step_effort = PASSES * max(1, matrix.entries)
        self._best_values = torch.zeros_like(self._layer.real, dtype=torch.bool)
        self._best = np.full(lanes, NEVER, np.int64)
        self._flips = np.zeros(lanes, np.int64)
        self._ran = np.zeros(lanes, np.bool_)  # since the restart
        self._weights: dict[int, NDArray[np.int32]] = {}
        self.restart(np.arange(lanes), np.zeros((lanes, matrix.variables), np.bool_))

    @staticmethod
    def suitable_lanes(matrix: Matrix, rules: Sequence[Rule], workers: int) -> int:
        """Return 256, as the paper's batches are hundreds, or what half a gigabyte holds.

        A lane has A_real, its gradient and moments, literals, counts and the gradients of both.
        """
        lane = 4 * (10 * matrix.variables + 6 * matrix.clauses)
        return max(len(rules), 1, min(256, 2**29 // lane))

    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Do nothing: every lane follows the gradient of the soft minimum."""

    def restart(
        self, lanes: NDArray[np.int64], values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> None:
        """Put lanes on values, half a unit from the threshold; the optimiser forgets what it knew of them."""
        at = torch.from_numpy(lanes)
        new = torch.from_numpy(values.T.copy()).to(self._layer.real)
        with torch.no_grad():
            self._layer.real[:, at] = (2 * new - 1) * MARGIN
        for state in self._optimizer.state.values():
            for name in ("exp_avg", "exp_avg_sq"):
                if name in state:
                    state[name][:, at] = 0
        self._best[lanes] = NEVER
        self._flips[lanes] = 0
        self._ran[lanes] = False
        for i, lane in enumerate(lanes.tolist()):
            self._weights.pop(lane, None)
            if weights is not None:
                self._weights[lane] = weights[i].copy()

    def advance(self, effort: NDArray[np.int64], until: NDArray[np.int64]) -> Report:
        """Run lanes for whole optimiser steps."""
        steps = -(-effort // self._step_effort)
        spent = np.zeros(self.lanes, np.int64)
        with torch.no_grad():
            now = self._note(self._layer.counts())
        least = now.copy()
        for step in range(int(steps.max(initial=0))):
            moves = (steps > step) & (self._best > 0) & (self._flips < until)
            if not moves.any():
                break
            now = self._step(moves)
            least = np.minimum(least, now)
            spent[moves] += self._step_effort
        self._ran |= spent > 0
        best = np.where(self._ran | (self._best == 0), self._best, -1)
        return Report(false=now, best=best, least=least, flips=self._flips.copy(), effort=spent)

    def values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the present values of lanes."""
        values: NDArray[np.bool_] = self._layer.values()[:, torch.from_numpy(lanes)].T.cpu().numpy()
        return values

    def best_values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the values with the fewest false clauses since the restart."""
        with torch.no_grad():
            self._note(self._layer.counts())
        values: NDArray[np.bool_] = self._best_values[:, torch.from_numpy(lanes)].T.cpu().numpy()
        return values

    def weights(self, lanes: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the clause weights that lanes were given."""
        result = np.full((lanes.size, self.matrix.clauses), WEIGHT_ONE, np.int32)
        for i, lane in enumerate(lanes.tolist()):
            result[i] = self._weights.get(lane, result[i])
        return result

    def _step(self, moves: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Take a step of the optimiser in lanes that move; return the false clauses of all after it."""
        real = self._layer.real
        before = real.detach().clone()
        self._optimizer.zero_grad()
        self._layer(self._layer.counts()).backward()
        self._optimizer.step()
        stay = torch.from_numpy(~moves).to(real.device)
        with torch.no_grad():
            real.clamp_(-1, 1)  # so that no variable is ever many steps away from its threshold
            real[:, stay] = before[:, stay]
            self._flips += ((real > 0) != (before > 0)).sum(0).cpu().numpy()
            return self._note(self._layer.counts())

    def _note(self, counts: torch.Tensor) -> NDArray[np.int64]:
        """Keep values that are better than any before; return the false clauses of each lane."""
        false: NDArray[np.int64] = (counts < 0.5).sum(0).cpu().numpy()
        better = false < self._best
        at = torch.from_numpy(np.flatnonzero(better))
        self._best_values[:, at] = self._layer.values()[:, at]
        self._best[better] = false[better]
        return false
