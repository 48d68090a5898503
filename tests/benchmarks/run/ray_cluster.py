"""A real Ray cluster on this machine: every node a process tree of its own, marked by its environment."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.processes import LATE, descendants, eventually, gone, processes

MARK = "TURBOSAT_TEST_CLUSTER"
READY = 300.0  # seconds that a node may take to come up
ADDRESS = r"--address='[^']*:(\d+)'"


class RayCluster:
    """Nodes that are started one by one; all that runs on them is gone afterwards."""

    def __init__(self) -> None:
        # Ray's sockets lie below it, and their paths have no more than 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
        self.nodes: list[subprocess.Popen[bytes]] = []
        self.address = ""  # known when the first node is there

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.send_signal(signal.SIGTERM)
        below = {pid for node in self.nodes for pid in descendants(node.pid)} | self.marked()
        if not gone(below):
            for pid in below & self.marked():
                os.kill(pid, signal.SIGKILL)
        for node in self.nodes:
            node.wait(READY)
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, cores: int) -> "subprocess.Popen[bytes]":
        """Start a node, the head first, and wait until it is part of the cluster."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        words = ["--head", "--port=0", "--include-dashboard=false", f"--temp-dir={self.folder}"]
        if self.nodes:
            words = [f"--address={self.address}"]
        command = [sys.executable, "-W", "ignore", "-m", "ray.scripts.scripts", "start", "--block", *words]
        command += [f"--num-cpus={cores}", "--object-store-memory=100000000", "--disable-usage-stats"]
        command += ["--min-worker-port=0", "--max-worker-port=0"]
        environment = {**os.environ, MARK: str(self.folder), "TMPDIR": str(self.folder / "tmp")}
        environment["RAY_AUTH_MODE"] = "disabled"  # whatever token lies in the home folder
        with open(self.folder / f"node-{len(self.nodes)}.log", "wb") as log:
            node = subprocess.Popen(
                command,
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.nodes.append(node)
        end = time.monotonic() + READY
        while "Ray runtime started" not in (said := Path(log.name).read_text()):
            assert node.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.05)
        if not self.address:
            assert eventually(lambda: re.search(ADDRESS, Path(log.name).read_text()) is not None)
            found = re.search(ADDRESS, Path(log.name).read_text())
            assert found is not None
            self.address = f"127.0.0.1:{found[1]}"
        return node

    def marked(self) -> set[int]:
        """Return every process that came from a node of this cluster, wherever it is now."""
        mark = f"{MARK}={self.folder}".encode()
        found = set()
        for pid in processes():
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            if mark in environment.split(b"\0"):
                found.add(pid)
        return found

    def called(self, *words: str) -> set[int]:
        """Return those of them with all these words in their command."""
        return {pid for pid, command in self._commands() if all(word in command for word in words)}

    def jobs(self) -> set[int]:
        """Return those of them that are no part of Ray, but what was started on it."""
        return {pid for pid, command in self._commands() if not _of_ray(command)}

    def clean(self, within: float = LATE) -> bool:
        """Whether no job is left on any node, nor its folder."""
        return eventually(lambda: not self.jobs() and not [*self.folder.glob("tmp/turbosat*")], within)

    def _commands(self) -> list[tuple[int, str]]:
        table = processes()
        return [(pid, table[pid][1]) for pid in self.marked() & set(table)]


def _of_ray(command: str) -> bool:
    if command.startswith("ray::"):
        return not command.startswith(("ray::NodeActor", "ray::LaneActor"))
    return any(
        word in command
        for word in (
            "ray.scripts.scripts",
            "/ray/_private/",
            "/ray/core/",
            "/ray/dashboard/",
            "/ray/autoscaler/",
        )
    )
