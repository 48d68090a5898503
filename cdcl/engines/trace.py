"""What CaDiCaL learns, read from the DRAT trace that it writes while it searches.

Every addition in the trace follows from the clauses the solver was given: `factor`, which alone would add
clauses over new variables, is off. Format: Heule, "The DRAT format and DRAT-trim checker" (2016), binary.
"""

from __future__ import annotations

import os
from fcntl import F_SETFL, fcntl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from turbosat.formula.clauses import Clauses

ADDED = ord("a")
LONGEST_NUMBER = 5  # bytes


class Trace:
    """The trace of one solver, kept in memory until the next look at it.

    It must be there before the first clause. Importing this module loads no numpy: only `take` does.
    """

    def __init__(self, solver: Any) -> None:
        from pysat.solvers import pysolvers

        from turbosat.cdcl.process.channel import anonymous_file

        self._descriptor = anonymous_file()
        fcntl(self._descriptor, F_SETFL, os.O_APPEND)  # the file is emptied behind the writer's back
        self._file = os.fdopen(self._descriptor, "wb", buffering=0)
        self._flush = pysolvers.flushpr
        self._trace = pysolvers.cadical300_tracepr(solver.cadical, self._file)

    @property
    def size(self) -> int:
        """Bytes that wait to be read; of a search that runs, too."""
        return os.fstat(self._descriptor).st_size

    def take(self, longest: int) -> Clauses:
        """Return the clauses of 1 to `longest` literals added since the last call."""
        self._flush(self._trace)
        data = os.pread(self._descriptor, self.size, 0)
        os.ftruncate(self._descriptor, 0)
        return additions(data, longest)


def additions(data: bytes, longest: int) -> Clauses:
    """Return the clauses of 1 to `longest` literals that a binary DRAT proof adds.

    A clause is a letter, its literals, 2v for v and 2v + 1 for -v, and 0. Numbers have 7 bits a byte,
    lowest first, with the highest bit set in all bytes but the last.
    """
    import numpy as np

    from turbosat.formula.clauses import Clauses

    raw = np.frombuffer(data, np.uint8)
    zeros = np.flatnonzero(raw == 0)  # (clauses,): nothing but the end of a clause is 0
    firsts = np.append(0, zeros[:-1] + 1)[: zeros.size]
    lengths = zeros - firsts - 1  # bytes of the literals
    wanted = (raw[firsts] == ADDED) & (lengths > 0) & (lengths <= LONGEST_NUMBER * longest)
    firsts, lengths = firsts[wanted], lengths[wanted]
    bounds = np.append(0, np.cumsum(lengths))
    places = np.repeat(firsts + 1 - bounds[:-1], lengths) + np.arange(bounds[-1])
    chosen = raw[places]  # the literals of these clauses alone
    ends = np.flatnonzero(chosen < 128)  # (literals,)
    starts = np.append(0, ends[:-1] + 1)[: ends.size]
    widths = ends - starts + 1
    codes = np.zeros(ends.size, np.int64)
    for place in range(int(widths.max(initial=0))):
        there = widths > place
        codes[there] |= (chosen[starts[there] + place].astype(np.int64) & 127) << (7 * place)
    literals = np.where(codes & 1, -(codes >> 1), codes >> 1).astype(np.int32)
    clauses = Clauses(literals, np.searchsorted(ends, bounds).astype(np.int64))
    return clauses.kept(clauses.sizes <= longest)
