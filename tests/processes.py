"""turbosat as a real process, the process table around it, and how slow the machine is at the moment."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = sorted({str(ROOT), sys.prefix, sys.base_prefix}, key=len, reverse=True)
LATE = 20.0  # seconds that something may take which is only to happen at all


def allowance(seconds: float) -> float:
    """Return how long something may take here and now that takes so long at most where nothing else runs.

    Other processes on the same cores make it slower, this one, too: it works for a moment and looks how much
    of that moment it had a core for.
    """
    worst = 1.0
    for _ in range(3):
        wall, own = time.perf_counter(), time.thread_time()
        while time.thread_time() - own < 0.02:
            pass
        worst = max(worst, (time.perf_counter() - wall) / (time.thread_time() - own))
    return seconds if worst < 1.2 else 3 * worst * seconds


@contextmanager
def no_more_descriptors() -> Iterator[None]:
    """Let this process have no descriptors but those that it has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)  # the lowest number that is free
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def folders() -> set[str]:
    """Return what turbosat has made in the place for temporary files, which is the tests' own."""
    return {path.name for path in Path(tempfile.gettempdir()).glob("turbosat-*")}


def processes() -> dict[int, tuple[int, str]]:
    """Return {pid: (parent, command)} of every process that is not a zombie.

    Where this checkout and its Python are is left out: a path may have any words in it.
    """
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                for place in PLACES:
                    command = command.replace(place, "")
            except OSError:
                continue
            if fields[0] != "Z":
                found[int(folder.name)] = (int(fields[1]), command)
    return found


def descendants(pid: int) -> set[int]:
    """Return every process below one."""
    table = processes()
    below, grown = {pid}, True
    while grown:
        more = {child for child, (parent, _) in table.items() if parent in below} - below
        below |= more
        grown = bool(more)
    return below - {pid}


def eventually(condition: Callable[[], bool], within: float = LATE) -> bool:
    """Whether something is so within some seconds."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def hold(number: int) -> None:
    """Send a signal, to stop or to go on, to the engines that this process has started itself."""
    table = processes()
    for pid, (parent, command) in table.items():
        if parent == os.getpid() and any(name in command for name in ("/kissat ", "cadical_worker")):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def gone(pids: set[int], within: float = LATE) -> bool:
    """Whether all these processes end within some seconds."""
    return eventually(lambda: not pids & set(processes()), within)


def swept(before: set[str], within: float = LATE) -> bool:
    """Whether no folder is there within some seconds that was not there before."""
    return eventually(lambda: folders() <= before, within)


def start(
    *arguments: str | Path, stdin: int | None = subprocess.DEVNULL, session: bool = False
) -> "subprocess.Popen[str]":
    """Start `turbosat ARGUMENTS` as a process of its own, in a session of its own if asked."""
    command = [sys.executable, "-m", "turbosat", *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=session,
    )


def finish(process: "subprocess.Popen[str]", timeout: float = 300) -> tuple[int, str, str]:
    """Wait for a started turbosat; return exit code, stdout, stderr."""
    with process:
        out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def turbosat(*arguments: str | Path) -> tuple[int, str, str]:
    """Run `turbosat ARGUMENTS` to its end."""
    return finish(start(*arguments))
