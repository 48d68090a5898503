"""Which place of a bank holds which lane: places come in blocks that follow one rule."""

import numpy as np
from numpy.typing import NDArray

from turbosat.gpu.rules import Rule


class Slots:
    """The free and taken slots of one bank.

    A word of 32 walking lanes follows one rule, so a walk's block is 32; lanes in weighted descent each
    follow their own.
    """

    def __init__(self, count: int, block: int) -> None:
        self.block = block
        self._lanes = np.full(count, -1, np.int64)  # the lane in each slot
        self._rules: list[Rule | None] = [None] * (count // block)

    def take(self, lanes: NDArray[np.int64], rule: Rule) -> NDArray[np.int64]:
        """Place as many of lanes (k,) as there is room for under a rule; return the slots of the first."""
        held = (self._lanes >= 0).reshape(-1, self.block)
        if self.block == 1:
            fits = np.ones(len(self._rules), np.bool_)
        else:
            alike = np.array([known == rule for known in self._rules])
            fits = alike & held.any(axis=1) | ~held.any(axis=1)
            # Fill up what follows the rule already before a free block is given to it.
            order = np.argsort(~(alike & held.any(axis=1)), kind="stable")
        free = ~held & fits[:, None]
        if self.block == 1:
            slots = np.flatnonzero(free)[: lanes.size]
        else:
            block, place = np.nonzero(free[order])
            slots = (order[block] * self.block + place)[: lanes.size]
        self._lanes[slots] = lanes[: slots.size]
        for at in np.unique(slots // self.block).tolist():
            self._rules[at] = rule
        return slots

    def rename(self, lanes: NDArray[np.int64], rule: Rule) -> NDArray[np.int64]:
        """Let blocks whose lanes all are among `lanes` follow a rule; return the slots of those lanes."""
        moving = np.isin(self._lanes, lanes)
        whole = (moving | (self._lanes < 0)).reshape(-1, self.block).all(axis=1)
        slots = np.flatnonzero(moving & whole.repeat(self.block))
        for at in np.unique(slots // self.block).tolist():
            self._rules[at] = rule
        return slots

    def lanes(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the lanes in slots, -1 for none."""
        return self._lanes[slots]

    def free(self, slots: NDArray[np.int64]) -> None:
        """Take slots back."""
        self._lanes[slots] = -1
