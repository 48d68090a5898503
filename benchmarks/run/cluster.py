"""Jobs on the nodes of a Ray cluster: each holds its cores there and is begun anew elsewhere when it is lost.

Formulas are read where they are when the nodes share the files, otherwise they are sent. What comes back goes
into the folder of the experiment, which only this process writes. A cluster is joined, never started.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from turbosat.benchmarks.run.jobs import Errand, Line
from turbosat.benchmarks.run.node_actor import Formula, NodeActor, look
from turbosat.benchmarks.run.node_runner import Order
from turbosat.benchmarks.run.runner import Outcome
from turbosat.benchmarks.run.solvers import Contestant
from turbosat.benchmarks.run.verify import Done
from turbosat.benchmarks.run.worker import Lost, unwrap
from turbosat.cdcl.pool.join import join, leave
from turbosat.errors import EngineError, UsageError
from turbosat.version import __version__

SHARE = 0.95  # of a node's memory goes to the runs where no limit is given
STARTS = 3  # of a node actor, before the cluster is given up
LOOK = 120.0  # seconds to wait for a node to tell what it is
SLOW = 10.0  # seconds after which the user is told that a job waits for its cores
END = 180.0  # seconds a node actor may take to end what it runs


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the cluster: its cores as Ray counts them, and what it tells of itself."""

    id: str
    name: str
    cores: int
    told: Mapping[str, Any]


class Cluster:
    """A cluster that this process has joined, and how much of it one job takes; `memory` 0 for its share."""

    def __init__(self, nodes: Sequence[Node], order: Order, memory: int, note: Callable[[str], None]) -> None:
        self.nodes = nodes
        self.note = note
        self._order = order
        self._reserved = memory
        self._sent: OrderedDict[Formula, Any] = OrderedDict()
        kinds = sorted({str(node.told["processor"]) for node in nodes})
        if len(kinds) > 1:
            note(f"the nodes are not alike, nor are the times on them: {', '.join(kinds)}")

    @property
    def memory(self) -> int:
        """Bytes of memory for each job where no limit is given."""
        return min(
            int(node.told["memory"] * SHARE) // (node.cores // self._order.cores) for node in self.nodes
        )

    def describe(self) -> dict[str, Any]:
        """Return what `machine.describe` does, for all nodes; the cores are those of one node."""
        told = {
            key: sorted({node.told[key] for node in self.nodes})
            for key in ("processor", "cores", "memory", "system", "python")
        }
        same = {key: each[0] if len(each) == 1 else ", ".join(map(str, each)) for key, each in told.items()}
        return {**same, "nodes": len(self.nodes)}

    def jobs(self, logs: Path) -> list[ClusterJob]:
        """Return all jobs; what solvers print goes into the folder `logs`."""
        return [ClusterJob(self, number, logs) for number in range(self._order.jobs)]

    def node_actor(self) -> Any:
        """Order a node actor, wherever there is room."""
        import ray

        options: dict[str, Any] = {"num_cpus": self._order.cores, "scheduling_strategy": "SPREAD"}
        if self._reserved:
            options["memory"] = self._reserved
        return ray.remote(NodeActor).options(**options).remote(self._order)

    def require_room(self, jobs: int) -> None:
        """Raise UsageError where the cluster is too small for so many jobs, even with nothing else on it."""
        room = _room(_alive(), self._order.cores, self._reserved)
        if room < jobs:
            size = f"{self._order.cores} cores" + (
                f" and {self._reserved >> 20} MB" if self._reserved else ""
            )
            raise UsageError(f"the cluster has room for {room} jobs of {size}, not for {jobs}")

    async def content(self, formula: Formula) -> Any:
        """Return a formula in the object store; the last few are kept there."""
        import ray

        if formula not in self._sent:
            self._sent[formula] = ray.put(await asyncio.to_thread(Path(formula.path).read_bytes))
            while len(self._sent) > self._order.jobs:
                self._sent.popitem(last=False)
        return self._sent[formula]


@contextmanager
def joined(
    address: str, cores: int, jobs: int, memory: int, note: Callable[[str], None]
) -> Iterator[Cluster]:
    """Join the cluster at an address, HOST:PORT or auto, for jobs of some cores and bytes of memory each.

    Raises UsageError where there is no cluster, no Ray, or too little room, EngineError where a node cannot
    be used. `note` is told what the user should know.
    """
    try:
        join(address)
        order = Order(os.getcwd(), os.environ.get("PATH", os.defpath), cores, jobs)
        raw = [node for node in _alive() if _room([node], cores, memory)]
        cluster = Cluster(_looked_at(raw), order, memory, note)
        cluster.require_room(jobs)
        yield cluster
    finally:
        leave()


class ClusterJob:
    """The line of work of one node actor after the other."""

    def __init__(self, cluster: Cluster, number: int, logs: Path) -> None:
        self.number = number
        self._cluster = cluster
        self._logs = logs
        self._node_actor: Any = None

    async def warm(self) -> None:
        """Get a node actor. Raises EngineError when that fails often, UsageError when it never can."""
        for _ in range(STARTS):
            with suppress(Lost):
                await self._begin()
                return
            self.kill()
        raise EngineError(f"a job could not be begun on the cluster: {STARTS} actors were lost at once")

    async def _begin(self) -> None:
        self._node_actor = self._cluster.node_actor()
        begun = asyncio.ensure_future(self._ask("begin"))
        try:
            told = False
            while not (await asyncio.wait([begun], timeout=SLOW))[0]:
                self._cluster.require_room(1)
                if not told:
                    self._cluster.note(f"job {self.number + 1} waits for free cores of the cluster")
                told = True
            answer = await begun
        finally:
            begun.cancel()
        if not answer["pinned"]:
            self._cluster.note(f"job {self.number + 1} shares its cores: its node has none that are free")

    async def describe(self, file: Path) -> dict[str, Any]:
        """Return the fields of a file's Description. Raises InputError."""
        for _ in range(STARTS):
            with suppress(Lost):
                return await self._about(Formula.of(str(file.resolve())), "describe")
            await self.restart(())
        raise EngineError(f"{file}: the cluster lost {STARTS} actors that read it")

    async def perform(self, errand: Errand, contestant: Contestant) -> tuple[Outcome, Done | None]:
        """Run a solver and check its answer. Raises Lost when something dies under it, EngineError."""
        record = contestant.record
        request = {
            "errand": asdict(errand),
            "name": record.name,
            "solver": record.command,
            "version": record.version,
        }
        answer = await self._about(Formula.of(errand.formula), "perform", request)
        for suffix, content in answer["logs"].items():
            log = self._logs / f"{errand.stem(contestant.name)}{suffix}"
            if content:
                part = log.with_name(log.name + ".part")
                part.write_bytes(content)
                os.replace(part, log)
            else:
                log.unlink(missing_ok=True)
        check = answer["check"]
        return Outcome(**answer["outcome"]), None if check is None else Done(**check)

    async def _about(self, formula: Formula, method: str, *arguments: Any) -> dict[str, Any]:
        """Ask something about a formula, which is sent if the node does not have it."""
        answer = await self._call(method, formula, *arguments)
        if "missing" in answer:
            await self._ask("deliver", formula, await self._cluster.content(formula))
            answer = await self._call(method, formula, *arguments)
        return unwrap(answer)

    async def _ask(self, method: str, *arguments: Any) -> dict[str, Any]:
        return unwrap(await self._call(method, *arguments))

    async def _call(self, method: str, *arguments: Any) -> dict[str, Any]:
        from ray.exceptions import RayError, RayTaskError

        try:
            return dict(await getattr(self._node_actor, method).remote(*arguments))
        except RayTaskError as error:
            raise EngineError(f"on a node of the cluster: {error.cause!r}") from error
        except RayError:
            raise Lost from None

    async def restart(self, lines: Sequence[Line]) -> None:
        """Begin anew, on another node if need be."""
        await self.close()
        await self.warm()

    async def close(self) -> None:
        """End what runs and give the cores back."""
        if self._node_actor is not None:
            with suppress(Lost, EngineError, TimeoutError):
                await asyncio.wait_for(self._call("end"), END)
            self.kill()

    def kill(self) -> None:
        """End the node actor at once; its node runner notices that."""
        import ray

        if self._node_actor is not None:
            ray.kill(self._node_actor)
            self._node_actor = None


def _alive() -> list[dict[str, Any]]:
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def _room(nodes: Sequence[Mapping[str, Any]], cores: int, memory: int) -> int:
    """Return how many jobs the nodes can hold, as Ray counts."""
    room = 0
    for node in nodes:
        has = node["Resources"]
        own = int(has.get("CPU", 0)) // cores
        room += min(own, int(has.get("memory", 0)) // memory) if memory else own
    return room


def _looked_at(nodes: Sequence[Mapping[str, Any]]) -> list[Node]:
    """Ask all nodes what they are. Raises EngineError or UsageError where one has no or another turbosat."""
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    found = []
    pending = []
    for node in nodes:
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        pending.append(ray.remote(look).options(num_cpus=0, scheduling_strategy=there).remote())
    for node, told in zip(nodes, pending, strict=True):
        name = str(node["NodeManagerHostname"])
        try:
            answer = ray.get(told, timeout=LOOK)
        except RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise EngineError(f"turbosat does not work on the node {name}: {reason}") from None
        if answer["turbosat"] != __version__:
            raise UsageError(f"this is turbosat {__version__}, on the node {name} it is {answer['turbosat']}")
        found.append(Node(node["NodeID"], name, int(node["Resources"]["CPU"]), answer))
    return found
