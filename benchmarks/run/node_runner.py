"""The harness on a node of a cluster: one job with its runner and checker, and its folder there.

It is a worker that leaves its parent at once: the cluster's software kills the children of a process that
it ends, and this one must outlive that to clean up. It ends when its socket does, having killed what runs and
removed its folder.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import socket
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from turbosat.benchmarks.run import machine
from turbosat.benchmarks.run.jobs import Errand, Job, plain
from turbosat.benchmarks.run.limits import Limits
from turbosat.benchmarks.run.solvers import Contestant, parse
from turbosat.benchmarks.run.worker import EXPECTED, LINE, wrap
from turbosat.cdcl.process.tree import become_subreaper, kill_strays
from turbosat.errors import UsageError

CLAIM = "turbosat-bench core"  # what claims of cores are called: the same on the whole machine
PATIENCE = 15.0  # seconds to wait for cores: those of a harness that was killed are soon free


@dataclass(frozen=True, slots=True)
class Order:
    """What a node runner is told first: the harness's home, cores of a job, and how many jobs there are.

    `folder` is the harness's current one, `path` its search path: both go first where they are there, too.
    """

    folder: str
    path: str
    cores: int
    jobs: int


class _NodeRunner:
    """One job and its folder."""

    def __init__(self, order: Order, folder: Path) -> None:
        if os.path.isdir(order.folder):
            os.chdir(order.folder)
        os.environ["PATH"] = os.pathsep.join([order.path, os.environ.get("PATH", os.defpath)])
        self._jobs = order.jobs
        self._folder = folder
        self._logs = folder / "logs"
        self._scratch = folder / "scratch"
        self._hash = ""
        self._contestants: dict[str, Contestant] = {}
        for each in (self._logs, self._scratch, folder / "formulas"):
            each.mkdir()
        claim = claim_cores(order.cores, order.cores * order.jobs)
        self.pinned = claim is not None
        cores, held = claim or (sorted(os.sched_getaffinity(0)), [])
        self._claim = held
        self.job = Job(0, cores, self._scratch, self._logs, [each.fileno() for each in held])

    async def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        match request:
            case {"describe": path}:
                return await self.job.describe(Path(path))
            case {"errand": errand, "name": name, "solver": solver, "version": version}:
                limits = Limits(**errand.pop("limits"))
                return await self._perform(Errand(**errand, limits=limits), name, solver, version)
        await self.job.warm()
        return {"folder": str(self._folder), "pinned": self.pinned}

    async def _perform(self, errand: Errand, name: str, solver: str, version: str) -> dict[str, Any]:
        contestant = self._contestants.get(name) or parse(f"{name}={solver}")
        self._contestants[name] = contestant
        if contestant.record.version != version:
            here = contestant.record.version
            raise UsageError(f"{name} is {version}, but {here} on the node {socket.gethostname()}")
        if self._hash != errand.hash:
            plain(self._scratch, self._hash).unlink(missing_ok=True)
            self._hash = errand.hash
        room = shutil.disk_usage(self._folder).free // (2 * self._jobs)
        errand = replace(errand, limits=replace(errand.limits, file=min(errand.limits.file, room)))
        outcome, check = await self.job.perform(errand, contestant)
        return {
            "outcome": asdict(outcome),
            "check": None if check is None else asdict(check),
            "logs": str(self._logs / errand.stem(name)),
        }


def claim_cores(
    count: int, wanted: int, patience: float = PATIENCE
) -> tuple[list[int], list[socket.socket]] | None:
    """Take cores of this machine that no other node runner has; closing the sockets gives them back.

    `wanted` is how many all jobs want at most. Returns None when there are not enough free ones after
    `patience` seconds. A name in the abstract space of sockets vanishes with the last process that holds it.
    """
    end = time.monotonic() + patience
    while True:
        cores: list[int] = []
        held: list[socket.socket] = []
        for core in machine.core_order(wanted):
            mine = _held(core)
            if mine is not None:
                cores.append(core)
                held.append(mine)
            if len(cores) == count:
                return cores, held
        for each in held:
            each.close()
        if time.monotonic() > end:
            return None
        time.sleep(0.1)


def _held(core: int) -> socket.socket | None:
    own = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        own.bind(f"\0{CLAIM} {core}")
    except OSError as error:
        own.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return None
    return own


async def _serve(channel: socket.socket, folder: Path) -> None:
    """Answer requests until the other side is gone, which ends the one at work, too."""
    reader, writer = await asyncio.open_connection(sock=channel, limit=LINE)
    first = await reader.readline()
    if not first:
        return
    try:
        node_runner = _NodeRunner(Order(**json.loads(first)), folder)
    except EXPECTED as error:
        writer.write(json.dumps(wrap(error)).encode() + b"\n")
        await writer.drain()
        return
    following = asyncio.ensure_future(reader.readline())
    request: dict[str, Any] = {}
    try:
        while True:
            work = asyncio.ensure_future(_answer(node_runner, request))
            await asyncio.wait([work, following], return_when=asyncio.FIRST_COMPLETED)
            if not work.done():  # nothing else is sent before an answer: this is the end
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                return
            writer.write(json.dumps(work.result()).encode() + b"\n")
            await writer.drain()
            line = await following
            if not line:
                return
            request = json.loads(line)
            following = asyncio.ensure_future(reader.readline())
    except OSError:
        return
    finally:
        following.cancel()
        await node_runner.job.close()
        kill_strays(())


async def _answer(node_runner: _NodeRunner, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"answer": await node_runner.handle(request)}
    except EXPECTED as error:
        return wrap(error)


def main(channel: socket.socket) -> None:
    """Leave the parent, serve, clean up."""
    if os.fork():
        os._exit(0)
    become_subreaper("turbosat-bench run")
    with tempfile.TemporaryDirectory(prefix="turbosat-bench-", ignore_cleanup_errors=True) as folder:
        asyncio.run(_serve(channel.dup(), Path(folder)))  # the end of `channel` says that the folder is gone
