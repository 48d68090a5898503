"""A worker of the fuzzer: runs descriptions one after the other, judges them, makes failing ones smaller."""

import fcntl
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.fuzz import isolation
from tests.fuzz.cases import Description, describe
from tests.fuzz.oracle import Fault, Oracle
from tests.fuzz.sandbox import Sandbox
from tests.fuzz.sentinel import Lateness
from tests.fuzz.shrink import shrunk
from tests.fuzz.world import COMMAND, World
from tests.processes import ROOT

TIMING = ("late", "left process", "hang", "endless", "memory")  # what a busy machine might have to do with
GROSS = 2.0  # seconds too late that no machine explains
REPEATS = 2
LONGEST_SHRINKING = 90.0  # seconds


@dataclass(frozen=True, slots=True)
class Judged:
    """A run and what was wrong with it."""

    description: Description
    faults: list[Fault]
    code: int | None
    seconds: float
    overshoot: float | None
    lateness: Lateness


class Turns:
    """A lock between workers: many run side by side, but one whose time is measured again runs alone."""

    def __init__(self, path: Path) -> None:
        self._run, self._gate = (
            os.open(f"{path}.{name}", os.O_RDWR | os.O_CREAT, 0o600) for name in ("run", "gate")
        )

    @contextmanager
    def turn(self, *, alone: bool = False) -> Iterator[None]:
        """Wait for a turn, and keep it."""
        fcntl.flock(self._gate, fcntl.LOCK_EX)  # who waits to be alone lets nobody else begin
        fcntl.flock(self._run, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(self._gate, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._run, fcntl.LOCK_UN)
            fcntl.flock(self._gate, fcntl.LOCK_UN)


class Worker:
    """Runs and judges."""

    def __init__(
        self, folder: Path, turns: Turns, watched: list[Path], command: tuple[str, ...] = COMMAND
    ) -> None:
        self._turns = turns
        self._world = World(Sandbox(folder, watched), command)

    def run(self, description: Description) -> Judged:
        """Run a description; what a busy machine may explain must happen again when nothing else runs."""
        judged = self._run(description)
        doubtful = [
            fault for fault in judged.faults if fault.kind in TIMING and not self._gross(fault, judged)
        ]
        if not doubtful:
            return judged
        again: set[str] = set()
        for _ in range(REPEATS):
            again |= {fault.kind for fault in self._run(description, alone=True).faults}
            if all(fault.kind in again for fault in doubtful):
                break
        faults = [fault for fault in judged.faults if fault not in doubtful or fault.kind in again]
        return Judged(description, faults, judged.code, judged.seconds, judged.overshoot, judged.lateness)

    def smaller(self, description: Description, signature: str) -> Description:
        """Return a smaller description that fails with the same signature."""
        end = time.monotonic() + LONGEST_SHRINKING

        def fails(smaller: Description) -> bool:
            if time.monotonic() > end:
                return False
            return any(fault.signature == signature for fault in self._run(smaller).faults)

        return shrunk(description, fails)

    def close(self) -> None:
        """End what belongs to it."""
        self._world.close()
        self._world.sandbox.clear()

    def _run(self, description: Description, *, alone: bool = False) -> Judged:
        with self._turns.turn(alone=alone):
            record = self._world.run(description)
            oracle = Oracle(description, record, self._world.sandbox)
            faults = oracle.judge()
        return Judged(description, faults, record.code, record.seconds, oracle.overshoot(), record.lateness)

    def _gross(self, fault: Fault, judged: Judged) -> bool:
        return fault.kind == "late" and (judged.overshoot or 0) - judged.lateness.waited > GROSS


def serve(connection: Connection, lock: Path, seed: int, command: tuple[str, ...]) -> None:
    """Run what the other end of a connection asks for, until it goes away or sends SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C means the fuzzer, which sends SIGTERM
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    isolation.die_with_parent()
    isolation.adopt_orphans()
    turns = Turns(lock)
    watched = isolation.isolate([ROOT, Path(command[0]).parent])
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as folder:
        worker = Worker(Path(folder), turns, watched, command)
        try:
            while True:
                kind, request = connection.recv()
                connection.send(_answer(worker, kind, request, seed))
        except EOFError:
            pass
        finally:
            worker.close()
            if watched:
                isolation.unmount(Path(folder) / "full")


def _answer(worker: Worker, kind: str, request: Any, seed: int) -> Any:
    match kind:
        case "number":
            return worker.run(describe(seed, request))
        case "description":
            return worker.run(request)
        case "shrink":
            return worker.smaller(*request)
    raise ValueError(kind)
