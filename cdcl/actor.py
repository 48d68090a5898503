"""The worker as a Ray actor: a thin shell, one for each place of the pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from turbosat import __version__
from turbosat.cdcl.worker import Note, Worker
from turbosat.formula_arrays import unpack


class LaneActor:
    """A place where lanes run; the formula lies in the object store of its node and is not copied.

    Children of its engines die with this process, whatever ends it.
    """

    def __init__(self, variables: int, *arrays: Any) -> None:
        self._worker = Worker(unpack(arrays, variables))

    def version(self) -> str:
        """Return which turbosat this is."""
        return __version__

    def step(self, requests: Sequence[Note], seconds: float) -> list[Note]:
        """See Worker.step."""
        return self._worker.step(requests, seconds)
