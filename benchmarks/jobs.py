"""A job: some cores, a runner and a checker on them, and what the harness asks of the two."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from turbosat.benchmarks.limits import kill_strays
from turbosat.benchmarks.runner import Outcome, Request
from turbosat.benchmarks.servant import Servant
from turbosat.benchmarks.verify import Done


class Job:
    """One of several lines of work; `keep` are descriptors that its runner holds open as long as it lives."""

    def __init__(self, number: int, cores: Collection[int], keep: Collection[int] = ()) -> None:
        self.number = number
        self._cores = cores
        self._keep = keep
        self._start()

    def _start(self) -> None:
        self._runner = Servant("turbosat.benchmarks.runner", self._cores, self._keep)
        self._checker = Servant("turbosat.benchmarks.verify", self._cores)

    @property
    def pids(self) -> set[int]:
        """The job's own processes."""
        return {self._runner.pid, self._checker.pid}

    async def warm(self) -> None:
        """Load the checker's libraries now, not beside a run."""
        await self._checker.ask({"warm": True})

    async def run(self, request: Request) -> Outcome:
        """Run a solver. Raises Lost when the runner dies under it."""
        return Outcome(**await self._runner.ask(asdict(request)))

    async def judge(
        self, kind: Literal["model", "proof"], formula: Path, answer: Path, seconds: float | None
    ) -> Done:
        """Check an answer."""
        request = {"judge": kind, "formula": str(formula), "answer": str(answer), "seconds": seconds}
        return Done(**await self._checker.ask(request))

    async def describe(self, file: Path) -> dict[str, Any]:
        """Return a file's description."""
        return await self._checker.ask({"describe": str(file)})

    async def unpack(self, file: Path, target: Path) -> None:
        """Write the content of a compressed file."""
        await self._checker.ask({"unpack": str(file), "target": str(target)})

    async def restart(self, jobs: Iterable[Job]) -> None:
        """Begin anew after one of the two died; what else this harness has below it are those of `jobs`."""
        await self.close()
        kill_strays({pid for job in jobs if job is not self for pid in job.pids})
        self._start()
        await self.warm()

    async def close(self) -> None:
        """End both, with all that runs."""
        await self._runner.close()
        await self._checker.close()

    def kill(self) -> None:
        """End both at once if they are still there."""
        self._runner.kill()
        self._checker.kill()
