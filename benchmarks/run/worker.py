"""Child processes of the harness that answer requests: one JSON line there, one back.

A child ends when its socket does, however the harness ended: it needs no signal for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from turbosat.cdcl.process.python_child import BOOT
from turbosat.errors import EngineError, InputError, TurbosatError
from turbosat.version import ROOT

LINE = 1 << 24  # bytes of the longest message


class Lost(Exception):  # an outcome for the caller to act on, not an error of a user
    """The child died in the middle of a request."""


EXPECTED = (Lost, TurbosatError, OSError, MemoryError)


class Worker:
    """One child that runs `main` of a module of ours, on these cores, in a session of its own."""

    def __init__(self, module: str, cores: Collection[int], keep: Collection[int] = ()) -> None:
        near, far = socket.socketpair()
        with far:
            path = [entry for entry in sys.path if os.path.isabs(entry)]
            command = [sys.executable, "-P", "-c", BOOT, ROOT, str(far.fileno()), __name__, *path]
            try:
                self._popen = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[far.fileno(), *keep],
                    start_new_session=True,
                )
            except OSError as error:
                near.close()
                raise EngineError(f"cannot start a Python process: {error}") from error
        self._socket = near
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._first = {"module": module, "cores": sorted(cores)}

    @property
    def pid(self) -> int:
        """The process."""
        return self._popen.pid

    async def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises Lost when the child dies, InputError and EngineError when it says that it cannot do it.
        """
        return unwrap(await self.relay(request))

    async def relay(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return the answer as it came, for `unwrap`. Raises Lost when the child dies."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(sock=self._socket, limit=LINE)
                await self._call(self._first)
            return await self._call(request)
        except OSError:
            raise Lost from None

    async def _call(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self._streams is not None
        reader, writer = self._streams
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise Lost
        return dict(json.loads(line))

    async def close(self, patience: float = 150.0) -> None:
        """Let the child end by itself, killing what it runs; after `patience` seconds, kill it."""
        if self._streams is not None:
            self._streams[1].close()
        else:
            self._socket.close()
        try:
            await asyncio.to_thread(self._popen.wait, patience)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    async def leave(self, patience: float = 150.0) -> None:
        """Let the child end and wait until it has, even where it is no child of this process any more."""
        if self._streams is not None:
            reader, writer = self._streams
            with suppress(OSError, TimeoutError):
                writer.write_eof()
                await asyncio.wait_for(reader.read(), patience)
        await self.close()

    def kill(self) -> None:
        """End the child at once if it is still there."""
        self._socket.close()
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()


def wrap(error: Exception) -> dict[str, Any]:
    """Return an answer that says what kept a request, one of EXPECTED, from being done."""
    if isinstance(error, Lost):
        return {"lost": True}
    if isinstance(error, InputError):
        return {"bad file": [error.name, error.line, error.message]}
    return {"failure": str(error) or type(error).__name__}


def unwrap(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked for. Raises Lost, InputError or EngineError where the answer says so."""
    if "lost" in answer:
        raise Lost
    if "bad file" in answer:
        raise InputError(*answer["bad file"])
    if "failure" in answer:
        raise EngineError(answer["failure"])
    return dict(answer["answer"])


def main(descriptor: int) -> None:
    """Become the worker that the first request names."""
    import importlib

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as channel:
        first = json.loads(_line(channel) or b"{}")
        if first:
            os.sched_setaffinity(0, first["cores"])
            with suppress(OSError):  # the other side is gone already: the module will notice
                channel.sendall(b"{}\n")
            importlib.import_module(first["module"]).main(channel)


def serve(channel: socket.socket, handle: Callable[[dict[str, Any]], Any]) -> None:
    """Answer requests with the dataclasses that `handle` returns, until the other side is gone."""
    while line := _line(channel):
        try:
            answer: dict[str, Any] = {"answer": asdict(handle(json.loads(line)))}
        except EXPECTED as error:
            answer = wrap(error)
        try:
            channel.sendall(json.dumps(answer).encode() + b"\n")
        except OSError:
            return


def _line(channel: socket.socket) -> bytes:
    """Return the next line; there is never more than one on its way."""
    data = b""
    while not data.endswith(b"\n"):
        try:
            block = channel.recv(1 << 16)
        except OSError:
            return b""
        if not block:
            return b""
        data += block
    return data
