"""The Python door: solve()."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Unpack

from turbosat.deadline import Deadline
from turbosat.events import Sink, ignore
from turbosat.options import Options, resolve
from turbosat.pipeline import Run
from turbosat.result import Result

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.formula import Formula

MEGABYTE = 1 << 20


def solve(
    source: Formula | str | os.PathLike[str] | Iterable[Iterable[int]] | Any,
    *,
    assumptions: Iterable[int] | None = None,
    on_event: Sink = ignore,
    deadline: Deadline | None = None,
    **options: Unpack[Options],
) -> Result:
    """Solve a formula and return a checked Result.

    `source`: a Formula, the path of a DIMACS file ("-" is standard input), a `pysat.formula.CNF`, or
    clauses as iterables of signed integers. `assumptions`: literals that must hold; with UNSATISFIABLE
    `Result.core` says which of them cannot. `on_event` is called with every Event of the run, in this
    thread. `deadline` replaces the one made from `time_limit` and `memory_limit` (in seconds and
    megabytes): its `cancel()` may be called from another thread. The other options are those of the
    command line, see `turbosat.options.Options`.

    Outcomes are values: running out of time or memory is UNKNOWN with a reason. Raises InputError for
    a formula that cannot be read, UsageError for a call that makes no sense, EngineError when no
    engine could be run, OutputError, which carries the answer, when a proof or certificate could not be
    written, SoundnessError when an answer failed its check.

    >>> from turbosat import solve
    >>> result = solve([[1, 2], [-1], [-2, 3]])
    >>> str(result.status), result.model.tolist()
    ('SATISFIABLE', [-1, 2, 3])
    """
    resolved = resolve(options)
    literals = None if assumptions is None else _literals(assumptions)
    formula = _formula(source)
    if deadline is not None:
        return Run(formula, resolved, deadline, on_event, literals).run()
    with Deadline(resolved["time_limit"], memory_bytes(resolved)) as own:
        return Run(formula, resolved, own, on_event, literals).run()


def memory_bytes(options: Options) -> int | None:
    """Return the memory limit in bytes."""
    limit = options["memory_limit"]
    return None if limit is None else limit * MEGABYTE


def _literals(literals: Iterable[int]) -> NDArray[np.int32]:
    import numpy as np

    return np.fromiter(literals, np.int32)


def _formula(source: Any) -> Formula | str:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    from turbosat.formula import Formula

    if isinstance(source, Formula):
        return source
    if hasattr(source, "clauses") and hasattr(source, "nv"):
        return Formula.from_pysat(source)
    return Formula.from_clauses(source)
