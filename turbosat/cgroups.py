"""What the control groups that this process is in grant it: CPU time and memory, on all levels, v1 and v2."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache

UNLIMITED = 1 << 60  # bytes: v1 writes a number for no limit
MEMBERSHIP, MOUNTS = "/proc/self/cgroup", "/proc/self/mountinfo"


def cpu_quota() -> float | None:
    """Return the cores that the groups grant, the tightest of all levels; None without a limit."""
    return min((quota for folder in _folders("cpu") if (quota := _quota(folder))), default=None)


def memory_room() -> tuple[int, int] | None:
    """Return the bytes that the groups leave and those that they grant, at the tightest level, or None.

    What is only kept of files read is as good as free. A `memory.high`, beyond which everything crawls, is a
    limit.
    """
    rooms = []
    for folder in _folders("memory"):
        limits = [_number(folder, name) for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
        used = [_number(folder, name) for name in ("memory.current", "memory.usage_in_bytes")]
        granted = min((each for each in limits if each is not None), default=UNLIMITED)
        taken = next((each for each in used if each is not None), None)
        if granted >= UNLIMITED or taken is None:
            continue
        counts = _counts(folder, "memory.stat")
        idle = counts.get("total_inactive_file", counts.get("inactive_file", 0))
        rooms.append((granted - max(0, taken - idle), granted))
    return min(rooms, default=None)


def memory_kills() -> int:
    """Return how many processes of the groups were killed so far because there was no memory."""
    return sum(
        _counts(folder, name).get("oom_kill", 0)
        for folder in _folders("memory")
        for name in ("memory.events", "memory.oom_control")
    )


def _quota(folder: str) -> float:
    """Return the cores that one group grants, 0 without a limit."""
    words = _words(folder, "cpu.max") or [
        *_words(folder, "cpu.cfs_quota_us"),
        *_words(folder, "cpu.cfs_period_us"),
    ]
    if len(words) < 2 or not (words[0].isdigit() and words[1].isdigit()):
        return 0.0
    return int(words[0]) / max(1, int(words[1]))


def _words(folder: str, name: str) -> list[str]:
    return _text(f"{folder}/{name}").split()


def _number(folder: str, name: str) -> int | None:
    words = _words(folder, name)
    return int(words[0]) if words and words[0].isdigit() else None


def _counts(folder: str, name: str) -> dict[str, int]:
    words = _words(folder, name)
    return {key: int(value) for key, value in zip(words[::2], words[1::2], strict=False) if value.isdigit()}


def _text(path: str) -> str:
    """Return what such a file says, nothing where there is none."""
    try:
        with open(path, "rb", buffering=0) as file:
            return os.fsdecode(file.read())
    except OSError:
        return ""


def _folders(controller: str) -> tuple[str, ...]:
    """Return the folders of this process's groups for a controller, from its own outwards."""
    return _hierarchy(_text(MEMBERSHIP), controller)


@lru_cache(maxsize=8)
def _hierarchy(membership: str, controller: str) -> tuple[str, ...]:
    """Return the folders of groups, as /proc/self/cgroup names them, where they are mounted."""
    mounts = _text(MOUNTS).splitlines()
    found: list[str] = []
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        for mount in mounts:
            before, _, after = mount.partition(" - ")
            kind, _, options = after.split(" ")[:3]
            if (kind == "cgroup" and controllers and controller in options.split(",")) or (
                kind == "cgroup2" and not controllers
            ):
                root, point = map(_unescaped, before.split(" ")[3:5])
                found += _levels(point, root, path)
                break
    return tuple(found)


def _levels(point: str, root: str, path: str) -> Iterator[str]:
    """Yield the folders from a group's own up to the mount point, below which `root` is the first seen."""
    folder, top = point, root.rstrip("/") + "/"
    if path.startswith(top) and ".." not in path.split("/"):  # else it is outside of what is mounted, or root
        folder = os.path.join(point, path.removeprefix(top)).rstrip("/")
    while len(folder) > len(point):
        yield folder
        folder = os.path.dirname(folder)
    yield point


def _unescaped(text: str) -> str:
    """Return a path of the table of mounts as it is: blanks are octal there."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
