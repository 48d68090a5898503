"""What keeps runs apart from the rest of the machine: a mount namespace, adopted orphans, a full disk.

As root, a worker of the fuzzer sees folders of its own in place of /tmp, /var/tmp, /dev/shm and the home
folder, so that whatever a run leaves there is seen, and is gone with the worker. Others do without.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PUBLIC = Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")
SIZE = "size=2g"  # of each folder, at most
DISK = "size=16k"


def adopt_orphans() -> None:
    """Become the parent of whatever a run leaves behind."""
    if LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become a subreaper")


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the thread that started this process ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)


def without_network() -> None:
    """Leave this process without even a loopback that is up; nothing where that is not allowed."""
    LIBC.unshare(CLONE_NEWNET)


def isolate(keep: Iterable[Path]) -> list[Path]:
    """Give this process public folders of its own in which only some paths are as before; none if it may not.

    Returns these folders.
    """
    if LIBC.unshare(CLONE_NEWNS):
        return []
    _mount("none", Path("/"), None, MS_REC | MS_PRIVATE)
    kept = [path.resolve() for path in (*keep, Path(sys.prefix), Path(sys.base_prefix))]
    home = Path(os.path.expanduser("~"))
    folders = [
        folder for folder in (*PUBLIC, home) if folder.is_dir() and folder.resolve() == folder != Path("/")
    ]
    folders = [folder for folder in folders if folder not in kept]
    # What lies below another one is covered with it, a home in /tmp for one.
    folders = [folder for folder in folders if not {*folder.parents} & {*folders}]
    for folder in folders:
        _cover(folder, [path for path in kept if path.is_relative_to(folder)])
    return folders


def make_read_only(folder: Path) -> None:
    """Let nothing be written to a folder that is a mount, in this namespace."""
    _mount("none", folder, None, MS_REMOUNT | MS_RDONLY)


def make_writable(folder: Path) -> None:
    """Take that back."""
    _mount("none", folder, None, MS_REMOUNT)


def full_disk(folder: Path) -> None:
    """Mount a tiny disk on which there is no room left for a byte."""
    _mount("none", folder, "tmpfs", 0, DISK)
    with suppress(OSError), open(folder / "ballast", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def _cover(folder: Path, kept: list[Path]) -> None:
    """Mount an empty folder over one, and what is to be kept of the old one into it."""
    old = [(path, os.open(path, os.O_PATH)) for path in kept]
    _mount("none", folder, "tmpfs", 0, f"mode={folder.stat().st_mode & 0o1777 | 0o755:o},{SIZE}")
    for path, descriptor in old:
        path.mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)
        os.close(descriptor)


def _mount(source: str, target: Path, kind: str | None, flags: int, data: str = "") -> None:
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind, data or None)]
    if LIBC.mount(*words[:3], ctypes.c_ulong(flags), words[3]):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(target))


def unmount(folder: Path) -> None:
    """Take a mount away, if it is one."""
    LIBC.umount2(os.fsencode(folder), 2)  # when nobody uses it any more
