"""A job's place on a node of a Ray cluster: an actor that passes requests on to its node runner there.

The actor holds the resources; the node runner, a process apart, does the work. When the actor dies, however
that comes, its node runner ends everything.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from turbosat.benchmarks.run import machine
from turbosat.benchmarks.run.node_runner import Order
from turbosat.benchmarks.run.worker import EXPECTED, Lost, Worker, wrap
from turbosat.version import __version__

LINGER = 10.0  # seconds to try to remove a folder that is still written to


@dataclass(frozen=True, slots=True)
class Formula:
    """A file where the harness is at home: its path, its bytes, and when it was changed, in seconds."""

    path: str
    size: int
    changed: int

    @classmethod
    def of(cls, path: str) -> Formula:
        """Return what is at a path. Raises OSError."""
        stat = os.stat(path)
        return cls(path, stat.st_size, int(stat.st_mtime))


class NodeActor:
    """The actor. Its answers are for `worker.unwrap`, or {"missing": True}: the formula must be sent."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._worker = Worker("turbosat.benchmarks.run.node_runner", os.sched_getaffinity(0))
        self._folder = ""
        self._sent: tuple[Formula, str] | None = None
        self._work: asyncio.Task[dict[str, Any]] | None = None

    async def begin(self) -> dict[str, Any]:
        """Load what must be loaded."""
        answer = await self._relay(asdict(self._order))
        self._folder = answer["answer"]["folder"] if "answer" in answer else ""
        return answer

    async def describe(self, formula: Formula) -> dict[str, Any]:
        """Describe a formula."""
        path = self._path(formula)
        return {"missing": True} if path is None else await self._relay({"describe": path})

    async def perform(self, formula: Formula, request: dict[str, Any]) -> dict[str, Any]:
        """Run a solver; the answer has the content of the logs by their suffix."""
        path = self._path(formula)
        if path is None:
            return {"missing": True}
        request["errand"]["formula"] = path
        answer = await self._relay(request)
        if "answer" in answer:
            stem = answer["answer"].pop("logs")
            found = [(suffix, Path(stem + suffix)) for suffix in (".out.xz", ".err.xz")]
            answer["answer"]["logs"] = {
                suffix: path.read_bytes() if path.exists() else b"" for suffix, path in found
            }
            for _, log in found:
                log.unlink(missing_ok=True)
        return answer

    async def deliver(self, formula: Formula, content: bytes) -> dict[str, Any]:
        """Keep a formula until the next one is delivered."""
        if self._sent is not None:
            Path(self._sent[1]).unlink(missing_ok=True)
            self._sent = None
        path = Path(self._folder, "formulas", Path(formula.path).name)
        try:
            path.write_bytes(content)
        except EXPECTED as error:
            return wrap(error)
        self._sent = formula, str(path)
        return {"answer": {}}

    async def end(self) -> dict[str, Any]:
        """End what runs, and wait until nothing of it is left."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await self._worker.leave()
        end = time.monotonic() + LINGER
        while self._folder and os.path.exists(
            self._folder
        ):  # the node runner was killed; its runner ends by itself
            shutil.rmtree(self._folder, ignore_errors=True)
            if time.monotonic() > end:
                break
            await asyncio.sleep(0.05)
        return {"answer": {}}

    def _path(self, formula: Formula) -> str | None:
        """Return where a formula is on this node, if it is here."""
        if self._sent is not None and self._sent[0] == formula:
            return self._sent[1]
        with suppress(OSError):
            if Formula.of(formula.path) == formula:
                return formula.path
        return None

    async def _relay(self, request: dict[str, Any]) -> dict[str, Any]:
        self._work = asyncio.ensure_future(self._worker.relay(request))
        try:
            return await self._work
        except (Lost, asyncio.CancelledError):
            return {"lost": True}


def look() -> dict[str, Any]:
    """Return what the machine of a node is, and which turbosat is there."""
    return {**machine.describe(), "turbosat": __version__}
