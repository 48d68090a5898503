"""The keeper of the pool: whatever ends it, all of Ray's processes end with it, and their folder goes.

Ray starts a dozen processes that outlive one another in ways of their own. The keeper adopts them all and
imports nothing of Ray: it ends in some hundredths of a second, on SIGTERM, when the run's process dies, or
when the pool's does.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys

from turbosat.cdcl.process_tree import PR_SET_PDEATHSIG, become_subreaper, kill_all
from turbosat.cdcl.python_child import BOOT

POOL = "turbosat.cdcl.pool_process"


def main(descriptor: int) -> None:
    """Start the pool on the other end of a socket, wait for its end or ours, and leave nothing."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for each in (signal.SIGHUP, signal.SIGQUIT):  # they mean the run, and its end is ours
        signal.signal(each, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    parent = os.getppid()
    become_subreaper("the pool of lanes")
    folder = os.environ["TMPDIR"]  # made for us, and by us removed
    try:
        root, *path = sys.argv[1], *sys.argv[4:]
        command = [sys.executable, "-P", "-c", BOOT, root, str(descriptor), POOL, *path]
        pool = subprocess.Popen(command, pass_fds=[descriptor])
        os.close(descriptor)
        if os.getppid() == parent:
            pool.wait()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        kill_all()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
