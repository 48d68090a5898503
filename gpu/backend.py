"""What a device must offer: a population of candidate assignments that flips variables.

    Matrix ──► Population (lanes by variables, on a device) ◄── Controller (restarts, elites, bandit)

The controller is the same for every device and knows no kernel; a population knows no policy: each lane
follows the Rule it was given from the values it was given until it is told otherwise. Freezing variables
and adding clauses are not here: the controller encodes the changed formula anew, which also propagates
its units, and restarts the lanes from their values.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix
from turbosat.gpu.rules import Rule, Walk, Weighted


@dataclass(frozen=True, slots=True)
class Report:
    """Where the lanes stand after a slice; every array int64 (lanes,).

    `effort`, `least` and `seconds` are of this slice, the other figures count from the lane's last restart.
    Under Tabu `false` and `least` are estimates, `best` too while many pairs are in conflict; it may rise.
    """

    false: NDArray[np.int64]  # clauses that are false now
    best: NDArray[np.int64]  # fewest false clauses seen, -1 before the lane ran
    least: NDArray[np.int64]  # fewest false clauses seen in this slice; of lanes that ran
    flips: NDArray[np.int64]
    effort: NDArray[np.int64]
    # (lanes,), what a device took, shared out among the lanes that ran together; None where effort tells it.
    seconds: NDArray[np.float64] | None = None

    @property
    def solved(self) -> int:
        """The first lane whose best values satisfy all clauses, or -1."""
        lanes = np.flatnonzero(self.best == 0)
        return int(lanes[0]) if lanes.size else -1


class Population(ABC):
    """Candidate lanes over one matrix on one device.

    Built as `Class(matrix, lanes, seed, workers)`. All lanes start with all variables false, under
    Walk(2.3); the caller restarts them as it likes. Everything is a function of the arguments and of the
    sequence of calls, never of time or of the number of workers.

    Effort is the clock of the search: one unit is about one visit of an entry of an occurrence list, so
    that rules compare by cost and runs repeat exactly. What a visit takes a device depends on the rule, and
    on how many lanes follow it: it tells seconds as well, by which searches that need not repeat share it
    out.
    """

    def __init__(self, matrix: Matrix, lanes: int, seed: int, workers: int = 1) -> None:
        self.matrix = matrix
        self.lanes = lanes
        self.seed = seed
        self.workers = workers

    # Lanes that advance together at the cost of one.
    lockstep: int = 1
    # Whether lanes that begin again are moved to the configurations that do better. Where not, each has its
    # lanes, which run deeply, and gets more or less of the effort.
    shifting: bool = False
    # The kinds of rules that it follows.
    follows: tuple[type[Rule], ...] = (Walk, Weighted)

    @staticmethod
    @abstractmethod
    def suitable_lanes(matrix: Matrix, rules: Sequence[Rule], workers: int) -> int:
        """Return how many lanes to run by default under these rules: at least one for each."""

    def allot(self, rules: Sequence[Rule]) -> NDArray[np.int64]:
        """Return which of the rules each lane begins with, (lanes,), in their order."""
        return np.arange(self.lanes) * len(rules) // max(self.lanes, len(rules))

    @abstractmethod
    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes (k,) follow a rule from now on. Weights are kept."""

    @abstractmethod
    def restart(
        self, lanes: NDArray[np.int64], values: NDArray[np.bool_], weights: NDArray[np.int32] | None = None
    ) -> None:
        """Put lanes (k,) on values bool (k, variables); best values and counts start anew.

        Lanes under a rule with groups begin near them: with one true literal in each group.

        Weights int32 (k, clauses) in units of 1/WEIGHT_ONE; None gives every clause WEIGHT_ONE.
        """

    @abstractmethod
    def advance(self, effort: NDArray[np.int64], until: NDArray[np.int64]) -> Report:
        """Run lane i for about effort[i], int64 (lanes,); 0 leaves it alone.

        A lane stops when it satisfies all clauses, and when its flips since the restart reach until[i],
        int64 (lanes,). Cutting a slice in two changes nothing in a lane's
        course where lockstep is 1; a wide population may round effort up to whole steps.
        """

    @abstractmethod
    def values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the present values of lanes (k,), bool (k, variables)."""

    @abstractmethod
    def best_values(self, lanes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the values with the fewest false clauses since the restart, bool (k, variables)."""

    @abstractmethod
    def weights(self, lanes: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the clause weights of lanes (k,), int32 (k, clauses)."""

    def margins(self, lane: int) -> NDArray[np.int64]:
        """Return make - break of every variable at the lane's best values, weighted, int64 (variables,).

        This is the exact gradient of the weighted number of false clauses, with the sign of descent:
        flipping v lowers the sum by margins[v] (see Matrix.margins). Negative and large: a firm value.
        """
        which = np.array([lane])
        return self.matrix.margins(self.best_values(which)[0], self.weights(which)[0])

    def close(self) -> None:  # noqa: B027 # most devices hold nothing that needs giving back
        """Give device memory and threads back."""
