"""The worker as a Ray actor: a thin shell, one for each place of the pool."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from turbosat.cdcl.pool.worker import Note, Worker
from turbosat.errors import EngineError
from turbosat.formula.packing import unpack
from turbosat.version import __version__


class LaneActor:
    """A place where lanes run; the formula lies in the object store of its node and is not copied.

    Children of its engines die with this process, whatever ends it.
    """

    def __init__(self, version: str, variables: int, *arrays: Any) -> None:
        if version != __version__:
            name = os.uname().nodename
            raise EngineError(f"this is turbosat {version}, on the node {name} it is {__version__}")
        self._worker = Worker(unpack(arrays, variables))

    def step(self, requests: Sequence[Note], seconds: float) -> list[Note]:
        """See Worker.step."""
        return self._worker.step(requests, seconds)
