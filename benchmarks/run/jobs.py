"""A job: some cores, a runner and a checker on them, and one run after the other that it does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from turbosat.benchmarks.run.limits import Limits
from turbosat.benchmarks.run.runner import Outcome, Request
from turbosat.benchmarks.run.solvers import Contestant, Task
from turbosat.benchmarks.run.verify import Done
from turbosat.benchmarks.run.worker import Worker
from turbosat.cdcl.process.tree import kill_strays
from turbosat.dimacs.compression import HEAD, sniff

ROOM = 16 << 20  # bytes of v lines that a model may have, whatever its size
LITERAL = 24  # bytes of v lines for each variable


@dataclass(frozen=True, slots=True)
class Errand:
    """One run as it is ordered; `hash` and `formula` are those of the instance, `formula` a path.

    A proof is asked for and checked where `proof_seconds` says how long that may take.
    """

    hash: str
    formula: str
    variables: int
    seed: int
    limits: Limits
    cores: int
    proof_seconds: float | None

    def stem(self, solver: str) -> str:
        """Return the name of its logs, without .out.xz and .err.xz."""
        return f"{self.hash}.{solver}.{self.seed}"


class Line(Protocol):
    """What does one run after the other, on this machine or on another one; `number` counts them."""

    @property
    def number(self) -> int:
        """Its own."""

    async def warm(self) -> None:
        """Load whatever must be loaded, now and not beside a run."""

    async def describe(self, file: Path) -> dict[str, Any]:
        """Return the fields of a file's Description. Raises InputError."""

    async def perform(self, errand: Errand, contestant: Contestant) -> tuple[Outcome, Done | None]:
        """Run a solver and check its answer where there is something to check.

        Raises Lost when processes of the harness die under it, EngineError for what is no solver's fault.
        """

    async def restart(self, lines: Sequence[Line]) -> None:
        """Begin anew after Lost; `lines` are all that there are, this one among them."""

    async def close(self) -> None:
        """End what runs, and itself; more than once if need be."""

    def kill(self) -> None:
        """End at once if it is still there."""


class Job:
    """The line of work of some cores of this machine.

    What a run leaves behind goes below `scratch` until the run is over, what a solver prints into `logs`.
    `keep` are descriptors that the runner holds open as long as it lives.
    """

    def __init__(
        self, number: int, cores: Collection[int], scratch: Path, logs: Path, keep: Collection[int] = ()
    ) -> None:
        self.number = number
        self._cores = cores
        self._scratch = scratch
        self._logs = logs
        self._keep = keep
        self._start()

    def _start(self) -> None:
        self._runner = Worker("turbosat.benchmarks.run.runner", self._cores, self._keep)
        self._checker = Worker("turbosat.benchmarks.run.verify", self._cores)

    @property
    def pids(self) -> set[int]:
        """The job's own processes."""
        return {self._runner.pid, self._checker.pid}

    async def warm(self) -> None:
        """Load the checker's libraries now, not beside a run."""
        await self._checker.ask({"warm": True})

    async def describe(self, file: Path) -> dict[str, Any]:
        """Return the fields of a file's Description. Raises InputError."""
        return await self._checker.ask({"describe": str(file)})

    async def perform(self, errand: Errand, contestant: Contestant) -> tuple[Outcome, Done | None]:
        """Run a solver and check its answer. Raises Lost when one of the two processes dies under it."""
        folder = self._scratch / f"job{self.number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        file = await self._readable(errand, folder)
        limits, wanted = errand.limits, errand.proof_seconds is not None
        proof = str(folder / "proof") if wanted else None
        task = Task(str(file), errand.seed, limits.wall, limits.memory, errand.cores, proof)
        model = folder / "model"
        logs = str(self._logs / errand.stem(contestant.name))
        room = ROOM + LITERAL * errand.variables
        request = Request(contestant.commands(task), limits, room, str(model), logs)
        outcome = Outcome(**await self._runner.ask(asdict(request)))
        check: Done | None = None
        if outcome.ended == "exit" and outcome.status == "ok":
            if outcome.claim == "sat":
                check = await self._judge("model", file, model, None)
            elif outcome.claim == "unsat" and wanted:
                written = folder / f"proof.{outcome.member}"
                check = await self._judge("proof", file, written, errand.proof_seconds)
        shutil.rmtree(folder, ignore_errors=True)
        return outcome, check

    async def _judge(
        self, kind: Literal["model", "proof"], formula: Path, answer: Path, seconds: float | None
    ) -> Done:
        request = {"judge": kind, "formula": str(formula), "answer": str(answer), "seconds": seconds}
        return Done(**await self._checker.ask(request))

    async def _readable(self, errand: Errand, folder: Path) -> Path:
        """Return the formula as the solvers read it: uncompressed, since not all of them can unpack.

        Its name is one of ours: there are solvers that hand names to a shell.
        """
        path = Path(errand.formula)
        with open(path, "rb") as file:
            packed = sniff(file.read(HEAD)) is not None
        unpacked = plain(self._scratch, errand.hash)
        if not packed:
            link = folder / "formula.cnf"
            link.symlink_to(path.absolute())
            return link
        if unpacked.exists():
            return unpacked
        part = unpacked.with_name(f"{unpacked.name}.{self.number}")
        await self._checker.ask({"unpack": str(path), "target": str(part)})
        os.replace(part, unpacked)
        return unpacked

    async def restart(self, lines: Sequence[Line]) -> None:
        """Begin anew after one of the two died; what else is below this process are those of `lines`."""
        await self.close()
        others = [line for line in lines if isinstance(line, Job) and line is not self]
        kill_strays({pid for job in others for pid in job.pids})
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


def plain(scratch: Path, hash: str) -> Path:
    """Return where a compressed formula is unpacked, for all jobs of one scratch folder."""
    return scratch / f"{hash}.cnf"
