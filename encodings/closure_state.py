"""What closure kernels work on: the problem and what is known so far."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# How a variable came to be known.
UNKNOWN, INPUT, ROW, DENSE, EXACT, LEAST, GREATEST = range(7)
# ROW      the last variable of an XOR
# DENSE    the last variable of a sum of XORs
# EXACT    clauses force it to 0 or to 1 whatever the known variables are
# LEAST    all clauses with its positive literal are known: 1 only if one of them forces it
# GREATEST the same for the negative literal: 0 only if forced

# Counters.
KNOWN, DONE, DENSE_ROWS, COUNTERS = range(4)


class Problem(NamedTuple):
    """Clauses and XORs over unknown variables; variables from 0, literals 2v and 2v + 1."""

    offsets: NDArray[np.int64]  # (clauses + 1,)
    codes: NDArray[np.int32]  # (entries,)
    starts: NDArray[np.int64]  # (2 · variables + 1,)
    occurrences: NDArray[np.int32]  # (entries,), clauses of each literal
    row_offsets: NDArray[np.int64]  # (rows + 1,)
    row_variables: NDArray[np.int32]  # (flat,)
    row_starts: NDArray[np.int64]  # (variables + 1,)
    rows_of: NDArray[np.int32]  # (flat,), XORs of each variable
    bound: NDArray[np.uint8]  # (variables,), 1 if in an XOR that is a constraint of its own
    column: NDArray[np.int32]  # (variables,), bit of the matrix, -1 for none
    variable: NDArray[np.int32]  # (columns,)


class State(NamedTuple):
    """What is known so far."""

    rank: NDArray[np.int32]  # (variables,), place in `order`, -1 while unknown
    how: NDArray[np.int8]  # (variables,)
    which: NDArray[np.int32]  # (variables,), the XOR or dense row that defines it
    order: NDArray[np.int32]  # (variables,)
    unknown: NDArray[np.int32]  # (clauses,), literals not known
    last: NDArray[np.int32]  # (clauses,), XOR of their codes: the one that is left
    row_unknown: NDArray[np.int32]  # (rows,)
    row_last: NDArray[np.int32]  # (rows,)
    open: NDArray[np.int32]  # (2 · variables,), clauses of a literal with another unknown variable
    weight: NDArray[np.float64]  # (variables,), share of the known assignments that may force it, from above
    tests: NDArray[np.int32]  # (variables,)
    used: NDArray[np.uint8]  # (entries,), occurrence belongs to the definition
    disjoint: NDArray[np.uint8]  # (variables,), the definition's clauses never contradict each other
    matrix: NDArray[np.uint64]  # (rows, words + 1), the last word is the parity
    pivot: NDArray[np.int32]  # (rows,), column, -1 for none
    hidden: NDArray[np.uint64]  # (words,), columns not known
    dense: NDArray[np.uint64]  # (rows, words + 1), rows that defined a variable
    stamp: NDArray[np.int32]  # (2 · variables,), scratch
    counters: NDArray[np.int64]  # (COUNTERS,)
