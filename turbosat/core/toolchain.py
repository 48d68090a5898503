"""C compilers: which one works here, and running it so that nothing of it outlives its caller."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
ENDS = signal.SIGTERM, signal.SIGINT, signal.SIGHUP

_running: set[int] = set()  # leaders of compilers' process groups
_guard = threading.RLock()  # a signal's handler may come while this thread has it


class BuildError(Exception):
    """Why there is no build, in one line or more; the last says most."""


def is_zig(command: Sequence[str]) -> bool:
    """Whether a command is zig's compiler, which has names of its own for processors."""
    return any(Path(word).name.startswith("zig") for word in command)


def compiler(flags: Sequence[str], march: str) -> list[str]:
    """Return the command of a C compiler that takes these flags and knows the processor's level `march`.

    Raises BuildError where there is none: one that is too old for the level is none.
    """
    tried = []
    for command in _compilers():
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text("#include <stdint.h>\nint32_t probe(int32_t x) { return x; }\n")
            words = [
                *command,
                *flags,
                *machine(command, march),
                str(source),
                "-o",
                str(Path(folder, "probe.so")),
            ]
            run = run_compiler(words, Path(folder))
            if run.returncode == 0 and Path(folder, "probe.so").exists():
                return command
        tried.append(shlex.join(command))
    known = f" ({', '.join(tried)}: none of these does)" if tried else ""
    raise BuildError(f"no C compiler works here{known}: install gcc 11 or clang 12, or the package ziglang")


def machine(command: Sequence[str], march: str) -> list[str]:
    """Return the options that choose a level of instructions."""
    if not march:
        return []
    if is_zig(command):
        return [f"-march={march.replace('-', '_')}"] if march.startswith("x86") else []
    return [f"-march={march}"]


def _compilers() -> Iterator[list[str]]:
    if os.environ.get("CC"):
        yield shlex.split(os.environ["CC"])
    for name in ("cc", "gcc", "clang"):
        if path := shutil.which(name):
            yield [path]
    if importlib.util.find_spec("ziglang") is not None:
        yield [sys.executable, "-m", "ziglang", "cc"]


def run_compiler(words: Sequence[str], scratch: Path) -> subprocess.CompletedProcess[str]:
    """Run a compiler in a process group of its own, which `end_compilers` ends."""
    caches = {f"ZIG_{kind}_CACHE_DIR": str(scratch / "zig") for kind in ("GLOBAL", "LOCAL")}
    try:
        with _guard:  # who ends all of them finds this one, too
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**caches, **os.environ},
                start_new_session=True,
            )
            _running.add(process.pid)
    except OSError as error:
        return subprocess.CompletedProcess(list(words), 127, str(error))
    try:
        said, _ = process.communicate()
    finally:
        with _guard:
            _running.discard(process.pid)
    return subprocess.CompletedProcess(list(words), process.returncode, said.decode(errors="replace"))


def end_compilers() -> None:
    """Kill all compilers that are running."""
    with _guard:
        for leader in _running:
            with suppress(ProcessLookupError):
                os.killpg(leader, signal.SIGKILL)


def end_with(parent: int) -> None:
    """Let this process and its compilers end when it is told to, or when `parent` ends."""

    def end(number: int, _: FrameType | None) -> None:
        end_compilers()
        sys.exit(128 + number)

    for number in ENDS:
        signal.signal(number, end)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(128 + signal.SIGTERM)
