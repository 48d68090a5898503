"""What the kernels of a proof check work on: the clauses' flags, the registers and the arrays."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Int = int | np.int64 | np.int32  # what kernels count with; annotations are for readers and mypy

# The clause at offset o is arena[o : o + size]; arena[o - 3] is where the last search for a watch ended,
# arena[o - 2] the literal written first, its pivot, and arena[o - 1] is size << 3 | flags. It takes 2 places
# at least. Variable v is the literals 2v and 2v+1 = -v.
CORE, ALIVE, TAUTOLOGY = 1, 2, 4

# Registers: lengths and heads that must outlast a kernel's slice.
TRAIL, CORE_HEAD, REST_HEAD, TOP, CONFLICT, STEP, CANDIDATE, WORK, RAT, KEPT, FAILED, DELETED = range(12)
DONE, MORE, REFUTED, FALSE_EMPTY, FAIL, NEED_OCCURRENCES = range(6)  # why a pass stopped
LOW = 0xFFFFFFFF


class State(NamedTuple):
    """Everything a pass works on but the pool of watches, which may be replaced by a larger one.

    List 2l+1 holds the watches of core clauses for the literal l, list 2l those of the others. A watch is
    blocker << 32 | clause; clauses that are no longer there leave a list when they are next met in it.
    """

    arena: Ints
    value: npt.NDArray[np.int8]  # (2V+2,) 1 true, -1 false
    reason: Ints  # (V+1,) clause, or 0
    position: Ints  # (V+1,) on the trail
    trail: Ints  # (V+1,)
    done: Ints  # (2, V+1) length of the trail when a list of the trail's literal had been visited
    seen: npt.NDArray[np.uint8]  # (V+1,) in the analysis; stays set on root literals whose reasons are core
    stack: Ints  # (V+1,)
    units: Ints  # (2V+2,) the latest unit clause of a literal; the next is in its second place
    lists: Ints  # (4V+4, 3) start, length, capacity
    free: Ints  # (32,) first free block of each size, linked through the blocks
    registers: Longs  # (12,)
