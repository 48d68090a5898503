"""Joining a Ray cluster that is there already."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import signal
import socket
import sys

from turbosat.errors import UsageError

# What ray.init raises where it cannot do it.
FAILURES = (ConnectionError, ValueError, RuntimeError, AssertionError, OSError, SystemExit)
OLDEST = 2, 52
REQUIRED = "ray>=2.52"
REACH = 5.0  # seconds to wait for an answer from an address
# Nothing is told to anybody, and no hints are given.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def prepare(who: str, **environment: str) -> None:
    """Import Ray, which `who` needs, with what it reads from the environment then.

    Raises UsageError where it is missing or too old: Ray before 2.52 knows no tokens and ignores ours.
    """
    if importlib.util.find_spec("ray") is None:
        raise UsageError(f"{who} needs Ray: pip install '{REQUIRED}'")
    os.environ.update(ENVIRONMENT | environment)
    import ray

    version = re.match(r"(\d+)\.(\d+)", ray.__version__)
    if version is None or tuple(map(int, version.groups())) < OLDEST:
        raise UsageError(f"{who} needs a newer Ray than {ray.__version__}: pip install '{REQUIRED}'")


def join(address: str) -> None:
    """Join the cluster at an address, HOST:PORT or auto. Raises UsageError where there is none, or no Ray."""
    prepare("--ray-address")
    import ray

    where = _reached(address)
    terminated = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=where, log_to_driver=False, logging_level=logging.CRITICAL)
    except (*FAILURES, ray.exceptions.RayError) as error:
        what = f"no cluster can be joined there: {first_line(error)}"
        raise UsageError(f"--ray-address {where}: {what}") from None
    finally:
        signal.signal(signal.SIGTERM, terminated)


def leave() -> None:
    """Leave the cluster, if one was joined."""
    if (ray := sys.modules.get("ray")) is not None:
        ray.shutdown()


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _reached(address: str) -> str:
    """Return HOST:PORT of a cluster; raise UsageError where nothing answers: Ray itself waits for minutes."""
    where = address
    if address == "auto":
        from ray._private.services import canonicalize_bootstrap_address

        try:
            where = canonicalize_bootstrap_address("auto") or ""  # as ray.init does
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(f"--ray-address auto: {error}") from None
        if not where:
            raise UsageError("--ray-address auto: no Ray cluster is found on this machine")
    host, colon, port = where.rpartition(":")
    if not colon or not port.isdigit() or "/" in host:
        raise UsageError(f"--ray-address {where}: expected HOST:PORT or auto")
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"--ray-address {where}: nothing answers there: {error}") from None
    return where
