"""The supervisor of the pool: whatever ends it, all of Ray's processes end with it, and their folder goes.

Ray starts a dozen processes that outlive one another in ways of their own. The supervisor adopts them all and
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
from turbosat.cdcl.pool.folder import VITAL
from turbosat.cdcl.process.python_child import BOOT
from turbosat.cdcl.process.tree import PR_SET_PDEATHSIG, become_subreaper, kill_all, named, reap
from turbosat.errors import TurbosatError
from turbosat.system import children

POOL = "turbosat.cdcl.pool.server"
AWAITED = signal.SIGTERM, signal.SIGCHLD
LOOK = 0.5  # seconds between two looks at what the pool cannot do without
MISSED = 4  # looks that find it gone before the pool is ended: it should have said so itself


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
    supervisor = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # with us; Ray's die with it
        if os.getppid() != supervisor:
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
    """Wait until the pool's process ends or SIGTERM comes; reap what ends meanwhile.

    While Ray comes up in it, it may wait for minutes for a process of Ray's that is gone, and cannot look
    itself: some of Ray's calls hold the interpreter's lock.
    """
    ended: set[int] = set()
    missed = 0
    while pool not in ended and missed < MISSED:
        caught = signal.sigtimedwait(AWAITED, LOOK)
        if caught is not None and caught.si_signo == signal.SIGTERM:
            return
        reap(lambda pid, *_: ended.add(pid))
        lost = any(name in VITAL and not alive for name, alive in map(named, children(pool)))
        missed = missed + 1 if lost and caught is None else missed if lost else 0
