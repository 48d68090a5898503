"""The Python door: solve()."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Unpack

from turbosat.deadline import Deadline
from turbosat.errors import UsageError
from turbosat.events import Sink, ignore
from turbosat.options import Options, memory_bytes, resolve
from turbosat.records import replace
from turbosat.result import Result
from turbosat.run.pipeline import Run
from turbosat.validation import is_stream, shown, word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from turbosat.formula.formula import Formula
    from turbosat.validation import Readable


def solve(
    source: Formula | str | os.PathLike[str] | Readable | Iterable[Iterable[int]] | Any,
    *,
    assumptions: Iterable[int] | None = None,
    on_event: Sink = ignore,
    deadline: Deadline | None = None,
    **options: Unpack[Options],
) -> Result:
    """Solve a formula and return a checked Result.

    `source`: a Formula, the path of a DIMACS file ("-" is standard input), a stream of DIMACS, binary or
    text, a `pysat.formula.CNF`, or clauses as iterables of signed integers. `assumptions`: literals that
    must hold; with UNSATISFIABLE `Result.core` says which of them cannot. `on_event` is called with every
    Event of the run, in this thread. `deadline` replaces the one made from `time_limit` and `memory_limit`
    (in seconds and megabytes): its `cancel()` may be called from another thread. The other options are
    those of the command line, see `turbosat.options.Options`; numpy's scalars are numbers.

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
    if not callable(on_event):
        raise UsageError(f"on_event must be callable, not {shown(on_event)}")
    if deadline is not None:
        _require_open(deadline)
    with ExitStack() as ours:
        if deadline is None:
            deadline = ours.enter_context(Deadline(resolved["time_limit"], memory_bytes(resolved)))
        assumed = None if assumptions is None else _literals(assumptions)
        return _in_numpy(Run(_formula(source), resolved, deadline, on_event, assumed).run())


def _in_numpy(result: Result) -> Result:
    """Return a result with its model as numpy has it: where a run has needed no numpy, it has not."""
    if result.model is None:
        return result
    import numpy as np

    return replace(result, model=np.asarray(result.model, np.int32))


def _require_open(deadline: Deadline) -> None:
    if not isinstance(deadline, Deadline):
        raise UsageError(f"deadline must be a Deadline, not {shown(deadline)}")
    if deadline.closed:
        raise UsageError("deadline must be open: it was closed, as a `with` block does at its end")


def _literals(assumptions: Iterable[int]) -> NDArray[np.int32]:
    from turbosat.formula.rows import literals

    return literals(assumptions, "assumption")


def _formula(source: Any) -> Formula | str | Readable:
    if isinstance(source, str | os.PathLike):
        return word(source, "the path of the formula")
    if is_stream(source):
        return source
    from turbosat.formula.formula import Formula

    if isinstance(source, Formula):
        return source
    if hasattr(source, "nv"):
        return Formula.from_pysat(source)
    return Formula.from_clauses(source)
