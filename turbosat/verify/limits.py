"""The deadline of a question: the caller's, or one from the options."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from turbosat.deadline import Deadline
from turbosat.errors import UsageError
from turbosat.options import Options, memory_bytes, resolve
from turbosat.validation import shown


@contextmanager
def bounded(deadline: Deadline | None, options: Options) -> Iterator[Deadline]:
    """Yield the deadline of a question, open for its time. UsageError for options that make no sense."""
    resolved = resolve(options)
    if deadline is None:
        with Deadline(resolved["time_limit"], memory_bytes(resolved)) as ours:
            yield ours
        return
    if not isinstance(deadline, Deadline):
        raise UsageError(f"deadline must be a Deadline, not {shown(deadline)}")
    if deadline.closed:
        raise UsageError("deadline must be open: it was closed, as a `with` block does at its end")
    yield deadline
