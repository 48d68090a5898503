"""A real Ray cluster on this machine: every node a process tree of its own, marked by its environment."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.processes import descendants, gone, processes

MARK = "TURBOSAT_TEST_CLUSTER"


class RayCluster:
    """Nodes that are started one by one; all that runs on them is gone afterwards."""

    def __init__(self) -> None:
        # Ray's sockets lie below it, and their paths have no more than 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
        self.nodes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.send_signal(signal.SIGTERM)
        below = {pid for node in self.nodes for pid in descendants(node.pid)} | self.marked()
        if not gone(below, within=10):
            for pid in below & self.marked():
                os.kill(pid, signal.SIGKILL)
        for node in self.nodes:
            node.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, cores: int) -> "subprocess.Popen[bytes]":
        """Start a node, the head first, and wait until it is part of the cluster."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        words = ["--head", f"--port={self.port}", "--include-dashboard=false", f"--temp-dir={self.folder}"]
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
        end = time.monotonic() + 60
        while b"Ray runtime started" not in Path(log.name).read_bytes():
            assert node.poll() is None, Path(log.name).read_text()
            assert time.monotonic() < end, Path(log.name).read_text()
            time.sleep(0.05)
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
        table = processes()
        return {pid for pid in self.marked() & set(table) if all(word in table[pid][1] for word in words)}

    def clean(self, within: float = 20.0) -> bool:
        """Whether no job is left on any node, nor its folder."""
        end = time.monotonic() + within
        while self.called("ray::Station") or self.called("turbosat") or [*self.folder.glob("tmp/turbosat*")]:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True
