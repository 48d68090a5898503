"""The flip rules: how a lane picks the variable it flips, as constants that every backend reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.core.galois import BITS as BITS
from turbosat.core.galois import BREAKS as BREAKS
from turbosat.core.gradient import WEIGHT_MAX as WEIGHT_MAX
from turbosat.core.gradient import WEIGHT_ONE as WEIGHT_ONE
from turbosat.encodings.conflicts import Conflicts
from turbosat.encodings.groups import Groups


@dataclass(frozen=True, slots=True)
class Walk:
    """Stochastic descent without weights: a random variable of a random false clause, by its break.

    The probability of a variable that would make `b` clauses false is proportional to `table()[b]`:
    base^-b, or (epsilon + b)^-base where epsilon is given (probSAT, Balint and Schöning, SAT 2012).

    Where many variables of a lane flip at once, one that loses nothing flips with probability `propose`, in
    every other word of lanes with half of that: all at once would undo each other. A half does best on random
    3-SAT; a quarter is a little slower there, and needed where each variable has hundreds of neighbours
    (van der Waerden numbers).
    """

    base: float
    epsilon: float | None = None
    propose: float = 0.5

    def table(self, size: int = 64) -> NDArray[np.float64]:
        """Return the weight of break 0, 1, ... as float64 (size,); the last stands for all larger ones."""
        breaks = np.arange(size, dtype=np.float64)
        return self.base**-breaks if self.epsilon is None else (self.epsilon + breaks) ** -self.base


@dataclass(frozen=True, slots=True)
class Weighted:
    """Descent on weighted clauses: the best variable; in a local minimum, weight moves to false clauses.

    Divide and distribute fixed weights (DDFW, Ishtaiq and others, 2005) with the linear transfer of
    Chowdhury, Codel and Heule (NFM 2023). All amounts are integers in units of
    1/WEIGHT_ONE of the initial weight, so every backend computes the same weights. A clause of weight w gives

        w * current // 1024 + base      if w > WEIGHT_ONE
        w * first // 1024 + first_base  if w == WEIGHT_ONE or less

    and never more than it has. In a local minimum a variable of margin 0 is flipped with probability
    `sideways`/1024 instead; with probability `random`/1024 the giver is a random true clause.
    """

    current: int = 51
    base: int = 128
    first: int = 102
    first_base: int = 256
    sideways: int = 154
    random: int = 10


@dataclass(frozen=True, slots=True)
class Grouped:
    """The weighted rule where variables of many values move as one.

    Exactly one literal of each group is true, and a move makes another one true: two flips at once, where
    single flips would pass through values that make the group's own clauses false. Single variables flip.
    The gain of a move is the sum of the margins, local minima and weights are as under `weighted`.
    """

    groups: Groups
    weighted: Weighted = Weighted()


@dataclass(frozen=True, slots=True)
class GroupWalk:
    """The walk where variables of many values move as one: a random move that makes a false clause true.

    A move makes another literal of a group true, two flips, and is taken by what it makes false. Nothing is
    kept but values, as in the focused search for colourings of random graphs (Seitz, Alava and Orponen, 2005;
    Krzakala and Kurchan, 2007), which needs time in proportion to the graph up to near the threshold.
    """

    groups: Groups
    walk: Walk


@dataclass(frozen=True, slots=True)
class Tabu:
    """Tabu search on a conflict graph: the best move of a variable in conflict, and no way back for a while.

    TabuCol (Hertz and de Werra, Computing 39, 1987), for lists of values: of all moves of units that are in
    conflict the one after which the fewest pairs are, gain or loss, unless it takes back what was left lately
    and leads to no fewer pairs than ever. Of very many units in conflict some are looked at. What is left is
    tabu for `base` moves, up to nine more by chance (Galinier and Hao, J. Comb. Optim. 3, 1999), and a part
    of the units in conflict: how large a part a formula wants differs by a factor of five, so that it is
    drawn now and then, from `shortest` to `longest` in 1/1024. A move counts as two flips here.

    Where nothing is in conflict, but a clause of the rest is false, one of its literals is made true. The
    rest is counted where there are new lows of a few pairs; so false clauses are known there, and estimated
    elsewhere: pairs in conflict, and as many of the rest as were false last time.
    """

    conflicts: Conflicts
    shortest: int = 102
    longest: int = 410
    base: int = 0


Rule = Walk | Weighted | Grouped | GroupWalk | Tabu


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
