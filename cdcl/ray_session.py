"""Ray as the pool sees it: a session of its own on this machine, or a place in a cluster."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from turbosat import __version__
from turbosat.cdcl.process_tree import read_proc
from turbosat.cdcl.ray_join import FAILURES, first_line, join, prepare
from turbosat.errors import EngineError
from turbosat.system import children

LOCAL = {"RAY_worker_niceness": "0"}  # on top of this process's own; Ray's default is 15
VITAL = "raylet", "gcs_server"
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

        from turbosat.cdcl.actor import LaneActor

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
        """Start a session of our own, in the folder that our keeper removes."""
        prepare("the pool of lanes")
        os.environ.pop("RAY_JOB_CONFIG_JSON_ENV_VAR", None)  # of a Ray job around us: none of this session's
        # Ray reads these when it is imported. A token of our own keeps other users out, and Ray from writing
        # one into the home folder.
        os.environ.update(LOCAL, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
        devices = _devices()[1:]  # the first is for a descent outside
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
        import ray

        try:
            ray.init(
                address="local",
                num_cpus=places,
                num_gpus=len(devices),
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                object_store_memory=SPARE + 2 * size,
                _temp_dir=tempfile.gettempdir(),
            )
        except FAILURES as error:
            raise EngineError(f"Ray cannot be started: {first_line(error)}") from None
        for pid in children(os.getpid()):
            name = os.path.basename(os.fsdecode(read_proc(f"/proc/{pid}/cmdline").split(b"\0")[0]))
            if name in VITAL:
                self._vital[pid] = name

    def check(self) -> None:
        """Raise EngineError when a process of our own session that it cannot do without is gone."""
        for pid, name in self._vital.items():
            try:
                state = read_proc(f"/proc/{pid}/stat").rpartition(b")")[2].split()[0]
            except OSError:
                state = b"X"
            if state in b"ZX":
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
