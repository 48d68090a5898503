"""The bandit: effort goes to the configurations that come closest to a solution, a little to all."""

import numpy as np
from numpy.typing import NDArray


class Bandit:
    """Shares of effort for configurations, from the fewest false clauses each reaches per round.

    Solving means reaching 0, so what counts is how near to 0 a configuration's lows are, not how they
    change: its level is a moving average of the lows, its share falls with the level's power, and no share
    falls below `floor`, because the rule with the higher level is at times the one that solves. Some rules
    come down slowly and get further: while configurations are immature, the power is small.
    """

    def __init__(
        self, configurations: int, floor: float = 0.03, power: float = 4.0, memory: float = 0.7
    ) -> None:
        self.floor = floor
        self.power = power
        self.memory = memory
        self.levels = np.full(configurations, -1.0)  # (configurations,), -1 before the first round

    def learn(self, configuration: int, low: float) -> None:
        """Note the fewest false clauses a configuration reached in a round, averaged over its lanes."""
        old = self.levels[configuration]
        self.levels[configuration] = low if old < 0 else self.memory * old + (1.0 - self.memory) * low

    def shares(self, maturity: float = 1.0) -> NDArray[np.float64]:
        """Return the share of each configuration, float64 (configurations,), sum 1; equal at first.

        `maturity` from 0 to 1 tells how much of the effort that a fair comparison needs all configurations
        have had.
        """
        configurations = self.levels.size
        if (self.levels < 0).any():
            return np.full(configurations, 1.0 / configurations)
        merit = ((1.0 + self.levels.min()) / (1.0 + self.levels)) ** (self.power * maturity)
        return np.asarray(self.floor + (1.0 - configurations * self.floor) * merit / merit.sum())
