"""A Python process of our own as an engine's child, and the channel to it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from turbosat.cdcl.process.binaries import find_python
from turbosat.cdcl.process.channel import Channel, Message
from turbosat.cdcl.process.child import Child, Spent, exit_cause, exit_words, refusal, unstarted
from turbosat.cdcl.process.fork import possible
from turbosat.errors import Cause, EngineError
from turbosat.system import ONE_THREAD
from turbosat.version import ROOT

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The child imports this very turbosat, wherever the parent found it, then whatever else the parent could.
# Not with -m: that would trust the current directory or miss a checkout that is not installed.
BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); import turbosat; del sys.path[0]; "
    "sys.path += [p for p in sys.argv[4:] if p not in sys.path]; "
    "import importlib; importlib.import_module(sys.argv[3]).main(int(sys.argv[2]))"
)

# How the last words begin of a process for which there is no memory: C++'s, Python's, those of a new thread.
OUT_OF_MEMORY = (
    b"terminate called after throwing an instance of 'std::bad_alloc'",
    b"MemoryError",
    b"cannot allocate memory for thread-local data",
)


class PythonChild:
    """A child that runs `main(descriptor)` of one of turbosat's modules; once broken, it stays so.

    `name` is the engine's, for messages of error. It is an interpreter of its own, or, if it may be `copied`
    and that is possible, a copy of this process. A child with something to clean up is not killed: it gets
    SIGTERM, and is left to itself where it takes longer than `patience` seconds.

    Raises EngineError when it cannot be started.
    """

    def __init__(
        self,
        module: str,
        name: str,
        memory_limit: int | None = None,
        patience: float | None = None,
        *,
        copied: bool = False,
    ) -> None:
        self.broken: str | None = None
        self._name = name
        self._patience = patience
        self._left = False  # to end by itself
        try:
            near, far = socket.socketpair()
        except OSError as error:
            raise unstarted(name, error) from error
        self._channel = Channel(near)
        with far:
            try:
                self._child = Child(
                    _copy(module, far) if copied and possible() else _command(module, name, far),
                    keep=[far.fileno()],
                    memory_limit=memory_limit,
                    deaf=True,
                    environment={**ONE_THREAD, **os.environ},
                )
            except EngineError:
                self._channel.close()
                raise

    def send(self, kind: str, data: dict[str, Any], *arrays: NDArray[Any]) -> None:
        """Send a message; EngineError when the child is gone, and where there is no room for arrays."""
        try:
            self._channel.send(kind, data, [memoryview(array) for array in arrays])  # type: ignore[arg-type]
        except (BrokenPipeError, ConnectionResetError):
            self._fail_as_it_said()
        except OSError as error:
            self.broken = error.strerror or str(error)
            self.stop()
            raise EngineError(f"{self._name}: {self.broken}", refusal(error)) from error

    def hint(self, kind: str, data: dict[str, Any], *arrays: NDArray[Any]) -> bool:
        """Send a message if the child is not too far behind; tell whether. EngineError when it is gone."""
        roomy = self._channel.roomy()
        if roomy:
            self.send(kind, data, *arrays)
        return roomy

    def receive(self, timeout: float | None) -> Message | None:
        """Return the next message, None if there is none within `timeout`; EngineError for a broken child."""
        try:
            message = self._channel.receive(timeout)
        except EOFError:
            self.fail()
        except OSError as error:  # no descriptor is left, or no memory, for its arrays
            self.fail(error.strerror or str(error), refusal(error))
        if message is not None and message.kind == "error":
            self.fail(message.data["message"], Cause(message.data["cause"]))
        return message

    def fileno(self) -> int:
        """Return the socket its messages come through."""
        return self._channel.fileno()

    @property
    def pid(self) -> int | None:
        """The process, None when it is gone."""
        return None if self.broken is not None else self._child.pid

    @property
    def spent(self) -> Spent:
        """What it took, once it has ended."""
        return self._child.spent

    def pause(self) -> None:
        """Take the child off the processor until `resume`."""
        self._child.pause()

    def resume(self) -> None:
        """Let a paused child go on."""
        self._child.resume()

    def exit_code(self) -> int | None:
        """Return the exit code, None if the child lives on."""
        return self._child.exit_code()

    def stop(self) -> None:
        """End the child, reap it, close the socket."""
        self.broken = self.broken or "it was stopped"
        self._channel.close()
        if self._left:
            return
        if self._patience is not None and self._child.exit_code() is None:
            os.kill(self._child.pid, signal.SIGTERM)
            if self._child.exit_code(self._patience) is None:
                self._left = True
                threading.Thread(target=self._child.reap, daemon=True).start()
                return
        self._child.stop()

    def _fail_as_it_said(self) -> NoReturn:
        """Say why the child is gone: it may have sent that, with what nobody has received. Always raises."""
        for _ in range(2):  # where it left something unread, the first call says no more than that
            with suppress(EOFError, OSError):
                while (message := self._channel.receive(0.0)) is not None:
                    if message.kind == "error":
                        self.fail(message.data["message"], Cause(message.data["cause"]))
        self.fail()

    def fail(self, message: str | None = None, cause: Cause | None = None) -> NoReturn:
        """Say why the child is gone, from its own words if it left any. Always raises EngineError."""
        said = self._child.read()
        code = self._child.exit_code(timeout=1.0 if self._patience is None else self._patience)
        lines = said.strip().splitlines()
        if message is None and any(line.startswith(OUT_OF_MEMORY) for line in lines):
            message, cause = "out of memory", Cause.MEMORY
        message = message or (lines[-1].decode(errors="replace") if lines else exit_words(code))
        self.broken = message
        self.stop()
        raise EngineError(f"{self._name}: {message}", cause or exit_cause(code))


def _command(module: str, name: str, far: socket.socket) -> list[str]:
    """Return the command that starts an interpreter for a module."""
    path = [entry for entry in sys.path if os.path.isabs(entry)]
    return [find_python(name), "-P", "-c", BOOT, ROOT, str(far.fileno()), module, *path]


def _copy(module: str, far: socket.socket) -> Callable[[], object]:
    """Return what a copy of this process does; the module is loaded now, for all copies to come."""
    return partial(import_module(module).main, far.fileno())
