"""The folder of a pool: private, where sockets' paths are not too long, and gone when its supervisor is.

Whoever makes it holds a lock on a file in it for as long as it lives. What a killed supervisor left behind
has a free lock, and is removed by the next.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress

from turbosat.errors import EngineError

PREFIX = "turbosat-pool-"
LOCK = "lock"
RAY = "r"  # Ray opens what it is given to everybody, so it is given a folder inside of ours
VITAL = "raylet", "gcs_server"  # processes of Ray's that no pool can do without
RANDOM = "12345678"  # so many characters
LONGEST_NAME = f"{PREFIX}{RANDOM}/{RAY}/session_2026-11-28_16-25-41_966577_4194304/sockets/plasma_store"
LONGEST_SOCKET = 107
TRIES = 10


def make() -> tuple[str, int]:
    """Return a new folder and its lock, a descriptor. Raises EngineError where none can be made."""
    for parent in _parents():
        if len(os.fsencode(os.path.join(parent, LONGEST_NAME))) > LONGEST_SOCKET:
            continue
        with suppress(OSError):
            for _ in range(TRIES):
                folder = tempfile.mkdtemp(prefix=PREFIX, dir=parent)
                lock = _locked(folder, os.O_CREAT)
                if lock is None:
                    continue
                try:
                    os.mkdir(os.path.join(folder, RAY))
                except OSError:
                    remove(folder)
                    os.close(lock)
                    raise
                return folder, lock
    raise EngineError("no folder for the pool: TMPDIR is too long, and /tmp cannot be written")


def remove(folder: str) -> None:
    """Remove a folder whose lock is held, the lock last: what cannot be removed yet is told by it later."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if name != LOCK:
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        if os.listdir(folder) == [LOCK]:
            shutil.rmtree(folder)


def sweep() -> None:
    """Remove the folders of supervisors that were killed."""
    for parent in _parents():
        with suppress(OSError), os.scandir(parent) as entries:
            for entry in entries:
                if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False):
                    _remove_stale(entry.path)


def _remove_stale(folder: str) -> None:
    with suppress(OSError):
        if os.stat(folder, follow_symlinks=False).st_uid != os.geteuid():
            return
        try:
            lock = _locked(folder, 0)
        except FileNotFoundError:
            os.rmdir(folder)  # it has no lock yet, and its maker makes another
            return
        if lock is not None:
            remove(folder)
            os.close(lock)


def _locked(folder: str, create: int) -> int | None:
    """Return the lock of a folder, taken; None where somebody else has it, or has removed the folder."""
    path = os.path.join(folder, LOCK)
    try:
        lock = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | create, 0o600)
    except FileNotFoundError:
        if create:
            return None
        raise
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError:  # a file system without locks: nobody can take it
        if not create:
            os.close(lock)
            return None
    if os.path.exists(path):
        return lock
    os.close(lock)
    return None


def _parents() -> list[str]:
    """Return the places for temporary files, the user's own first."""
    return list(dict.fromkeys((tempfile.gettempdir(), "/tmp")))
