"""Control groups of the tests' own, where this user may make them."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from turbosat import cgroups


@contextmanager
def group(controller: str, settings: Mapping[str, str]) -> Iterator[Path]:
    """Make a group below this process's own, or skip; `settings` are what is written to its files."""
    parents = list(cgroups._folders(controller))
    folder = Path(parents[0] if parents else "/nowhere", f"turbosat-test-{os.getpid()}")
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no group of our own: {error}")
    try:
        try:
            for name, value in settings.items():
                (folder / name).write_text(value)
        except OSError as error:
            pytest.skip(f"no {controller} groups: {error}")
        yield folder
    finally:
        end = time.monotonic() + 10
        while (folder / "cgroup.procs").read_text() and time.monotonic() < end:
            time.sleep(0.02)
        folder.rmdir()


def joined(folder: Path, command: list[str]) -> list[str]:
    """Return a command that joins a group before it becomes another."""
    return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(folder / "cgroup.procs"), *command]


def quota(cores: float) -> dict[str, str]:
    """Return the settings of a group with a quota, v1 and v2."""
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return {"cpu.max": f"{round(cores * 100_000)} 100000"}
    return {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": f"{round(cores * 100_000)}"}


def memory(limit: int) -> dict[str, str]:
    """Return the settings of a group with so many bytes of memory, v1 and v2."""
    v2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return {"memory.max" if v2 else "memory.limit_in_bytes": str(limit)}


def run(folder: Path, command: list[str], cwd: Path, timeout: float = 120) -> tuple[int, str, str]:
    """Run a command in a group to its end; return exit code, stdout, stderr."""
    done = subprocess.run(
        joined(folder, command), cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False
    )
    return done.returncode, done.stdout, done.stderr
