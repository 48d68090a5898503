"""Ray as the pool sees it: a session of its own on this machine, or a place in a cluster."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from turbosat.cdcl.pool.folder import RAY, VITAL
from turbosat.cdcl.pool.join import FAILURES, first_line, join, prepare
from turbosat.cdcl.process.tree import named
from turbosat.errors import EngineError
from turbosat.system import children
from turbosat.version import __version__

# Niceness comes on top of this process's own; Ray's default is 15. Without clusters, every process of Ray's
# keeps to the loopback interface: that is what it does by itself where firewalls ask about every server.
# Where lanes have all the cores, Ray needs minutes to come up, and nobody minds; it gives up after 30 s.
LOCAL = {
    "RAY_worker_niceness": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_gcs_server_port_wait_time_s": "600",
    "RAY_agent_register_timeout_ms": "600000",
    "RAY_worker_register_timeout_seconds": "600",
}
LOOPBACK = "127.0.0.1"
REACH = 2.0  # seconds to wait for ourselves
SHARED_MEMORY = "/dev/shm"
SPARE = 100 << 20  # bytes of the object store beside the formula; what its makers call the least


class Session:
    """The connection, and the formula in the object store."""

    def __init__(self) -> None:
        self._address: str | None = None
        self._formula: Any = None
        self._variables = 0
        self._actor: Any = None
        self._vital: dict[int, str] = {}  # processes of a session of our own, and their names

    def open(self, address: str | None, places: int, variables: int, arrays: Sequence[memoryview]) -> None:
        """Start Ray here with so many places, or join the cluster at an address; broadcast the formula.

        Raises UsageError where no cluster is found, EngineError where Ray does not work.
        """
        self._address = address
        data = [np.asarray(each) for each in arrays]
        if address is None:
            self._start(places, sum(each.nbytes for each in data))
        else:
            join(address)
        import ray

        from turbosat.cdcl.pool.worker import LaneActor

        self._actor = ray.remote(LaneActor)
        self._variables = variables
        self._formula = [ray.put(each) for each in data]

    def about(self) -> dict[str, Any]:
        """Return what there is by now.

        `places` (CPU cores), `nodes`, `own`, the cores of the node that this machine is, and `gpus` that no
        descent here takes.
        """
        import ray

        nodes = [node for node in ray.nodes() if node["Alive"]]
        here = ray.get_runtime_context().get_node_id()
        own = {} if self._address is None else _resources([node for node in nodes if node["NodeID"] == here])
        total = _resources(nodes)
        return {
            "places": total.get("CPU", 0),
            "gpus": total.get("GPU", 0) - (own.get("GPU", 0) > 0),
            "own": own.get("CPU", 0),
            "nodes": len(nodes),
            "ray": ray.__version__,
        }

    def _start(self, places: int, size: int) -> None:
        """Start a session of our own, in the folder that our supervisor removes."""
        _require_loopback()
        os.environ.pop("RAY_JOB_CONFIG_JSON_ENV_VAR", None)  # of a Ray job around us: none of this session's
        devices = _devices()[1:]  # the first is for a descent outside
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
        # A token of our own keeps other users out, and Ray from writing one into the home folder.
        prepare("the pool of lanes", RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32), **LOCAL)
        import ray

        folder = os.path.join(os.environ["TMPDIR"], RAY)
        try:
            ray.init(
                address="local",
                num_cpus=places,
                num_gpus=len(devices),
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                object_store_memory=SPARE + 2 * size,
                _temp_dir=folder,
                # Ray would try shared memory, whether it can be written or not.
                _plasma_directory=None if os.access(SHARED_MEMORY, os.W_OK | os.X_OK) else folder,
            )
        except (*FAILURES, Exception) as error:  # where its node is slow to come up, a plain one
            raise EngineError(f"Ray cannot be started: {first_line(error)}") from None
        where = ray.util.get_node_ip_address()
        if not ipaddress.ip_address(where).is_loopback:
            raise EngineError(f"Ray does not keep to the loopback interface, but is at {where}")
        self.look()

    def look(self) -> None:
        """Take note of the processes that a session of our own cannot do without; raise as `check` does."""
        if self._address is None:
            for pid in children(os.getpid()):
                name, _ = named(pid)
                if name in VITAL:
                    self._vital[pid] = name
        self.check()

    def check(self) -> None:
        """Raise EngineError when a process of our own session that it cannot do without is gone."""
        for pid, name in list(self._vital.items()):  # another thread may be looking
            if named(pid) != (name, True):
                raise EngineError(f"Ray's {name} is gone")

    def actor(self, resources: dict[str, float]) -> Any:
        """Return a new actor that holds so many CPUs and GPUs, on whatever node has them."""
        return self._actor.options(
            num_cpus=resources.get("cpu", 1.0),
            num_gpus=resources.get("gpu", 0.0),
            max_restarts=0,
            scheduling_strategy="SPREAD" if self._address else "DEFAULT",
        ).remote(__version__, self._variables, *self._formula)

    def recoverable(self, error: BaseException) -> bool:
        """Whether a call failed because its actor or node is gone, so that another may do it."""
        from ray.exceptions import ObjectLostError, RayActorError

        return isinstance(error, RayActorError | ObjectLostError)


def _resources(nodes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the CPUs and GPUs of nodes together."""
    return {kind: sum(int(node["Resources"].get(kind, 0)) for node in nodes) for kind in ("CPU", "GPU")}


def _devices() -> list[str]:
    """Return the NVIDIA devices that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [word.strip() for word in given.split(",") if word.strip()]
    numbers = (name.removeprefix("nvidia") for name in os.listdir("/dev") if name.startswith("nvidia"))
    return sorted((number for number in numbers if number.isdigit()), key=int)


def _require_loopback() -> None:
    """Raise EngineError unless this machine reaches itself: Ray would wait for minutes."""
    try:
        with socket.create_server((LOOPBACK, 0)) as server:
            socket.create_connection(server.getsockname(), REACH).close()
    except OSError as error:
        raise EngineError(
            f"Ray needs the loopback interface, {LOOPBACK}: {error.strerror or error}"
        ) from None
