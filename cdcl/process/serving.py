"""The child side of a channel: serve until the other side is gone, and say what went wrong."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress

from turbosat.cdcl.process.channel import Channel
from turbosat.errors import Cause, EngineError


def serve(descriptor: int, body: Callable[[Channel], None]) -> None:
    """Run `body` on the channel behind a descriptor; ends the process whatever happens."""
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        body(channel)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # nobody is left to tell
    except MemoryError:
        _complain(channel, "out of memory", Cause.MEMORY)
    except EngineError as error:
        _complain(channel, str(error), error.cause)
    except Exception as error:
        _complain(channel, f"{type(error).__name__}: {error}", Cause.OTHER)
    os._exit(0)  # giving back memory piece by piece can take seconds and helps nobody


def _complain(channel: Channel, message: str, cause: Cause) -> None:
    with suppress(OSError):
        channel.send("error", {"message": message, "cause": cause.value})
