"""The keeper of the pool: whatever ends it, all of Ray's processes end with it, and their folder goes.

Ray starts a dozen processes that outlive one another in ways of their own. The keeper adopts them all and
imports nothing of Ray: it ends in some hundredths of a second, on SIGTERM, when the run's process dies, or
when the pool's does. Signals do not interrupt it: it asks for them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from turbosat.cdcl.pool import folder as pool_folder
from turbosat.cdcl.process.python_child import BOOT
from turbosat.cdcl.process.tree import PR_SET_PDEATHSIG, become_subreaper, kill_all, reap
from turbosat.errors import TurbosatError

POOL = "turbosat.cdcl.pool.server"
AWAITED = signal.SIGTERM, signal.SIGCHLD


def main(descriptor: int) -> None:
    """Start the pool on the other end of a socket, wait for its end or ours, and leave nothing."""
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    for each in (signal.SIGHUP, signal.SIGQUIT):  # they mean the run, and its end is ours
        signal.signal(each, signal.SIG_IGN)
    # Until here the end of the run's process has killed us: nothing was made yet.
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        become_subreaper("the pool of lanes")
        pool_folder.sweep()
        folder, _lock = pool_folder.make()
    except (TurbosatError, OSError) as error:
        sys.exit(str(error))
    try:
        pool = _started(descriptor, folder, prctl)
        with suppress(PermissionError):  # unless somebody gave us a group of our own already
            os.setsid()  # what is sent to all of the run's group does not mean us: who would clean up?
        _wait(pool)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
    finally:
        kill_all()
        pool_folder.remove(folder)
        os._exit(0)


def _started(descriptor: int, folder: str, prctl: Callable[[int, int], int]) -> int:
    """Start the pool's process, which stays in the run's group; return its number."""
    root, *path = sys.argv[1], *sys.argv[4:]
    keeper = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # with us; Ray's die with it
        if os.getppid() != keeper:
            os._exit(127)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)

    process = subprocess.Popen(
        [sys.executable, "-P", "-c", BOOT, root, str(descriptor), POOL, *path],
        pass_fds=[descriptor],
        env={**os.environ, "TMPDIR": folder},
        preexec_fn=prepare,
    )
    os.close(descriptor)
    return process.pid


def _wait(pool: int) -> None:
    """Wait until a process ends or SIGTERM comes; reap what ends meanwhile."""
    ended: set[int] = set()
    while pool not in ended and signal.sigwait(AWAITED) != signal.SIGTERM:
        reap(lambda pid, *_: ended.add(pid))
