"""The elites: the best assignments seen, few and unlike each other."""

import numpy as np
from numpy.typing import NDArray


class Elites:
    """Up to `size` assignments of few false clauses, best first.

    Diversity control: an assignment that differs from an elite in less than `distance` of the variables
    competes with that elite alone, so that one valley cannot fill the pool.
    """

    def __init__(self, variables: int, size: int = 16, distance: float = 0.02) -> None:
        self.size = size
        self.distance = distance
        self.values = np.zeros((0, variables), np.bool_)  # (elites, variables)
        self.false = np.zeros(0, np.int64)  # (elites,), rising

    def __len__(self) -> int:
        return self.false.size

    def wants(self, false: int) -> bool:
        """Tell whether an assignment with so many false clauses could get in."""
        return len(self) < self.size or false < self.false[-1]

    def offer(self, values: NDArray[np.bool_], false: int) -> bool:
        """Take an assignment bool (variables,) in if it is good enough; tell whether it was."""
        if not self.wants(false):
            return False
        if len(self):
            difference = np.count_nonzero(self.values != values, axis=1)  # (elites,)
            near = difference <= self.distance * values.size
            if near.any() and self.false[near].min() <= false:
                return False
            self.values, self.false = self.values[~near], self.false[~near]
        place = int(np.searchsorted(self.false, false, side="right"))
        self.values = np.insert(self.values, place, values, axis=0)[: self.size]
        self.false = np.insert(self.false, place, false)[: self.size]
        return True

    def offspring(self, random: np.random.Generator, share: float) -> NDArray[np.bool_]:
        """Return a perturbed elite, bool (variables,): about `share` of its variables are flipped.

        Better elites are chosen more often: the better of two random ones.
        """
        chosen = int(random.integers(len(self), size=2).min())
        return np.asarray(self.values[chosen] ^ (random.random(self.values.shape[1]) < share))

    def agreement(self) -> NDArray[np.float64]:
        """Return by variable how far the elites agree, float64 (variables,) from -1 (false) to 1 (true).

        An elite counts by 1 / (1 + its false clauses).
        """
        trust = 1.0 / (1.0 + self.false)  # (elites,)
        agreement: NDArray[np.float64] = (trust @ (2.0 * self.values - 1.0)) / trust.sum()  # (variables,)
        return np.clip(agreement, -1.0, 1.0)  # rounding may lead beyond
