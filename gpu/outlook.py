"""The outlook: how long a search would need to a solution, told from how often it comes near one."""

import math

import numpy as np
from numpy.typing import NDArray

NEAR = 3  # false clauses from which on the way to none is short enough to be told
LEVELS = NEAR + 2  # 0 ... NEAR + 1 false clauses
SEEN = 3  # slices that must have come to the lowest level: fewer say little
# Promises for a solution: random formulas of 3, 5 and 7 literals near their thresholds were solved within
# 12 s after 12 to 50 of them; on unsatisfiable structured ones half a second promised 100 to 340.
PROMISES = 30


class Outlook:
    """Counts of slices by the fewest false clauses in them, and what they promise.

    Coming to k false clauses is an event that a search meets at a rate. From level to level the rates fall
    by about one ratio, as long as what lies below is of the same kind; so the rates of the lowest levels
    promise a rate of solutions. That is optimistic, local minima being many, and time refutes it: a search
    that is caught in them comes to one false clause all the time.
    """

    def __init__(self, configurations: int) -> None:
        self.slices = np.zeros(configurations, np.int64)  # (configurations,)
        self.seconds = 0.0
        self._reached = np.zeros((configurations, LEVELS), np.int64)  # slices with at most so many false

    def learn(self, configuration: NDArray[np.int64], lows: NDArray[np.int64], seconds: float) -> None:
        """Note the fewest false clauses (lanes,) of a slice's lanes, of these configurations (lanes,)."""
        self.seconds += seconds
        np.add.at(self.slices, configuration, 1)
        np.add.at(self._reached, configuration, lows[:, None] <= np.arange(LEVELS))

    @property
    def expected(self) -> float:
        """Seconds of search that a solution should take, infinite where the search was never near one."""
        # A slice may meet a level more than once: Poisson's rate of events, by slices.
        rates = -np.log1p(-self._reached / (self.slices[:, None] + 1.0))  # (configurations, LEVELS)
        promises = 0.0
        for slices, reached, rate in zip(self.slices, self._reached, rates, strict=True):
            lowest = int((reached >= SEEN).argmax())
            if reached[lowest] >= SEEN and lowest <= NEAR:
                promises += float(slices * rate[lowest] * (rate[lowest] / rate[lowest + 1]) ** lowest)
        return PROMISES * self.seconds / promises if promises > 0 else math.inf
