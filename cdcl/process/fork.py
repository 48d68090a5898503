"""Children that are copies of this process: what it has loaded they need not load again.

Starting an interpreter and loading numpy takes 0.1 s of CPU time, a copy 2 ms. But a copy is of one thread
only: whatever lock another one held would stay locked. And it counts with all that the parent keeps in
memory. So only a program of ours is copied, while it is one thread and small; others start interpreters.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from turbosat.system import own_memory

CHILD = "turbosat.cdcl.process.python_child", "numpy.random"  # what every copy needs
LARGEST = 1 << 27  # bytes that a process keeps which is copied: an interpreter with numpy keeps a third

_permitted = False


def permit() -> None:
    """Let this process be copied: it is a program of ours, and nobody else runs code in it."""
    global _permitted
    _permitted = sys.platform == "linux"


def permitted() -> bool:
    """Whether this is a program of ours."""
    return _permitted


def possible() -> bool:
    """Whether this process may be copied now."""
    try:
        return _permitted and len(os.listdir("/proc/self/task")) == 1 and own_memory() <= LARGEST
    except OSError:  # no descriptor is left
        return False


def load_next(modules: Iterable[str]) -> bool:
    """Load the first module that copies will need and is not there yet: one at a time, an answer may come.

    False where that is none, or of no use: nothing is to be copied.
    """
    missing = next((name for name in (*CHILD, *modules) if name not in sys.modules), None)
    if missing is None or not possible():
        return False
    import_module(missing)
    return True


def fork(body: Callable[[], object], keep: Collection[int], prepare: Callable[[], None]) -> tuple[int, int]:
    """Start a copy of this process that does `body` and ends; return it, and where to read what it prints.

    Like a new program it has an empty standard input, no descriptors but `keep`, and no handlers of signals;
    `prepare` is called before anything else is done. Ctrl-C does not reach it.

    Raises OSError where the system has no room for it.
    """
    reader, writer = os.pipe()
    everything = signal.valid_signals()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, everything)  # whatever comes now is for the parent
    try:
        pid = os.fork()
        if not pid:
            _live(body, {*keep}, writer, prepare, everything - before)
    except OSError:
        os.close(reader)
        raise
    finally:
        os.close(writer)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid, reader


def _live(
    body: Callable[[], object],
    keep: Collection[int],
    output: int,
    prepare: Callable[[], None],
    blocked: Collection[signal.Signals],
) -> NoReturn:
    """Be the copy. It ends without a look back: what lies above on the stack is the parent's to undo."""
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)  # and there is a descriptor left
        prepare()
        gc.freeze()  # what the parent has not collected yet would close what comes to have its descriptors
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        # Those who wait for an end of the parent's must not wait for ours. The objects that own them live on,
        # on the stack above: none will close what comes to have its number.
        for descriptor in map(int, os.listdir("/proc/self/fd")):
            if descriptor > 2 and descriptor not in keep:
                with suppress(OSError):  # that of the listing
                    os.close(descriptor)
        os.close(0)
        os.open(os.devnull, os.O_RDONLY)  # the lowest that is free
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*blocked} - {signal.SIGINT})
        body()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)
