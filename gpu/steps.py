"""The constants of synchronous steps, where many variables of a lane flip at once."""

import numpy as np
from numpy.typing import NDArray

from turbosat.core.galois import BITS as BITS
from turbosat.core.galois import BREAKS as BREAKS
from turbosat.gpu.rules import Walk

PUSH = 768  # of 1024: a weighted descent flips a chosen variable with this probability, for the same reason
REACH = 64  # neighbours that a false clause asks for weight, per literal
STEPS = 16  # of a round, which is launched as one and is the least that a lane runs
UNKNOWN = 2**31 - 1  # false clauses of values that were not counted


def thresholds(rule: Walk, odd: bool = False) -> NDArray[np.int32]:
    """Return the probability to flip, in 2^-BITS, int32 (BREAKS,), by what a flip loses.

    All variables of false clauses flip at once, each with propose · table[loss] / table[0], in odd words half
    of that, where loss is 1 − (make − break), 0 at least. A sequential walk, which picks the clause first,
    meets a variable once for each false clause it is in; counting make in the exponent does the same for the
    synchronous one. With break alone, as in focused Metropolis search (Seitz, Alava and Orponen, 2005), rules
    made for sequential walks are far too hot.
    """
    table = rule.table(BREAKS)
    highest = rule.propose / (2 if odd else 1) * 2**BITS
    scaled: NDArray[np.int32] = np.rint(table / table[0] * highest).astype(np.int32)
    return scaled
