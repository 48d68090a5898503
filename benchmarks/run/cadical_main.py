"""python-sat's CaDiCaL as a program with the competition's output, where there is no cadical binary.

python -m turbosat.benchmarks.run.cadical_main [--seed=N] FILE
"""

from __future__ import annotations

import argparse
import sys
from collections import deque
from itertools import repeat

BLOCK = 10_000  # clauses turned into Python lists at once: bounds the memory


def main() -> None:
    """Solve a file and exit with 10 or 20, or with 1 and one line for a bad file."""
    import numpy as np
    from pysat.solvers import Cadical300, pysolvers

    from turbosat.dimacs.writer import value_lines
    from turbosat.errors import TurbosatError
    from turbosat.formula import files

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        formula = files.read(given.file)
    except TurbosatError as error:
        sys.exit(f"cadical_main: {error}")
    clauses = formula.expanded()
    solver = Cadical300()
    solver.configure({"seed": given.seed})
    literals, offsets = clauses.literals, clauses.offsets
    for low in range(0, len(offsets) - 1, BLOCK):
        bounds = offsets[low : low + BLOCK + 1]
        flat = literals[bounds[0] : bounds[-1]].tolist()
        ends = (bounds - bounds[0]).tolist()
        rows = map(flat.__getitem__, map(slice, ends, ends[1:]))
        deque(map(pysolvers.cadical300_add_cl, repeat(solver.cadical), rows), maxlen=0)
    if solver.solve():
        # A model ends with the largest variable of any clause; what follows is free.
        model = np.array(solver.get_model()[: formula.variables], np.int32)
        sys.stdout.buffer.writelines([b"s SATISFIABLE\n", *value_lines(model)])
        sys.stdout.flush()
        sys.exit(10)
    print("s UNSATISFIABLE", flush=True)
    sys.exit(20)


if __name__ == "__main__":
    main()
