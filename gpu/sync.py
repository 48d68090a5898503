"""The constants of synchronous steps, where many variables of a lane flip at once."""

import numpy as np
from numpy.typing import NDArray

from turbosat.gpu.rules import Walk

BREAKS = 8  # a walk tells apart break 0 ... 6, and 7 or more
BITS = 12  # resolution of a walk's probabilities
PROPOSE = 0.5  # probability of a flip that breaks nothing: all at once would undo each other
PUSH = 768  # of 1024: a weighted descent flips a chosen variable with this probability, for the same reason
REACH = 64  # neighbours that a false clause asks for weight, per literal
STEPS = 16  # of a round, which is launched as one and is the least that a lane runs
UNKNOWN = 2**31 - 1  # false clauses of values that were not counted


def thresholds(rule: Walk) -> NDArray[np.int32]:
    """Return the probability to flip by break, in 2^-BITS, int32 (BREAKS,): PROPOSE for break 0."""
    table = rule.table(BREAKS)
    scaled: NDArray[np.int32] = np.rint(table / table[0] * (PROPOSE * 2**BITS)).astype(np.int32)
    return scaled
