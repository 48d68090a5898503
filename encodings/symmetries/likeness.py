"""Whether literals of a formula look alike: what symmetries could move, in numpy, without compiled code."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.propagation import literal_codes
from turbosat.formula.formula import Formula
from turbosat.formula.rows import nothing

ROUNDS: Final = 12  # at most; most formulas without symmetries need four to six
_MIXERS: Final = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)


def alike(formula: Formula, least: float, check: Callable[[], None] = nothing) -> float:
    """Return which part of the literals that occur has the colour of others; rounds end where it is `least`.

    Colours are hashed: a literal's next one is of its own, that of its negation, and those of the clauses
    that it is in, as sums over their literals (Weisfeiler and Leman's refinement). Symmetries move no others,
    unless two hashes of 64 bits are the same. Takes about 2 ms a round for 250,000 literals. `check` is
    called now and then and may raise.
    """
    sizes = np.diff(formula.offsets)
    kept = sizes > 0
    codes, firsts = literal_codes(formula.literals), formula.offsets[:-1][kept]
    if not codes.size:
        return 0.0
    order = np.argsort(codes, kind="stable")  # places by literal
    clause = np.repeat(np.arange(firsts.size), sizes[kept])[order]  # (literals,), by literal
    sorted_codes = codes[order]
    starts = np.flatnonzero(np.append(True, sorted_codes[1:] != sorted_codes[:-1]))
    present = sorted_codes[starts]  # (literals that occur,)
    colours = np.ones(2 * formula.variables, np.uint64)
    part, distinct = 1.0, 1
    for _ in range(ROUNDS):
        check()
        clauses = mixed(np.add.reduceat(mixed(colours, 0)[codes], firsts), 1)  # (clauses,)
        sums = np.add.reduceat(clauses[clause], starts)
        beside = colours * _MIXERS[2] + colours.reshape(-1, 2)[:, ::-1].reshape(-1) * _MIXERS[1]
        beside[present] += sums
        colours = mixed(beside, 2)
        shown = np.sort(colours[present])
        fresh = np.append(True, shown[1:] != shown[:-1])
        alone = fresh & np.append(fresh[1:], True)
        part, before, distinct = 1.0 - float(alone.mean()), distinct, int(fresh.sum())
        if part < least or distinct == before:
            break
    return part


def mixed(values: NDArray[np.uint64], which: int) -> NDArray[np.uint64]:
    """Return hashes of values, of which sums are hashes of multisets."""
    values = (values ^ (values >> np.uint64(31))) * _MIXERS[which]
    return values ^ (values >> np.uint64(29))
